"""Pods: requests, limits and quantities, for containers and for the whole Pod."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD
from tests.peers.plane.questions.tables import each, named

LIMITS, REQUESTS = "spec.containers[0].resources.limits", "spec.containers[0].resources.requests"
CASES = each(
    POD,
    {
        "spec.containers[0].resources": [
            None, {}, {"limits": {}}, {"requests": {"cpu": "100m", "memory": "64Mi"}},
            {"limits": {"cpu": "1", "memory": "1Gi"}},
            {"limits": {"cpu": "500m"}, "requests": {"cpu": "1"}},
            {"limits": {"cpu": "1"}, "requests": {"cpu": "1000m"}},
            {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1"}},
            {"limits": {"memory": "0"}}, {"claims": [{"name": "gpu"}]},
        ],
        f"{REQUESTS}.cpu": [
            1, 0.5, "0.5", "1e3", "1500u", "0.1m", "-1", "", "one", "1 ", None, True, ".5",
            "+1", "1.",
        ],
        f"{REQUESTS}.memory": [
            "67108864", "64mi", "64MB", "1.5Gi", "0.5", "1024Ki", "100m", "9223372036854775808",
        ],
        f"{REQUESTS}": [
            {"disk": "1"}, {"storage": "1Gi"}, {"ephemeral-storage": "1Gi"},
            {"example.com/gpu": "1"}, {"example.com/gpu": "0.5"}, {"-x/gpu": "1"},
            {"kubernetes.io/disk": "1"}, {"requests.example.com/gpu": "1"}, ["cpu"],
        ],
        f"{LIMITS}": [
            {"example.com/gpu": "2"}, {"hugepages-2Mi": "4Mi"}, {"cpu": "-100m"},
            {"cpu": "1", "hugepages-2Mi": "4Mi"}, {"cpu": "1", "hugepages-2Mi": "3Mi"},
        ],
        "spec.resources": [
            {}, {"requests": {"cpu": "1"}}, {"limits": {"cpu": "1", "memory": "1Gi"}},
            {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}},
            {"requests": {"example.com/gpu": "1"}}, {"requests": {"ephemeral-storage": "1Gi"}},
            {"claims": [{"name": "gpu"}]},
        ],
        "spec.containers[0].resizePolicy": [
            [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}],
            [{"resourceName": "disk", "restartPolicy": "NotRequired"}],
            [{"resourceName": "cpu", "restartPolicy": "Always"}],
            [{"resourceName": "cpu"}],
            [{"resourceName": "cpu", "restartPolicy": "NotRequired"}] * 2,
        ],
    },
)  # fmt: skip
GPU = {"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "2"}}
CASES += named(
    POD,
    {
        "with fewer requests than limits of a device": {"spec.containers[0].resources": GPU},
        "with as many requests as limits of a device": {
            "spec.containers[0].resources": GPU | {"requests": {"example.com/gpu": "2"}}
        },
        "of the class Guaranteed in two containers": {
            "spec.containers": [
                {
                    "name": name,
                    "image": "nginx:1.27",
                    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                }
                for name in ("a", "b")
            ]
        },
        "of the class Burstable for its init container": {
            "spec.containers[0].resources.limits": {"cpu": "1", "memory": "1Gi"},
            "spec.initContainers": [{"name": "fetch", "image": "busybox:1.36"}],
        },
        "with less for the whole Pod than for a container": {
            "spec.resources": {"requests": {"cpu": "1"}},
            REQUESTS: {"cpu": "2"},
        },
        "with a limit for the whole Pod, and one of a container above it": {
            "spec.resources": {"limits": {"cpu": "1"}},
            LIMITS: {"cpu": "2"},
        },
        "with a limit for the whole Pod, and a request of a container": {
            "spec.resources": {"limits": {"memory": "1Gi"}},
            REQUESTS: {"memory": "64Mi"},
        },
        "with huge pages and no limit": {REQUESTS: {"cpu": "1", "hugepages-2Mi": "4Mi"}},
        "with a claim of its resource claims": {
            "spec.resourceClaims": [{"name": "gpu", "resourceClaimName": "one"}],
            "spec.containers[0].resources.claims": [{"name": "gpu"}],
        },
        "with a resource claim of nothing": {"spec.resourceClaims": [{"name": "gpu"}]},
        "that never restarts, with a resize that restarts": {
            "spec.restartPolicy": "Never",
            "spec.containers[0].resizePolicy": [
                {"resourceName": "cpu", "restartPolicy": "RestartContainer"}
            ],
        },
    },
)
