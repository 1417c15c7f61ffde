"""Reading a script: pipelines, lists, loops, functions, redirections.

Source: POSIX.1-2017, Shell Command Language, 2.10 Shell Grammar; the texts of errors are dash's.
"""

from __future__ import annotations

import re
from functools import lru_cache

from course_lib.runtimes.shell.source import CLOSING, ScriptSource
from course_lib.runtimes.shell.syntax import (
    Case,
    Command,
    For,
    Function,
    GroupCommand,
    IfCommand,
    ListPart,
    LiteralText,
    Loop,
    NotUnderstood,
    Piece,
    Pipeline,
    Redirect,
    Redirected,
    ShellScript,
    Simple,
    SyntaxFault,
    Word,
)
from course_lib.runtimes.shell.words import Words

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
_REDIRECT = re.compile(r"(\d?)(<<-?|>>|>&|<&|>\||<>|<|>)")
_FUNCTION = re.compile(r"([A-Za-z_][\w-]*)[ \t]*\([ \t]*\)")
_BASH_ONLY = ("function", "select", "[[", "coproc", "declare", "typeset")


@lru_cache(maxsize=512)
def read(text: str) -> ShellScript:
    """Read a script; raises `NotUnderstood` or `SyntaxFault`.

    >>> [part.joint for part in read("sleep 5 && echo 'a b'; exit 3").parts]
    [';', '&&', ';']
    """
    return Grammar(text).whole()


