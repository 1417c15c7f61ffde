"""Columns of `kubectl get` and the text of `kubectl describe`.

The headings are facts: the column definitions of kube-apiserver's printers, release 1.37.
"""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.engine.ages import age
from course_lib.kubectl.printers.tabwriter import tabbed
from course_lib.objects.kinds.pod.columns import Restarts
from tests.conftest import container, pod, service, workload

WIDE = {
    "pods": "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED·NODE READINESS·GATES",
    "nodes": "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION "
    "CONTAINER-RUNTIME",
    "deployments": "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR",
    "replicasets": "NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR",
    "statefulsets": "NAME READY AGE CONTAINERS IMAGES",
    "daemonsets": "NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE·SELECTOR AGE CONTAINERS "
    "IMAGES SELECTOR",
    "jobs": "NAME STATUS COMPLETIONS DURATION AGE CONTAINERS IMAGES SELECTOR",
    "cronjobs": "NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST·SCHEDULE AGE CONTAINERS IMAGES "
    "SELECTOR",
    "services": "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR",
    "ingresses": "NAME CLASS HOSTS ADDRESS PORTS AGE",
    "networkpolicies": "NAME POD-SELECTOR AGE",
    "resourcequotas": "NAME REQUEST LIMIT AGE",
    "rolebindings": "NAME ROLE AGE USERS GROUPS SERVICEACCOUNTS",
    "clusterrolebindings": "NAME ROLE AGE USERS GROUPS SERVICEACCOUNTS",
    "roles": "NAME CREATED·AT",
    "limitranges": "NAME CREATED·AT",
    "serviceaccounts": "NAME AGE",
    "persistentvolumeclaims": "NAME STATUS VOLUME CAPACITY ACCESS·MODES STORAGECLASS "
    "VOLUMEATTRIBUTESCLASS AGE VOLUMEMODE",
    "events": "LAST·SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST·SEEN COUNT NAME",
}


@pytest.fixture
def cluster():
    return Cluster(nodes=2, seed=1)


@pytest.mark.parametrize(("kind", "heading"), WIDE.items())
def test_wide_columns_are_those_of_the_api_server(cluster, kind, heading):
    expected = [name.replace("·", " ") for name in heading.split()]
    assert list(cluster.get(kind, wide=True).columns) == expected


def test_without_wide_the_version_of_a_node_comes_after_its_age(cluster):
    assert list(cluster.get("nodes").columns) == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]


def test_restarts_say_when_the_last_one_was_and_are_still_numbers(cluster):
    cluster.apply(pod(containers=[container(image="busybox:1.36", command=["sh", "-c", "exit 1"])]))
    cluster.run(seconds=200)
    shown = cluster.get("pods")
    assert shown.RESTARTS[0] == 5
    ended = cluster.api.get("Pod", "web").status.container_statuses[0].last_state.terminated
    assert ended is not None
    assert str(shown.RESTARTS[0]).startswith("5 (") and str(shown.RESTARTS[0]).endswith("s ago)")
    assert str(shown.RESTARTS[0]) in repr(shown)
    assert shown.RESTARTS.sum() == 5


def test_a_pod_that_never_restarted_shows_zero():
    assert str(Restarts(0)) == "0"


def test_selectors_hosts_quotas_and_subjects_have_their_columns(cluster):
    cluster.apply(
        [
            workload(),
            service(),
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": "all"},
                "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
            },
            {
                "apiVersion": "v1",
                "kind": "ResourceQuota",
                "metadata": {"name": "team"},
                "spec": {"hard": {"pods": "5", "requests.cpu": "2", "limits.cpu": "4"}},
            },
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": "read"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role",
                    "name": "reader",
                },
                "subjects": [
                    {"kind": "User", "name": "ann", "apiGroup": "rbac.authorization.k8s.io"},
                    {"kind": "ServiceAccount", "name": "bot", "namespace": "default"},
                ],
            },
        ]
    )
    cluster.run(seconds=20)
    assert cluster.get("services", wide=True).query("NAME == 'web'").SELECTOR.iloc[0] == "app=web"
    assert cluster.get("networkpolicies")["POD-SELECTOR"][0] == "<none>"
    quota = cluster.get("quota").iloc[0]
    assert quota.LIMIT.startswith("limits.cpu: ") and quota.LIMIT.endswith("/4")
    assert quota.REQUEST.startswith("pods: ") and "requests.cpu: " in quota.REQUEST
    binding = cluster.get("rolebindings", wide=True).iloc[0]
    assert (binding.ROLE, binding.USERS) == ("Role/reader", "ann")
    assert binding.SERVICEACCOUNTS == "default/bot"


