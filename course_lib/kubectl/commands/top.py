"""`kubectl top`: how much CPU and memory nodes and Pods use.

Source: kubectl `pkg/cmd/top` (`top.go`, `top_node.go`, `top_pod.go`); `pkg/metricsutil`
(`metrics_printer.go`, `metrics_resource_sorter.go`, `metrics_resource_adder.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from course_lib.engine.timestamps import seconds_at
from course_lib.errors import CourseError
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.go_sort import go_sorted
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.selectors import parse_selector

GROUP, VERSIONS = "metrics.k8s.io", ("v1", "v1beta1")
NOT_AVAILABLE, NOT_YET = "Metrics API not available", "metrics not available yet"
UNKNOWN = "<unknown>"
DELAY = 120.0  # s after its creation for which a Pod may be without metrics
MIB = 1024 * 1024
Amounts = dict[str, Quantity]


def nodes(call: Invocation) -> None:
    """Print a row for each node; raises `CommandError`."""
    flags = call.flags
    if len(call.args) > 1:
        raise call.usage_error("node [NAME | -l label]")
    name = call.args[0] if call.args else ""
    _check(call, name)
    version = _version(call)
    query = _selector(call)
    found = _measured(call, Path(version, "nodes", "", name), query)
    if not found:
        raise CommandError(NOT_YET)
    path = Path("v1", "nodes", "", name)
    all_nodes = [call.server.get(path)] if name else call.server.items(path, query)
    part = "capacity" if flags.on("show-capacity") else "allocatable"
    available = {each["metadata"]["name"]: each["status"].get(part) or {} for each in all_nodes}
    swap = flags.on("show-swap")
    writer = TabWriter(call.out)
    if not flags.on("no-headers"):
        headers = ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]
        _write(writer, headers + ["SWAP(bytes)", "SWAP(%)"] * swap)
    for each in _sorted(found, flags.text("sort-by"), _usage_of, _name_of):
        node = each["metadata"]["name"]
        cells = _with_shares(_usage_of(each), available.pop(node, {}))
        _write(writer, [node, *cells, *[UNKNOWN, UNKNOWN] * swap])
    for node in available:
        _write(writer, [node, *[UNKNOWN, UNKNOWN] * (2 + swap)])
    writer.flush()


def _with_shares(used: Amounts, available: dict[str, str]) -> list[str]:
    """What a node uses, each amount with its share of what there is."""
    cells = []
    for resource in ("cpu", "memory"):
        cells.append(_amount(resource, used))
        if resource in available:
            whole = Quantity(available[resource]).milli
            share = used.get(resource, Quantity(0)).milli / whole * 100 if whole else 0.0
            cells.append(f"{int(share)}%")
    return cells


def pods(call: Invocation) -> None:
    """Print a row for each Pod, or for each of its containers; raises `CommandError`."""
    flags = call.flags
    if len(call.args) > 1:
        raise call.usage_error("pod [NAME | -l label]")
    name = call.args[0] if call.args else ""
    _check(call, name)
    version = _version(call)
    everywhere = flags.on("all-namespaces")
    space = "" if everywhere else call.namespace
    found = _measured(call, Path(version, "pods", space, name), _selector(call))
    if found and flags.text("field-selector"):
        query = _selector(call) | {"fieldSelector": flags.text("field-selector")}
        listed = call.server.items(Path("v1", "pods", space), query)
        kept = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in listed}
        found = [each for each in found if _place(each) in kept]
    if not found:
        _explain_nothing(call, name)
        where = "" if everywhere else f" in {call.namespace} namespace."
        call.error(f"No resources found{where}\n")
        return
    _Pods(call, found).print()


class _Pods:
    """Prints what Pods use."""

    def __init__(self, call: Invocation, found: Sequence[Document]) -> None:
        flags = call.flags
        self._call, self._found, self._order = call, found, flags.text("sort-by")
        self._namespaces, self._swap = flags.on("all-namespaces"), flags.on("show-swap")
        self._containers = flags.on("containers")
        self._writer = TabWriter(call.out)

    def print(self) -> None:
        """Print the rows, and their sum where it is asked for."""
        flags = self._call.flags
        before = ["NAMESPACE"] * self._namespaces + ["POD"] * self._containers
        if not flags.on("no-headers"):
            columns = ["NAME", "CPU(cores)", "MEMORY(bytes)", *["SWAP(bytes)"] * self._swap]
            _write(self._writer, before + columns)
        key = _place if self._namespaces else _name_of
        for pod in _sorted(self._found, self._order, _total, key):
            self._rows(pod)
        if flags.on("sum"):
            width = 3 + self._swap + (0 if flags.on("no-headers") else len(before))
            self._sum(width)
        self._writer.flush()

    def _rows(self, pod: Document) -> None:
        space, name = _place(pod)
        before = [space] * self._namespaces
        if not self._containers:
            _write(self._writer, [*before, name, *self._cells(_total(pod))])
            return
        for each in _sorted(pod["containers"], self._order, _usage_of, _container_name):
            _write(self._writer, [*before, name, each["name"], *self._cells(_usage_of(each))])

    def _cells(self, used: Amounts) -> list[str]:
        names = ["cpu", "memory", *["swap"] * self._swap]
        return [_amount(resource, used) for resource in names]

    def _sum(self, width: int) -> None:
        total: Amounts = {}
        for pod in self._found:
            _add(total, _total(pod))
        line = "________"
        _write(self._writer, [*[""] * (width - 2), line, line])
        _write(self._writer, [*[""] * (width - 3), "", *self._cells(total)])


def _write(writer: TabWriter, cells: Iterable[str]) -> None:
    writer.write("".join(f"{each}\t" for each in cells) + "\n")


def _amount(resource: str, used: Amounts) -> str:
    amount = used.get(resource, Quantity(0))
    return f"{amount.milli}m" if resource == "cpu" else f"{amount.value // MIB}Mi"


def _check(call: Invocation, name: str) -> None:
    if call.flags.text("sort-by") not in ("", "cpu", "memory"):
        raise CommandError("--sort-by accepts only cpu or memory")
    if name and (call.flags.text("selector") or "field-selector" in call.flags.given):
        option = "selector" if "field-selector" in call.flags.values else "--selector"
        raise CommandError(f"only one of NAME or {option} can be provided")


def _version(call: Invocation) -> str:
    """The version of the metrics API; raises `CommandError` where there is none."""
    served = {each.api_version for each in call.resources.all if each.group == GROUP}
    for version in VERSIONS:
        if f"{GROUP}/{version}" in served:
            return f"{GROUP}/{version}"
    raise CommandError(NOT_AVAILABLE)


def _selector(call: Invocation) -> dict[str, str]:
    text = call.flags.text("selector")
    try:
        parse_selector(text)
    except CourseError as problem:
        raise CommandError(problem.what) from None
    return {"labelSelector": text} if text else {}


def _measured(call: Invocation, path: Path, query: dict[str, str]) -> list[Document]:
    if path.name:
        return [call.server.get(path)]
    return call.server.items(path, query)


def _explain_nothing(call: Invocation, name: str) -> None:
    """Raise why there are no metrics, unless there are no Pods."""
    query = _selector(call)
    if call.flags.text("field-selector"):
        query["fieldSelector"] = call.flags.text("field-selector")
    path = Path("v1", "pods", call.namespace, name)
    found = [call.server.get(path)] if name else call.server.items(path, query)
    for pod in found:
        age = call.time.now() - seconds_at(pod["metadata"]["creationTimestamp"])
        if age > DELAY:
            space, own = _place(pod)
            raise CommandError(f"Metrics not available for pod {space}/{own}, age: {int(age)}s")
    if found:
        raise CommandError(NOT_YET)


def _place(each: Document) -> tuple[str, ...]:
    return each["metadata"].get("namespace", ""), each["metadata"]["name"]


def _name_of(each: Document) -> tuple[str, ...]:
    return (str(each["metadata"]["name"]),)


def _container_name(each: Document) -> tuple[str, ...]:
    return (str(each["name"]),)


def _usage_of(each: Document) -> Amounts:
    return {name: Quantity(text) for name, text in (each.get("usage") or {}).items()}


def _total(pod: Document) -> Amounts:
    total: Amounts = {}
    for each in pod.get("containers") or ():
        _add(total, _usage_of(each))
    return total


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _sorted(
    found: Sequence[Document],
    order: str,
    used: Callable[[Document], Amounts],
    name: Callable[[Document], tuple[str, ...]],
) -> list[Document]:
    """By name, or the largest amount first."""
    amounts = [used(each).get(order, Quantity(0)) for each in found]
    sizes = [each.milli if order == "cpu" else each.value for each in amounts]
    names = [name(each) for each in found]

    def less(one: int, other: int) -> bool:
        if order:
            return sizes[one] > sizes[other]
        return names[one] < names[other]

    return [found[n] for n in go_sorted(list(range(len(found))), less)]


COMMANDS = {
    "top node": Command(
        nodes,
        frozenset(
            {"no-headers", "selector", "show-capacity", "show-swap", "sort-by",
             "use-protocol-buffers"}
        ),
    ),
    "top pod": Command(
        pods,
        frozenset(
            {"all-namespaces", "containers", "field-selector", "no-headers", "selector",
             "show-swap", "sort-by", "sum", "use-protocol-buffers"}
        ),
    ),
}  # fmt: skip
