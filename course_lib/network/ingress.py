"""Ingress: which Service a request goes to, by host and path.

Source: kubernetes.io "Ingress": "Path types", "Multiple matches", "Hostname wildcards".
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from course_lib.objects.kinds.ingress import Ingress, IngressServiceBackend
from course_lib.objects.kinds.ingress_class import IngressClass

EXACT, PREFIX = "Exact", "Prefix"


class Match(msgspec.Struct, frozen=True):
    """The rule that a request meets, and the Service behind it."""

    ingress: str
    namespace: str
    host: str
    path: str
    path_type: str
    service: IngressServiceBackend


def path_matches(path_type: str, rule: str, path: str) -> bool:
    """Whether a path meets a rule; Prefix compares whole elements between slashes.

    `path_type` is that of the `rule`: `Prefix`, `Exact` or `ImplementationSpecific`.

    >>> path_matches("Prefix", "/foo", "/foo/bar"), path_matches("Prefix", "/foo", "/foobar")
    (True, False)
    >>> path_matches("Exact", "/foo", "/foo/")
    False
    """
    if path_type == EXACT:
        return path == rule
    wanted = [part for part in rule.split("/") if part]
    return [part for part in path.split("/") if part][: len(wanted)] == wanted


def host_matches(rule: str, host: str) -> bool:
    """Whether a host meets a rule; `*` stands for exactly one label.

    >>> host_matches("*.foo.com", "bar.foo.com"), host_matches("*.foo.com", "a.bar.foo.com")
    (True, False)
    """
    if not rule or rule == host:
        return True
    first, _, rest = host.partition(".")
    return rule.startswith("*.") and bool(first) and rule[2:] == rest


def of_controller(
    ingresses: Iterable[Ingress], classes: Iterable[IngressClass], controller: str
) -> list[Ingress]:
    """Those of `ingresses` whose class, one of `classes`, names the `controller`.

    No controller takes an Ingress without a class. Source: kubernetes.io "Ingress", "Ingress
    class"; HAProxy's controller without its flag `--empty-ingress-class`.
    """
    own = {found.name for found in classes if found.spec.controller == controller}
    return [ingress for ingress in ingresses if ingress.spec.ingress_class_name in own]


def choose(ingresses: Iterable[Ingress], host: str, path: str) -> Match | None:
    """The rule of `ingresses` for a request's `host` and `path`; None: not found (404).

    A full host comes before one with `*`, and that before a rule without; of the paths the longest
    wins, and of two equal ones Exact. What no rule wants goes to the default backend.
    """
    found: list[tuple[tuple[int, int, bool], Match]] = []
    default: Match | None = None
    for ingress in sorted(ingresses, key=lambda i: (i.namespace, i.name)):
        spec = ingress.spec
        if spec.default_backend and spec.default_backend.service and default is None:
            service = spec.default_backend.service
            default = Match(ingress.name, ingress.namespace, "*", "", "", service)
        for rule in spec.rules or ():
            if rule.http is None or not host_matches(rule.host, host):
                continue
            exactness = 0 if not rule.host else 1 if rule.host.startswith("*") else 2
            for each in rule.http.paths:
                here, kind, behind = each.path, each.path_type, each.backend.service
                if behind and path_matches(kind, here, path):
                    rank = exactness, len(here.rstrip("/")), kind == EXACT
                    wanted = rule.host or "*"
                    match = Match(ingress.name, ingress.namespace, wanted, here, kind, behind)
                    found.append((rank, match))
    # Among hosts, the most exact with any path that matches; among its paths, the longest.
    return max(found, key=lambda pair: pair[0])[1] if found else default
