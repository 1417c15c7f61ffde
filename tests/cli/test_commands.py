"""The commands, as they are typed: they serve, refuse in words, and clean up behind them."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.cli import cri as cri_command
from course_lib.cli import main, serve

COMMAND = [sys.executable, "-m", "course_lib"]


def start(*words):
    """A command that serves, and what it said first."""
    serving = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    return serving, serving.stdout.readline()


def ended(serving):
    """Its exit code and what it complained of, after a moment."""
    _, complaint = serving.communicate(timeout=30)
    return serving.returncode, complaint


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_served_cluster_starts_now_and_leaves_no_file(tmp_path, number):
    config = tmp_path / "config"
    words = ["serve", "--nodes", "2", "--port", "0", "--speed", "100", "--kubeconfig", str(config)]
    serving, said = start(*words)
    url = said.split()[-1]
    assert said.startswith("a cluster of 2 nodes") and url in config.read_text()
    server = next(word for word in config.read_text().split('"') if word.startswith(url))

    def read(path):
        with urllib.request.urlopen(server + path) as answer:
            return json.load(answer)

    lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1"
    first = read(lease)["spec"]["renewTime"]
    deadline = time.monotonic() + 20
    while read(lease)["spec"]["renewTime"] == first and time.monotonic() < deadline:
        pass
    assert read(lease)["spec"]["renewTime"] != first
    made = read("/api/v1/nodes/node-1")["metadata"]["creationTimestamp"]
    age = datetime.now(UTC) - datetime.fromisoformat(made)
    assert -1 <= age.total_seconds() < 60
    serving.send_signal(number)
    assert ended(serving) == (0, "")
    assert not config.exists()


def test_a_served_cluster_without_a_file_says_how_it_is_reached():
    serving, said = start("serve", "--nodes", "1", "--port", "0")
    assert serving.stdout is not None
    how = serving.stdout.readline()
    assert said.split()[-1] + "/token/" in how and how.startswith("kubectl --server ")
    serving.terminate()
    assert ended(serving) == (0, "")


def test_a_command_serves_on_when_nobody_reads_what_it_says(tmp_path):
    config = tmp_path / "config"
    words = ["serve", "--nodes", "1", "--port", "0", "--kubeconfig", str(config)]
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen([*COMMAND, *words], stdout=writer, stderr=subprocess.PIPE) as serving:
        os.close(writer)
        deadline = time.monotonic() + 20
        while not (config.exists() and config.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        assert serving.poll() is None
        serving.terminate()
        _, complaint = serving.communicate(timeout=30)
    assert (serving.returncode, complaint) == (0, b"")


def test_a_kubeconfig_that_is_there_stays(tmp_path, capsys):
    config = tmp_path / "config"
    config.write_text("mine")
    assert main(["serve", "--port", "0", "--nodes", "1", "--kubeconfig", str(config)]) == 1
    assert config.read_text() == "mine"
    assert "something is there already" in capsys.readouterr().err


def test_a_socket_path_that_is_no_socket_stays(tmp_path, capsys):
    for name, make in (("file", "write_text"), ("folder", "mkdir"), ("link", "symlink_to")):
        path = tmp_path / name
        getattr(path, make)(*{"file": ["mine"], "folder": [], "link": [tmp_path / "file"]}[name])
        assert main(["cri", "--socket", str(path)]) == 1
        assert "something else than a socket" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine" and (tmp_path / "link").is_symlink()


def test_a_socket_in_use_stays(tmp_path, capsys):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        path = tmp_path / str(int(kind))
        with socket.socket(socket.AF_UNIX, kind) as used:
            used.bind(str(path))
            if kind == socket.SOCK_STREAM:
                used.listen()
            assert main(["cri", "--socket", str(path)]) == 1
            assert "listens there already" in capsys.readouterr().err
            assert stat.S_ISSOCK(path.lstat().st_mode)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_socket_that_was_left_behind_is_replaced_and_goes_at_the_end(tmp_path, number):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    serving, said = start("cri", "--socket", str(path))
    assert "listens on" in said
    serving.send_signal(number)
    assert ended(serving)[0] == 0 and not path.exists()


def test_a_socket_that_somebody_else_put_there_meanwhile_stays(tmp_path):
    path = tmp_path / "socket"
    serving, _ = start("cri", "--socket", str(path))
    path.unlink(missing_ok=True)
    path.write_text("another's")
    serving.terminate()
    assert ended(serving)[0] == 0 and path.read_text() == "another's"


WRONG = [
    *(["serve", "--port", text] for text in ("99999", "-1", "65536", "x", "", "8.5", "9" * 99)),
    *(["serve", "--nodes", text] for text in ("-1", "x", "", "1.5", "9" * 99, "--5")),
    *(["serve", "--speed", text] for text in ("nan", "inf", "-inf", "0", "-1", "x", "")),
    ["serve", "--network", "nosuch"], ["serve", "--network", ""], ["serve", "--kubeconfig", ""],
    ["serve", "--kubeconfig", "/"], ["serve", "--kubeconfig", "/no/such/folder/x"],
    ["serve", "--kubeconfig", "/dev/null"], ["serve", "--kubeconfig", "x" * 5000], ["serve", "x"],
    *(["cri", "--socket", "x", "--speed", text] for text in ("nan", "inf", "0", "-1", "x", "")),
    ["cri"], ["cri", "--socket", ""], ["cri", "--socket", "x" * 200], ["cri", "--socket", "/"],
    ["cri", "--socket", "/no/such/folder/x"], ["cri", "--socket", "/dev/null"],
    ["cri", "--socket", "x", "--runtime", "nosuch"],
    ["cri", "--socket", "x", "--image", "/no/such/archive"],
    ["cri", "--socket", "x", "--image", "/dev/null"],
    ["cri", "--socket", "x", "--image", "/"], ["cri", "--socket", "x", "--image", __file__],
    [], ["nosuch"], [""], ["--nosuch"],
]  # fmt: skip


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words)[:40])
def test_an_argument_that_makes_no_sense_is_refused_in_words(words, capsys):
    if words[:1] == ["serve"] and "--port" not in words:
        words = [*words, "--port", "0"]
    try:
        code = main(words)
    except SystemExit as exit:
        code = exit.code
    said = capsys.readouterr().err
    assert code in (1, 2) and said.strip() and "Traceback" not in said


class Served(Exception):
    """The arguments were accepted."""


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(
            ["serve", "cri", "--nodes", "--port", "--speed", "--network", "--kubeconfig",
             "--socket", "--image", "--runtime",
             "-1", "0", "3", "nan", "1e3", "containerd", "=", "--nodes=x"]
        )
        | st.text(max_size=6),
        max_size=7,
    )
)  # fmt: skip
def test_no_words_lead_to_a_traceback(words):
    def accept(arguments):
        raise Served

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serve, "run", accept)
        patch.setattr(cri_command, "run", accept)
        with pytest.raises((SystemExit, Served)):
            main(words)
            raise Served
