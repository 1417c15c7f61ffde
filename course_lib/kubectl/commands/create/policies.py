"""`kubectl create namespace`, `poddisruptionbudget`, `priorityclass` and `quota`.

Source: kubectl `pkg/cmd/create/create_namespace.go`, `create_pdb.go`, `create_priorityclass.go`,
`create_quota.go`.
"""

from __future__ import annotations

import re

from course_lib.kubectl.commands.create.making import check_name, headed, namespaced
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.label_selectors import label_selector
from course_lib.kubectl.quantities import amounts
from course_lib.objects.manifests import Document

_COUNT = re.compile("[0-9]+%?")


def namespace(call: Invocation, name: str) -> Document:
    """A Namespace; raises `CommandError`."""
    check_name(name)
    return headed("v1", "Namespace", name)


def budget(call: Invocation, name: str) -> Document:
    """A PodDisruptionBudget; raises `CommandError`."""
    flags = call.flags
    check_name(name)
    if not flags.text("selector"):
        raise CommandError("a selector must be specified")
    least, most = flags.text("min-available"), flags.text("max-unavailable")
    if not least and not most:
        raise CommandError("one of min-available or max-unavailable must be specified")
    if least and most:
        raise CommandError("min-available and max-unavailable cannot be both specified")
    for flag, text in (("min-available", least), ("max-unavailable", most)):
        if text and not _COUNT.fullmatch(text):
            raise CommandError(f"invalid format specified for {flag}")
    made = namespaced(call, "policy/v1", "PodDisruptionBudget", name)
    count = number_or_text(least or most)
    field = "minAvailable" if least else "maxUnavailable"
    made["spec"] = {field: count, "selector": label_selector(flags.text("selector"))}
    return made


def number_or_text(text: str) -> int | str:
    """A number where a text is one that fits 32 bits (`intstr.Parse`)."""
    if re.fullmatch("[+-]?[0-9]+", text) and -(2**31) <= int(text) < 2**31:
        return int(text)
    return text


def priority_class(call: Invocation, name: str) -> Document:
    """A PriorityClass."""
    flags = call.flags
    return headed("scheduling.k8s.io/v1", "PriorityClass", name) | {
        "value": flags.number("value"),
        "globalDefault": flags.on("global-default"),
        "description": flags.text("description"),
        "preemptionPolicy": flags.text("preemption-policy"),
    }


def quota(call: Invocation, name: str) -> Document:
    """A ResourceQuota; raises `CommandError`."""
    flags = call.flags
    check_name(name)
    made = namespaced(call, "v1", "ResourceQuota", name)
    spec: Document = {}
    if hard := amounts(flags.text("hard"), "Invalid argument syntax"):
        spec["hard"] = hard
    if text := flags.text("scopes"):
        spec["scopes"] = text.split(",")
        if "" in spec["scopes"]:
            raise CommandError('invalid resource quota scope ""')
    return made | {"spec": spec}
