"""A static host for the site, in a folder below a domain, that writes down what it is asked for.

It is the browser's proxy as well: what is meant for another host comes here, and is refused.
"""

from __future__ import annotations

import gzip
import threading
import zlib
from collections import Counter
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from docs.site.__main__ import SITE
from docs.site.pages import PACKED

FOLDER = "/folder/course/"
# As nginx sends them with its default types: no browser runs such a `.mjs`.
TYPES = {".mjs": "application/octet-stream", ".wasm": "application/wasm", ".whl": "application/zip"}
# What Chromium asks of its maker by itself, whatever page is shown.
CHROMIUM = ("accounts.google.com", "content-autofill.googleapis.com", "update.googleapis.com")


@cache
def sent(path: Path) -> tuple[bytes, bool]:
    """The bytes of a file as a host sends them, and whether they are compressed."""
    data = path.read_bytes()
    small = path.suffix not in PACKED
    return (gzip.compress(data, 6) if small else data), small


class Handler(SimpleHTTPRequestHandler):
    """One request."""

    server: Host
    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

    def do_CONNECT(self) -> None:
        """A request for another host, encrypted."""
        self.refuse_other_host(self.path)

    def refuse_other_host(self, address: str) -> None:
        name = address.partition("://")[2].partition("/")[0] or address
        if name.partition(":")[0] not in CHROMIUM:
            self.server.elsewhere.append(address)
        self.send_error(403)

    def do_GET(self) -> None:
        """A file of the site."""
        if self.server.closed:  # a connection that is still open is no network
            self.close_connection = True
            return
        if "://" in self.path:
            self.refuse_other_host(self.path)
            return
        path = self.path.partition("?")[0]
        file = SITE / path.removeprefix(FOLDER)
        if self.server.shortens and path.endswith(".html"):
            self.redirect(path.removesuffix(".html").removesuffix("index"))
            return
        if path.endswith("/") and self.server.answers_folders:
            file = file / "index.html"
        elif self.server.shortens and not file.suffix:
            file = file.with_suffix(".html")
        if not path.startswith(FOLDER) or not file.is_file():
            self.server.missing.append(path)
            self.send_error(404)
            return
        if file in self.server.failing:
            self.send_error(503)
            return
        data, small = sent(file)
        if file in self.server.instead:
            data, small = self.server.instead[file], False
        tag = f'"{zlib.crc32(data):x}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        self.server.bytes[path.removeprefix(FOLDER)] += len(data)
        self.send_response(200)
        self.send_header("ETag", tag)
        self.send_header("Content-Type", self.guess_type(str(file)))
        if small:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        half = len(data) // 2 if file in self.server.held else 0
        self.wfile.write(data[:half])
        if half:
            self.server.go_on.wait()
        self.wfile.write(data[half:])

    def redirect(self, path: str) -> None:
        """Send the browser to another address, with the query."""
        self.send_response(308)
        _, mark, query = self.path.partition("?")
        self.send_header("Location", path + mark + query)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *told: object) -> None:
        """Nothing."""


class Host(ThreadingHTTPServer):
    """A host on a free port of this machine; `bytes` counts what each file took to send."""

    daemon_threads = True
    request_queue_size = 128  # a page opens many connections at once

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bytes: Counter[str] = Counter()
        self.instead: dict[Path, bytes] = {}  # what is sent in place of a file of the site
        self.failing: set[Path] = set()  # files that cannot be had now
        self.held: set[Path] = set()  # files whose second half waits for `go_on`
        self.go_on = threading.Event()
        self.closed = False
        self.answers_folders = True  # with their index.html
        self.shortens = False  # redirects to addresses without index.html and .html
        self.elsewhere: list[str] = []
        self.missing: list[str] = []
        self.name = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"http://{self.name}{FOLDER}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def megabytes(self) -> float:
        """What was sent so far."""
        return sum(self.bytes.values()) / 1e6

    def complaints(self) -> list[str]:
        """What was asked for and is not on this host, since the last call."""
        found = self.elsewhere + self.missing
        self.elsewhere, self.missing = [], []
        return found

    def close(self) -> None:
        """Be no longer there."""
        self.closed = True
        self.go_on.set()
        self.shutdown()
        self.server_close()
