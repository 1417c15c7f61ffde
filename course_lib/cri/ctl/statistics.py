"""`crictl stats` and `statsp`: what containers and Pods use.

Source: cri-tools `container_stats.go`, `pod_stats.go`.
"""

from __future__ import annotations

from typing import Any

from course_lib.cri.ctl.node import HelpAsked, TypedCommand, labels
from course_lib.cri.ctl.options import Option
from course_lib.cri.ctl.screen import CrictlError, short, size, table, write_list

CLEAR = "\x1b[2J\x1b[H"  # the real one clears the screen first
_COMMON = (
    Option("id", usage="Only this ID"),
    Option("label", "", "stringSlice", usage="Only with this label, key=value"),
    Option("output", "o", usage="json, yaml or table"),
    Option("seconds", "s", "int", 1, usage="Time between two looks"),
    Option("watch", "w", "bool", usage="Again and again, which is not simulated"),
)
STATS_OPTIONS = (
    *_COMMON,
    Option("all", "a", "bool", usage="Those that do not run too"),
    Option("pod", "p", usage="Only of this Pod's ID"),
)
STATSP_OPTIONS = _COMMON


def stats(typed: TypedCommand) -> None:
    """What each container uses of CPU, memory and disk; raises `CrictlError`."""
    wanted = _filter(typed) | {"pod_sandbox_id": typed.given.text("pod")}
    first = _ask(typed, "ListContainerStats", "get container stats: ", wanted)
    if write_list(first, typed.given.text("output"), typed.terminal):
        return
    before = {each.attributes.id: _cpu(each.cpu) for each in first.stats}
    typed.host.sleep(typed.given.number("seconds"))
    second = _ask(typed, "ListContainerStats", "get container stats: ", wanted)
    rows = [["CONTAINER", "NAME", "CPU %", "MEM", "DISK", "INODES", "SWAP"]]
    for each in sorted(second.stats, key=lambda s: s.attributes.id):
        memory, layer = each.memory.working_set_bytes.value, each.writable_layer
        used = _cpu(each.cpu)
        idle = not used[1] and not memory and not typed.given.on("all")
        if idle or each.attributes.id not in before:
            continue
        share = _share(before[each.attributes.id], used, "get container stats: ")
        rows.append(
            [
                short(each.attributes.id),
                each.attributes.metadata.name,
                share,
                size(memory),
                size(layer.used_bytes.value),
                str(layer.inodes_used.value),
                size(each.swap.swap_usage_bytes.value),
            ]
        )
    typed.terminal.out(CLEAR + table(rows))


def statsp(typed: TypedCommand) -> None:
    """What each Pod uses of CPU and memory; raises `CrictlError`."""
    wanted = _filter(typed)
    failed = "get pod stats: list pod sandbox stats: "
    first = _ask(typed, "ListPodSandboxStats", failed, wanted)
    if write_list(first, typed.given.text("output"), typed.terminal):
        return
    before = {each.attributes.id: _cpu(each.linux.cpu) for each in first.stats}
    typed.host.sleep(typed.given.number("seconds"))
    rows = [["POD", "POD ID", "CPU %", "MEM"]]
    second = _ask(typed, "ListPodSandboxStats", failed, wanted)
    for each in sorted(second.stats, key=lambda s: s.attributes.id):
        id, used = each.attributes.id, _cpu(each.linux.cpu)
        memory = each.linux.memory.working_set_bytes.value
        if id in before and (used[1] or memory):
            share = _share(before[id], used, "get pod stats: ")
            rows.append([each.attributes.metadata.name, short(id), share, size(memory)])
    typed.terminal.out(CLEAR + table(rows))


def _filter(typed: TypedCommand) -> dict[str, object]:
    """What the options ask for; raises `CrictlError`."""
    if len(typed.args) > 1:
        raise HelpAsked
    if typed.given.on("watch"):
        raise CrictlError("crictl stats --watch is not simulated by the course")
    id = typed.given.text("id") or (typed.args[0] if typed.args else "")
    return {"id": id, "label_selector": labels(typed.given)}


def _ask(typed: TypedCommand, method: str, before: str, wanted: dict[str, object]) -> Any:
    return typed.rpc(method, before, filter=wanted)


def _cpu(usage: Any) -> tuple[int, int]:
    return usage.timestamp, usage.usage_core_nano_seconds.value


def _share(before: tuple[int, int], now: tuple[int, int], what: str) -> str:
    """The share of a core between two looks, in percent."""
    if not now[1]:
        return "0.00"
    if now[0] == before[0]:
        raise CrictlError(f"{what}cpu stat is not updated during sample")
    return f"{(now[1] - before[1]) / (now[0] - before[0]) * 100:.2f}"
