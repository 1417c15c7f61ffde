"""Go templates as kubectl reads them: text, and in double braces actions.

Read here: fields, variables, functions, pipelines, `if`, `range`, `with`, `else`, `break`,
`continue`, comments, and trimmed blanks. Templates within templates are refused.
Source: Go's `text/template/parse`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.command_line.values import quoted
from course_lib.kubectl.printers.template_words import TemplateWord, words_of


class TemplateProblem(Exception):
    """A template that cannot be read, or that does not fit a document; the message is Go's."""


class TemplateOperand(msgspec.Struct, frozen=True):
    """A part of a command: a constant, a field, a variable, a function or a pipeline.

    `kind` is one of `constant`, `dot`, `nil`, `field`, `variable`, `function`, `pipeline`;
    `value` the constant, the name or the pipeline; `fields` follow it. `place` is where it stands.
    """

    kind: str
    value: Any
    fields: tuple[str, ...]
    place: int
    text: str


class TemplatePipeline(msgspec.Struct, frozen=True):
    """Commands, each of which gets the value of the one before it, and what keeps the last one.

    `assigns` says that the `variables` exist already.
    """

    commands: list[list[TemplateOperand]]
    variables: tuple[str, ...] = ()
    assigns: bool = False


class TemplateAction(msgspec.Struct, frozen=True):
    """A part of a template: `text`, `print`, `if`, `range`, `with`, `break` or `continue`."""

    kind: str
    text: str = ""
    pipeline: TemplatePipeline = TemplatePipeline([])
    then: list[TemplateAction] = []
    otherwise: list[TemplateAction] = []


def parse(text: str) -> list[TemplateAction]:
    """The parts of a template; raises `TemplateProblem`."""
    return _TemplateParser(text).parse()


BLOCKS = ("if", "range", "with")


