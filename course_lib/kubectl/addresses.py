"""Where the cluster of a context is, and as whom one asks: for kubectl over HTTP.

Source: client-go `tools/clientcmd/client_config.go`.
"""

from __future__ import annotations

import base64
from pathlib import Path

from course_lib.client.transport import Address
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.objects.manifests import Document

NO_CLUSTER = "http://localhost:8080"  # where kubectl looks when nothing is configured
_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_REFUSED = ("exec", "auth-provider", "as", "as-groups", "username")


def address_of(
    kubeconfig: Kubeconfig, context: str, folder: Path, overrides: dict[str, str]
) -> Address:
    """The address for a context of a kubeconfig, or for what stands in its place.

    `overrides` have the flags `cluster`, `user`, `server` and `token`. Certificates that the
    kubeconfig contains are written into a `folder`. Raises `CommandError` for an entry that is not
    there, and for a way to say who one is that is not simulated.
    """
    entry = kubeconfig.entry("context", context) if context else {}
    cluster = _entry(kubeconfig, "cluster", overrides.get("cluster") or entry.get("cluster"))
    user = _entry(kubeconfig, "user", overrides.get("user") or entry.get("user"))
    for name in _REFUSED:
        if user.get(name):
            raise CommandError(f"users with {name} are not simulated in this course")
    token = overrides.get("token") or user.get("token") or ""
    if not token and user.get("tokenFile"):
        token = Path(user["tokenFile"]).read_text(encoding="utf-8").strip()
    server = overrides.get("server") or cluster.get("server") or NO_CLUSTER
    return Address(
        url=server if "://" in server else f"http://{server}",
        token=token,
        ca=_file(cluster, "certificate-authority", folder),
        certificate=_file(user, "client-certificate", folder),
        key=_file(user, "client-key", folder),
        verify=not cluster.get("insecure-skip-tls-verify"),
    )


def _entry(kubeconfig: Kubeconfig, what: str, name: str | None) -> Document:
    """An entry, with the paths in it from the folder of its file on."""
    if not name:
        return {}
    entry = dict(kubeconfig.entry(what, name))
    folder = kubeconfig.folder(what, name)
    return entry | {field: str(folder / entry[field]) for field in _PATHS if entry.get(field)}


def _file(entry: Document, name: str, folder: Path) -> str:
    """The path of a certificate, which may stand in the entry itself."""
    data = entry.get(f"{name}-data")
    if not data:
        return str(entry.get(name) or "")
    path = folder / name
    path.touch(mode=0o600)
    path.write_bytes(base64.b64decode(data))
    return str(path)
