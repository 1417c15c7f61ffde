"""Chapter 11: reference solutions, and wrong answers."""

from course_lib.course.shop import DATA
from course_lib.objects.release import MINOR

OURS = int(MINOR.removeprefix("1."))

APPLICATION = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports: [{containerPort: 80}]
          resources: {requests: {cpu: 100m, memory: 64Mi}}
          readinessProbe: {httpGet: {path: /, port: 80}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
"""
D, R, S, K = "deployment-controller", "replicaset-controller", "default-scheduler", "kubelet"
PATCHES = [
    ({"spec": {"replicas": 5}}, "removes a key"),
    ({"spec": {"replicas": "5"}}, "as a number"),
    ({"spec": {"replicas": 5}, "metadata": {"annotations": None}}, "takes them all"),
    ({"spec": {"replicas": 5, "paused": None}}, "only what changes"),
]


def mends(name):
    def repair(cluster):
        cluster.apply([d for d in documents() if d["metadata"]["name"] == name or name == "all"])

    return repair


def documents():
    from course_lib.objects.manifests import read_manifests

    return [d for d in read_manifests(DATA / "trouble.yaml") if d["kind"] in ("Secret", "Service")]


ANSWERS = {
    "11-order": (
        [D, R, S, K],
        [([R, D, S, K], "looks after"), ([D, R, K, S], "gave to its node"), ([D], "kubelet")],
    ),
    "11-path": (
        "/apis/apps/v1/namespaces/shop/deployments/web",
        {
            "/api/v1/namespaces/shop/deployments/web": "core group",
            "/apis/apps/v1/deployments/web": "which namespace",
            "/apis/apps/v1/namespaces/shop/deployment/web": "plural",
        },
    ),
    "11-conflict": (409, {200: "lost", 404: "still there", 412: "If-Match", 422: "only old"}),
    "11-merge-patch": (
        {"spec": {"replicas": 5}, "metadata": {"annotations": {"note": None}}},
        PATCHES,
    ),
    "11-application": (
        APPLICATION,
        {
            APPLICATION.replace("NodePort", "ClusterIP"): "for inside",
            APPLICATION.replace("cpu: 100m, ", ""): "counts with",
            APPLICATION.replace("maxUnavailable: 1", "minAvailable: 3"): "one of three",
            APPLICATION.replace("readinessProbe", "livenessProbe"): "before it can answer",
            APPLICATION.replace("selector: {app: web}", "selector: {app: shop}"): "compare its",
        },
    ),
    "11-two-faults": (
        mends("all"),
        {
            mends("db"): "hop by hop",
            mends("api"): "what does it wait for",
        },
    ),
    "11-version": (
        OURS + 1,
        {OURS: "that one too", OURS + 2: "kubelets may be", OURS - 1: "the oldest"},
    ),
}
