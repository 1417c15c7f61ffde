"""Ports of this machine that lead to ports of a Pod.

Each connection is carried by a thread. A port stays open until another command takes it, until the
program ends, or for as long as `--request-timeout` says.
Source: client-go `tools/portforward/portforward.go`.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from course_lib.apiserver.pod_streams import PodStream, PortsOfPod
from course_lib.kubectl.failures import CommandError

LOOK = 0.02  # real s between two looks at a connection
LARGEST = 65535
_OPEN: dict[tuple[str, int], PortListener] = {}  # of this program, by address and port
_ONE_AT_A_TIME = threading.RLock()  # connections to a simulated Pod


class Forwarding(msgspec.Struct, frozen=True):
    """A local port and the Pod's; 0 takes a free one here.

    >>> Forwarding.read("8080:80"), Forwarding.read(":80").local
    (Forwarding(local=8080, remote=80), 0)
    """

    local: int
    remote: int

    @classmethod
    def read(cls, text: str) -> Forwarding:
        """Read `PORT` or `LOCAL:REMOTE` (`parsePorts`); raises `CommandError`."""
        parts = text.split(":")
        if len(parts) > 2:
            raise CommandError(f"invalid port format '{text}'")
        remote = _number(parts[-1], "remote")
        local = _number((parts[0] or "0") if len(parts) == 2 else parts[0], "local")
        if remote == 0:
            raise CommandError("remote port must be > 0")
        return cls(local, remote)


def _number(text: str, side: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        why = "invalid syntax"
    elif int(text) > LARGEST:
        why = "value out of range"
    else:
        return int(text)
    parsing = f'strconv.ParseUint: parsing "{text}": {why}'
    raise CommandError(f"error parsing {side} port '{text}': {parsing}")


class PortListener:
    """A port at an `address` of this machine that leads to one of `ports`.

    `wanted` says which; `say` tells of each connection.
    """

    def __init__(
        self, ports: PortsOfPod, address: str, wanted: Forwarding, say: Callable[[str], None]
    ) -> None:
        self._ports, self._remote, self._say = ports, wanted.remote, say
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        taken = _OPEN.pop((address, wanted.local), None)
        if taken is not None:
            taken.close()
        self._socket = socket.create_server((address, wanted.local), family=family)
        self.port: int = self._socket.getsockname()[1]
        self._key = (address, self.port)
        _OPEN[self._key] = self
        threading.Thread(target=self._accept, name="kubectl port-forward", daemon=True).start()

    def close(self, after: float = 0.0) -> None:
        """Listen no more, now or in so many real seconds."""
        if after:
            timer = threading.Timer(after, self.close)
            timer.daemon = True
            timer.start()
            return
        if _OPEN.get(self._key) is self:
            del _OPEN[self._key]
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # it is closed
            self._say(f"Handling connection for {self.port}\n")
            carry = threading.Thread(target=self._carry, args=(connection,), daemon=True)
            carry.start()

    def _carry(self, connection: socket.socket) -> None:
        """Carry bytes between a connection here and one to the Pod, until either ends."""
        with connection, suppress(OSError, CommandError):
            with _ONE_AT_A_TIME:
                stream = self._ports.dial(self._remote)
            connection.settimeout(LOOK)
            while self._carried(connection, stream):
                pass

    def _carried(self, connection: socket.socket, stream: PodStream) -> bool:
        """Carry what there is; whether the connection goes on."""
        try:
            data: bytes | None = connection.recv(1 << 16)
        except TimeoutError:
            data = None
        with _ONE_AT_A_TIME:
            if data:
                stream.type(data)
            elif data is not None:
                stream.hang_up()
                return False
            said = stream.take()
        for name, part in said:
            if name == "stdout":
                connection.sendall(part)
            else:
                self._say(f"an error occurred forwarding {self.port} -> {self._remote}: ")
                self._say(part.decode(errors="replace").rstrip() + "\n")
        return not stream.ended


def wait_real(seconds: float) -> None:
    """Wait so many real seconds, or until somebody presses Ctrl-C."""
    end = time.monotonic() + seconds
    with suppress(KeyboardInterrupt):
        while time.monotonic() < end:
            time.sleep(min(1.0, max(0.0, end - time.monotonic())))
