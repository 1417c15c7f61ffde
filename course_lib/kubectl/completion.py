"""What may follow a line that is being typed: commands, kinds, names, flags and their values.

Source: kubectl `pkg/util/completion/completion.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from course_lib.command_line import Flag
from course_lib.kubectl.catalogue import EVERYWHERE, Described, below, children, described
from course_lib.kubectl.kubectl import Kubectl
from course_lib.kubectl.printers.choice import FORMATS, GET_FORMATS

PODS = ("attach", "cp", "debug", "exec", "logs", "port-forward")
NODES = ("cordon", "drain", "top node", "uncordon")
ROLLED_OUT = ("daemonsets", "deployments", "statefulsets")
OF_CONFIG = {
    "config delete-cluster": "cluster",
    "config delete-context": "context",
    "config delete-user": "user",
    "config get-contexts": "context",
    "config rename-context": "context",
    "config set-context": "context",
    "config use-context": "context",
}
FILES = ("filename", "from-env-file", "from-file", "kubeconfig", "kustomize", "patch-file")
_FIELD = re.compile(r"  (\w+)\t<")  # a line of `kubectl explain`
WITHOUT_KINDS = ("api-resources", "api-versions", "auth", "certificate", "cluster-info", "config",
                 "create", "kustomize", "options", "plugin", "run", "version")  # fmt: skip


class _Typed(NamedTuple):
    """What stands on the line: the command so far, the arguments, and the flag that waits."""

    command: Described | None
    args: list[str]
    waiting: Flag | None
    namespace: list[str]  # `-n` and its value, where it was given


class Completion:
    """Completes lines for a kubectl."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl

    def of(self, words: Sequence[str], text: str) -> list[str]:
        """What may stand in place of `text`, the beginning of a word after these `words`."""
        typed = _typed(words)
        if text.startswith("--") and "=" in text:
            name, _, start = text.partition("=")
            flag = _flags(typed.command).get(name)
            values = self._values(typed, flag, start) if flag else []
            return [f"{name}={each}" for each in values if each.startswith(start)]
        if typed.waiting is not None:
            found = self._values(typed, typed.waiting, text)
        elif text.startswith("-"):
            found = sorted(each for each in _flags(typed.command) if each.startswith("--"))
        else:
            found = self._words(typed, text)
        return [each for each in found if each.startswith(text)]

    def _words(self, typed: _Typed, text: str) -> list[str]:
        """Commands, kinds or names."""
        path = typed.command.path if typed.command else ""
        commands = [each.path.split()[-1] for each in children(path)]
        if commands and not typed.args:
            return sorted(commands)
        if path in OF_CONFIG:
            return sorted(self._kubectl.kubeconfig.names(OF_CONFIG[path]))
        if not path or path.split()[0] in WITHOUT_KINDS:
            return []
        if path == "explain" and "." in text:
            return self._fields(text.rpartition(".")[0])
        if (path in PODS or path == "top pod") and "/" not in text:
            return self._names("pods", typed)
        if path in NODES:
            return self._names("nodes", typed)
        if typed.args and "/" not in typed.args[0]:
            return self._names(typed.args[0], typed)
        kind, slash, _ = text.partition("/")
        if slash:
            return [f"{kind}/{each}" for each in self._names(kind, typed)]
        before, comma, _ = text.rpartition(",")
        return [before + comma + each for each in self._kinds(path)]

    def _kinds(self, path: str) -> list[str]:
        if path.startswith("rollout"):
            return list(ROLLED_OUT)
        line = ["api-resources", "-o", "name", "--verbs=get"]
        return sorted({each.partition(".")[0] for each in self._lines(line)})

    def _names(self, kind: str, typed: _Typed) -> list[str]:
        line = ["get", kind, "-o", "name", *typed.namespace]
        taken = set(typed.args[1:])
        names = (each.partition("/")[2] for each in self._lines(line))
        return [each for each in names if each not in taken]

    def _fields(self, path: str) -> list[str]:
        """The fields below the one at a `path`, as `explain` takes them."""
        told = self._kubectl(["explain", path]).stdout.splitlines()
        return [f"{path}.{found[1]}" for line in told if (found := _FIELD.match(line))]

    def _containers(self, typed: _Typed) -> list[str]:
        pod = (typed.args or [""])[0].removeprefix("pod/")
        names = "jsonpath={.spec.containers[*].name}"
        return self._lines(["get", "pod", pod, "-o", names, *typed.namespace]) if pod else []

    def _values(self, typed: _Typed, flag: Flag, text: str) -> list[str]:
        if flag.name in FILES:
            return _paths(text)
        values: dict[str, Callable[[], list[str]]] = {
            "namespace": lambda: self._names("namespaces", typed),
            "context": lambda: self._kubectl.kubeconfig.names("context"),
            "cluster": lambda: self._kubectl.kubeconfig.names("cluster"),
            "user": lambda: self._kubectl.kubeconfig.names("user"),
            "output": lambda: sorted(
                GET_FORMATS if typed.command and typed.command.path == "get" else FORMATS
            ),
            "container": lambda: self._containers(typed),
            "dry-run": lambda: ["client", "none", "server"],
        }
        return values.get(flag.name, list)()

    def _lines(self, words: list[str]) -> list[str]:
        return self._kubectl(words).stdout.split()


def _paths(text: str) -> list[str]:
    """Files and folders whose path begins with a `text`; what is hidden is left out."""
    folder, slash, start = text.rpartition("/")
    try:
        inside = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        return []
    shown = (each for each in inside if not each.name.startswith(".") or start.startswith("."))
    return [folder + slash + each.name + ("/" if each.is_dir() else "") for each in shown]


def _flags(command: Described | None) -> dict[str, Flag]:
    """The flags of a command as they are written."""
    found: dict[str, Flag] = {}
    own = command.flags if command else ()
    for flag in (*described()[EVERYWHERE].flags, *own):
        found[f"--{flag.name}"] = flag
        if flag.shorthand:
            found[f"-{flag.shorthand}"] = flag
    return found


def _typed(words: Sequence[str]) -> _Typed:
    command: Described | None = None
    args: list[str] = []
    namespace: list[str] = []
    waiting: Flag | None = None
    for word in words:
        if waiting is not None:
            if waiting.name == "namespace":
                namespace = ["-n", word]
            waiting = None
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            flag = _flags(command).get(name)
            if flag is not None and flag.name == "namespace" and equals:
                namespace = ["-n", value]
            elif flag is not None and flag.name == "all-namespaces":
                namespace = ["-A"]
            elif flag is not None and not equals and not flag.without_argument:
                waiting = flag
        elif not args and (found := below(command.path if command else "", word)):
            command = found
        else:
            args.append(word)
    return _Typed(command, args, waiting, namespace)
