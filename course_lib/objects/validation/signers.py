"""Names of those who sign certificates, and of the bundles of their own certificates.

Source: `pkg/apis/core/validation/names.go` of Kubernetes.
"""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, invalid, required, too_long
from course_lib.objects.validation import formats

LONGEST_PATH = formats.MAX_SUBDOMAIN + formats.MAX_LABEL + 1
LONGEST = formats.MAX_SUBDOMAIN + LONGEST_PATH + 1


def is_of_kubernetes(signer: str) -> bool:
    """Whether a signer's name is one that the Kubernetes project keeps for itself."""
    host = signer.partition("/")[0]
    return host == "kubernetes.io" or host.endswith(".kubernetes.io")


def signer_name(name: str, path: str) -> Errors:
    """The name of a signer, such as `example.com/serving` (`ValidateSignerName`)."""
    if not name:
        yield required(path)
        return
    domain, slash, rest = name.partition("/")
    if not slash or "/" in rest:
        rule = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        yield invalid(path, name, rule)
        return
    if len(domain.encode()) > formats.MAX_SUBDOMAIN:
        yield too_long(path, formats.MAX_SUBDOMAIN)
    yield from _parts(domain, formats.label, path)
    if "." not in domain:
        rule = "should be a domain with at least two segments separated by dots"
        yield invalid(path, domain, rule)
    yield from _parts(rest, formats.subdomain, path)
    if len(name.encode()) > LONGEST:
        yield too_long(path, LONGEST)


def _parts(text: str, form: formats.Format, path: str) -> Errors:
    """The first part of a text, between dots, that is not of a form."""
    for part in text.split("."):
        problems = form(part)
        for problem in problems:
            yield invalid(path, text, f'validating label "{part}": {problem}')
        if problems:
            return


def bundle_name(name: str) -> list[str]:
    """What is wrong with the name of a ClusterTrustBundle (`ValidateClusterTrustBundleName`).

    That of a signer's bundle begins with the signer: `example.com:serving:v1`.
    """
    return formats.subdomain(name.rpartition(":")[2])
