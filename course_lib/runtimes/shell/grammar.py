"""Reading a script: pipelines, lists, loops, functions, redirections.

Source: POSIX.1-2017, Shell Command Language, 2.10 Shell Grammar; the texts of errors are dash's.
"""

from __future__ import annotations

import re
from functools import lru_cache

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
from course_lib.runtimes.shell.words import ScriptSource, Words

_CLOSING = ("then", "else", "elif", "fi", "do", "done", "esac", "}")
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
            raise self._unexpected()
        return script

    def document(self) -> list[Piece]:
        """All of it, as a text in which parameters and substitutions are replaced."""
        return self._words.quoted("")

    def _unexpected(self) -> SyntaxFault:
        source = self._source
        if source.over:
            return SyntaxFault("end of file unexpected")
        operator = re.match(r";;|&&|\|\||[;&|()<>]|\n", source.text[source.place :])
        if operator is not None:
            return SyntaxFault(f'"{operator[0]}" unexpected' if operator[0] != "\n" else
                               "newline unexpected")  # fmt: skip
        name = self._name()
        return SyntaxFault(f'"{name}" unexpected' if name in _CLOSING else "word unexpected")

    # Between commands

    def _blanks(self) -> None:
        """Skip spaces, comments and continued lines."""
        source = self._source
        while not source.over:
            if source.peek() in " \t\r":
                source.place += 1
            elif source.at("\\\n"):
                source.place += 2
            elif source.peek() == "#":
                end = source.text.find("\n", source.place)
                source.place = len(source.text) if end < 0 else end
            else:
                return

    def _newlines(self) -> None:
        self._blanks()
        while self._source.take("\n"):
            self._blanks()

    def _name(self) -> str:
        """The bare word that comes next, without taking it."""
        match = re.match(r"[^\s;&|<>()'\"\\$`]+", self._source.text[self._source.place :])
        return match[0] if match else ""

    def _keyword(self, *words: str) -> str:
        """Take one of these reserved words, if it comes next."""
        self._blanks()
        found = self._name()
        if found not in words:
            return ""
        after = self._source.text[self._source.place + len(found) :][:1]
        if after and after not in " \t\r\n;&|<>()":
            return ""
        self._source.place += len(found)
        return found

    def _expect(self, word: str) -> None:
        self._newlines()
        if not self._keyword(word):
            fault = self._unexpected()
            raise SyntaxFault(f'{fault} (expecting "{word}")')

    def _script(self, ends: tuple[str, ...]) -> ShellScript:
        """Pipelines up to one of the closing words, or to a closing bracket."""
        source, parts, joint = self._source, list[ListPart](), ";"
        while True:
            self._newlines()
            if source.over or source.peek() == ")" or source.at(";;"):
                break
            if self._name() in _CLOSING:
                if self._name() not in ends:
                    raise self._unexpected()
                break
            line = source.line
            pipeline = self._pipeline()
            self._blanks()
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
                raise self._unexpected()
        if joint != ";":
            raise self._unexpected()
        return ShellScript(tuple(parts))

    def _pipeline(self) -> Pipeline:
        negated, start = bool(self._keyword("!")), self._source.place
        commands = [self._command()]
        self._blanks()
        while self._source.peek() == "|" and not self._source.at("||"):
            self._source.place += 1
            self._newlines()
            commands.append(self._command())
            self._blanks()
        text = self._source.text[start : self._source.place].strip()
        return Pipeline(tuple(commands), negated, text)

    # Commands

    def _command(self) -> Command:
        self._blanks()
        source = self._source
        if source.at("(("):
            raise NotUnderstood("((")
        if self._name() in _BASH_ONLY:
            raise NotUnderstood(self._name())
        function = _FUNCTION.match(source.text, source.place)
        if function is not None:
            source.place = function.end()
            self._newlines()
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
                raise self._unexpected()
            return GroupCommand(body, own=True)
        match self._keyword("{", "if", "while", "until", "for", "case"):
            case "{":
                body = self._script(("}",))
                self._expect("}")
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
        self._expect("do")
        body = self._script(("done",))
        self._expect("done")
        return body

    def _choice(self) -> IfCommand:
        branches, otherwise = [], None
        while True:
            condition = self._script(("then",))
            self._expect("then")
            branches.append((condition, self._script(("elif", "else", "fi"))))
            if not self._keyword("elif"):
                break
        if self._keyword("else"):
            otherwise = self._script(("fi",))
        self._expect("fi")
        return IfCommand(tuple(branches), otherwise)

    def _for(self) -> For:
        self._blanks()
        name = self._name()
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            if self._source.at("(("):
                raise NotUnderstood("for ((")
            raise SyntaxFault("bad for loop variable")
        self._source.place += len(name)
        self._newlines()
        words: tuple[Word, ...] | None = None
        if self._keyword("in"):
            words = tuple(self._several())
        self._blanks()
        self._source.take(";")
        return For(name, words, self._body())

    def _several(self) -> list[Word]:
        found = []
        self._blanks()
        while not self._source.over and self._source.peek() not in ";\n&|<>()":
            found.append(self._words.word())
            self._blanks()
        return found

    def _case(self) -> Case:
        source = self._source
        self._blanks()
        word, branches = self._words.word(), []
        self._expect("in")
        self._newlines()
        while not self._keyword("esac"):
            source.take("(")
            patterns = []
            while True:
                self._blanks()
                patterns.append(self._words.word())
                self._blanks()
                if not source.take("|"):
                    break
            if not source.take(")"):
                raise self._unexpected()
            branches.append((tuple(patterns), self._script(("esac",))))
            source.take(";;")
            self._newlines()
        return Case(word, tuple(branches))

    def _simple(self) -> Simple:
        source = self._source
        assignments, words, redirects = list[tuple[str, Word]](), list[Word](), list[Redirect]()
        while True:
            self._blanks()
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
            raise self._unexpected()
        if not (assignments or words or redirects):
            raise self._unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _redirect(self, redirects: list[Redirect]) -> bool:
        """Take a redirection, if one comes next."""
        self._blanks()
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
        self._blanks()
        if source.over or source.peek() in "\n;&|()":
            raise self._unexpected()
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
