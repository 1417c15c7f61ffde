"""`python -m course_lib cri`: a simulated runtime on a socket, for crictl and other clients."""

from __future__ import annotations

import argparse
import time
from typing import Any

from course_lib.cli.arguments import announce, path, speed, until_interrupted
from course_lib.runtimes import RUNTIMES


def add_to(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "cri",
        help="serve a simulated container runtime to any CRI client",
        description="Serve a simulated container runtime on a unix socket, until interrupted. "
        "Then, for example: crictl --runtime-endpoint unix://PATH ps",
    )
    parser.add_argument("--runtime", choices=list(RUNTIMES), default="containerd")
    parser.add_argument(
        "--socket",
        type=path,
        required=True,
        metavar="PATH",
        help="where to listen; only a socket that nobody listens on is replaced",
    )
    parser.add_argument(
        "--image",
        type=path,
        action="append",
        default=[],
        metavar="ARCHIVE",
        help="an OCI archive whose images the simulated registry is to have",
    )
    parser.add_argument(
        "--speed", type=speed, default=1.0, help="simulated seconds in each real one (default 1)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    from course_lib.cri.grpc_server import Server
    from course_lib.cri.simulated import alone
    from course_lib.images import Registry, read_archive
    from course_lib.runtimes.files import HostFileSystem

    stop = until_interrupted()
    registry = Registry()
    for archive in arguments.image:
        for name, image in read_archive(archive).items():
            registry.push(name, content=image)
    # A client compares the runtime's times with its own clock, so simulated time starts now.
    runtime = alone(arguments.runtime, registry, disk=HostFileSystem(), epoch=time.time_ns())
    with Server(runtime, arguments.socket, arguments.speed):
        about = f"{arguments.runtime} {runtime.flavour.version}, simulated"
        said = f"{about}, listens on {arguments.socket}"
        announce(said)  # a program that started it through a pipe waits for this line
        stop.wait()
    return 0
