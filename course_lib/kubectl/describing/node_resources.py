"""What runs on a Node, and how much of the node it asks for.

Source: `describeNodeResource` and `describeNodeResourceSlices` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.pod_resources import asked, in_effect
from course_lib.kubectl.describing.writing import Lines, field, indented, table, titled
from course_lib.kubectl.failures import RefusedRequest
from course_lib.objects.kinds.pod.requests import ZERO, plus
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity, ResourceList

PODS = "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge"
DEVICES = "Driver\tPool\tSlices\tDevices"
MOST_POOLS = 10  # that are shown
OVERCOMMITTED = "(Total limits may be over 100 percent, i.e., overcommitted.)"
STANDARD = ("cpu", "memory", "ephemeral-storage")
HUGE_PAGES = "hugepages-"
INDEFINITE = -(2**63)  # what Go makes of a share of nothing


def resource_lines(node: DescribedObject, pods: Sequence[Document]) -> Lines:
    """The Pods of a node one by one, and the sums of their requests and limits."""
    status = node.status
    written = status.get("allocatable") or status.get("capacity") or {}
    have = {name: Quantity(amount) for name, amount in written.items()}
    yield field("Non-terminated Pods", f"({len(pods)} in total)")
    yield from indented(table(PODS, (_row(node, pod, have) for pod in pods)))
    yield "Allocated resources:"
    yield f"  {OVERCOMMITTED}"
    yield from indented(table("Resource\tRequests\tLimits", _sums(pods, have)))


def device_lines(node: DescribedObject) -> Lines:
    """Pools of devices that are on the node alone; nothing where there are none."""
    query = {"fieldSelector": f"spec.nodeName={node.name}"}
    try:
        slices = node.listed("resource.k8s.io/v1", "resourceslices", "", query)
    except RefusedRequest:
        return
    pools: dict[tuple[str, str], list[int]] = {}
    for each in slices:
        driver, pool = each["spec"]["driver"], each["spec"]["pool"]["name"]
        pools.setdefault((driver, pool), []).append(len(each["spec"].get("devices") or ()))
    ordered = sorted(pools.items(), key=lambda pool: "/".join(pool[0]))
    if ordered:
        rows = ((*names, len(sizes), sum(sizes)) for names, sizes in ordered[:MOST_POOLS])
        yield from titled("Node-Local ResourceSlices", table(DEVICES, rows))
    if len(ordered) > MOST_POOLS:
        yield f"  ...and {len(ordered) - MOST_POOLS} more pools"


def _row(node: DescribedObject, pod: Document, have: ResourceList) -> list[str]:
    groups = in_effect(pod, "requests"), in_effect(pod, "limits")
    shares = [_share(group, name, have, INDEFINITE) for name in STANDARD[:2] for group in groups]
    metadata = pod["metadata"]
    age = node.age(metadata.get("creationTimestamp"))
    return [metadata.get("namespace", ""), metadata["name"], "", *shares, age]


def _sums(pods: Sequence[Document], have: ResourceList) -> Lines | list[list[str]]:
    """Requests and limits of all Pods: what each node has first, then large pages, then others."""
    requests: ResourceList = {}
    limits: ResourceList = {}
    for pod in pods:
        requests = plus(requests, asked(pod, "requests"))
        limits = plus(limits, asked(pod, "limits"))
    huge = sorted(name for name in have if name.startswith(HUGE_PAGES))
    others = sorted(name for name in have if name not in (*STANDARD, *huge, "pods"))
    groups = (requests, limits)
    rows = [[n, *(_share(group, n, have, 0) for group in groups)] for n in (*STANDARD, *huge)]
    return rows + [[n, *(str(group.get(n, ZERO)) for group in groups)] for n in others]


def _share(amounts: ResourceList, name: str, have: ResourceList, of_nothing: int) -> str:
    """An amount, and its share of what the node has; `of_nothing` where it has nothing."""
    amount, whole = amounts.get(name, ZERO), have.get(name, ZERO)
    part, all_of_it = (amount.milli, whole.milli) if name == "cpu" else (amount.value, whole.value)
    percent = int(part / all_of_it * 100) if all_of_it else of_nothing
    return f"{amount} ({percent}%)"
