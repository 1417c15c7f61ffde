"""`kubectl version`: which release kubectl is, and which the server.

Source: kubectl `pkg/cmd/version` (`version.go`, `skew_warning.go`).
"""

from __future__ import annotations

from course_lib.command_line.go_text import indented_json
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.documents import to_yaml
from course_lib.objects.manifests import Document
from course_lib.objects.release import VERSION

KUSTOMIZE = "v5.8.1"  # of the release's kubectl
SKEW = 1  # minor versions that client and server may differ by
_FIELDS = ("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform")


def run(call: Invocation) -> None:
    """Print both; raises `CommandError` where no server answers."""
    flags, output = call.flags, call.flags.text("output")
    if call.args and not flags.on("client"):
        raise CommandError(f"extra arguments: [{' '.join(call.args)}]")
    if output not in ("", "yaml", "json"):
        raise CommandError("--output must be 'yaml' or 'json'")
    failure, server = None, None
    if not flags.on("client"):
        try:
            server = _complete(call.server.get("/version"))
        except CommandError as problem:
            failure = problem
    _print(call, output, server)
    if server is not None and _differ(server["gitVersion"]):
        client, other = (_numbers(each) for each in (VERSION, server["gitVersion"]))
        call.error(
            f"Warning: version difference between client ({client[0]}.{client[1]}) and server "
            f"({other[0]}.{other[1]}) exceeds the supported minor version skew of +/-{SKEW}\n"
        )
    if failure is not None:
        raise failure


def _print(call: Invocation, output: str, server: Document | None) -> None:
    if not output:
        call.out(f"Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE}\n")
        call.out(f"Server Version: {server['gitVersion']}\n" if server else "")
        return
    major, minor = _numbers(VERSION)
    client = _complete({"major": str(major), "minor": str(minor), "gitVersion": VERSION})
    whole: Document = {"clientVersion": client, "kustomizeVersion": KUSTOMIZE}
    if server is not None:
        whole["serverVersion"] = server
    if output == "yaml":
        call.out(to_yaml(whole) + "\n")
    else:
        call.out(indented_json(whole, indent=2, in_order=True) + "\n")


def _complete(version: Document) -> Document:
    """A version with the fields that a struct of Go always has."""
    names = ("major", "minor", "emulationMajor", "emulationMinor", "minCompatibilityMajor",
             "minCompatibilityMinor", "gitVersion")  # fmt: skip
    return {name: version[name] for name in names if name in version} | {
        name: version.get(name, "") for name in _FIELDS
    }


def _numbers(version: str) -> tuple[int, int]:
    major, minor, *_ = version.removeprefix("v").split(".")
    return int(major), int(minor)


def _differ(version: str) -> bool:
    (major, minor), (other_major, other_minor) = _numbers(VERSION), _numbers(version)
    return major != other_major or abs(minor - other_minor) > SKEW


COMMANDS = {"version": Command(run, frozenset({"client", "output"}))}
