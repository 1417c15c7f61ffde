"""Requests for certificates: what of one is refused, and what the server writes into it."""

from __future__ import annotations

from typing import Any

from tests.oracles.plane import certificates
from tests.peers.plane.questions.tables import ABSENT, each, named

REQUEST: dict[str, Any] = {
    "apiVersion": "certificates.k8s.io/v1",
    "kind": "CertificateSigningRequest",
    "metadata": {"name": "jane"},
    "spec": {
        "request": certificates.JANE,
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
    },
}
WRITTEN = {name: text for name, text in vars(certificates).items() if name.isupper()}
CASES = [
    *each(
        REQUEST,
        {
            "metadata.name": [ABSENT, "Jane Doe", "jane:example", "-"],
            "metadata.finalizers": [["a"], ["course.example/keep"]],
            "spec": [ABSENT, {}],
            "spec.request": [ABSENT, "", "YWJj", "no base64", 3],
            "spec.signerName": [
                ABSENT,
                "",
                "own",
                "a/b",
                "example.com/",
                "example.com/a/b",
                "Example.com/own",
                "example.com/own",
                "kubernetes.io/legacy-unknown",
                "kubernetes.io/nosuch",
            ],
            "spec.expirationSeconds": [0, 599, 600, 86400, -1, "1h", 2**31],
            "spec.usages": [
                ABSENT,
                [],
                ["client auth", "client auth"],
                ["nosuch"],
                ["Client Auth", "any", "Client Auth"],
                ["digital signature", "key encipherment", "server auth", "client auth"],
                "client auth",
            ],
            "spec.username": ["eve"],
            "spec.groups": [["system:masters"]],
            "spec.extra": [{"a": ["b"]}],
            "spec.uid": ["1"],
            "status.conditions": [[{"type": "Approved", "status": "True"}]],
            "status.certificate": [certificates.CERTIFICATE, "YWJj"],
        },
    ),
    *named(
        REQUEST, {f"of OpenSSL: {name}": {"spec.request": text} for name, text in WRITTEN.items()}
    ),
    *named(
        REQUEST,
        {
            "for the masters from another signer": {
                "spec.request": certificates.MASTERS,
                "spec.signerName": "example.com/own",
            },
            "with everything wrong": {
                "spec.request": "YWJj",
                "spec.signerName": "own",
                "spec.usages": ["nosuch", "nosuch"],
                "spec.expirationSeconds": 1,
            },
        },
    ),
]
