"""Which programs serve, which end, and how they show among the processes.

Whether a process ends depends on its program alone. What a program of an image does when the
course does not run it step by step is said here; of images whose contents are not known it is
taken to serve.
Source: the images' Dockerfiles and entry scripts (github.com/docker-library,
github.com/nginx/docker-nginx); the manuals of the programs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from course_lib.runtimes.behaviour import ENDS, SERVES, Behaviour
from course_lib.runtimes.stress import stress_load

ENTRY_SCRIPTS = ("docker-entrypoint.sh", "entrypoint.sh")
# What agnhost does that serves; `pause` only waits.
AGNHOST = ("netexec", "serve-hostname", "porter", "test-webserver", "liveness", "nettest", "pause")
# What a script or a name stands for once it runs; entry scripts replace themselves by it.
REAL_NAMES = {"httpd-foreground": "httpd", "apache2-foreground": "httpd", "python": "python3"}
SERVERS = (
    *("nginx", "httpd", "apache2", "haproxy", "caddy", "traefik", "envoy", "coredns"),
    *("redis-server", "memcached", "mysqld", "mariadbd", "postgres", "mongod", "mongos", "etcd"),
    *("php-fpm", "gunicorn", "uvicorn", "uwsgi", "tomcat", "catalina.sh", "pause", "dnsmasq"),
    *("http-echo", "whoami", "echo-server", "hello-app", "stress"),
    *("rabbitmq-server", "kafka-server-start.sh", "registry", "telnetd", "crond", "syslogd"),
)
_INTERPRETERS = ("python3", "node", "perl", "ruby", "php", "sh", "bash", "ash", "dash")
_SERVES = re.compile(
    r"\b(http\.server|runserver|flask run|uvicorn|gunicorn|serve|server(\.\w+)?|app\.(py|js)|"
    r"while true|while :|sleep inf(inity)?|tail -f|nginx -g)\b|while true|while :"
)
ENDS_AT_ONCE = Behaviour(startup=0.0, runs_for=0.05)  # an interpreter without input
WAITS = Behaviour(startup=0.0)  # one that waits for input which nobody gives
# Clients that ask the container's own server whether it is well, and what they print then.
ASKS = {
    "pg_isready": "/var/run/postgresql:5432 - accepting connections\n",
    "redis-cli ping": "PONG\n",
    "mysqladmin ping": "mysqld is alive\n",
    "mariadb-admin ping": "mysqld is alive\n",
    "healthcheck.sh": "",
}


# How a server is told its port.
_PORT = {
    "python3": r"http\.server (?:.* )?(\d+)( |$)",
    "httpd": r"-p ?(?:\S*:)?(\d+)",
    "nc": r"(?:-p ?| )(\d+)( |$)",
    "redis-server": r"--port (\d+)",
    "postgres": r"-p ?(\d+)",
    "http-echo": r"-listen[= ]:(\d+)",
    "agnhost": r"--http-port[= ](\d+)",
    "whoami": r"--port[= ](\d+)",
}


def main_program(argv: Sequence[str]) -> list[str]:
    """A command line as it is once entry scripts have replaced themselves.

    >>> main_program(["/docker-entrypoint.sh", "nginx", "-g", "daemon off;"])
    ['nginx', '-g', 'daemon off;']
    """
    rest = list(argv)
    while len(rest) > 1 and posixpath.basename(rest[0]) in ENTRY_SCRIPTS:
        rest = rest[1:]
    return rest


def name_of(argv: Sequence[str]) -> str:
    """The name of a command line's program, without folder and version."""
    name = posixpath.basename(main_program(argv)[0])
    return REAL_NAMES.get(name, name)


def behaviour_of(argv: Sequence[str]) -> Behaviour:
    """What a program of a well-known image does: it serves, or it does its work and ends.

    A script that the course cannot read in full serves if it loops for ever or starts a server.
    """
    name, arguments = name_of(argv), " ".join(main_program(argv)[1:])
    if name == "stress":
        return stress_load(main_program(argv))
    if name in SERVERS or is_server(argv):
        return SERVES
    if name in _INTERPRETERS:
        if not arguments or arguments == "-de0":
            return ENDS_AT_ONCE
        return SERVES if _SERVES.search(arguments) or _starts(arguments) else ENDS
    if name in ("httpd", "nc", "telnetd") and re.search(r"(^| )-\w*[fl]", arguments):
        return SERVES
    return ENDS


