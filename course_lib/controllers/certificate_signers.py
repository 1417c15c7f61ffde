"""The two controllers that answer requests for certificates (chapter 11).

One approves those of kubelets for themselves; the other signs what is approved, for the signers of
Kubernetes. Requests for other signers wait for somebody else, as in a real cluster.
Source: `pkg/controller/certificates/approver/sarapprove.go`, `signer/signer.go`; the rules of each
signer, `pkg/apis/certificates/helpers.go`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection
from datetime import timedelta

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.engine.timestamps import EPOCH
from course_lib.objects.kinds.certificate_rules import APPROVED, DENIED, FAILED
from course_lib.objects.kinds.certificate_signing_request import CertificateSigningRequest
from course_lib.objects.manifests import Document
from course_lib.objects.x509.authority import CertificateAuthority, Validity
from course_lib.objects.x509.pem import CERTIFICATE, pem_text
from course_lib.objects.x509.requests import CertificateRequest, read_request

LONGEST = timedelta(days=365)  # --cluster-signing-duration
BACKDATED = timedelta(minutes=5)  # clocks differ
SHORT = timedelta(hours=8)  # below it, the end is not moved back
SERIAL_BITS = 127
SIGNATURE, ENCIPHERMENT = "digital signature", "key encipherment"
CLIENT, SERVER = "client auth", "server auth"
KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"


def _client_problem(request: CertificateRequest, usages: Collection[str]) -> str:
    """For a user: to show who they are, and nothing else (`validAPIServerClientUsages`)."""
    for usage in usages:
        if usage not in (SIGNATURE, ENCIPHERMENT, CLIENT):
            return f"invalid usage for client certificate: {usage}"
    return "" if CLIENT in usages else f"missing required usage for client certificate: {CLIENT}"


def _kubelet_client_problem(request: CertificateRequest, usages: Collection[str]) -> str:
    """For a kubelet that calls the API server (`ValidateKubeletClientCSR`)."""
    if request.organizations != ["system:nodes"]:
        return "subject organization is not system:nodes"
    for title, name in (("DNS Names", "DNS"), ("Email Addresses", "Email"),
                        ("IP Addresses", "IP"), ("URIs", "URI")):  # fmt: skip
        if title in request.names:
            return f"{name} subjectAltNames are not allowed"
    return _node_problem(request, usages, CLIENT, last=True)


def _kubelet_serving_problem(request: CertificateRequest, usages: Collection[str]) -> str:
    """For a kubelet that the API server calls (`ValidateKubeletServingCSR`)."""
    if request.organizations != ["system:nodes"]:
        return "subject organization is not system:nodes"
    if not {"DNS Names", "IP Addresses"} & request.names.keys():
        return "DNS or IP subjectAltName is required"
    for title, name in (("Email Addresses", "Email"), ("URIs", "URI")):
        if title in request.names:
            return f"{name} subjectAltNames are not allowed"
    return _node_problem(request, usages, SERVER, last=False)


def _node_problem(
    request: CertificateRequest, usages: Collection[str], own: str, last: bool
) -> str:
    """What both rules say of the user's name and of the usages; `last` judges usages last."""
    wanted = sorted({SIGNATURE, ENCIPHERMENT, own})
    right = {*usages} in ({*wanted}, {SIGNATURE, own})
    by_usage = "" if right else f"usages did not match [{' '.join(wanted)}]"
    named = request.common_name.startswith("system:node:")
    by_name = "" if named else "subject common name does not begin with system:node:"
    return (by_name or by_usage) if last else (by_usage or by_name)


Rule = Callable[[CertificateRequest, Collection[str]], str]
SIGNERS: dict[str, Rule] = {
    "kubernetes.io/kube-apiserver-client": _client_problem,
    KUBELET_CLIENT: _kubelet_client_problem,
    "kubernetes.io/kubelet-serving": _kubelet_serving_problem,
}


def _types(asked: CertificateSigningRequest) -> set[str]:
    return {each.type for each in asked.status.conditions or ()}


def _read(asked: CertificateSigningRequest) -> CertificateRequest:
    return read_request(b64decode(asked.spec.request))


class CertificateApprover(Controller):
    """Approves requests of kubelets for the certificate with which they call the API server.

    A real one asks whether the requestor may have it (RBAC); here everybody may.
    """

    name = "certificatesigningrequest-approving-controller"
    kind = "CertificateSigningRequest"

    def reconcile(self, asked: CertificateSigningRequest) -> None:
        """Approve a request that nobody has decided, where it is one of a kubelet."""
        spec = asked.spec
        if spec.signer_name != KUBELET_CLIENT or {APPROVED, DENIED} & _types(asked):
            return
        request = _read(asked)
        if asked.status.certificate or _kubelet_client_problem(request, spec.usages or ()):
            return
        own = "self " if spec.username == request.common_name else ""
        said = f"Auto approving {own}kubelet client certificate after SubjectAccessReview."
        decision = {"type": APPROVED, "status": "True", "reason": "AutoApproved", "message": said}
        _add(self.api, asked, "approval", decision)


class CertificateSigner(Controller):
    """Signs what is approved, with the authority of the cluster."""

    name = "certificatesigningrequest-signing-controller"
    kind = "CertificateSigningRequest"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._authority: CertificateAuthority | None = None  # once it is needed
        super().__init__(api, informers)

    @property
    def authority(self) -> CertificateAuthority:
        """The authority of the cluster, as old as the simulation."""
        if self._authority is None:
            seed = f"{self.sim.seed}/certificate authority".encode()
            self._authority = CertificateAuthority(seed, EPOCH)
        return self._authority

    def reconcile(self, asked: CertificateSigningRequest) -> None:
        """Sign a request that is approved, or say why it cannot be signed."""
        types, rule = _types(asked), SIGNERS.get(asked.spec.signer_name)
        if rule is None or APPROVED not in types or asked.status.certificate:
            return
        if {DENIED, FAILED} & types:
            return
        request, usages = _read(asked), asked.spec.usages or ()
        if problem := rule(request, usages):
            condition = {"type": FAILED, "status": "True", "message": problem}
            _add(self.api, asked, "status", condition | {"reason": "SignerValidationFailure"})
            return
        serial = self.sim.random(self.name).getrandbits(SERIAL_BITS)
        signed = self.authority.issue(request, usages, self._validity(asked), serial)
        text = b64encode(pem_text(CERTIFICATE, signed).encode()).decode()
        self.api.patch_status(asked, {"certificate": text})

    def _validity(self, asked: CertificateSigningRequest) -> Validity:
        """For as long as is asked for, a year at most (`signer.duration`)."""
        wanted = asked.spec.expiration_seconds
        length = LONGEST if wanted is None else min(LONGEST, timedelta(seconds=wanted))
        now = EPOCH + timedelta(seconds=int(self.sim.now))
        end = now + length
        return Validity(now - BACKDATED, end if length < SHORT else end - BACKDATED)


def _add(api: Client, asked: CertificateSigningRequest, part: str, condition: Document) -> None:
    """Write one more condition into a part of a request."""
    document = api.document(CertificateSigningRequest, asked.name)
    known = (document.get("status") or {}).get("conditions") or []
    status = {"conditions": [*known, condition]}
    api.patch(CertificateSigningRequest, asked.name, "", {"status": status}, part)
