"""Chapter 06: answers that are right, and wrong ones with a part of the hint that each gets."""

import json

import yaml

from tests.conftest import container, pod
from tests.course.answers.shapes import manifest, number, solution

BANK, SLOW, WORK = "06-guaranteed", "06-slow-start", "06-restart-policy"
REQUESTS, LIMITS = "requests: {cpu: 100m, memory: 64Mi}", "limits: {cpu: 100m, memory: 64Mi}"
STARTUP = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 20}"
LIVENESS = "livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 2}"
COMMAND = 'command: ["sh", "-c", "sleep 5; exit 0"]'


def write(name, image="nginx:1.27", node="node-1", form=dict):
    return lambda cluster: cluster.kubelets[node].static.write(
        form(pod(name, [container(image=image)]))
    )


def corrected(cluster):
    write("agent", "redis:7")(cluster)
    cluster.run(20)
    write("agent")(cluster)


def bank(**resources):
    return pod("bank", [container(resources=resources)])


LARGE = {"cpu": "8", "memory": "64Gi"}
ANSWERS = {
    "06-silent-node": (
        [*number(50, "s"), "50 seconds", 47, 54],
        {
            10: "Lease is renewed",
            40: "up to Kubernetes 1.31",
            350: "Pods tolerate",
            70: "too late: the grace period",
            30: "too early: the grace period",
            "5m": "Pods tolerate",
        },
    ),
    "06-static": (
        [
            write("agent"),
            write("agent", form=yaml.safe_dump),
            write("agent", form=json.dumps),
            write("agent", "docker.io/library/nginx:1.27"),
            corrected,
        ],
        {
            lambda c: None: "static.write",
            lambda c: c.apply(pod("agent")): "came through the API",
            lambda c: c.apply(pod("agent-node-1", nodeName="node-1")): "came through the API",
            write("agent", "redis:7"): "`nginx:1.27`",
            write("agent", node="node-2"): "node-2; node-1",
            write("agents"): "name is `agent`",
        },
    ),
    BANK: (
        [
            *manifest(BANK),
            solution(BANK, (f"        {REQUESTS}\n", "")),
            solution(BANK, (LIMITS, "limits: {cpu: 0.1, memory: 65536Ki}")),
            bank(limits=LARGE, requests=LARGE),
        ],
        {
            str(bank()): "asks for nothing",
            solution(BANK, (f"        {LIMITS}\n", "")): "limits are missing",
            solution(BANK, ("cpu: 100m, ", "")): "cpu is missing",
            solution(BANK, ("limits: {cpu: 100m, ", "limits: {")): "`limits` does not name both",
            solution(BANK, ("requests: {cpu: 100m", "requests: {cpu: 50m")): "equal",
            solution(BANK, ("requests: {cpu: 100m", "requests: {cpu: 1")): "requests",
            solution(BANK, ("spec:", "spec:\n  initContainers: [{name: i, image: busybox}]")): (
                "initContainers"
            ),
        },
    ),
    SLOW: (
        [
            *manifest(SLOW),
            solution(SLOW, (STARTUP, STARTUP.replace("tcpSocket: {", "httpGet: {path: /, "))),
            solution(SLOW, (f"      {STARTUP}\n", ""),
                     ("failureThreshold: 2}", "failureThreshold: 2, initialDelaySeconds: 60}")),
        ],
        {
            solution(SLOW, (f"      {LIVENESS}\n", "")): "hang for ever",
            solution(SLOW, (f"      {STARTUP}\n", "")): "holds the others back",
            solution(SLOW, ("failureThreshold: 20", "failureThreshold: 3")): "too early",
            solution(SLOW, (f"      {STARTUP}\n", ""),
                     ("failureThreshold: 2}", "failureThreshold: 20}")): "use a startup probe",
            solution(SLOW, (STARTUP, STARTUP.replace("port: 80", "port: 8080"))): "another port",
            solution(SLOW, ("course/slow", "nginx:1.27")): "leave `image`",
            solution(SLOW, ("spec:", "spec:\n  restartPolicy: Never")): "restartPolicy",
        },
    ),
    "06-evicted": (
        ["A", "pod a", "Pod/a", ["a"], "`a`"],
        {
            "b": "another one uses 800",
            "Pod b": "another one uses 800",
            "c": "go last",
            "d": "one of the three names",
            1: "in quotes",
        },
    ),
    WORK: (
        [
            *manifest(WORK),
            solution(WORK, (COMMAND, 'command: [sh]\n      args: ["-c", "sleep 5; exit 0"]')),
            solution(WORK, ("busybox:1.36", "docker.io/library/busybox:1.36")),
        ],
        {
            solution(WORK, ("OnFailure", "Always")): "after success too",
            solution(WORK, ("  restartPolicy: OnFailure\n", "")): "after success too",
            solution(WORK, ("OnFailure", "Never")): "at all",
            solution(WORK, ("sleep 5; exit 0", "exit 0")): "as it is",
            solution(WORK, ("OnFailure", "onfailure")): "restartPolicy",
            solution(WORK, ("busybox:1.36", "nginx:1.27")): "busybox:1.36",
        },
    ),
}  # fmt: skip
