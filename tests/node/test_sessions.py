"""Commands with open streams: what is typed, what is said, and how it ends."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.runtimes.session import StreamSession
from tests.conftest import container, pod


@pytest.fixture
def one() -> Cluster:
    cluster = Cluster(nodes=1)
    wait = ["sleep", "1d"]
    cluster.apply(
        [
            pod("box", [container(image="busybox:1.36", command=wait)]),
            pod("deb", [container(image="debian:12", command=wait)]),
            pod("open", [container(image="busybox:1.36", stdin=True, tty=True)]),
        ]
    )
    cluster.run(seconds=30)
    return cluster


def typed(cluster: Cluster, session: StreamSession, *lines: str) -> str:
    """Type line after line; what the terminal shows."""
    cluster.run(seconds=1)
    for line in lines:
        session.type(line.encode())
        cluster.run(seconds=1)
    return session.read().decode().replace("\r\n", "\n")


def test_a_terminal_shows_prompts_what_is_typed_and_what_is_said(one):
    shell = one.containers.session("box", "sh")
    shown = typed(one, shell, "cd /tmp\r", "echo hi | wc -c\r", "exit 4\r")
    assert shown == "/ # cd /tmp\n/tmp # echo hi | wc -c\n3\n/tmp # exit 4\n"
    assert shell.code == 4


def test_each_shell_has_its_own_prompt(one):
    bash, dash = one.containers.session("deb", "bash"), one.containers.session("deb", "sh")
    one.run(seconds=1)
    assert bash.read() == b"root@deb:/# " and dash.read() == b"# "


def test_ctrl_c_ends_the_program_and_not_the_shell(one):
    shell = one.containers.session("box", "sh")
    shown = typed(one, shell, "sleep 100\r", "\x03", "echo $?\r", "\x04")
    assert shown == "/ # sleep 100\n^C\n/ # echo $?\n130\n/ # "
    assert shell.code == 0, "Ctrl-D ends the input"


def test_a_loop_may_be_typed_line_by_line(one):
    shell = one.containers.session("box", "sh")
    shown = typed(one, shell, "for i in 1 2\r", "do echo $i; done\r")
    assert shown.endswith("> do echo $i; done\n1\n2\n/ # ")


def test_without_a_terminal_the_streams_stay_apart(one):
    shell = one.containers.session("box", "sh", tty=False)
    typed_ = b"echo out; echo err >&2\n"
    shell.type(typed_)
    shell.close()
    one.run(seconds=1)
    assert shell.read("stderr") == b"err\n" and shell.read("stdout") == b"out\n"
    assert shell.code == 0


def test_a_program_that_is_not_there_is_a_fault_and_no_exit_code(one):
    session = one.containers.session("box", ["nosuch"])
    one.run(seconds=1)
    assert session.ended and session.code is None
    assert str(session.fault).endswith('exec: "nosuch": executable file not found in $PATH')


def test_attached_to_a_container_one_types_into_its_own_program(one):
    session = one.containers.attach("open", tty=True)
    shown = typed(one, session, "echo hello\r", "exit 3\r")
    assert "echo hello\nhello\n/ # exit 3\n" in shown and session.code == 3


def test_a_session_ends_with_its_container(one):
    session = one.containers.session("box", ["sleep", "1000"])
    one.run(seconds=1)
    one.delete("pod", "box")
    one.run(seconds=60)
    assert session.code == 137


def test_files_are_copied_by_tar_in_both_directions(one):
    one.exec("box", ["sh", "-c", "mkdir -p /tmp/d; echo a > /tmp/d/f; chmod 700 /tmp/d/f"])
    out = one.containers.session("box", ["tar", "cf", "-", "-C", "/tmp", "d"], tty=False)
    one.run(seconds=1)
    into = one.containers.session("deb", ["tar", "-xmf", "-", "-C", "/srv"], tty=False)
    into.type(out.read("stdout"))
    into.close()
    one.run(seconds=1)
    assert (out.code, into.code) == (0, 0)
    assert one.exec("deb", ["cat", "/srv/d/f"]) == "a\n"
    assert one.exec("deb", ["stat", "-c", "%a", "/srv/d/f"]) == "700\n"


def test_what_is_written_in_one_session_the_next_one_sees(one):
    typed(one, one.containers.session("box", "sh"), "echo kept > /tmp/x\r")
    assert one.exec("box", "cat /tmp/x") == "kept\n"
