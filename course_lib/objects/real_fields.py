"""Fields of the API that the course does not keep in its views, by the view's name.

A field that is neither in a view nor here does not exist in Kubernetes, and is refused as the
API server does (`fieldValidation=Strict`). Source: the types of k8s.io/api, walked beside
the views from each kind down.
"""

UNKEPT: dict[str, tuple[str, ...]] = {
    "CSINode": (
        "status",
    ),
    "ClaimReference": (
        "fieldPath", "resourceVersion",
    ),
    "ClaimSpec": (
        "dataSource", "dataSourceRef", "volumeAttributesClassName",
    ),
    "ClaimStatus": (
        "allocatedResourceStatuses", "allocatedResources",
        "currentVolumeAttributesClassName", "healthStatus", "modifyVolumeStatus",
    ),
    "Condition": (
        "lastHeartbeatTime", "lastProbeTime", "observedGeneration",
    ),
    "ConfigMapSource": (
        "defaultUser",
    ),
    "Container": (
        "resizePolicy", "restartPolicyRules", "securityContext", "volumeDevices",
    ),
    "ContainerStatus": (
        "allocatedResources", "allocatedResourcesStatus", "resources", "stopSignal", "user",
        "volumeMounts",
    ),
    "DaemonSetSpec": (
        "revisionHistoryLimit",
    ),
    "DaemonSetStatus": (
        "collisionCount", "conditions",
    ),
    "DeploymentStatus": (
        "collisionCount", "terminatingReplicas",
    ),
    "Endpoint": (
        "deprecatedTopology",
    ),
    "EndpointPort": (
        "appProtocol",
    ),
    "EnvVarSource": (
        "fileKeyRef",
    ),
    "Event": (
        "action", "eventTime", "related", "reportingComponent", "reportingInstance",
        "series",
    ),
    "GRPCAction": (
        "mode",
    ),
    "HTTPGetAction": (
        "httpHeaders", "protocol",
    ),
    "Ingress": (
        "status",
    ),
    "IngressBackend": (
        "resource",
    ),
    "JobSpec": (
        "backoffLimitPerIndex", "managedBy", "maxFailedIndexes", "podFailurePolicy",
        "podReplacementPolicy", "scheduling", "successPolicy",
    ),
    "JobStatus": (
        "failedIndexes", "terminating", "uncountedTerminatedPods",
    ),
    "LeaseSpec": (
        "preferredHolder", "strategy",
    ),
    "Lifecycle": (
        "stopSignal",
    ),
    "Metric": (
        "containerResource", "external", "object", "pods",
    ),
    "NodeSpec": (
        "configSource", "externalID", "podCIDRs", "podPreemptionPolicy",
    ),
    "NodeStatus": (
        "config", "daemonEndpoints", "declaredFeatures", "features", "phase",
        "runtimeHandlers", "volumesAttached", "volumesInUse",
    ),
    "ObjectFieldSelector": (
        "apiVersion",
    ),
    "PodDisruptionBudgetStatus": (
        "disruptedPods",
    ),
    "PodSpec": (
        "dnsConfig", "dnsPolicy", "ephemeralContainers", "evictionResponders",
        "hostAliases", "hostIPC", "hostPID", "hostUsers", "hostnameOverride",
        "imagePullSecrets", "os", "resourceClaims", "resources", "runtimeClassName",
        "schedulingGroup", "securityContext", "serviceAccount", "setHostnameAsFQDN",
    ),
    "PodStatus": (
        "allocatedResources", "ephemeralContainerStatuses", "extendedResourceClaimStatus",
        "hostIPs", "nodeAllocatableResourceClaimStatuses", "observedGeneration", "podIPs",
        "resize", "resourceClaimStatuses", "resources", "volumeHealth",
    ),
    "ReplicaSetStatus": (
        "terminatingReplicas",
    ),
    "ResourceRequirements": (
        "claims",
    ),
    "RollingUpdateStatefulSet": (
        "maxUnavailable",
    ),
    "ScalingRules": (
        "tolerance",
    ),
    "SecretSource": (
        "defaultUser",
    ),
    "ServiceSpec": (
        "allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerIP",
    ),
    "ServiceStatus": (
        "conditions",
    ),
    "StatefulSetSpec": (
        "ordinals", "persistentVolumeClaimRetentionPolicy", "revisionHistoryLimit",
    ),
    "StatefulSetStatus": (
        "collisionCount", "conditions",
    ),
    "StorageClass": (
        "mountOptions",
    ),
    "Volume": (
        "azureDisk", "azureFile", "cephfs", "cinder", "csi", "ephemeral", "fc",
        "flexVolume", "flocker", "gitRepo", "glusterfs", "image", "nfs",
        "photonPersistentDisk", "portworxVolume", "quobyte", "scaleIO", "storageos",
        "vsphereVolume",
    ),
    "VolumeMount": (
        "bindMountOptions", "mountPropagation", "recursiveReadOnly", "subPathExpr",
    ),
    "VolumeSpec": (
        "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc",
        "flexVolume", "flocker", "gcePersistentDisk", "glusterfs", "iscsi", "mountOptions",
        "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos",
        "volumeAttributesClassName", "vsphereVolume",
    ),
    "VolumeStatus": (
        "lastPhaseTransitionTime", "message", "reason",
    ),
}  # fmt: skip
