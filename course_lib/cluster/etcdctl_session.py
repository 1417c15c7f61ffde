"""What all `etcdctl` commands need: endpoints, and a member that answers.

Source: `etcdctl/ctlv3/command` (`global.go`, `ep_command.go`).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cluster.etcdctl_flags import CommandLine
from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.etcd import Configuration, EtcdError, Refused
from course_lib.etcd.member import Member
from course_lib.etcd.replica import Done
from course_lib.etcd.requests import TIMED_OUT, Command, EtcdResponse, Outcome, Question
from course_lib.objects.manifests import Document

PATIENCE = 5.0  # s, as etcdctl's --command-timeout
DEADLINE = "context deadline exceeded"


class Session:
    """The way of one command to etcd."""

    def __init__(self, plane: KubeadmControlPlane) -> None:
        self.plane, self.etcd = plane, plane.etcd
        self._endpoints = list(self.etcd.members)

    def _named_endpoints(self, asked: CommandLine) -> list[str]:
        """The members that `--endpoints` or `--cluster` mean, by name."""
        configured = self._configuration().everybody
        written = asked.text("endpoints")
        if asked.on("cluster") or not written:
            return [name for name in configured if name in self.etcd.members]
        names = [part.split("//")[-1].partition(":")[0] for part in written.split(",")]
        local = configured[:1]
        return [
            n for name in names for n in (local if name in ("127.0.0.1", "localhost") else [name])
        ]

    def _header(self, member: Member, revision: int = 0) -> Document:
        """The header of a response."""
        return {
            "cluster_id": self.etcd.cluster_id,
            "member_id": self.etcd.peers.member_id(member.name),
            "revision": revision or member.machine.revision,
            "raft_term": member.raft.current_term,
        }

    def _propose(self, command: Command) -> EtcdResponse:
        return self._ask(lambda member, done: member.propose(command, done))

    def _read(self, question: Question) -> EtcdResponse:
        return self._ask(lambda member, done: member.read(question, done))

    def _ask(self, ask: Callable[[Member, Done], None]) -> EtcdResponse:
        answers: list[Outcome] = []
        ask(self._any(), answers.append)
        self.etcd.wait(answers, PATIENCE)
        if not answers or isinstance(answers[0], Refused):
            raise EtcdError(TIMED_OUT)
        if isinstance(answers[0], EtcdError):
            raise answers[0]
        assert answers[0] is not None
        return answers[0]

    def _any(self) -> Member:
        """The first endpoint that answers and knows a leader."""
        for name in self._endpoints:
            member = self.etcd.members.get(name)
            if (
                member is not None
                and member.up
                and (member.raft.leader or len(self.etcd.members) == 1)
            ):
                return member
        raise EtcdError(DEADLINE)

    def _configuration(self) -> Configuration:
        known = max(self.etcd.members.values(), key=lambda member: member.raft.log.last_index)
        return known.raft.configuration

    def _need(self, asked: CommandLine, count: int, usage: str) -> None:
        if len(asked.arguments) != count:
            raise EtcdError(usage)

    def _need_quorum(self) -> None:
        if not self.etcd.has_quorum():
            raise EtcdError(TIMED_OUT)
