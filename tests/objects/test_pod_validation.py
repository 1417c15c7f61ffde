"""What the API server refuses in a Pod, in its own words."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.objects.field_errors import FieldError, InvalidObject
from course_lib.objects.kinds.pod import DELETION_COST
from tests.conftest import container, pod


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster(nodes=0)


def one(**fields: object) -> dict:
    return pod(containers=[container(**fields)])


def volume(**source: object) -> dict:
    return pod(volumes=[{"name": "v", **source}])


def env(**source: object) -> dict:
    return one(env=[{"name": "A", "valueFrom": source}])


def errors(cluster: Cluster, document: dict) -> list[FieldError]:
    """What is wrong with a document; nothing where it is accepted."""
    try:
        cluster.api.server.check(document)
    except InvalidObject as refusal:
        return refusal.errors
    return []


REFUSED = [
    (
        pod(schedulingGates=[{}]),
        "spec.schedulingGates[0]",
        'Invalid value: "": name part must be non-empty',
    ),
    (
        pod(readinessGates=[{}]),
        "spec.readinessGates[0].conditionType",
        'Invalid value: "": name part must be non-empty',
    ),
    (
        one(livenessProbe={"httpGet": {"port": "80"}}),
        "spec.containers[0].livenessProbe.httpGet.port",
        'Invalid value: "80": must contain at least one letter (a-z)',
    ),
    (
        one(livenessProbe={"tcpSocket": {"port": 0}}),
        "spec.containers[0].livenessProbe.tcpSocket.port",
        "Invalid value: 0: must be between 1 and 65535, inclusive",
    ),
    (
        one(readinessProbe={"exec": {"command": ["a"]}, "terminationGracePeriodSeconds": 5}),
        "spec.containers[0].readinessProbe.terminationGracePeriodSeconds",
        "Invalid value: 5: must not be set for readinessProbes",
    ),
    (
        one(livenessProbe={"exec": {}}),
        "spec.containers[0].livenessProbe.exec.command",
        "Required value",
    ),
    (
        one(livenessProbe={"httpGet": {"port": 80, "httpHeaders": [{"name": "A B"}]}}),
        "spec.containers[0].livenessProbe.httpGet.httpHeaders",
        'Invalid value: "A B": a valid HTTP header must consist of alphanumeric '
        "characters or '-'",
    ),
    (
        one(env=[{"name": "ü"}]),
        "spec.containers[0].env[0].name",
        'Invalid value: "ü": a valid environment variable name must consist only of '
        "printable ASCII characters other than '='",
    ),
    (
        one(envFrom=[{}]),
        "spec.containers[0].envFrom",
        'Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    ),
    (
        one(envFrom=[{"secretRef": {"name": "A"}}]),
        "spec.containers[0].envFrom[0].secretRef.name",
        'Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case '
        "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric"
        " character",
    ),
    (
        one(envFrom=[{"prefix": "=", "secretRef": {"name": "a"}}]),
        "spec.containers[0].envFrom[0].prefix",
        'Invalid value: "=": a valid environment variable name must consist only of '
        "printable ASCII characters other than '='",
    ),
    (
        one(resizePolicy=[{"resourceName": "cpu"}]),
        "spec.containers[0].resizePolicy",
        "Required value",
    ),
    (
        one(resources={"limits": {"hugepages-2Mi": "2Mi"}}),
        "spec.containers[0].resources",
        "Forbidden: HugePages require cpu or memory",
    ),
    (
        one(securityContext={"procMount": "Unmasked"}),
        "spec.containers[0].securityContext.procMount",
        'Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
    ),
    (
        one(securityContext={"seccompProfile": {"type": "Localhost"}}),
        "spec.containers[0].securityContext.seccompProfile.localhostProfile",
        "Required value: must be set when seccomp type is Localhost",
    ),
    (
        one(
            securityContext={
                "allowPrivilegeEscalation": False,
                "capabilities": {"add": ["CAP_SYS_ADMIN"]},
            }
        ),
        "spec.containers[0].securityContext",
        'Invalid value: {"Capabilities":{"Add":["CAP_SYS_ADMIN"],"Drop":null},"Privileged'
        '":null,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup"'
        ':null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalatio'
        'n":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot '
        "set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
    ),
    (
        one(volumeDevices=[{"name": "a", "devicePath": "/d"}]),
        "spec.containers[0].volumeDevices[0].name",
        'Not found: "a"',
    ),
    (
        env(fieldRef={"fieldPath": "metadata.labels['a b']"}),
        "spec.containers[0].env[0].valueFrom.fieldRef",
        "Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', "
        "'_' or '.', and must start and end with an alphanumeric character",
    ),
    (
        env(resourceFieldRef={"resource": "limits.cpu", "divisor": "2"}),
        "spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor",
        'Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with '
        "the cpu resource",
    ),
    (
        pod(dnsConfig={"nameservers": ["1.1.1.1"] * 4}),
        "spec.dnsConfig.nameservers",
        'Invalid value: ["1.1.1.1","1.1.1.1","1.1.1.1","1.1.1.1"]: must not have more '
        "than 3 nameservers",
    ),
    (
        pod(dnsConfig={"searches": ["a b"]}),
        "spec.dnsConfig.searches[0]",
        'Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of lower case '
        "alphanumeric characters, '_', '-' or '.', and must start and end with an "
        "alphanumeric character",
    ),
    (
        pod(hostnameOverride="w" * 65),
        "spec.hostnameOverride",
        "Too long: may not be more than 64 bytes",
    ),
    (
        pod(hostUsers=False, hostNetwork=True),
        "spec.hostNetwork",
        "Forbidden: when `hostUsers` is false",
    ),
    (
        pod(hostPID=True, shareProcessNamespace=True),
        "spec.shareProcessNamespace",
        "Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled",
    ),
    (
        pod(hostnameOverride="a", setHostnameAsFQDN=True),
        "spec.hostnameOverride",
        "Forbidden: may not be specified when setHostnameAsFQDN is true",
    ),
    (
        pod(nodeName="a", schedulingGates=[{"name": "a.b/c"}]),
        "spec.nodeName",
        "Forbidden: cannot be set until all schedulingGates have been cleared",
    ),
    (
        pod() | {"metadata": {"name": "x", "annotations": {DELETION_COST: "+1"}}},
        "metadata.annotations[controller.kubernetes.io/pod-deletion-cost]",
        'Invalid value: "+1": must be a 32bit integer',
    ),
    (
        pod(os={}),
        "spec.os.name",
        "Required value",
    ),
    (
        pod(resourceClaims=[{"name": "a"}]),
        "spec.resourceClaims[0]",
        "Invalid value: "
        '{"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must '
        "specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
    ),
    (
        pod(securityContext={"sysctls": [{"name": "A"}]}),
        "spec.securityContext.sysctls[0].name",
        'Invalid value: "A": must have at most 253 characters and match regex '
        "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$",
    ),
    (
        pod(tolerations=[{"key": "a", "value": "b c"}]),
        "spec.tolerations[0].operator",
        'Invalid value: "b c": a valid label must be an empty string or consist of '
        "alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character",
    ),
    (
        volume(configMap={"name": "a", "items": [{"key": "a", "path": "..a"}]}),
        "spec.volumes[0].configMap.items[0].path",
        "Invalid value: \"..a\": must not start with '..'",
    ),
    (
        volume(downwardAPI={"items": [{"path": "a"}]}),
        "spec.volumes[0].downwardAPI",
        "Required value: one of fieldRef and resourceFieldRef is required",
    ),
    (
        volume(image={}),
        "spec.volumes[0].image.reference",
        "Required value",
    ),
    (
        volume(projected={"sources": [{"secret": {"name": "a"}, "configMap": {"name": "a"}}]}),
        "spec.volumes[0].projected.sources[0]",
        "Forbidden: may not specify more than 1 volume type per source",
    ),
    (
        pod(
            affinity={
                "podAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {"topologyKey": "a", "matchLabelKeys": ["b"]}
                    ]
                }
            }
        ),
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matc"
        "hLabelKeys",
        "Forbidden: must not be specified when labelSelector is not set",
    ),
    (
        pod(
            affinity={
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {"matchFields": [{"key": "b", "operator": "In", "values": ["c"]}]}
                        ]
                    }
                }
            }
        ),
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSe"
        "lectorTerms[0].matchFields[0].key",
        'Invalid value: "b": not a valid field selector key',
    ),
    (
        one(lifecycle={"preStop": {}}),
        "spec.containers[0].lifecycle.preStop",
        "Required value: must specify a handler type",
    ),
    (
        one(lifecycle={"preStop": {"sleep": {"seconds": 31}}}),
        "spec.containers[0].lifecycle.preStop.sleep",
        "Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)",
    ),
    (
        one(ports=[{"containerPort": 80, "name": "8080"}]),
        "spec.containers[0].ports[0].name",
        'Invalid value: "8080": must contain at least one letter (a-z)',
    ),
    (
        one(image=" nginx"),
        "spec.containers[0].image",
        'Invalid value: " nginx": must not have leading or trailing whitespace',
    ),
    (
        one(resources={"requests": {"cpus": "1"}}),
        "spec.containers[0].resources.requests[cpus]",
        'Invalid value: "cpus": must be a standard resource type or fully qualified',
    ),
    (
        one(resources={"requests": {"a.b/gpu": "1"}}),
        "spec.containers[0].resources.limits",
        "Required value: Limit must be set for non overcommitable resources",
    ),
    (
        env(fieldRef={"fieldPath": "spec.nope"}),
        "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
        'Invalid value: "spec.nope": error converting fieldPath: field label not '
        "supported: spec.nope",
    ),
    (
        env(fieldRef={"fieldPath": "metadata.labels"}),
        "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
        'Unsupported value: "metadata.labels": supported values: "metadata.name", '
        '"metadata.namespace", "metadata.uid", "spec.nodeName", '
        '"spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", '
        '"status.podIPs"',
    ),
    (
        env(resourceFieldRef={"resource": "limits.nope"}),
        "spec.containers[0].env[0].valueFrom.resourceFieldRef.resource",
        'Unsupported value: "limits.nope": supported values: "limits.cpu", '
        '"limits.ephemeral-storage", "limits.memory", "requests.cpu", '
        '"requests.ephemeral-storage", "requests.memory"',
    ),
    (
        env(configMapKeyRef={"key": "a"}),
        "spec.containers[0].env[0].valueFrom.configMapKeyRef.name",
        'Invalid value: "": a lowercase RFC 1123 subdomain must consist of lower case '
        "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric"
        " character",
    ),
    (
        env(),
        "spec.containers[0].env[0].valueFrom",
        'Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, '
        "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
    ),
    (
        volume(emptyDir={}, hostPath={"path": "/x"}),
        "spec.volumes[0].hostPath",
        "Forbidden: may not specify more than 1 volume type",
    ),
    (
        volume(hostPath={"path": "/a/../b"}),
        "spec.volumes[0].hostPath.path",
        "Invalid value: \"/a/../b\": must not contain '..'",
    ),
    (
        volume(hostPath={"path": "/a", "type": "Dir"}),
        "spec.volumes[0].hostPath.type",
        'Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", '
        '"Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ),
    (
        volume(configMap={}),
        "spec.volumes[0].configMap.name",
        "Required value",
    ),
    (
        pod(hostname="Bad_Name"),
        "spec.hostname",
        'Invalid value: "Bad_Name": a lowercase RFC 1123 label must consist of lower case'
        " alphanumeric characters or '-', and must start and end with an alphanumeric "
        "character",
    ),
    (
        pod(serviceAccountName="Bad Name"),
        "spec.serviceAccountName",
        'Invalid value: "Bad Name": a lowercase RFC 1123 subdomain must consist of lower '
        "case alphanumeric characters, '-' or '.', and must start and end with an "
        "alphanumeric character",
    ),
    (
        pod(dnsPolicy="Wrong"),
        "spec.dnsPolicy",
        'Unsupported value: "Wrong": supported values: "ClusterFirstWithHostNet", '
        '"ClusterFirst", "Default", "None"',
    ),
    (
        pod(dnsPolicy="None"),
        "spec.dnsConfig",
        "Required value: must provide `dnsConfig` when `dnsPolicy` is None",
    ),
    (
        pod(activeDeadlineSeconds=0),
        "spec.activeDeadlineSeconds",
        "Invalid value: 0: must be between 1 and 2147483647, inclusive",
    ),
    (
        pod(nodeSelector={"a b": "c"}),
        "spec.nodeSelector",
        "Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', "
        "'_' or '.', and must start and end with an alphanumeric character",
    ),
    (
        pod(ephemeralContainers=[container("d")]),
        "spec.ephemeralContainers",
        "Forbidden: cannot be set on create",
    ),
    (
        pod(
            hostNetwork=True,
            containers=[container(ports=[{"containerPort": 80, "hostPort": 81}])],
        ),
        "spec.containers[0].ports[0].hostPort",
        "Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
    ),
    (
        pod(tolerations=[{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}]),
        "spec.tolerations[0].effect",
        "Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
    ),
    (
        pod(
            volumes=[{"name": "v"}],
            containers=[container(volumeMounts=[{"name": "v", "mountPath": "/x"}] * 2)],
        ),
        "spec.containers[0].volumeMounts[1].mountPath",
        'Invalid value: "/x": must be unique',
    ),
]


@pytest.mark.parametrize(("document", "path", "words"), REFUSED, ids=lambda v: str(v)[:40])
def test_a_pod_is_refused_in_the_words_of_the_api_server(cluster, document, path, words):
    first = errors(cluster, document)[0]
    assert first.path == path
    assert first.body.startswith(words)
