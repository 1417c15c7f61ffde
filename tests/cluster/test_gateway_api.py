"""Gateway API as a cluster has it: Gateways and HTTPRoutes by CustomResourceDefinitions."""

from __future__ import annotations

import pytest
import yaml

from course_lib import Cluster
from course_lib.errors import CourseError, InvalidManifest

DEFINITIONS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gateways.gateway.networking.k8s.io
  annotations: {api-approved.kubernetes.io: "unapproved, a small schema for a test"}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {plural: gateways, kind: Gateway, shortNames: [gtw], categories: [gateway-api]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Class, type: string, jsonPath: .spec.gatewayClassName}
    - {name: Address, type: string, jsonPath: ".status.addresses[*].value"}
    - name: Programmed
      type: string
      jsonPath: '.status.conditions[?(@.type=="Programmed")].status'
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [gatewayClassName, listeners]
            properties:
              gatewayClassName: {type: string, minLength: 1, maxLength: 253}
              listeners:
                type: array
                minItems: 1
                maxItems: 64
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name, port, protocol]
                  properties:
                    name: {type: string}
                    hostname: {type: string, maxLength: 253}
                    port: {type: integer, format: int32, minimum: 1, maximum: 65535}
                    protocol: {type: string, enum: [HTTP, HTTPS, TLS, TCP, UDP]}
          status:
            type: object
            properties:
              addresses:
                type: array
                items: {type: object, properties: {type: {type: string}, value: {type: string}}}
              conditions:
                type: array
                items: {type: object, x-kubernetes-preserve-unknown-fields: true}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: httproutes.gateway.networking.k8s.io
  annotations: {api-approved.kubernetes.io: "unapproved, a small schema for a test"}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {plural: httproutes, kind: HTTPRoute, categories: [gateway-api]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Hostnames, type: string, jsonPath: .spec.hostnames}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-validations:
            - {rule: "size(self.rules) > 0", message: a route has rules}
            properties:
              parentRefs:
                type: array
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, namespace: {type: string}}
              hostnames: {type: array, maxItems: 16, items: {type: string}}
              rules:
                type: array
                default: [{matches: [{path: {type: PathPrefix, value: /}}]}]
                items:
                  type: object
                  x-kubernetes-preserve-unknown-fields: true
"""
APPLICATION = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec:
  gatewayClassName: course
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: front}]
  hostnames: [shop.example.com, www.example.com]
"""


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=1)
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.apply(DEFINITIONS)
    cluster.apply(APPLICATION, namespace="shop")
    return cluster


def test_without_the_definitions_they_are_refused():
    with pytest.raises(CourseError, match='no matches for kind "Gateway"'):
        Cluster(nodes=1).apply(APPLICATION)


def test_a_rule_in_cel_is_kept_and_named_in_a_warning():
    applied = Cluster(nodes=1).apply(DEFINITIONS)
    assert list(applied["WARNINGS"]) == [
        "",
        "CustomResourceDefinition httproutes.gateway.networking.k8s.io: "
        "spec.versions[0].schema.openAPIV3Schema.properties.spec.x-kubernetes-validations: "
        "Kubernetes has it; this simulation does not act on it",
    ]


def test_a_typing_mistake_in_a_schema_is_refused():
    (first, _) = yaml.safe_load_all(DEFINITIONS)
    properties = first["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    properties["spec"]["properties"]["gatewayClassName"]["minLenght"] = 1
    with pytest.raises(InvalidManifest, match="unknown field") as refusal:
        Cluster(nodes=1).apply(first)
    assert "perhaps minLength instead of minLenght" in refusal.value.do


def test_they_are_listed_with_their_columns(cluster):
    address = {"addresses": [{"type": "IPAddress", "value": "192.0.2.1"}]}
    stated = [{"type": "Accepted", "status": "True"}, {"type": "Programmed", "status": "False"}]
    status = {"status": address | {"conditions": stated}}
    cluster.api.patch("Gateway", "front", "shop", status, "status")
    shown = cluster.get("gtw", namespace="shop")
    assert list(shown.columns) == ["NAME", "CLASS", "ADDRESS", "PROGRAMMED", "AGE"]
    assert shown.iloc[0].to_list() == ["front", "course", "192.0.2.1", "False", "0s"]
    routes = cluster.get("httproutes", namespace="shop")
    assert routes.iloc[0].to_list() == ["shop", '["shop.example.com","www.example.com"]', "0s"]
    described = str(cluster.describe("gateway", "front", namespace="shop"))
    assert "Status:  False\n    Type:    Programmed" in described


def test_a_route_without_rules_takes_all_paths(cluster):
    route = cluster.api.document("HTTPRoute", "shop", "shop")
    assert route["spec"]["rules"] == [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]


def test_a_gateway_that_its_schema_refuses_is_told_every_mistake(cluster):
    listeners = [
        {"name": "a", "port": 0, "protocol": "HTTP"},
        {"name": "a", "port": 80, "protocol": "SMTP"},
    ]
    wrong = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "wrong"},
        "spec": {"listeners": listeners},
    }
    with pytest.raises(InvalidManifest) as refusal:
        cluster.apply(wrong, namespace="shop")
    assert sorted(str(error) for error in refusal.value.errors) == [
        "spec.gatewayClassName: Required value",
        "spec.listeners[0].port: Invalid value: 0: spec.listeners[0].port in body should be "
        "greater than or equal to 1",
        'spec.listeners[1].protocol: Unsupported value: "SMTP": supported values: "HTTP", '
        '"HTTPS", "TLS", "TCP", "UDP"',
        'spec.listeners[1]: Duplicate value: {"name":"a"}',
    ]


def test_they_go_with_their_owner(cluster):
    gateway = cluster.api.get("Gateway", "front", "shop")
    owner = {
        "apiVersion": gateway.api_version,
        "kind": gateway.kind,
        "name": gateway.name,
        "uid": gateway.uid,
    }
    patch = {"metadata": {"ownerReferences": [owner]}}
    cluster.api.patch("HTTPRoute", "shop", "shop", patch)
    cluster.delete("gateway", "front", namespace="shop")
    cluster.run(10)
    assert cluster.api.list("HTTPRoute") == []


def test_they_go_with_their_namespace(cluster):
    cluster.delete("namespace", "shop")
    cluster.run(10)
    assert cluster.api.find("Namespace", "shop") is None
    assert cluster.api.list("Gateway") == cluster.api.list("HTTPRoute") == []
