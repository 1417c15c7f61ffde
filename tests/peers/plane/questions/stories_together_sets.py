"""StatefulSets and DaemonSets of which two features meet: budgets, claims, quotas, endpoints."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    NEWER,
    SETTINGS,
    affinity,
    budget,
    container,
    create,
    daemon_set,
    delete,
    image,
    scale,
    service,
    stateful_set,
    story,
    template,
    wait,
)
from tests.peers.plane.questions.stories_limits import quota
from tests.peers.plane.questions.stories_sets import PARALLEL, claims

UNREADY = {"readinessProbe": {"exec": {"command": ["false"]}, "periodSeconds": 2}}
HEADLESS = {"clusterIP": "None"}
NOWHERE = "registry.invalid/web:1"


def evict(name: str) -> dict[str, Any]:
    return {"evict": name}


CASES = [
    story(
        "a StatefulSet under a budget of all its Pods",
        *create(stateful_set("web", 2, **PARALLEL), budget(minAvailable=2)),
        wait(14),
        evict("web-1"),
        evict("web-0"),
        wait(4),
    ),
    story(
        "a StatefulSet with unready Pods under a budget that evicts unhealthy ones",
        *create(
            stateful_set("web", 1, template("web", container(**UNREADY))),
            budget(minAvailable=1, unhealthyPodEvictionPolicy="AlwaysAllow"),
        ),
        wait(12),
        evict("web-0"),
        wait(12),
    ),
    story(
        "an unready Pod under a budget is evicted",
        *create(
            stateful_set("web", 1, template("web", container(**UNREADY))),
            budget(minAvailable=1),
        ),
        wait(12),
        evict("web-0"),
        wait(6),
    ),
    story(
        "claims of a StatefulSet stay when it is scaled down",
        *create(stateful_set(replicas=2, **PARALLEL, **claims("data"))),
        wait(8),
        scale("StatefulSet/db", 1),
        wait(6),
    ),
    story(
        "a headless Service with Pods that are not ready",
        *create(
            service("db", "db", **HEADLESS),
            stateful_set(replicas=1, pods=template("db", container(**UNREADY))),
        ),
        wait(14),
    ),
    story(
        "a headless Service that publishes Pods that are not ready",
        *create(
            service("db", "db", **HEADLESS, publishNotReadyAddresses=True),
            stateful_set(replicas=1, pods=template("db", container(**UNREADY))),
        ),
        wait(14),
    ),
    story(
        "a rolling StatefulSet whose image is broken is mended",
        *create(stateful_set(replicas=1)),
        wait(10),
        image("StatefulSet/db", NOWHERE),
        wait(10),
        image("StatefulSet/db", NEWER),
        wait(8),
        delete("Pod/db-0"),
        wait(10),
    ),
    story(
        "a StatefulSet in a namespace without room",
        *create(quota(pods="1")),
        wait(3),
        *create(stateful_set(replicas=2)),
        wait(14),
    ),
    story(
        "a StatefulSet whose Pods keep apart on too few nodes",
        *create(
            stateful_set(
                replicas=4, pods=template("db", **affinity("podAntiAffinity", "db")), **PARALLEL
            )
        ),
        wait(14),
    ),
    story(
        "a DaemonSet with a ConfigMap that comes late",
        *create(
            daemon_set(
                pods=template("agent", container(envFrom=[{"configMapRef": {"name": "settings"}}]))
            )
        ),
        wait(6),
        *create(SETTINGS),
        wait(20),
    ),
    story(
        "a DaemonSet under a quota",
        *create(quota(pods="2")),
        wait(3),
        *create(daemon_set()),
        wait(10),
    ),
    story(
        "a DaemonSet with a Service of the node's endpoints",
        *create(daemon_set(), service("agent", "agent", internalTrafficPolicy="Local")),
        wait(14),
    ),
    story(
        "a DaemonSet becomes OnDelete and a Pod of it goes",
        *create(daemon_set(updateStrategy={"type": "OnDelete"}, minReadySeconds=3)),
        wait(14),
        image("DaemonSet/agent", NEWER),
        wait(4),
        scale("DaemonSet/agent", 1),
        wait(3),
    ),
]
