"""What the servers of well-known images answer to HTTP, from the files of their container.

A server writes its access log as the real one does. One whose image is not known answers with its
name, and says that the course does not know more.
Source: the images' configurations (nginx 1.27, httpd 2.4, Python's http.server, agnhost's
`netexec`, hashicorp/http-echo, traefik/whoami, hello-app).
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from course_lib.runtimes.container_network import HTTPQuestion, HTTPReply
from course_lib.runtimes.programs import name_of
from course_lib.runtimes.world import World

NGINX, HTTPD = "nginx/1.27.5", "Apache/2.4.65 (Unix)"
PYTHON = "SimpleHTTP/0.6 Python/3.13.7"
# Servers that speak something else.
OTHER_PROTOCOLS = ("redis-server", "memcached", "mysqld", "mariadbd", "postgres", "mongod", "etcd",
                   "nc", "telnetd", "coredns")  # fmt: skip
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "application/javascript",
          ".json": "application/json", ".txt": "text/plain", ".png": "image/png"}  # fmt: skip


class HTTPSite(msgspec.Struct, frozen=True):
    """A server: its image, its command line, what it sees, and the address of its Pod."""

    image: str
    argv: list[str]
    world: World
    address: str
    port: int

    def option(self, *names: str, default: str = "") -> str:
        """The value of an option of the command line: `-p 80`, `--port=80`, `-port 80`."""
        for place, word in enumerate(self.argv):
            name, equals, value = word.partition("=")
            if name in names:
                return value if equals else (self.argv[place + 1 :] or [default])[0]
        return default

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.fromtimestamp(self.world.clock() // 10**9, UTC)


def answer(site: HTTPSite, question: HTTPQuestion) -> HTTPReply | None:
    """The answer of a server; None from one that does not speak HTTP."""
    name = name_of(site.argv) if site.argv else ""
    if name in OTHER_PROTOCOLS:
        return None
    own = next((serve for part, serve in _BY_IMAGE.items() if part in site.image), None)
    serve = own or _BY_PROGRAM.get(name, _unknown)
    return serve(site, question)


def _reply(
    site: HTTPSite, status: int, body: bytes, kind: str = "text/plain", server: str = ""
) -> HTTPReply:
    reason = {200: "OK", 301: "Moved Permanently", 403: "Forbidden", 404: "Not Found",
              405: "Not Allowed", 500: "Internal Server Error"}[status]  # fmt: skip
    headers = {"Server": server} if server else {}
    headers |= {"Date": f"{site.now:%a, %d %b %Y %H:%M:%S} GMT", "Content-Type": kind,
                "Content-Length": str(len(body))}  # fmt: skip
    return HTTPReply(status, reason, headers, body)


def _found(site: HTTPSite, root: str, question: HTTPQuestion) -> tuple[int, bytes, str]:
    """A file below a folder: status, content and type."""
    path = unquote(urlsplit(question.path).path)
    full = posixpath.normpath(f"{root}/{path}")
    file = site.world.find(full)
    if file is not None and file.kind == "folder":
        full = f"{full}/index.html"
        file = site.world.find(full)
        if file is None:
            return 403, b"", ""
    if file is None:
        return 404, b"", ""
    return 200, file.data, _TYPES.get(posixpath.splitext(full)[1], "application/octet-stream")


def _common_log(site: HTTPSite, question: HTTPQuestion, reply: HTTPReply) -> str:
    when = f"{site.now:%d/%b/%Y:%H:%M:%S} +0000"
    line = f"{question.method} {question.path} HTTP/1.1"
    return f'{question.client} - - [{when}] "{line}" {reply.status} {len(reply.body)}'


def _nginx(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    root = "/usr/share/nginx/html"
    status, body, kind = _found(site, root, question)
    if question.method not in ("GET", "HEAD") and status == 200:
        status = 405
    if status != 200:
        title = {403: "403 Forbidden", 404: "404 Not Found", 405: "405 Not Allowed"}[status]
        body = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>"
            f"</center>\r\n<hr><center>{NGINX}</center>\r\n</body>\r\n</html>\r\n"
        ).encode()
        kind = "text/html"
    reply = _reply(site, status, body, kind, NGINX)
    if status in (403, 404):
        why = f'open() "{root}{question.path}" failed (2: No such file or directory)'
        if status == 403:
            why = f'directory index of "{root}{question.path}" is forbidden'
        request = f'request: "{question.method} {question.path} HTTP/1.1"'
        host = question.headers.get("Host", "")
        site.world.log(
            "stderr",
            f"{site.now:%Y/%m/%d %H:%M:%S} [error] 30#30: *1 {why}, client: {question.client}, "
            f'server: localhost, {request}, host: "{host}"\n'.encode(),
        )
    agent = question.headers.get("User-Agent", "-")
    line = f'{_common_log(site, question, reply)} "-" "{agent}" "-"\n'
    site.world.log("stdout", line.encode())
    return reply


def _httpd(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    if "busybox" in site.image or site.option("-h"):
        return _busybox_httpd(site, question)
    status, body, kind = _found(site, "/usr/local/apache2/htdocs", question)
    if status != 200:
        title = "404 Not Found" if status == 404 else "403 Forbidden"
        why = "The requested URL was not found on this server." if status == 404 else (
            "You don't have permission to access this resource.")  # fmt: skip
        body = (
            '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
            f"<title>{title}</title>\n</head><body>\n<h1>{title[4:]}</h1>\n<p>{why}</p>\n"
            "</body></html>\n"
        ).encode()
        kind = "text/html; charset=iso-8859-1"
    reply = _reply(site, status, body, kind, HTTPD)
    site.world.log("stdout", f"{_common_log(site, question, reply)}\n".encode())
    return reply


def _busybox_httpd(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    status, body, kind = _found(site, site.option("-h", default=site.world.cwd), question)
    if status != 200:
        body = (
            b"<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\n"
            b"The requested URL was not found\n</BODY></HTML>\n"
        )
        status, kind = 404, "text/html"
    return _reply(site, status, body, kind)


def _python(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    root = site.option("-d", "--directory", default=site.world.cwd)
    status, body, kind = _found(site, root, question)
    if status == 403:  # a folder without an index is listed
        path = unquote(urlsplit(question.path).path)
        names = site.world.below(posixpath.normpath(f"{root}/{path}"))
        rows = "".join(f'<li><a href="{name}">{name}</a></li>\n' for name in names)
        title = f"Directory listing for {path}"
        body = (
            '<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<hr>\n<ul>\n{rows}</ul>\n"
            "<hr>\n</body>\n</html>\n"
        ).encode()
        status, kind = 200, "text/html; charset=utf-8"
    when = f"{site.now:%d/%b/%Y %H:%M:%S}"
    line = f'{question.client} - - [{when}] "{question.method} {question.path} HTTP/1.1"'
    if status == 404:
        site.world.log("stderr", f"{line[: line.index(']') + 1]} code 404, message "
                                 "File not found\n".encode())  # fmt: skip
        body, kind = b"<p>Error code: 404</p>\n<p>Message: File not found.</p>\n", "text/html"
    site.world.log("stderr", f"{line} {status} -\n".encode())
    reply = _reply(site, status, body, kind, PYTHON)
    reason = "File not found" if status == 404 else reply.reason
    return msgspec.structs.replace(reply, version="1.0", reason=reason)


def _agnhost(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    """`netexec` and `serve-hostname`."""
    parts = urlsplit(question.path)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    hostname = site.world.hostname
    if "serve-hostname" in site.argv:
        return _reply(site, 200, f"{hostname}\n".encode())
    match parts.path:
        case "/hostname" | "/hostName":
            body = hostname
        case "/clientip":
            body = f"{question.client}:40000"
        case "/echo":
            body = asked.get("msg", "")
        case "/healthz" | "/readyz":
            body = ""
        case "/":
            body = f"NOW: {site.now:%Y-%m-%d %H:%M:%S} +0000 UTC"
        case _:
            return _reply(site, 404, b"404 page not found\n")
    return _reply(site, 200, body.encode())


def _http_echo(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    text = site.option("-text", "--text", default="hello-world")
    return _reply(site, 200, f"{text}\n".encode())


def _hello_app(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    version = f"{site.image.rpartition(':')[2] or '1.0'}.0"
    text = f"Hello, world!\nVersion: {version}\nHostname: {site.world.hostname}\n"
    return _reply(site, 200, text.encode())


def _whoami(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    lines = [f"Hostname: {site.world.hostname}", "IP: 127.0.0.1", f"IP: {site.address}"]
    lines += [f"RemoteAddr: {question.client}:40000", f"{question.method} {question.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in question.headers.items()]
    return _reply(site, 200, "".join(f"{line}\n" for line in [*lines, ""]).encode())


def _echo_server(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    """What was asked, told back: as text, or as JSON (ealen/echo-server)."""
    if "ealen" in site.image:
        said = {
            "host": {"hostname": question.headers.get("Host", ""), "ip": question.client},
            "http": {"method": question.method, "originalUrl": question.path, "protocol": "http"},
            "request": {"headers": {n.lower(): v for n, v in question.headers.items()}},
            "environment": {"HOSTNAME": site.world.hostname},
        }
        return _reply(site, 200, json.dumps(said).encode(), "application/json")
    lines = [
        "", "", f"Hostname: {site.world.hostname}", "", "Request Information:",
        f"\tclient_address={question.client}", f"\tmethod={question.method}",
        f"\treal path={question.path}", "", "Request Headers:",
        *(f"\t{name.lower()}={value}" for name, value in question.headers.items()), "",
        "Request Body:", question.body.decode(errors="replace") or "\t-no body in request-", "",
    ]  # fmt: skip
    return _reply(site, 200, "\n".join(lines).encode())


def _unknown(site: HTTPSite, question: HTTPQuestion) -> HTTPReply:
    """An image whose program is not known: it names itself, and says so."""
    said = "the course does not know what this image answers"
    text = f"{site.world.hostname} ({site.image}), simulated: {said}\n"
    return _reply(site, 200, text.encode())


HTTPServer = Callable[[HTTPSite, HTTPQuestion], HTTPReply]
_BY_PROGRAM: dict[str, HTTPServer] = {"nginx": _nginx, "httpd": _httpd, "python3": _python}
_BY_IMAGE: dict[str, HTTPServer] = {
    "agnhost": _agnhost,
    "http-echo": _http_echo,
    "hello-app": _hello_app,
    "traefik/whoami": _whoami,
    "echo-server": _echo_server,
    "echoserver": _echo_server,
}
