"""The Linux kernel as a peer: a simulated network made real in namespaces, and asked.

Needs root and iproute2; makes only namespaces whose names begin with a prefix of its own, and
removes them. In each namespace a small server says who it is and whom it sees; a client asks
many of them in a row.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

from course_lib.network.linux import KernelScript

SERVER = """
import selectors, socket, sys
me, *ports = sys.argv[1:]
waiting = selectors.DefaultSelector()
for port in ports:
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", int(port)))
    server.listen(64)
    waiting.register(server, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in waiting.select():
        connection, peer = key.fileobj.accept()
        connection.settimeout(2)
        try:
            connection.sendall((me + " " + peer[0].removeprefix("::ffff:")).encode())
        except OSError:
            pass
        connection.close()
"""
CLIENT = """
import json, socket, sys
for address, port, timeout in json.loads(sys.argv[1]):
    try:
        with socket.create_connection((address, port), timeout=timeout) as connection:
            connection.settimeout(timeout)
            print(connection.recv(200).decode() or "closed", flush=True)
    except ConnectionRefusedError:
        print("refused", flush=True)
    except OSError as error:
        print("nothing", flush=True)
"""


class Answer(NamedTuple):
    """Who answered (nobody: refused or nothing), and the source address that it saw."""

    at: str
    seen: str


PROBE = "course-probe"


def missing() -> str:
    """Why the kernel cannot be asked here; nothing when it can."""
    if os.geteuid() != 0:
        return "network namespaces are made by root"
    for tool in ("ip", "bridge", "iptables-restore", "ipset", "ipvsadm", "nft", "sysctl"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    made = subprocess.run(["ip", "netns", "add", PROBE], capture_output=True, text=True)
    if made.returncode:
        return f"no network namespace can be made: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", PROBE], check=False)
    return ""


def kernel_lacks(*kinds: str) -> str:
    """Which of these kinds of devices (or `ipvs`) the kernel does not have; nothing if all."""
    subprocess.run(["ip", "netns", "add", PROBE], check=True)
    try:
        for kind in kinds:
            if kind == "ipvs":
                made = subprocess.run(
                    ["ip", "netns", "exec", PROBE, "ipvsadm", "-S"], capture_output=True, text=True
                )
                if made.returncode:
                    return f"the kernel has no IPVS: {made.stderr.strip().splitlines()[0]}"
                continue
            extra = ["id", "1", "dstport", "8472"] if kind == "vxlan" else []
            command = ["ip", "-n", PROBE, "link", "add", "probe0", "type", kind, *extra]
            made = subprocess.run(command, capture_output=True, text=True)
            if made.returncode:
                return f"the kernel has no device of kind {kind}: {made.stderr.strip()}"
            subprocess.run(["ip", "-n", PROBE, "link", "del", "probe0"], capture_output=True)
    finally:
        subprocess.run(["ip", "netns", "del", PROBE], check=False)
    return ""


# Seconds to wait for an answer: long where one is expected (the machine may be busy), short where
# none is.
PATIENT, BRIEF = 10.0, 0.2
Target = tuple[str, int]


class Kernel:
    """A network in the kernel, for as long as a `with` lasts."""

    def __init__(self, script: KernelScript, serve: dict[str, tuple[int, ...]]) -> None:
        self.script, self.serve = script, serve
        self._servers: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Kernel:
        self._bash(self.script.down)
        try:
            self._bash(self.script.up)
            for name, ports in self.serve.items():
                command = [sys.executable, "-c", SERVER, name, *map(str, ports)]
                self._servers.append(
                    subprocess.Popen(
                        [*self._within(name), *command], stdout=subprocess.PIPE, text=True
                    )
                )
            for server in self._servers:
                assert server.stdout is not None and server.stdout.readline() == "ready\n"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.kill()
            server.wait()
            assert server.stdout is not None
            server.stdout.close()
        self._bash(self.script.down)

    def _within(self, name: str) -> list[str]:
        return ["ip", "netns", "exec", self.script.names[name]]

    def _bash(self, text: str) -> None:
        done = subprocess.run(["bash"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def output(self, name: str, command: str) -> str:
        """What a command prints in a namespace."""
        done = subprocess.run(
            [*self._within(name), *command.split()], capture_output=True, text=True, check=True
        )
        return done.stdout

    def ask(self, name: str, targets: list[tuple[Target, bool]]) -> list[Answer]:
        """Connect from a namespace to each address and port; who answered, and whom it saw.

        Each target says whether an answer (a refusal is one) is expected.
        """
        asked = [(*target, PATIENT if expected else BRIEF) for target, expected in targets]
        command = [sys.executable, "-c", CLIENT, json.dumps(asked)]
        done = subprocess.run(
            [*self._within(name), *command], capture_output=True, text=True, check=True
        )
        answers = []
        for line in done.stdout.splitlines():
            at, _, seen = line.partition(" ")
            answers.append(Answer(at, seen))
        assert len(answers) == len(targets), done.stderr
        return answers
