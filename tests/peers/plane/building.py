"""The programs of a real control plane, built from their Go modules into `build/peers`.

`python -m tests.peers.plane.building` builds all of them, and prints how long each took.

Only what is missing is built; Go's cache makes the second time quick. Each program carries its
version in its name. For a newer release, see CONTRIBUTING.md.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from course_lib.objects.release import MINOR, RELEASE
from tests.peers import golang

FOLDER = Path(__file__).parents[3] / "build/peers"
PROGRAMS = (
    "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "etcd", "kwok",
)  # fmt: skip
KWOK = "v0.8.0"
VERSION = "k8s.io/component-base/version"
STAMPS = {"gitVersion": f"v{RELEASE}", "gitMajor": "1", "gitMinor": MINOR.partition(".")[2]}


def missing() -> str:
    """Why a real control plane cannot be built here; empty when it can."""
    if golang.missing():
        return golang.missing()
    if not shutil.which("openssl"):
        return "openssl is not installed (it makes a key)"
    return "" if os.geteuid() == 0 else "a kubelet mounts volumes: that needs root"


def program(name: str) -> Path:
    """The path of a program, which is built when it is not there."""
    if name == "etcd":
        release = golang.version("go.etcd.io/etcd/server/v3").removeprefix("v")
    else:
        release = KWOK.removeprefix("v") if name == "kwok" else RELEASE
    path = FOLDER / f"{name}-{release}"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        _build(name, path)
    return path


def _build(name: str, path: Path) -> None:
    environment = os.environ | {"CGO_ENABLED": "0"}
    stamps = " ".join(f"-X {VERSION}.{key}={value}" for key, value in STAMPS.items())
    command = ["go", "build", "-trimpath", "-ldflags", f"-s -w {stamps}"]
    if name == "kwok":  # a module by itself, with other versions of what it is made of
        place = environment | {"GOBIN": str(FOLDER)}
        package = f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}"
        command = ["go", "install", "-trimpath", "-ldflags", "-s -w", package]
        subprocess.run(command, env=place, check=True)
        (FOLDER / "kwok").rename(path)
        return
    package = "go.etcd.io/etcd/server/v3" if name == "etcd" else f"./plane/{name}"
    building = path.with_suffix(".building")
    command += ["-o", str(building), package]
    subprocess.run(command, cwd=golang.HERE, env=environment, check=True)
    building.rename(path)


def kwok_stages() -> list[Path]:
    """The files that say how kwok's nodes and Pods get ready, from its module."""
    command = ["go", "mod", "download", "-json", f"sigs.k8s.io/kwok@{KWOK}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    folder = Path(json.loads(told.stdout)["Dir"]) / "kustomize/stage"
    return [
        path
        for kind in ("node/fast", "pod/fast")
        for path in sorted((folder / kind).glob("*.yaml"))
        if path.name != "kustomization.yaml"
    ]


def main() -> None:
    if missing():
        print(f"the real control plane is not built: {missing()}")
        return
    for name in PROGRAMS:
        began = time.monotonic()
        path = program(name)
        took = time.monotonic() - began
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB, {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
