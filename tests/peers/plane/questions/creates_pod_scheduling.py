"""Pods: schedulers, priorities, overhead, scheduling gates, deadlines and restarts."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD, WITH_INIT
from tests.peers.plane.questions.tables import each, named

GATE = {"name": "example.com/budget"}
RULE = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
CASES = each(
    POD,
    {
        "spec.schedulerName": ["other", "", "Other Scheduler"],
        "spec.priorityClassName": [
            "system-cluster-critical", "system-node-critical", "none", "", "High",
        ],
        "spec.priority": [0, 10, "high"],
        "spec.preemptionPolicy": ["PreemptLowerPriority", "Never", "Sometimes"],
        "spec.overhead": [{"cpu": "100m"}, {}],
        "spec.runtimeClassName": ["none", "", "Kata"],
        "spec.schedulingGates": [
            [GATE], [{}], [{"name": "a b"}], [GATE, GATE],
        ],
        "spec.readinessGates": [
            [{"conditionType": "example.com/ready"}], [{}], [{"conditionType": "a b"}],
            [{"conditionType": "Ready"}, {"conditionType": "Ready"}],
        ],
        "spec.restartPolicy": ["OnFailure", "Never", "", "never"],
        "spec.terminationGracePeriodSeconds": [0, -1, None, "30", 1.5],
        "spec.activeDeadlineSeconds": [1, 0, 2147483647, 2147483648],
        "spec.containers[0].restartPolicy": ["Never", "", "Sometimes"],
        "spec.containers[0].restartPolicyRules": [[RULE]],
        "spec.resourceClaims": [
            [{"name": "a", "resourceClaimName": "b"}], [{}],
            [{"name": "a", "resourceClaimName": "b", "resourceClaimTemplateName": "c"}],
        ],
        "spec.os": [{"name": "linux"}, {"name": "windows"}, {"name": "darwin"}, {}],
        "spec.schedulingGroup": [{"podGroupName": "gang"}],
    },
)  # fmt: skip
CASES += named(
    POD,
    {
        "with gates, on a node": {"spec.schedulingGates": [GATE], "spec.nodeName": "node-1"},
        "of a system's priority, with its number": {
            "spec.priorityClassName": "system-node-critical",
            "spec.priority": 2000001000,
        },
        "of a system's priority, with another number": {
            "spec.priorityClassName": "system-node-critical",
            "spec.priority": 7,
        },
        "with restart rules and a policy": {
            "spec.containers[0].restartPolicy": "Never",
            "spec.containers[0].restartPolicyRules": [RULE],
        },
        "with a restart rule of an unknown action": {
            "spec.containers[0].restartPolicy": "Never",
            "spec.containers[0].restartPolicyRules": [RULE | {"action": "Halt"}],
        },
        "with a restart rule without exit codes": {
            "spec.containers[0].restartPolicy": "Never",
            "spec.containers[0].restartPolicyRules": [{"action": "Restart"}],
        },
        "with a restart rule of an unknown operator": {
            "spec.containers[0].restartPolicy": "Never",
            "spec.containers[0].restartPolicyRules": [
                RULE | {"exitCodes": {"operator": "Above", "values": [42]}}
            ],
        },
        "with more restart rules than there may be": {
            "spec.containers[0].restartPolicy": "Never",
            "spec.containers[0].restartPolicyRules": [RULE] * 21,
        },
    },
)
INIT = "spec.initContainers[0]"
CASES += each(
    WITH_INIT,
    {
        f"{INIT}.restartPolicy": ["Always", "Never", "Sometimes"],
        f"{INIT}.name": ["web", ""],
        f"{INIT}.image": [" busybox"],
        f"{INIT}.ports": [[{"containerPort": 80, "hostPort": 80}]],
        f"{INIT}.resources": [{"limits": {"cpu": "1"}}],
        "spec.initContainers": [[], [{"name": "a", "image": "b"}] * 2],
    },
    label="Pod with an init container,",
)
CASES += named(
    WITH_INIT,
    {
        "with one host port in a container and its init container": {
            f"{INIT}.ports": [{"containerPort": 80, "hostPort": 80}],
            "spec.containers[0].ports": [{"containerPort": 80, "hostPort": 80}],
        },
        "with one port name in a container and a sidecar": {
            f"{INIT}.restartPolicy": "Always",
            f"{INIT}.ports": [{"containerPort": 81, "name": "http"}],
            "spec.containers[0].ports": [{"containerPort": 80, "name": "http"}],
        },
        "that never restarts, with a sidecar": {
            "spec.restartPolicy": "Never",
            f"{INIT}.restartPolicy": "Always",
        },
        "with a resize that restarts its init container": {
            f"{INIT}.resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
        },
    },
)
