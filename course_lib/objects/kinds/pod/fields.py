"""The rules of single fields of a Pod's spec (`ValidatePodSpec` and below)."""

from __future__ import annotations

import re

from course_lib.objects.field_rules import (
    MAX_INT64,
    Check,
    address,
    at_most,
    below,
    config_key,
    filled,
    inside,
    label,
    label_key,
    label_value,
    matching,
    needs,
    no_way_up,
    one_field,
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
from course_lib.objects.kinds.pod.references import (
    env_name,
    field_path,
    resource_field,
    resource_reference,
)
from course_lib.objects.kinds.pod.volume_fields import VOLUME
from course_lib.objects.names import SUBDOMAIN, is_subdomain

_CLAIM_SOURCES = ("resourceClaimName", "resourceClaimTemplateName")
_HEADER = re.compile(r"[-A-Za-z0-9!#$%&'*+.^_`|~]+")
_SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
_user = whole(0)


def profile(value: object) -> str:
    """A profile of the container's confinement; a local one, and only this, has a name."""
    if missing := needs("type")(value):
        return missing
    assert isinstance(value, dict)
    local, name = value["type"] == "Localhost", value.get("localhostProfile")
    if local != bool(name):
        return f"localhostProfile: must {'' if local else 'not '}be set for this type"
    return no_way_up(name) if name else ""


SECURITY: dict[str, Check] = {
    "runAsUser": _user,
    "runAsGroup": _user,
    "runAsNonRoot": truth,
    "seccompProfile": profile,
    "seccompProfile.type": one_of("Localhost", "RuntimeDefault", "Unconfined"),
    "appArmorProfile": profile,
    "appArmorProfile.type": one_of("Localhost", "RuntimeDefault", "Unconfined"),
}
HANDLER: dict[str, Check] = {
    "exec": needs("command"),
    "exec.command[*]": text,
    "httpGet.port": port,
    "httpGet.path": text,
    "httpGet.scheme": one_of("HTTP", "HTTPS"),
    "httpGet.httpHeaders[*]": needs("name"),
    "httpGet.httpHeaders[*].name": matching(
        lambda name: _HEADER.fullmatch(name) is not None, "a valid HTTP header"
    ),
    "tcpSocket.port": port,
    "grpc.port": port_number,
}
PROBE: dict[str, Check] = HANDLER | {
    "terminationGracePeriodSeconds": whole(1, MAX_INT64),
    "initialDelaySeconds": whole(0),
    "timeoutSeconds": whole(1),
    "periodSeconds": whole(1),
    "successThreshold": whole(1),
    "failureThreshold": whole(1),
}
CONTAINER: dict[str, Check] = {
    "command[*]": text,
    "args[*]": text,
    "terminationMessagePath": text,
    "terminationMessagePolicy": one_of("FallbackToLogsOnError", "File"),
    "stdin": truth,
    "stdinOnce": truth,
    "tty": truth,
    "ports[*].name": optional(port_name),
    "ports[*].hostIP": optional(address),
    "env[*].name": env_name,
    "env[*].valueFrom.fieldRef.apiVersion": one_of("v1"),
    "env[*].valueFrom.fieldRef.fieldPath": field_path,
    "env[*].valueFrom.resourceFieldRef": resource_reference,
    "env[*].valueFrom.resourceFieldRef.resource": resource_field,
    "env[*].valueFrom.configMapKeyRef": needs("name", "key"),
    "env[*].valueFrom.configMapKeyRef.name": subdomain,
    "env[*].valueFrom.configMapKeyRef.key": config_key,
    "env[*].valueFrom.secretKeyRef": needs("name", "key"),
    "env[*].valueFrom.secretKeyRef.name": subdomain,
    "env[*].valueFrom.secretKeyRef.key": config_key,
    "envFrom[*]": one_field("configMapRef", "secretRef"),
    "envFrom[*].prefix": optional(env_name),
    "envFrom[*].configMapRef": needs("name"),
    "envFrom[*].configMapRef.name": subdomain,
    "envFrom[*].secretRef": needs("name"),
    "envFrom[*].secretRef.name": subdomain,
    "volumeMounts[*].subPath": inside,
    "volumeMounts[*].subPathExpr": inside,
    "volumeMounts[*].mountPropagation": one_of("Bidirectional", "HostToContainer", "None"),
    "volumeMounts[*].readOnly": truth,
    "volumeMounts[*].recursiveReadOnly": one_of("Disabled", "Enabled", "IfPossible"),
    "resizePolicy[*]": needs("resourceName", "restartPolicy"),
    "resizePolicy[*].resourceName": one_of("cpu", "memory"),
    "resizePolicy[*].restartPolicy": one_of("NotRequired", "RestartContainer"),
    "volumeDevices[*]": needs("name", "devicePath"),
    "securityContext.privileged": truth,
    "securityContext.allowPrivilegeEscalation": truth,
    "securityContext.readOnlyRootFilesystem": truth,
    "securityContext.procMount": one_of("Default", "Unmasked"),
    "securityContext.capabilities.add[*]": text,
    "securityContext.capabilities.drop[*]": text,
    **below("securityContext", SECURITY),
    **below("startupProbe", PROBE),
    **below("livenessProbe", PROBE),
    **below("readinessProbe", PROBE),
    **below("lifecycle.postStart", HANDLER),
    **below("lifecycle.preStop", HANDLER),
    "lifecycle.preStop.sleep.seconds": whole(0),
    "lifecycle.postStart.sleep.seconds": whole(0),
}  # fmt: skip
_NODE_TERM: dict[str, Check] = {
    "matchExpressions[*].key": label_key,
    "matchFields[*].key": one_of("metadata.name"),
    "matchFields[*].operator": one_of("In", "NotIn"),
    "matchFields[*].values": at_most(1),
}
_NODES = "affinity.nodeAffinity.{}DuringSchedulingIgnoredDuringExecution.{}[*]"
_TERMS = "affinity.{}.{}DuringSchedulingIgnoredDuringExecution[*]{}"
POD_SPEC: dict[str, Check] = {
    "activeDeadlineSeconds": whole(1),
    "automountServiceAccountToken": truth,
    "dnsConfig.nameservers": at_most(3),
    "dnsConfig.nameservers[*]": address,
    "dnsConfig.searches": at_most(32),
    "dnsConfig.searches[*]": matching(
        lambda name: name == "." or is_subdomain(name.removesuffix(".").replace("_", "-")),
        SUBDOMAIN,
    ),
    "dnsConfig.options[*]": needs("name"),
    "dnsPolicy": one_of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "enableServiceLinks": truth,
    "hostAliases[*]": needs("ip"),
    "hostAliases[*].ip": address,
    "hostAliases[*].hostnames[*]": subdomain,
    "hostIPC": truth,
    "hostPID": truth,
    "hostUsers": truth,
    "hostname": optional(label),
    "hostnameOverride": matching(
        lambda name: len(name) <= 64 and is_subdomain(name), f"{SUBDOMAIN} (here 64)"
    ),
    "imagePullSecrets[*].name": text,
    "nodeSelector.~": label_key,
    "nodeSelector.*": label_value,
    "os": needs("name"),
    "os.name": one_of("linux", "windows"),
    "overhead.*": quantity,
    "preemptionPolicy": one_of("Never", "PreemptLowerPriority"),
    "priorityClassName": optional(subdomain),
    "readinessGates[*]": needs("conditionType"),
    "readinessGates[*].conditionType": label_key,
    "resourceClaims[*]": one_field(*_CLAIM_SOURCES),
    "runtimeClassName": optional(subdomain),
    "schedulingGates[*]": needs("name"),
    "schedulingGates[*].name": label_key,
    "serviceAccountName": optional(subdomain),
    "setHostnameAsFQDN": truth,
    "subdomain": optional(label),
    "tolerations[*].key": optional(label_key),
    "tolerations[*].value": optional(label_value),
    "topologySpreadConstraints[*].topologyKey": filled,
    "topologySpreadConstraints[*].minDomains": whole(1),
    "topologySpreadConstraints[*].nodeAffinityPolicy": one_of("Honor", "Ignore"),
    "topologySpreadConstraints[*].nodeTaintsPolicy": one_of("Honor", "Ignore"),
    **selector("topologySpreadConstraints[*].labelSelector"),
    **{
        f"{_TERMS.format(side, when, term)}.namespaces[*]": label
        for side in ("podAffinity", "podAntiAffinity")
        for when, term in (("required", ""), ("preferred", ".podAffinityTerm"))
    },
    **below(_NODES.format("required", "nodeSelectorTerms"), _NODE_TERM),
    f"{_NODES.format('required', 'nodeSelectorTerms')}.matchExpressions[*].values[*]": label_value,
    **below(_NODES.format("preferred", "").replace(".[*]", "[*]") + ".preference", _NODE_TERM),
    **{
        path: check
        for side in ("podAffinity", "podAntiAffinity")
        for when, term in (("required", ""), ("preferred", ".podAffinityTerm"))
        for field in ("labelSelector", "namespaceSelector")
        for path, check in selector(f"{_TERMS.format(side, when, term)}.{field}").items()
    },
    "securityContext.fsGroup": _user,
    "securityContext.supplementalGroups[*]": _user,
    "securityContext.supplementalGroupsPolicy": one_of("Merge", "Strict"),
    "securityContext.seLinuxChangePolicy": one_of("MountOption", "Recursive"),
    "securityContext.sysctls[*]": needs("name"),
    "securityContext.sysctls[*].name": matching(
        lambda name: _SYSCTL.fullmatch(name) is not None, "the name of a kernel parameter"
    ),
    "securityContext.fsGroupChangePolicy": one_of("Always", "OnRootMismatch"),
    **below("securityContext", SECURITY),
    **below("containers[*]", CONTAINER),
    **below("initContainers[*]", CONTAINER),
    **below("volumes[*]", VOLUME),
}
