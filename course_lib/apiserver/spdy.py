"""SPDY/3.1 as `kubectl port-forward` speaks it: many streams in one connection.

A frame begins with eight bytes. Those of a data frame are the number of its stream, its flags and
its length; those of a control frame are the version and the type, flags and length. A stream begins
with SYN_STREAM, which names it in headers, and SYN_REPLY accepts it. Each side ends its half with
the flag FIN, or both with RST_STREAM. Headers are compressed by one zlib stream for the connection.

Source: "SPDY Protocol - Draft 3.1" (chromium.org), sections 2.2, 2.6 and 2.6.10. Not here: the
settings and the windows of flow control, which no client of Kubernetes uses.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

VERSION, CONTROL, FIN = 3, 0x8000, 0x01
SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
INTERNAL_ERROR = 6  # the status of a stream that is reset
HEAD = 8  # bytes before the content of a frame
MOST = 1 << 16  # bytes of data in one frame
NUMBER = 0x7FFFFFFF  # the bits of a stream's number

# What zlib knows before the first header: names and values that are frequent in HTTP.
_WORDS = """options head post put delete trace accept accept-charset accept-encoding
accept-language accept-ranges age allow authorization cache-control connection content-base
content-encoding content-language content-length content-location content-md5 content-range
content-type date etag expect expires from host if-match if-modified-since if-none-match if-range
if-unmodified-since last-modified location max-forwards pragma proxy-authenticate
proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent
vary via warning www-authenticate method get status 200~OK version HTTP/1.1 url public set-cookie
keep-alive origin"""
_TEXT = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 "
    "Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 "
    "Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service "
    "UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, "
    "Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/"
    "xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8"
    "charset=iso-8859-1,utf-,*,enq=0."
)


def _counted(text: str) -> bytes:
    data = text.encode("latin-1")
    return struct.pack(">I", len(data)) + data


DICTIONARY = b"".join(_counted(word.replace("~", " ")) for word in _WORDS.split()) + _TEXT.encode()


class Frame(NamedTuple):
    """A frame of a stream: of a control `type`, or with `data` (type 0); `last` has the flag FIN.

    `headers` are those of a stream that begins. The number of a ping is its `stream`.
    """

    stream: int
    type: int = 0
    data: bytes = b""
    headers: Mapping[str, str] = {}
    last: bool = False


class SPDYError(ValueError):
    """What the other side sent is no frame of SPDY."""


class SPDYConnection:
    """One side of a connection: bytes become frames, and frames bytes.

    >>> here, there = SPDYConnection(), SPDYConnection()
    >>> begun = here.write(Frame(1, SYN_STREAM, headers={"port": "80"}))
    >>> list(there.read(begun + here.write(Frame(1, data=b"hi", last=True))))
    [Frame(stream=1, type=1, data=b'', headers={'port': '80'}, last=False), \
Frame(stream=1, type=0, data=b'hi', headers={}, last=True)]
    """

    def __init__(self) -> None:
        self._received = b""
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def read(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole with this `data`; raises `SPDYError`."""
        self._received += data
        while len(self._received) >= HEAD:
            first, second = struct.unpack(">II", self._received[:HEAD])
            end = HEAD + (second & 0xFFFFFF)
            if len(self._received) < end:
                return
            content, self._received = self._received[HEAD:end], self._received[end:]
            last = bool(second >> 24 & FIN)
            if not first >> 16 & CONTROL:
                yield Frame(first & NUMBER, data=content, last=last)
            elif first >> 16 & ~CONTROL != VERSION or len(content) < 4:
                raise SPDYError("the frame is of another version, or has no content")
            else:
                yield self._control(first & 0xFFFF, content, last)

    def _control(self, type: int, content: bytes, last: bool) -> Frame:
        number = struct.unpack(">I", content[:4])[0]
        skipped = {SYN_STREAM: 10, SYN_REPLY: 4}.get(type)  # bytes before the headers
        headers = {} if skipped is None else self._headers(content[skipped:])
        return Frame(number if type == PING else number & NUMBER, type, b"", headers, last)

    def _headers(self, compressed: bytes) -> dict[str, str]:
        try:
            block = self._inflate.decompress(compressed)
            texts, start = [], 4
            for _ in range(2 * struct.unpack(">I", block[:4])[0]):
                end = start + 4 + struct.unpack(">I", block[start : start + 4])[0]
                texts.append(block[start + 4 : end].decode())
                start = end
        except (zlib.error, struct.error, UnicodeDecodeError):
            raise SPDYError("the headers cannot be read") from None
        return dict(zip(texts[::2], texts[1::2], strict=True))

    def write(self, frame: Frame) -> bytes:
        """A frame as bytes."""
        flags = (FIN if frame.last else 0) << 24
        if not frame.type:
            return struct.pack(">II", frame.stream, flags | len(frame.data)) + frame.data
        content = struct.pack(">I", frame.stream)
        if frame.type == SYN_STREAM:
            content += bytes(6)  # no other stream belongs to it, and no priority
        if frame.type in (SYN_STREAM, SYN_REPLY):
            pairs = [_counted(text) for pair in frame.headers.items() for text in pair]
            block = struct.pack(">I", len(frame.headers)) + b"".join(pairs)
            content += self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        elif frame.type in (RST_STREAM, GOAWAY):
            content += struct.pack(">I", INTERNAL_ERROR if frame.type == RST_STREAM else 0)
        head = struct.pack(">HHI", CONTROL | VERSION, frame.type, flags | len(content))
        return head + content
