"""Pods: security contexts, of the Pod and of its containers."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD
from tests.peers.plane.questions.tables import each, named

OWN = "spec.containers[0].securityContext"
SYSCTL = {"name": "kernel.shm_rmid_forced", "value": "0"}
CASES = each(
    POD,
    {
        "spec.securityContext": [
            {"runAsNonRoot": True}, {"fsGroup": -1}, {"fsGroup": 2147483647},
            {"fsGroup": 2147483648}, {"runAsUser": 0}, {"runAsUser": "root"},
            {"supplementalGroups": [1, 2]}, {"supplementalGroups": [-1]},
            {"supplementalGroupsPolicy": "Strict"}, {"supplementalGroupsPolicy": "Loose"},
            {"fsGroupChangePolicy": "OnRootMismatch"}, {"fsGroupChangePolicy": "Never"},
            {"seccompProfile": {"type": "RuntimeDefault"}}, {"seccompProfile": {}},
            {"seccompProfile": {"type": "Default"}}, {"seccompProfile": {"type": "Localhost"}},
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"}},
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "../a.json"}},
            {"seccompProfile": {"type": "Unconfined", "localhostProfile": "a.json"}},
            {"appArmorProfile": {"type": "RuntimeDefault"}}, {"appArmorProfile": {"type": "None"}},
            {"seLinuxChangePolicy": "MountOption"}, {"seLinuxChangePolicy": "Sometimes"},
            {"sysctls": [SYSCTL]}, {"sysctls": [SYSCTL, SYSCTL]},
            {"sysctls": [{"name": "Kernel", "value": "0"}]}, {"sysctls": [{"value": "0"}]},
            {"privileged": True}, {"windowsOptions": {"runAsUserName": "web"}},
        ],
        OWN: [
            {}, {"privileged": True}, {"privileged": "true"}, {"runAsUser": -1},
            {"runAsGroup": 4294967296}, {"runAsNonRoot": True, "runAsUser": 0},
            {"readOnlyRootFilesystem": True},
            {"allowPrivilegeEscalation": False, "privileged": True},
            {"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}},
            {"capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}},
            {"capabilities": {"drop": "ALL"}}, {"procMount": "Unmasked"}, {"procMount": "Masked"},
            {"seccompProfile": {"type": "Localhost"}},
            {"appArmorProfile": {"type": "Localhost"}}, {"fsGroup": 1},
        ],
    },
)  # fmt: skip
CASES += named(
    POD,
    {
        "with an unmasked /proc, in its own user namespace": {
            "spec.hostUsers": False,
            f"{OWN}.procMount": "Unmasked",
        },
        "with its own user namespace and the host's processes": {
            "spec.hostUsers": False,
            "spec.hostPID": True,
        },
        "with a system call filter in an annotation": {
            "metadata.annotations": {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}
        },
        "with an AppArmor profile in an annotation": {
            "metadata.annotations": {
                "container.apparmor.security.beta.kubernetes.io/web": "runtime/default"
            }
        },
        "with an AppArmor profile for a container that it does not have": {
            "metadata.annotations": {
                "container.apparmor.security.beta.kubernetes.io/db": "runtime/default"
            }
        },
        "for Windows, with a user's number": {
            "spec.os": {"name": "windows"},
            "spec.securityContext": {"runAsUser": 1000},
        },
        "for Linux, with options for Windows": {
            "spec.os": {"name": "linux"},
            "spec.securityContext": {"windowsOptions": {"runAsUserName": "web"}},
        },
        "with a sysctl of the network, on the host's network": {
            "spec.hostNetwork": True,
            "spec.securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "9"}]},
        },
        "with the host's processes and shared processes": {
            "spec.hostPID": True,
            "spec.shareProcessNamespace": True,
        },
    },
)
