"""`kubectl create ingress`: rules of the form `host/path=service:port,tls=secret`.

Source: kubectl `pkg/cmd/create/create_ingress.go`.
"""

from __future__ import annotations

import re

from course_lib.kubectl.commands.create.making import namespaced
from course_lib.kubectl.commands.create.policies import number_or_text
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document


def ingress(call: Invocation, name: str) -> Document:
    """An Ingress; raises `CommandError`."""
    flags = call.flags
    rules, backend = flags.texts("rule"), flags.text("default-backend")
    _check(call, rules, backend)
    made = namespaced(call, "networking.k8s.io/v1", "Ingress", name)
    pairs = [text.partition("=") for text in flags.texts("annotation")]
    if annotations := {key: value for key, _, value in pairs}:
        made["metadata"]["annotations"] = annotations
    spec: Document = {}
    if flags.text("class"):
        spec["ingressClassName"] = flags.text("class")
    if backend:
        spec["defaultBackend"] = _backend(backend)
    if certificates := _certificates(rules):
        spec["tls"] = certificates
    if hosts := _hosts(rules):
        spec["rules"] = hosts
    return made | {"spec": spec}


RULE = re.compile(r"[\w*\-.]*/.*=[\w\-]+:[\w\-]+", re.ASCII)


def _check(call: Invocation, rules: list[str], backend: str) -> None:
    if not backend and not rules:
        raise CommandError(
            "not enough information provided: every ingress has to either specify a "
            "default-backend (which catches all traffic) or a list of rules (which catch specific "
            "paths)"
        )
    for rule in rules:
        if not RULE.match(rule):
            form = "host/path=svcname:svcport[,tls[=secret]]"
            raise CommandError(f"rule {rule} is invalid and should be in format {form}")
    for annotation in call.flags.texts("annotation"):
        if "=" not in annotation:
            said = f"annotation {annotation} is invalid and should be in format key=[value]"
            raise CommandError(said)
    if backend and backend.count(":") != 1:
        raise CommandError("default-backend should be in format servicename:serviceport")


def _backend(text: str) -> Document:
    name, _, rest = text.partition(":")
    port = number_or_text(rest.partition(":")[0])
    field = "number" if isinstance(port, int) else "name"
    return {"service": {"name": name, "port": {field: port}}}


def _certificates(rules: list[str]) -> list[Document]:
    """Hosts with the Secret of their certificate, in one entry for each Secret."""
    found: list[Document] = []
    known: set[str] = set()
    for rule in rules:
        parts = rule.split(",")
        host = rule.partition("/")[0]
        if len(parts) != 2 or host in known:
            continue
        known.add(host)
        secret = parts[1].split("=")[1] if "=" in parts[1] else ""
        same = next((each for each in found if each.get("secretName", "") == secret), None)
        if same is not None:
            same.setdefault("hosts", []).append(host)
            continue
        entry: Document = {"hosts": [host]} if host else {}
        entry |= {"secretName": secret} if secret else {}
        found += [entry] if entry else []
    return found


def _hosts(rules: list[str]) -> list[Document]:
    """The paths of each host."""
    found: dict[str, list[Document]] = {}
    for rule in rules:
        host, _, path = rule.split(",")[0].partition("/")
        found.setdefault(host, []).append(_path(path))
    return [
        ({"host": host} if host else {}) | {"http": {"paths": paths}}
        for host, paths in found.items()
    ]


def _path(text: str) -> Document:
    path, service = text.split("=")[:2]
    prefix = path.endswith("*")
    return {
        "path": "/" + (path[:-1] if prefix else path),
        "pathType": "Prefix" if prefix else "Exact",
        "backend": _backend(service),
    }
