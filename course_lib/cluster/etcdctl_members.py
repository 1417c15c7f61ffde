"""The members of etcd on the command line: `etcdctl member list`, `add`, `remove`, `promote`.

Source: `etcdctl/ctlv3/command/member_command.go` (etcd 3.7).
"""

from __future__ import annotations

from course_lib.cluster.etcdctl_flags import CommandLine
from course_lib.cluster.etcdctl_print import Printed
from course_lib.cluster.etcdctl_session import Session
from course_lib.errors import CourseError
from course_lib.etcd import EtcdError
from course_lib.objects.manifests import Document

NOT_FOUND = "etcdserver: member not found"


def member_list(session: Session, asked: CommandLine) -> Printed:
    """Each member's ID, name, URLs, and whether it is a learner."""
    asked.take(0, "member list command accepts no arguments")
    header = session.header(session.answering())
    learners = session.configuration().learners
    rows: list[list[str]] = []
    members: list[Document] = []
    for name in session.configuration().everybody:
        number, learns = session.etcd.peers.member_id(name), name in learners
        peer, client = f"https://{name}:2380", f"https://{name}:2379"
        rows.append([f"{number:x}", "started", name, peer, client, str(learns).lower()])
        member = {"ID": number, "name": name, "peerURLs": [peer], "clientURLs": [client]}
        members.append(member | ({"isLearner": True} if learns else {}))
    return Printed(
        "\n".join(", ".join(row) for row in rows),
        {"header": header, "members": members},
        (["ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner"], rows),
    )


def member_add(session: Session, asked: CommandLine) -> Printed:
    """Add the member of a control plane machine; its process starts with an empty disk.

    Raises `CourseError` for a machine that is not in the layout, and `EtcdError` for what etcd
    refuses.
    """
    if not asked.arguments:
        raise EtcdError("member name not provided")
    (name,) = asked.take(1, "too many arguments")
    url = asked.text("peer-urls")
    if not url:
        raise EtcdError("member peer urls not provided")
    if name not in session.plane.layout.etcd:
        raise CourseError(
            "no machine for this member",
            expected=f"one of {', '.join(session.plane.layout.etcd)}",
            found=name,
        )
    if name in session.configuration().everybody:
        raise EtcdError("etcdserver: Peer URLs already exists")
    session.need_quorum()
    session.plane.membership.add(name, asked.on("learner"))
    added = f"Member {session.etcd.peers.member_id(name):16x} added"
    added += " as learner " if asked.on("learner") else " "
    everybody = session.configuration().everybody
    return Printed(
        f"{added}to cluster {session.etcd.cluster_id:16x}\n\n"
        f'ETCD_NAME="{name}"\n'
        f'ETCD_INITIAL_CLUSTER="{",".join(f"{n}=https://{n}:2380" for n in everybody)}"\n'
        f'ETCD_INITIAL_ADVERTISE_PEER_URLS="{url}"\n'
        'ETCD_INITIAL_CLUSTER_STATE="existing"'
    )


def member_remove(session: Session, asked: CommandLine) -> Printed:
    """Remove a member, by its ID; those that stay must have a quorum.

    Raises `EtcdError` for an ID that no member has.
    """
    name = _by_id(session, asked)
    voters = [v for v in session.configuration().voters if v != name]
    up = sum(session.member(voter) is not None for voter in voters)
    if up < len(voters) // 2 + 1:
        raise EtcdError("etcdserver: re-configuration failed due to not enough started members")
    session.need_quorum()
    number = session.etcd.peers.member_id(name)
    session.plane.membership.remove(name)
    return Printed(f"Member {number:16x} removed from cluster {session.etcd.cluster_id:16x}")


def member_promote(session: Session, asked: CommandLine) -> Printed:
    """Give a learner its vote.

    Raises `EtcdError` for an ID that no member has.
    """
    name = _by_id(session, asked)
    if name not in session.configuration().learners:
        raise EtcdError("etcdserver: can only promote a learner member")
    if not session.etcd.members[name].up:
        raise EtcdError(
            "etcdserver: can only promote a learner member which is in sync with leader"
        )
    session.need_quorum()
    session.etcd.promote(name)
    number = session.etcd.peers.member_id(name)
    return Printed(f"Member {number:16x} promoted in cluster {session.etcd.cluster_id:16x}")


def _by_id(session: Session, asked: CommandLine) -> str:
    (written,) = asked.take(1, "member ID is not provided")
    try:
        number = int(written, 16)
    except ValueError:
        why = f'strconv.ParseUint: parsing "{written}": invalid syntax'
        raise EtcdError(f"bad member ID arg ({why}), expecting ID in Hex") from None
    for name in session.configuration().everybody:
        if session.etcd.peers.member_id(name) == number:
            return name
    raise EtcdError(NOT_FOUND)
