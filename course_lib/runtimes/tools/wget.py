"""wget, BusyBox's and GNU's.

Source: BusyBox 1.36, `networking/wget.c`; wget 1.21's manual, "Exit Status", and texts.
"""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime

from course_lib.runtimes.container_network import (
    REFUSED,
    TIMED_OUT,
    UNREACHABLE,
    HTTPQuestion,
)
from course_lib.runtimes.kernel import Running
from course_lib.runtimes.tools.http_exchange import Exchange, URLParts, exchange, head_of
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

WGET = "Wget/1.21.3"
_WGET_LONG = {"quiet": "q", "output-document": "O", "timeout": "T", "spider": "z", "tries": "t",
              "server-response": "S", "header": "h", "post-data": "p", "no-verbose": "n",
              "no-check-certificate": "k"}  # fmt: skip


def _wget(world: World, arguments: list[str]) -> Running:
    # `-nv` is one option; `-qO-` is two.
    arguments = ["--no-verbose" if argument == "-nv" else argument for argument in arguments]
    options = Options(arguments, "qcSznk", "OTtUPhp", _WGET_LONG)
    if not options.operands:
        raise ToolFault("missing URL")
    code = 0
    for url in options.operands:
        to = URLParts.of(url)
        host = to.host if to.usual_port else f"{to.host}:{to.port}"
        headers = {"Host": host, "User-Agent": "Wget" if world.busybox else WGET}
        headers |= {"Connection": "close"} if world.busybox else {"Accept": "*/*"}
        for line in options.given.get("h", []):
            name, _, value = line.partition(":")
            headers[name] = value.strip()
        data = options.value("p").encode()
        question = HTTPQuestion("POST" if data else "GET", to.path, headers, data)
        wanted = yield from exchange(world, to, question, float(options.value("T", "0")))
        shown = _wget_of_busybox if world.busybox else _wget_of_gnu
        code = shown(world, options, to, wanted) or code
    return code


def _saved(world: World, options: Options, to: URLParts, data: bytes) -> str:
    """Where the answer went; raises `ToolFault` where it cannot be written."""
    target = options.value("O") or posixpath.basename(to.path.partition("?")[0]) or "index.html"
    if target == "-":
        world.write("stdout", data)
        return target
    sink = world.sink(target, append=False)
    if isinstance(sink, str):
        said = f"can't open '{target}'" if world.busybox else target
        raise ToolFault(f"{said}: {sink}", 1 if world.busybox else 3)
    sink(data)
    return target


def _wget_of_busybox(world: World, options: Options, to: URLParts, found: Exchange) -> int:
    loud, address = "q" not in options, found.name.address
    if not address:
        raise ToolFault(f"bad address '{to.host}'")
    if loud:
        name = to.host if to.usual_port else f"{to.host}:{to.port}"
        world.complain(f"Connecting to {name} ({address}:{to.port})")
    assert found.contact is not None
    if found.over_time:
        raise ToolFault("download timed out")
    why = {REFUSED: "Connection refused", UNREACHABLE: "No route to host",
           TIMED_OUT: "Operation timed out"}.get(found.contact.outcome)  # fmt: skip
    if why is not None:
        raise ToolFault(f"can't connect to remote host ({address}): {why}")
    if found.reply is None:
        raise ToolFault("error getting response")
    reply = found.reply
    if "S" in options:
        world.complain("".join(f"  {line}\n" for line in head_of(reply).split("\r\n")[:-1])[:-1])
    if reply.status >= 400:
        status = f"HTTP/{reply.version} {reply.status} {reply.reason}"
        raise ToolFault(f"server returned error: {status}")
    if "z" in options:
        return world.complain("remote file exists", 0) if loud else 0
    target = options.value("O") or posixpath.basename(to.path.partition("?")[0]) or "index.html"
    if loud:
        where = "writing to stdout" if target == "-" else f"saving to '{target}'"
        world.complain(where)
    _saved(world, options, to, reply.body)
    if loud:
        bar, size = "*" * 32, len(reply.body)
        name = posixpath.basename(target)
        world.complain(f"{name:<20} 100% |{bar}|{size:>6}  0:00:00 ETA")
        world.complain("written to stdout" if target == "-" else f"'{target}' saved")
    return 0


def _wget_of_gnu(world: World, options: Options, to: URLParts, found: Exchange) -> int:
    loud, address = not {"q", "n"} & set(options.given), found.name.address
    written = ""
    if loud:
        stamp = _stamp(world)
        url = f"{to.scheme}://{to.host}{'' if to.usual_port else f':{to.port}'}{to.path}"
        written = f"--{stamp}--  {url}\nResolving {to.host} ({to.host})... "
    if not address:
        temporary = "Temporary failure in name resolution"
        written += f"failed: {temporary if found.name.timed_out else 'Name or service not known'}."
        said = f"wget: unable to resolve host address '{to.host}'"
        return world.complain(f"{written}\n{said}" if loud else said, 4)
    assert found.contact is not None
    written += f"{address}\nConnecting to {to.host} ({to.host})|{address}|:{to.port}... "
    outcome = "timed out" if found.over_time else found.contact.outcome
    why = {REFUSED: "Connection refused", UNREACHABLE: "No route to host",
           TIMED_OUT: "Connection timed out"}.get(outcome)  # fmt: skip
    if why is not None:
        return world.complain(f"{written}failed: {why}.", 4) if loud else 4
    written += "connected.\nHTTP request sent, awaiting response... "
    if found.reply is None:
        return world.complain(f"{written}No data received.", 4) if loud else 4
    reply = found.reply
    written += f"{reply.status} {reply.reason}\n"
    if reply.status >= 400:
        failed = f"{_stamp(world)} ERROR {reply.status}: {reply.reason}.\n"
        return world.complain(written + failed, 8) if loud else 8
    if "z" in options:
        return world.complain(f"{written}Remote file exists.\n", 0) if loud else 0
    target = _saved(world, options, to, reply.body)
    if loud:
        size = len(reply.body)
        kind = reply.headers.get("Content-Type", "text/plain")
        name = "STDOUT" if target == "-" else f"'{target}'"
        written += f"Length: {size} [{kind}]\nSaving to: {name}\n\n"
        done = "written to stdout" if target == "-" else f"{name} saved"
        world.complain(f"{written}{_stamp(world)} (1 MB/s) - {done} [{size}/{size}]\n", 0)
    return 0


def _stamp(world: World) -> str:
    return f"{datetime.fromtimestamp(world.clock() // 10**9, UTC):%Y-%m-%d %H:%M:%S}"


WGET_TOOLS: dict[str, Tool] = {"wget": _wget}
