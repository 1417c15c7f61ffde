"""Why a Pod goes where it goes, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from course_lib.cluster.tables import table
from course_lib.objects.kinds.pod import Pod
from course_lib.scheduler import Scheduler
from course_lib.scheduler.explain import TEXTS, explain, explain_in_detail
from course_lib.scheduler.pod_info import PodInfo

if TYPE_CHECKING:
    from course_lib.engine.table import Table


def explained(scheduler: Scheduler, pod: Pod, detail: bool) -> Table:
    """Each node's verdicts and scores for a Pod, as if the Pod came now; see `Cluster.explain`.

    `scheduler` has the profiles, `pod` is the Pod, `detail` asks for one row a node and plugin.
    """
    scheduler.sim.settle()  # it has heard of all that is written
    info = PodInfo.of(pod)
    nodes = scheduler.nodes.copy()
    if info.pod.spec.node_name:
        nodes.remove(info, info.pod.spec.node_name)
        spec = msgspec.structs.replace(info.pod.spec, node_name="")
        info = info.renewed(msgspec.structs.replace(info.pod, spec=spec))
    ask = explain_in_detail if detail else explain
    columns, rows = ask(scheduler.framework(info), info, nodes)
    numbers = [name for name in columns if name not in TEXTS]
    return table(rows, columns).astype(dict.fromkeys(numbers, "Int64"))
