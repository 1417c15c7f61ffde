"""`kubectl apply --prune`: what was applied once and is no longer in the manifests is deleted.

Source: kubectl `pkg/cmd/apply/prune.go` and `pkg/util/prune/prune.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.client.last_applied import last_applied
from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.deletion import delete_options, propagation_of
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.resources import Resource
from course_lib.kubectl.writing import ObjectWriter

# Of which kinds objects are pruned where `--prune-allowlist` does not say it.
NAMESPACED = (
    "v1 ConfigMap", "v1 Endpoints", "v1 PersistentVolumeClaim", "v1 Pod",
    "v1 ReplicationController", "v1 Secret", "v1 Service", "batch/v1 Job", "batch/v1 CronJob",
    "networking.k8s.io/v1 Ingress", "apps/v1 DaemonSet", "apps/v1 Deployment",
    "apps/v1 ReplicaSet", "apps/v1 StatefulSet",
)  # fmt: skip
OF_CLUSTERS = ("v1 Namespace", "v1 PersistentVolume")
DEPRECATED = (
    "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used "
    "with the --namespace flag in a future release. To preserve the current behaviour, list the "
    "resources you want to target explicitly in the --prune-allowlist flag."
)
ALL_OR_SOME = (
    "all resources selected for prune without explicitly passing --all. To prune all resources, "
    "pass the --all flag. If you did not mean to prune all resources, specify a label selector"
)


def check_prune(call: Invocation) -> None:
    """Raise `CommandError` for flags that do not go with `--prune`."""
    flags = call.flags
    if not flags.on("prune"):
        return
    for each in flags.texts("prune-allowlist"):
        _allowed(call, each)
    if flags.on("force"):
        raise CommandError("--force cannot be used with --prune")
    if not flags.on("all") and not flags.text("selector"):
        raise CommandError(ALL_OR_SOME)
    if flags.on("server-side"):
        raise CommandError(
            "--prune is in alpha and doesn't currently work on objects created by server-side apply"
        )


class Pruner:
    """Prunes for a `call`, as far as `dry_run` goes; `printer` tells of each object."""

    def __init__(self, call: Invocation, dry_run: DryRun, printer: ChangePrinter) -> None:
        self._call, self._dry_run, self._printer = call, dry_run, printer

    def prune(self, applied: list[Chosen]) -> None:
        """Delete what was applied once, in the same namespaces, and is not among the `applied`."""
        call = self._call
        uids = {(each.document.get("metadata") or {}).get("uid") for each in applied}
        spaces = dict.fromkeys(each.namespace for each in applied if each.resource.namespaced)
        if call.explicit_namespace:
            spaces = {call.namespace: None} | spaces
        for resource in self._resources():
            for space in spaces if resource.namespaced else [""]:
                self._of(resource, space, uids)

    def _resources(self) -> Iterator[Resource]:
        call = self._call
        named = call.flags.texts("prune-allowlist")
        if named:
            for each in named:
                yield _allowed(call, each)
            return
        call.log("prune.go:71", DEPRECATED)
        for each in (*NAMESPACED, *OF_CLUSTERS):
            version, kind = each.split()
            if resource := call.resources.of({"apiVersion": version, "kind": kind}):
                yield resource

    def _of(self, resource: Resource, space: str, applied: set[str | None]) -> None:
        call = self._call
        selector = call.flags.text("selector")
        query = {"labelSelector": selector} if selector else {}
        options = delete_options(propagation_of(call), call.flags.number("grace-period"))
        writer = ObjectWriter(call.server, self._dry_run)
        for document in call.server.items(resource.path(space), query):
            meta = document["metadata"]
            if last_applied(document) is None or meta["uid"] in applied:
                continue
            if self._dry_run is not DryRun.CLIENT:
                writer.delete(Chosen(resource, space, meta["name"], document), options)
            self._printer.print(document)


def _allowed(call: Invocation, text: str) -> Resource:
    """The resource of a word such as `core/v1/ConfigMap`; raises `CommandError`."""
    parts = text.split("/")
    if len(parts) != 3:
        raise CommandError(
            f"invalid GroupVersionKind format: {text}, please follow <group/version/kind>"
        )
    group, version, kind = parts
    version = version if group in ("", "core") else f"{group}/{version}"
    resource = call.resources.of({"apiVersion": version, "kind": kind})
    if resource is None:
        raise CommandError(f'no matches for kind "{kind}" in version "{version}"')
    return resource
