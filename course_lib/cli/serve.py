"""`python -m course_lib serve`: a simulated cluster for kubectl and other clients of the API."""

from __future__ import annotations

import argparse
import time
from typing import Any

from course_lib.cli.arguments import (
    LARGEST_PORT,
    announce,
    path,
    speed,
    until_interrupted,
    whole_number,
)


def add_to(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "serve",
        help="serve a simulated cluster's API to kubectl",
        description="Serve a simulated cluster's API on a port of this machine, until interrupted. "
        "Then, for example: kubectl --kubeconfig PATH get nodes",
    )
    parser.add_argument(
        "--nodes", type=whole_number(0), default=3, help="how many nodes (default 3)"
    )
    parser.add_argument("--network", default="flat", help="the network's plugin (default flat)")
    parser.add_argument(
        "--port",
        type=whole_number(0, LARGEST_PORT),
        default=8080,
        help="where to listen (default 8080); 0 takes a free port",
    )
    parser.add_argument(
        "--speed",
        type=speed,
        default=1.0,
        help="simulated seconds in each real one (default 1); with another, the ages that kubectl "
        "computes by its own clock are wrong",
    )
    parser.add_argument(
        "--kubeconfig",
        type=path,
        metavar="PATH",
        help="write a file for $KUBECONFIG there; it must not exist, and goes at the end",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    from course_lib.cluster import Cluster
    from course_lib.engine.timestamps import EPOCH

    # kubectl compares the cluster's times with its own clock, so simulated time starts now.
    start = time.time() - EPOCH.timestamp()
    stop = until_interrupted()
    cluster = Cluster(nodes=arguments.nodes, network=arguments.network, start=start)
    with cluster.serve(arguments.port, arguments.speed) as served:
        how = f"kubectl --server {served.server} get nodes"
        if arguments.kubeconfig:
            how = f"kubectl --kubeconfig {served.kubeconfig(arguments.kubeconfig)} get nodes"
        said = f"a cluster of {arguments.nodes} nodes, simulated, at {served.url}"
        announce(f"{said}\n{how}")
        stop.wait()
    return 0
