"""The forms of answers: what a learner's number, word, list, manifest or image name means.

An answer counts by its meaning, not by its form: `3`, `"3"`, `numpy.int64(3)` and `Fraction(3)` are
one number, `"350"`, `"350 s"` and `"5m50s"` one time. What has no meaning raises `Mistake`, which
says what was given and which form is asked for.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, SupportsFloat

from course_lib.course.questions import Mistake
from course_lib.errors import CourseError
from course_lib.images import Reference
from course_lib.objects.manifests import Document, read_manifests

SECONDS = {
    "ms": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600,
    "hour": 3600,
}  # fmt: skip
BYTES = {"b": 1, "byte": 1, "kb": 1000, "kib": 1024, "ki": 1024, "mib": 1024**2, "mi": 1024**2}
_DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?"
_PART = re.compile(rf"({_DECIMAL})\s*([a-z]*)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")


def as_number(answer: object, unit: str = "") -> float:
    """The number that an answer means, in `unit` ("s", "bytes", "Pods", ...; without: a bare one).

    Takes Python's and NumPy's numbers, `Decimal`, `Fraction`, a `timedelta` for seconds, one value
    in a list or a column of a table, and text: `"350"`, `"1,450"`, `"1/3"`, `"33.3 %"`, `"3 Pods"`,
    `"5m50s"`. Raises `Mistake` for what is no number, and for another unit.

    >>> as_number("5m50s", "s"), as_number("1/4"), as_number("3 pods", "Pods")
    (350.0, 0.25, 3.0)
    """
    form = f"answer with a number{f' of {unit_name(unit)}' if unit else ''}, such as 3"
    if isinstance(answer, timedelta) and unit == "s":
        return answer.total_seconds()
    if isinstance(answer, str):
        return _finite(_number_in(answer, unit, form), form)
    if isinstance(answer, bool) or type(answer).__name__ == "bool":  # NumPy has one of its own
        raise Mistake(f"a number is asked for; {answer} is a truth value", form)
    if isinstance(answer, numbers.Real | Decimal):
        return _finite(answer, form)
    values = _values(answer)
    if values is not None and len(values) == 1:
        return as_number(values[0], unit)
    raise Mistake(f"a number is asked for, and this is {described(answer)}", form)


def _finite(value: SupportsFloat, form: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Mistake(f"{number} is no number that one can count to", form)
    return number


def _number_in(text: str, unit: str, form: str) -> SupportsFloat:
    """The number that a text says; its unit must be the one that is asked for."""
    said = text.strip(" \t\n'\"`").rstrip(".").casefold()
    said = re.sub(r"^(?:about|circa|ca\.|[~≈])\s*", "", said)
    if _THOUSANDS.match(said):
        said = said.replace(",", "")
    said = re.sub(r"(?<=\d)[_ ](?=\d{3}\b)", "", re.sub(r"(?<=\d),(?=\d)", ".", said))
    if re.fullmatch(r"[+-]?\d+\s*/\s*\d*[1-9]\d*", said):
        return Fraction(said.replace(" ", ""))
    if said.endswith("%") and re.fullmatch(_DECIMAL, said[:-1].strip()):
        share = float(said[:-1])
        return share if unit == "%" else share / 100
    parts = _PART.findall(said)
    whole = re.sub(r"\s+", "", said)
    bare = len(parts) > 1 and not all(name for _, name in parts)
    if not parts or bare or "".join(amount + name for amount, name in parts) != whole:
        raise Mistake(f"a number is asked for, and {text!r} is none", form)
    known = _units(unit)
    total = 0.0
    for amount, name in parts:
        name = name if name in known else name.removesuffix("s")
        if name not in known:
            wanted = unit_name(unit) if unit else "a number without a unit"
            raise Mistake(f"{text!r} has a unit that is not asked for", f"asked for: {wanted}")
        total += float(amount) * known[name]
    return total


def _units(unit: str) -> Mapping[str, float]:
    """What each unit's name is worth in the unit that is asked for; "" is that unit itself."""
    if unit == "s":
        return {"": 1.0} | SECONDS
    if unit == "bytes":
        return {"": 1.0} | BYTES
    return {"": 1.0, unit.casefold(): 1.0, unit.casefold().removesuffix("s"): 1.0}


def unit_name(unit: str) -> str:
    """A unit's name in a sentence."""
    return "seconds" if unit == "s" else unit


def counted(number: float, unit: str = "") -> str:
    """A number with its unit, which is in the singular after 1.

    >>> counted(1, "Pods"), counted(3, "Pods"), counted(20.5, "s"), counted(137)
    ('1 Pod', '3 Pods', '20.5 s', '137')
    """
    said = f"{number:.10g}"
    if not unit:
        return said
    return f"{said} {unit.removesuffix('s') if number == 1 and unit != 's' else unit}"


