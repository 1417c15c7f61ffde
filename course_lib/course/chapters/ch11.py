"""Exercises of chapter 11: the whole way, and the API as others see it."""

from __future__ import annotations

import json
from typing import Any

from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.rest import Face, Request, target_of
from course_lib.cluster import Cluster
from course_lib.course.answers import applied, document, holds, number, word
from course_lib.course.exercise import Findings, Mistake, asks
from course_lib.course.faults import FAULTS
from course_lib.course.shop import DATA, checks, open_shop
from course_lib.objects.release import MINOR, VERSION

ORDER = ["deployment-controller", "replicaset-controller", "default-scheduler", "kubelet"]


@asks(
    "11-order",
    "Who is next?",
    """
    A Deployment is created. **In which order do these four first say something about it and its
    Pods?** Answer with a list.

    `kubelet`, `default-scheduler`, `replicaset-controller`, `deployment-controller`
    """,
)
def order(answer: Any) -> Findings:
    if not isinstance(answer, list) or sorted(map(str, answer)) != sorted(ORDER):
        raise Mistake("all four names are asked for, once each", '["kubelet", ...]')
    cluster = applied(Cluster(nodes=2), DATA / "web.yaml", 30)
    log = cluster.log()
    about = log[log.OBJECT.str.contains("web")]
    said = [str(name).partition("/")[0] for name in about.COMPONENT]
    truth = list(dict.fromkeys(name for name in said if name in ORDER))
    hint = "a Pod can only be placed once it exists, and only be run once it is placed"
    if answer.index("replicaset-controller") < answer.index("deployment-controller"):
        hint = "who makes the ReplicaSet that the other one looks after?"
    elif answer.index("kubelet") < answer.index("default-scheduler"):
        hint = "a kubelet takes only Pods that somebody gave to its node"
    yield holds(answer == truth, "that is the order", "that is not the order", hint)


@asks(
    "11-path",
    "Where is it?",
    """
    **Under which path of the API is the Deployment `web` of the namespace `shop`?** Answer as a
    text that begins with `/`.
    """,
)
def path(answer: Any) -> Findings:
    truth = "/apis/apps/v1/namespaces/shop/deployments/web"
    found = target_of(truth)
    assert (found.kind.kind, found.namespace, found.name) == ("Deployment", "shop", "web")
    slips = {
        "/api/v1/namespaces/shop/deployments/web": "below /api is only the core group",
        "/apis/apps/v1/deployments/web": "which namespace? Names are only unique within one",
        "/apis/apps/v1/namespaces/shop/deployment/web": "resources are named in the plural",
    }
    yield word(answer, truth, slips)


@asks(
    "11-conflict",
    "Somebody was faster",
    """
    You read an object, somebody else changes it, and you `PUT` your version with the
    `resourceVersion` that you read. **Which HTTP status do you get?**
    """,
)
def conflict(answer: Any) -> Findings:
    cluster = applied(Cluster(nodes=1), DATA / "web.yaml", 5)
    face = Face(cluster.api, lambda kind, found: ([], []))
    where = "/apis/apps/v1/namespaces/default/deployments/web"
    stale = face.answer(Request("GET", where)).document
    cluster.scale("deployment/web", 5)
    said = face.answer(Request("PUT", where, body=json.dumps(stale).encode()))
    slips = {
        200: "then the other change would be lost without a word",
        404: "it is still there",
        412: "that is what HTTP's own If-Match gives; Kubernetes has another one for it",
        422: "that is for a document that is not valid; yours is only old",
    }
    yield number(answer, said.status, slips)


