"""The rules of single fields, by kind: types that the views leave open, words, and bounds.

Source: `pkg/apis/*/validation/validation.go` of Kubernetes. Rules about several fields at once
are in `validate` and its neighbours.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from course_lib.objects.field_rules import (
    MAX_INT64,
    Check,
    Rules,
    absolute,
    address,
    below,
    cidr,
    config_key,
    encoded,
    filled,
    label,
    label_key,
    label_value,
    mapping,
    matching,
    needs,
    no_way_up,
    one_of,
    optional,
    port,
    port_name,
    port_number,
    quantity,
    selector,
    subdomain,
    text,
    truth,
    whole,
)
from course_lib.objects.names import is_label, is_subdomain
from course_lib.objects.not_yet import POD_SPECS
from course_lib.objects.pod_fields import POD_SPEC

_MODES = one_of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_PROTOCOL = one_of("SCTP", "TCP", "UDP")


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return is_subdomain(host.removeprefix("*.")) or not host
    return False


ingress_host = matching(
    _is_host, "a DNS name, not an IP address, in lower case and without a port; '*.' may begin it"
)
whole_amount = matching(
    lambda amount: re.fullmatch(r"[0-9]+([kMGTPE]|[KMGTPE]i)?", amount) is not None,
    "must be an integer",
)


def hard_limits(hard: Any) -> str:
    """What a quota bounds: amounts of 0 or more, and whole numbers where objects are counted."""
    if not isinstance(hard, dict):
        return "a mapping"
    for name, amount in hard.items():
        if problem := quantity(amount):
            return f"{name}: {problem}"
        counted = name.startswith("count/") or name in ("pods", "services", "secrets", "configmaps")
        if counted and whole_amount(str(amount)):
            return f"{name}: must be an integer"
    return ""


def claim_template(template: Any) -> str:
    """A claim of a StatefulSet's: its name becomes a part of each claim's name.

    Upstream accepts a template without a name, and then its controller makes no Pod, ever.
    """
    metadata = template.get("metadata") if isinstance(template, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return "" if isinstance(name, str) and is_label(name) else "metadata.name: Required value"


def policy_peer(peer: Any) -> str:
    """Who is meant by a rule of a NetworkPolicy: Pods and namespaces, or addresses."""
    named = [f for f in ("podSelector", "namespaceSelector", "ipBlock") if f in (peer or ())]
    if not named:
        return "must specify a peer"
    return (
        "may not specify both ipBlock and another peer"
        if len(named) > 1 and "ipBlock" in named
        else ""
    )


def policy_port(entry: Any) -> str:
    """The ports of a NetworkPolicy's rule: one, or from one to another."""
    first, last = (entry or {}).get("port"), (entry or {}).get("endPort")
    if last is None:
        return ""
    if first is None:
        return "endPort: may not be specified when `port` is not specified"
    if not isinstance(first, int):
        return "endPort: may not be specified when `port` is non-numeric"
    good = isinstance(last, int) and last >= first
    return "" if good else "endPort: must be greater than or equal to `port`"


def ip_block(block: Any) -> str:
    """The holes of a block of addresses lie inside it."""
    outer = str(block.get("cidr", "")) if isinstance(block, dict) else ""
    if problem := cidr(outer):
        return f"cidr: {problem}"
    whole_block = ipaddress.ip_network(outer, strict=False)
    for hole in block.get("except") or ():
        if problem := cidr(hole):
            return f"except: {problem}"
        inner = ipaddress.ip_network(hole, strict=False)
        if (
            inner.version != whole_block.version
            or inner.prefixlen <= whole_block.prefixlen
            or not inner.subnet_of(whole_block)  # type: ignore[arg-type]
        ):
            return f"except: {hole} must be a strict subset of `cidr`"
    return ""


