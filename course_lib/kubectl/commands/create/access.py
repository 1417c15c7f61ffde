"""`kubectl create rolebinding`, `clusterrolebinding` and `serviceaccount`.

Source: kubectl `pkg/cmd/create/create_rolebinding.go`, `create_clusterrolebinding.go`,
`create_serviceaccount.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.kubectl.commands.create.making import check_name, headed, namespaced
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document

RBAC = "rbac.authorization.k8s.io"


def role_binding(call: Invocation, name: str) -> Document:
    """A RoleBinding; raises `CommandError`."""
    check_name(name)
    role, cluster_role = call.flags.text("role"), call.flags.text("clusterrole")
    if bool(role) == bool(cluster_role):
        raise CommandError("exactly one of clusterrole or role must be specified")
    made = namespaced(call, f"{RBAC}/v1", "RoleBinding", name)
    kind = "Role" if role else "ClusterRole"
    return made | _bound(call, kind, role or cluster_role)


def cluster_role_binding(call: Invocation, name: str) -> Document:
    """A ClusterRoleBinding; raises `CommandError`."""
    made = headed(f"{RBAC}/v1", "ClusterRoleBinding", name)
    return made | _bound(call, "ClusterRole", call.flags.text("clusterrole"))


def service_account(call: Invocation, name: str) -> Document:
    """A ServiceAccount; raises `CommandError`."""
    check_name(name)
    return namespaced(call, "v1", "ServiceAccount", name)


def _bound(call: Invocation, kind: str, role: str) -> Document:
    subjects = list(_subjects(call))
    reference = {"apiGroup": RBAC, "kind": kind, "name": role}
    return {"roleRef": reference} | ({"subjects": subjects} if subjects else {})


def _subjects(call: Invocation) -> Iterator[Document]:
    for kind, flag in (("User", "user"), ("Group", "group")):
        for name in call.flags.texts(flag):
            yield {"kind": kind, "apiGroup": RBAC, "name": name}
    for account in call.flags.texts("serviceaccount"):
        namespace, _, name = account.partition(":")
        if not namespace or not name or ":" in name:
            raise CommandError("serviceaccount must be <namespace>:<name>")
        yield {"kind": "ServiceAccount", "namespace": namespace, "name": name}
