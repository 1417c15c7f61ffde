"""A real containerd, started for the tests on a socket, a root and a state of its own.

It needs Debian's `containerd`, `runc` and `busybox-static`, and root. Nothing of the machine is
touched: the plugin for the CRI uses Pods on the node's network, the native snapshotter, and a
sandbox image that is imported here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.cri import CRIClient, connect
from course_lib.images import write_archive
from course_lib.runtimes import RuntimeFault
from tests.cri.scenario import BUSYBOX, IMAGE, PAUSE, pause_image, tools_image

CONFIG = """
version = 2
root = "{root}/root"
state = "{root}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "{root}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
    disable_snapshot_annotations = true
"""


def missing() -> str:
    """Why there can be no real containerd here; empty when there can."""
    if os.geteuid() != 0:
        return "a real containerd needs root"
    for program in ("containerd", "ctr", "runc"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: containerd, runc)"
    if not BUSYBOX.exists():
        return "no static busybox (Debian: busybox-static)"
    return ""


@contextmanager
def containerd(folder: Path) -> Iterator[CRIClient]:
    """A client of a fresh containerd, with the scenario's images imported."""
    socket = folder / "containerd.sock"
    config = folder / "config.toml"
    config.write_text(CONFIG.format(root=folder, pause=PAUSE, snapshotter="native"))
    with open(folder / "containerd.log", "wb") as log:
        daemon = subprocess.Popen(["containerd", "-c", str(config)], stdout=log, stderr=log)
    try:
        client = connect(str(socket))
        _until_ready(client, daemon, folder)
        archive = folder / "images.tar"
        write_archive(archive, {IMAGE: tools_image(), PAUSE: pause_image()})
        importing = ["ctr", "-a", str(socket), "-n", "k8s.io", "images", "import"]
        subprocess.run([*importing, "--snapshotter", "native", str(archive)], check=True)
        yield client
        _remove_all(client)
        client.close()
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)


def settled(path: Path) -> bytes:
    """A container's log, once its writer, which runs beside, has caught up."""
    before = path.read_bytes()
    while True:
        time.sleep(0.3)
        now = path.read_bytes()
        if now == before:
            return now
        before = now


def _until_ready(client: CRIClient, daemon: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(100):
        try:
            client.call("Version")
            return
        except RuntimeFault:
            if daemon.poll() is not None:
                break
            time.sleep(0.1)
    raise AssertionError((folder / "containerd.log").read_text()[-3000:])


def _remove_all(client: CRIClient) -> None:
    """No shim may be left behind."""
    for sandbox in client.call("ListPodSandbox").items:
        client.call("StopPodSandbox", pod_sandbox_id=sandbox.id)
        client.call("RemovePodSandbox", pod_sandbox_id=sandbox.id)
