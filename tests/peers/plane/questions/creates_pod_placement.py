"""Pods: node selectors, affinity, tolerations, and how Pods spread."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.pods import POD, at
from tests.peers.plane.questions.tables import each, named

HARD = "requiredDuringSchedulingIgnoredDuringExecution"
SOFT = "preferredDuringSchedulingIgnoredDuringExecution"
ZONE = "topology.kubernetes.io/zone"
APP = {"labelSelector": {"matchLabels": {"app": "web"}}}


def _node(operator: str, *values: object, key: str = "disk") -> Any:
    """A required term of one requirement on a label of nodes."""
    said = {"key": key, "operator": operator} | ({"values": list(values)} if values else {})
    return {HARD: {"nodeSelectorTerms": [{"matchExpressions": [said]}]}}


def _field(operator: str, *values: str, key: str = "metadata.name") -> Any:
    """A required term of one requirement on a field of nodes."""
    said = {"key": key, "operator": operator, "values": list(values)}
    return {HARD: {"nodeSelectorTerms": [{"matchFields": [said]}]}}


def _near(**term: object) -> Any:
    """A required term about other Pods."""
    return {HARD: [{"topologyKey": ZONE} | term]}


def _spread(**fields: object) -> list[Any]:
    fair = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}
    return [{name: value for name, value in (fair | fields).items() if value is not None}]


WISH = {"weight": 1, "preference": {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}}
PODS = {"weight": 1, "podAffinityTerm": {"topologyKey": ZONE} | APP}
EXPRESSION = {"key": "app", "operator": "In", "values": ["web"]}
CASES = each(
    POD,
    {
        "spec.nodeSelector": [{}, {"disk": "fast"}, {"disk": "very fast"}, {"a b": "c"}, ["disk"]],
        "spec.nodeName": ["node-1", "Node_1"],
        "spec.affinity": [{}, None, {"nodeAffinity": {}}, []],
    },
)
CASES += at(
    POD,
    "spec.affinity.nodeAffinity",
    {
        "In": _node("In", "fast"),
        "In without values": _node("In"),
        "Exists with a value": _node("Exists", "fast"),
        "Gt": _node("Gt", "1"),
        "Gt with two values": _node("Gt", "1", "2"),
        "Gt with a word": _node("Gt", "one"),
        "with an unknown operator": _node("Equals", "fast"),
        "with a value that is no label": _node("In", "a b"),
        "with a number": _node("In", 1),
        "with a key that is no label": _node("In", "fast", key="a b"),
        "of a node's name": _field("In", "node-1"),
        "of two nodes' names": _field("In", "node-1", "node-2"),
        "of a field that is not the name": _field("In", "node-1", key="spec.name"),
        "of a name that exists": _field("Exists"),
        "without terms": {HARD: {"nodeSelectorTerms": []}},
        "with an empty term": {HARD: {"nodeSelectorTerms": [{}]}},
        "with a list for a selector": {HARD: []},
        "preferred": {SOFT: [WISH]},
        "preferred with the weight 0": {SOFT: [WISH | {"weight": 0}]},
        "preferred with the weight 101": {SOFT: [WISH | {"weight": 101}]},
        "preferred without a preference": {SOFT: [{"weight": 1}]},
    },
)
CASES += at(
    POD,
    "spec.affinity.podAffinity",
    {
        "to an application": _near(**APP),
        "without a selector": _near(),
        "of nothing": {HARD: [{}]},
        "with a key that is no label": _near(**APP, topologyKey="a b"),
        "with an expression": _near(labelSelector={"matchExpressions": [EXPRESSION]}),
        "with an expression without values": _near(
            labelSelector={"matchExpressions": [EXPRESSION | {"values": []}]}
        ),
        "with an unknown operator": _near(
            labelSelector={"matchExpressions": [EXPRESSION | {"operator": "Gt"}]}
        ),
        "with a value that is no label": _near(labelSelector={"matchLabels": {"app": "a b"}}),
        "in a namespace": _near(**APP, namespaces=["inv"]),
        "in a namespace of a wrong name": _near(**APP, namespaces=["In v"]),
        "in all namespaces": _near(**APP, namespaceSelector={}),
        "by a label key": _near(**APP, matchLabelKeys=["tier"]),
        "by a label key, without a selector": _near(matchLabelKeys=["tier"]),
        "by a label key that is equal and different": _near(
            **APP, matchLabelKeys=["tier"], mismatchLabelKeys=["tier"]
        ),
        "preferred": {SOFT: [PODS]},
        "preferred with the weight 0": {SOFT: [PODS | {"weight": 0}]},
        "preferred with the weight 101": {SOFT: [PODS | {"weight": 101}]},
        "preferred without a term": {SOFT: [{"weight": 1}]},
    },
)
CASES += at(
    POD,
    "spec.affinity.podAntiAffinity",
    {
        "on one node": _near(**APP, topologyKey="kubernetes.io/hostname"),
        "without a key": _near(**APP, topologyKey=""),
        "preferred with a negative weight": {SOFT: [PODS | {"weight": -1}]},
    },
)
KEY = {"key": "a", "operator": "Exists"}
CASES += at(
    POD,
    "spec.tolerations",
    {
        "of nothing": [{}],
        "of all taints": [{"operator": "Exists"}],
        "of all taints that end Pods": [{"operator": "Exists", "effect": "NoExecute"}],
        "of all keys with a value": [{"operator": "Exists", "value": "a"}],
        "of a value": [{"key": "a", "value": "b"}],
        "of a key alone": [{"key": "a", "operator": "Equal"}],
        "with an operator in small letters": [{"key": "a", "operator": "exists"}],
        "with a key that is no label": [KEY | {"key": "a b"}],
        "with a value that is no label": [{"key": "a", "value": "b c"}],
        "with an unknown effect": [KEY | {"effect": "NoRun"}],
        "for a minute": [KEY | {"effect": "NoExecute", "tolerationSeconds": 60}],
        "for less than no time": [KEY | {"effect": "NoExecute", "tolerationSeconds": -1}],
        "for a minute, of another effect": [KEY | {"effect": "NoSchedule", "tolerationSeconds": 1}],
        "for a minute, of all effects": [KEY | {"tolerationSeconds": 60}],
        "above a number": [{"key": "a", "operator": "Gt", "value": "5"}],
        "above a word": [{"key": "a", "operator": "Gt", "value": "b"}],
        "of a node that is not ready": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
        ],
    },
)
CASES += at(
    POD,
    "spec.topologySpreadConstraints",
    {
        "without a selector": _spread(),
        "of an application": _spread(**APP),
        "with the skew 0": _spread(**APP, maxSkew=0),
        "without a skew": _spread(**APP, maxSkew=None),
        "with a key that is no label": _spread(**APP, topologyKey="a b"),
        "without a key": _spread(**APP, topologyKey=None),
        "with an unknown way out": _spread(**APP, whenUnsatisfiable="Never"),
        "without a way out": _spread(**APP, whenUnsatisfiable=None),
        "twice": _spread(**APP) * 2,
        "with a number of domains": _spread(**APP, minDomains=2),
        "with no domains": _spread(**APP, minDomains=0),
        "with a number of domains for a wish": _spread(
            **APP, minDomains=2, whenUnsatisfiable="ScheduleAnyway"
        ),
        "with a policy for affinity": _spread(**APP, nodeAffinityPolicy="Honor"),
        "with an unknown policy for taints": _spread(**APP, nodeTaintsPolicy="Always"),
        "by a label key": _spread(**APP, matchLabelKeys=["tier"]),
        "by a label key, without a selector": _spread(matchLabelKeys=["tier"]),
        "by a label key of its selector": _spread(**APP, matchLabelKeys=["app"]),
        "with a value that is no label": _spread(labelSelector={"matchLabels": {"app": "a b"}}),
    },
)
LABELS = {"app": "web", "tier": "front"}
CASES += named(
    POD,
    {
        "near Pods with its own value of a label": {
            "metadata.labels": LABELS,
            "spec.affinity.podAffinity": _near(**APP, matchLabelKeys=["tier"]),
        },
        "away from Pods with another value of a label": {
            "metadata.labels": LABELS,
            "spec.affinity.podAntiAffinity": _near(**APP, mismatchLabelKeys=["tier"]),
        },
        "spread among Pods with its own value of a label": {
            "metadata.labels": LABELS,
            "spec.topologySpreadConstraints": _spread(**APP, matchLabelKeys=["tier"]),
        },
        "spread among Pods by a label that it has in its selector": {
            "metadata.labels": LABELS,
            "spec.topologySpreadConstraints": _spread(**APP, matchLabelKeys=["app"]),
        },
    },
)
