"""Namespaces: how they are emptied, and what each of them has."""

from __future__ import annotations

import pytest

from course_lib.apiserver.errors import Forbidden
from course_lib.objects.kind import Kind
from tests.conftest import service, workload


def test_a_namespace_is_emptied_before_it_goes(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.apply([workload(replicas=2), service()], namespace="shop")
    cluster.run(seconds=20)
    assert len(cluster.get("pods", namespace="shop")) == 2
    assert list(cluster.get("serviceaccounts", namespace="shop").NAME) == ["default"]
    cluster.delete("namespace", "shop")
    assert cluster.get("namespaces").query("NAME == 'shop'").STATUS.iloc[0] == "Terminating"
    cluster.run(seconds=60)
    assert "shop" not in set(cluster.get("namespaces").NAME)
    assert len(cluster.get("pods", namespace="shop")) == 0
    assert len(cluster.get("pods", namespace=None)) == 0


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_three_namespaces_cannot_be_deleted(cluster, name):
    why = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
    with pytest.raises(Forbidden, match=why):
        cluster.delete("ns", name)
    cluster.run(5)
    assert cluster.get("namespaces").set_index("NAME").STATUS[name] == "Active"


def test_the_conditions_of_a_namespace_name_what_holds_it(cluster):
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    held = {"name": "held", "namespace": "shop", "finalizers": ["example.com/hold"]}
    cluster.apply([space, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}])
    cluster.delete("namespace", "shop")
    cluster.run(seconds=60)
    found = cluster.api.get("Namespace", "shop").status.conditions
    stated = {c.type: (c.status, c.reason, c.message) for c in found}
    assert stated["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: configmaps. has 1 resource instances",
    )
    assert stated["NamespaceFinalizersRemaining"][2] == (
        "Some content in the namespace has finalizers remaining: "
        "example.com/hold in 1 resource instances"
    )
    assert stated["NamespaceDeletionContentFailure"][0] == "False"
    patch = {"metadata": {"finalizers": None}}
    cluster.api.patch("ConfigMap", "held", "shop", patch)
    cluster.run(seconds=5)
    assert cluster.api.find("Namespace", "shop") is None


def test_objects_of_an_added_kind_go_with_their_namespace(cluster):
    cluster.api.kinds.add(Kind("example.com/v1", kind="Widget", custom=True))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    widget["metadata"]["namespace"] = "shop"
    cluster.apply(space)
    cluster.apply(widget)
    assert [key for key, _ in cluster.api.server.store.range("/registry/example.com/widgets/")]
    cluster.delete("namespace", "shop")
    cluster.run(seconds=5)
    assert not cluster.api.server.store.range("/registry/example.com/widgets/")
    assert cluster.api.find("Namespace", "shop") is None


def test_each_namespace_has_an_account_and_the_root_certificate_and_keeps_them(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.run(seconds=1)
    api = cluster.api
    text = api.get("ConfigMap", "kube-root-ca.crt", "shop").data["ca.crt"]
    assert text.startswith("-----BEGIN CERTIFICATE-----")
    cluster.delete("configmap", "kube-root-ca.crt", namespace="shop")
    cluster.delete("serviceaccount", "default", namespace="shop")
    cluster.run(seconds=1)
    assert api.get("ServiceAccount", "default", "shop")
    api.patch("ConfigMap", "kube-root-ca.crt", "shop", {"data": {"ca.crt": "x", "more": "y"}})
    cluster.run(seconds=1)
    assert api.get("ConfigMap", "kube-root-ca.crt", "shop").data == {"ca.crt": text}
