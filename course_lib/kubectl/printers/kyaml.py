"""KYAML: a strict subset of YAML, with brackets, quoted text and no meaning in blanks.

Source: `sigs.k8s.io/yaml/kyaml/kyaml.go`; cli-runtime `pkg/printers/kyaml.go`.
"""

from __future__ import annotations

from course_lib.command_line.go_text import means_another_type, number_in_json
from course_lib.kubectl.printers.documents import Write
from course_lib.kubectl.typed import StructDocument
from course_lib.objects.manifests import Document, Json, sorted_keys

_ANYWHERE, _INSIDE = "_", "-./"  # signs that a key may have without quotation marks
_BOOLS = frozenset(["1", "t", "T", "0", "f", "F"])
_TAB = {"\t": "\t"}  # stays as it is
_ESCAPES = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\r": r"\r", "\v": r"\v", "\0": r"\0", "\x1b": r"\e",
    "\x85": r"\N", "\xa0": r"\_", "\u2028": r"\L", "\u2029": r"\P",
}  # fmt: skip


class KYAMLPrinter:
    """Prints documents as KYAML, each after a line that parts it from the one before."""

    def print(self, document: Document, write: Write) -> None:
        """Write one document."""
        in_order = isinstance(document, StructDocument)
        write(f"---\n{to_kyaml(document if in_order else sorted_keys(document))}\n")


def to_kyaml(value: Json, indent: int = 0) -> str:
    """A value in KYAML; its further lines are indented by so many levels.

    >>> print(to_kyaml({"a": ["x"], "on": [{"b": 1}]}))
    {
      a: [
        "x",
      ],
      "on": [{
        b: 1,
      }],
    }
    """
    if isinstance(value, dict) and value:
        return _mapping(value, indent)
    if isinstance(value, list) and value:
        if all(isinstance(each, dict | list) for each in value):
            return f"[{', '.join(to_kyaml(each, indent) for each in value)}]"
        blanks = "  " * indent
        items = "".join(f"{blanks}  {to_kyaml(each, indent + 1)},\n" for each in value)
        return f"[\n{items}{blanks}]"
    if isinstance(value, str):
        return _text(value, indent + 1)
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        return number_in_json(value)
    return "{}" if value == {} else "[]" if value == [] else str(value)


def _mapping(value: Document, indent: int) -> str:
    blanks = "  " * indent
    lines = [f"{blanks}  {_key(key)}: {to_kyaml(value[key], indent + 1)},\n" for key in value]
    return f"{{\n{''.join(lines)}{blanks}}}"


def _key(text: str) -> str:
    inside = text[1:-1]
    plain = all(each.isalnum() or each in _ANYWHERE for each in text[:1] + text[-1:]) and all(
        each.isalnum() or each in _ANYWHERE + _INSIDE for each in inside
    )
    if text and plain and not means_another_type(text) and text not in _BOOLS:
        return text
    written = "".join(_escaped(each, {"\n": r"\n", "\t": r"\t"}) for each in text)
    return f'"{written}"'


def _text(text: str, indent: int) -> str:
    """A text in quotation marks; one of several lines stands below them, line by line."""
    if "\n" not in text:
        return f'"{"".join(_escaped(each, _TAB) for each in text)}"'
    blanks = "  " * indent
    lines = text.split("\n")
    written = []
    for n, line in enumerate(lines):
        last = n == len(lines) - 1
        if last and not line:
            break
        start = "\\" if line[:1].isspace() else " "
        body = "".join(_escaped(each, _TAB) for each in line)
        written.append(f"{blanks}{start}{body}" + ("\\\n" if last else "\\n\\\n"))
    return f'"\\\n{"".join(written)}{blanks}"'


def _escaped(letter: str, special: dict[str, str]) -> str:
    if letter in special:
        return special[letter]
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    code = ord(letter)
    written = f"\\x{code:02x}" if code < 32 or code == 127 else f"\\u{code:04x}"
    return _ESCAPES.get(letter, written if code < 2**16 else f"\\U{code:08x}")
