"""The rules of single fields of a Pod's spec (`ValidatePodSpec` and below)."""

from __future__ import annotations

import re

from course_lib.objects.field_rules import (
    MAX_INT64,
    Check,
    absolute,
    address,
    below,
    config_key,
    inside,
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

_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
    "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_VOLUME_FIELDS = (
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
    "metadata.uid",
)  # fmt: skip
_IN_MAPS = re.compile(r"metadata\.(labels|annotations)\['[^']+'\]")
_RESOURCES = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[0-9]+[KMG]i)")
_MODE = whole(0, 0o777)
_user = whole(0)

field_path = matching(
    lambda path: path in _FIELDS or _IN_MAPS.fullmatch(path) is not None,
    "supported values: " + ", ".join(f'"{path}"' for path in _FIELDS),
)
volume_field = matching(
    lambda path: path in _VOLUME_FIELDS or _IN_MAPS.fullmatch(path) is not None,
    "supported values: " + ", ".join(f'"{path}"' for path in _VOLUME_FIELDS),
)
resource_field = matching(
    lambda name: _RESOURCES.fullmatch(name) is not None,
    'supported values: "limits.cpu", "limits.memory", "requests.cpu", "requests.memory", ...',
)

SECURITY: dict[str, Check] = {
    "runAsUser": _user,
    "runAsGroup": _user,
    "runAsNonRoot": truth,
    "seccompProfile.type": one_of("Localhost", "RuntimeDefault", "Unconfined"),
}
HANDLER: dict[str, Check] = {
    "exec.command[*]": text,
    "httpGet.port": port,
    "httpGet.path": text,
    "httpGet.scheme": one_of("HTTP", "HTTPS"),
    "httpGet.httpHeaders[*]": needs("name"),
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
    "env[*].valueFrom.fieldRef.fieldPath": field_path,
    "env[*].valueFrom.resourceFieldRef.resource": resource_field,
    "env[*].valueFrom.configMapKeyRef": needs("name", "key"),
    "env[*].valueFrom.configMapKeyRef.key": config_key,
    "env[*].valueFrom.secretKeyRef": needs("name", "key"),
    "env[*].valueFrom.secretKeyRef.key": config_key,
    "envFrom[*].configMapRef": needs("name"),
    "envFrom[*].secretRef": needs("name"),
    "volumeMounts[*].subPath": inside,
    "volumeMounts[*].subPathExpr": inside,
    "volumeMounts[*].mountPropagation": one_of("Bidirectional", "HostToContainer", "None"),
    "volumeMounts[*].readOnly": truth,
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
_ITEMS: dict[str, Check] = {
    "items[*]": needs("key", "path"),
    "items[*].key": config_key,
    "items[*].path": inside,
    "items[*].mode": _MODE,
}
_DOWNWARD: dict[str, Check] = {
    "items[*]": needs("path"),
    "items[*].path": inside,
    "items[*].mode": _MODE,
    "items[*].fieldRef.fieldPath": volume_field,
    "items[*].resourceFieldRef.resource": resource_field,
}
VOLUME: dict[str, Check] = {
    "hostPath": needs("path"),
    "hostPath.path": no_way_up,
    "hostPath.type": one_of(
        "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate",
        "Socket",
    ),
    "emptyDir": mapping,
    "emptyDir.medium": matching(
        lambda medium: medium in ("", "Memory") or medium.startswith("HugePages"),
        'supported values: "", "HugePages", "Memory"',
    ),
    "emptyDir.sizeLimit": quantity,
    "configMap": needs("name"),
    "configMap.defaultMode": _MODE,
    **below("configMap", _ITEMS),
    "secret": needs("secretName"),
    "secret.defaultMode": _MODE,
    **below("secret", _ITEMS),
    "persistentVolumeClaim": needs("claimName"),
    "downwardAPI.defaultMode": _MODE,
    **below("downwardAPI", _DOWNWARD),
    "nfs": needs("server", "path"),
    "nfs.path": absolute,
    "csi": needs("driver"),
    "projected.defaultMode": _MODE,
    "projected.sources[*].configMap": needs("name"),
    "projected.sources[*].secret": needs("name"),
    **below("projected.sources[*].configMap", _ITEMS),
    **below("projected.sources[*].secret", _ITEMS),
    **below("projected.sources[*].downwardAPI", _DOWNWARD),
    "projected.sources[*].serviceAccountToken": needs("path"),
    "projected.sources[*].serviceAccountToken.expirationSeconds": whole(600, 2**32),
}  # fmt: skip
_TERMS = "affinity.{}.{}DuringSchedulingIgnoredDuringExecution[*]{}"
POD_SPEC: dict[str, Check] = {
    "activeDeadlineSeconds": whole(1),
    "automountServiceAccountToken": truth,
    "dnsConfig.nameservers[*]": address,
    "dnsPolicy": one_of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "enableServiceLinks": truth,
    "hostAliases[*].ip": address,
    "hostAliases[*].hostnames[*]": subdomain,
    "hostIPC": truth,
    "hostPID": truth,
    "hostUsers": truth,
    "hostname": optional(label),
    "imagePullSecrets[*].name": text,
    "nodeSelector.~": label_key,
    "nodeSelector.*": label_value,
    "os.name": one_of("linux", "windows"),
    "overhead.*": quantity,
    "preemptionPolicy": one_of("Never", "PreemptLowerPriority"),
    "priorityClassName": optional(subdomain),
    "readinessGates[*]": needs("conditionType"),
    "readinessGates[*].conditionType": label_key,
    "runtimeClassName": optional(subdomain),
    "schedulingGates[*]": needs("name"),
    "schedulingGates[*].name": label_key,
    "serviceAccountName": optional(subdomain),
    "subdomain": optional(label),
    "tolerations[*].key": optional(label_key),
    "topologySpreadConstraints[*].topologyKey": label_key,
    "topologySpreadConstraints[*].minDomains": whole(1),
    "topologySpreadConstraints[*].nodeAffinityPolicy": one_of("Honor", "Ignore"),
    "topologySpreadConstraints[*].nodeTaintsPolicy": one_of("Honor", "Ignore"),
    **selector("topologySpreadConstraints[*].labelSelector"),
    **{
        path: check
        for side in ("podAffinity", "podAntiAffinity")
        for when, term in (("required", ""), ("preferred", ".podAffinityTerm"))
        for field in ("labelSelector", "namespaceSelector")
        for path, check in selector(f"{_TERMS.format(side, when, term)}.{field}").items()
    },
    "securityContext.fsGroup": _user,
    "securityContext.supplementalGroups[*]": _user,
    "securityContext.fsGroupChangePolicy": one_of("Always", "OnRootMismatch"),
    **below("securityContext", SECURITY),
    **below("containers[*]", CONTAINER),
    **below("initContainers[*]", CONTAINER),
    **below("volumes[*]", VOLUME),
}
