"""A connection from outside to a port of a Pod, as `kubectl port-forward` has it.

The runtime enters the network namespace of the sandbox and connects to `localhost` there. Of the
protocols behind a port HTTP is simulated; a request is answered at once, and takes no simulated
time.
Source: containerd `internal/cri/server/sandbox_portforward_linux.go`; what is said around its
words, `k8s.io/cri-streaming` `pkg/streaming/portforward/httpstream.go`.
"""

from __future__ import annotations

import re
import zlib

from course_lib.runtimes.container_network import (
    ANSWERED,
    Contact,
    ContainerNetwork,
    HTTPQuestion,
    HTTPReply,
)
from course_lib.runtimes.session import StreamSession

HERE = "127.0.0.1"
FAILED = (
    "error forwarding port {port} to pod {sandbox}, uid : "
    'failed to execute portforward in network namespace "{namespace}": failed to connect to '
    'localhost:{port} inside namespace "{sandbox}", IPv4: dial tcp4 127.0.0.1:{port}: connect: '
    "connection refused IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
)
OTHER = "the course does not simulate the protocol of the program at port {port}\n"
_HEAD_END = b"\r\n\r\n"
_NUMBER = re.compile(rb"\d+")


class ForwardedPort(StreamSession):
    """A connection to a `port` of the sandbox with an ID, in its `network`."""

    def __init__(self, network: ContainerNetwork, sandbox: str, port: int) -> None:
        super().__init__(stdin=True, tty=False)
        self._network, self._port, self._received = network, port, b""
        self._sandbox = sandbox
        self._contact: Contact | None = None

    def type(self, data: bytes) -> None:
        """Send bytes; each request in them that is whole is answered."""
        self._received += data
        while not self.ended and (question := self._question()) is not None:
            self._answer(question)

    def close(self) -> None:
        """The client sends no more: a server that has answered hangs up."""
        self.finish(0)

    def _question(self) -> HTTPQuestion | None:
        """The next request that has come whole."""
        head, end, rest = self._received.partition(_HEAD_END)
        if not end:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.strip(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = next((v for n, v in headers.items() if n.lower() == "content-length"), "0")
        size = int(length) if length.isdecimal() else 0
        if len(rest) < size:
            return None
        self._received = rest[size:]
        method, _, target = first.partition(" ")
        return HTTPQuestion(method, target.rpartition(" ")[0] or "/", headers, rest[:size], HERE)

    def _answer(self, question: HTTPQuestion) -> None:
        contact = self._network.contact(HERE, self._port)
        if contact.outcome != ANSWERED:
            number = f"{zlib.crc32(self._sandbox.encode()):08x}"
            namespace = f"/var/run/netns/cni-{number}"
            said = FAILED.format(namespace=namespace, sandbox=self._sandbox, port=self._port)
            self._end(said)
            return
        reply = contact.peer.respond(self._port, question) if contact.peer is not None else None
        if reply is None:
            self._end(OTHER.format(port=self._port))
            return
        self.say("stdout", written(reply, question.method == "HEAD"))
        wishes = {n.lower(): v.lower() for n, v in question.headers.items()}
        if reply.version == "1.0" or wishes.get("connection") == "close":
            self.finish(0)

    def _end(self, said: str) -> None:
        self.say("stderr", said.encode())
        self.finish(0)


def written(reply: HTTPReply, head_only: bool = False) -> bytes:
    """A reply as it travels; `head_only` leaves its body out.

    >>> written(HTTPReply(200, "OK", {"Content-Length": "2"}, b"hi"))
    b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi'
    """
    lines = [f"HTTP/{reply.version} {reply.status} {reply.reason}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    head = "\r\n".join(lines).encode("latin-1") + _HEAD_END
    return head if head_only else head + reply.body
