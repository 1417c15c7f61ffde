"""The members of etcd on the command line: `etcdctl member list`, `add`, `remove`, `promote`, ...

Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdctl/ctlv3/command/member_command.go`, `move_leader_command.go` (etcd 3.7).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from course_lib.command_line import Exit, Flag, Parsed, Terminal, quoted
from course_lib.etcd.ctl.keys import is_serializable
from course_lib.etcd.ctl.printing import Answer, Header, id_text
from course_lib.etcd.ctl.session import BAD_ARGUMENTS, ERROR, Session, Typed, hex_id, need

NOT_FOUND = "etcdserver: member not found"
UNHEALTHY = "etcdserver: unhealthy cluster"
COLUMNS = ("ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner")
PEER_URLS = Flag("peer-urls", usage="Where the other members reach it; several with commas")
ADD_FLAGS = (PEER_URLS, Flag("learner", "", "bool", usage="Without a vote until it is promoted"))
CONSISTENCY = Flag("consistency", "", "string", "l", usage="Linearizable (l) or serializable (s)")


class Members:
    """The list of members as clients get it."""

    def __init__(self, session: Session, names: Sequence[str]) -> None:
        self.hex, self.names, self._session = session.hex, names, session

    def id(self, name: str) -> int:
        """The ID of a member."""
        return self._session.etcd.roster.member_id(name)

    def json(self, name: str) -> dict[str, object]:
        """One member in JSON."""
        roster = self._session.etcd.roster
        number = self.id(name)
        fields: dict[str, object] = {"ID": f"{number:x}" if self.hex else number, "name": name}
        fields |= {
            "peerURLs": list(roster.peer_urls(name)),
            "clientURLs": [roster.client_url(name)],
        }
        return fields | ({"isLearner": True} if self.learns(name) else {})

    def learns(self, name: str) -> bool:
        """Whether a member has no vote yet."""
        return name in self._session.configuration().learners

    def row(self, name: str) -> list[str]:
        """One member as a row of the table."""
        roster = self._session.etcd.roster
        peers, learns = ",".join(roster.peer_urls(name)), str(self.learns(name)).lower()
        return [f"{self.id(name):x}", "started", name, peers, roster.client_url(name), learns]

    def fields(self, name: str) -> list[str]:
        """One member field by field."""
        roster = self._session.etcd.roster
        rows = [("ID", id_text(self.id(name), self.hex)), ("Name", quoted(name))]
        rows += [("PeerURL", quoted(url)) for url in roster.peer_urls(name)]
        rows += [("ClientURL", quoted(roster.client_url(name)))]
        rows += [("IsLearner", str(self.learns(name)).lower())]
        return [*(f'"{label}" : {value}' for label, value in rows), ""]

    def document(self, header: Header, member: str = "") -> dict[str, object]:
        """The answer to a change of members, or to the question for them, in JSON."""
        one = {"member": self.json(member)} if member else {}
        everybody = {"members": [self.json(name) for name in self.names]}
        return {"header": header.json(self.hex), **one, **everybody}


def member_list(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Each member's ID, name, URLs, and whether it is a learner; raises `Exit`."""
    here = is_serializable(asked.text("consistency"), shown="l")  # it names the flag of `get`
    session = Session(typed, asked, terminal)
    if not here:
        session.need_quorum()
    members, header = Members(session, session.names()), session.header(0)
    rows = [members.row(name) for name in members.names]
    fields = [*header.fields(session.hex), *(f for n in members.names for f in members.fields(n))]
    simple = "".join(f"{', '.join(row)}\n" for row in rows)
    session.show(Answer(simple, members.document(header), (COLUMNS, rows), fields))