class _TemplateParser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[TemplateWord] = []
        self._place = 0
        self._variables = ["$"]
        self._ranges = 0

    def parse(self) -> list[TemplateAction]:
        try:
            self._words = words_of(self._text)
        except ValueError as problem:
            raise TemplateProblem(str(problem)) from None
        actions, ended = self._actions()
        if ended:
            raise self._problem(f"unexpected {{{{{ended}}}}}")
        return actions

    # Words

    def _peek(self) -> TemplateWord:
        return self._words[self._place]

    def _next(self) -> TemplateWord:
        word = self._words[self._place]
        self._place += 1
        return word

    def _blanks(self) -> None:
        while self._peek().kind == "blank":
            self._place += 1

    def _problem(self, why: str) -> TemplateProblem:
        line = self._peek().line
        return TemplateProblem(f"template: output:{line}: {why}")

    # Actions

    def _actions(self) -> tuple[list[TemplateAction], str]:
        """Actions up to `end`, `else` or the end of the text, and which of them it was."""
        found: list[TemplateAction] = []
        while (word := self._next()).kind != "end of text":
            if word.kind == "text":
                found.append(TemplateAction("text", word.text))
                continue
            self._blanks()
            word = self._peek()
            if word.text in ("end", "else") and word.kind == "keyword":
                self._next()
                if word.text == "end":
                    self._close("end")
                return found, word.text
            found.append(self._action())
        self._place -= 1
        return found, ""

    def _action(self) -> TemplateAction:
        word = self._peek()
        if word.kind != "keyword":
            return TemplateAction("print", pipeline=self._pipeline("command", "right delim"))
        self._next()
        if word.text in BLOCKS:
            return self._block(word.text)
        if word.text in ("break", "continue"):
            if not self._ranges:
                raise self._problem(f"{{{{{word.text}}}}} outside {{{{range}}}}")
            self._close(word.text)
            return TemplateAction(word.text)
        raise TemplateProblem(f"{{{{{word.text}}}}} in a template is not simulated in this course")

    def _close(self, context: str) -> None:
        self._blanks()
        word = self._next()
        if word.kind != "right delim":
            self._place -= 1
            raise self._problem(f"unexpected {word.shown} in {context}")

    def _block(self, kind: str) -> TemplateAction:
        before = len(self._variables)
        pipeline = self._pipeline(kind, "right delim")
        self._ranges += kind == "range"
        then, ended = self._actions()
        otherwise: list[TemplateAction] = []
        if ended == "else":
            self._blanks()
            word = self._peek()
            if word.kind == "keyword" and word.text == kind and kind in ("if", "with"):
                self._next()
                otherwise, ended = [self._block(kind)], "end"
            else:
                self._close("else")
                otherwise, ended = self._actions()
        self._ranges -= kind == "range"
        if ended != "end":
            raise self._problem(
                f"expected end; found {{{{{ended}}}}}" if ended else "unexpected EOF"
            )
        del self._variables[before:]
        return TemplateAction(kind, pipeline=pipeline, then=then, otherwise=otherwise)

    # Pipelines

    def _pipeline(self, context: str, end: str) -> TemplatePipeline:
        self._blanks()
        variables, assigns = self._declared(context)
        commands: list[list[TemplateOperand]] = []
        while True:
            self._blanks()
            word = self._peek()
            if word.kind == end:
                self._next()
                if not commands:
                    raise self._problem(f"missing value for {context}")
                self._check(commands)
                return TemplatePipeline(commands, variables, assigns)
            if word.kind == "pipe":
                raise self._problem(f"missing value for {context}")
            commands.append(self._command(context, end))

    def _check(self, commands: list[list[TemplateOperand]]) -> None:
        for number, command in enumerate(commands[1:], 2):
            if command[0].kind in ("constant", "dot", "nil"):
                raise self._problem(f"non executable command in pipeline stage {number}")

    def _declared(self, context: str) -> tuple[tuple[str, ...], bool]:
        """The variables that a pipeline sets, and whether they exist already."""
        start, names = self._place, []
        while self._peek().kind == "variable":
            names.append(self._next().text)
            self._blanks()
            sign = self._peek()
            if sign.kind in ("declare", "assign"):
                self._next()
                for name in names:
                    if sign.kind == "declare":
                        self._variables.append(name)
                    elif name not in self._variables:
                        raise self._problem(f'undefined variable "{name}"')
                return tuple(names), sign.kind == "assign"
            if sign.text != "," or context != "range":
                break
            self._next()
            self._blanks()
        self._place = start
        return (), False

    def _command(self, context: str, end: str) -> list[TemplateOperand]:
        operands: list[TemplateOperand] = []
        while True:
            self._blanks()
            word = self._peek()
            if word.kind == end:
                break
            if word.kind == "pipe":
                self._next()
                self._blanks()
                if self._peek().kind == end:
                    raise self._problem(f"missing value for {context}")
                break
            operands.append(self._operand())
        if not operands:
            raise self._problem("empty command")
        return operands

    def _operand(self) -> TemplateOperand:
        word = self._next()
        kind, value = word.kind, word.value
        if word.text == "(" and kind == "char":
            kind, value = "pipeline", self._pipeline("parenthesized pipeline", "right paren")
        elif kind == "variable" and word.text not in self._variables:
            self._place -= 1
            raise self._problem(f'undefined variable "{word.text}"')
        elif kind == "function" and word.text not in FUNCTIONS:
            self._place -= 1
            raise self._problem(f'function "{word.text}" not defined')
        elif kind not in ("constant", "dot", "nil", "field", "variable", "function"):
            self._place -= 1
            raise self._problem(f"unexpected {word.shown} in operand")
        start, place = word.place, word.place
        fields: list[str] = []
        while self._peek().kind == "field":
            word = self._next()
            place = word.place if not fields else place
            fields.append(word.value)
        text = self._text[start : word.place + len(word.text)]
        if fields and kind in ("constant", "nil", "dot"):
            raise self._problem(f"unexpected . after term {quoted(self._text[start:place])}")
        if kind == "field":
            kind, value, fields = "field", "", [value, *fields]
        return TemplateOperand(kind, value, tuple(fields), place, text)


FUNCTIONS = frozenset(
    {
        "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js",
        "urlquery", "eq", "ne", "lt", "le", "gt", "ge", "exists", "base64decode", "call",
    }
)  # fmt: skip
