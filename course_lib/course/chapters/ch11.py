"""Exercises of chapter 11: the whole way, and the API as others see it."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from urllib.parse import urlsplit

import yaml

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.rest import Face
from course_lib.apiserver.targets import target_of
from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import (
    applied,
    document,
    has_image,
    holds,
    main_container,
    number,
    or_unknown,
    reserved,
)
from course_lib.course.faults import FAULTS
from course_lib.course.forms import (
    as_documents,
    as_names,
    as_text,
    counted,
    described,
    folded,
    names_of,
)
from course_lib.course.questions import Mistake, Remarks, asks, truth
from course_lib.course.shop import checks, open_shop
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.manifests import Document
from course_lib.objects.release import MINOR, VERSION

ORDER = ["deployment-controller", "replicaset-controller", "default-scheduler", "kubelet"]


@asks(
    "11-order",
    "Who is next?",
    """
    A Deployment is created. **In which order do these four write their first event about it and
    its Pods?** Answer with a list.

    `kubelet`, `default-scheduler`, `replicaset-controller`, `deployment-controller`
    """,
)
def order(answer: object) -> Remarks:
    names = {folded(name): name for name in ORDER}
    names |= {"scheduler": ORDER[2], "kube scheduler": ORDER[2]}
    example = 'a list of the four names: ["kubelet", ...]'
    given = [names.get(folded(each), each) for each in as_names(answer, example, ordered=True)]
    if unknown := [name for name in given if name not in ORDER]:
        raise Mistake(f"{unknown[0]} is none of the four", f"the four names: {names_of(ORDER)}")
    if sorted(given) != sorted(ORDER):
        hint = f"all four names are asked for, once each: {names_of(ORDER)}"
        raise Mistake(f"there are {counted(len(given), 'names')}", hint)
    hint = "a Pod can only be placed once it exists, and only be run once it is placed"
    if given.index("replicaset-controller") < given.index("deployment-controller"):
        hint = "who makes the ReplicaSet that the other one looks after?"
    elif given.index("kubelet") < given.index("default-scheduler"):
        hint = "a kubelet takes only Pods that are bound to its node"
    right = given == _first_words()
    yield holds(right, "that is the order", "that is not the order", hint)


@truth
def _first_words() -> list[str]:
    """The four, in the order in which they first say something about `web`."""
    cluster = applied(Cluster(nodes=2), packaged("web"), 30)
    log = cluster.log()
    about = log[log.OBJECT.str.contains("web")]
    said = [str(name).partition("/")[0] for name in about.COMPONENT]
    return list(dict.fromkeys(name for name in said if name in ORDER))


@asks(
    "11-path",
    "Where is it?",
    """
    **Under which path of the API is the Deployment `web` of the namespace `shop`?** Answer as a
    text that begins with `/`.
    """,
)
def path(answer: object) -> Remarks:
    truth = "/apis/apps/v1/namespaces/shop/deployments/web"
    found = target_of(truth, BUILT_IN)
    assert (found.kind.kind, found.namespace, found.name) == ("Deployment", "shop", "web")
    text = as_text(answer).strip().removeprefix("GET ").strip()
    given = "/" + urlsplit(text).path.strip("/")
    slips = {
        "/api/v1/namespaces/shop/deployments/web": "below /api is only the core group",
        "/api/apps/v1/namespaces/shop/deployments/web": (
            "below /api is only the core group; groups with a name, such as apps, are below /apis"
        ),
        "/apis/apps/v1/deployments/web": "which namespace? Names are only unique within one",
        "/apis/apps/v1/namespaces/shop/deployment/web": "resources are named in the plural",
        "/apis/v1/namespaces/shop/deployments/web": "which group are Deployments in? `apps/v1`",
        "/apis/apps/v1/namespaces/shop/deployments": "that is the list; the name is missing",
        "/apis/apps/v1/shop/deployments/web": "`namespaces` comes before the namespace's name",
    }
    look = (
        "in this order: /apis, group, version, `namespaces`, the namespace, the resource in the "
        "plural, the name"
    )
    if given != truth and given.casefold() == truth:
        look = "paths are in lower case, and capitals are different letters: `deployments`"
    hint = slips.get(given, look)
    yield holds(given == truth, f"{given}: right", f"{given}: not right", hint)


@asks(
    "11-conflict",
    "Somebody was faster",
    """
    You read an object, somebody else changes it, and you `PUT` your version with the
    `resourceVersion` that you read. **Which HTTP status do you get?**
    """,
)
def conflict(answer: object) -> Remarks:
    slips = {
        200: "then the other change would be lost",
        404: "it is still there",
        412: "that is what HTTP's own If-Match gives; Kubernetes has another one for it",
        422: "that is for a document that is not valid; yours is only old",
        403: "you may write; your version is only old",
        400: "the request is well-formed; its version is only old",
    }
    look = "which HTTP status says that one change is in conflict with another?"
    yield number(_status(answer), _put_of_an_old_version(), slips, look=look)


def _status(answer: object) -> object:
    """An HTTP status, also as `"409 Conflict"` or `"Conflict"`."""
    if not isinstance(answer, str):
        return answer
    if match := re.match(r"\s*(?:HTTP\S*\s+)?(\d{3})\b", answer, re.IGNORECASE):
        return int(match[1])
    names = {folded(status.phrase): int(status) for status in HTTPStatus}
    return names.get(folded(answer), answer)


@truth
def _put_of_an_old_version() -> int:
    cluster = applied(Cluster(nodes=1), packaged("web"), 5)
    face = Face(cluster.api.reach)
    where = "/apis/apps/v1/namespaces/default/deployments/web"
    stale = face.answer(Request("GET", where)).document
    cluster.kubectl("scale deployment/web --replicas=5").checked()
    return face.answer(Request("PUT", where, body=json.dumps(stale).encode())).status


@asks(
    "11-merge-patch",
    "Only what changes",
    """
    A Deployment has three replicas and the annotations `note: old` and `team: shop`. **Write a JSON
    merge patch** (as a dict) that sets five replicas and removes the annotation `note`.
    """,
)
def patch(answer: object) -> Remarks:
    wanted = _as_patch(answer)
    before = {
        "metadata": {"name": "web", "annotations": {"note": "old", "team": "shop"}},
        "spec": {"replicas": 3, "paused": True},
    }
    after = merge_patch(before, wanted)
    for part in ("spec", "metadata"):
        hint = f"`{part}` is a mapping, and the patch names only what changes in it"
        said = f"`{part}` would be {after.get(part)!r}"
        yield holds(isinstance(after.get(part), dict), f"{part} is a mapping", said, hint)
    spec, metadata = after["spec"], after["metadata"]
    replicas = spec.get("replicas")
    hint = '`replicas` is below `spec`: `{"spec": {"replicas": ...}}`'
    if "replicas" in (wanted.get("spec") or {}):
        hint = "`spec`, and in it `replicas`: 5 as a number"
    right = replicas == 5 and not isinstance(replicas, bool | str)
    yield holds(right, "five replicas", f"replicas: {replicas!r}", hint)
    added = set(after) - set(before) | set(metadata) - {"name", "annotations"}
    kept = spec.get("paused") is True and metadata.get("name") == "web" and not added
    hint = "name only what changes, below `spec` and below `metadata.annotations`"
    yield holds(kept, "the rest is unchanged", "something else was changed", hint)
    annotations = metadata.get("annotations") or {}
    hint = "in a merge patch `None` (null in JSON) removes a key; leaving it out changes nothing"
    gone = "note" not in annotations
    yield holds(gone, "the note is gone", f"the note is {annotations.get('note')!r}", hint)
    hint = "null for `annotations` takes them all; null for `note` takes that one"
    yield holds(annotations == {"team": "shop"}, "the other stays", "the other is gone too", hint)


def _as_patch(answer: object) -> Document:
    """A patch as a dict, or its text in JSON or YAML."""
    if isinstance(answer, str):
        try:
            answer = yaml.safe_load(answer)
        except yaml.YAMLError as problem:
            raise Mistake("this text is no JSON", 'write a dict: {"spec": {...}}') from problem
    if isinstance(answer, list):
        hint = 'a list of operations is a JSON patch; a merge patch is a dict: {"spec": {...}}'
        raise Mistake("a patch is asked for, as a dict", hint)
    if not isinstance(answer, dict):
        said = f"a patch is asked for, and this is {described(answer)}"
        raise Mistake(said, 'a patch is a dict: {"spec": {...}}')
    return answer


@asks(
    "11-application",
    "All of it",
    """
    **Write the manifests** of an application `web` for production: a Deployment with three replicas
    of `nginx:1.27`, requests for CPU and memory, and a readiness probe; a Service that is reached
    from outside; a PodDisruptionBudget that allows one Pod to be missing. One text, separated by
    `---`.
    """,
)
def application(answer: object) -> Remarks:
    wanted = document(answer, "Deployment", "web")
    service = document(answer, "Service")
    document(answer, "PodDisruptionBudget")
    main = main_container(wanted)
    hint = "`image: nginx:1.27` is asked for"
    yield has_image(main, "nginx:1.27", "the image is right", hint)
    missing = {"cpu", "memory"} - set(reserved(main))
    hint = f"`resources.requests`: what the scheduler counts with; {names_of(missing)} is missing"
    said = f"it does not ask for {names_of(missing)}"
    yield holds(not missing, "it asks for CPU and memory", said, or_unknown(wanted, hint))
    hint = "without a readiness probe requests come before it can answer"
    yield holds("readinessProbe" in main, "it has a readiness probe", "no readiness probe", hint)
    cluster = Cluster(nodes=3, network="routable", cloud=True)
    applied(cluster, as_documents(answer), 60)
    pods = len(cluster.get("pods"))
    three = pods == 3 and cluster.ready("deployment/web")
    hint = "`replicas: 3` is asked for"
    if pods == 3:
        hint = "`kubectl describe` one of the Pods: does its probe ask port 80, is there room?"
    said = f"{counted(pods, 'Pods')}, not 3 ready"
    yield holds(three, "three Pods are ready", said, or_unknown(wanted, hint))
    kind = service["spec"].get("type", "ClusterIP")
    hint = "a ClusterIP is for inside: which types are for outside?"
    yield holds(kind in ("NodePort", "LoadBalancer"), f"a {kind}", f"its type is {kind}", hint)
    ports = service["spec"].get("ports") or [{}]
    trace = cluster.trace("node-1", f"service/{service['metadata']['name']}", ports[0]["port"])
    hint = "compare its selector with the Pods' labels, and its `targetPort` with port 80"
    said = f"a connection to the Service is {trace.outcome}"
    yield holds(trace.ok, "it answers", said, or_unknown(service, hint))
    budget = cluster.get("pdb").iloc[0]
    hint = "one of three: `maxUnavailable: 1`, with the Pods' labels as its selector"
    allowed = budget["ALLOWED DISRUPTIONS"]
    said = f"{counted(int(allowed), 'Pods')} may be missing"
    yield holds(allowed == 1, "one may be missing", said, hint)


def _two_faults() -> Cluster:
    cluster = open_shop()
    for name in ("wrong-target-port", "missing-secret"):
        FAULTS[name].breaks(cluster)
    cluster.run(120)
    return cluster


@asks(
    "11-two-faults",
    "Two at once",
    """
    The shop of `data/trouble.yaml`, in `task.cluster`, has two faults at the same time. **Find and
    repair both**, with kubectl and with all that you know by now.
    """,
    starts=_two_faults,
)
def two_faults(cluster: Cluster) -> Remarks:
    cluster.run(90)
    hints = {
        "api is ready": "`kubectl describe` a Pod of api: what does it wait for?",
        "front reaches api": "all are ready: to which port does `kubectl describe service api` "
        "send? `task.cluster.trace(pod, 'service/api', 80)` follows a packet, hop by hop",
    }
    for check in checks(cluster):
        hint = hints.get(check.name, "compare with data/trouble.yaml and data/shop-policies.yaml")
        said = f"not so: {check.name}{f' ({check.said})' if check.said else ''}"
        yield holds(check.ok, check.name, said, hint)


@asks(
    "11-version",
    "How old may kubectl be?",
    f"""
    The simulated API server has the version {VERSION}. kubectl is supported when its minor version
    is the same, or one older, or one newer. **What is the newest minor version of kubectl that is
    supported here?** Answer with the number after `1.`.
    """,
)
def version(answer: object) -> Remarks:
    """Source: kubernetes.io, "Version Skew Policy"."""
    minor = int(MINOR.partition(".")[2])
    slips = {
        minor: "that one too, but one newer is allowed as well",
        minor + 2: "kubelets may be three versions older; kubectl only one, either way",
        minor - 1: "that is the oldest",
    }
    if match := re.fullmatch(r"v?1\.(\d+)(?:\.\d+)?", str(answer).strip()):
        answer = int(match[1])  # the whole version was written
    look = f"the API server is 1.{minor}: kubectl may be one minor version older or newer"
    yield number(answer, minor + 1, slips, look=look)
