"""Pods: documents that are not read as they stand, and fields that there are not."""

from __future__ import annotations

import json

from tests.oracles.plane.files import Case
from tests.peers.plane.questions.pods import POD
from tests.peers.plane.questions.tables import each, named

CASES = each(
    POD,
    {
        "apiVersion": ["v2", "apps/v1", ""],
        "kind": ["pod", "Deployment", ""],
        "metadata": [[], "web"],
        "metadata.name": [7, ["web"]],
        "metadata.labels": [["app"], {"app": 1}, {"app": None}, "app=web"],
        "spec": [[], None],
        "spec.containers": [{}, "web"],
        "spec.containers[0]": ["nginx", 7],
        "spec.hostNetwork": [1],
        "spec.volumes": [{"data": {}}],
        "spec.image": ["nginx"],
        "spec.containers[0].img": ["nginx:1.27"],
        "spec.Containers": [[{"name": "b", "image": "b"}]],
        "spec.containers[0].port": [80],
        "metadata.label": [{"app": "web"}],
        "data": [{"a": "b"}],
        "metadata.creationTimestamp": [None, "2026-01-01T00:00:00Z", "yesterday"],
        "metadata.deletionTimestamp": ["2026-01-01T00:00:00Z"],
    },
)
CASES += named(
    POD,
    {
        "with two unknown fields": {"spec.color": "red", "spec.containers[0].size": "xl"},
        "with an unknown field and a wrong value": {
            "spec.color": "red",
            "spec.restartPolicy": "never",
        },
        "with two wrong types": {"spec.hostNetwork": "yes", "spec.hostPID": "no"},
    },
)
for how in ("Strict", "Ignore", "Warn", "Loudly"):
    for name, values in {
        "an unknown field": {"spec.color": "red"},
        "nothing unknown": {},
    }.items():
        for case in named(POD, {f"with {name}, validated as {how}": values}):
            CASES.append(case | {"query": f"fieldValidation={how}"})
TEXT = json.dumps(POD)
TWICE = TEXT.replace('"image": "nginx:1.27"', '"image": "nginx:1.26", "image": "nginx:1.27"')
TEXTS: dict[str, Case] = {
    "a field twice": {"text": TWICE},
    "a field twice, validated as Strict": {"text": TWICE, "query": "fieldValidation=Strict"},
    "half a document": {"text": TEXT[:60]},
    "nothing": {"text": ""},
    "a list": {"text": "[]"},
    "null": {"text": "null"},
    "a number": {"text": "7"},
    "words": {"text": "web"},
    "a comma at its end": {"text": TEXT[:-1] + ",}"},
}
CASES += [{"name": f"Pod sent as {name}", "document": POD} | sent for name, sent in TEXTS.items()]
CASES = [case | {"path": "/api/v1/namespaces/inv/pods"} for case in CASES]
