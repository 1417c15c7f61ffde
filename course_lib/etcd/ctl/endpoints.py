"""The state of each member on the command line: `etcdctl endpoint status`, `health`, `hashkv`.

Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdctl/ctlv3/command/ep_command.go` and `printer.go` (etcd 3.7).
"""

from __future__ import annotations

import zlib

from course_lib.command_line import Exit, Flag, Parsed, Terminal, duration_text, quoted
from course_lib.etcd.ctl.printing import Answer, human_bytes
from course_lib.etcd.ctl.session import DEADLINE, ERROR, Session, Typed
from course_lib.etcd.member import Member
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import NO_LEADER, EtcdError, Get, Outcome
from course_lib.objects.release import ETCD as VERSION

CLUSTER = Flag("cluster", "", "bool", usage="The endpoints of all members")
REV = Flag("rev", "", "int64", usage="Up to this revision; without it up to the latest")
STORAGE_VERSION = f"{VERSION.rpartition('.')[0]}.0"  # that of the minor release
STATUS = (
    "endpoint", "ID", "version", "storage version", "db size", "in use",
    "percentage not in use", "quota", "is leader", "is learner", "raft term", "raft index",
    "raft applied index", "errors", "downgrade target version", "downgrade enabled",
)  # fmt: skip


def endpoint_status(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Each member's version, size, role, term and index, and its alarms; raises `Exit`."""
    session = Session(typed, asked, terminal)
    statuses = []
    for endpoint in session.endpoints:
        member = session.member(endpoint)
        if member is None:
            why = f"Failed to get the status of endpoint {endpoint} ({DEADLINE})"
            terminal.error(f"{why}\n")
        else:
            statuses.append(Status(session, endpoint, member))
    rows = [status.row() for status in statuses]
    session.show(
        Answer(
            "".join(f"{', '.join(row)}\n" for row in rows),
            [status.json() for status in statuses],
            (STATUS, rows),
            [line for status in statuses for line in status.fields()],
        )
    )
    if len(statuses) < len(session.endpoints):
        raise Exit(ERROR)


class Status:
    """What the `member` at an `endpoint` of the `session` says of itself."""

    def __init__(self, session: Session, endpoint: str, member: Member) -> None:
        self.endpoint, self.store, self.raft = endpoint, member.machine, member.raft
        self.member, self.hex = member, session.hex
        self.header = session.header_of(member)
        roster = session.etcd.roster
        self.leader = roster.member_id(self.raft.leader) if self.raft.leader else 0
        self.learns = member.name in self.raft.configuration.learners
        self.errors = [] if self.raft.leader else [NO_LEADER]
        if self.store.alarm:
            self.errors.append(f"memberID:{alarmed(session)} alarm:NOSPACE")

    def row(self) -> list[str]:
        """As a row of the table."""
        size, used = max(self.store.size, 1), self.store.in_use
        return [
            self.endpoint,
            f"{self.header.member_id:x}",
            VERSION,
            STORAGE_VERSION,
            human_bytes(self.store.size),
            human_bytes(used),
            f"{100 - used * 100 // size if self.store.size else 0}%",
            human_bytes(self.store.quota),
            str(self.leader == self.header.member_id).lower(),
            str(self.learns).lower(),
            str(self.raft.current_term),
            str(self.raft.log.last_index),
            str(self.member.applied),
            ", ".join(self.errors),
            "",
            "false",
        ]

    def json(self) -> dict[str, object]:
        """As JSON, without what is empty."""
        status = {
            "header": self.header.json(),
            "version": VERSION,
            "dbSize": self.store.size,
            "leader": self.leader,
            "raftIndex": self.raft.log.last_index,
            "raftTerm": self.raft.current_term,
            "raftAppliedIndex": self.member.applied,
            "errors": self.errors,
            "dbSizeInUse": self.store.in_use,
            "isLearner": self.learns,
            "storageVersion": STORAGE_VERSION,
            "dbSizeQuota": int(self.store.quota),
        }
        shown = {name: value for name, value in status.items() if value}
        return {"Endpoint": self.endpoint, "Status": {**shown, "downgradeInfo": {}}}

    def fields(self) -> list[str]:
        """Field by field."""
        rows = {
            "Version": quoted(VERSION),
            "StorageVersion": quoted(STORAGE_VERSION),
            "DBSize": self.store.size,
            "DBSizeInUse": self.store.in_use,
            "DBSizeQuota": int(self.store.quota),
            "Leader": self.leader,
            "IsLearner": str(self.learns).lower(),
            "RaftIndex": self.raft.log.last_index,
            "RaftAppliedIndex": self.member.applied,
            "Errors": f"[{' '.join(self.errors)}]",
            "Endpoint": quoted(self.endpoint),
            "DowngradeTargetVersion": '""',
            "DowngradeEnabled": "false",
        }
        lines = [f'"{name}" : {value}' for name, value in rows.items()]
        return [*self.header.fields(self.hex), *lines, ""]


def alarmed(session: Session) -> int:
    """The member that the alarm names: the leader, which met the full store first."""
    leader = session.etcd.leader or next(iter(session.etcd.members.values()))
    return session.etcd.roster.member_id(leader.name)


def endpoint_health(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Whether each member can have a read confirmed by a quorum, and has no alarm; raises `Exit`.

    The lines are in the order of the endpoints; those of the real one are in that of the answers.
    """
    session = Session(typed, asked, terminal)
    simple = warnings = ""
    rows, documents, fields = [], [], list[str]()
    for endpoint in session.endpoints:
        took, error = _health(session, endpoint)
        good = str(not error).lower()
        rows.append([endpoint, good, took, error])
        document: dict[str, object] = {"endpoint": endpoint, "health": not error, "took": took}
        documents.append(document | ({"error": error} if error else {}))
        fields += [f'"Endpoint" : {quoted(endpoint)}', f'"Health" : {good}']
        fields += [f'"Took" : {took}', f'"Error" : {error}', ""]
        if error:
            warnings += f"{endpoint} is unhealthy: failed to commit proposal: {error}\n"
        else:
            simple += f"{endpoint} is healthy: successfully committed proposal: took = {took}\n"
    table = ("endpoint", "health", "took", "error"), rows
    session.show(Answer(simple, documents, table, fields, warnings))
    if any(row[3] for row in rows):
        raise Exit(ERROR, "unhealthy cluster")


def _health(session: Session, endpoint: str) -> tuple[str, str]:
    """How long a member took to answer, and what is wrong with it."""
    answers: list[Outcome] = []
    member, began = session.member(endpoint), session.etcd.sim.now
    if member is not None:
        member.read(Get("health"), answers.append)
        session.etcd.wait(answers, session.patience)
    if member is None or not answers or isinstance(answers[0], Exception):
        return duration_text(session.patience), DEADLINE
    took = duration_text(round(session.etcd.sim.now - began, 9))
    return took, "Active Alarm(s): NOSPACE " if member.machine.alarm else ""


def endpoint_hashkv(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """A hash of each member's keys, equal where the members are; raises `Exit`."""
    session, failed = Session(typed, asked, terminal), ""
    rows, documents, fields = [], [], list[str]()
    for endpoint in session.endpoints:
        member = session.member(endpoint)
        try:
            if member is None:
                raise EtcdError(DEADLINE)
            digest, revision = hash_of(member.machine, asked.number("rev"))
        except EtcdError as error:
            failed = str(error)
            terminal.error(f"Failed to get the hash of endpoint {endpoint} ({failed})\n")
            continue
        header = session.header_of(member)
        rows.append([endpoint, str(digest), str(revision)])
        hashed = {"header": header.json(), "hash": digest}
        hashed |= {"compact_revision": member.machine.compacted or -1, "hash_revision": revision}
        documents.append({"Endpoint": endpoint, "HashKV": hashed})
        fields += [*header.fields(session.hex), f'"Endpoint" : {quoted(endpoint)}']
        fields += [f'"Hash" : {digest}', f'"HashRevision" : {revision}', ""]
    table = ("endpoint", "hash", "hash_revision"), rows
    simple = "".join(f"{', '.join(row)}\n" for row in rows)
    session.show(Answer(simple, documents, table, fields))
    if failed:
        raise Exit(ERROR, failed)


def hash_of(store: MVCCStore, revision: int = 0) -> tuple[int, int]:
    """A hash of what a store has up to a revision, and that revision; raises `EtcdError`."""
    until = revision or store.revision
    keys = store.range("", until)
    text = "".join(f"{kv.key}={kv.value}@{kv.mod_revision}" for kv in keys)
    return zlib.crc32(text.encode()), until
