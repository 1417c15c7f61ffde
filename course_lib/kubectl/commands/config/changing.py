"""Changes of a kubeconfig: contexts, clusters and users are set, renamed and deleted.

Source: kubectl `pkg/cmd/config` (`set_context.go`, `set_cluster.go`, `set_credentials.go`,
`use_context.go`, `rename_context.go`, `delete_*.go`).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from course_lib.command_line.values import quoted
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.help import unexpected_arguments
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document

ACTIVE = (
    'warning: this removed your active context, use "kubectl config use-context" to select a '
    "different one\n"
)


def use_context(call: Invocation) -> None:
    """Put a context into use; raises `CommandError` for one that is not there."""
    if len(call.args) != 1:
        raise unexpected_arguments(call)
    [name] = call.args
    if not name:
        raise CommandError("empty context names are not allowed")
    config = call.around.kubeconfig
    if name not in config.names("context"):
        raise CommandError(f"no context exists with the name: {quoted(name)}")
    config.use(name)
    config.save()
    call.out(f"Switched to context {quoted(name)}.\n")


def rename_context(call: Invocation) -> None:
    """Give a context another name; raises `CommandError`."""
    if len(call.args) != 2:
        raise unexpected_arguments(call)
    old, new = call.args
    if not new:
        raise CommandError("You must specify a new non-empty context name")
    config = call.around.kubeconfig
    known = config.names("context")
    said = f"cannot rename the context {quoted(old)}"
    if old not in known:
        raise CommandError(f"{said}, it's not in {config.place}")
    if new in known:
        raise CommandError(f"{said}, the context {quoted(new)} already exists in {config.place}")
    config.put("context", new, config.entry("context", old))
    config.remove("context", old)
    if config.current == old:
        config.use(new)
    config.save()
    call.out(f"Context {quoted(old)} renamed to {quoted(new)}.\n")


def set_context(call: Invocation) -> None:
    """Make a context, or change some of its fields; raises `CommandError`."""
    flags, config = call.flags, call.around.kubeconfig
    if len(call.args) > 1:
        raise unexpected_arguments(call)
    name = call.args[0] if call.args else ""
    if flags.on("current"):
        if name:
            raise CommandError("you cannot specify both a context name and --current")
        name = config.current
        if not name:
            raise CommandError("no current context is set")
    if not name:
        raise CommandError("you must specify a non-empty context name or --current")
    exists = name in config.names("context")
    entry = dict(config.entry("context", name)) if exists else {}
    _set(call, entry, ("cluster", "user", "namespace"))
    config.put("context", name, entry)
    config.save()
    call.out(f"Context {quoted(name)} {'modified' if exists else 'created'}.\n")


def set_cluster(call: Invocation) -> None:
    """Make a cluster, or change some of its fields; raises `CommandError`."""
    flags = call.flags
    if len(call.args) != 1:
        raise unexpected_arguments(call)
    [name] = call.args
    authority, insecure = flags.text("certificate-authority"), flags.on("insecure-skip-tls-verify")
    if not name:
        raise CommandError("you must specify a non-empty cluster name")
    if insecure and authority:
        raise CommandError(
            "you cannot specify a certificate authority and insecure mode at the same time"
        )
    entry = _existing(call, "cluster", name)
    if "server" in flags.given:
        entry.pop("tls-server-name", None)
    _set(call, entry, ("server", "tls-server-name", "proxy-url"))
    if "insecure-skip-tls-verify" in flags.given:
        entry["insecure-skip-tls-verify"] = insecure
        if insecure:
            _drop(entry, ("certificate-authority", "certificate-authority-data"))
    _certificates(call, entry, ("certificate-authority",))
    if authority:
        _drop(entry, ("insecure-skip-tls-verify",))
    _save(call, "cluster", name, entry)
    call.out(f"Cluster {quoted(name)} set.\n")


def set_credentials(call: Invocation) -> None:
    """Make a user, or change some of its fields; raises `CommandError`."""
    flags = call.flags
    if len(call.args) != 1:
        raise CommandError(f"unexpected args: [{' '.join(call.args)}]")
    [name] = call.args
    if not name:
        raise CommandError("you must specify a non-empty user name")
    token = bool(flags.text("token"))
    basic = bool(flags.text("username") or flags.text("password"))
    if token and basic:
        raise CommandError(
            "you cannot specify more than one authentication method at the same time: --token, "
            "--username/--password"
        )
    entry = _existing(call, "user", name)
    _certificates(call, entry, ("client-certificate", "client-key"))
    _set(call, entry, ("token", "username", "password"))
    if token or basic:  # only one way to say who one is
        _drop(entry, ("username", "password") if token else ("token",))
    _save(call, "user", name, entry)
    call.out(f"User {quoted(name)} set.\n")


def delete_context(call: Invocation) -> None:
    """Delete a context; raises `CommandError`."""
    config = call.around.kubeconfig
    if call.args == [config.current] and config.current in config.names("context"):
        call.error(ACTIVE)
    _delete(call, "context")


def delete_cluster(call: Invocation) -> None:
    """Delete a cluster; raises `CommandError`."""
    _delete(call, "cluster")


def delete_user(call: Invocation) -> None:
    """Delete a user; raises `CommandError`."""
    if len(call.args) != 1:
        raise call.usage_error("user to delete is required")
    _delete(call, "user")


def _delete(call: Invocation, what: str) -> None:
    if len(call.args) != 1:
        raise unexpected_arguments(call, said=False)
    [name] = call.args
    config = call.around.kubeconfig
    if name not in config.names(what):
        raise CommandError(f"cannot delete {what} {name}, not in {config.place}")
    config.remove(what, name)
    config.save()
    call.out(f"deleted {what} {name} from {config.place}\n")


def _existing(call: Invocation, what: str, name: str) -> Document:
    config = call.around.kubeconfig
    return dict(config.entry(what, name)) if name in config.names(what) else {}


def _save(call: Invocation, what: str, name: str, entry: Document) -> None:
    config = call.around.kubeconfig
    config.put(what, name, {key: value for key, value in entry.items() if value})
    config.save()


def _set(call: Invocation, entry: Document, names: Sequence[str]) -> None:
    """Put the flags that are given into an entry; an empty one removes its field."""
    for name in names:
        if name in call.flags.given:
            entry[name] = call.flags.text(name)
            if not entry[name]:
                del entry[name]


def _drop(entry: Document, names: Sequence[str]) -> None:
    for name in names:
        entry.pop(name, None)


def _certificates(call: Invocation, entry: Document, names: Sequence[str]) -> None:
    """Put files of certificates into an entry: their paths, or with `--embed-certs` the content."""
    flags = call.flags
    embed = flags.on("embed-certs")
    if embed and not any(flags.text(name) for name in names):
        raise CommandError(f"you must specify a {' or '.join(f'--{n}' for n in names)} to embed")
    for name in names:
        if name not in flags.given:
            continue
        path = Path(flags.text(name)).absolute() if flags.text(name) else None
        _drop(entry, (name, f"{name}-data"))
        if path is None:
            continue
        if not embed:
            entry[name] = str(path)
            continue
        try:
            entry[f"{name}-data"] = base64.b64encode(path.read_bytes()).decode()
        except OSError as problem:
            said = (problem.strerror or "").lower()
            given = flags.text(name)
            raise CommandError(
                f"could not stat {name} file {given}: stat {given}: {said}"
            ) from None
