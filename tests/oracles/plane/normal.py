"""Replace the values that differ between any two clusters, such as UIDs and times.

Random suffixes, UIDs, times, allocated addresses and ports, node names and the identifiers of
containers become words in angle brackets. All else has to be equal, letter for letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

Document = dict[str, Any]
MISSING = "<missing>"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CONTAINER = re.compile(r"(?<!sha256:)\b[0-9a-f]{64}\b")
ADDRESS = re.compile(r"\b(10|172|192|127)(\.\d{1,3}){3}\b")
DURATION = re.compile(r"\b\d+(\.\d+)?(ms|µs|us)\b|\b(\d+m)?\d+\.\d+s\b|\bin \d+s\b")
TOKEN_VOLUME = re.compile(r"kube-api-access-[a-z0-9]{5}")
NODE = re.compile(r"\bnode-\d+\b")
ROOM = re.compile(r"\b(used|capacity): \d+")  # of a node, which is this machine
OBJECT = re.compile(r'"\{\\"(\\.|[^"\\])*"')  # a whole object, as a refused patch is shown
# Random suffixes and hashes are written in 27 letters and digits, without vowels
# (`k8s.io/apimachinery/pkg/util/rand`).
SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
RANDOM = re.compile(rf"(?<=-){SAFE}{{5}}\b")
HASH = re.compile(rf"(?<=-){SAFE}{{7,10}}\b|^{SAFE}{{7,10}}$")
AGE = re.compile(r"^(\d+[smhd])+$")
PORT = re.compile(r":3[0-2]\d{3}/")
MINUTE = re.compile(r"-\d{8}\b")  # in the name of a CronJob's Job
ALLOCATED = {  # fields that the API server fills from a range, where the document leaves them out
    "Service": ("spec.clusterIP", "spec.clusterIPs[0]", "spec.healthCheckNodePort"),
}
# What is tried again at intervals of random length, probed, or (scheduling) tried again whenever
# something changes in the cluster, be it of another story: told once, without a count.
REPEATED = (
    "BackOff", "DeadlineExceeded", "Failed", "FailedMount", "FailedScheduling", "InspectFailed",
    "Pulled", "Pulling", "Unhealthy",
)  # fmt: skip
SERVER_OWN = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink")


def cell(value: Any) -> Any:
    """A cell of a table without what must differ: ages and allocated ports too."""
    if not isinstance(value, str):
        return value
    value = ADDRESS.sub("<ip>", plain_text(value, Scope()))
    return PORT.sub(":<port>/", AGE.sub("<age>", value))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf of a document with its path; an empty list or mapping is a leaf.

    >>> dict(leaves({"spec": {"ports": [{"port": 80}], "selector": {}}}))
    {'spec.ports[0].port': 80, 'spec.selector': {}}
    """
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            shown = f"[{json.dumps(key)}]" if "." in key or "/" in key else f".{key}"
            yield from leaves(inner, (path + shown).removeprefix("."))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{number}]")
    else:
        yield path, value


def without_nulls(value: Any) -> Any:
    """A value without the fields that are null: they say no more than absent ones."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def changes(before: Document, after: Document) -> tuple[Document, list[str]]:
    """The leaves that are new or other, and the paths of those that are gone."""
    old, new = dict(leaves(before)), dict(leaves(after))
    added = {path: value for path, value in new.items() if old.get(path, MISSING) != value}
    gone = sorted(path for path in old if path not in new)
    return added, gone


class Scope(NamedTuple):
    """What a text belongs to: a request (`asked` has its document), or a story in a namespace.

    A story that names a node (`names_nodes`) keeps the names of nodes.
    """

    asked: str = ""
    namespace: str = ""
    names_nodes: bool = False


OF_SERVER = ((OBJECT, '"<object>"'), (TIME, "<time>"), (UID, "<uid>"),
             (TOKEN_VOLUME, "kube-api-access-<random>"))  # fmt: skip
OF_CLUSTER = (
    (CONTAINER, "<id>"), (ADDRESS, "<ip>"), (DURATION, "<duration>"), (MINUTE, "-<minute>"),
    (HASH, "<hash>"), (RANDOM, "<random>"), (ROOM, r"\1: <n>"),
)  # fmt: skip


def plain_text(text: str, scope: Scope) -> str:
    """A text without what differs between two clusters; what was asked stays as it is."""
    for pattern, word in OF_SERVER:
        text = pattern.sub(
            lambda match, word=word: match[0] if match[0] in scope.asked else word, text
        )
    if not scope.namespace:
        return text
    text = text.replace(scope.namespace, "<namespace>")
    for pattern, word in OF_CLUSTER:
        text = pattern.sub(word, text)
    return text if scope.names_nodes else NODE.sub("<node>", text)


def everywhere(value: Any, scope: Scope) -> Any:
    """A document with `plain_text` in all its texts and keys."""
    if isinstance(value, dict):
        return {everywhere(key, scope): everywhere(inner, scope) for key, inner in value.items()}
    if isinstance(value, list):
        return [everywhere(inner, scope) for inner in value]
    return plain_text(value, scope) if isinstance(value, str) else value


def stored(asked: Document, answered: Document) -> tuple[Document, list[str]]:
    """What the API server made of a document: leaves added or changed, and paths dropped."""
    asked, answered = json.loads(json.dumps(asked)), json.loads(json.dumps(answered))
    meta = answered.get("metadata", {})
    for name in SERVER_OWN:
        meta.pop(name, None)
        (asked.get("metadata") or {}).pop(name, None)
    added, gone = changes(without_nulls(asked), without_nulls(answered))
    prefix = meta.get("generateName")
    if prefix and meta.get("name", "").startswith(prefix[:58]):  # a longer one is cut
        added["metadata.name"] = f"{prefix}<random>"
    added = without_allocated(added, answered.get("kind", ""), asked)
    scope = Scope(json.dumps(asked, ensure_ascii=False))
    return {path: everywhere(value, scope) for path, value in added.items()}, gone


def without_allocated(added: Document, kind: str, asked: Any) -> Document:
    """The leaves that a server added to what was asked, without allocated addresses and ports."""
    wanted = [value for _, value in leaves(asked)]
    return {
        path: "<allocated>"
        if (path in ALLOCATED.get(kind, ()) and value not in (None, "None", "", *wanted))
        or (kind == "Service" and path.endswith(".nodePort") and value not in wanted)
        else value
        for path, value in added.items()
    }


# Stories: all objects of a namespace, and their events.


def _drop_batches(endpoints: Document) -> None:
    """Leave out what tells into how many writes the endpoints controllers batched the changes.

    These are the trigger time of the last one, and a slice's generation.
    """
    meta = endpoints["metadata"]
    notes = meta.get("annotations", {})
    notes.pop("endpoints.kubernetes.io/last-change-trigger-time", None)
    if not notes:
        meta.pop("annotations", None)
    meta.pop("generation", None)


def _drop_token_volume(pod: Document) -> None:
    """Leave out the volume of the ServiceAccount's token: creates tell of it, for each document."""
    spec, status = pod["spec"], pod.get("status", {})
    places = [(spec, "volumes")]
    for group in ("containers", "initContainers", "ephemeralContainers"):
        places += [(each, "volumeMounts") for each in spec.get(group, ())]
    for group in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        places += [(each, "volumeMounts") for each in status.get(group, ())]
    for place, field in places:
        kept = [v for v in place.get(field, ()) if not TOKEN_VOLUME.fullmatch(v["name"])]
        place.pop(field, None)
        if kept:
            place[field] = kept


