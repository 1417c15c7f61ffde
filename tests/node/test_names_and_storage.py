"""A Pod's host name and resolver, its pull secrets, and what it may take of the node's disk."""

from __future__ import annotations

import pytest

from course_lib.node.invalid_config import InvalidConfig
from course_lib.node.pod_dns import kernel_hostname, resolver
from course_lib.objects.decode import decode
from tests.conftest import container, pod

CLUSTER = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"]


def shell(script: str, **more: object) -> dict:
    return container(image="busybox:1.36", command=["sh", "-c", script], **more)


def of(name: str = "web", **spec: object):
    document = pod(name, **spec)
    document["metadata"]["namespace"] = "default"
    return decode(document)


@pytest.mark.parametrize(
    ("name", "spec", "told"),
    [
        ("web", {}, "web"),
        ("web", {"hostname": "db"}, "db"),
        ("a" * 70, {}, "a" * 63),
        ("a" * 62 + "-b", {}, "a" * 62),
        ("web", {"subdomain": "s"}, "web"),
        ("web", {"subdomain": "s", "setHostnameAsFQDN": True}, "web.s.default.svc.cluster.local"),
        ("web", {"setHostnameAsFQDN": True}, "web"),
        ("web", {"hostnameOverride": "x.example", "subdomain": "s"}, "x.example"),
    ],
)
def test_a_pod_is_called_as_its_spec_says(name, spec, told):
    assert kernel_hostname(of(name, **spec)) == told


@pytest.mark.parametrize(("letters", "good"), [(35, True), (36, True), (37, False)])
def test_a_whole_name_has_at_most_64_characters(letters, good):
    named = of("w" * letters, subdomain="s", setHostnameAsFQDN=True)
    if good:
        assert len(kernel_hostname(named)) == letters + 28
    else:
        with pytest.raises(InvalidConfig, match=r"too long \(64 characters is the max, 65"):
            kernel_hostname(named)


def test_a_name_that_is_too_long_leaves_the_pod_without_a_sandbox(one):
    one.apply(pod("w" * 40, subdomain="s", setHostnameAsFQDN=True))
    one.run(seconds=5)
    [told] = one.log(reason="FailedCreatePodSandBox").MESSAGE
    assert told.startswith(
        "Failed to create pod sandbox: failed to construct FQDN from pod hostname"
    )


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({}, (["10.96.0.10"], CLUSTER, ["ndots:5"], [])),
        ({"dnsPolicy": "None"}, ([], [], [], [])),
        (
            {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"], "searches": ["a.b"]}},
            (["192.0.2.1"], ["a.b"], [], []),
        ),
        (
            {
                "dnsConfig": {
                    "nameservers": ["192.0.2.1", "10.96.0.10"],
                    "searches": ["a.b", "cluster.local"],
                    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
                }
            },
            (["10.96.0.10", "192.0.2.1"], [*CLUSTER, "a.b"], ["ndots:2", "edns0"], []),
        ),
    ],
)
def test_a_resolver_is_the_clusters_with_what_the_pod_adds(spec, told):
    assert resolver(of(**spec)) == told


@pytest.mark.parametrize(("number", "left_out"), [(2, False), (3, True)])
def test_a_resolver_has_at_most_three_servers(one, number, left_out):
    servers = [f"192.0.2.{n}" for n in range(number)]
    one.apply(pod(dnsConfig={"nameservers": servers}))
    one.run(seconds=5)
    told = [
        "Nameserver limits were exceeded, some nameservers have been omitted, "
        "the applied nameserver line is: 10.96.0.10 192.0.2.0 192.0.2.1"
    ]
    assert list(one.log(reason="DNSConfigForming").MESSAGE) == (told if left_out else [])


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("nginx:1.27", []),
        (
            "registry.invalid/x:1",
            [
                "Unable to retrieve some image pull secrets (none); "
                "attempting to pull the image may not succeed."
            ],
        ),
    ],
)
def test_a_missing_pull_secret_is_told_when_the_pull_fails(one, image, said):
    one.apply(pod(containers=[container(image=image)], imagePullSecrets=[{"name": "none"}]))
    one.run(seconds=5)
    assert list(one.log(reason="FailedToRetrieveImagePullSecret").MESSAGE) == said


@pytest.mark.parametrize(("lines", "over"), [(63, False), (64, False), (65, True)])
def test_a_pod_may_not_take_more_of_the_disk_than_its_containers_limits(one, lines, over):
    mount = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    limit = {"resources": {"limits": {"ephemeral-storage": "1Ki"}}}
    volume = {"name": "v", "emptyDir": {}}
    one.apply(pod(containers=[shell("sleep 999", **mount, **limit)], volumes=[volume]))
    one.run(seconds=5)
    uid = one.api.get("Pod", "web").uid
    path = f"/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/v/f"
    one.kubelets["node-1"].disk.put(path, b"x" * 16 * lines)
    one.run(seconds=20)
    told = ["Pod ephemeral local storage usage exceeds the total limit of containers 1Ki. "]
    assert list(one.log(reason="Evicted").MESSAGE) == (told if over else [])


def test_a_container_may_not_log_more_than_its_own_limit(one):
    small = {"resources": {"limits": {"ephemeral-storage": "100"}}}
    large = {"resources": {"limits": {"ephemeral-storage": "1Mi"}}}
    script = "for n in 1 2 3 4 5; do echo one line of a log; done; sleep 999"
    one.apply(pod(containers=[shell(script, name="a", **small), shell(script, name="b", **large)]))
    one.run(seconds=20)
    told = 'Container a exceeded its local ephemeral storage limit "100". '
    assert list(one.log(reason="Evicted").MESSAGE) == [told]
    status = one.document("pod", "web")["status"]
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Evicted", told)


@pytest.mark.parametrize(("medium", "evicted"), [("", True), ("Memory", False)])
def test_the_kernel_keeps_volumes_in_memory_small_and_the_kubelet_those_on_disk(
    one, medium, evicted
):
    mount = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    volume = {"name": "v", "emptyDir": {"sizeLimit": "10", "medium": medium}}
    script = "echo 0123456789abcde > /v/f; sleep 999"
    one.apply(pod(containers=[shell(script, **mount)], volumes=[volume]))
    one.run(seconds=20)
    assert bool(len(one.log(reason="Evicted"))) is evicted