_PEER: dict[str, Check] = {
    "": policy_peer,
    "ipBlock": ip_block,
    **selector("podSelector"),
    **selector("namespaceSelector"),
}
_POLICY_PORT: dict[str, Check] = {
    "": policy_port,
    "port": port,
    "endPort": port_number,
    "protocol": _PROTOCOL,
}
_CLAIM: dict[str, Check] = {
    "accessModes[*]": _MODES,
    "storageClassName": optional(subdomain),
    "volumeMode": one_of("Block", "Filesystem"),
    "resources.requests.*": quantity,
    **selector("selector"),
}
_SCALING: dict[str, Check] = {
    "selectPolicy": one_of("Disabled", "Max", "Min"),
    "stabilizationWindowSeconds": whole(0, 3600),
    "policies": lambda v: "" if v else "must specify at least one Policy",
    "policies[*].type": one_of("Percent", "Pods"),
    "policies[*].value": whole(1),
    "policies[*].periodSeconds": whole(1, 1800),
}  # fmt: skip
_BACKEND: dict[str, Check] = {
    "": lambda v: "" if isinstance(v, dict) and ("service" in v) != ("resource" in v)
    else "one backend: resource or service backend is required",
    "service.name": label,
    "service.port": lambda v: "" if isinstance(v, dict) and ("name" in v) != ("number" in v)
    else "a port's name or its number, not both",
    "service.port.name": port_name,
    "service.port.number": port_number,
}  # fmt: skip
_POD_TEMPLATE: dict[str, Check] = {
    "metadata.labels.~": label_key,
    "metadata.labels.*": label_value,
    "metadata.annotations.~": matching(lambda key: not label_key(key.lower()), "a qualified name"),
}
_ENDPOINT_PORT: dict[str, Check] = {
    "port": port_number,
    "name": optional(label),
    "protocol": _PROTOCOL,
}
_JOB: dict[str, Check] = {
    "parallelism": whole(0),
    "completions": whole(0),
    "backoffLimit": whole(0),
    "backoffLimitPerIndex": whole(0),
    "maxFailedIndexes": whole(0),
    "activeDeadlineSeconds": whole(0, MAX_INT64),
    "ttlSecondsAfterFinished": whole(0),
    "suspend": truth,
    "manualSelector": truth,
    "podReplacementPolicy": one_of("Failed", "TerminatingOrFailed"),
    "podFailurePolicy.rules[*].action": one_of("Count", "FailIndex", "FailJob", "Ignore"),
    "podFailurePolicy.rules[*].onExitCodes.operator": one_of("In", "NotIn"),
    "podFailurePolicy.rules[*].onExitCodes.values[*]": whole(0, 255),
    **selector("selector"),
}
_METADATA: dict[str, Check] = {
    "annotations.*": text,
    "finalizers[*]": label_key,
    "ownerReferences[*]": needs("apiVersion", "kind", "name", "uid"),
}
_WORKLOAD: dict[str, Check] = {
    "spec.replicas": whole(0),
    "spec.minReadySeconds": whole(0),
    "spec.revisionHistoryLimit": whole(0),
    **selector("spec.selector"),
}

