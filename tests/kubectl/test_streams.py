"""Streams of kubectl: somebody types, time passes, ports are forwarded; also over HTTP."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from course_lib.client.transport import Address
from course_lib.cluster import Cluster
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.notebook_keyboard import LiveTerminal, NotebookKeyboard
from course_lib.cluster.served import Served
from course_lib.kubectl import Kubectl
from course_lib.kubectl.keyboard import TypedLines
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.remote import HTTPConnection, WallTime
from tests.conftest import container, pod

WAIT = ["sleep", "1d"]
TALKS = ["sh", "-c", "while true; do echo tick; sleep 10; done"]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    made = Cluster(nodes=1, name="streams")
    web = container(image="nginx:1.27")
    made.apply(
        [
            pod("box", [container(image="busybox:1.36", command=WAIT)]),
            pod("clock", [container(image="busybox:1.36", command=TALKS)]),
            pod("web", [web]),
        ]
    )
    made.run(seconds=40)
    return made


def typed(line: str, *lines: str):
    return CONTEXTS.kubectl(line, context="streams", keyboard=TypedLines("\n".join(lines)))


def test_a_terminal_shows_what_is_typed_and_said(cluster):
    said = typed("exec -it box -- sh", "cd /tmp", "echo hi", "exit 3")
    assert said.stdout == "/ # cd /tmp\n/tmp # echo hi\nhi\n/tmp # exit 3\n"
    assert (said.stderr, said.code) == ("command terminated with exit code 3\n", 3)


def test_the_end_of_the_lines_is_the_end_of_the_input(cluster):
    assert typed("exec -it box -- sh", "hostname").code == 0
    assert typed("exec -i box -- cat", "a", "b").stdout == "a\nb\n"


def test_in_a_notebook_nobody_is_asked_for_what_reads_nothing(cluster):
    terminal = LiveTerminal()
    keyboard = NotebookKeyboard(terminal, ask=lambda prompt: pytest.fail("nothing is read"))
    done = CONTEXTS.kubectl(
        "exec -it box -- echo hi", context="streams", terminal=terminal, keyboard=keyboard
    )
    assert done.text == "hi\n"


def test_in_a_notebook_each_line_is_asked_for_with_the_prompt(cluster, capsys):
    terminal, lines, prompts = LiveTerminal(), ["echo hi", "exit"], []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return lines.pop(0)

    CONTEXTS.kubectl(
        "exec -it box -- sh",
        context="streams",
        terminal=terminal,
        keyboard=NotebookKeyboard(terminal, ask),
    )
    assert prompts == ["/ # ", "/ # "]
    assert capsys.readouterr().out == "hi\n", "what was typed is seen already"


def test_a_stored_notebook_has_no_input(cluster):
    terminal = LiveTerminal()

    def ask(prompt: str) -> str:
        raise NotImplementedError

    keyboard = NotebookKeyboard(terminal, ask)
    done = CONTEXTS.kubectl(
        "exec -it box -- sh", context="streams", terminal=terminal, keyboard=keyboard
    )
    assert done.code == 0


def test_to_interrupt_the_kernel_ends_the_input(cluster):
    """A notebook has no Ctrl-D."""
    answers = iter(["first"])

    def ask(prompt: str) -> str:
        for answer in answers:
            return answer
        raise KeyboardInterrupt

    terminal = LiveTerminal()
    done = CONTEXTS.kubectl(
        "exec -i box -- cat",
        context="streams",
        terminal=terminal,
        keyboard=NotebookKeyboard(terminal, ask),
    )
    assert (done.stdout, done.code) == ("first\n", 0)


def test_a_command_without_an_end_is_left_as_by_ctrl_c(cluster):
    done = cluster.kubectl(
        "exec box --request-timeout=30s -- sh -c 'while true; do echo a; sleep 10; done'"
    )
    assert done.code == 130 and done.stdout == "a\n" * 3
    assert 30 <= done.waited < 45


def test_a_silent_command_is_waited_for(cluster):
    done = cluster.kubectl("exec box -- sh -c 'sleep 200; echo done'")
    assert (done.stdout, done.code) == ("done\n", 0)
    assert 200 <= done.waited < 202


def test_attached_to_a_container_one_hears_what_it_says_from_now_on(cluster):
    done = cluster.kubectl("attach clock -q --request-timeout=30s")
    assert done.stdout in ("tick\n" * 3, "tick\n" * 4) and done.code == 0


def test_a_pod_for_one_command_goes_when_it_has_ended(cluster):
    done = cluster.kubectl("run one --image=busybox:1.36 --rm -iq --restart=Never -- sh", "exit 4")
    assert done.code == 4
    cluster.run(seconds=40)
    assert "one" not in cluster.kubectl("get pods -o name").stdout


def test_a_container_for_debugging_sees_the_network_of_its_pod(cluster):
    line = "debug web -c tool --image=busybox:1.36 -itq -- sh"
    assert "Welcome to nginx" in typed(line, "wget -qO- localhost", "exit").stdout


def test_a_local_port_answers_as_the_pod_does(cluster):
    said = cluster.kubectl("port-forward web 18765:80")
    assert said.stdout.startswith("Forwarding from 127.0.0.1:18765 -> 80\n")
    assert b"Welcome to nginx" in urllib.request.urlopen("http://127.0.0.1:18765/").read()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen("http://127.0.0.1:18765/no/such")


def test_a_port_on_which_nobody_listens_hangs_up(cluster):
    cluster.kubectl("port-forward web 18765:81")
    with pytest.raises(OSError):
        urllib.request.urlopen("http://127.0.0.1:18765/").read()


def test_streams_over_http_are_the_same(cluster, tmp_path):
    with Served(cluster) as served:
        config = Kubeconfig.read(tmp_path / served.kubeconfig(tmp_path / "config"))
        way = HTTPConnection(Address(served.url, served.token))
        kubectl = Kubectl(config, lambda *_, **__: (way, WallTime()))
        assert kubectl("exec box -- hostname").stdout == "box\n"
        failed = kubectl("exec box -- sh -c 'echo out; echo err >&2; exit 5'")
        assert (failed.stdout, failed.code) == ("out\n", 5)
        assert failed.stderr == "err\ncommand terminated with exit code 5\n"
        assert kubectl("exec -i box -- wc -c", "x" * 70_000).stdout == "70000\n"
        assert "unable to upgrade connection" not in kubectl("exec box -- nosuch").stderr
        shell = kubectl("exec -it box -- sh", keyboard=TypedLines("echo hi\nexit"))
        assert shell.stdout == "/ # echo hi\nhi\n/ # exit\n"
