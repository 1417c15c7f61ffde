"""`-o go-template`: documents through a Go template.

Source: Go's `text/template/exec.go`; cli-runtime `pkg/printers/template.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course_lib.command_line.go_text import compact_json, type_name, value_text
from course_lib.command_line.values import quoted
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.printers.documents import Write
from course_lib.kubectl.printers.template_functions import CALLS, CallProblem, truth
from course_lib.kubectl.printers.template_syntax import (
    TemplateAction,
    TemplateOperand,
    TemplatePipeline,
    TemplateProblem,
    parse,
)
from course_lib.objects.manifests import Document

_NOTHING = "<no value>"
_LONGEST_SHOWN = 20  # characters of a place in a template that a message shows
_WITHOUT_ARGUMENT = object()
_ABSENT = object()  # what a missing field has, which is not null


class _Interrupt(Exception):
    """`break` or `continue` within a range."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(word)


class GoTemplate:
    """A template: `run` writes what it makes of a document.

    Without `missing_keys` a field that is not there is a problem. Raises `TemplateProblem` for a
    template that cannot be read.
    """

    def __init__(self, text: str, missing_keys: bool = True) -> None:
        self._text, self._missing_keys = text, missing_keys
        self._actions = parse(text)
        self._variables: list[tuple[str, object]] = []

    def run(self, document: object, write: Write) -> None:
        """Write the text for a document; raises `TemplateProblem` where it does not fit."""
        self._variables = [("$", document)]
        self._all(self._actions, document, write)

    def _all(self, actions: Sequence[TemplateAction], dot: object, write: Write) -> None:
        for action in actions:
            if action.kind == "text":
                write(action.text)
            elif action.kind == "print":
                value = self._piped(action.pipeline, dot)
                if not action.pipeline.variables:
                    write(_NOTHING if value is None else value_text(value))
            elif action.kind in ("break", "continue"):
                raise _Interrupt(action.kind)
            else:
                known = len(self._variables)
                self._block(action, dot, write)
                del self._variables[known:]

    def _block(self, action: TemplateAction, dot: object, write: Write) -> None:
        if action.kind == "range":
            self._range(action, dot, write)
            return
        value = self._piped(action.pipeline, dot)
        inner = value if action.kind == "with" else dot
        if truth(value):
            self._all(action.then, inner, write)
        else:
            self._all(action.otherwise, dot, write)

    def _range(self, action: TemplateAction, dot: object, write: Write) -> None:
        pipeline = action.pipeline
        value = self._piped(TemplatePipeline(pipeline.commands), dot)
        empty, known = True, len(self._variables)
        for key, item in self._items(value, pipeline):
            empty = False
            self._set_range(pipeline, key, item)
            try:
                self._all(action.then, item, write)
            except _Interrupt as interrupt:
                if interrupt.word == "break":
                    break
            finally:
                del self._variables[known:]
        if empty:
            self._all(action.otherwise, dot, write)

    def _items(self, value: object, pipeline: TemplatePipeline) -> Iterable[tuple[object, object]]:
        if isinstance(value, dict):
            return ((key, value[key]) for key in sorted(value))
        if isinstance(value, list):
            return enumerate(value)
        if value is None:
            return ()
        if isinstance(value, int) and not isinstance(value, bool):
            return ((n, n) for n in range(value))
        first = pipeline.commands[0][0]
        raise self._problem(first, f"range can't iterate over {value_text(value)}")

    def _set_range(self, pipeline: TemplatePipeline, key: object, item: object) -> None:
        names = pipeline.variables
        values = (item,) if len(names) == 1 else (key, item)
        for name, value in zip(names, values, strict=False):
            self._set(name, value, pipeline.assigns)

    def _set(self, name: str, value: object, assigns: bool) -> None:
        if assigns:
            for n in range(len(self._variables) - 1, -1, -1):
                if self._variables[n][0] == name:
                    self._variables[n] = (name, value)
                    return
        self._variables.append((name, value))

    # Pipelines

    def _piped(self, pipeline: TemplatePipeline, dot: object) -> object:
        value: object = _WITHOUT_ARGUMENT
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        for name in pipeline.variables:
            self._set(name, value, pipeline.assigns)
        return value

    def _command(self, command: Sequence[TemplateOperand], dot: object, last: object) -> object:
        first = command[0]
        if first.kind == "function" and not first.fields:
            return self._call(command, dot, last)
        if len(command) > 1 or last is not _WITHOUT_ARGUMENT:
            said = f"can't give argument to non-function {first.text}"
            if first.kind == "field":
                said = f"{first.fields[-1]} is not a method but has arguments"
            raise self._problem(first, said)
        if first.kind == "nil":
            raise self._problem(first, "nil is not a command")
        return self._operand(first, dot)

    def _operand(self, operand: TemplateOperand, dot: object) -> object:
        if operand.kind == "pipeline":
            value = self._piped(operand.value, dot)
        elif operand.kind == "variable":
            value = next(v for name, v in reversed(self._variables) if name == operand.value)
        elif operand.kind in ("dot", "field"):
            value = dot
        elif operand.kind == "function":
            value = self._call([operand], dot, _WITHOUT_ARGUMENT)
        else:
            return operand.value
        own_type = operand.kind not in ("dot", "field")
        if value is None and own_type:
            value = _ABSENT
        for name in operand.fields:
            value = self._field(operand, value, name, own_type)
            own_type = False
        return None if value is _ABSENT else value

    def _field(self, operand: TemplateOperand, value: object, name: str, own_type: bool) -> object:
        """The field of a value; `own_type` says that the value's type is known, as of variables."""
        if value is _ABSENT:
            if not self._missing_keys:
                raise self._problem(operand, f'nil data; no entry for key "{name}"')
            return _ABSENT
        if isinstance(value, dict):
            if name not in value and not self._missing_keys:
                raise self._problem(operand, f'map has no entry for key "{name}"')
            return value.get(name, _ABSENT)
        if value is None:
            raise self._problem(operand, f"nil pointer evaluating interface {{}}.{name}")
        kind = type_name(value) if own_type else "interface {}"
        raise self._problem(operand, f"can't evaluate field {name} in type {kind}")

    def _call(self, command: Sequence[TemplateOperand], dot: object, last: object) -> object:
        name = command[0].value
        if name in ("and", "or"):
            return self._shortcut(name, command, dot, last)
        arguments = [self._operand(each, dot) for each in command[1:]]
        if last is not _WITHOUT_ARGUMENT:
            arguments.append(last)
        least, most, call = CALLS[name]
        if not least <= len(arguments) <= most:
            wanted = f"at least {least}" if most > least else str(least)
            raise self._problem(
                command[0],
                f"wrong number of args for {name}: want {wanted} got {len(arguments)}",
            )
        try:
            return call(*arguments)
        except CallProblem as problem:
            whole = " ".join(each.text for each in command)
            said = f"error calling {name}: {problem}"
            raise self._problem(command[0], said, whole) from None

    def _shortcut(
        self, name: str, command: Sequence[TemplateOperand], dot: object, last: object
    ) -> object:
        """`and` and `or`: no argument is looked at after the one that decides."""
        value: object = None
        for each in command[1:]:
            value = self._operand(each, dot)
            if truth(value) == (name == "or"):
                return value
        return value if last is _WITHOUT_ARGUMENT else last

    def _problem(self, operand: TemplateOperand, why: str, shown: str = "") -> TemplateProblem:
        place = operand.place
        line = self._text.count("\n", 0, place) + 1
        column = place - (self._text.rfind("\n", 0, place) + 1 if line > 1 else 0)
        shown = shown or operand.text
        if len(shown) > _LONGEST_SHOWN:
            shown = f"{shown[:_LONGEST_SHOWN]}..."
        return TemplateProblem(
            f'template: output:{line}:{column}: executing "output" at <{shown}>: {why}'
        )


class GoTemplatePrinter:
    """Prints documents through a template.

    `missing_keys` says whether fields may be missing. Raises `CommandError` for a template that
    cannot be read.
    """

    def __init__(self, text: str, missing_keys: bool) -> None:
        self._text = text
        try:
            self._template = GoTemplate(text, missing_keys)
        except TemplateProblem as problem:
            raise CommandError(f"error parsing template {text}, {problem}") from None

    def print(self, document: Document, write: Write) -> None:
        """Write the text for a document; raises `CommandError` where it does not fit."""
        try:
            self._template.run(document, write)
        except TemplateProblem as problem:
            write(
                f"Error executing template: {problem}. Printing more information for debugging "
                f"the template:\n\ttemplate was:\n\t\t{self._text}\n"
                f"\traw data was:\n\t\t{compact_json(document)}\n"
                f"\tobject given to template engine was:\n\t\t{value_text(document)}\n\n"
            )
            said = f"error executing template {quoted(self._text)}: {problem}"
            raise CommandError(said) from None
