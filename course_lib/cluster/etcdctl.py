"""`etcdctl` for a cluster: what an operator types on a control plane node.

Source: etcd.io "Interacting with etcd", "Maintenance"; the output is that of `-w simple` or
`-w table`, shortened.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

from course_lib.cluster.describe import Text
from course_lib.errors import CourseError
from course_lib.etcd import Compact, EtcdCluster, EtcdError, Get
from course_lib.etcd.member import Refused
from course_lib.etcd.mvcc import Store
from course_lib.etcd.requests import TIMED_OUT, Alarm, Range

UNHEALTHY = "is unhealthy: failed to commit proposal: context deadline exceeded"
PATIENCE = 5.0  # s, as etcdctl's --command-timeout


class Etcdctl:
    """One command after the other, at the first member that is up."""

    def __init__(self, etcd: EtcdCluster) -> None:
        self.etcd = etcd

    def run(self, line: str) -> Text:
        """What a command prints; an error is printed too, as on a terminal."""
        words = shlex.split(line)
        if words[:1] == ["etcdctl"]:
            words = words[1:]
        for name, (command, _) in COMMANDS.items():
            start = name.split()
            if words[: len(start)] == start:
                self.etcd.catch_up()
                try:
                    return Text(command(self, *words[len(start) :]))
                except EtcdError as error:
                    return Text(f"Error: {error}")
        raise CourseError(
            "etcdctl does not know this here",
            expected=", ".join(f"{name} {rest}".strip() for name, (_, rest) in COMMANDS.items()),
            found=line,
        )

    def member_list(self) -> str:
        """Names and votes."""
        configuration = self._any().raft.configuration
        return "\n".join(
            f"{name}, started, https://{name}:2380, https://{name}:2379, "
            f"{str(name in configuration.learners).lower()}"
            if self.etcd.members[name].up
            else f"{name}, unreachable"
            for name in configuration.everybody
        )

    def endpoint_status(self) -> str:
        """Each member's size, role, term and index, and its alarms."""
        lines = ["ENDPOINT         DB SIZE   IS LEADER  RAFT TERM  RAFT INDEX  ERRORS"]
        for name, member in self.etcd.members.items():
            if not member.up:
                lines.append(f"{name:<16} unreachable")
                continue
            store, raft = member.machine, member.raft
            assert isinstance(store, Store)
            alarm = "memberID alarm:NOSPACE" if store.alarm else ""
            line = (
                f"{name:<16} {store.size / 1000:>4.0f} kB   {str(member.leads).lower():<9}  "
                f"{raft.current_term:<9}  {raft.log.last_index:<10}  {alarm}"
            )
            lines.append(line.rstrip())
        return "\n".join(lines)

    def endpoint_health(self) -> str:
        """Whether each member can have a read confirmed by a quorum."""
        lines = []
        for name, member in self.etcd.members.items():
            answers: list[Any] = []
            if member.up:
                member.read(Get("health"), answers.append)
                self.etcd.wait(answers, PATIENCE)
            good = bool(answers) and not isinstance(answers[0], Exception)
            said = "is healthy" if good else UNHEALTHY
            lines.append(f"https://{name}:2379 {said}")
        return "\n".join(lines)

    def alarm_list(self) -> str:
        """The alarms that are raised."""
        return "alarm:NOSPACE" if self._store().alarm else ""

    def alarm_disarm(self) -> str:
        """End the alarm; it comes back if there is still no space."""
        self._propose(Alarm(False))
        return "alarm:NOSPACE disarmed"

    def compact(self, revision: str) -> str:
        """Forget what was before a revision."""
        self._propose(Compact(int(revision)))
        return f"compacted revision {revision}"

    def defrag(self) -> str:
        """Give back the space that compaction has freed, on every member."""
        lines = []
        for name, member in self.etcd.members.items():
            if member.up and isinstance(member.machine, Store):
                member.machine.defragment()
                lines.append(f"Finished defragmenting etcd member[https://{name}:2379]")
        return "\n".join(lines)

    def get(self, key: str, *flags: str) -> str:
        """The value of a key; with `--prefix`, of all below; `--keys-only`; `-w json`: revision."""
        if "--prefix" in flags:
            found = self._read(Range(key))
            return "\n".join(kv.key if "--keys-only" in flags else f"{kv.key}\n{kv.value}"
                             for kv in found.result)  # fmt: skip
        answer = self._read(Get(key))
        if "json" in flags:
            return json.dumps({"header": {"revision": answer.revision}})
        return f"{key}\n{answer.result.value}" if answer.result else ""

    def _propose(self, command: Any) -> Any:
        return self._ask(lambda member, done: member.propose(command, done))

    def _read(self, question: Any) -> Any:
        return self._ask(lambda member, done: member.read(question, done))

    def _ask(self, ask: Callable[[Any, Callable[[Any], None]], None]) -> Any:
        answers: list[Any] = []
        ask(self._any(), answers.append)
        self.etcd.wait(answers, PATIENCE)
        if not answers or isinstance(answers[0], Refused):
            raise EtcdError(TIMED_OUT)
        if isinstance(answers[0], EtcdError):
            raise answers[0]
        return answers[0]

    def _any(self) -> Any:
        for member in self.etcd.members.values():
            if member.up and (member.raft.leader or len(self.etcd.members) == 1):
                return member
        raise EtcdError("context deadline exceeded")

    def _store(self) -> Store:
        store = self._any().machine
        assert isinstance(store, Store)
        return store


COMMANDS: dict[str, tuple[Callable[..., str], str]] = {
    "member list": (Etcdctl.member_list, ""),
    "endpoint status": (Etcdctl.endpoint_status, ""),
    "endpoint health": (Etcdctl.endpoint_health, ""),
    "alarm list": (Etcdctl.alarm_list, ""),
    "alarm disarm": (Etcdctl.alarm_disarm, ""),
    "compact": (Etcdctl.compact, "REVISION"),
    "defrag": (Etcdctl.defrag, ""),
    "get": (Etcdctl.get, "KEY [--prefix] [--keys-only] [-w json]"),
}