@asks(
    "11-merge-patch",
    "Only what changes",
    """
    A Deployment has three replicas and the annotations `note: old` and `team: shop`. **Write a JSON
    merge patch** (as a dict) that sets five replicas and takes the annotation `note` away.
    """,
)
def patch(answer: Any) -> Findings:
    if not isinstance(answer, dict):
        raise Mistake("a patch is asked for, as a dict", '{"spec": {...}}')
    before = {
        "metadata": {"name": "web", "annotations": {"note": "old", "team": "shop"}},
        "spec": {"replicas": 3, "paused": True},
    }
    after = merge_patch(before, answer)
    replicas = after.get("spec", {}).get("replicas")
    hint = "`spec`, and in it `replicas`, as a number"
    yield holds(replicas == 5, "five replicas", f"replicas: {replicas!r}", hint)
    kept = after["spec"].get("paused") is True and after.get("metadata", {}).get("name") == "web"
    yield holds(kept, "all else is left", "something else was changed", "name only what changes")
    annotations = after["metadata"].get("annotations", {})
    hint = "in a merge patch `None` (null in JSON) removes a key; leaving it out changes nothing"
    gone = "note" not in annotations
    yield holds(gone, "the note is gone", f"the note is {annotations.get('note')!r}", hint)
    hint = "null for `annotations` takes them all"
    yield holds(annotations == {"team": "shop"}, "the other stays", "the other is gone too", hint)


@asks(
    "11-application",
    "All of it",
    """
    **Write the manifests** of an application `web` for production: a Deployment with three replicas
    of `nginx:1.27`, requests for CPU and memory, and a readiness probe; a Service that is reached
    from outside; a PodDisruptionBudget under which one Pod may be missing. One text, separated by
    `---`.
    """,
)
def application(answer: Any) -> Findings:
    wanted = document(answer, "Deployment", "web")
    document(answer, "Service")
    document(answer, "PodDisruptionBudget")
    main = wanted["spec"]["template"]["spec"]["containers"][0]
    asked = set(main.get("resources", {}).get("requests", {}))
    hint = "`resources.requests`: what the scheduler counts with"
    complete = {"cpu", "memory"} <= asked
    yield holds(complete, "it asks for CPU and memory", f"it asks for {sorted(asked)}", hint)
    hint = "without a readiness probe requests come before it can answer"
    yield holds("readinessProbe" in main, "it has a readiness probe", "no readiness probe", hint)
    cluster = Cluster(nodes=3, network="routable", cloud=True)
    applied(cluster, answer, 60)
    pods = len(cluster.get("pods"))
    three = pods == 3 and cluster.ready("deployment/web")
    yield holds(
        three, "three Pods are ready", f"{pods} Pods, not 3 ready", "list and describe them"
    )
    services = cluster.get("services").query("NAME != 'kubernetes'").iloc[0]
    hint = "a ClusterIP is for inside: which types are for outside?"
    outside = services.TYPE in ("NodePort", "LoadBalancer")
    yield holds(outside, f"a {services.TYPE}", f"its type is {services.TYPE}", hint)
    trace = cluster.trace("node-1", f"service/{services.NAME}", 80)
    hint = "compare its selector and ports with the Pods'"
    yield holds(trace.ok, "it answers", f"{trace.outcome}: {trace.reason}", hint)
    budget = cluster.get("pdb").iloc[0]
    hint = "one of three: `maxUnavailable: 1`, with the Pods' labels as its selector"
    allowed = budget["ALLOWED DISRUPTIONS"]
    yield holds(allowed == 1, "one may be missing", f"{allowed} may be missing", hint)


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
    mend both**, with the commands that you know by now.
    """,
    starts=_two_faults,
)
def two_faults(cluster: Cluster) -> Findings:
    cluster.run(90)
    hints = {
        "api is ready": "describe a Pod of api: what does it wait for?",
        "front reaches api": "all are ready: trace front's request to `service/api`, hop by hop",
    }
    for check in checks(cluster):
        hint = hints.get(check.name, "compare with data/trouble.yaml and data/shop-policies.yaml")
        yield holds(check.ok, check.name, f"not so: {check.name} {check.said}".strip(), hint)


@asks(
    "11-version",
    "How old may kubectl be?",
    f"""
    The simulated API server says it is {VERSION}. kubectl is supported within one minor
    version of it, older or newer. **Which is the newest minor version of kubectl** that is? Answer
    with the number after `1.`.
    """,
)
def version(answer: Any) -> Findings:
    """Source: kubernetes.io, "Version Skew Policy"."""
    minor = int(MINOR.partition(".")[2])
    slips = {
        minor: "that one too, but one newer is allowed as well",
        minor + 2: "kubelets may be three versions older; kubectl only one, either way",
        minor - 1: "that is the oldest",
    }
    yield number(answer, minor + 1, slips)
