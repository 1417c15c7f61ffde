"""Processes of containers: what `ps` shows, signals, scripts, and what ends."""

from __future__ import annotations

import pytest

from course_lib.cluster.containers import CommandFailed
from tests.conftest import container, job, pod, status_of
from tests.node.commands import busybox, terminated

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
