"""What a kubeconfig says: `config view`, `get-contexts`, `get-clusters`, `get-users`.

Source: kubectl `pkg/cmd/config` (`view.go`, `get_contexts.go`, ...); client-go
`tools/clientcmd/api/helpers.go` (`MinifyConfig`, `ShortenConfig`, `RedactSecrets`).
"""

from __future__ import annotations

from course_lib.kubectl.failures import CommandError, Plain, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.kubeconfig import LISTS, Kubeconfig
from course_lib.kubectl.printers.choice import printer_of
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.kubectl.typed import StructDocument
from course_lib.objects.manifests import Document

REDACTED, OMITTED = "REDACTED", "DATA+OMITTED"
_SECRETS = ("password", "token")
# The order in which a struct of Go has its fields.
_ORDER = {
    "cluster": ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority",
                "certificate-authority-data", "proxy-url", "disable-compression", "extensions"),
    "user": ("client-certificate", "client-certificate-data", "client-key", "client-key-data",
             "token", "tokenFile", "as", "as-uid", "as-groups", "as-user-extra", "username",
             "password", "auth-provider", "exec", "extensions"),
    "context": ("cluster", "user", "namespace", "extensions"),
}  # fmt: skip


def view(call: Invocation) -> None:
    """Print the kubeconfig, secrets left out; raises `CommandError`."""
    flags = call.flags
    if call.args:
        raise call.usage_error(f"unexpected arguments: [{' '.join(call.args)}]")
    printer = printer_of(
        flags.text("output") or "yaml",
        template=flags.text("template"),
        managed_fields=flags.on("show-managed-fields"),
        missing_keys=flags.on("allow-missing-template-keys"),
    )
    config = call.around.kubeconfig
    if flags.on("minify"):
        config = _minified(config, flags.text("context") or config.current)
    secrets = flags.on("flatten") or flags.on("raw")
    printer.print(_shown(config, secrets), call.out)


def _minified(config: Kubeconfig, context: str) -> Kubeconfig:
    """A kubeconfig with nothing but one context, and what it names; raises `CommandError`."""
    if not context:
        raise CommandError("current-context must exist in order to minify")
    if context not in config.names("context"):
        raise CommandError(f"cannot locate context {context}")
    entry = config.entry("context", context)
    made = Kubeconfig({"current-context": context})
    made.put("context", context, entry)
    for what in ("cluster", "user"):
        name = entry.get(what, "")
        if not name:
            continue
        if name not in config.names(what):
            raise CommandError(f"cannot locate {what} {name}")
        made.put(what, name, config.entry(what, name))
    return made


def _shown(config: Kubeconfig, secrets: bool) -> StructDocument:
    shown: Document = {"kind": "Config", "apiVersion": "v1"}
    for what in ("cluster", "user", "context"):
        entries = [
            {"name": name, what: _entry(what, config.entry(what, name), secrets)}
            for name in sorted(config.names(what))
        ]
        shown[LISTS[what]] = entries or None
    return StructDocument(shown | {"current-context": config.current})


def _entry(what: str, entry: Document, secrets: bool) -> Document:
    shown = {key: entry[key] for key in _ORDER[what] if entry.get(key)}
    if secrets:
        return shown
    for key in shown:
        if key in _SECRETS:
            shown[key] = REDACTED
        elif key.endswith("-data"):
            shown[key] = OMITTED
    return shown


def current_context(call: Invocation) -> None:
    """Print the name of the context in use; raises `CommandError` where none is."""
    current = call.around.kubeconfig.current
    if not current:
        raise CommandError("current-context is not set")
    call.out(f"{current}\n")


def get_contexts(call: Invocation) -> None:
    """Print contexts as a table, or their names; raises `CommandError` for one that is not."""
    flags, config = call.flags, call.around.kubeconfig
    output = flags.text("output")
    if output not in ("", "name"):
        raise CommandError(
            f"--output {output} is not available in kubectl config get-contexts; resetting to "
            "default output format"
        )
    known = config.names("context")
    failures: list[CommandError] = [
        Plain(f"error: context {name} not found") for name in call.args if name not in known
    ]
    writer = TabWriter(call.out)
    if not flags.on("no-headers") and not output:
        writer.write("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n")
    for name in sorted(name for name in (call.args or known) if name in known):
        writer.write(f"{name}\n" if output else _row(config, name))
    writer.flush()
    raise_all(failures)


def _row(config: Kubeconfig, name: str) -> str:
    entry = config.entry("context", name)
    mark = "*" if name == config.current else " "
    cells = [mark, name, *(entry.get(key) or "" for key in ("cluster", "user", "namespace"))]
    return "\t".join(cells) + "\n"


def get_clusters(call: Invocation) -> None:
    """Print the names of the clusters."""
    _names(call, "cluster")


def get_users(call: Invocation) -> None:
    """Print the names of the users."""
    _names(call, "user")


def _names(call: Invocation, what: str) -> None:
    call.out("\n".join(["NAME", *sorted(call.around.kubeconfig.names(what)), ""]))