def _object(document: Document, scope: Scope) -> Document:
    if document["kind"] == "Pod":
        _drop_token_volume(document)
    if document["kind"] in ("Endpoints", "EndpointSlice"):
        _drop_batches(document)
    meta = document["metadata"]
    for name in SERVER_OWN:
        meta.pop(name, None)
    meta.pop("namespace", None)
    for owner in meta.get("ownerReferences", []):
        owner.pop("uid", None)
    if document["kind"] == "Service":
        for field in ("clusterIP", "clusterIPs"):
            if document["spec"].get(field) not in (None, "None", ["None"], ""):
                document["spec"][field] = "<allocated>"
        if "healthCheckNodePort" in document["spec"]:
            document["spec"]["healthCheckNodePort"] = "<allocated>"
        for port in document["spec"].get("ports", []):
            if "nodePort" in port:
                port["nodePort"] = "<allocated>"
    result: Document = everywhere(document, scope)
    return result


def _counted(objects: list[Document]) -> list[Document]:
    """Equal objects once, with how many there are; sorted."""
    texts = [json.dumps(each, sort_keys=True) for each in objects]
    return [{"count": texts.count(text), "object": json.loads(text)} for text in sorted(set(texts))]


def _event(event: Document, scope: Scope) -> Document:
    told = {
        "reason": event.get("reason", ""),
        "message": event.get("message") or event.get("note", ""),
        "type": event.get("type", ""),
        "count": event.get("count") or (event.get("series") or {}).get("count") or 1,
        "field": (event.get("involvedObject") or {}).get("fieldPath", ""),
    }
    if told["reason"] in REPEATED:
        told["count"] = "<any>"
    result: Document = everywhere(told, scope)
    return result


def _first_seen(event: Document) -> tuple[str, int]:
    """When an event was first recorded: the suffix of its name counts nanoseconds."""
    suffix = event["metadata"]["name"].rpartition(".")[2]
    return event["metadata"].get("creationTimestamp", ""), int(suffix, 16)


def _events(events: list[Document], scope: Scope) -> list[Document]:
    """For each object and source the events in their order; equal rows of events once."""
    by_object: dict[tuple[str, str, str], list[Document]] = {}
    for event in sorted(events, key=_first_seen):
        about = event["involvedObject"]
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent", "")
        key = (about["kind"], about["name"], source)
        known = by_object.setdefault(key, [])
        shown = _event(event, scope)
        if shown["count"] != "<any>" or shown not in known:
            known.append(shown)
    return _counted(
        [
            {"about": f"{kind}/{everywhere(name, scope)}", "source": source, "events": told}
            for (kind, name, source), told in by_object.items()
        ]
    )


def snapshot(objects: list[Document], scope: Scope) -> dict[str, list[Document]]:
    """All objects of a namespace by kind, and its events, without what must differ."""
    by_kind: dict[str, list[Document]] = {}
    for each in json.loads(json.dumps(objects)):
        by_kind.setdefault(each["kind"], []).append(each)
    events = _events(by_kind.pop("Event", []), scope)
    shown = {kind: _counted([_object(each, scope) for each in found])
             for kind, found in sorted(by_kind.items())}  # fmt: skip
    return shown | ({"Event": events} if events else {})
