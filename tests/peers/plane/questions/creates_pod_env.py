"""Pods: the environment of containers."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD, WITH_VOLUME
from tests.peers.plane.questions.tables import each, named

KEY = {"name": "settings", "key": "level"}
FROM = "spec.containers[0].env[0]"
CASES = each(
    POD,
    {
        "spec.containers[0].env": [
            [], [{}], [{"name": "A"}], [{"name": "A", "value": ""}],
            [{"name": "A", "value": "$(B)"}, {"name": "B", "value": "b"}],
            [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
            [{"name": "A", "value": 1}], [{"name": "A", "value": None}], {"A": "1"},
        ],
        "spec.containers[0].env[0].name": [
            "", "a b", "1A", "A=B", "ü", "\t",
        ],
    },
)  # fmt: skip
CASES += [
    {
        "name": f"Pod env valueFrom {name}",
        "document": case["document"],
    }
    for name, source in {
        "nothing": {},
        "a key of a ConfigMap": {"configMapKeyRef": KEY},
        "a key of a ConfigMap, optional": {"configMapKeyRef": KEY | {"optional": True}},
        "a ConfigMap without a name": {"configMapKeyRef": {"key": "level"}},
        "a ConfigMap without a key": {"configMapKeyRef": {"name": "settings"}},
        "a ConfigMap of a wrong name": {"configMapKeyRef": KEY | {"name": "Settings"}},
        "a key with a space": {"configMapKeyRef": KEY | {"key": "a level"}},
        "a key of two dots": {"secretKeyRef": KEY | {"key": ".."}},
        "a key that is too long": {"secretKeyRef": KEY | {"key": "k" * 254}},
        "the Pod's name": {"fieldRef": {"fieldPath": "metadata.name"}},
        "the Pod's name in an old version": {
            "fieldRef": {"apiVersion": "v1beta1", "fieldPath": "metadata.name"}
        },
        "a label": {"fieldRef": {"fieldPath": "metadata.labels['app']"}},
        "an annotation in capitals": {"fieldRef": {"fieldPath": "metadata.annotations['A.b/C']"}},
        "a label of a wrong name": {"fieldRef": {"fieldPath": "metadata.labels['a b']"}},
        "all labels": {"fieldRef": {"fieldPath": "metadata.labels"}},
        "the Pod's addresses": {"fieldRef": {"fieldPath": "status.podIPs"}},
        "the restart policy": {"fieldRef": {"fieldPath": "spec.restartPolicy"}},
        "an empty field path": {"fieldRef": {"fieldPath": ""}},
        "a limit": {"resourceFieldRef": {"resource": "limits.cpu"}},
        "a limit in thousandths": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}},
        "a limit in halves": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "500m"}},
        "memory in Mi": {"resourceFieldRef": {"resource": "requests.memory", "divisor": "1Mi"}},
        "memory in 2Mi": {"resourceFieldRef": {"resource": "requests.memory", "divisor": "2Mi"}},
        "a resource that is none": {"resourceFieldRef": {"resource": "limits.disk"}},
        "huge pages": {"resourceFieldRef": {"resource": "requests.hugepages-2Mi"}},
        "no resource": {"resourceFieldRef": {"containerName": "web"}},
        "two sources": {"configMapKeyRef": KEY, "secretKeyRef": KEY},
    }.items()
    for case in named(POD, {"": {f"{FROM}.name": "A", f"{FROM}.valueFrom": source}})
]
FILE = {"volumeName": "data", "path": "env.txt", "key": "LEVEL"}
CASES += named(
    WITH_VOLUME,
    {
        "with a value and a source": {
            FROM: {"name": "A", "value": "1", "valueFrom": {"configMapKeyRef": KEY}}
        },
        "with an empty value and a source": {
            FROM: {"name": "A", "value": "", "valueFrom": {"configMapKeyRef": KEY}}
        },
        "with a variable from a file": {FROM: {"name": "A", "valueFrom": {"fileKeyRef": FILE}}},
        "with a variable from a file of no volume": {
            FROM: {"name": "A", "valueFrom": {"fileKeyRef": FILE | {"volumeName": "other"}}}
        },
    },
)
CASES += each(
    POD,
    {
        "spec.containers[0].envFrom": [
            [], [{}], [{"configMapRef": {"name": "settings"}}],
            [{"secretRef": {"name": "keys", "optional": True}}],
            [{"configMapRef": {}}], [{"secretRef": {"name": "Keys"}}],
            [{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}}],
            [{"prefix": "1=", "configMapRef": {"name": "a"}}],
            [{"prefix": "a b.", "configMapRef": {"name": "a"}}],
        ]
    },
)  # fmt: skip