def described(answer: object) -> str:
    """What an answer is, for a message: its type, and a short look at it."""
    if answer is None:
        return "None (does a function that only prints give it?)"
    if callable(answer):
        return f"the function {getattr(answer, '__name__', type(answer).__name__)}"
    try:
        shown = " ".join(repr(answer).split())
    except Exception:
        shown = ""
    if not shown or " at 0x" in shown:
        return f"of the type {type(answer).__name__}"
    shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
    return f"{shown} ({type(answer).__name__})"


def folded(text: str) -> str:
    """A word without what does not matter: case, blanks, quotes, a full stop, an article.

    >>> folded(' "The  Kubelet." '), folded("Docker_Swarm")
    ('kubelet', 'docker swarm')
    """
    words = re.sub(r"[\s_-]+", " ", text.strip(" \t\n'\"`.!").casefold()).strip()
    return re.sub(r"^(?:the|a|an) (?=\w)", "", words)


def as_text(answer: object) -> str:
    """The text of an answer; one text in a list counts as well.

    Raises `Mistake` for what is no text.
    """
    values = _values(answer)
    if values is not None and len(values) == 1:
        return as_text(values[0])
    if not isinstance(answer, str):
        form = "write a word in quotes" if not callable(answer) else "give its result, not itself"
        raise Mistake(f"a text is asked for, and this is {described(answer)}", form)
    return str(answer)


def as_names(answer: object, example: str, ordered: bool = False) -> list[str]:
    """The names in an answer: a list, tuple, set, column, or one text with commas or arrows.

    `ordered` refuses sets, whose order means nothing. `example` shows the form of an answer in the
    hint. Raises `Mistake` for anything else.
    """
    if isinstance(answer, str):
        return [part.strip(" \n'\"`[]()") for part in re.split(r",|;|->|→|>|\n", answer) if part]
    values = _values(answer)
    if values is None:
        raise Mistake(f"a list of names is asked for, and this is {described(answer)}", example)
    if ordered and isinstance(answer, set | frozenset):
        raise Mistake("a set has no order, and the order is asked for", f"a list: {example}")
    if not all(isinstance(value, str) for value in values):
        wrong = next(value for value in values if not isinstance(value, str))
        raise Mistake(f"a name is text, and one of these is {described(wrong)}", example)
    return [str(value).strip(" \n'\"`") for value in values]


def _values(answer: object) -> list[Any] | None:
    """The values of a list, tuple, set or column of a table; None for what is none of these."""
    if isinstance(answer, str | bytes | Mapping) or callable(answer):
        return None
    if hasattr(answer, "tolist"):  # NumPy's arrays and scalars, columns and indices of pandas
        plain = answer.tolist()
        return list(plain) if isinstance(plain, list) else [plain]
    if isinstance(answer, set | frozenset):
        return sorted(answer, key=str)
    return list(answer) if isinstance(answer, list | tuple | type({}.values())) else None


def as_documents(answer: object) -> list[Document]:
    """The manifests in an answer: text, a dict, several in a list or tuple, or a file's path.

    Raises `Mistake` for what holds no manifest, and `InvalidManifest` for one that cannot be read.
    """
    if isinstance(answer, tuple):
        answer = list(answer)
    parts = answer if isinstance(answer, list) and answer else [answer]
    answer = [_unfenced(part) if isinstance(part, str) else part for part in parts]
    if not all(isinstance(part, str | Mapping | Path) for part in answer):
        raise Mistake(
            f"a manifest is asked for, and this is {described(parts[0])}",
            "write the manifest as YAML between triple quotes",
        )
    try:
        documents = read_manifests(answer)
    except CourseError as refusal:
        if refusal.what == "a manifest is a mapping":
            raise Mistake(
                f"a manifest is asked for, and this is {described(parts[0])}",
                "write the manifest as YAML between triple quotes; it begins with `apiVersion:`",
            ) from refusal
        raise
    if not documents:
        raise Mistake(
            "there is no manifest in this answer", "write it as YAML between triple quotes"
        )
    return documents


def _unfenced(text: str) -> str:
    """Text without the fence of a code block, which is copied along with a manifest at times."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("```"))


def same_image(one: object, other: str) -> bool:
    """Whether two names mean the same image: `redis:7` is `docker.io/library/redis:7`.

    >>> same_image("docker.io/library/redis:7", "redis:7"), same_image("redis", "redis:7")
    (True, False)
    """
    try:
        return isinstance(one, str) and Reference.parse(one) == Reference.parse(other)
    except CourseError:
        return False


def as_function(answer: object) -> Callable[..., object]:
    """The function of an answer.

    Raises `Mistake` for what cannot be called.
    """
    if callable(answer):
        return answer
    raise Mistake(
        f"a function is asked for, and this is {described(answer)}",
        "write `def ...` above, and give `check` the function's name, without ()",
    )


def names_of(values: Iterable[str]) -> str:
    """Names in a sentence: sorted, with commas; "none" where there are none."""
    return ", ".join(sorted(values)) or "none"
