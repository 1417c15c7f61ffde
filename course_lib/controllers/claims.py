"""Whether an owner has something to adopt or to release, without a look at each child.

The children of an owner mostly come from one template: they differ little in their labels. So it is
enough to know how many children have each label, to tell whether the selector matches them all.
Source: `pkg/controller/controller_ref_manager.go`, which looks at each child each time.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.client.cache import by_controller, orphans
from course_lib.client.informer import Informer
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import IN, Requirement, Selector

Label = tuple[str, str]  # key and value


def by_labels(child: Object) -> list[tuple[str, Label]]:
    """Tally function: the labels of each controller's children, and of a namespace's orphans."""
    (group,) = by_controller(child)
    return [(group, label) for label in child.labels.items()]


def is_settled(informer: Informer[ObjectT], owner: Object, selector: Selector) -> bool:
    """Whether the `selector` of an `owner` matches all that it controls, and no orphan.

    `informer` has the children. False where labels counted one by one leave it open.
    """
    alone = orphans(owner.namespace)
    children, strangers = (
        informer.count(by_controller, owner.uid),
        informer.count(by_controller, alone),
    )
    ours, theirs = informer.tally(by_labels, owner.uid), informer.tally(by_labels, alone)
    conditions = selector.requirements
    return (
        not children
        or (not selector.nothing and all(_meet(c, ours, children) == children for c in conditions))
    ) and (
        not strangers
        or selector.nothing
        or any(not _meet(c, theirs, strangers) for c in conditions)
    )


def _meet(condition: Requirement, labels: Mapping[Label, int], total: int) -> int:
    """How many of so many objects (`total`) with these `labels` meet one `condition`."""
    if condition.operator == IN:
        return sum(labels.get((condition.key, value), 0) for value in condition.values)
    having = {value: count for (key, value), count in labels.items() if key == condition.key}
    lacking = total - sum(having.values()) if condition.matches({}) else 0
    return lacking + sum(
        n for value, n in having.items() if condition.matches({condition.key: value})
    )


def by_selection(owner: Object, selector: Selector) -> list[str]:
    """Index values for objects that select others: one label that each object selected has.

    `selector` is that of the `owner`. Where it asks for no such label, the namespace alone.
    """
    for condition in selector.requirements:
        if condition.operator == IN:
            return [_place(owner.namespace, (condition.key, value)) for value in condition.values]
    return [] if selector.nothing else [owner.namespace]


def places(selected: Object) -> list[str]:
    """The values of `by_selection` under which those that select an object are found."""
    return [
        selected.namespace,
        *(_place(selected.namespace, label) for label in selected.labels.items()),
    ]


def _place(namespace: str, label: Label) -> str:
    return f"{namespace}/{label[0]}={label[1]}"