def test_a_pod_is_described_with_all_that_its_template_says(cluster):
    cluster.apply(
        pod(
            containers=[
                container(
                    command=["nginx", "-g", "daemon off;"],
                    ports=[{"containerPort": 80, "name": "http"}],
                    env=[
                        {"name": "COLOUR", "value": "blue"},
                        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                    ],
                    volumeMounts=[{"name": "scratch", "mountPath": "/scratch"}],
                    livenessProbe={"httpGet": {"path": "/", "port": 80}},
                    resources={"limits": {"memory": "64Mi"}},
                )
            ],
            volumes=[{"name": "scratch", "emptyDir": {}}],
        )
    )
    cluster.run(seconds=30)
    described = cluster.describe("pod", "web")
    for line in (
        "Status:           Running",
        "Service Account:  default",
        "    Port:          80/TCP (http)",
        "      daemon off;",
        "      memory:  64Mi",
        "      COLOUR:  blue",
        "      NODE:     (v1:spec.nodeName)",  # kubectl knows a Pod's name and namespace alone
        "      /scratch from scratch (rw)",
        "http-get http://:80/ delay=0s timeout=1s period=10s",
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
    ):
        assert line in described, described
    events = described[described.index("Events:") :]
    assert "kubelet  " in events and "kubelet/" not in events


def test_a_pod_that_crashes_has_its_phase_as_status_and_no_message_while_it_waits(cluster):
    cluster.apply(pod(containers=[container(image="busybox:1.36", command=["sh", "-c", "exit 1"])]))
    cluster.run_until(lambda: cluster.get("pods").STATUS[0] == "CrashLoopBackOff", timeout=200)
    described = cluster.describe("pod", "web")
    assert "Status:           Running" in described
    waiting = described[described.index("State:") : described.index("Last State:")]
    assert "Reason:       CrashLoopBackOff" in waiting and "Message" not in waiting


def test_a_service_is_described_with_its_endpoints(cluster):
    cluster.apply([workload(replicas=5), service()])
    cluster.run(seconds=30)
    described = cluster.describe("service", "web")
    first = next(line for line in described.splitlines() if line.startswith("Endpoints:"))
    assert first.count(":80") == 3 and first.endswith(" + 2 more...")
    cluster.kubectl("scale deployment/web --replicas=0")
    cluster.run(seconds=60)
    emptied = cluster.describe("service", "web")
    assert "10.244" not in emptied


def test_a_node_is_described_with_taints_and_what_its_pods_ask_for(cluster):
    cluster.kubectl("cordon node-1")
    cluster.apply(pod(containers=[container(resources={"requests": {"cpu": "1"}})]))
    cluster.run(seconds=30)
    described = cluster.describe("node", "node-2")
    assert "1 (25%)" in described and "Non-terminated Pods:" in described
    assert "node.kubernetes.io/unschedulable:NoSchedule" in cluster.describe("node", "node-1")


def test_columns_of_text_align_as_long_as_lines_have_them():
    text = "a:\tb\nlong title:\tc\nplain\nx\ty\tz"
    assert tabbed(text).splitlines() == [
        "a:           b",
        "long title:  c",
        "plain",
        "x  y  z",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (179 * 60 + 59, "179m"),
        (180 * 60, "3h"),
        (8 * 3600 - 60, "7h59m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (8 * 86400 - 3600, "7d23h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (731 * 86400, "2y1d"),
        (8 * 365 * 86400, "8y"),
    ],
)
def test_ages_round_as_kubectl_does(seconds, text):
    assert age(seconds) == text
