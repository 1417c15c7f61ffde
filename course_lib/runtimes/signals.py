"""Signals: their names and numbers, and which programs handle which of them.

Process 1 of a PID namespace gets, from inside, only the signals that it handles; from outside
also SIGKILL. Any other process ends by a signal that it does not handle.
Source: signal(7), pid_namespaces(7); nginx.org "Controlling nginx"; redis.io "Redis signal
handling"; PostgreSQL's manual, "Shutting Down the Server"; httpd's manual, "Stopping".
"""

from __future__ import annotations

SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGUSR1, SIGPIPE, SIGTERM = 1, 2, 3, 9, 10, 13, 15
SIGCHLD, SIGWINCH = 17, 28
NUMBERS = {
    "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "KILL": SIGKILL, "USR1": SIGUSR1, "USR2": 12,
    "PIPE": SIGPIPE, "TERM": SIGTERM, "CHLD": SIGCHLD, "CONT": 18, "STOP": 19, "WINCH": SIGWINCH,
}  # fmt: skip
IGNORED = (0, SIGCHLD, 18, SIGWINCH)  # by default these end nothing (0 only asks who is there)

# What a shell says of a child that a signal has ended; of the others it says nothing.
ENDINGS = {
    SIGHUP: "Hangup", SIGQUIT: "Quit", SIGKILL: "Killed", SIGUSR1: "User defined signal 1",
    12: "User defined signal 2", SIGTERM: "Terminated",
}  # fmt: skip

FAST, GRACEFUL, GOES_ON = "at once", "when its work is done", "it does something else, and goes on"
_SERVER = {SIGTERM: GRACEFUL, SIGINT: GRACEFUL, SIGHUP: GOES_ON}
HANDLED = {
    "nginx": {SIGTERM: FAST, SIGINT: FAST, SIGQUIT: GRACEFUL}
    | dict.fromkeys((SIGHUP, SIGUSR1, 12, SIGWINCH), GOES_ON),
    "httpd": {SIGTERM: FAST, SIGINT: FAST, SIGWINCH: GRACEFUL, SIGHUP: GOES_ON, SIGUSR1: GOES_ON},
    "postgres": {SIGTERM: GRACEFUL, SIGINT: FAST, SIGQUIT: FAST, SIGHUP: GOES_ON},
}


def number(name: str) -> int | None:
    """A signal's number, from its name in any form or the number itself; None if unknown.

    >>> number("SIGQUIT"), number("term"), number("9"), number("NOSUCH")
    (3, 15, 9, None)
    """
    if name.isdecimal():
        return int(name) if int(name) < 65 else None
    return NUMBERS.get(name.upper().removeprefix("SIG"))


def handled(program: str, stop_signal: int) -> dict[int, str]:
    """What a server does on which signal; its image's stop signal it always handles."""
    return {stop_signal: GRACEFUL} | HANDLED.get(program, _SERVER)
