"""Pods: DNS, host names, what they share with their host, and their account."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD
from tests.peers.plane.questions.tables import ABSENT, each, named

ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
CASES = each(
    POD,
    {
        "spec.dnsPolicy": [
            "Default", "ClusterFirstWithHostNet", "None", "", "default",
        ],
        "spec.dnsConfig": [
            {}, {"nameservers": ["10.0.0.10"]}, {"nameservers": ["dns.example.com"]},
            {"nameservers": ["10.0.0.010"]}, {"nameservers": ["1.1.1.1"] * 4},
            {"searches": ["example.com", "a_b.example.com", "."]}, {"searches": ["a b"]},
            {"searches": ["a.com"] * 32},
            {"searches": ["a.com"] * 33}, {"options": [{"name": "ndots", "value": "2"}]},
            {"options": [{"value": "2"}]},
        ],
        "spec.hostname": ["web", "Web", "w" * 64, ""],
        "spec.subdomain": ["site", "my.site"],
        "spec.hostnameOverride": ["web.example.com", "Web", "w" * 65],
        "spec.setHostnameAsFQDN": [True, "yes"],
        "spec.hostAliases": [
            [{"ip": "10.0.0.1", "hostnames": ["a.example.com"]}],
            [{"hostnames": ["a"]}], [{"ip": "10.0.0", "hostnames": ["a"]}],
            [{"ip": "10.0.0.1", "hostnames": ["A_b"]}],
            [{"ip": "10.0.0.1", "hostnames": ["a"]}, {"ip": "10.0.0.1", "hostnames": ["b"]}],
        ],
        "spec.hostNetwork": [True, False, "true"],
        "spec.hostPID": [True],
        "spec.hostIPC": [False],
        "spec.hostUsers": [False],
        "spec.shareProcessNamespace": [True, False],
        "spec.enableServiceLinks": [False],
        "spec.imagePullSecrets": [
            [{"name": "registry"}], [{}], ["registry"], [{"name": "Registry"}],
            [{"name": "a"}, {"name": "a"}],
        ],
        "spec.serviceAccountName": ["", "nobody", "Robot", "default"],
        "spec.serviceAccount": ["default", "nobody"],
        "spec.automountServiceAccountToken": [True, ABSENT, None, "no"],
    },
)  # fmt: skip
CASES += named(
    POD,
    {
        "with no DNS policy of its cluster, and no nameserver": {
            "spec.dnsPolicy": "None",
            "spec.dnsConfig": {"searches": ["example.com"]},
        },
        "with its own nameserver alone": {
            "spec.dnsPolicy": "None",
            "spec.dnsConfig": {"nameservers": ["10.0.0.10"]},
        },
        "with a host name of two kinds": {
            "spec.hostnameOverride": "web",
            "spec.setHostnameAsFQDN": True,
        },
        "with its own user namespace on the host's network": {
            "spec.hostUsers": False,
            "spec.hostNetwork": True,
        },
        "with two names of its account": {
            "spec.serviceAccountName": "default",
            "spec.serviceAccount": "robot",
        },
        "with a volume where its token is mounted": {
            "spec.automountServiceAccountToken": ABSENT,
            "spec.volumes": [{"name": "data", "emptyDir": {}}],
            "spec.containers[0].volumeMounts": [
                {"name": "data", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
            ],
        },
    },
)
