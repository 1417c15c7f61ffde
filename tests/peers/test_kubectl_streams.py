"""Commands that go on while time passes say the same as the real ones, change by change.

The real kubectl runs while the served cluster's time passes, and is interrupted afterwards: its
exit code is compared only where it ends by itself. Ours is told by `--request-timeout` for how long
it goes on. Ages are not compared here: the served cluster makes the row of a change when its client
takes it, which is up to a second later.
"""

from __future__ import annotations

import os
import re
import selectors
import shlex
import signal
import subprocess
import time

import pytest

from course_lib.command_line import Result
from tests.peers import golang, kubectl_equal, kubectl_peer
from tests.peers.kubectl_equal import Pair
from tests.peers.kubectl_peer import KUBECTL, ROOT
from tests.required import requires

pytestmark = requires(golang.missing())
SECONDS = 12  # of simulated time
QUIET = 1.0  # real s without a word, after which nothing more is expected
LONGEST = 20  # real s
LOG = re.compile(r"(?m)^E\d{4} .* reflector\.go:.*\n")  # client-go's own, of a watch that ends
COLUMNS = "custom-columns=NAME:.metadata.name,PHASE:.status.phase"


@pytest.fixture(scope="module", autouse=True)
def built():
    kubectl_peer.build()


@pytest.fixture
def pair(tmp_path):
    """Two clusters in which a Deployment has just been applied."""
    with Pair(kubectl_equal.WORLDS["empty"], tmp_path) as pair:
        with pair.served.lock:
            pair.theirs.apply("data/web.yaml")
        pair.ours.apply("data/web.yaml")
        yield pair


def real(pair, line, seconds):
    """What the real one says while simulated time passes; the code is None if it went on."""
    running = subprocess.Popen(
        [str(KUBECTL), *shlex.split(line)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"HOME": str(pair.home), "KUBECONFIG": pair.config},
    )
    said = {running.stdout: b"", running.stderr: b""}
    listen(running, said)
    for _ in range(seconds):
        pair.served.run(1)
        listen(running, said, 0.05)
    listen(running, said)
    if line.startswith("wait"):  # it ends by itself, after real seconds if not before
        running.wait(timeout=LONGEST)
        listen(running, said)
    code = running.poll()
    if code is None:
        running.send_signal(signal.SIGINT)
    running.wait(timeout=LONGEST)
    out, err = (text.decode() for text in said.values())
    return out, err, code


def listen(running, said, quiet=QUIET):
    """Read until nothing is said for a while."""
    with selectors.DefaultSelector() as selector:
        for stream in said:
            selector.register(stream, selectors.EVENT_READ)
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline and selector.get_map():
            ready = selector.select(quiet)
            if not ready:
                return
            for key, _ in ready:
                text = os.read(key.fd, 65536)
                said[key.fileobj] += text
                if not text:
                    selector.unregister(key.fileobj)


def ageless(text):
    """A text without ages, and without the blanks that make them columns."""
    return re.sub(r" +", " ", re.sub(r"\b\d+s\b", "AGE", text))


@pytest.mark.parametrize(
    "line",
    [
        "get pods -w",
        "get pods -w -o wide",
        "get pods --watch-only --no-headers",
        "get pods -w -l app=web --show-labels",
        "get pods -w --output-watch-events",
        "get deploy,rs -w",
        "get deploy web -w",
        "get deploy web --watch-only",
        "get pods -w -o name",
        "get pods -w -o yaml",
        "get pods -w --output-watch-events -o json",
        f"get pods -w -o {COLUMNS}",
        "get pods -w -o jsonpath='{.metadata.name} {.status.phase}{\"\\n\"}'",
        "get nodes -w",
        "events -w",
        "wait --for=condition=Available deploy/web",
        "wait --for=jsonpath='{.status.readyReplicas}'=3 deploy/web --timeout=60s",
        "wait --for=condition=Ready pods -l app=web",
        "wait --for=delete deploy/web --timeout=3s",
    ],
)
def test_streams_say_the_same(pair, line):
    out, err, code = real(pair, line, SECONDS)
    ended = code is not None
    own = line if ended else f"{line} --request-timeout={SECONDS}s"
    ours: Result = pair.kubectl(own)
    assert (ageless(ours.stdout), ours.stderr) == (ageless(out), LOG.sub("", err))
    assert not ended or ours.code == code