def member_add(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Add the member of a machine; its process starts with an empty disk. Raises `Exit`.

    All voters must run (`mayAddMember` in `server/etcdserver/server.go`).
    """
    if not asked.args:
        raise Exit(BAD_ARGUMENTS, "member name not provided")
    if len(asked.args) > 1:
        meant = "".join(
            f", did you mean --peer-urls={word}"
            for word in asked.args
            if word.lower().startswith("http")
        )
        raise Exit(BAD_ARGUMENTS, f"too many arguments{meant}")
    if not asked.text("peer-urls"):
        raise Exit(BAD_ARGUMENTS, "member peer urls not provided")
    session, name, urls = Session(typed, asked, terminal), asked.args[0], asked.text("peer-urls")
    _check_urls(session, urls)
    if name not in session.site.machines:
        known = ", ".join(session.site.machines)
        raise Exit(ERROR, f"the course has no machine {name} for a member; it has {known}")
    session.need_quorum()
    voters = session.configuration().voters
    if any(not _is_up(session, voter) for voter in voters):
        raise Exit(ERROR, UNHEALTHY)
    session.site.add(name, asked.on("learner"))
    session.etcd.roster.change(name, urls.split(","))
    members, header = Members(session, session.names()), session.header(0)
    added = f"Member {members.id(name):16x} added"
    added += " as learner " if asked.on("learner") else " "
    pairs = [f"{n}={url}" for n in members.names for url in session.etcd.roster.peer_urls(n)]
    simple = (
        f"{added}to cluster {header.cluster_id:16x}\n\n"
        f"ETCD_NAME={quoted(name)}\n"
        f"ETCD_INITIAL_CLUSTER={quoted(','.join(pairs))}\n"
        f"ETCD_INITIAL_ADVERTISE_PEER_URLS={quoted(urls)}\n"
        'ETCD_INITIAL_CLUSTER_STATE="existing"\n'
    )
    session.show(Answer(simple, members.document(header, name)))


def _check_urls(session: Session, urls: str) -> None:
    """Raise `Exit` for URLs that are none, or another member's."""
    for url in urls.split(","):
        scheme, address = url.partition("://")[::2]
        if scheme not in ("http", "https", "unix", "unixs") or not address:
            raise Exit(ERROR, f"URL scheme must be http, https, unix, or unixs: {url}")
        host, _, path = address.partition("/")
        if not re.fullmatch(r".*:\d+", host):
            raise Exit(ERROR, f'URL address does not have the form "host:port": {url}')
        if path:
            raise Exit(ERROR, f"URL must not contain a path: {url}")
        for name in session.names():
            if url in session.etcd.roster.peer_urls(name):
                raise Exit(ERROR, "etcdserver: Peer URLs already exists")


def member_remove(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Remove a member, by its ID; raises `Exit`."""
    number = _given_id(asked)
    session = Session(typed, asked, terminal)
    name = _named(session, number)
    session.need_quorum()
    _keep_the_quorum(session, name)
    session.site.remove(name)
    _changed(session, f"Member {number:16x} removed from cluster")


def _keep_the_quorum(session: Session, gone: str) -> None:
    """Refuse to remove a voter that runs, where those that would stay are no quorum; raises `Exit`.

    Source: `mayRemoveMember` in `server/etcdserver/server.go`.
    """
    voters = session.configuration().voters
    active = sum(_is_up(session, voter) for voter in voters)
    if gone in voters and _is_up(session, gone) and active - 1 < 1 + (len(voters) - 1) // 2:
        raise Exit(ERROR, UNHEALTHY)


def _is_up(session: Session, name: str) -> bool:
    return name in session.etcd.members and session.etcd.members[name].up


def member_update(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Say where the other members reach a member from now on; raises `Exit`."""
    number = _given_id(asked)
    if not asked.text("peer-urls"):
        raise Exit(BAD_ARGUMENTS, "member peer urls not provided")
    session, urls = Session(typed, asked, terminal), asked.text("peer-urls")
    name = _named(session, number)
    if tuple(urls.split(",")) != session.etcd.roster.peer_urls(name):
        _check_urls(session, urls)
    session.need_quorum()
    session.etcd.roster.change(name, urls.split(","))
    _changed(session, f"Member {number:16x} updated in cluster")


def member_promote(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Give a learner its vote; raises `Exit`."""
    number = _given_id(asked)
    session = Session(typed, asked, terminal)
    name = _named(session, number)
    only = "etcdserver: can only promote a learner member"
    if name not in session.configuration().learners:
        raise Exit(ERROR, only)
    if not session.etcd.members[name].up:
        raise Exit(ERROR, f"{only} which is in sync with leader")
    session.need_quorum()
    session.etcd.promote(name)
    _changed(session, f"Member {number:16x} promoted in cluster")


def _changed(session: Session, what: str) -> None:
    members, header = Members(session, session.names()), session.header(0)
    simple = f"{what} {header.cluster_id:16x}\n"
    session.show(Answer(simple, members.document(header)))


def move_leader(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Let another member lead; raises `Exit`."""
    (written,) = need(1, asked, "move-leader command needs 1 argument")
    number = hex_id(written, "{}")
    session = Session(typed, asked, terminal)
    led = [e for e in session.endpoints if (m := session.member(e)) is not None and m.leads]
    leader = session.member(led[0]) if led else None
    if leader is None:
        raise Exit(BAD_ARGUMENTS, f"no leader endpoint given at [{' '.join(session.endpoints)}]")
    voters = session.configuration().voters
    target = next((v for v in voters if session.etcd.roster.member_id(v) == number), None)
    if target is None:
        raise Exit(ERROR, "etcdserver: bad leader transferee")
    before = session.header_of(leader)
    if target != leader.name:
        session.etcd.transfer(target)
    simple = f"Leadership transferred from {before.member_id:x} to {number:x}\n"
    session.show(Answer(simple, {}))


def _given_id(asked: Parsed) -> int:
    (written,) = need(1, asked, "member ID is not provided")
    return hex_id(written, "bad member ID arg ({}), expecting ID in Hex")


def _named(session: Session, number: int) -> str:
    for name in session.names():
        if session.etcd.roster.member_id(name) == number:
            return name
    raise Exit(ERROR, NOT_FOUND)
