"""Real etcd members on loopback ports, started for the tests, asked by the v3 API's JSON gateway.

It needs Debian's `etcd-server`. The members live in a folder of the test's and end with it.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib.etcd import Compact, Compare, Delete, EtcdError, Get, Put, Txn
from course_lib.etcd.requests import Answer, KeyValue

TARGETS = {
    "value": ("VALUE", "value"),
    "version": ("VERSION", "version"),
    "create_revision": ("CREATE", "create_revision"),
    "mod_revision": ("MOD", "mod_revision"),
}
RESULTS = {"=": "EQUAL", "!=": "NOT_EQUAL", ">": "GREATER", "<": "LESS"}


def missing() -> str:
    """Why there can be no real etcd here; empty when there can."""
    return "" if shutil.which("etcd") else "etcd is not installed (Debian: etcd-server)"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def plain(text: str) -> str:
    return base64.b64decode(text).decode()


class Etcd:
    """One member's client side, with the answers in the words of `course_lib.etcd.mvcc`."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v3"

    def post(self, path: str, timeout: float = 60.0, **body: Any) -> dict[str, Any]:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise EtcdError(json.load(error)["error"]) from None

    def apply(self, command: Any) -> Answer | EtcdError:
        """Do one command."""
        try:
            match command:
                case Put() | Delete() | Get():
                    name = {Put: "put", Delete: "deleterange", Get: "range"}[type(command)]
                    found = self.post(f"kv/{name}", **self._request(command))
                    result: Any = self._result(command, found)
                    result = result if isinstance(command, Get) else (result,)
                case Txn():
                    found = self.post(
                        "kv/txn",
                        compare=[self._compare(c) for c in command.compare],
                        success=[self._operation(c) for c in command.success],
                        failure=[self._operation(c) for c in command.failure],
                    )
                    held = found.get("succeeded", False)
                    done = command.success if held else command.failure
                    parts = [next(iter(part.values())) for part in found.get("responses", [])]
                    results = tuple(map(self._result, done, parts))
                    result = held, results
                case Compact():
                    found = self.post("kv/compaction", revision=command.revision)
                    result = None
            return Answer(int(found["header"]["revision"]), result)
        except EtcdError as error:
            return error

    def _request(self, command: Any) -> dict[str, Any]:
        key = {"key": coded(command.key)}
        if isinstance(command, Put):
            return key | {"value": coded(command.value), "prev_kv": True}
        return key | ({"revision": command.revision} if isinstance(command, Get) else {})

    def _operation(self, command: Any) -> dict[str, Any]:
        kind = {Put: "request_put", Delete: "request_delete_range", Get: "request_range"}
        return {kind[type(command)]: self._request(command)}

    def _compare(self, compare: Compare) -> dict[str, Any]:
        target, field = TARGETS[compare.target]
        value = coded(compare.value) if compare.target == "value" else compare.value
        return {"key": coded(compare.key), "target": target, "result": RESULTS[compare.result],
                field: value}  # fmt: skip

    def _result(self, command: Any, found: dict[str, Any]) -> Any:
        if isinstance(command, Delete):
            return int(found.get("deleted", 0))
        kvs = found.get("kvs", []) if isinstance(command, Get) else [found.get("prev_kv")]
        return self._key_value(kvs[0]) if kvs and kvs[0] else None

    def _key_value(self, kv: dict[str, str]) -> KeyValue:
        return KeyValue(
            plain(kv["key"]),
            plain(kv.get("value", "")),
            int(kv["create_revision"]),
            int(kv["mod_revision"]),
            int(kv["version"]),
        )

    def status(self, timeout: float = 1.0) -> dict[str, Any]:
        """The member's view: its own ID, the leader's, the term."""
        return self.post("maintenance/status", timeout=timeout)


class Process:
    """One member's process."""

    def __init__(self, folder: Path, name: str, ports: dict[str, tuple[int, int]]) -> None:
        client, peer = ports[name]
        everybody = ",".join(f"{n}=http://127.0.0.1:{p}" for n, (_, p) in ports.items())
        self.command = [
            "etcd", "--name", name, "--data-dir", str(folder / name),
            "--listen-client-urls", f"http://127.0.0.1:{client}",
            "--advertise-client-urls", f"http://127.0.0.1:{client}",
            "--listen-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-cluster", everybody, "--initial-cluster-state", "new",
        ]  # fmt: skip
        self.log = folder / f"{name}.log"
        self.client = Etcd(client)
        self.start()

    def start(self) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def members(folder: Path, count: int) -> Iterator[dict[str, Process]]:
    """A cluster of real members, with a leader."""
    ports = {f"etcd-{n + 1}": (free_port(), free_port()) for n in range(count)}
    made = {name: Process(folder, name, ports) for name in ports}
    try:
        wait_for_leader(made)
        yield made
    finally:
        for each in made.values():
            each.kill()


def wait_for_leader(made: dict[str, Process], but: str = "", seconds: float = 30) -> str:
    """The leader's name, once all that live agree on one (other than `but`)."""
    for _ in range(int(seconds * 50)):
        alive = {n: p for n, p in made.items() if p.process.poll() is None}
        views = {}
        for name, each in alive.items():
            try:
                views[name] = each.client.status()
            except (OSError, EtcdError):
                break
        ids = {view["header"]["member_id"]: name for name, view in views.items()}
        leaders = {view.get("leader", "0") for view in views.values()}
        if len(views) == len(alive) and len(leaders) == 1:
            name = ids.get(next(iter(leaders)), "")
            if name and name != but:
                return name
        time.sleep(0.02)
    raise AssertionError("no leader: " + "".join(p.log.read_text()[-500:] for p in made.values()))
