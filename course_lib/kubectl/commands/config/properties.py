"""`config set` and `config unset`: single values of a kubeconfig by their path.

Source: kubectl `pkg/cmd/config` (`set.go`, `unset.go`, `navigation_step_parser.go`).
"""

from __future__ import annotations

import base64
import binascii

from course_lib.command_line.values import ValueProblem, boolean, quoted
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.help import unexpected_arguments
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.kubeconfig import LISTS, Kubeconfig
from course_lib.objects.manifests import Json

_TEXT = {
    "cluster": ("server", "tls-server-name", "certificate-authority", "proxy-url"),
    "user": ("client-certificate", "client-key", "token", "tokenFile", "as", "as-uid", "username",
             "password"),
    "context": ("cluster", "user", "namespace"),
}  # fmt: skip
_BOOLS = ("insecure-skip-tls-verify", "disable-compression")
_BYTES = ("certificate-authority-data", "client-certificate-data", "client-key-data")
_SINGULAR = {many: one for one, many in LISTS.items()}
_OF = {"cluster": (*_BOOLS, _BYTES[0]), "user": _BYTES[1:], "context": ()}


def set_property(call: Invocation) -> None:
    """Set a value; raises `CommandError` for a path that leads nowhere."""
    if len(call.args) != 2:
        raise unexpected_arguments(call)
    path, value = call.args
    if not value:
        raise CommandError("you cannot use set to unset a property")
    config = call.around.kubeconfig
    what, name, field = _steps(path)
    if not what:
        config.document[field] = value
    elif not field:
        raise CommandError(f"can't set a map to a value: {path} has fields of its own")
    else:
        entry = dict(config.entry(what, name)) if name in config.names(what) else {}
        entry[field] = _value(field, value, call.flags.on("set-raw-bytes"))
        config.put(what, name, entry)
    config.save()
    call.out(f"Property {quoted(path)} set.\n")


def unset_property(call: Invocation) -> None:
    """Remove a value, or a whole entry; raises `CommandError` for a path that leads nowhere."""
    if len(call.args) != 1:
        raise unexpected_arguments(call)
    [path] = call.args
    config = call.around.kubeconfig
    what, name, field = _steps(path)
    if not what:
        config.document.pop(field, None)
    elif not name:
        config.document.pop(LISTS[what], None)
    else:
        _unset(config, what, name, field)
    config.save()
    call.out(f"Property {quoted(path)} unset.\n")


def _unset(config: Kubeconfig, what: str, name: str, field: str) -> None:
    if not field:
        config.remove(what, name)
        return
    if name not in config.names(what):
        raise CommandError(f"current map key `{name}` is invalid")
    entry = {key: each for key, each in config.entry(what, name).items() if key != field}
    config.put(what, name, entry)


def _steps(path: str) -> tuple[str, str, str]:
    """What a path names: kind of entry, its name, a field of it; of the whole file only a field.

    A name may contain dots: it ends where a field begins.
    """
    if not path:
        raise CommandError("you must specify a property")
    first, _, rest = path.partition(".")
    if first in ("current-context", "kind", "apiVersion") and not rest:
        return "", "", first
    if first not in _SINGULAR:
        raise CommandError(f"unable to parse {path} after [] at api.Config")
    what = _SINGULAR[first]
    words = rest.split(".") if rest else []
    fields = (*_TEXT[what], *_OF[what])
    for n, word in enumerate(words[1:], 1):
        if word in fields:
            if n + 1 < len(words):
                raise CommandError(f"unable to parse one or more field values of {path}")
            return what, ".".join(words[:n]), word
    return what, rest, ""


def _value(field: str, text: str, raw: bool) -> Json:
    if field in _BOOLS:
        try:
            return boolean(text)
        except ValueProblem as problem:
            raise CommandError(str(problem)) from None
    if field in _BYTES and raw:
        return base64.b64encode(text.encode()).decode()
    if field in _BYTES:
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error:
            raise CommandError(
                "error decoding input value: illegal base64 data at input byte 0"
            ) from None
    return text
