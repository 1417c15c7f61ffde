"""Chapter 11: answers that are right, and wrong ones with a part of the hint that each gets."""

import json
from http import HTTPStatus

import pandas as pd

from course_lib.apiserver import discovery
from course_lib.cluster.packaged import packaged
from course_lib.objects.manifests import read_manifests
from tests.course.answers.shapes import manifest, number, solution

APP = "11-application"
D, R, S, K = "deployment-controller", "replicaset-controller", "default-scheduler", "kubelet"
MINOR = int(discovery.version()["minor"])
PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
PATCH = {"spec": {"replicas": 5}, "metadata": {"annotations": {"note": None}}}
RESOURCES = "resources: {requests: {cpu: 100m, memory: 64Mi}}"


def mends(*names):
    def repair(cluster):
        documents = read_manifests(packaged("trouble"))
        kinds = ("Secret", "Service")
        cluster.apply([d for d in documents
                       if d["kind"] in kinds and d["metadata"]["name"] in names])  # fmt: skip

    return repair


def by_hand(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
                   "stringData": {"password": "other"}})  # fmt: skip
    ports = [{"port": 80, "targetPort": 8080}]
    cluster.api.patch("Service", "api", "default", {"spec": {"ports": ports}})


def anew(cluster):
    cluster.delete("service", "api")
    mends("db", "api", "front")(cluster)


ANSWERS = {
    "11-order": (
        [
            (D, R, S, K),
            pd.Series([D, R, S, K]),
            [D.title(), R, "scheduler", "Kubelet"],
            f"{D}, {R}, {S}, {K}",
            f"{D} -> {R} -> {S} -> {K}",
        ],
        [
            ([R, D, S, K], "looks after"),
            ((D, R, K, S), "bound to its node"),
            ([S, D, R, K], "once it exists"),
            ([D], "all four"),
            ({D, R, S, K}, "a list"),
            ([D, R, S, "kube-proxy"], "the four names: default-scheduler"),
        ],
    ),
    "11-path": (
        [f" {PATH}/ ", f"GET {PATH}", f"https://10.0.0.1:6443{PATH}", PATH[1:], [PATH]],
        {
            PATH.replace("apis/apps", "api"): "core group",
            PATH.replace("apis", "api"): "core group",
            PATH.replace("/namespaces/shop", ""): "which namespace",
            PATH.replace("deployments", "deployment"): "plural",
            PATH.replace("deployments", "Deployments"): "lower case",
            PATH.removesuffix("/web"): "the name is missing",
            PATH.replace("/namespaces", ""): "comes before",
            "/deployments/web": "in this order",
        },
    ),
    "11-conflict": (
        [*number(409), "409 Conflict", "HTTP/1.1 409 Conflict", "Conflict", HTTPStatus.CONFLICT],
        {
            200: "lost",
            404: "still there",
            "412": "If-Match",
            422: "only old",
            403: "may write",
            400: "well-formed",
            500: "in conflict",
        },
    ),
    "11-merge-patch": (
        [
            json.dumps(PATCH),
            {"spec": {"replicas": 5}, "metadata": {"annotations": {"note": None, "team": "shop"}}},
            PATCH | {"metadata": PATCH["metadata"] | {"name": "web"}},
            "spec: {replicas: 5}\nmetadata: {annotations: {note: null}}",
        ],
        [
            ({"spec": {"replicas": 5}}, "removes a key"),
            ({"spec": {"replicas": "5"}}, "as a number"),
            ({"spec": 5}, "`spec` is a mapping"),
            ({"replicas": 5}, "below `spec`"),
            (PATCH | {"metadata": {"annotations": None}}, "takes them all"),
            (PATCH | {"spec": {"replicas": 5, "paused": None}}, "only what changes"),
            (PATCH | {"metadata": {"annotations": {"note": "null"}}}, "removes a key"),
            ([{"op": "replace", "path": "/spec/replicas", "value": 5}], "a JSON patch"),
        ],
    ),
    APP: (
        [
            manifest(APP)[0],
            solution(APP, ("type: NodePort", "type: LoadBalancer")),
            solution(APP, ("[{port: 80}]", "[{port: 8080, targetPort: 80}]")),
            solution(APP, (RESOURCES, RESOURCES.replace("requests", "limits"))),
            solution(APP, ("maxUnavailable: 1", "minAvailable: 2")),
        ],
        {
            solution(APP, ("NodePort", "ClusterIP")): "for inside",
            solution(APP, ("cpu: 100m, ", "")): "cpu is missing",
            solution(APP, ("maxUnavailable: 1", "minAvailable: 3")): "one of three",
            solution(APP, ("readinessProbe", "livenessProbe")): "before it can answer",
            solution(APP, ("selector: {app: web}", "selector: {app: shop}")): "compare its",
            solution(APP, ("replicas: 3", "replicas: 2")): "`replicas: 3`",
            solution(APP, ("path: /, port: 80", "path: /, port: 81")): "does its probe",
            solution(APP, ("nginx:1.27", "nginx:1.26")): "`image: nginx:1.27`",
            solution(APP)[: solution(APP).index("---\napiVersion: policy")]: "PodDisruptionBudget",
        },
    ),
    "11-two-faults": (
        [mends("db", "api"), mends("db", "api", "front"), by_hand, anew],
        {
            lambda c: None: "what does it wait for",
            mends("db"): "hop by hop",
            mends("api"): "what does it wait for",
            lambda c: (
                mends("db", "api")(c),
                c.kubectl("scale deployment/db --replicas=0"),
            ): "compare with",
            lambda c: c.kubectl("rollout restart deployment/api"): "what does it wait for",
        },
    ),
    "11-version": (
        [*number(MINOR + 1), f"1.{MINOR + 1}", f"v1.{MINOR + 1}.0"],
        {
            MINOR: "that one too",
            MINOR + 2: "kubelets may be",
            f"1.{MINOR - 1}": "the oldest",
            1: "one minor version older",
            "newest": "a number",
        },
    ),
}