class Grammar:
    """Reads one script."""

    def __init__(self, text: str) -> None:
        self._source = ScriptSource(text)
        self._words = Words(self._source, lambda: self._script(()))

    def whole(self) -> ShellScript:
        """All of it."""
        script = self._script(())
        if not self._source.over:
            raise self._source.unexpected()
        return script

    def document(self) -> list[Piece]:
        """All of it, as a text in which parameters and substitutions are replaced."""
        return self._words.quoted("")

    def _script(self, ends: tuple[str, ...]) -> ShellScript:
        """Pipelines up to one of the closing words, or to a closing bracket."""
        source, parts, joint = self._source, list[ListPart](), ";"
        while True:
            self._source.newlines()
            if source.over or source.peek() == ")" or source.at(";;"):
                break
            if self._source.name() in CLOSING:
                if self._source.name() not in ends:
                    raise self._source.unexpected()
                break
            line = source.line
            pipeline = self._pipeline()
            self._source.blanks()
            background = source.peek() == "&" and not source.at("&&")
            parts.append(ListPart(joint, pipeline, background, line))
            if source.take("&&"):
                joint = "&&"
            elif source.take("||"):
                joint = "||"
            elif background or (source.peek() == ";" and not source.at(";;")):
                source.place += 1
                joint = ";"
            elif source.over or source.peek() in "\n)" or source.at(";;"):
                joint = ";"
            else:
                raise self._source.unexpected()
        if joint != ";":
            raise self._source.unexpected()
        return ShellScript(tuple(parts))

    def _pipeline(self) -> Pipeline:
        negated, start = bool(self._source.keyword("!")), self._source.place
        commands = [self._command()]
        self._source.blanks()
        while self._source.peek() == "|" and not self._source.at("||"):
            self._source.place += 1
            self._source.newlines()
            commands.append(self._command())
            self._source.blanks()
        text = self._source.text[start : self._source.place].strip()
        return Pipeline(tuple(commands), negated, text)

    # Commands

    def _command(self) -> Command:
        self._source.blanks()
        source = self._source
        if source.at("(("):
            raise NotUnderstood("((")
        if self._source.name() in _BASH_ONLY:
            raise NotUnderstood(self._source.name())
        function = _FUNCTION.match(source.text, source.place)
        if function is not None:
            source.place = function.end()
            self._source.newlines()
            return Function(function[1], self._command())
        compound = self._compound()
        if compound is None:
            return self._simple()
        redirects: list[Redirect] = []
        while self._redirect(redirects):
            pass
        return Redirected(compound, tuple(redirects)) if redirects else compound

    def _compound(self) -> Command | None:
        if self._source.take("("):
            body = self._script(())
            if not self._source.take(")"):
                raise self._source.unexpected()
            return GroupCommand(body, own=True)
        match self._source.keyword("{", "if", "while", "until", "for", "case"):
            case "{":
                body = self._script(("}",))
                self._source.expect("}")
                return GroupCommand(body)
            case "if":
                return self._choice()
            case "while" | "until" as word:
                condition = self._script(("do",))
                return Loop(word == "until", condition, self._body())
            case "for":
                return self._for()
            case "case":
                return self._case()
        return None

    def _body(self) -> ShellScript:
        self._source.expect("do")
        body = self._script(("done",))
        self._source.expect("done")
        return body

    def _choice(self) -> IfCommand:
        branches, otherwise = [], None
        while True:
            condition = self._script(("then",))
            self._source.expect("then")
            branches.append((condition, self._script(("elif", "else", "fi"))))
            if not self._source.keyword("elif"):
                break
        if self._source.keyword("else"):
            otherwise = self._script(("fi",))
        self._source.expect("fi")
        return IfCommand(tuple(branches), otherwise)

    def _for(self) -> For:
        self._source.blanks()
        name = self._source.name()
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            if self._source.at("(("):
                raise NotUnderstood("for ((")
            raise SyntaxFault("bad for loop variable")
        self._source.place += len(name)
        self._source.newlines()
        words: tuple[Word, ...] | None = None
        if self._source.keyword("in"):
            words = tuple(self._several())
        self._source.blanks()
        self._source.take(";")
        return For(name, words, self._body())

    def _several(self) -> list[Word]:
        found = []
        self._source.blanks()
        while not self._source.over and self._source.peek() not in ";\n&|<>()":
            found.append(self._words.word())
            self._source.blanks()
        return found

    def _case(self) -> Case:
        source = self._source
        self._source.blanks()
        word, branches = self._words.word(), []
        self._source.expect("in")
        self._source.newlines()
        while not self._source.keyword("esac"):
            source.take("(")
            patterns = []
            while True:
                self._source.blanks()
                patterns.append(self._words.word())
                self._source.blanks()
                if not source.take("|"):
                    break
            if not source.take(")"):
                raise self._source.unexpected()
            branches.append((tuple(patterns), self._script(("esac",))))
            source.take(";;")
            self._source.newlines()
        return Case(word, tuple(branches))

    def _simple(self) -> Simple:
        source = self._source
        assignments, words, redirects = list[tuple[str, Word]](), list[Word](), list[Redirect]()
        while True:
            self._source.blanks()
            if self._redirect(redirects):
                continue
            if source.over or source.peek() in "\n;&|()":
                break
            assigned = _ASSIGNMENT.match(source.text, source.place)
            if assigned is not None and not words:
                source.place = assigned.end()
                if source.peek() == "(":
                    raise NotUnderstood(f"{assigned[0]}(")
                assignments.append((assigned[1], self._words.word()))
            else:
                words.append(self._words.word())
        if source.peek() == "(":
            raise self._source.unexpected()
        if not (assignments or words or redirects):
            raise self._source.unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _redirect(self, redirects: list[Redirect]) -> bool:
        """Take a redirection, if one comes next."""
        self._source.blanks()
        source = self._source
        match = _REDIRECT.match(source.text, source.place)
        if match is None:
            if source.at("&>"):
                raise NotUnderstood("&>")
            return False
        source.place = match.end()
        op = match[2].replace(">|", ">")
        if source.at("(") or source.at("<") or op == "<>":
            raise NotUnderstood(f"{match[0]}{source.peek()}")
        fd = int(match[1] or ("0" if op.startswith("<") else "1"))
        self._source.blanks()
        if source.over or source.peek() in "\n;&|()":
            raise self._source.unexpected()
        target = self._words.word()
        if fd > 2:
            raise NotUnderstood(match[0])
        if op.startswith("<<"):
            redirects.append(Redirect(fd, "<<", self._document(target, op == "<<-")))
        else:
            redirects.append(Redirect(fd, op, target))
        return True

    def _document(self, end: Word, tabs: bool) -> Word:
        """Take a here-document, whose lines begin after this one, out of the text."""
        source, place = self._source, self._source.place
        after = source.text.find("\n", place)
        if after < 0:
            return Word(())
        lines, source.place = [], after + 1
        while not source.over:
            stop = source.text.find("\n", source.place)
            stop = len(source.text) if stop < 0 else stop
            line, source.place = source.text[source.place : stop], min(stop + 1, len(source.text))
            line = line.lstrip("\t") if tabs else line
            if line == end.plain:
                break
            lines.append(f"{line}\n")
        source.text, source.place = source.text[: after + 1] + source.text[source.place :], place
        text = "".join(lines)
        if any(isinstance(piece, LiteralText) and piece.quoted for piece in end.pieces):
            return Word((LiteralText(text, quoted=True),))
        return Word(tuple(Grammar(text).document()))
