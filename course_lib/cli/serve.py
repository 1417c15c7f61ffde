"""`python -m course_lib serve`: a simulated cluster for kubectl and other clients of the API."""

from __future__ import annotations

import argparse
import signal
import threading
from typing import Any


def add_to(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "serve",
        help="serve a simulated cluster's API to kubectl",
        description="Serve a simulated cluster's API on a port of this machine, until interrupted. "
        "Then, for example: kubectl --server http://127.0.0.1:PORT get nodes",
    )
    parser.add_argument("--nodes", type=int, default=3, help="how many nodes (default 3)")
    parser.add_argument("--network", default="flat", help="the network's plugin (default flat)")
    parser.add_argument("--port", type=int, default=8080, help="where to listen (default 8080)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="simulated seconds in each real one (default 1)"
    )
    parser.add_argument("--kubeconfig", metavar="PATH", help="write a file for $KUBECONFIG there")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    from course_lib.cluster import Cluster

    cluster = Cluster(nodes=arguments.nodes, network=arguments.network)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with cluster.serve(arguments.port, arguments.speed) as served:
        if arguments.kubeconfig:
            served.kubeconfig(arguments.kubeconfig)
        print(f"a cluster of {arguments.nodes} nodes, simulated, at {served.url}", flush=True)
        stop.wait()
    return 0
