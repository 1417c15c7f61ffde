"""What all commands of `etcdctl` need: endpoints, a member that answers, and the screen.

Source: `etcdctl/ctlv3/command` (`global.go`, `ep_command.go`), `pkg/cobrautl/error.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.command_line import Exit, Parsed, Terminal
from course_lib.etcd.ctl.printing import Answer, Header, check_format
from course_lib.etcd.ctl.site import EtcdHost
from course_lib.etcd.member import Member
from course_lib.etcd.messages import Configuration
from course_lib.etcd.replica import Done
from course_lib.etcd.requests import (
    Command,
    EtcdError,
    EtcdResponse,
    Outcome,
    Question,
    Refused,
)

# Exit codes.
ERROR, BAD_CONNECTION, INVALID_INPUT, INTERRUPTED, BAD_ARGUMENTS = 1, 2, 3, 5, 128
PAUSE = 0.05  # s until a request is sent again
DEADLINE = "context deadline exceeded"
LOCAL = ("127.0.0.1", "localhost")


class Typed:
    """A command line of `etcdctl`: where it is typed, and what comes from standard input."""

    def __init__(self, site: EtcdHost, stdin: str = "") -> None:
        self.site, self.stdin = site, stdin


class Session:
    """The way of one command to etcd, by the endpoints that its command line names.

    What is `typed` says where, `asked` has its flags, `terminal` is the screen. Raises `Exit` for
    an output format that there is not.
    """

    def __init__(self, typed: Typed, asked: Parsed, terminal: Terminal) -> None:
        self.site, self.etcd = typed.site, typed.site.etcd
        self.asked, self.terminal = asked, terminal
        check_format(asked.text("write-out"))
        self.hex = asked.on("hex")
        self.patience = asked.seconds("command-timeout")
        self.endpoints = self._endpoints()

    def _endpoints(self) -> list[str]:
        """The addresses that `--endpoints` or `--cluster` mean; without them all members'."""
        everybody = [self.etcd.roster.client_url(name) for name in self.names()]
        if self.asked.values.get("cluster"):
            return everybody
        if "endpoints" in self.asked.given:
            return [text.strip() for text in self.asked.texts("endpoints")]
        names = self.configuration().everybody
        return [self.etcd.roster.client_url(name) for name in names if name in self.etcd.members]

    def show(self, answer: Answer) -> None:
        """Print what came of the command; raises `Exit` in a format that it does not have."""
        answer.write(self.asked.text("write-out"), self.terminal)

    # Members

    def configuration(self) -> Configuration:
        """Voters and learners, as the member with the longest log knows them."""
        known = max(self.etcd.members.values(), key=lambda member: member.raft.log.last_index)
        return known.raft.configuration

    def names(self) -> list[str]:
        """The members' names in the order of their IDs, in which etcd lists them."""
        names = [n for n in self.configuration().everybody if n in self.etcd.members]
        return sorted(names, key=self.etcd.roster.member_id)

    def member(self, endpoint: str) -> Member | None:
        """The member at an address, if it runs."""
        host = endpoint.partition("//")[2] or endpoint
        for name, member in self.etcd.members.items():
            local = host.partition(":")[0] in LOCAL and name == self.site.machines[0]
            url = self.etcd.roster.client_url(name)
            if member.up and (url.partition("//")[2] == host or (local and "//127." not in url)):
                return member
        return None

    def answering(self) -> Member:
        """The first endpoint that answers, rather one that knows a leader; raises `Exit`."""
        member = self._running()
        if member is None:
            raise Exit(ERROR, DEADLINE)
        return member

    def _running(self) -> Member | None:
        running = [m for m in map(self.member, self.endpoints) if m is not None]
        return next(filter(self._follows, running), running[0] if running else None)

    def _follows(self, member: Member) -> bool:
        return bool(member.raft.leader) or len(self.etcd.members) == 1

    def header(self, revision: int | None = None) -> Header:
        """The header of a response of the member that answers."""
        return self.header_of(self.answering(), revision)

    def header_of(self, member: Member, revision: int | None = None) -> Header:
        """The header of a member's response, with its own revision where none is given."""
        found = member.machine.revision if revision is None else revision
        number = self.etcd.roster.member_id(member.name)
        return Header(self.etcd.cluster_id, number, found, member.raft.current_term)

    # Requests

    def propose(self, command: Command, before: str = "{}") -> EtcdResponse:
        """Have etcd do a command; raises `Exit` with the sentence `before`."""
        return self._ask(lambda member, done: member.propose(command, done), before)

    def read(self, question: Question) -> EtcdResponse:
        """Ask etcd; raises `Exit`."""
        return self._ask(lambda member, done: member.read(question, done))

    def read_here(self, question: Question) -> EtcdResponse:
        """Ask the member that answers for what it has, old or not; raises `Exit`."""
        found = self.answering().read_here(question)
        if isinstance(found, EtcdError):
            raise Exit(ERROR, str(found))
        return found

    def _ask(self, ask: Callable[[Member, Done], None], before: str = "{}") -> EtcdResponse:
        """Ask until there is an answer: what is certainly not done is asked for again."""
        left = self.patience
        while left > 0:
            answers: list[Outcome] = []
            began = self.etcd.sim.now
            member = self._running()
            if member is None or not self._follows(member):
                break
            ask(member, answers.append)
            self.etcd.wait(answers, left)
            answer = answers[0] if answers else None
            if isinstance(answer, EtcdResponse):
                return answer
            if isinstance(answer, EtcdError):
                raise Exit(ERROR, before.format(answer))
            if not isinstance(answer, Refused) or not answer.certain:
                break
            self.etcd.wait((), PAUSE)
            left -= self.etcd.sim.now - began
        raise Exit(ERROR, before.format(DEADLINE))

    def need_quorum(self) -> None:
        """Raise `Exit` where there is no quorum."""
        if not self.etcd.has_quorum():
            raise Exit(ERROR, DEADLINE)


def whole_number(text: str, bad: str = "{}", base: int = 10, signed: bool = True) -> int:
    """The number that an argument's `text` writes to a `base`; `signed`: it may be negative.

    Raises `Exit` with Go's words in the sentence `bad`.
    """
    digits = text.lstrip("+-") if signed else text
    function = "ParseInt" if signed else "ParseUint"
    try:
        if not digits.isalnum() or len(text) - len(digits) > 1:
            raise ValueError
        return int(text, base)
    except ValueError:
        why = f'strconv.{function}: parsing "{text}": invalid syntax'
        raise Exit(BAD_ARGUMENTS, bad.format(why)) from None


def hex_id(text: str, bad: str, signed: bool = False) -> int:
    """The ID that an argument's `text` writes in hex, `signed` or not.

    Raises `Exit` with the sentence `bad`.
    """
    return whole_number(text, bad, 16, signed)


def need(count: int, asked: Parsed, usage: str) -> list[str]:
    """The arguments `asked` for, which must be `count`; raises `Exit` with `usage`."""
    if len(asked.args) != count:
        raise Exit(BAD_ARGUMENTS, usage)
    return asked.args
