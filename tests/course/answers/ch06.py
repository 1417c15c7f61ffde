"""Chapter 06: reference solutions, and wrong answers."""

from tests.conftest import container, pod

SLOW = """
apiVersion: v1
kind: Pod
metadata: {name: slow}
spec:
  containers:
    - name: slow
      image: course/slow
      %s
      ports: [{containerPort: 80}]
"""
LIVENESS = "livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: %d}"
STARTUP = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: %d}"


def bank(**resources):
    return pod("bank", [container(resources=resources)])


def work(policy, command="sleep 5; exit 0"):
    made = container(image="busybox:1.36", command=["sh", "-c", command])
    return pod("work", [made], restartPolicy=policy)


def write(name, image="nginx:1.27"):
    return lambda cluster: cluster.kubelets["node-1"].static.write(
        pod(name, [container(image=image)])
    )


BOTH = {"cpu": "100m", "memory": "64Mi"}
ANSWERS = {
    "06-silent-node": (50, {10: "Lease is renewed", 350: "Pods tolerate"}),
    "06-static": (
        write("agent"),
        {
            lambda c: c.apply(pod("agent")): "came through the API",
            write("agent", "redis:7"): "its image",
            lambda c: None: "static.write",
        },
    ),
    "06-guaranteed": (
        bank(limits=BOTH),
        {
            str(bank()): "asks for nothing",
            str(bank(requests=BOTH)): "limits are missing",
            str(bank(limits={"memory": "64Mi"}, requests={"memory": "64Mi"})): "both count",
            str(bank(limits=BOTH, requests={"cpu": "50m", "memory": "64Mi"})): "equal",
        },
    ),
    "06-slow-start": (
        SLOW % (LIVENESS % 2 + "\n      " + STARTUP % 20),
        {
            SLOW % "": "hang for ever",
            SLOW % (LIVENESS % 2): "holds the others back",
            SLOW % (LIVENESS % 2 + "\n      " + STARTUP % 3): "too early",
            SLOW % (LIVENESS % 20): "patient for ever",
        },
    ),
    "06-evicted": ("a", {"b": "another one uses 800", "c": "go last"}),
    "06-restart-policy": (
        work("OnFailure"),
        {
            str(work("Always")): "after success too",
            str(work("Never")): "at all",
            str(work("OnFailure", "exit 0")): "as it is",
        },
    ),
}
