"""What examiners share: numbers, words and manifests, held against what a scenario shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.exercise import Finding, Mistake
from course_lib.objects.manifests import read_manifests

Document = dict[str, Any]
Slips = Mapping[Any, str]  # a wrong value, or (lowest, highest): the hint for it
NO_SLIPS: Slips = {}


def number(
    answer: Any, truth: float, slips: Slips = NO_SLIPS, within: float = 0, unit: str = ""
) -> Finding:
    """A predicted number, within so much of what was measured.

    >>> number(9, 137, {9: "9 is the signal; 128 is added"}).hint
    '9 is the signal; 128 is added'
    """
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        raise Mistake(f"a number is asked for, and {answer!r} is none", "write it without quotes")
    said = f"{answer:g}{' ' + unit if unit else ''}"
    if abs(answer - truth) <= within:
        measured = "" if answer == truth else f" (measured: {truth:.4g})"
        return Finding(True, f"{said} it is{measured}")
    for slip, hint in slips.items():
        low, high = slip if isinstance(slip, tuple) else (slip, slip)
        if low <= answer <= high:
            return Finding(False, f"{said} is not it", hint)
    far = "too few" if answer < truth else "too many"
    return Finding(False, f"{said} is not it", f"that is {far}; run it, and count")


def word(answer: Any, truth: str, slips: Slips = NO_SLIPS) -> Finding:
    """A predicted word or line; spaces around it do not matter."""
    if not isinstance(answer, str):
        raise Mistake(f"a text is asked for, and {answer!r} is none", "write it in quotes")
    given = answer.strip()
    if given == truth:
        return Finding(True, f"{given} it is")
    return Finding(
        False, f"{given} is not it", slips.get(given, "try it out, and read what you see")
    )


def holds(ok: bool, said: str, otherwise: str, hint: str) -> Finding:
    """Something that holds, or does not and deserves a hint."""
    return Finding(True, said) if ok else Finding(False, otherwise, hint)


def document(answer: Any, kind: str, name: str = "") -> Document:
    """The one document of a kind (and name) in an answer: YAML text, a dict or a list."""
    if not isinstance(answer, str | dict | list):
        raise Mistake(
            f"a manifest is asked for, and {type(answer).__name__} is none",
            "write it as YAML between triple quotes",
        )
    documents = read_manifests(answer)
    found = [each for each in documents if each.get("kind") == kind]
    if not found:
        kinds = ", ".join(sorted({str(each.get("kind")) for each in documents}))
        raise Mistake(f"there is no {kind}, but {kinds or 'nothing'}", f"write `kind: {kind}`")
    named = [d for d in found if not name or d.get("metadata", {}).get("name") == name]
    if not named:
        raise Mistake(f"no {kind} is called {name}", f"write `name: {name}` below `metadata`")
    Cluster(nodes=0).api.check(named[0])
    return named[0]


def applied(cluster: Cluster, answer: Any, seconds: float = 60.0) -> Cluster:
    """The answer, put into a cluster that then runs."""
    cluster.apply(answer)
    cluster.run(seconds)
    return cluster


def tried(act: Callable[..., Any], *arguments: Any) -> Any:
    """What a learner's function returns; what it raises is told in the course's words."""
    if not callable(act):
        raise Mistake(f"a function is asked for, and {act!r} is none", "give its name, without ()")
    try:
        return act(*arguments)
    except Mistake:
        raise
    except Exception as error:
        raise Mistake(
            f"your function raised {type(error).__name__}: {error}", "call it yourself, and look"
        ) from error
