"""What survives what: break a configuration in every way, and look at what users notice.

Each case begins with a fresh cluster that runs an application. Then something breaks, nothing
is repaired, and for a minute and a half a client reads and writes every second, a new Pod is
asked for, and the application's Pods are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import msgspec

from course_lib.apiserver.errors import APIError
from course_lib.cluster import Cluster
from course_lib.cluster.static_manifests import API_SERVER, CONTROLLER_MANAGER, ETCD, SCHEDULER
from course_lib.etcd import Get
from course_lib.etcd.mvcc import MVCCStore
from course_lib.experiments.arguments import named, several
from course_lib.experiments.cores import processes
from course_lib.objects.manifests import Document

if TYPE_CHECKING:
    import pandas as pd

WINDOW = 90  # s that each case is watched
PATIENCE = 420  # s, where only Pods are missing: a dead node's are given up after some 350
REPLICAS = 3
MORE = f"scale deployment/web --replicas={REPLICAS + 1}"  # what kubectl is asked for
USUAL = 2.0, 3.0  # s until a new Pod is scheduled, and runs, where nothing is broken
CONFIGURATIONS: dict[str, Callable[..., Cluster]] = {
    "all-in-one": Cluster.all_in_one,
    "single etcd, single master": Cluster.single_master,
    "single etcd, HA masters": Cluster.ha_masters,
    "clustered etcd, HA masters": Cluster.ha_etcd,
}
COLUMNS = ["CONFIGURATION", "FAILURE", "AND", "READ", "WRITE", "NEW PODS", "PODS", "DATA", "HEALED"]
APPLICATION = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": REPLICAS,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx"}]},
        },
    },
}


class Failure(msgspec.Struct, frozen=True):
    """One thing that breaks: its kind and part as in the table, and where."""

    kind: str  # process, node, zone, disk or link
    part: str
    machine: str
    component: str = ""

    @property
    def name(self) -> str:
        """As it stands in the table."""
        return f"{self.kind}: {self.part}"

    def strike(self, cluster: Cluster) -> None:
        """Let it happen."""
        layout = cluster.control_plane.layout
        match self.kind:
            case "process":
                if cluster.control_plane.up(self.machine, self.component):
                    cluster.kill_process(self.machine, self.component)
            case "node":
                cluster.kill_node(self.machine)
            case "zone":
                for machine, zone in layout.zones.items():
                    if zone == self.machine:
                        cluster.kill_node(machine)
            case "disk":
                cluster.fail_disk(self.machine)
            case "link":
                cluster.cut(self.machine)


def failures(cluster: Cluster) -> dict[str, list[Failure]]:
    """All that can break, by name; where a thing is there more than once, the first two."""
    plane = cluster.control_plane
    layout = plane.layout
    leader = plane.etcd.elect().name
    members = [leader, *(name for name in layout.etcd if name != leader)]
    roles = ["etcd leader", *["etcd follower"] * (len(members) - 1)]
    roles = roles if len(members) > 1 else ["etcd"]
    found: list[Failure] = []
    for member, role in zip(members, roles, strict=True):
        found.append(Failure("process", role, member, ETCD))
        found.append(Failure("disk", role, member))
        if member not in layout.nodes:
            found += [Failure(kind, role, member) for kind in ("node", "link")]
    for master in layout.control_planes:
        found.append(Failure("process", API_SERVER, master, API_SERVER))
        part = "the only node" if layout.takes_pods(master) else "control plane"
        found.append(Failure("node", part, master))
        if not layout.takes_pods(master):
            found.append(Failure("link", part, master))
        for component in (CONTROLLER_MANAGER, SCHEDULER):
            if plane.leads(master, component):
                found.append(Failure("process", component, master, component))
    if layout.balancer:
        found.append(Failure("node", "load balancer", layout.balancer))
    for worker in layout.workers:
        if worker not in layout.control_planes:
            found += [Failure(kind, "worker", worker) for kind in ("node", "link")]
    for zone in sorted(set(layout.zones.values())):
        found.append(Failure("zone", "one zone", zone))
    named: dict[str, list[Failure]] = {}
    for each in found:
        named.setdefault(each.name, []).append(each)
    return {name: same[:2] for name, same in named.items()}


class Outcome(msgspec.Struct):
    """What was seen; times in seconds since the failure, None where there was no success."""

    read: list[bool]
    write: list[bool]
    scheduled: float | None
    pods: int  # the fewest at a time
    complete: float | None  # until all of them, and the new one, ran
    lost: bool

    def row(self) -> tuple[str, str, str, str, str, str]:
        """READ, WRITE, NEW PODS, PODS, DATA, HEALED."""
        read, write = _gap(self.read), _gap(self.write)
        new, complete = map(_beyond, (self.scheduled, self.complete), USUAL)
        parts = [read, write, new, complete]
        known = [part for part in parts if part is not None]
        healed = f"{max(known):.0f} s" if len(known) == len(parts) else "by an operator"
        pods = f"{self.pods}/{REPLICAS}"
        data = "lost" if self.lost else "safe"
        return _word(read), _word(write), _word(new), pods, data, healed


def _gap(good: list[bool]) -> float | None:
    """Seconds until all was well again; None when it is not."""
    if not good[-1]:
        return None
    return float(max((second + 1 for second, each in enumerate(good) if not each), default=0))


def _beyond(seconds: float | None, usual: float) -> float | None:
    """Nothing, where it took no longer than usual."""
    return 0.0 if seconds is not None and seconds <= usual else seconds


def _word(gap: float | None) -> str:
    if gap is None:
        return "no"
    return f"after {gap:.0f} s" if gap else "yes"


def observe(configuration: str, names: tuple[str, ...], seed: int = 0) -> Outcome:
    """Break one or two things (`names`) in a fresh cluster of a `configuration` and `seed`."""
    cluster = CONFIGURATIONS[configuration](seed=seed)
    cluster.apply(APPLICATION)
    cluster.apply(_note("before"))
    cluster.run_until(lambda: cluster.ready("deployment/web"))
    zones = cluster.control_plane.layout.zones
    for failure in _instances(failures(cluster), names, zones):
        failure.strike(cluster)
    struck = cluster.now
    seen = Outcome([], [], None, REPLICAS, None, False)
    asked = False
    for second in range(1, PATIENCE + 1):
        cluster.run(struck + second - cluster.now)
        if second <= WINDOW:
            seen.read.append(_try(lambda: cluster.api.get("ConfigMap", "before", "default")))
            seen.write.append(_try(lambda: cluster.apply(_note(f"at-{cluster.now:.0f}"))))
        asked = asked or (seen.write[-1] and cluster.kubectl(MORE).code == 0)
        if asked and seen.scheduled is None and _scheduled(cluster):
            seen.scheduled = float(second)
        now = running(cluster, "web")
        seen.pods = min(seen.pods, now)
        if now <= REPLICAS:
            seen.complete = None
        elif seen.complete is None:
            seen.complete = float(second)
        if second >= WINDOW and (seen.complete or not (seen.read[-1] and seen.write[-1])):
            break
    seen.lost = not any(_holds(cluster, name) for name in cluster.etcd.members)
    return seen


def _note(name: str) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def _try(act: Callable[[], object]) -> bool:
    try:
        act()
    except APIError:
        return False
    return True


def _scheduled(cluster: Cluster) -> bool:
    """Whether there is one Pod more than before, and all have a node."""
    try:
        pods = cluster.api.list("Pod", "default")
    except APIError:
        return False
    return sum(bool(pod.spec.node_name) for pod in pods) > REPLICAS


def running(cluster: Cluster, container: str) -> int:
    """How many containers of this name run on the machines, whatever the API may say."""
    return sum(
        each.running and each.spec.name == container
        for runtime in cluster.runtimes.values()
        for each in runtime.containers.values()
    )


def _holds(cluster: Cluster, name: str) -> bool:
    """Whether a member's disk can be read, and has what was written before the failure."""
    disk = cluster.etcd.members[name].disk
    if disk.fault:
        return False
    store = MVCCStore()
    store.load(disk.snapshot.state)
    for entry in disk.entries:
        store.apply(entry.command)
    return store.read(Get("/registry/configmaps/default/before")).result is not None  # type: ignore[union-attr]