FIELDS: dict[str, dict[str, Check]] = {
    "Deployment": _WORKLOAD | {"spec.paused": truth, "spec.progressDeadlineSeconds": whole(0)},
    "ReplicaSet": _WORKLOAD,
    "ReplicationController": {"spec.replicas": whole(0), "spec.minReadySeconds": whole(0)},
    "StatefulSet": _WORKLOAD
    | {
        "spec.ordinals.start": whole(0),
        "spec.updateStrategy.rollingUpdate.partition": whole(0),
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted": one_of("Delete", "Retain"),
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled": one_of("Delete", "Retain"),
        "spec.volumeClaimTemplates[*]": claim_template,
        **below("spec.volumeClaimTemplates[*].spec", _CLAIM),
    },
    "DaemonSet": _WORKLOAD,
    "Job": below("spec", _JOB),
    "CronJob": {
        "spec.startingDeadlineSeconds": whole(0, MAX_INT64),
        "spec.successfulJobsHistoryLimit": whole(0),
        "spec.failedJobsHistoryLimit": whole(0),
        "spec.suspend": truth,
        **below("spec.jobTemplate.spec", _JOB),
    },
    "Service": {
        "spec.ports[*].targetPort": port,
        "spec.ports[*].name": optional(label),
        "spec.ports[*].nodePort": whole(0, 65535),
        "spec.clusterIP": matching(lambda v: v in ("", "None") or not address(v), address(None)),
        "spec.clusterIPs[*]": matching(lambda v: v == "None" or not address(v), address(None)),
        "spec.externalIPs[*]": address,
        "spec.externalName": optional(
            matching(lambda name: is_subdomain(name.removesuffix(".")), "a DNS name")
        ),
        "spec.loadBalancerSourceRanges[*]": cidr,
        "spec.healthCheckNodePort": whole(0, 65535),
        "spec.allocateLoadBalancerNodePorts": truth,
        "spec.publishNotReadyAddresses": truth,
        "spec.ipFamilies[*]": one_of("IPv4", "IPv6"),
        "spec.ipFamilyPolicy": one_of("PreferDualStack", "RequireDualStack", "SingleStack"),
        "spec.sessionAffinityConfig": mapping,
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds": whole(1, 86400),
    },
    "Endpoints": {
        "subsets[*].addresses[*].ip": address,
        "subsets[*].notReadyAddresses[*].ip": address,
        **below("subsets[*].ports[*]", _ENDPOINT_PORT),
    },
    "EndpointSlice": {
        "addressType": one_of("FQDN", "IPv4", "IPv6"),
        "endpoints[*].addresses": lambda v: "" if v else "must contain at least 1 address",
        "endpoints[*].hints.forZones[*].name": filled,
        "endpoints[*].hints.forNodes[*].name": filled,
        **below("ports[*]", _ENDPOINT_PORT),
    },
    "ConfigMap": {"data.~": config_key, "binaryData.~": config_key, "binaryData.*": encoded},
    "Secret": {"data.~": config_key, "data.*": encoded, "stringData.~": config_key},
    "PersistentVolumeClaim": below("spec", _CLAIM),
    "PersistentVolume": {
        "spec.capacity.*": quantity,
        "spec.accessModes[*]": _MODES,
        "spec.volumeMode": one_of("Block", "Filesystem"),
        "spec.hostPath.path": no_way_up,
        "spec.nfs": needs("server", "path"),
        "spec.csi": needs("driver", "volumeHandle"),
        "spec.local": needs("path"),
        "spec.local.path": no_way_up,
    },
    "StorageClass": {
        "allowVolumeExpansion": truth,
        "parameters.*": text,
        "provisioner": matching(lambda name: not label_key(name.lower()), "a qualified name"),
    },
    "HorizontalPodAutoscaler": {
        "spec.metrics[*].type": one_of(
            "ContainerResource", "External", "Object", "Pods", "Resource"
        ),
        "spec.metrics[*].resource.name": filled,
        "spec.metrics[*].resource.target.averageUtilization": whole(1),
        "spec.metrics[*].resource.target.averageValue": quantity,
        "spec.metrics[*].resource.target.value": quantity,
        "spec.scaleTargetRef": needs("kind", "name"),
        **below("spec.behavior.scaleUp", _SCALING),
        **below("spec.behavior.scaleDown", _SCALING),
    },
    "PodDisruptionBudget": selector("spec.selector"),
    "PriorityClass": {
        "value": whole(-(2**31)),
        "globalDefault": truth,
        "preemptionPolicy": one_of("Never", "PreemptLowerPriority"),
    },
    "ResourceQuota": {
        "spec.hard": hard_limits,
        "spec.scopes[*]": one_of(
            "BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating",
            "PriorityClass", "Terminating", "VolumeAttributesClass",
        ),
        "spec.scopeSelector.matchExpressions[*].operator": one_of(
            "DoesNotExist", "Exists", "In", "NotIn"
        ),
    },
    "LimitRange": {
        "spec.limits[*].type": one_of("Container", "PersistentVolumeClaim", "Pod"),
        **{
            f"spec.limits[*].{group}.*": quantity
            for group in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
        },
    },
    "NetworkPolicy": {
        **selector("spec.podSelector"),
        **below("spec.ingress[*].from[*]", _PEER),
        **below("spec.egress[*].to[*]", _PEER),
        **below("spec.ingress[*].ports[*]", _POLICY_PORT),
        **below("spec.egress[*].ports[*]", _POLICY_PORT),
    },
    "Ingress": {
        "spec.rules[*].host": ingress_host,
        "spec.tls[*].hosts[*]": matching(
            lambda host: is_subdomain(host.removeprefix("*.")), "a DNS name"
        ),
        "spec.rules[*].http.paths[*].path": absolute,
        **below("spec.rules[*].http.paths[*].backend", _BACKEND),
        **below("spec.defaultBackend", _BACKEND),
        "spec.ingressClassName": optional(subdomain),
    },
    "Node": {
        "spec.podCIDR": optional(cidr),
        "spec.podCIDRs[*]": cidr,
        "spec.unschedulable": truth,
        "spec.taints[*].key": label_key,
        "spec.taints[*].value": label_value,
    },
    "ServiceAccount": {"automountServiceAccountToken": truth, "imagePullSecrets[*].name": text},
    "Role": {"rules[*]": lambda v: rule(v, namespaced=True)},
    "ClusterRole": {"rules[*]": lambda v: rule(v, namespaced=False)},
    "Lease": {"spec.leaseDurationSeconds": whole(0)},
}  # fmt: skip


def rule(value: Any, namespaced: bool) -> str:
    """A rule of a role: verbs on resources of API groups, or on paths of the whole cluster."""
    if not isinstance(value, dict):
        return "a mapping"
    if not value.get("verbs"):
        return "verbs: Required value: verbs must contain at least one value"
    if value.get("nonResourceURLs"):
        if namespaced:
            return "nonResourceURLs: namespaced rules cannot apply to non-resource URLs"
        both = value.get("apiGroups") or value.get("resources") or value.get("resourceNames")
        return "rules cannot apply to both regular resources and non-resource URLs" if both else ""
    for field, singular in (("apiGroups", "api group"), ("resources", "resource")):
        if not value.get(field):
            return f"{field}: Required value: resource rules must supply at least one {singular}"
    return ""


def _all_of(kind: str) -> Rules:
    table: dict[str, Check] = below("metadata", _METADATA) | FIELDS.get(kind, {})
    if kind in POD_SPECS:
        spec = POD_SPECS[kind]
        table |= below(spec, POD_SPEC)
        if spec != "spec":
            table |= below(spec.removesuffix(".spec"), _POD_TEMPLATE)
    return Rules(table)


RULES = {kind: _all_of(kind) for kind in {**FIELDS, **POD_SPECS}}
