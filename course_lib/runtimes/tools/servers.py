"""Programs that speak to the container's own server: nginx -s, pg_isready, redis-cli ping."""

from __future__ import annotations

import posixpath

from course_lib.runtimes.kernel import WAIT, Running
from course_lib.runtimes.programs import asks
from course_lib.runtimes.tools.tool import Tool, ToolFault
from course_lib.runtimes.world import World

INSTANT = 0.01  # s
NGINX = {"quit": 3, "stop": 15, "reload": 1, "reopen": 10}
NGINX_VERSION = "nginx/1.27.5"


def _nginx(world: World, arguments: list[str]) -> int:
    """`nginx -s SIGNAL` sends a signal to the master process; `-t` and `-v` only print."""
    if arguments[:1] in (["-v"], ["-V"]):
        return world.complain(f"nginx version: {NGINX_VERSION}", 0)
    if arguments[:1] == ["-t"]:
        path = "/etc/nginx/nginx.conf"
        world.complain(f"nginx: the configuration file {path} syntax is ok")
        return world.complain(f"nginx: configuration file {path} test is successful", 0)
    if arguments[:1] != ["-s"] or len(arguments) < 2 or arguments[1] not in NGINX:
        raise ToolFault("the course does not simulate these options", 2)
    master = next((p for p in world.processes.rows.values() if "master" in p.command), None)
    if master is None:
        missing = 'open() "/run/nginx.pid" failed (2: No such file or directory)'
        return world.complain(f"nginx: [error] {missing}")
    master.receive(NGINX[arguments[1]])
    return 0


def _ask(world: World, argv: list[str]) -> Running:
    """A client that asks the container's own server whether it is well."""
    answer, seconds = asks(argv), world.server()
    while seconds == float("inf"):
        yield WAIT
    if seconds is None:
        return world.complain(f"{posixpath.basename(argv[0])}: no response")
    yield seconds
    return world.say(answer or "")


SERVER_TOOLS: dict[str, Tool] = {"nginx": _nginx, "asks": _ask}
