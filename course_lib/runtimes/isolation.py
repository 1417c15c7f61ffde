"""The walls of a container: namespaces, which say what it sees; cgroups, what it may use.

Shown as the kernel shows them: namespaces as the links in `/proc/PID/ns`, cgroups as files.
Source: namespaces(7); the kernel's `cgroup-v2.rst`; the conversion of CPU shares to weights as in
opencontainers/cgroups 0.0.7 (`ConvertCPUSharesToCgroupV2Value`), which runc uses since 1.3.2.
"""

from __future__ import annotations

import math

from course_lib.runtimes.spec import NODE, POD, Namespaces, Resources

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
FIRST = 4026531835  # inode numbers of the node's own namespaces, as the kernel gives them
PERIOD = 100_000  # microseconds


def of_node() -> dict[str, str]:
    """The namespaces of the node's own processes."""
    return {kind: f"{kind}:[{FIRST + place}]" for place, kind in enumerate(KINDS)}


def of_sandbox(wanted: Namespaces, number: int) -> dict[str, str]:
    """The namespaces of a sandbox: new ones, but for those that it takes from the node."""
    return _new(number) | _taken(wanted, of_node(), NODE)


def of_container(wanted: Namespaces, sandbox: dict[str, str], number: int) -> dict[str, str]:
    """The namespaces of container `number`: its own, or the `sandbox`'s where `wanted` says so."""
    shared = _taken(wanted, sandbox, POD) | _taken(wanted, of_node(), NODE)
    return _new(number) | {"uts": sandbox["uts"]} | shared


def _new(number: int) -> dict[str, str]:
    return {kind: f"{kind}:[{FIRST + 400 + 8 * number + n}]" for n, kind in enumerate(KINDS)}


def _taken(wanted: Namespaces, source: dict[str, str], mode: str) -> dict[str, str]:
    modes = {"net": wanted.network, "pid": wanted.pid, "ipc": wanted.ipc}
    taken = {kind: source[kind] for kind, whose in modes.items() if whose == mode}
    if mode == NODE and wanted.network == NODE:
        taken["uts"] = source["uts"]  # the host's network comes with the host's name
    return taken


def cgroup_files(resources: Resources) -> dict[str, str]:
    """The limits as files of the container's cgroup.

    A request of 100m is 102 shares and a weight of 17; a request of one core has the weight 100.

    >>> cgroup_files(Resources(cpu_shares=102))["cpu.weight"]
    '17'
    >>> cgroup_files(Resources(cpu_quota=10_000, cpu_period=100_000, cpu_shares=102))["cpu.max"]
    '10000 100000'
    """
    quota = str(resources.cpu_quota) if resources.cpu_quota > 0 else "max"
    shares = max(resources.cpu_shares, 2)
    return {
        "cpu.max": f"{quota} {resources.cpu_period or PERIOD}",
        "cpu.weight": str(_weight(shares)) if resources.cpu_shares else "100",
        "memory.max": str(resources.memory_limit) if resources.memory_limit > 0 else "max",
    }


def _weight(shares: int) -> int:
    """The weight of cgroup v2 (1 to 10000) for CPU shares (2 to 262144); 1024 shares are 100."""
    if shares >= 1 << 18:
        return 10_000
    power = math.log2(shares)
    return math.ceil(10 ** ((power * power + 125 * power) / 612 - 7 / 34)) if shares > 2 else 1
