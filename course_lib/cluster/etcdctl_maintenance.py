"""The state of etcd on the command line, and its upkeep: endpoints, alarms, compaction, snapshots.

Source: `etcdctl/ctlv3/command` (`ep_command.go`, `alarm_command.go`, `compaction_command.go`,
`defrag_command.go`, `snapshot_command.go`); etcd.io "Maintenance".
"""

from __future__ import annotations

import zlib

from course_lib.cluster.etcdctl_flags import CommandLine
from course_lib.cluster.etcdctl_print import Printed, human_bytes
from course_lib.cluster.etcdctl_session import DEADLINE, PATIENCE, Session
from course_lib.cluster.static_manifests import ETCD, IMAGES
from course_lib.etcd import Compact, EtcdError, Get
from course_lib.etcd.member import Member
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import NO_LEADER, Alarm, Outcome
from course_lib.objects.manifests import Document

VERSION = IMAGES[ETCD].rpartition(":")[2].partition("-")[0]


def endpoint_status(session: Session, asked: CommandLine) -> Printed:
    """Each member's version, size, role, term and index, and its alarms."""
    header = [
        "endpoint", "ID", "version", "storage version", "db size", "in use",
        "percentage not in use", "quota", "is leader", "is learner", "raft term",
        "raft index", "raft applied index", "errors", "downgrade target version",
        "downgrade enabled",
    ]  # fmt: skip
    rows, documents, failed = [], [], []
    for name in session.endpoints:
        member = session.member(name)
        if member is None:
            where = f"https://{name}:2379"
            failed.append(f"Failed to get the status of endpoint {where} ({DEADLINE})")
            continue
        rows.append(_status_row(session, name, member))
        documents.append(_status_json(session, name, member))
    lines = [*failed, *(", ".join(row) for row in rows)]
    return Printed("\n".join(lines), documents, (header, rows))


def _status_row(session: Session, name: str, member: Member) -> list[str]:
    store, raft = member.machine, member.raft
    size = max(store.size, 1)
    return [
        f"https://{name}:2379",
        f"{session.etcd.peers.member_id(name):x}",
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
        ", ".join(_errors(session, member)),
        "",
        "false",
    ]


def _status_json(session: Session, name: str, member: Member) -> Document:
    store, raft = member.machine, member.raft
    status: Document = {
        "header": session.header(member),
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
        status["leader"] = session.etcd.peers.member_id(raft.leader)
    if errors := _errors(session, member):
        status["errors"] = errors
    if name in raft.configuration.learners:
        status["isLearner"] = True
    return {"Endpoint": f"https://{name}:2379", "Status": status}


def _errors(session: Session, member: Member) -> list[str]:
    """What a member complains of: that there is no leader, and its alarms."""
    missing = [] if member.raft.leader else [NO_LEADER]
    return missing + ([_alarm(session)] if getattr(member.machine, "alarm", False) else [])


def endpoint_health(session: Session, asked: CommandLine) -> Printed:
    """Whether each member can have a read confirmed by a quorum, and has no alarm."""
    lines, rows, documents = [], [], []
    for name in session.endpoints:
        answers: list[Outcome] = []
        member, began = session.member(name), session.etcd.sim.now
        if member is not None:
            member.read(Get("health"), answers.append)
            session.etcd.wait(answers, PATIENCE)
        took = f"{session.etcd.sim.now - began:g}s"
        error = ""
        if member is None or not answers or isinstance(answers[0], Exception):
            error, took = DEADLINE, f"{PATIENCE:g}s"
        elif getattr(member.machine, "alarm", False):
            error = "Active Alarm(s): NOSPACE "
        where, good = f"https://{name}:2379", not error
        rows.append([where, str(good).lower(), took, error])
        documents.append(
            {"endpoint": where, "health": good, "took": took} | ({"error": error} if error else {})
        )
        said = "is unhealthy: failed to commit proposal: " + error
        if good:
            said = f"is healthy: successfully committed proposal: took = {took}"
        lines.append(f"{where} {said}")
    if any(row[3] for row in rows):
        lines.append("Error: unhealthy cluster")
    return Printed("\n".join(lines), documents, (["endpoint", "health", "took", "error"], rows))


def alarm_list(session: Session, asked: CommandLine) -> Printed:
    """The alarms that are raised."""
    asked.take(0, f"{asked.command} command accepts no arguments")
    member = session.answering()
    raised = getattr(member.machine, "alarm", False)
    return Printed(
        _alarm(session) if raised else "",
        {"header": session.header(member)}
        | ({"alarms": [{"memberID": _alarmed(session), "alarm": 1}]} if raised else {}),
    )


def alarm_disarm(session: Session, asked: CommandLine) -> Printed:
    """End the alarm; it comes back if there is still no space."""
    was = alarm_list(session, asked)
    session.propose(Alarm(False))
    return was


def _alarm(session: Session) -> str:
    return f"memberID:{_alarmed(session)} alarm:NOSPACE"


def _alarmed(session: Session) -> int:
    """The member that the alarm names: the leader, which met the full store first."""
    leader = session.etcd.leader or next(iter(session.etcd.members.values()))
    return session.etcd.peers.member_id(leader.name)


def compaction(session: Session, asked: CommandLine) -> Printed:
    """Forget what was before a revision.

    Raises `EtcdError` for what is no revision.
    """
    (written,) = asked.take(1, "compaction command needs 1 argument")
    if not written.lstrip("+-").isdecimal():
        raise EtcdError(f'strconv.ParseInt: parsing "{written}": invalid syntax')
    session.propose(Compact(int(written)))
    return Printed(f"compacted revision {int(written)}")


def defrag(session: Session, asked: CommandLine) -> Printed:
    """Give back the space that compaction has freed, on every member."""
    lines = []
    for name in session.endpoints:
        member, where = session.member(name), f"https://{name}:2379"
        if member is not None:
            member.machine.defragment()
            lines.append(f"Finished defragmenting etcd member[{where}]. took 0s")
        else:
            took = f"took {PATIENCE:g}s. ({DEADLINE})"
            lines.append(f"Failed to defragment etcd member[{where}]. {took}")
    return Printed("\n".join(lines))


def snapshot_save(session: Session, asked: CommandLine) -> Printed:
    """Save the store in a file of that name, outside the cluster; see `restore_snapshot`."""
    (path,) = asked.take(1, "snapshot save expects one argument <filename>")
    session.need_quorum()
    session.etcd.files[path] = session.etcd.save()
    return Printed(f"Snapshot saved at {path}\nServer version {VERSION}")


def snapshot_status(session: Session, asked: CommandLine) -> Printed:
    """`etcdutl snapshot status`: what is in a snapshot.

    Raises `EtcdError` for a file that is not there.
    """
    (path,) = asked.take(1, "snapshot status requires exactly one argument")
    if path not in session.etcd.files:
        raise EtcdError(f"stat {path}: no such file or directory")
    store = MVCCStore()
    store.load(session.etcd.files[path].state)
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
    return Printed(", ".join(row), document, (header, [row]))


def version(session: Session, asked: CommandLine) -> Printed:
    """The version of etcdctl and of etcd's API."""
    api = ".".join(VERSION.split(".")[:2])
    return Printed(f"etcdctl version: {VERSION}\nAPI version: {api}")
