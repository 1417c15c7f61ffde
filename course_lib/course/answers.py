"""What examiners share: numbers, words and manifests, held against what a scenario shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.forms import (
    as_documents,
    as_function,
    as_number,
    as_text,
    counted,
    described,
    folded,
    same_image,
)
from course_lib.course.questions import Mistake, Remark, Remarks, asks, truth
from course_lib.errors import CourseError
from course_lib.objects.decode import kind_of_document
from course_lib.objects.manifests import Document, Source
from course_lib.objects.typed import unknown_fields

Slips = Mapping[Any, str]  # a wrong value, or (lowest, highest): the hint for it
NO_SLIPS: Slips = {}
NO_OTHERS: Mapping[str, Sequence[str]] = {}


def number(
    answer: object,
    truth: float,
    slips: Slips = NO_SLIPS,
    within: float = 0,
    unit: str = "",
    *,
    look: str,
) -> Remark:
    """A predicted number, within so much of what was measured, in `unit`.

    `slips` are typical wrong numbers with their hints; `look` is the next step for all others.
    `answer` is the learner's, in any form that `as_number` reads; `truth` is what was measured, in
    `unit`; `within` is the tolerance.

    >>> number(9, 137, {9: "9 is the signal; 128 is added"}, look="describe the Pod").hint
    '9 is the signal; 128 is added'
    >>> number("4 Pods", 3, unit="Pods", look="list the Pods").hint
    'that is too many: list the Pods'
    """
    given = as_number(answer, unit)
    said = counted(given, unit)
    if abs(given - truth) <= within:
        measured = "" if given == truth else f" (measured: {truth:.4g})"
        return Remark(True, f"{said}: right{measured}")
    wrong = f"{said}: not right"
    for slip, hint in slips.items():
        low, high = slip if isinstance(slip, tuple) else (slip, slip)
        if low <= given <= high:
            return Remark(False, wrong, hint)
    if not unit:
        return Remark(False, wrong, look)
    less, more = {"s": ("too early", "too late"), "bytes": ("too small", "too large")}.get(
        unit, ("too few", "too many")
    )
    return Remark(False, wrong, f"that is {less if given < truth else more}: {look}")


def word(
    answer: object, truth: str, slips: Slips = NO_SLIPS, also: Iterable[str] = (), *, look: str
) -> Remark:
    """A predicted word or line; case, blanks, quotes and hyphens do not matter.

    `also` are other words for the same, `look` is the next step for words that are no slips.
    `answer` is the learner's, `truth` the right word.
    """
    given = folded(as_text(answer))
    shown = as_text(answer).strip() or "an empty text"
    if given in {folded(each) for each in (truth, *also)}:
        return Remark(True, f"{shown}: right")
    hints = {folded(str(slip)): hint for slip, hint in slips.items()}
    return Remark(False, f"{shown}: not right", hints.get(given, look))


def predicts_number(
    name: str,
    title: str,
    question: str,
    slips: Slips = NO_SLIPS,
    within: float = 0,
    unit: str = "",
    *,
    look: str,
) -> Callable[[Callable[[], float]], Callable[[], float]]:
    """Make a function that measures a number an exercise that asks to predict it.

    `name`, `title` and `question` are those of `asks`; `slips`, `within`, `unit` and `look` those
    of `number`.
    """

    def register(measure: Callable[[], float]) -> Callable[[], float]:
        measured = truth(measure)

        @asks(name, title, question)
        def examine(answer: object) -> Remarks:
            yield number(answer, measured(), slips, within, unit, look=look)

        return measured

    return register


def predicts_word(
    name: str,
    title: str,
    question: str,
    slips: Slips = NO_SLIPS,
    also: Mapping[str, Sequence[str]] = NO_OTHERS,
    *,
    look: str,
) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Make a function that finds out a word an exercise that asks to predict it.

    `name`, `title` and `question` are those of `asks`; `also` has other words for each word that
    may be found, `slips` and `look` are those of `word`.
    """

    def register(find_out: Callable[[], str]) -> Callable[[], str]:
        found = truth(find_out)

        @asks(name, title, question)
        def examine(answer: object) -> Remarks:
            yield word(answer, found(), slips, also.get(found(), ()), look=look)

        return found

    return register


