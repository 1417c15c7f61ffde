"""Connections to ports of a Pod in one connection of SPDY, from the client's side."""

from __future__ import annotations

import pytest

from course_lib.apiserver.port_tunnel import PortTunnel
from course_lib.apiserver.spdy import (
    GOAWAY,
    MOST,
    PING,
    RST_STREAM,
    SYN_REPLY,
    SYN_STREAM,
    Frame,
    SPDYConnection,
    SPDYError,
)


class Echo:
    """A connection that gives back what it gets; port 81 refuses."""

    def __init__(self, port):
        self.port, self.said, self.ended, self.left = port, [], False, False

    def take(self):
        said, self.said = self.said, []
        return said

    def type(self, data):
        if self.port == 81:
            self.said.append(("stderr", b"refused"))
            self.ended = True
        else:
            self.said.append(("stdout", data))

    def close(self):
        self.ended = True

    def hang_up(self):
        self.left = self.ended = True


class Client:
    """The client's side of a tunnel."""

    def __init__(self):
        self.spdy, self.frames, self.opened = SPDYConnection(), [], []
        self.tunnel = PortTunnel(self, lambda data: self.frames.extend(self.spdy.read(data)))

    def dial(self, port):
        self.opened.append(Echo(port))
        return self.opened[-1]

    def send(self, *frames):
        self.frames.clear()
        self.tunnel.hear(b"".join(map(self.spdy.write, frames)))
        return [(each.stream, each.type, each.data, each.last) for each in self.frames]

    def open(self, number, port="80"):
        common = {"port": port, "requestid": str(number)}
        return self.send(
            Frame(number, SYN_STREAM, headers=common | {"streamtype": "error"}),
            Frame(number, last=True),
            Frame(number + 2, SYN_STREAM, headers=common | {"streamtype": "data"}),
        )


@pytest.fixture
def client():
    return Client()


def test_a_connection_is_two_streams(client):
    assert client.open(1) == [(1, SYN_REPLY, b"", False), (3, SYN_REPLY, b"", False)]
    assert [each.port for each in client.opened] == [80]
    assert client.send(Frame(3, data=b"hello")) == [(3, 0, b"hello", False)]
    assert client.send(Frame(3, last=True)) == [(3, 0, b"", True), (1, 0, b"", True)]


def test_connections_share_a_tunnel(client):
    client.open(1), client.open(5)
    said = client.send(Frame(7, data=b"second"), Frame(3, data=b"first"))
    assert said == [(7, 0, b"second", False), (3, 0, b"first", False)]


def test_what_fails_is_said_in_the_stream_of_errors_and_both_are_reset(client):
    client.open(1, "81")
    said = client.send(Frame(3, data=b"hello"))
    assert said == [
        (1, 0, b"refused", False),
        (3, RST_STREAM, b"", False),
        (1, RST_STREAM, b"", False),
    ]
    assert client.send(Frame(3, data=b"more")) == []


def test_a_client_that_resets_its_data_leaves(client):
    client.open(1)
    client.send(Frame(3, RST_STREAM))
    assert client.opened[0].left


def test_a_client_that_goes_leaves_all(client):
    client.open(1), client.open(5)
    client.send(Frame(0, GOAWAY))
    assert client.tunnel.gone
    client.tunnel.close()
    assert [each.left for each in client.opened] == [True, True]


@pytest.mark.parametrize(
    "headers",
    [
        {"streamtype": "data"},
        {"streamtype": "data", "port": "0"},
        {"streamtype": "data", "port": "65536"},
        {"streamtype": "data", "port": "http"},
        {"streamtype": "other", "port": "80"},
    ],
)
def test_a_stream_for_nothing_is_reset(client, headers):
    assert client.send(Frame(1, SYN_STREAM, headers=headers)) == [(1, RST_STREAM, b"", False)]


def test_a_ping_is_answered(client):
    assert client.send(Frame(7, PING)) == [(7, PING, b"", False)]


def test_much_data_travels_in_frames_of_a_limited_size(client):
    client.open(1)
    data = bytes(range(256)) * (MOST // 128)
    said = client.send(Frame(3, data=data))
    assert [len(each[2]) for each in said] == [MOST, MOST]
    assert b"".join(each[2] for each in said) == data


def test_bytes_come_in_any_pieces(client):
    client.open(1)
    data = client.spdy.write(Frame(3, data=b"hello"))
    client.frames.clear()
    for place in range(len(data)):
        client.tunnel.hear(data[place : place + 1])
    assert [each.data for each in client.frames] == [b"hello"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02\x00\x01\x00\x00\x00\x04\x00\x00\x00\x01",  # of version 2
        b"\x80\x03\x00\x01\x00\x00\x00\x0c\x00\x00\x00\x01" + bytes(8),  # headers cannot be read
        b"\x80\x03\x00\x06\x00\x00\x00\x00",  # a ping without a number
    ],
)
def test_what_is_no_spdy_is_refused(client, data):
    with pytest.raises(SPDYError):
        client.tunnel.hear(data)
