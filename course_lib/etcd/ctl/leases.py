"""Leases on the command line: `etcdctl lease grant`, `revoke`, `timetolive`, `list`, `keep-alive`.

Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdctl/ctlv3/command/lease_command.go` (etcd 3.7).
"""

from __future__ import annotations

import base64

from course_lib.command_line import Exit, Flag, Parsed, Terminal, quoted
from course_lib.etcd.ctl.printing import Answer, Header
from course_lib.etcd.ctl.session import (
    BAD_CONNECTION,
    ERROR,
    Session,
    Typed,
    hex_id,
    need,
    whole_number,
)
from course_lib.etcd.requests import NO_LEASE, EtcdError, Grant, Range, Revoke

KEYS = Flag("keys", "", "bool", usage="Show the keys of this lease")
ONCE = Flag("once", "", "bool", usage="Renew it once and end")
MOST_SECONDS = 9_000_000_000  # of a lease (`server/lease/lessor.go`)


def lease_grant(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Make a lease of so many seconds; raises `Exit`."""
    (written,) = need(1, asked, "lease grant command needs TTL argument")
    seconds = whole_number(written, "bad TTL ({})")
    session = Session(typed, asked, terminal)
    failed = "failed to grant lease ({})"
    if seconds > MOST_SECONDS:
        raise Exit(ERROR, failed.format("etcdserver: too large lease TTL"))
    seconds = max(seconds, 2)  # the least: an election's time, in whole seconds
    session.propose(Grant(number := _new_id(session), float(seconds)), failed)
    header = session.header()
    session.show(
        Answer(
            f"lease {number:016x} granted with TTL({seconds}s)\n",
            {**header.json(), "ID": number, "TTL": seconds, "Error": ""},
            fields=[*header.fields(session.hex), _id(session, number), f'"TTL" : {seconds}'],
        )
    )


def _new_id(session: Session) -> int:
    """The ID of a new lease: the real one's comes from the member and its clock."""
    member, leases = session.answering(), session.answering().machine.leases
    number = (session.etcd.roster.member_id(member.name) << 16) % 2**63
    while number in leases:
        number += 1
    return number


def lease_revoke(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """End a lease, and delete its keys; raises `Exit`."""
    (written,) = need(1, asked, "lease revoke command needs 1 argument")
    number = _lease(written)
    session = Session(typed, asked, terminal)
    answer = session.propose(Revoke(number), "failed to revoke lease ({})")
    header = session.header(answer.revision)
    document = {"header": header.json()}
    fields = header.fields(session.hex)
    session.show(Answer(f"lease {number:016x} revoked\n", document, fields=fields))


def lease_timetolive(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """How many seconds a lease still has, and its keys; raises `Exit`."""
    (written,) = need(1, asked, "lease timetolive command needs lease ID as argument")
    session = Session(typed, asked, terminal)
    number, leader, header = _lease(written), session.etcd.elect(), session.header()
    granted = leader.machine.leases.get(number)
    if granted is None:
        found = {**header.json(), "id": number, "ttl": -1, "granted-ttl": 0, "keys": None}
        fields = _ttl_fields(session, header, number, -1, 0)
        session.show(Answer(f"lease {number:016x} already expired\n", found, fields=fields))
        return
    left, seconds = int(leader.lessor.remaining(number)), int(granted)
    keys = [kv.key for kv in session.read(Range("")).result if kv.lease == number]
    keys = keys if asked.on("keys") else []
    coded = [base64.b64encode(key.encode()).decode() for key in keys]
    simple = f"lease {number:016x} granted with TTL({seconds}s), remaining({left}s)"
    simple += f", attached keys([{' '.join(keys)}])" if asked.on("keys") else ""
    found = {
        **header.json(),
        "id": number,
        "ttl": left,
        "granted-ttl": seconds,
        "keys": coded or None,
    }
    fields = _ttl_fields(session, header, number, left, seconds)
    fields += [f'"Key" : {quoted(key)}' for key in keys]
    session.show(Answer(f"{simple}\n", found, fields=fields))


def _ttl_fields(
    session: Session, header: Header, number: int, left: int, seconds: int
) -> list[str]:
    rows = [f'"TTL" : {left}', f'"GrantedTTL" : {seconds}']
    return [*header.fields(session.hex), _id(session, number), *rows]


def lease_list(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """The IDs of all leases; raises `Exit`."""
    session = Session(typed, asked, terminal)
    leases, header = sorted(session.answering().machine.leases), session.header()
    session.show(
        Answer(
            f"found {len(leases)} leases\n" + "".join(f"{number:016x}\n" for number in leases),
            {**header.json(), "leases": [{"id": number} for number in leases]},
            fields=[*header.fields(session.hex), *(_id(session, number) for number in leases)],
        )
    )


def lease_keep_alive(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Renew a lease once; that a program renews it all the time is not simulated. Raises `Exit`."""
    (written,) = need(1, asked, "lease keep-alive command needs lease ID as argument")
    number = _lease(written)
    if not asked.on("once"):
        why = "etcdctl lease keep-alive without --once is not simulated by the course"
        raise Exit(ERROR, why)
    session = Session(typed, asked, terminal)
    renewed = session.etcd.elect().lessor.renew(number)
    if isinstance(renewed, EtcdError):
        raise Exit(BAD_CONNECTION, NO_LEASE)
    header, seconds = session.header(), int(renewed)
    session.show(
        Answer(
            f"lease {number:016x} keepalived with TTL({seconds})\n",
            {**header.json(), "ID": number, "TTL": seconds},
            fields=[*header.fields(session.hex), _id(session, number), f'"TTL" : {seconds}'],
        )
    )


def _lease(written: str) -> int:
    return hex_id(written, "bad lease ID arg ({}), expecting ID in Hex", signed=True)


def _id(session: Session, number: int) -> str:
    return f'"ID" : {number:016x}' if session.hex else f'"ID" : {number}'
