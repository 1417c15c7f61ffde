"""`crictl` on the nodes of a cluster, beside their kubelets.

A kubelet looks after what runs on its node: what its Pods need and somebody removes, it makes
again.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace

from course_lib.command_line import Result
from course_lib.cri import CRIClient
from course_lib.cri.client import InProcess
from course_lib.cri.ctl import RuntimeHost, run
from course_lib.node import Kubelet

NO_CONNECTION = 255  # ssh's exit code


def crictl_on(
    kubelet: Callable[[str], Kubelet], nodes: Sequence[str], command: str, node: str = ""
) -> Result:
    """Run a `command` of crictl on a `node`, or on the one that its first words name.

    `kubelet` finds the kubelet of a node; without a name it is the first of `nodes`.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        return Result(stderr=f"sh: cannot read the line: {error}\n", code=2)
    words = words[1:] if words[:1] == ["crictl"] else words
    if words[:1] == ["--node"] and len(words) > 1:
        node, words = words[1], words[2:]
    elif words and words[0].startswith("--node="):
        node, words = words[0].partition("=")[2], words[1:]
    there = kubelet(node or nodes[0])
    if not there.powered:
        why = f"ssh: connect to host {there.name} port 22: No route to host\n"
        return Result(stderr=why, code=NO_CONNECTION)
    transport = there.cri.transport
    assert isinstance(transport, InProcess)
    sim, began = transport.sim, transport.sim.now
    client = CRIClient(transport)  # of its own: the kubelet's remembers the kubelet's calls
    clock = transport.shim.runtime.machine.clock
    result = run(RuntimeHost(client, there.disk, clock, lambda seconds: sim.run(seconds)), words)
    return replace(result, waited=round(sim.now - began, 3))
