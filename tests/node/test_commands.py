"""Commands: those that an image lacks, those that fail, those that end, and those that do not."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.cluster.containers import CommandFailed
from course_lib.errors import CourseError
from course_lib.runtimes import RUNTIMES
from tests.conftest import container, job, pod, status_of


@pytest.fixture
def one() -> Cluster:
    return Cluster(nodes=1)


def busybox(*command: str, name: str = "main", **more: object) -> dict:
    return container(name, "busybox:1.36", command=list(command), **more)


def terminated(cluster: Cluster, name: str, state: str = "state") -> dict:
    status = cluster.document("pod", name)["status"]["containerStatuses"][0]
    return status[state]["terminated"]


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


# Processes


def test_ps_shows_every_process_and_nginx_under_the_names_that_it_gives_itself(one):
    sees = busybox("sleep", "1h", name="shell")
    one.apply(pod(containers=[container(), sees], shareProcessNamespace=True))
    one.run(seconds=20)
    lines = one.exec("web", ["sh", "-c", "ps; true"], container="shell").splitlines()
    assert lines[0] == "PID   USER     TIME  COMMAND"
    assert lines[1] == "    1 root      0:00 /pause"
    assert lines[2] == "    2 root      0:00 nginx: master process nginx -g daemon off;"
    assert lines[3] == "    3 101       0:00 nginx: worker process"
    assert [line.split(None, 3)[3] for line in lines[-3:]] == ["sleep 1h", "sh -c ps; true", "ps"]
    tree = str(one.processes("node-1"))
    assert "docker-entrypoint" not in tree
    assert "    nginx: master process nginx -g daemon off;\n" in tree
    assert "      nginx: worker process\n" in tree


def test_alone_in_its_namespace_a_program_is_process_one(one):
    one.apply(pod(containers=[busybox("sleep", "1h")]))
    one.run(seconds=20)
    rows = one.exec("web", ["ps"]).splitlines()[1:]
    assert rows[0] == "    1 root      0:00 sleep 1h"
    assert len(rows) == 2 and rows[1].endswith(" ps")


def test_id_names_users_and_groups_as_the_image_has_them(one):
    images = ("busybox:1.36", "alpine:3.20", "debian:12")
    for number, image in enumerate(images):
        made = container(image=image, command=["sleep", "1h"])
        one.apply(pod(f"p{number}", [made]))
    one.run(seconds=30)
    assert one.exec("p0", "id") == "uid=0(root) gid=0(root) groups=0(root),10(wheel)\n"
    assert "10(wheel),11(floppy),20(dialout)" in one.exec("p1", "id")
    assert one.exec("p2", "id") == "uid=0(root) gid=0(root) groups=0(root)\n"


@pytest.mark.parametrize(
    ("made", "command", "restarts"),
    [
        (container(), ["sh", "-c", "kill 1"], 1),  # nginx handles SIGTERM
        (container(), ["nginx", "-s", "quit"], 1),
        (container(), ["sh", "-c", "kill -HUP 1"], 0),  # it reads its configuration again
        (container(), ["sh", "-c", "kill -9 1"], 0),  # from inside, the kernel drops it
        (busybox("sleep", "1h"), ["kill", "1"], 0),  # process 1 without a handler
        (busybox("sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"),
         ["kill", "1"], 1),
    ],
)  # fmt: skip
def test_a_signal_to_process_one_does_what_the_kernel_does(one, made, command, restarts):
    one.apply(pod(containers=[made]))
    one.run(seconds=20)
    one.exec("web", command)
    one.run(seconds=20)
    assert one.get("pods").RESTARTS[0] == restarts


def test_a_signal_to_nobody_fails(one):
    one.apply(pod(containers=[busybox("sleep", "1h")]))
    one.run(seconds=20)
    with pytest.raises(CommandFailed) as failed:
        one.exec("web", ["kill", "77"])
    assert "can't kill pid 77: No such process" in failed.value.stderr


# What ends


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
def test_a_server_runs_until_it_is_stopped_whatever_the_restart_policy(one, policy):
    one.apply([pod("web", restartPolicy=policy), pod("db", [container(image="redis:7")],
                                                     restartPolicy=policy)])  # fmt: skip
    one.run(seconds=300)
    assert status_of(one) == ["Running", "Running"]
    assert set(one.get("pods").RESTARTS) == {0}


@pytest.mark.parametrize(
    ("image", "command", "ends"),
    [
        ("perl:5.34", ["perl", "-wle", "print 1"], True),
        ("python:3.13", None, True),  # an interpreter without input
        ("python:3.13", ["python", "-m", "http.server", "8080"], False),
        ("python:3.13", ["python", "-c", "print(1)"], True),
        ("nginx:1.27", ["nginx", "-g", "daemon off;"], False),
        ("nginx:1.27", ["sh", "-c", "date && exec nginx -g 'daemon off;'"], False),
        ("busybox:1.36", None, True),
        ("busybox:1.36", ["sh", "-c", "wget http://x; date"], True),
        ("mysql:8", None, False),
    ],
)
def test_whether_a_program_ends_is_the_programs_own_affair(one, image, command, ends):
    made = container(image=image) | ({"command": command} if command else {})
    one.apply(pod(containers=[made], restartPolicy="Never"))
    one.run(seconds=120)
    assert status_of(one) == ["Completed" if ends else "Running"]


def test_work_of_unknown_images_is_taken_to_end_where_it_must(one):
    one.apply(
        [
            pod("with-init", initContainers=[container("setup", "course/setup:v1")]),
            job("own", [container(image="course/work:v1")]),
            job("serves", [container(image="nginx:1.27")]),
            pod("unknown", [container(image="course/app:v1")], restartPolicy="Never"),
        ]
    )
    one.run(seconds=120)
    found = {
        name.removesuffix(name[-6:]) if name.startswith(("own-", "serves-")) else name: status
        for name, status in zip(one.get("pods").NAME, one.get("pods").STATUS, strict=True)
    }
    assert found == {
        "with-init": "Running",
        "own": "Completed",
        "serves": "Running",
        "unknown": "Running",
    }


@pytest.mark.parametrize(
    ("image", "command", "grace", "took"),
    [
        ("nginx:1.27", None, 30, 1),  # STOPSIGNAL SIGQUIT: it ends when its work is done
        ("nginx:1.27", ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"], 7, 7),
        ("nginx:1.27", ["sh", "-c", "trap 'exit 0' QUIT; while true; do sleep 1; done"], 30, 1),
    ],
)
def test_a_container_is_stopped_with_its_images_own_signal(one, image, command, grace, took):
    made = container(image=image) | ({"command": command} if command else {})
    one.apply(pod(containers=[made], terminationGracePeriodSeconds=grace))
    one.run(seconds=20)
    asked = one.now
    one.delete("pod", "web")
    one.run_until(lambda: one.api.find("Pod", "web") is None)
    assert one.now - asked == pytest.approx(took, abs=1.5)


# One port, two programs


def test_the_second_program_on_one_port_of_a_pod_fails_with_its_own_words(one):
    one.apply(pod(containers=[container("first"), container("second")]))
    one.run(seconds=60)
    assert status_of(one) == ["Error"]
    assert list(one.get("pods").READY) == ["1/2"]
    status = one.document("pod", "web")["status"]["containerStatuses"]
    assert status[0]["ready"] and status[0]["restartCount"] == 0
    assert status[1]["lastState"]["terminated"]["exitCode"] == 1
    said = one.logs("web", container="second", previous=True)
    assert "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n" in said
    assert said.endswith("nginx: [emerg] still could not bind()\n")
    address = one.document("pod", "web")["status"]["podIP"]
    assert one.network.connect(address, 80) is not None, "the first one serves on"


def test_programs_on_different_ports_of_a_pod_live_side_by_side(one):
    one.apply(pod(containers=[container("web"), container("cache", "redis:7")]))
    one.run(seconds=60)
    assert status_of(one) == ["Running"] and list(one.get("pods").READY) == ["2/2"]


def test_pods_on_the_nodes_own_network_share_its_ports(one):
    for name in ("a", "b"):
        one.apply(pod(name, hostNetwork=True))
    one.run(seconds=60)
    assert sorted(status_of(one)) == ["Error", "Running"]
    running = one.get("pods").set_index("NAME").STATUS
    one.delete("pod", running[running == "Running"].index[0])
    one.run_until(lambda: status_of(one) == ["Running"], timeout=400)


def test_a_port_is_free_again_when_its_program_has_ended(one):
    short = busybox("sh", "-c", "sleep 1", name="first")
    one.apply(pod(containers=[short, container("web")], restartPolicy="OnFailure"))
    one.run(seconds=30)
    assert one.get("pods").RESTARTS[0] == 0


def test_a_container_that_sleeps_answers_no_requests(one):
    one.apply(pod(containers=[busybox("sleep", "1h", ports=[{"containerPort": 80}])]))
    one.run(seconds=20)
    address = one.document("pod", "web")["status"]["podIP"]
    assert one.network.connect(address, 80) is None


@pytest.mark.parametrize(
    "command",
    [["/bin/bash", "-c", "nodetool status"], ["/bin/bash", "-c", "/ready.sh"], ["/ready.sh"]],
)
def test_a_probe_whose_program_is_not_simulated_asks_the_containers_server(command):
    cluster = Cluster(nodes=1)
    asked = container(
        image="gcr.io/google-samples/cassandra:v14",
        ports=[{"containerPort": 9042}],
        readinessProbe={"exec": {"command": command}, "periodSeconds": 2},
        livenessProbe={"exec": {"command": command}},
        lifecycle={"postStart": {"exec": {"command": command}}},
    )
    cluster.apply(pod(containers=[asked]))
    cluster.run(seconds=120)
    assert list(cluster.get("pods").READY) == ["1/1"] and cluster.get("pods").RESTARTS[0] == 0
    assert "NotSimulated" in set(cluster.log().REASON)


# Scripts


def test_a_script_may_prepare_and_then_become_a_server(one):
    script = "echo prepared > /tmp/x; nginx -g 'daemon off;'"
    made = container(image="nginx:1.27-alpine", command=["sh", "-c", script])
    one.apply(pod(containers=[made | {"readinessProbe": {"tcpSocket": {"port": 80}}}]))
    one.run(seconds=30)
    assert list(one.get("pods").READY) == ["1/1"]
    assert one.exec("web", "cat /tmp/x") == "prepared\n"
    rows = one.exec("web", "ps").splitlines()
    assert rows[1].endswith("1 root      0:00 nginx: master process nginx -g daemon off;")
    one.exec("web", "nginx -s quit")
    one.run(seconds=5)
    assert terminated(one, "web", "lastState")["exitCode"] == 0


def test_a_shell_that_stays_process_one_does_not_pass_a_signal_to_its_server(one):
    made = container(image="nginx:1.27", command=["sh", "-c", "nginx -g 'daemon off;'; true"])
    one.apply(pod(containers=[made]))
    one.run(seconds=30)
    assert "sh -c nginx" in one.logs("web") or "started" in one.logs("web")
    one.delete("pod", "web")
    one.run(seconds=20)
    assert "web" in list(one.get("pods").NAME), "SIGQUIT to the shell changes nothing"
    one.run(seconds=20)
    assert not len(one.get("pods")), "after the grace period it is killed"


def test_a_trap_is_heard_at_once_while_the_shell_waits(one):
    script = "trap 'echo bye; exit 0' TERM; sleep 3600 & wait"
    one.apply(pod(containers=[busybox("sh", "-c", script)]))
    one.run(seconds=20)
    one.exec("web", "kill 1")
    one.run(seconds=1)
    ended = terminated(one, "web", "lastState")
    assert ended["exitCode"] == 0


def test_a_script_from_a_volume_is_run_by_the_shell_that_it_names(one):
    script = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "script"}}
    one.apply(script | {"data": {"run.sh": "#!/bin/sh\nfor i in 1 2 3; do\n  echo $i $1\ndone\n"}})
    source = {"name": "script", "defaultMode": 0o755}
    mounts = [{"name": "s", "mountPath": "/scripts"}]
    made = busybox("/scripts/run.sh", "x", volumeMounts=mounts)
    one.apply(pod(containers=[made], volumes=[{"name": "s", "configMap": source}],
                  restartPolicy="Never"))  # fmt: skip
    one.run(seconds=30)
    assert status_of(one) == ["Completed"] and one.logs("web") == "1 x\n2 x\n3 x\n"