def is_server(argv: Sequence[str]) -> bool:
    """Whether a command line starts a server, as far as its own words say; scripts do not count."""
    name = name_of(argv)
    arguments = " ".join(main_program(argv)[1:])
    if re.search(r"(^| )(-s|-t|-v|-V|--version)( |$)", arguments):
        return False  # it prints, or speaks to one that runs
    if name in SERVERS or (name == "agnhost" and bool(set(argv) & set(AGNHOST))):
        return True
    if name == "python3" and "http.server" in arguments:
        return True
    return name in ("httpd", "nc", "telnetd") and bool(re.search(r"(^| )-\w*[fl]", arguments))


def ports_of(
    argv: Sequence[str], exposed: frozenset[int], declared: frozenset[int]
) -> frozenset[int] | None:
    """The ports on which a server listens; None: on any.

    Its command line (`argv`) decides, then what its image exposes (`exposed`); the ports that a
    Pod has `declared` are for readers, and stand in where neither is known.

    >>> sorted(ports_of(["python", "-m", "http.server", "8080"], frozenset(), frozenset()))
    [8080]
    """
    name, command = name_of(argv), " ".join(argv)
    if name in ("pause", "stress") or (name == "agnhost" and argv[-1] == "pause"):
        return frozenset()
    pattern = _PORT.get(name)
    if pattern is not None and (found := re.search(pattern, command)):
        return frozenset([int(found[1])])
    if name == "python3" and "http.server" in command:
        return frozenset([8000])
    return exposed or declared or None


def _starts(script: str) -> bool:
    """Whether the last command of a script is a server."""
    last = re.split(r"&&|;|\n", script.strip().rstrip(";"))[-1].split()
    last = last[1:] if last[:1] == ["exec"] else last
    return bool(last) and name_of(last) in SERVERS


def asks(argv: Sequence[str]) -> str | None:
    """What a health check prints when its server is well; None if it is no health check."""
    name = name_of(argv)
    words = [word for word in argv[1:] if not word.startswith("-")]
    return ASKS.get(name, ASKS.get(f"{name} {words[-1]}" if words else name))


def titles(argv: Sequence[str], cores: float) -> list[tuple[str, str]]:
    """The processes of a server, as they name themselves, with users ("": the container's own).

    The first is the one that was started, the others are its children. nginx has a worker for
    each core of the node.

    >>> titles(["nginx", "-g", "daemon off;"], cores=2)[1:]
    [('nginx: worker process', 'nginx'), ('nginx: worker process', 'nginx')]
    """
    command = main_program(argv)
    text = " ".join(command)
    match name_of(command):
        case "nginx":
            workers = [("nginx: worker process", "nginx")] * max(1, int(cores))
            return [(f"nginx: master process {text}", ""), *workers]
        case "redis-server":
            port = command[command.index("--port") + 1] if "--port" in command[:-1] else "6379"
            return [(f"redis-server *:{port}", "redis")]
        case "postgres":
            parts = "checkpointer", "background writer", "walwriter", "autovacuum launcher"
            own = [(f"postgres: {part} ", "postgres") for part in parts]
            return [(text, "postgres"), *own]
        case "httpd":
            return [("httpd -DFOREGROUND", "")] + [("httpd -DFOREGROUND", "www-data")] * 3
    return [(text, "")]


def bind_failure(argv: Sequence[str], port: int) -> tuple[float, list[str]]:
    """How a server ends whose port is taken: after how many seconds, and what it says on stderr.

    nginx tries five times, half a second apart (`ngx_open_listening_sockets`). The exit code is 1.

    >>> bind_failure(["postgres"], 5432)[1][-1]
    'FATAL:  could not create any TCP/IP sockets'
    """
    taken = "Address already in use"
    match name_of(argv):
        case "nginx":
            tried = f"nginx: [emerg] bind() to 0.0.0.0:{port} failed (98: {taken})"
            return 2.5, [*[tried] * 5, "nginx: [emerg] still could not bind()"]
        case "httpd":
            why = f"(98){taken}: AH00072: make_sock: could not bind to address 0.0.0.0:{port}"
            end = "no listening sockets available, shutting down"
            return 0.1, [why, end, "AH00015: Unable to open logs"]
        case "redis-server":
            why = f"Warning: Could not create server TCP listening socket *:{port}: bind: {taken}"
            return 0.1, [f"1:M # {why}", f"1:M # Failed listening on port {port} (tcp), aborting."]
        case "postgres":
            why = f'LOG:  could not bind IPv4 address "0.0.0.0": {taken}'
            return 0.1, [why, "FATAL:  could not create any TCP/IP sockets"]
        case "python3":
            return 0.1, [f"OSError: [Errno 98] {taken}"]
        case name:
            return 0.1, [f"{name}: listen tcp 0.0.0.0:{port}: bind: {taken.lower()}"]
