"""How a command fails: what it says on standard error, and its exit code.

Source: `CheckErr`, `StandardErrorMessage` and `MultilineError` of k8s.io/kubectl
`pkg/cmd/util/helpers.go`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.apiserver.statuses import HTTPResponse
from course_lib.command_line.values import quoted
from course_lib.objects.manifests import Document


class CommandError(Exception):
    """A command ends without success: `message`, and its exit `code`."""

    def __init__(self, message: str, code: int = 1) -> None:
        self.message, self.code = message, code
        super().__init__(message)

    @property
    def said(self) -> str:
        """The failure among several, without a prefix of its own."""
        return self.message

    def shown(self) -> str:
        """The text on standard error."""
        prefix = "" if self.message.startswith("error: ") else "error: "
        return _line(prefix + self.message)


class Plain(CommandError):
    """A failure whose message stands by itself, without `error: `."""

    def shown(self) -> str:
        """The text on standard error."""
        return _line(self.message)


class Silent(CommandError):
    """A failure that was told already: only the exit code is left to say it."""

    def __init__(self, code: int = 1) -> None:
        super().__init__("exit", code)

    def shown(self) -> str:
        """Nothing."""
        return ""


class RefusedRequest(CommandError):
    """The API server refused a request: `status` is what it answered, `patch` what was sent."""

    def __init__(self, status: Document, patch: Document | None = None) -> None:
        self.status, self.patch = status, patch
        super().__init__(status.get("message", ""))

    @property
    def reason(self) -> str:
        """The reason in one word, such as NotFound."""
        return str(self.status.get("reason", ""))

    @property
    def said(self) -> str:
        """The failure among several."""
        if self.reason == "Unauthorized":
            return f"error: You must be logged in to the server ({self.message})"
        if self.reason:
            return f"Error from server ({self.reason}): {self.message}"
        return f"Error from server: {self.message}"

    def prefixed(self, words: str) -> RefusedRequest:
        """The same refusal, its message after `words`.

        Source: `AddSourceToErr` in `pkg/cmd/util/helpers.go`.
        """
        return RefusedRequest(self.status | {"message": words + self.message})

    def shown(self) -> str:
        """The text on standard error: of an invalid object its causes, else the message."""
        return _line(self._invalid() if self.reason == "Invalid" else self.said)

    def _invalid(self) -> str:
        details = self.status.get("details")
        head = "The request is invalid"
        if details is None:
            return f"{head}: {self.message}" if self.message else head
        causes = details.get("causes") or []
        if details.get("kind") or details.get("name"):
            head = f'The {details.get("kind", "")} "{details.get("name", "")}" is invalid'
        elif self.message and not causes:
            head += f": {self.message}"
        if not causes:
            return head
        texts = [f"{each.get('field', '')}: {each.get('message', '')}" for each in causes]
        return multiline(f"{head}: ", list(dict.fromkeys(texts)))


def not_upgraded(answer: HTTPResponse) -> CommandError:
    """What kubectl says of streams that a server refuses with an `answer`.

    Source: `upgradeErrorMessage` of `k8s.io/streaming/pkg/httpstream/spdy/roundtripper.go`.
    """
    said = answer.document.get("message", "") if answer.text is None else answer.text.strip()
    return CommandError(f"unable to upgrade connection: {said}")


class Several(CommandError):
    """Failures of one command, each of which is told."""

    def __init__(self, failures: Sequence[CommandError]) -> None:
        self.failures = failures
        super().__init__("; ".join(each.message for each in failures))

    def shown(self) -> str:
        """The text on standard error, a line for each."""
        return "".join(each.said + "\n" for each in self.failures)


def sourced(failure: CommandError, verb: str, source: str) -> CommandError:
    """A failure that says what was done with which file (`AddSourceToErr`).

    `verb` is what was done to the object of a `source`; without a source nothing is added.
    """
    if not source:
        return failure
    words = f"error when {verb} {quoted(source)}: "
    if isinstance(failure, RefusedRequest):
        return failure.prefixed(words)
    return CommandError(words + failure.message)


def in_two_lists(
    failures: Sequence[CommandError], late: Sequence[CommandError]
) -> list[CommandError]:
    """The failures of a visit, and those of reading what was visited.

    Where there are `failures`, several `late` ones are one to kubectl, a list in brackets
    (`Aggregate`).
    """
    if not failures or len(late) < 2:
        return [*failures, *late]
    texts = ", ".join(dict.fromkeys(each.message for each in late))
    return [*failures, Plain(f"[{texts}]")]


def raise_all(failures: Sequence[CommandError]) -> None:
    """Raise what went wrong, if anything did: one failure as it is, more as `Several`."""
    flat = list(_flat(failures))
    if len(flat) == 1:
        raise flat[0]
    if flat:
        raise Several(flat)


def multiline(prefix: str, texts: Sequence[str]) -> str:
    """Errors after a prefix: one in its line, more in a list below it (`MultilineError`)."""
    if len(texts) == 1:
        return f"{prefix}{texts[0]}\n"
    return "".join([f"{prefix}\n", *(f"* {text}\n" for text in texts)])


def _flat(failures: Sequence[CommandError]) -> list[CommandError]:
    found: list[CommandError] = []
    for each in failures:
        found += _flat(each.failures) if isinstance(each, Several) else [each]
    return found


def _line(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def aggregate_text(failures: Sequence[CommandError]) -> str:
    """Failures within a line: one as it is, more in brackets (`Aggregate.Error`)."""
    texts = list(dict.fromkeys(each.message for each in failures))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
