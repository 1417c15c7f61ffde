"""Real etcd members on loopback ports, started for the tests, asked through the v3 API over gRPC.

etcd is built from its own Go module. The members live in a folder of the test's and end with it.
They speak to each other through proxies, which can cut any link.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc

from course_lib.etcd import Compact, Compare, Delete, EtcdError, Get, Grant, Put, Revoke, Txn
from course_lib.etcd.requests import Alarm, EtcdResponse, KeyValue
from tests.peers import golang

TARGETS = {"value": "VALUE", "version": "VERSION", "create_revision": "CREATE",
           "mod_revision": "MOD"}  # fmt: skip
RESULTS = {"=": "EQUAL", "!=": "NOT_EQUAL", ">": "GREATER", "<": "LESS"}


ETCD = golang.BUILT / "etcd"


def build() -> None:
    """Build it; the first time this fetches its modules."""
    golang.build(ETCD.name, "go.etcd.io/etcd/server/v3")


def protocol() -> tuple[Any, Any]:
    """The messages and services of the proto file beside this one."""
    folder = str(Path(__file__).parent)
    if folder not in sys.path:
        sys.path.append(folder)
    return grpc.protos_and_services("etcd_v3.proto")


class Etcd:
    """One member's client side, with the answers in the words of `course_lib.etcd.requests`."""

    def __init__(self, port: int) -> None:
        self.pb, services = protocol()
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{port}",
            [("grpc.enable_retries", 0), ("grpc.max_reconnect_backoff_ms", 200)],
        )
        self.kv = services.KVStub(self.channel)
        self.lease = services.LeaseStub(self.channel)
        self.maintenance = services.MaintenanceStub(self.channel)
        self.watching = services.WatchStub(self.channel)

    def call(self, method: Any, request: Any, timeout: float = 60.0) -> Any:
        try:
            return method(request, timeout=timeout)
        except grpc.RpcError as error:
            raise EtcdError(error.details()) from None

    def apply(self, command: Any) -> EtcdResponse | EtcdError:
        """Do one command."""
        pb = self.pb
        try:
            match command:
                case Put() | Delete() | Get():
                    method = {Put: self.kv.Put, Delete: self.kv.DeleteRange, Get: self.kv.Range}
                    found = self.call(method[type(command)], self._request(command))
                    result: Any = self._result(command, found)
                    result = result if isinstance(command, Get) else (result,)
                case Txn():
                    request = pb.TxnRequest(
                        compare=[self._compare(c) for c in command.compare],
                        success=[self._operation(c) for c in command.success],
                        failure=[self._operation(c) for c in command.failure],
                    )
                    found = self.call(self.kv.Txn, request)
                    done = command.success if found.succeeded else command.failure
                    parts = [getattr(p, p.WhichOneof("response")) for p in found.responses]
                    result = found.succeeded, tuple(map(self._result, done, parts))
                case Compact():
                    request = pb.CompactionRequest(revision=command.revision)
                    found, result = self.call(self.kv.Compact, request), None
                case Grant():
                    request = pb.LeaseGrantRequest(TTL=int(command.seconds), ID=command.id)
                    found = self.call(self.lease.LeaseGrant, request)
                    result = found.ID
                case Revoke():
                    found = self.call(self.lease.LeaseRevoke, pb.LeaseRevokeRequest(ID=command.id))
                    result = None
                case Alarm(raised=False):
                    found, result = self.call(self.maintenance.Alarm, pb.AlarmRequest()), None
                    for each in found.alarms:  # as `etcdctl alarm disarm` does
                        off = pb.AlarmRequest(
                            action="DEACTIVATE", memberID=each.memberID, alarm=each.alarm
                        )
                        self.call(self.maintenance.Alarm, off)
            return EtcdResponse(found.header.revision, result)
        except EtcdError as error:
            return error

    def _request(self, command: Any) -> Any:
        key = command.key.encode()
        if isinstance(command, Put):
            value, lease = command.value.encode(), command.lease
            return self.pb.PutRequest(key=key, value=value, lease=lease, prev_kv=True)
        if isinstance(command, Get):
            return self.pb.RangeRequest(key=key, revision=command.revision)
        return self.pb.DeleteRangeRequest(key=key)

    def _operation(self, command: Any) -> Any:
        kind = {Put: "request_put", Delete: "request_delete_range", Get: "request_range"}
        return self.pb.RequestOp(**{kind[type(command)]: self._request(command)})

    def _compare(self, compare: Compare) -> Any:
        value = compare.value
        value = value.encode() if isinstance(value, str) else value
        return self.pb.Compare(
            key=compare.key.encode(),
            target=TARGETS[compare.target],
            result=RESULTS[compare.result],
            **{compare.target: value},
        )

    def _result(self, command: Any, found: Any) -> Any:
        if isinstance(command, Delete):
            return found.deleted
        if isinstance(command, Put):
            return self._key_value(found.prev_kv) if found.HasField("prev_kv") else None
        return self._key_value(found.kvs[0]) if found.kvs else None

    def _key_value(self, kv: Any) -> KeyValue:
        return KeyValue(
            kv.key.decode(),
            kv.value.decode(),
            kv.create_revision,
            kv.mod_revision,
            kv.version,
            kv.lease,
        )

    def here(self, key: str) -> str:
        """A serializable read: what this member has."""
        request = self.pb.RangeRequest(key=key.encode(), serializable=True)
        return self.call(self.kv.Range, request).kvs[0].value.decode()

    def watch(self, key: str, since: int, wanted: int, timeout: float = 30.0) -> list[Any]:
        """So many events of a key from a revision on; or why the watch was ended."""
        create = self.pb.WatchCreateRequest(key=key.encode(), start_revision=since)
        over = threading.Event()

        def requests() -> Iterator[Any]:
            yield self.pb.WatchRequest(create_request=create)
            over.wait(timeout)

        stream = self.watching.Watch(requests(), timeout=timeout)
        heard: list[Any] = []
        for answer in stream:
            if answer.canceled:
                heard.append(("ended", answer.compact_revision))
                break
            for event in answer.events:
                kind = "DELETE" if event.type else "PUT"
                heard.append((kind, event.kv.mod_revision, event.kv.value.decode()))
            if len(heard) >= wanted:
                break
        over.set()
        stream.cancel()
        return heard

    def alarms(self) -> int:
        """How many alarms are raised."""
        return len(self.call(self.maintenance.Alarm, self.pb.AlarmRequest()).alarms)

    def defragment(self) -> None:
        """Give back what compaction has freed, once it has done so."""
        time.sleep(1)
        self.call(self.maintenance.Defragment, self.pb.DefragmentRequest())

    def status(self, timeout: float = 1.0) -> Any:
        """The member's view: its own ID, the leader's, the term."""
        return self.call(self.maintenance.Status, self.pb.StatusRequest(), timeout)


