"""LimitRanger: defaults and bounds for what containers, Pods and claims ask for.

Source: `plugin/pkg/admission/limitranger/admission.go` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.reader import Reader
from course_lib.objects.kinds.limit_range import LimitRange, LimitRangeItem
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import ZERO, amounts, total
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object
from course_lib.objects.quantity import Quantity, ResourceList

LIMITED = "kubernetes.io/limit-ranger"
Asked = tuple[ResourceList, ResourceList]  # requests, limits


def limit_ranger_defaults(api: Reader, pod: Document) -> None:
    """LimitRanger: containers that say nothing get the namespace's default limits and requests.

    An annotation of the Pod says what was set (`mergePodResourceRequirements`).
    """
    for limits in api.list(LimitRange, pod["metadata"]["namespace"]):
        requests: ResourceList = {}
        most: ResourceList = {}
        for item in limits.spec.limits:
            if item.type == "Container":
                requests |= item.default_request or {}
                most |= item.default or {}
        told = list(_limited(pod, requests, most))
        for place in places(pod, "metadata.annotations") if told else ():
            place[LIMITED] = f"LimitRanger plugin set: {'; '.join(told)}"


def _limited(pod: Document, requests: ResourceList, limits: ResourceList) -> Iterator[str]:
    """Fill in the defaults, and say what was set."""
    for words, container in _containers(pod):
        for group, given in (("request", requests), ("limit", limits)):
            for place in places(container, f"resources.{group}s") if given else ():
                missing = sorted(name for name in given if name not in place)
                if missing:
                    place |= {name: str(given[name]) for name in missing}
                    name = container.get("name", "")
                    yield f"{', '.join(missing)} {group} for {words} {name}"


def _containers(pod: Document) -> Iterator[tuple[str, Document]]:
    for words, group in (("container", "containers"), ("init container", "initContainers")):
        for container in places(pod, f"spec.{group}[*]", create=False):
            yield words, container


def limit_ranger(api: Reader, view: Object) -> None:
    """LimitRanger: refuse what asks for more, or less, than the namespace allows.

    Raises `Forbidden`.
    """
    if not isinstance(view, Pod | PersistentVolumeClaim):
        return
    for found in api.list(LimitRange, view.namespace):
        problems = [
            problem
            for item in found.spec.limits
            for asked in _asked(view, item.type)
            for problem in _out_of_bounds(asked, item)
        ]
        if problems := list(dict.fromkeys(problems)):
            plural = "pods" if isinstance(view, Pod) else "persistentvolumeclaims"
            said = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            raise Forbidden(f'{plural} "{view.name}" is forbidden: {said}')


def _asked(view: Pod | PersistentVolumeClaim, kind: str) -> list[Asked]:
    """What an object asks for, part by part, as far as bounds of a kind look at it."""
    if isinstance(view, PersistentVolumeClaim):
        requests = view.spec.resources.requests or {}
        return [(requests, {})] if kind == "PersistentVolumeClaim" else []
    if kind == "Container":
        every = [*view.spec.containers, *(view.spec.init_containers or ())]
        return [(amounts(each, "requests"), amounts(each, "limits")) for each in every]
    if kind == "Pod":
        bare = msgspec.structs.replace(view.spec, overhead=None)
        return [(total(bare, "requests"), total(bare, "limits"))]
    return []


def _out_of_bounds(asked: Asked, item: LimitRangeItem) -> Iterator[str]:
    requests, limits = asked
    of_claim = item.type == "PersistentVolumeClaim"
    for name, least in sorted((item.min or {}).items()):
        head = f"minimum {name} usage per {item.type} is {least}"
        yield from _least(head, requests.get(name), limits.get(name), least)
    for name, most in sorted((item.max or {}).items()):
        head = f"maximum {name} usage per {item.type} is {most}"
        if of_claim:
            yield from _most(head, "request", requests.get(name), None, most)
        else:
            yield from _most(head, "limit", limits.get(name), requests.get(name), most)
    ratios = {} if of_claim else item.max_limit_request_ratio or {}
    for name, ratio in sorted(ratios.items()):
        head = f"{name} max limit to request ratio per {item.type} is {ratio}"
        yield from _ratio(head, requests.get(name), limits.get(name), ratio)


def _least(
    head: str, request: Quantity | None, limit: Quantity | None, least: Quantity
) -> Iterator[str]:
    """What is below a minimum (`minConstraint`)."""
    if request is None:
        yield f"{head}.  No request is specified"
    elif request < least:
        yield f"{head}, but request is {request}"
    elif limit is not None and limit < least:
        yield f"{head}, but limit is {limit}"


def _most(
    head: str, side: str, amount: Quantity | None, request: Quantity | None, most: Quantity
) -> Iterator[str]:
    """What is above a maximum (`maxConstraint`, `maxRequestConstraint`)."""
    if amount is None:
        yield f"{head}.  No {side} is specified"
    elif amount > most:
        yield f"{head}, but {side} is {amount}"
    elif request is not None and request > most:
        yield f"{head}, but request is {request}"


def _ratio(
    head: str, request: Quantity | None, limit: Quantity | None, ratio: Quantity
) -> Iterator[str]:
    """A limit too far above its request (`limitRequestRatioConstraint`)."""
    for side, amount in (("request", request), ("limit", limit)):
        if amount is None or amount == ZERO:
            yield f"{head}, but no {side} is specified or {side} is 0"
            return
    assert request is not None
    assert limit is not None
    found = limit.milli / request.milli
    if found * 1000 > ratio.milli:
        yield f"{head}, but provided ratio is {found:f}"