def _instances(
    known: dict[str, list[Failure]], names: tuple[str, ...], zones: dict[str, str]
) -> list[Failure]:
    """The things of these names; of two, the second is elsewhere if possible."""
    first = known[names[0]][0]
    if len(names) == 1:
        return [first]
    place = {first.machine, zones.get(first.machine, "")}
    others = [each for each in known[names[1]] if each != first]
    others.sort(key=lambda each: bool(place & {each.machine, zones.get(each.machine, "")}))
    return [first, *others[:1]]


def cases(configuration: str, double: bool = False) -> list[tuple[str, ...]]:
    """The names of all single failures, or of all double ones."""
    known = failures(CONFIGURATIONS[configuration]())
    if not double:
        return [(name,) for name in known]
    pairs = combinations_with_replacement(known, 2)
    return [pair for pair in pairs if pair[0] != pair[1] or len(known[pair[0]]) > 1]


def row(configuration: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """One row of the table."""
    told = (*names, "")[:2]
    return (configuration, *told, *observe(configuration, names).row())


def failure_table(double: bool = False, configurations: Sequence[str] = ()) -> pd.DataFrame:
    """Every single failure, or every double one, of the configurations; computed on all cores.

    `configurations` are names of `CONFIGURATIONS` (none: all of them).

    READ, WRITE and NEW PODS (scheduled): yes, after how many seconds, or no. PODS: the fewest of
    the application's that ran at a time. DATA: whether what was acknowledged is on a disk. HEALED:
    the seconds until all is well again, if that needs no operator.
    """
    from course_lib.engine.table import Table

    check = partial(named, known=CONFIGURATIONS, what="configuration")
    chosen = several(configurations or CONFIGURATIONS, "configurations", check)
    wanted = [(each, names) for each in chosen for names in cases(each, double)]
    with processes() as pool:
        rows = list(pool.map(row, *zip(*wanted, strict=True), chunksize=4))
    return Table(rows, columns=COLUMNS)
