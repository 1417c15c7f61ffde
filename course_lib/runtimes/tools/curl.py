"""curl.

Source: curl 7.88's manual, "EXIT CODES", and texts.
"""

from __future__ import annotations

import posixpath
import re

from course_lib.runtimes.container_network import (
    ANSWERED,
    TIMED_OUT,
    HTTPQuestion,
)
from course_lib.runtimes.kernel import Running
from course_lib.runtimes.tools.http_exchange import Exchange, URLParts, exchange, head_of
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

CURL = "curl/7.88.1"

_CURL_LONG = {
    "silent": "s", "show-error": "S", "head": "I", "output": "o", "max-time": "m", "fail": "f",
    "request": "X", "header": "H", "data": "d", "insecure": "k", "location": "L", "verbose": "v",
    "include": "i", "write-out": "w", "connect-timeout": "c", "user-agent": "A", "retry": "r",
    "cacert": "E", "resolve": "e", "user": "u", "data-raw": "d", "no-progress-meter": "N",
}  # fmt: skip


def _curl(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "sSIfkLviN46OG", "omXHdwcAreEu", _CURL_LONG)
    if not options.operands:
        raise ToolFault("no URL specified!\ncurl: try 'curl --help' for more information", 2)
    code = 0
    for url in options.operands:
        code = yield from _curl_one(world, options, url)
    return code


def _curl_one(world: World, options: Options, url: str) -> Running:
    try:
        to = URLParts.of(url)
    except ToolFault as fault:
        raise ToolFault("(3) URL using bad/illegal format or missing URL", 3) from fault
    loud = "s" not in options or "S" in options
    meter = "s" not in options and not world.tty and "I" not in options and "N" not in options
    host = to.host if to.usual_port else f"{to.host}:{to.port}"
    headers = {"Host": host, "User-Agent": CURL, "Accept": "*/*"}
    headers |= dict(line.split(": ", 1) for line in options.given.get("H", []) if ": " in line)
    data = "&".join(options.given.get("d", [])).encode()
    method = options.value("X", "HEAD" if "I" in options else "POST" if data else "GET")
    question = HTTPQuestion(method, to.path, headers, data)
    limit = float(options.value("m") or options.value("c") or 0)
    found = yield from exchange(world, to, question, limit, looking_up=True)
    body = found.reply.body if found.reply is not None and method != "HEAD" else b""
    if meter:
        world.complain(_meter(len(body), found.seconds))
    if found.reply is None:
        code, said = _curl_failure(to, found)
        if loud:
            world.complain(f"curl: ({code}) {said}")
        if "w" in options:
            world.say(_written(options.value("w"), found, "000", 0))
        return code
    return _curl_shown(world, options, to, question, found, body)


def _meter(size: int, seconds: float) -> str:
    """curl's progress, as it stands at the end."""
    speed = round(size / seconds) if seconds else 0
    share = 100 if size else 0
    return (
        "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
        "                                 Dload  Upload   Total   Spent    Left  Speed\n"
        f"\r{share:>3} {size:>5}  {share:>3} {size:>5}    0     0 {speed:>6}      0 "
        f"--:--:-- --:--:-- --:--:-- {speed:>5}"
    )


def _curl_failure(to: URLParts, found: Exchange) -> tuple[int, str]:
    if not found.name.address:
        if found.over_time:
            return 28, f"Resolving timed out after {found.seconds * 1000:.0f} milliseconds"
        return 6, f"Could not resolve host: {to.host}"
    assert found.contact is not None
    milliseconds = f"{found.seconds * 1000:.0f}"
    if found.over_time:
        if found.contact.outcome == TIMED_OUT:
            return 28, f"Connection timed out after {milliseconds} milliseconds"
        return 28, f"Operation timed out after {milliseconds} milliseconds with 0 bytes received"
    if found.contact.outcome == ANSWERED:
        if to.scheme == "https":
            return 35, "OpenSSL/3.0: error:0A00010B:SSL routines::wrong version number"
        return 52, "Empty reply from server"
    why = "Couldn't connect to server"
    return 7, f"Failed to connect to {to.host} port {to.port} after {milliseconds} ms: {why}"


def _curl_shown(
    world: World,
    options: Options,
    to: URLParts,
    question: HTTPQuestion,
    found: Exchange,
    body: bytes,
) -> int:
    """What curl prints of an answer."""
    reply = found.reply
    assert reply is not None
    head = head_of(reply)
    if "v" in options:
        address = found.name.address
        lines = [f"*   Trying {address}:{to.port}..."]
        lines.append(f"* Connected to {to.host} ({address}) port {to.port} (#0)")
        lines.append(f"> {question.method} {question.path} HTTP/1.1")
        lines += [f"> {name}: {value}" for name, value in question.headers.items()]
        lines += ["> ", *(f"< {line}" for line in head.split("\r\n")[:-1])]
        world.complain("\n".join(lines))
    if "f" in options and reply.status >= 400:
        if "s" not in options or "S" in options:
            world.complain(f"curl: (22) The requested URL returned error: {reply.status}")
        return 22
    shown = body
    if {"I", "i"} & set(options.given):
        shown = head.encode() + body
    code = _delivered(world, options, to, shown)
    if "v" in options:
        world.complain(f"* Connection #0 to host {to.host} left intact")
    if "w" in options:
        world.say(_written(options.value("w"), found, str(reply.status), len(body)))
    return code


def _delivered(world: World, options: Options, to: URLParts, data: bytes) -> int:
    target = options.value("o")
    if "O" in options:
        target = posixpath.basename(to.path)
    if not target or target == "-":
        world.write("stdout", data)
        return 0
    sink = world.sink(target, append=False)
    if isinstance(sink, str):
        world.complain(f"curl: (23) Failed writing body: {target}: {sink}")
        return 23
    sink(data)
    return 0


def _written(form: str, found: Exchange, status: str, size: int) -> str:
    values = {
        "http_code": status, "response_code": status, "size_download": str(size),
        "time_total": f"{found.seconds:.6f}", "remote_ip": found.name.address,
    }  # fmt: skip
    text = re.sub(r"%\{(\w+)\}", lambda match: values.get(match[1], ""), form)
    return text.replace("\\n", "\n").replace("\\t", "\t")


CURL_TOOLS: dict[str, Tool] = {"curl": _curl}
