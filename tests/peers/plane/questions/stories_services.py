"""Services, their endpoints and their types."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    container,
    create,
    delete,
    deployment,
    patch,
    scale,
    service,
    stateful_set,
    story,
    template,
    thing,
    wait,
)

NOT_READY = {"readinessProbe": {"exec": {"command": ["sh", "-c", "exit 1"]}, "periodSeconds": 3}}


SLICE = thing(
    "EndpointSlice",
    "web-1",
    "discovery.k8s.io/v1",
    addressType="IPv4",
    endpoints=[{"addresses": ["192.168.7.7"]}],
    ports=[{"port": 80, "name": "", "protocol": "TCP"}],
)
SLICE["metadata"]["labels"] = {"kubernetes.io/service-name": "web"}


CASES = [
    story("Service of a Deployment", *create(deployment(), service()), wait(14)),
    story("Service of no Pods", *create(service()), wait(6)),
    story("Service without a selector", *create(service(app=None)), wait(6)),
    story("Service with a slice made by hand", *create(service(app=None), SLICE), wait(6)),
    story(
        "Service without an address",
        *create(deployment(replicas=1), service(clusterIP="None")),
        wait(12),
    ),
    story(
        "Service of Pods that are not ready",
        *create(
            deployment(
                replicas=1, pods=template("web", container(command="sleep 99", **NOT_READY))
            ),
            service(),
        ),
        wait(12),
    ),
    story(
        "Service that publishes Pods that are not ready",
        *create(
            deployment(
                replicas=1, pods=template("web", container(command="sleep 99", **NOT_READY))
            ),
            service(publishNotReadyAddresses=True),
        ),
        wait(12),
    ),
    story(
        "Service with a named port",
        *create(
            deployment(
                replicas=1,
                pods=template("web", container(ports=[{"name": "http", "containerPort": 8080}])),
            ),
            service(
                ports=[{"name": "a", "port": 80, "targetPort": "http"}, {"name": "b", "port": 81}]
            ),
        ),
        wait(12),
    ),
    story(
        "Service with a named port that no Pod has",
        *create(deployment(replicas=1), service(ports=[{"port": 80, "targetPort": "none"}])),
        wait(12),
    ),
    story("Service on node ports", *create(service(type="NodePort")), wait(5)),
    story(
        "Service with a load balancer that nobody makes",
        *create(service(type="LoadBalancer")),
        wait(6),
    ),
    story(
        "Service with an external name",
        *create(
            thing("Service", "web", spec={"type": "ExternalName", "externalName": "example.org"})
        ),
        wait(5),
    ),
    story(
        "Service becomes another type",
        *create(service()),
        wait(4),
        patch("Service/web", {"spec": {"type": "NodePort"}}),
        wait(4),
        patch("Service/web", {"spec": {"type": "ClusterIP"}}),
        wait(4),
    ),
    story(
        "Service loses its Pods",
        *create(deployment(replicas=1), service()),
        wait(12),
        scale("Deployment/web", 0),
        wait(10),
    ),
    story(
        "Service changes its selector",
        *create(deployment(replicas=1), service()),
        wait(12),
        patch("Service/web", {"spec": {"selector": {"app": "other"}}}),
        wait(6),
    ),
    story(
        "Service deleted",
        *create(deployment(replicas=1), service()),
        wait(12),
        delete("Service/web"),
        wait(6),
    ),
    story("Service with affinity", *create(service(sessionAffinity="ClientIP")), wait(4)),
    story(
        "Service of a StatefulSet",
        *create(service("db", "db", clusterIP="None"), stateful_set(replicas=1)),
        wait(12),
    ),
]
