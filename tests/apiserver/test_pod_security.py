"""Pod Security: what Pods may ask of their node, by labels of their namespace."""

import pytest

from course_lib import Cluster
from course_lib.apiserver.admission import warnings_of
from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.pod_security.checks import findings, told
from course_lib.apiserver.pod_security.levels import BASELINE, RESTRICTED, Level, policy_of
from course_lib.objects.field_errors import InvalidObject
from course_lib.objects.kinds.namespace import NAMESPACE
from tests.conftest import container, pod

ENFORCE = "pod-security.kubernetes.io/enforce"
WARN = "pod-security.kubernetes.io/warn"
SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def of(level, spec, minor=37, **meta):
    return told(findings(Level(level, minor), meta, spec))


def one(**security):
    return {"containers": [{"name": "c", "securityContext": security}]}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (one(), ""),
        ({"hostPID": True, "hostIPC": True}, "host namespaces (hostPID=true, hostIPC=true)"),
        (
            {"containers": [{"name": c, "ports": [{"hostPort": 80}]} for c in "ab"]},
            'hostPort (containers "a", "b" use hostPort 80)',
        ),
        (
            one(capabilities={"add": ["CHOWN", "NET_ADMIN"]}),
            'non-default capabilities (container "c" must not include "NET_ADMIN" in '
            "securityContext.capabilities.add)",
        ),
        (
            {"volumes": [{"name": n, "hostPath": {}} for n in "vw"]},
            'hostPath volumes (volumes "v", "w")',
        ),
        (
            {"containers": [{"name": "c", "livenessProbe": {"httpGet": {"host": "h"}}}]},
            'probe or lifecycle host (container "c" uses probe or lifecycle host "h")',
        ),
        (
            {"securityContext": {"seLinuxOptions": {"type": "x", "user": "u"}}},
            'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may '
            "not be set)",
        ),
        (
            one(seccompProfile={"type": "Unconfined"}),
            'seccompProfile (container "c" must not set securityContext.seccompProfile.type to '
            '"Unconfined")',
        ),
        (
            {"securityContext": {"sysctls": [{"name": "kernel.msgmax"}]}},
            "forbidden sysctls (kernel.msgmax)",
        ),
        (
            one(procMount="Unmasked"),
            'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
        ),
        (one(procMount="Unmasked") | {"hostUsers": False}, ""),
        (
            {"securityContext": {"windowsOptions": {"hostProcess": True}}},
            "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
        ),
        (
            {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
            'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
        ),
    ],
)
def test_baseline_forbids_known_ways_to_the_node(spec, said):
    assert of(BASELINE, spec) == said


def test_restricted_wants_promises_of_each_container():
    assert of(RESTRICTED, one(**SAFE)) == ""
    assert of(RESTRICTED, one(**SAFE | {"capabilities": {"add": ["CHOWN"]}})) == (
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop='
        '["ALL"]; container "c" must not include "CHOWN" in securityContext.capabilities.add)'
    )
    assert of(RESTRICTED, one(**SAFE | {"runAsNonRoot": False, "runAsUser": 0})) == (
        'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false), '
        'runAsUser=0 (container "c" must not set runAsUser=0)'
    )
    volumes = [{"name": "v", "nfs": {"server": "s"}}, {"name": "w", "emptyDir": {}}]
    assert of(RESTRICTED, one(**SAFE) | {"volumes": volumes}) == (
        'restricted volume types (volume "v" uses restricted volume type "nfs")'
    )


@pytest.mark.parametrize(("minor", "free"), [(34, False), (35, True)])
def test_root_in_a_user_namespace_is_free_since_a_release(minor, free):
    spec = one(**SAFE | {"runAsUser": 0}) | {"hostUsers": False}
    assert (of(RESTRICTED, spec, minor) == "") == free


def test_labels_of_a_namespace_are_levels_and_releases():
    policy, errors = policy_of({ENFORCE: "baseline", f"{ENFORCE}-version": "v1.30"})
    assert (str(policy.enforce), str(policy.warn), errors) == (
        "baseline:v1.30",
        "baseline:v1.30",
        [],
    )
    policy, errors = policy_of({ENFORCE: "strict", f"{WARN}-version": "1.30"})
    assert [str(error) for error in errors] == [
        f'metadata.labels[{ENFORCE}]: Invalid value: "strict": must be one of privileged, '
        "baseline, "
        "restricted",
        f'metadata.labels[{WARN}-version]: Invalid value: "1.30": must be "latest" or "v1.x"',
    ]
    assert (str(policy.enforce), str(policy.warn)) == ("restricted:latest", "privileged:latest")


def within(document):
    document["metadata"]["namespace"] = "space"
    return document


def namespace(name="space", **labels):
    meta = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


@pytest.fixture
def cluster():
    cluster = Cluster(nodes=0)
    cluster.run(5)
    return cluster


def test_a_pod_above_the_level_of_its_namespace_is_refused(cluster):
    cluster.apply(namespace(**{ENFORCE: "baseline"}))
    cluster.run(5)
    cluster.apply(within(pod("good")))
    with pytest.raises(Forbidden, match=r'violates PodSecurity "baseline:latest": host names'):
        cluster.apply(within(pod("bad", hostNetwork=True)))


def test_a_level_that_is_only_warned_of_admits(cluster):
    cluster.apply(namespace(**{WARN: "baseline"}))
    cluster.run(5)
    (warnings,) = cluster.apply(within(pod("bad", hostNetwork=True))).WARNINGS
    assert 'would violate PodSecurity "baseline:latest": host namespaces' in str(warnings)


def test_a_namespace_with_a_new_level_names_the_pods_that_break_it(cluster):
    cluster.apply(namespace())
    cluster.run(5)
    cluster.apply([within(pod(name, hostNetwork=True)) for name in ("a", "b", "c")])
    cluster.apply(within(pod("d", [container(securityContext={"privileged": True})])))
    before = cluster.api.document("Namespace", "space")
    after = cluster.api.document("Namespace", "space")
    after["metadata"]["labels"][ENFORCE] = "baseline"
    assert list(warnings_of(cluster.api, NAMESPACE, after, before)) == [
        'existing pods in namespace "space" violate the new PodSecurity enforce level '
        '"baseline:latest"',
        "a (and 2 other pods): host namespaces",
        "d: privileged",
    ]
    assert list(warnings_of(cluster.api, NAMESPACE, before, after)) == []


def test_a_label_that_is_no_level_is_refused(cluster):
    with pytest.raises(InvalidObject, match="must be one of privileged, baseline, restricted"):
        cluster.apply(namespace(**{ENFORCE: "strict"}))
