"""Requests for certificates: approved, signed, refused by their signer, and cleaned up."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode, b64encode

import pytest

from course_lib import Cluster
from course_lib.engine.timestamps import EPOCH
from course_lib.objects.x509.authority import CertificateAuthority
from course_lib.objects.x509.pem import pem_text
from tests.oracles.plane.certificates import JANE, NAMED, RSA
from tests.required import requires

KIND = "CertificateSigningRequest"
HOUR = 3600.0
CLIENT, KUBELET, SERVING = (
    f"kubernetes.io/{name}"
    for name in ("kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving")
)


@pytest.fixture
def cluster():
    return Cluster(nodes=1)


def ask(cluster, request=JANE, signer=CLIENT, usages=("client auth",), **spec):
    asked = {"request": request, "signerName": signer, "usages": [*usages]} | spec
    document = {"apiVersion": "certificates.k8s.io/v1", "kind": KIND}
    cluster.apply(document | {"metadata": {"name": "asked"}, "spec": asked})
    cluster.run(1)


def decide(cluster, word="approve"):
    cluster.kubectl(f"certificate {word} asked").checked()
    cluster.run(1)
    return status(cluster)


def status(cluster):
    return cluster.document(KIND, "asked").get("status", {})


def condition(cluster):
    return cluster.get("csr").CONDITION[0]


def test_what_is_approved_is_signed(cluster):
    ask(cluster)
    assert condition(cluster) == "Pending" and not status(cluster)
    assert "BEGIN CERTIFICATE" in b64decode(decide(cluster)["certificate"]).decode()
    assert condition(cluster) == "Approved,Issued"


def test_what_is_denied_or_for_another_signer_is_not_signed(cluster):
    ask(cluster)
    assert "certificate" not in decide(cluster, "deny")
    cluster.delete("csr", "asked")
    ask(cluster, signer="example.com/own")
    assert "certificate" not in decide(cluster)


@pytest.mark.parametrize(
    ("request_text", "signer", "usages", "problem"),
    [
        (JANE, CLIENT, ["server auth"], "invalid usage for client certificate: server auth"),
        (JANE, CLIENT, ["digital signature"],
         "missing required usage for client certificate: client auth"),
        (JANE, KUBELET, ["client auth"], "subject organization is not system:nodes"),
        (JANE, SERVING, ["server auth"], "subject organization is not system:nodes"),
        (NAMED, KUBELET, ["client auth", "digital signature"],
         "DNS subjectAltNames are not allowed"),
        (NAMED, SERVING, ["server auth"],
         "usages did not match [digital signature key encipherment server auth]"),
    ],
)  # fmt: skip
def test_a_signer_says_why_it_does_not_sign(cluster, request_text, signer, usages, problem):
    ask(cluster, request_text, signer, usages)
    approved, failed = decide(cluster)["conditions"]
    assert (approved["type"], failed["type"]) == ("Approved", "Failed")
    assert (failed["reason"], failed["message"]) == ("SignerValidationFailure", problem)
    assert condition(cluster) == "Approved,Failed"


def made(subject, *more):
    """A new request by OpenSSL."""
    command = (
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null"
    )
    words = [*command.split(), "-subj", subject, *more]
    return subprocess.run(words, check=True, capture_output=True).stdout


needs_openssl = requires("" if shutil.which("openssl") else "openssl is not installed")


@needs_openssl
def test_a_kubelet_is_approved_by_itself(cluster):
    kubelet = b64encode(made("/O=system:nodes/CN=system:node:node-9")).decode()
    ask(cluster, kubelet, KUBELET, ["client auth", "digital signature"])
    said = "Auto approving kubelet client certificate after SubjectAccessReview."
    assert status(cluster)["conditions"][0]["message"] == said
    assert condition(cluster) == "Approved,Issued"


@needs_openssl
@pytest.mark.parametrize("request_text", [JANE, RSA])
def test_openssl_takes_the_certificate(cluster, tmp_path, request_text):
    ask(cluster, request_text, expirationSeconds=3600)
    signed = tmp_path / "signed.crt"
    signed.write_bytes(b64decode(decide(cluster)["certificate"]))
    authority = CertificateAuthority(f"{cluster.sim.seed}/certificate authority".encode(), EPOCH)
    root = tmp_path / "ca.crt"
    root.write_text(pem_text("CERTIFICATE", authority.certificate))

    def checked(seconds, *words):
        moment = int(EPOCH.timestamp() + seconds)
        command = ["openssl", "verify", "-purpose", "sslclient", "-attime", str(moment)]
        command += ["-CAfile", str(root), *words, str(signed)]
        return subprocess.run(command, capture_output=True, text=True)

    assert checked(60).stdout == f"{signed}: OK\n"
    assert "certificate has expired" in checked(3700).stderr
    said = subprocess.run(
        ["openssl", "x509", "-in", str(signed), "-noout", "-subject", "-issuer", "-enddate"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "dev" in said and "jane" in said and "kubernetes" in said
    assert "Jan  1 01:00:0" in said  # an hour: a short life is not moved back


def test_one_history_has_one_certificate():
    found = []
    for _ in range(2):
        cluster = Cluster(nodes=1)
        ask(cluster)
        found.append(decide(cluster)["certificate"])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("word", "signer", "hours"),
    [("deny", CLIENT, 1), ("approve", CLIENT, 1), ("approve", "example.com/own", 24), ("", "", 24)],
)
def test_what_is_settled_goes_after_an_hour_what_waits_after_a_day(cluster, word, signer, hours):
    ask(cluster, signer=signer or CLIENT)
    if word:
        decide(cluster, word)
    cluster.run((hours - 0.1) * HOUR)
    assert cluster.api.find(KIND, "asked") is not None
    cluster.run(1.2 * HOUR)
    assert cluster.api.find(KIND, "asked") is None
