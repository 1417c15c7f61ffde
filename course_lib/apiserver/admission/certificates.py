"""CertificateSubjectRestriction: nobody asks to be a member of `system:masters`.

Source: `plugin/pkg/admission/certificates/subjectrestriction/admission.go`. The two plugins beside
it, CertificateApproval and CertificateSigning, ask whether the user may decide or sign: here
everything is allowed.
"""

from __future__ import annotations

from base64 import b64decode

from course_lib.apiserver.errors import Forbidden
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.certificate_signing_request import CertificateSigningRequest
from course_lib.objects.x509.requests import read_request

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
MASTERS = "system:masters"


def certificate_subject_restriction(kind: Kind, request: CertificateSigningRequest) -> None:
    """Raise `Forbidden` for a valid `request` of the `kind` that asks for this group."""
    if request.spec.signer_name != CLIENT_SIGNER:
        return
    if MASTERS in read_request(b64decode(request.spec.request)).organizations:
        raise Forbidden(
            f'{kind.title} "{request.name}" is forbidden: use of {CLIENT_SIGNER} signer with '
            f"{MASTERS} group is not allowed",
            do="ask for another organization (O=), which is the group of the user",
        )