class Proxy:
    """What stands before a member's peer port: it knows who calls, and hangs up on whom it must."""

    def __init__(self, name: str, target: int, cluster: dict[str, Process]) -> None:
        self.name, self.target, self.cluster = name, target, cluster
        self.cut: set[str] = set()  # from whom nothing comes through
        self.open: list[tuple[str, socket.socket, socket.socket]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def block(self, source: str) -> None:
        """Hang up on one member, and do not answer it any more."""
        self.cut.add(source)
        for who, *pair in list(self.open):
            if who == source:
                for end in pair:
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, address = self.listener.accept()
                source = self._who(address[1])
                try:
                    if source in self.cut:
                        raise OSError
                    target = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    caller.close()
                    continue
                self.open.append((source, caller, target))
                for one, other in ((caller, target), (target, caller)):
                    threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    def _who(self, port: int) -> str:
        """The member whose process has a socket of this local port."""
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            parts = line.split()
            if int(parts[1].split(":")[1], 16) == port:
                wanted = f"socket:[{parts[9]}]"
                for name, each in self.cluster.items():
                    folder = f"/proc/{each.process.pid}/fd"
                    with suppress(OSError):
                        for fd in os.listdir(folder):
                            with suppress(OSError):
                                if os.readlink(f"{folder}/{fd}") == wanted:
                                    return name
        return ""


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Process:
    """One member's process."""

    def __init__(self, folder: Path, name: str, client: int, peer: int, *more: str) -> None:
        self.folder, self.name, self.client_port, self.peer_port = folder, name, client, peer
        self.more = more
        self.log = folder / f"{name}.log"
        self.client = Etcd(client)

    def start(self, proxies: dict[str, Proxy]) -> None:
        urls = {name: f"http://127.0.0.1:{proxy.port}" for name, proxy in proxies.items()}
        here = f"http://127.0.0.1:{self.client_port}"
        self.command = [
            str(ETCD), "--name", self.name, "--data-dir", str(self.folder / self.name),
            "--listen-client-urls", here, "--advertise-client-urls", here,
            "--listen-peer-urls", f"http://127.0.0.1:{self.peer_port}",
            "--initial-advertise-peer-urls", urls[self.name],
            "--initial-cluster", ",".join(f"{n}={url}" for n, url in urls.items()),
            "--initial-cluster-state", "new", *self.more,
        ]  # fmt: skip
        self.again()

    def again(self) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Members(dict[str, Process]):
    """A cluster of real members, by name."""

    proxies: dict[str, Proxy]

    def part(self, one: str) -> None:
        """One member and the others do not hear each other any more."""
        for other in self:
            if other != one:
                self.proxies[one].block(other)
                self.proxies[other].block(one)

    def heal(self) -> None:
        """Everybody hears everybody."""
        for proxy in self.proxies.values():
            proxy.cut.clear()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def members(folder: Path, count: int, *more: str) -> Iterator[Members]:
    """A cluster of real members, with a leader."""
    made = Members()
    for number in range(count):
        name = f"etcd-{number + 1}"
        made[name] = Process(folder, name, free_port(), free_port(), *more)
    made.proxies = {name: Proxy(name, each.peer_port, made) for name, each in made.items()}
    try:
        for each in made.values():
            each.start(made.proxies)
        wait_for_leader(made)
        yield made
    finally:
        for each in made.values():
            each.kill()
            each.client.channel.close()
        for proxy in made.proxies.values():
            proxy.listener.close()


def wait_for_leader(
    made: dict[str, Process], but: str = "", among: tuple[str, ...] = (), seconds: float = 30
) -> str:
    """The leader's name, once all that live (or those named) agree on one (other than `but`)."""
    for _ in range(int(seconds * 50)):
        alive = {n: p for n, p in made.items()
                 if p.process.poll() is None and (not among or n in among)}  # fmt: skip
        views = {}
        for name, each in alive.items():
            try:
                views[name] = each.client.status()
            except EtcdError:
                break
        ids = {view.header.member_id: name for name, view in views.items()}
        leaders = {view.leader for view in views.values()}
        if len(views) == len(alive) and len(leaders) == 1:
            name = ids.get(next(iter(leaders)), "")
            if name and name != but:
                return name
        time.sleep(0.02)
    raise AssertionError("no leader: " + "".join(p.log.read_text()[-500:] for p in made.values()))
