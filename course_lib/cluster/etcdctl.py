"""`etcdctl` for a cluster: what an operator types on a control plane node.

Where no `--endpoints` are given it asks all members, as with the variable ETCDCTL_ENDPOINTS set.
Source: `etcdctl/ctlv3/command` (etcd 3.7); etcd.io "Interacting with etcd", "Maintenance".
"""

from __future__ import annotations

import shlex
import zlib
from collections.abc import Callable

from course_lib.cluster.describe import Text
from course_lib.cluster.etcdctl_flags import CommandLine, parse
from course_lib.cluster.etcdctl_keys import KeyCommands
from course_lib.cluster.etcdctl_print import Result, human_bytes
from course_lib.cluster.etcdctl_session import DEADLINE, PATIENCE
from course_lib.cluster.static_manifests import ETCD, IMAGES
from course_lib.errors import CourseError
from course_lib.etcd import Compact, EtcdError, Get
from course_lib.etcd.member import Member
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import NO_LEADER, Alarm, Outcome
from course_lib.objects.manifests import Document

VERSION = IMAGES[ETCD].rpartition(":")[2].partition("-")[0]
NOT_FOUND = "etcdserver: member not found"


class Etcdctl(KeyCommands):
    """One command after the other, at the first member that answers."""

    def run(self, line: str) -> Text:
        """What a command prints; an error of etcd is printed too, as on a terminal.

        Raises `CourseError` for commands and flags that do not exist.
        """
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise CourseError("the shell cannot read this", found=line, do=str(error)) from None
        asked = parse(words)
        self.etcd.catch_up()
        try:
            self._endpoints = self._named_endpoints(asked)
            return Text(COMMANDS[asked.program, asked.command](self, asked).write(asked.format))
        except EtcdError as error:
            return Text(f"Error: {error}")

    # Members

    def member_list(self, asked: CommandLine) -> Result:
        """Each member's ID, name, URLs, and whether it is a learner."""
        self._need(asked, 0, "member list command accepts no arguments")
        leader = self._any()
        learners = self._configuration().learners
        names = self._configuration().everybody
        rows = [
            [
                f"{self.etcd.peers.member_id(name):x}",
                "started",
                name,
                f"https://{name}:2380",
                f"https://{name}:2379",
                str(name in learners).lower(),
            ]
            for name in names
        ]
        members: list[Document] = [
            {
                "ID": self.etcd.peers.member_id(name),
                "name": name,
                "peerURLs": [f"https://{name}:2380"],
                "clientURLs": [f"https://{name}:2379"],
            }
            | ({"isLearner": True} if name in learners else {})
            for name in names
        ]
        header = self._header(leader)
        return Result(
            "\n".join(", ".join(row) for row in rows),
            {"header": header, "members": members},
            (["ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner"], rows),
        )

    def member_add(self, asked: CommandLine) -> Result:
        """Add the member of a control plane machine; its process starts with an empty disk.

        Raises `CourseError` for a machine that is not in the layout, and `EtcdError` for what etcd
        refuses.
        """
        if not asked.arguments:
            raise EtcdError("member name not provided")
        self._need(asked, 1, "too many arguments")
        url = asked.text("peer-urls")
        if not url:
            raise EtcdError("member peer urls not provided")
        (name,) = asked.arguments
        if name not in self.plane.layout.etcd:
            raise CourseError(
                "no machine for this member",
                expected=f"one of {', '.join(self.plane.layout.etcd)}",
                found=name,
            )
        if name in self._configuration().everybody:
            raise EtcdError("etcdserver: Peer URLs already exists")
        self._need_quorum()
        self.plane.membership.add(name, asked.on("learner"))
        added = f"Member {self.etcd.peers.member_id(name):16x} added"
        added += " as learner " if asked.on("learner") else " "
        everybody = self._configuration().everybody
        return Result(
            f"{added}to cluster {self.etcd.cluster_id:16x}\n\n"
            f'ETCD_NAME="{name}"\n'
            f'ETCD_INITIAL_CLUSTER="{",".join(f"{n}=https://{n}:2380" for n in everybody)}"\n'
            f'ETCD_INITIAL_ADVERTISE_PEER_URLS="{url}"\n'
            'ETCD_INITIAL_CLUSTER_STATE="existing"'
        )

    def member_remove(self, asked: CommandLine) -> Result:
        """Remove a member, by its ID; those that stay must have a quorum.

        Raises `EtcdError` for an ID that no member has.
        """
        name = self._by_id(asked)
        voters = [v for v in self._configuration().voters if v != name]
        up = sum(v in self.etcd.members and self.etcd.members[v].up for v in voters)
        if up < len(voters) // 2 + 1:
            raise EtcdError("etcdserver: re-configuration failed due to not enough started members")
        self._need_quorum()
        number = self.etcd.peers.member_id(name)
        self.plane.membership.remove(name)
        return Result(f"Member {number:16x} removed from cluster {self.etcd.cluster_id:16x}")

    def member_promote(self, asked: CommandLine) -> Result:
        """Give a learner its vote.

        Raises `EtcdError` for an ID that no member has.
        """
        name = self._by_id(asked)
        if name not in self._configuration().learners:
            raise EtcdError("etcdserver: can only promote a learner member")
        if not self.etcd.members[name].up:
            raise EtcdError(
                "etcdserver: can only promote a learner member which is in sync with leader"
            )
        self._need_quorum()
        self.etcd.promote(name)
        number = self.etcd.peers.member_id(name)
        return Result(f"Member {number:16x} promoted in cluster {self.etcd.cluster_id:16x}")

    def _by_id(self, asked: CommandLine) -> str:
        self._need(asked, 1, "member ID is not provided")
        (written,) = asked.arguments
        try:
            number = int(written, 16)
        except ValueError:
            why = f'strconv.ParseUint: parsing "{written}": invalid syntax'
            raise EtcdError(f"bad member ID arg ({why}), expecting ID in Hex") from None
        for name in self._configuration().everybody:
            if self.etcd.peers.member_id(name) == number:
                return name
        raise EtcdError(NOT_FOUND)

    # Endpoints

    def endpoint_status(self, asked: CommandLine) -> Result:
        """Each member's version, size, role, term and index, and its alarms."""
        header = [
            "endpoint", "ID", "version", "storage version", "db size", "in use",
            "percentage not in use", "quota", "is leader", "is learner", "raft term",
            "raft index", "raft applied index", "errors", "downgrade target version",
            "downgrade enabled",
        ]  # fmt: skip
        rows, documents, failed = [], [], []
        for name in self._endpoints:
            member = self.etcd.members.get(name)
            if member is None or not member.up:
                where = f"https://{name}:2379"
                failed.append(f"Failed to get the status of endpoint {where} ({DEADLINE})")
                continue
            rows.append(self._status_row(name, member))
            documents.append(self._status_json(name, member))
        lines = [*failed, *(", ".join(row) for row in rows)]
        return Result("\n".join(lines), documents, (header, rows))

    def _status_row(self, name: str, member: Member) -> list[str]:
        store, raft = member.machine, member.raft
        size = max(store.size, 1)
        return [
            f"https://{name}:2379",
            f"{self.etcd.peers.member_id(name):x}",
            VERSION,
            VERSION,
            human_bytes(store.size),
            human_bytes(store.in_use),
            f"{100 - int(store.in_use * 100 / size) if store.size else 0}%",
            human_bytes(store.quota),
            str(member.leads).lower(),
            str(name in raft.configuration.learners).lower(),
            str(raft.current_term),
            str(raft.log.last_index),
            str(member.applied),
            ", ".join(self._errors(member)),
            "",
            "false",
        ]

    def _status_json(self, name: str, member: Member) -> Document:
        store, raft = member.machine, member.raft
        status: Document = {
            "header": self._header(member),
            "version": VERSION,
            "dbSize": store.size,
            "raftIndex": raft.log.last_index,
            "raftTerm": raft.current_term,
            "raftAppliedIndex": member.applied,
            "dbSizeInUse": store.in_use,
            "storageVersion": VERSION,
            "dbSizeQuota": int(store.quota),
        }
        if raft.leader:
            status["leader"] = self.etcd.peers.member_id(raft.leader)
        if errors := self._errors(member):
            status["errors"] = errors
        if name in raft.configuration.learners:
            status["isLearner"] = True
        return {"Endpoint": f"https://{name}:2379", "Status": status}

    def _errors(self, member: Member) -> list[str]:
        """What a member complains of: that there is no leader, and its alarms."""
        missing = [] if member.raft.leader else [NO_LEADER]
        return missing + ([self._alarm()] if getattr(member.machine, "alarm", False) else [])

    def endpoint_health(self, asked: CommandLine) -> Result:
        """Whether each member can have a read confirmed by a quorum, and has no alarm."""
        lines, rows, documents = [], [], []
        for name in self._endpoints:
            answers: list[Outcome] = []
            member, began = self.etcd.members.get(name), self.etcd.sim.now
            if member is not None and member.up:
                member.read(Get("health"), answers.append)
                self.etcd.wait(answers, PATIENCE)
            took = f"{self.etcd.sim.now - began:g}s"
            error = ""
            if member is None or not answers or isinstance(answers[0], Exception):
                error, took = DEADLINE, f"{PATIENCE:g}s"
            elif getattr(member.machine, "alarm", False):
                error = "Active Alarm(s): NOSPACE "
            where, good = f"https://{name}:2379", not error
            rows.append([where, str(good).lower(), took, error])
            documents.append(
                {"endpoint": where, "health": good, "took": took}
                | ({"error": error} if error else {})
            )
            said = "is unhealthy: failed to commit proposal: " + error
            if good:
                said = f"is healthy: successfully committed proposal: took = {took}"
            lines.append(f"{where} {said}")
        if any(row[3] for row in rows):
            lines.append("Error: unhealthy cluster")
        return Result("\n".join(lines), documents, (["endpoint", "health", "took", "error"], rows))

    # Maintenance

    def alarm_list(self, asked: CommandLine) -> Result:
        """The alarms that are raised."""
        self._need(asked, 0, f"{asked.command} command accepts no arguments")
        member = self._any()
        raised = getattr(member.machine, "alarm", False)
        return Result(
            self._alarm() if raised else "",
            {"header": self._header(member)}
            | ({"alarms": [{"memberID": self._alarmed(), "alarm": 1}]} if raised else {}),
        )

    def alarm_disarm(self, asked: CommandLine) -> Result:
        """End the alarm; it comes back if there is still no space."""
        was = self.alarm_list(asked)
        self._propose(Alarm(False))
        return was

    def _alarm(self) -> str:
        return f"memberID:{self._alarmed()} alarm:NOSPACE"

    def _alarmed(self) -> int:
        """The member that the alarm names: the leader, which met the full store first."""
        leader = self.etcd.leader or next(iter(self.etcd.members.values()))
        return self.etcd.peers.member_id(leader.name)

    def compaction(self, asked: CommandLine) -> Result:
        """Forget what was before a revision.

        Raises `EtcdError` for what is no revision.
        """
        self._need(asked, 1, "compaction command needs 1 argument")
        (written,) = asked.arguments
        if not written.lstrip("+-").isdecimal():
            raise EtcdError(f'strconv.ParseInt: parsing "{written}": invalid syntax')
        self._propose(Compact(int(written)))
        return Result(f"compacted revision {int(written)}")

    def defrag(self, asked: CommandLine) -> Result:
        """Give back the space that compaction has freed, on every member."""
        lines = []
        for name in self._endpoints:
            member, where = self.etcd.members.get(name), f"https://{name}:2379"
            if member is not None and member.up:
                member.machine.defragment()
                lines.append(f"Finished defragmenting etcd member[{where}]. took 0s")
            else:
                took = f"took {PATIENCE:g}s. ({DEADLINE})"
                lines.append(f"Failed to defragment etcd member[{where}]. {took}")
        return Result("\n".join(lines))

    def snapshot_save(self, asked: CommandLine) -> Result:
        """Save the store in a file of that name, outside the cluster; see `restore_snapshot`."""
        self._need(asked, 1, "snapshot save expects one argument <filename>")
        (path,) = asked.arguments
        self._need_quorum()
        self.etcd.files[path] = self.etcd.save()
        return Result(f"Snapshot saved at {path}\nServer version {VERSION}")

    def snapshot_status(self, asked: CommandLine) -> Result:
        """`etcdutl snapshot status`: what is in a snapshot.

        Raises `EtcdError` for a file that is not there.
        """
        self._need(asked, 1, "snapshot status requires exactly one argument")
        (path,) = asked.arguments
        if path not in self.etcd.files:
            raise EtcdError(f"stat {path}: no such file or directory")
        store = MVCCStore()
        store.load(self.etcd.files[path].state)
        keys = store.range("")
        written = "".join(f"{kv.key}={kv.value}@{kv.mod_revision}" for kv in keys)
        digest = zlib.crc32(written.encode())
        row = [f"{digest:x}", str(store.revision), str(len(keys)), human_bytes(store.size), VERSION]
        document = {
            "hash": digest,
            "revision": store.revision,
            "totalKey": len(keys),
            "totalSize": store.size,
            "version": VERSION,
        }
        header = ["hash", "revision", "total keys", "total size", "version"]
        return Result(", ".join(row), document, (header, [row]))

    def version(self, asked: CommandLine) -> Result:
        """The version of etcdctl and of etcd's API."""
        api = ".".join(VERSION.split(".")[:2])
        return Result(f"etcdctl version: {VERSION}\nAPI version: {api}")


COMMANDS: dict[tuple[str, str], Callable[[Etcdctl, CommandLine], Result]] = {
    ("etcdctl", "member list"): Etcdctl.member_list,
    ("etcdctl", "member add"): Etcdctl.member_add,
    ("etcdctl", "member remove"): Etcdctl.member_remove,
    ("etcdctl", "member promote"): Etcdctl.member_promote,
    ("etcdctl", "endpoint status"): Etcdctl.endpoint_status,
    ("etcdctl", "endpoint health"): Etcdctl.endpoint_health,
    ("etcdctl", "alarm list"): Etcdctl.alarm_list,
    ("etcdctl", "alarm disarm"): Etcdctl.alarm_disarm,
    ("etcdctl", "compaction"): Etcdctl.compaction,
    ("etcdctl", "defrag"): Etcdctl.defrag,
    ("etcdctl", "snapshot save"): Etcdctl.snapshot_save,
    ("etcdutl", "snapshot status"): Etcdctl.snapshot_status,
    ("etcdctl", "version"): Etcdctl.version,
    ("etcdctl", "get"): Etcdctl.get,
    ("etcdctl", "put"): Etcdctl.put,
    ("etcdctl", "del"): Etcdctl.delete,
}
