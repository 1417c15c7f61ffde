"""How streams travel in a WebSocket: each message begins with the number of its channel.

Source: Kubernetes enhancement 4006, "Transition from SPDY to WebSockets";
`k8s.io/apimachinery/pkg/util/remotecommand/constants.go`; of ports,
`k8s.io/cri-streaming/pkg/streaming/portforward/websocket.go`: for the port in place `n` of the
request, channel `2n` has the data and `2n + 1` what goes wrong, and the first message of each is
the port's number in two bytes, the lower one first.
"""

from __future__ import annotations

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
CHANNELS = {"stdout": STDOUT, "stderr": STDERR}
NAMES = {number: name for name, number in CHANNELS.items()}
COMMANDS = "v5.channel.k8s.io"
PORTS = "v4.channel.k8s.io"
PROTOCOLS = (COMMANDS, PORTS)


def message(channel: int, data: bytes) -> bytes:
    """A message of a channel.

    >>> message(STDOUT, b"hi")
    b'\\x01hi'
    """
    return bytes([channel]) + data
