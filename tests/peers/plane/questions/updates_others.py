"""Updates of Services, volumes, configuration, policies, access and cluster objects."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.tables import STRATEGIC, changes, updates


def _object(kind: str, version: str, **fields: Any) -> dict[str, Any]:
    name = f"tried-{kind.lower()}"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}} | fields


SERVICE = _object(
    "Service", "v1", spec={"selector": {"app": "web"}, "ports": [{"name": "web", "port": 80}]}
)
HEADLESS = changes(SERVICE, {"spec.clusterIP": "None"})
NODE_PORT = changes(SERVICE, {"spec.type": "NodePort", "spec.ports[0].nodePort": 30123})
BALANCED = changes(SERVICE, {"spec.type": "LoadBalancer"})
EXTERNAL = _object("Service", "v1", spec={"type": "ExternalName", "externalName": "db.example"})
CLAIM = _object(
    "PersistentVolumeClaim", "v1",
    spec={"accessModes": ["ReadWriteOnce"], "storageClassName": "slow",
          "resources": {"requests": {"storage": "1Gi"}}},
)  # fmt: skip
VOLUME = _object(
    "PersistentVolume", "v1",
    spec={"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"},
          "storageClassName": "slow", "hostPath": {"path": "/data"}},
)  # fmt: skip
CONFIG = _object("ConfigMap", "v1", data={"a": "b"}, immutable=True)
SECRET = _object("Secret", "v1", type="Opaque", stringData={"a": "b"})
SEALED = changes(SECRET, {"immutable": True})
CLASS = _object("StorageClass", "storage.k8s.io/v1", provisioner="course.example/disk",
                parameters={"type": "a"})  # fmt: skip
PRIORITY = _object("PriorityClass", "scheduling.k8s.io/v1", value=5)
BUDGET = _object("PodDisruptionBudget", "policy/v1",
                 spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}})  # fmt: skip
QUOTA = _object("ResourceQuota", "v1", spec={"hard": {"pods": "5"}, "scopes": ["NotBestEffort"]})
LIMITS = _object("LimitRange", "v1",
                 spec={"limits": [{"type": "Container", "max": {"cpu": "2"}}]})  # fmt: skip
RBAC = "rbac.authorization.k8s.io"
ROLE = _object("Role", f"{RBAC}/v1",
               rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])  # fmt: skip
BINDING = _object("RoleBinding", f"{RBAC}/v1",
                  roleRef={"apiGroup": RBAC, "kind": "Role", "name": "reader"},
                  subjects=[{"kind": "User", "apiGroup": RBAC, "name": "ann"}])  # fmt: skip
SLICE = _object("EndpointSlice", "discovery.k8s.io/v1", addressType="IPv4",
                endpoints=[{"addresses": ["10.1.2.3"]}], ports=[{"port": 80}])  # fmt: skip
INGRESS = _object("Ingress", "networking.k8s.io/v1",
                  spec={"ingressClassName": "web", "defaultBackend": {
                      "service": {"name": "web", "port": {"number": 80}}}})  # fmt: skip
SCALER = _object("HorizontalPodAutoscaler", "autoscaling/v2",
                 spec={"maxReplicas": 5, "scaleTargetRef": {
                     "apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}})  # fmt: skip
POLICY = _object("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {}})
NODE = _object("Node", "v1", spec={"podCIDR": "10.244.9.0/24"})
LEASE = _object("Lease", "coordination.k8s.io/v1", spec={"holderIdentity": "a"})
ACCOUNT = _object("ServiceAccount", "v1", secrets=[{"name": "a"}])
INGRESS_CLASS = _object("IngressClass", "networking.k8s.io/v1",
                        spec={"controller": "course.example/web"})  # fmt: skip
WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.course.example"},
    "spec": {
        "group": "course.example",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [{"name": "v1", "served": True, "storage": True,
                      "schema": {"openAPIV3Schema": {"type": "object"}}}],
    },
}  # fmt: skip
GADGETS = changes(WIDGETS, {"metadata.name": "gadgets.course.example",
                            "spec.names": {"kind": "Gadget", "plural": "gadgets"}})  # fmt: skip
CASES = [
    *updates(
        SERVICE,
        {
            "another cluster IP": {"spec": {"clusterIP": "10.96.0.77", "clusterIPs": None}},
            "the cluster IP is removed": {"spec": {"clusterIP": None, "clusterIPs": None}},
            "to headless": {"spec": {"clusterIP": "None", "clusterIPs": ["None"]}},
            "to NodePort": {"spec": {"type": "NodePort"}},
            "to ExternalName": {
                "spec": {
                    "type": "ExternalName",
                    "externalName": "db.example",
                    "clusterIP": None,
                    "clusterIPs": None,
                }
            },
            "the selector is removed": {"spec": {"selector": None}},
            "two ports without a name": {"spec": {"ports": [{"port": 80}, {"port": 81}]}},
            "no ports": {"spec": {"ports": []}},
            "session affinity": {"spec": {"sessionAffinity": "ClientIP"}},
        },
    ),
    *updates(
        SERVICE,
        {
            "a port is added by its number": {"spec": {"ports": [{"name": "tls", "port": 443}]}},
            "a target port by the port's number": {
                "spec": {"ports": [{"port": 80, "targetPort": 8080}]}
            },
        },
        STRATEGIC,
    ),
    *updates(
        HEADLESS,
        {
            "headless to a cluster IP": {
                "spec": {"clusterIP": "10.96.0.77", "clusterIPs": ["10.96.0.77"]}
            }
        },
    ),
    *updates(NODE_PORT, {"NodePort to ClusterIP": {"spec": {"type": "ClusterIP"}}}),
    *updates(
        NODE_PORT,
        {
            "a node port outside the range": {
                "spec": {"ports": [{"name": "web", "port": 80, "nodePort": 80}]}
            }
        },
    ),
    *updates(
        BALANCED,
        {"a load balancer class is added": {"spec": {"loadBalancerClass": "course.example/a"}}},
    ),
    *updates(
        BALANCED,
        {
            "status of a load balancer": {
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
            }
        },
        subresource="status",
    ),
    *updates(
        EXTERNAL,
        {
            "ExternalName to ClusterIP": {
                "spec": {"type": "ClusterIP", "externalName": None, "ports": [{"port": 80}]}
            }
        },
    ),
    *updates(
        CLAIM,
        {
            "a larger request that is not bound": {
                "spec": {"resources": {"requests": {"storage": "2Gi"}}}
            },
            "a smaller request": {"spec": {"resources": {"requests": {"storage": "1Mi"}}}},
            "another class": {"spec": {"storageClassName": "fast"}},
            "access modes": {"spec": {"accessModes": ["ReadWriteMany"]}},
            "a volume name": {"spec": {"volumeName": "disk"}},
        },
    ),
    *updates(
        VOLUME,
        {
            "another source": {"spec": {"hostPath": {"path": "/other"}}},
            "more capacity": {"spec": {"capacity": {"storage": "2Gi"}}},
            "reclaim policy": {"spec": {"persistentVolumeReclaimPolicy": "Delete"}},
            "access modes": {"spec": {"accessModes": ["ReadWriteMany"]}},
            "volume mode": {"spec": {"volumeMode": "Block"}},
        },
    ),
    *updates(
        CONFIG,
        {
            "data of an immutable one": {"data": {"a": "c"}},
            "labels of an immutable one": {"metadata": {"labels": {"a": "b"}}},
            "no longer immutable": {"immutable": False},
        },
    ),
    *updates(
        SECRET,
        {
            "another type": {"type": "course.example/other"},
            "data that is not base64": {"data": {"a": "%"}},
            "plain text": {"stringData": {"c": "d"}},
        },
    ),
    *updates(SEALED, {"data of an immutable one": {"stringData": {"a": "c"}}}),
    *updates(
        CLASS,
        {
            "provisioner": {"provisioner": "course.example/other"},
            "parameters": {"parameters": {"type": "b"}},
            "reclaim policy": {"reclaimPolicy": "Retain"},
            "binding mode": {"volumeBindingMode": "WaitForFirstConsumer"},
            "expansion": {"allowVolumeExpansion": True},
        },
    ),
    *updates(
        PRIORITY,
        {
            "value": {"value": 6},
            "preemption": {"preemptionPolicy": "Never"},
            "description": {"description": "few"},
        },
    ),
    *updates(
        BUDGET,
        {
            "selector": {"spec": {"selector": {"matchLabels": {"app": "b"}}}},
            "minimum": {"spec": {"minAvailable": 2}},
            "both minimum and maximum": {"spec": {"maxUnavailable": 1}},
        },
    ),
    *updates(
        QUOTA,
        {"scopes": {"spec": {"scopes": ["BestEffort"]}}, "hard": {"spec": {"hard": {"pods": "9"}}}},
    ),
    *updates(QUOTA, {"status": {"status": {"used": {"pods": "1"}}}}, subresource="status"),
    *updates(
        LIMITS,
        {
            "a default above the maximum": {
                "spec": {
                    "limits": [{"type": "Container", "max": {"cpu": "2"}, "default": {"cpu": "3"}}]
                }
            }
        },
    ),
    *updates(
        ROLE,
        {
            "rules are removed": {"rules": None},
            "a rule without verbs": {"rules": [{"apiGroups": [""], "resources": ["a"]}]},
        },
    ),
    *updates(
        BINDING,
        {"the role": {"roleRef": {"name": "writer"}}, "subjects are removed": {"subjects": None}},
    ),
    *updates(
        SLICE,
        {
            "address type": {"addressType": "FQDN"},
            "addresses": {"endpoints": [{"addresses": ["10.1.2.4"]}]},
        },
    ),
    *updates(
        INGRESS,
        {
            "class": {"spec": {"ingressClassName": "other"}},
            "the backend is removed": {"spec": {"defaultBackend": None}},
        },
    ),
    *updates(
        SCALER,
        {
            "a minimum above the maximum": {"spec": {"minReplicas": 6}},
            "target": {"spec": {"scaleTargetRef": {"name": "other"}}},
        },
    ),
    *updates(
        POLICY,
        {
            "types": {"spec": {"policyTypes": ["Egress"]}},
            "a type that does not exist": {"spec": {"policyTypes": ["Both"]}},
        },
    ),
    *updates(
        NODE,
        {
            "unschedulable": {"spec": {"unschedulable": True}},
            "another Pod range": {"spec": {"podCIDR": "10.244.8.0/24"}},
            "a taint": {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}},
            "a taint with a wrong effect": {"spec": {"taints": [{"key": "a", "effect": "Never"}]}},
            "provider": {"spec": {"providerID": "course://1"}},
        },
    ),
    *updates(NODE, {"capacity": {"status": {"capacity": {"cpu": "4"}}}}, subresource="status"),
    *updates(
        LEASE,
        {
            "another holder": {"spec": {"holderIdentity": "b"}},
            "a duration of zero": {"spec": {"leaseDurationSeconds": 0}},
            "a holder that is empty": {"spec": {"holderIdentity": ""}},
        },
    ),
    *updates(ACCOUNT, {"secrets are merged": {"secrets": [{"name": "b"}]}}, STRATEGIC),
    *updates(ACCOUNT, {"no token by default": {"automountServiceAccountToken": False}}),
    *updates(INGRESS_CLASS, {"controller": {"spec": {"controller": "course.example/other"}}}),
    *updates(WIDGETS, {"short names": {"spec": {"names": {"shortNames": ["wd"]}}}}),
    *updates(GADGETS, {"another group": {"spec": {"group": "other.example"}}}),
    *updates(
        _object("Namespace", "v1"),
        {
            "labels": {"metadata": {"labels": {"team": "a"}}},
        },
    ),
    *updates(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tried-other"}},
        {"the label of its name": {"metadata": {"labels": {"kubernetes.io/metadata.name": "x"}}}},
    ),
]
