"""Commands that are asked for: those that an image lacks, and those that run in a container."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.cluster.containers import CommandFailed
from course_lib.errors import CourseError
from course_lib.runtimes import RUNTIMES
from tests.conftest import container, pod, status_of
from tests.node.commands import busybox, terminated

# Programs that an image does not have


START = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: exec: "
)
EXEC = (
    "OCI runtime exec failed: exec failed: unable to start container process: "
    'exec: "nosuch": executable file not found in $PATH'
)


@pytest.mark.parametrize(
    ("image", "command", "why"),
    [
        ("busybox:1.36", ["nosuch"], '"nosuch": executable file not found in $PATH'),
        ("busybox:1.36", ["echo hello"], '"echo hello": executable file not found in $PATH'),
        ("nginx:1.27", ["/no/such"], '"/no/such": stat /no/such: no such file or directory'),
        ("nginx:1.27", ["ps"], '"ps": executable file not found in $PATH'),
        ("redis:7", ["/bin"], '"/bin": is a directory'),
        ("postgres:17", ["redis-server"], '"redis-server": executable file not found in $PATH'),
        ("nginx:1.27-alpine", ["bash"], '"bash": executable file not found in $PATH'),
        ("registry.k8s.io/pause:3.10", ["sh"], '"sh": executable file not found in $PATH'),
    ],
)
def test_a_command_that_the_image_lacks_does_not_start(one, image, command, why):
    one.apply(pod(containers=[container(image=image, command=command)]))
    one.run(seconds=60)
    ended = terminated(one, "web", "lastState")
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (
        128,
        "StartError",
        START + why,
    )
    assert ended["startedAt"] == "1970-01-01T00:00:00Z", "it never started"
    one.run_until(lambda: status_of(one) == ["RunContainerError"], timeout=400)
    assert f"Error: {START}{why}" in list(one.log(reason="Failed").MESSAGE)
    one.run_until(lambda: status_of(one) == ["CrashLoopBackOff"], timeout=400)


def test_without_restarts_a_failed_start_is_the_end(one):
    one.apply(pod(containers=[busybox("nosuch")], restartPolicy="Never"))
    one.run(seconds=30)
    assert status_of(one) == ["StartError"]
    assert one.document("pod", "web")["status"]["phase"] == "Failed"


@pytest.mark.parametrize(
    ("runtime", "start", "execute"),
    [
        ("containerd", START, "failed to exec in container: failed to start exec"),
        ("docker", "Error response from daemon: failed to create shim task", "OCI runtime exec"),
        ("rkt", 'unable to find "nosuch" in', "can't execute nosuch: No such file or directory"),
        ("lxd", 'No such file or directory - Failed to exec "nosuch"', "Command not found"),
    ],
)
def test_every_runtime_refuses_such_a_command_in_its_own_words(runtime, start, execute):
    assert runtime in RUNTIMES
    cluster = Cluster(nodes=1, runtime=runtime)
    cluster.apply([pod("bad", [busybox("nosuch")]), pod("good", [busybox("sleep", "1h")])])
    cluster.run(seconds=60)
    ended = terminated(cluster, "bad", "lastState")
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert start in ended["message"]
    with pytest.raises(CommandFailed) as failed:
        cluster.exec("good", ["nosuch"])
    assert execute in failed.value.what


def test_a_file_from_a_volume_that_may_not_be_run_is_refused(one):
    script = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "script"}}
    one.apply(script | {"data": {"run.sh": "echo hi"}})
    mounts = [{"name": "s", "mountPath": "/scripts"}]
    made = busybox("/scripts/run.sh", volumeMounts=mounts)
    one.apply(pod(containers=[made], volumes=[{"name": "s", "configMap": {"name": "script"}}]))
    one.run(seconds=30)
    assert '"/scripts/run.sh": permission denied' in terminated(one, "web", "lastState")["message"]


def test_of_an_image_whose_contents_are_not_known_any_program_may_be_there(one):
    one.apply(pod(containers=[container(image="course/web:v1", command=["nosuch"])]))
    one.run(seconds=30)
    assert status_of(one) == ["Running"]


# exec


def test_exec_of_a_program_that_the_image_lacks_fails_as_with_containerd(one):
    one.apply(pod())
    one.run(seconds=20)
    with pytest.raises(CommandFailed) as failed:
        one.exec("web", ["nosuch"])
    assert failed.value.exit_code == 1, "kubectl's own"
    assert failed.value.what.startswith(
        "Internal error occurred: error executing command in container: failed to exec in "
        'container: failed to start exec "'
    )
    assert failed.value.what.endswith(EXEC)
    with pytest.raises(CommandFailed) as failed:
        one.exec("web", ["sh", "-c", "nosuch"])
    assert (failed.value.exit_code, failed.value.stderr) == (127, "sh: 1: nosuch: not found\n")


def test_exec_of_a_program_that_is_there_and_not_simulated_says_so(one):
    one.apply([pod(), pod("own", [container(image="course/own:v1")])])
    one.run(seconds=20)
    with pytest.raises(CommandFailed, match="envsubst: the course does not simulate this program"):
        one.exec("web", ["envsubst", "x"])
    with pytest.raises(CommandFailed) as failed:
        one.exec("web", ["sh", "-c", "envsubst x"])
    assert failed.value.exit_code == 126 and "does not simulate" in failed.value.stderr
    with pytest.raises(CommandFailed, match="does not know what is in the image"):
        one.exec("own", ["/app/tool"])
    assert one.exec("own", ["hostname"]) == "own\n"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["false"], 1),
        (["true"], 0),
        (["sh", "-c", "exit 3"], 3),
        ("sh -c 'exit 3'", 3),
        ("cat /nosuch", 1),
        ("ls /nosuch", 2),
        ("test -f /etc/passwd", 0),
        ("echo 'a  b'", 0),
    ],
)
def test_exit_codes_of_commands_come_through(one, command, code):
    one.apply(pod())
    one.run(seconds=20)
    if code:
        with pytest.raises(CommandFailed) as failed:
            one.exec("web", command)
        assert failed.value.exit_code == code
    else:
        one.exec("web", command)


def test_a_text_is_split_as_a_shell_does_it(one):
    one.apply(pod())
    one.run(seconds=20)
    assert one.exec("web", "echo 'a  b' c") == "a  b c\n"
    for wrong in ("echo 'open", "", [], ["echo", 1]):
        with pytest.raises(CourseError, match="command"):
            one.exec("web", wrong)


def test_exec_probes_of_missing_files_fail_and_of_missing_programs_are_no_answer(one):
    def asked(*command: str, kind: str = "readinessProbe") -> dict:
        return busybox("sleep", "1h", **{kind: {"exec": {"command": list(command)}}})

    one.apply(
        [
            pod("no-file", [asked("cat", "/tmp/ready")]),
            pod("no-program", [asked("nosuch")]),
            pod("no-program-live", [asked("nosuch", kind="livenessProbe")]),
            pod("good", [asked("sh", "-c", "true")]),
            pod("db", [container(image="postgres:17", readinessProbe={
                "exec": {"command": ["sh", "-c", "exec pg_isready -U shop"]}})]),
        ]
    )  # fmt: skip
    one.run(seconds=120)
    ready = dict(zip(one.get("pods").NAME, one.get("pods").READY, strict=True))
    assert ready == {
        "no-file": "0/1",
        "no-program": "0/1",
        "no-program-live": "1/1",
        "good": "1/1",
        "db": "1/1",
    }
    assert set(one.get("pods").RESTARTS) == {0}, "a probe that could not be asked kills nobody"
    said = [str(m) for m in one.log(reason="Unhealthy").MESSAGE]
    assert any("Readiness probe failed: cat: can't open '/tmp/ready'" in m for m in said)
    assert any("Readiness probe errored and resulted in unknown state" in m for m in said)
