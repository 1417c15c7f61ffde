"""crictl and critest of kubernetes-sigs/cri-tools, built from their Go module, on our sockets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.images import File, build, write_archive
from tests.peers import golang

ROOT = Path(__file__).parents[2]
CRICTL, CRITEST = golang.BUILT / "crictl", golang.BUILT / "critest"
MODULE = "sigs.k8s.io/cri-tools/cmd"
TEST_IMAGES = "gcr.io/k8s-staging-cri-tools/"
SPEED = 10.0  # simulated seconds in a real one

# What critest asks of a kernel, or of sockets, that a simulated runtime does not have.
NOT_SIMULATED = {
    r"portforward|port mapping|should support network|HostNetwork is true": (
        "asks a real socket of a container"
    ),
    r"HostPID|PodPID|ContainerPID": "reads the kernel's /proc of other processes",
    r"HostIpc": "makes System V shared memory",
    r"capabilit|Privileged is": "changes network devices, as far as capabilities allow",
    r"MaskedPaths|ReadonlyPaths": "masks files of the kernel's /proc and /sys",
    r"Seccomp|AppArmor|SELinux|NoNewPrivs": "filters of the kernel",
    r"UserNamespaces": "mappings of user IDs in the kernel",
    r"SupplementalGroupsPolicy": "reads groups from an image that is not at hand",
    r"Mount Propagation|recursive readonly mounts$": "mounts of the kernel",
    r"OOM": "needs a program that fills real memory; ours have a model of it",
}


def build_tools() -> None:
    """Build both; the first time this fetches their modules."""
    golang.build(CRICTL.name, f"{MODULE}/crictl")
    golang.build(CRITEST.name, f"{MODULE}/critest", tests=True)


def write_test_images(path: Path) -> None:
    """Images of the names that critest pulls, where their content matters to it."""
    images = {}
    for name, user in (
        ("test-image-user-uid", "1002"),
        ("test-image-user-username", "www-data"),
        ("test-image-user-uid-group", "1003:users"),
        ("test-image-user-username-group", "www-data:100"),
    ):
        image = build(f'FROM scratch\nCOPY f /f\nUSER {user}\nCMD ["/f"]', {"f": File(b"")}).image
        images[f"{TEST_IMAGES}{name}:latest"] = image
    same = build('FROM scratch\nCOPY f /f\nCMD ["/f"]', {"f": File(b"tags")}).image
    images |= {f"{TEST_IMAGES}test-image-tags:{number}": same for number in (1, 2, 3)}
    pause = 'FROM scratch\nCOPY f /pause\nUSER 65535\nENTRYPOINT ["/pause"]'
    older, newer = (build(pause, {"f": File(tag, mode=0o755)}).image for tag in (b"3.9", b"3.10"))
    images |= {f"{name}/pause:3.9": older for name in ("registry.k8s.io", "k8s.gcr.io")}
    images["registry.k8s.io/pause:3.10"] = newer
    write_archive(path, images)


@contextmanager
def served(runtime: str, folder: Path, speed: float = SPEED) -> Iterator[str]:
    """A simulated runtime on a socket, as a learner starts it; yields the socket's path."""
    socket, archive = folder / f"{runtime}.sock", folder / f"{runtime}.tar"
    write_test_images(archive)
    command = [sys.executable, "-m", "course_lib", "cri", "--runtime", runtime]
    command += ["--socket", str(socket), "--image", str(archive), "--speed", str(speed)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "listens on" in process.stdout.readline()
        yield str(socket)
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert not socket.exists(), "the socket is gone with its server"


def crictl(socket: str, *arguments: str) -> str:
    """Run crictl; returns what it prints."""
    endpoint = f"unix://{socket}"
    command = [str(CRICTL), "--config", "/dev/null", "-r", endpoint, "-i", endpoint, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def critest(socket: str, folder: Path, focus: str = "") -> dict[str, str]:
    """Run the specs that apply: each one's name, and how it went."""
    endpoint = f"unix://{socket}"
    command = [
        str(CRITEST),
        f"-runtime-endpoint={endpoint}",
        f"-image-endpoint={endpoint}",
        f"-ginkgo.json-report={folder / 'report.json'}",
        f"-ginkgo.skip={'|'.join(NOT_SIMULATED)}",
        "-websocket-exec",
        "-websocket-attach",
        "-ginkgo.no-color",
        *([f"-ginkgo.focus={focus}"] if focus else []),
    ]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=900)
    (suite,) = json.loads((folder / "report.json").read_text())
    results = {}
    for spec in suite["SpecReports"]:
        if spec["LeafNodeType"] == "It":
            name = " ".join([*spec["ContainerHierarchyTexts"], spec["LeafNodeText"]])
            failure = spec.get("Failure", {}).get("Message", "")
            results[name] = spec["State"] + (f": {failure[:300]}" if failure else "")
    return results


def applies(spec: str) -> bool:
    """Whether a spec is about something that the course simulates."""
    return not any(re.search(pattern, spec) for pattern in NOT_SIMULATED)


def wait_for(text: str, say: object, seconds: float = 20) -> str:
    """Ask again until an answer holds a text."""
    for _ in range(int(seconds * 10)):
        found = str(say())  # type: ignore[operator]
        if text in found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{text!r} never came")
