"""Plugins for Pods: their priority, tolerations, and class of runtimes.

Source: `priority`, `defaulttolerationseconds` and `runtimeclass` in `plugin/pkg/admission`.
"""

from __future__ import annotations

from course_lib.apiserver.errors import Forbidden, Unclassified
from course_lib.apiserver.reader import Reader
from course_lib.objects.kinds.kept import RuntimeClass
from course_lib.objects.kinds.priority_class import SYSTEM, PriorityClass
from course_lib.objects.manifests import Document
from course_lib.objects.meta import ObjectMeta
from course_lib.objects.quantity import Quantity

SYSTEM_PRIORITIES = SYSTEM
PREEMPTION = "string value of PreemptionPolicy"
UNREACHABLE = "node.kubernetes.io/unreachable"
NOT_READY = "node.kubernetes.io/not-ready"
OTHER = "Pod's Overhead doesn't match RuntimeClass's defined Overhead"
WITHOUT = "Pod Overhead set without corresponding RuntimeClass defined Overhead"


def priority(api: Reader, pod: Document) -> None:
    """Priority: the class's value becomes the Pod's priority.

    Raises `Forbidden` for a class that there is not.
    """
    spec = pod["spec"]
    name = spec.get("priorityClassName", "")
    if not isinstance(name, str):
        return
    found: PriorityClass | None
    if name in SYSTEM_PRIORITIES:
        found = PriorityClass(metadata=ObjectMeta(name=name), value=SYSTEM_PRIORITIES[name])
    else:
        found = api.find(PriorityClass, name) if name else _default_class(api)
    shown = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
    if name and found is None:
        raise Forbidden(
            f'pods "{shown}" is forbidden: no PriorityClass with name {name} was found',
            do="create the PriorityClass first",
        )
    if found is not None:
        spec["priorityClassName"] = found.name
    computed: Document = {
        "priority": found.value if found else 0,
        "preemptionPolicy": found.preemption_policy if found else "PreemptLowerPriority",
    }
    for field, value in computed.items():
        if spec.get(field, value) != value:
            said = "integer value of priority" if field == "priority" else PREEMPTION
            raise Forbidden(
                f'pods "{shown}" is forbidden: the {said} '
                f"({spec[field]}) must not be provided in pod spec; priority admission controller "
                f"computed {value} from the given PriorityClass name",
                do=f"leave out spec.{field}, and name a PriorityClass in spec.priorityClassName",
            )
    spec |= computed


def _default_class(api: Reader) -> PriorityClass | None:
    """The class for Pods that name none: of several, the one with the lowest value."""
    marked = [each for each in api.list(PriorityClass) if each.global_default]
    return min(marked, key=lambda each: each.value, default=None)


def one_default_class(api: Reader, view: PriorityClass, new: bool) -> None:
    """Priority: one class at most is the default; raises `Forbidden` for a second one.

    `api` lists the classes, `view` is to be stored; `new`: it is not yet.
    """
    there = _default_class(api) if view.global_default else None
    if there is not None and (new or there.name != view.name):
        raise Forbidden(
            f'priorityclasses.scheduling.k8s.io "{view.name}" is forbidden: PriorityClass '
            f"{there.name} is already marked as default. Only one default can exist",
            do="take globalDefault from the other class first",
        )


def default_toleration_seconds(pod: Document) -> None:
    """DefaultTolerationSeconds: five minutes on a node that is not ready or not reached."""
    tolerations = pod["spec"].setdefault("tolerations", [])
    if not isinstance(tolerations, list):
        return
    for key in (NOT_READY, UNREACHABLE):
        tolerated = any(
            t.get("key", "") in ("", key) and t.get("effect", "") in ("", "NoExecute")
            for t in tolerations
            if isinstance(t, dict)
        )
        if not tolerated:
            tolerations.append(
                {
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }
            )


def merged(first: list[Document], second: list[Document]) -> list[Document]:
    """Tolerations of two lists, without those that another one covers.

    Source: `pkg/util/tolerations/tolerations.go`.
    """
    every, result = [*first, *second], list[Document]()
    for position, each in enumerate(every):
        later = (other for other in every[position + 1 :] if other != each)
        if not any(_covers(other, each) for other in (*result, *later)):
            result.append(each)
    return result


def _covers(wide: Document, narrow: Document) -> bool:
    """Whether a toleration tolerates all that another one does."""
    if wide == narrow:
        return True
    key, operator = wide.get("key", ""), wide.get("operator") or "Equal"
    if key != narrow.get("key", "") and (key or operator != "Exists"):
        return False
    effect = wide.get("effect", "")
    if effect and effect != narrow.get("effect", ""):
        return False
    most = wide.get("tolerationSeconds")
    if effect == "NoExecute" and most is not None:
        seconds = narrow.get("tolerationSeconds")
        if seconds is None or seconds > most:
            return False
    same = narrow.get("operator") == "Equal" and narrow.get("value", "") == wide.get("value", "")
    return operator == "Exists" or (operator == "Equal" and same)


def runtime_class(api: Reader, pod: Document) -> None:
    """RuntimeClass: the Pod gets the overhead, node selector and tolerations of its class.

    Raises `Forbidden` for a class that there is not, and for a Pod that says otherwise;
    `Unclassified` for an empty name.
    """
    spec, name = pod["spec"], pod["spec"].get("runtimeClassName")
    overhead = spec.get("overhead")
    if name == "":
        raise Unclassified("resource name may not be empty", do="leave out spec.runtimeClassName")
    found = api.find(RuntimeClass, name) if name else None
    if name and found is None:
        _refuse(pod, f'pod rejected: RuntimeClass "{name}" not found')
    fixed = ((found and found.overhead) or {}).get("podFixed") or {}
    if found is None or found.overhead is None:
        if overhead is not None:
            _refuse(pod, f"pod rejected: {WITHOUT}")
    elif overhead is not None and not _equal(overhead, fixed):
        _refuse(pod, f"pod rejected: {OTHER}")
    else:
        spec["overhead"] = dict(fixed)
    if found is not None and found.scheduling:
        _schedule(pod, found.scheduling)


def _equal(one: Document, other: Document) -> bool:
    amounts = [{name: Quantity(each[name]) for name in each} for each in (one, other)]
    return amounts[0] == amounts[1]


def _schedule(pod: Document, scheduling: Document) -> None:
    spec = pod["spec"]
    chosen = dict(spec.get("nodeSelector") or {})
    for key, value in (scheduling.get("nodeSelector") or {}).items():
        if chosen.get(key, value) != value:
            where = f"runtimeClass.scheduling.nodeSelector[{key}] = {value}"
            _refuse(pod, f"conflict: {where}; pod.spec.nodeSelector[{key}] = {chosen[key]}")
        chosen[key] = value
    if chosen:
        spec["nodeSelector"] = chosen
    if more := scheduling.get("tolerations"):
        spec["tolerations"] = merged(spec.get("tolerations") or [], [dict(t) for t in more])


def _refuse(pod: Document, problem: str) -> None:
    meta = pod["metadata"]
    shown = meta.get("name") or meta.get("generateName", "")
    raise Forbidden(f'pods "{shown}" is forbidden: {problem}')