def holds(ok: bool, said: str, otherwise: str, hint: str) -> Remark:
    """Something that holds, or does not and deserves a hint.

    `ok` says whether it holds, `said` is the remark then, `otherwise` the remark with the `hint`.
    """
    return Remark(True, said) if ok else Remark(False, otherwise, hint)


def document(answer: object, kind: str, name: str = "") -> Document:
    """The one document of a kind (and name) in an answer: YAML text, a dict or a list.

    Raises `Mistake`, or the API server's refusal of a document that is not valid.
    """
    documents = as_documents(answer)
    found = [each for each in documents if each.get("kind") == kind]
    if not found:
        kinds = ", ".join(sorted({str(each.get("kind")) for each in documents}))
        raise Mistake(f"there is no {kind}, but {kinds}", f"write `kind: {kind}`")
    named = [each for each in found if not name or _name(each) == name]
    if not named:
        raise Mistake(f"no {kind} is called {name}", f"write `name: {name}` below `metadata`")
    for each in documents:
        Cluster(nodes=0).api.reach().check(each)
    if not isinstance(named[0].get("spec"), dict):
        raise Mistake(f"the {kind} has no spec", "write `spec:` below `metadata`, with its fields")
    namespace = named[0]["metadata"].get("namespace", "default")
    if namespace != "default":
        raise Mistake(f"it is in the namespace {namespace}", "leave `metadata.namespace` out")
    return named[0]


def _name(document: Document) -> object:
    metadata = document.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def containers(document: Document) -> list[Document]:
    """The containers of a Pod, or of a workload's Pod template."""
    spec = document["spec"]
    template = spec.get("template")
    return (template["spec"] if template else spec).get("containers") or []


def main_container(document: Document) -> Document:
    """The only container of a Pod or a workload.

    Raises `Mistake` where there are none or several.
    """
    found = containers(document)
    if len(found) != 1:
        raise Mistake(
            f"there are {len(found)} containers", "write one entry below `spec.containers`"
        )
    return found[0]


def has_image(container: Document, image: str, said: str, hint: str) -> Remark:
    """Whether a container has the image of the question; `said` is the remark when it has.

    `hint` is the next step when it has another.
    """
    found = container.get("image")
    return holds(same_image(found, image), said, f"the image is {found}", hint)


def command_of(container: Document) -> list[str]:
    """What a container runs in place of its image's program: `command` and `args`, in words."""
    return [*(container.get("command") or ()), *(container.get("args") or ())]


def reserved(container: Document, group: str = "requests") -> Document:
    """What a container asks for: requests that are not written are as large as the limits.

    Source: kubernetes.io "Resource Management for Pods and Containers".
    """
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    return limits | (resources.get("requests") or {}) if group == "requests" else limits


def existing(cluster: Cluster, kind: str, name: str, again: str) -> Document:
    """An object that a repair needs; `again` says how to get it back.

    `cluster` is the one to repair, `kind` and `name` are the object's. Raises `Mistake` where it is
    gone.
    """
    try:
        return cluster.document(kind, name)
    except CourseError as refusal:
        raise Mistake(f"there is no {kind} {name} any more", again) from refusal


def applied(cluster: Cluster, answer: Source, seconds: float = 60.0) -> Cluster:
    """The answer, put into a cluster that then runs.

    `cluster` gets the manifests of `answer`, and then runs for `seconds` of simulated time.
    """
    cluster.apply(answer)
    cluster.run(seconds)
    return cluster


def tried(act: object, *arguments: object) -> Any:
    """What a learner's function returns; what it raises is told in the course's words."""
    function = as_function(act)
    try:
        return function(*arguments)
    except Mistake:
        raise
    except (Exception, SystemExit) as error:
        said = str(error).splitlines()[0] if str(error) else ""
        hint = f"call your function yourself, and look at the {type(error).__name__}"
        if isinstance(error, TypeError) and "argument" in said:
            hint = f"the check calls it with {_arguments(len(arguments))}: {described(function)}"
        raise Mistake(f"your function raised {type(error).__name__}: {said}", hint) from error


def _arguments(count: int) -> str:
    return f"{count or 'no'} argument{'' if count == 1 else 's'}"


def or_unknown(document: Document, hint: str) -> str:
    """The hint, or in its place one that names a field of the document that the API has not."""
    kind = kind_of_document(document)
    paths = unknown_fields(document, kind)
    if not paths:
        return hint
    return f"nobody acts on `{paths[0]}`: the API has no such field there; {hint}"
