"""A volume into which several sources project files (`validateProjectionSources`)."""

from __future__ import annotations

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import (
    Errors,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.kinds.pod.validation.file_volumes import downward_file, key_to_path
from course_lib.objects.kinds.pod.validation.paths import mode, unreserved_path
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import MAX_ANNOTATIONS, all_invalid, label_selector
from course_lib.objects.validation.signers import bundle_name, is_of_kubernetes, signer_name

CONFLICT = "conflicting duplicate paths"
SHORTEST, LONGEST = 600, 2**32  # seconds that a token lives
KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
SHORTEST_CERTIFICATE, LONGEST_CERTIFICATE, LONGEST_OF_KUBERNETES = 3600, 91 * 86400, 86400  # s


def projected(volume: Document, path: str) -> Errors:
    """A projected volume (`validateProjectedVolumeSource`)."""
    yield from mode(volume.get("defaultMode"), f"{path}.defaultMode")
    taken: list[str] = []
    for source, here in each(volume.get("sources"), f"{path}.sources"):
        for field in ("secret", "configMap"):
            if (keyed := source.get(field)) is not None:
                yield from _keyed(keyed, f"{here}.{field}", path, taken)
        if (files := source.get("downwardAPI")) is not None:
            yield from _downward(files, f"{here}.downwardAPI", path, taken)
        if (token := source.get("serviceAccountToken")) is not None:
            yield from _token(token, f"{here}.serviceAccountToken", path)
        if (bundle := source.get("clusterTrustBundle")) is not None:
            yield from _bundle(bundle, f"{here}.clusterTrustBundle")
            yield from _claimed(bundle.get("path", ""), taken, path)
        if (certificate := source.get("podCertificate")) is not None:
            yield from _certificate(certificate, f"{here}.podCertificate", path, taken)
        if sum(value is not None for value in source.values()) > 1:
            yield forbidden(here, "may not specify more than 1 volume type per source")


def _claimed(file: str, taken: list[str], path: str, value: str | None = None) -> Errors:
    """A `file` of a source that another source has already; `value` is what the error shows."""
    if file in taken:
        yield invalid(path, file if value is None else value, CONFLICT)
    else:
        taken.append(file)


def _keyed(source: Document, here: str, path: str, taken: list[str]) -> Errors:
    name = source.get("name", "")
    if not name:
        yield required(f"{here}.name")
    for item, at in each(source.get("items"), f"{here}.items"):
        yield from key_to_path(item, at)
        if item.get("path"):
            yield from _claimed(item["path"], taken, path, name)


def _downward(source: Document, here: str, path: str, taken: list[str]) -> Errors:
    for item in source.get("items") or ():
        yield from downward_file(item, here)
        if item.get("path"):
            yield from _claimed(item["path"], taken, path)


def _token(token: Document, here: str, path: str) -> Errors:
    seconds, at = token.get("expirationSeconds"), f"{here}.expirationSeconds"
    if seconds is None:
        yield required(at)
    elif seconds < SHORTEST:
        yield invalid(at, seconds, "may not specify a duration less than 10 minutes")
    elif seconds > LONGEST:
        yield invalid(at, seconds, "may not specify a duration larger than 2^32 seconds")
    if token.get("path"):
        yield from unreserved_path(token["path"], f"{path}.path")
    else:
        yield required(f"{path}.path")


def _bundle(bundle: Document, here: str) -> Errors:
    """A bundle of trusted certificates, by its name or by its signer."""
    name, signer = bundle.get("name"), bundle.get("signerName")
    if name is not None and signer is not None:
        shown = in_memory("core.ClusterTrustBundleProjection", bundle)
        yield invalid(here, shown, "only one of name and signerName may be used")
    elif name is not None:
        if not name:
            yield required(f"{here}.name", "must be a valid object name")
        for problem in bundle_name(name):
            yield invalid(f"{here}.name", name, f"not a valid clustertrustbundlename: {problem}")
        if (selector := bundle.get("labelSelector")) is not None:
            rule = "labelSelector must be unset if name is specified"
            yield invalid(f"{here}.labelSelector", selector, rule)
    elif signer is not None:
        if not signer:
            yield required(f"{here}.signerName", "must be a valid signer name")
        yield from signer_name(signer, f"{here}.signerName")
        yield from label_selector(bundle.get("labelSelector"), f"{here}.labelSelector")
    else:
        yield required(here, "either name or signerName must be specified")
    if not bundle.get("path"):
        yield required(f"{here}.path")
    yield from unreserved_path(bundle.get("path", ""), f"{here}.path")


def _certificate(source: Document, here: str, path: str, taken: list[str]) -> Errors:
    """A certificate that a signer makes for the Pod."""
    signer = source.get("signerName", "")
    yield from signer_name(signer, f"{here}.signerName")
    yield from _user_annotations(source.get("userAnnotations") or {}, f"{here}.userAnnotations")
    if (kind := source.get("keyType", "")) not in KEY_TYPES:
        yield not_supported(f"{here}.keyType", kind, KEY_TYPES)
    seconds, at = source.get("maxExpirationSeconds"), f"{here}.maxExpirationSeconds"
    most = LONGEST_OF_KUBERNETES if is_of_kubernetes(signer) else LONGEST_CERTIFICATE
    if seconds is not None and seconds < SHORTEST_CERTIFICATE:
        rule = f"if provided, maxExpirationSeconds must be >= {SHORTEST_CERTIFICATE}"
        yield invalid(at, seconds, rule)
    if seconds is not None and seconds > most:
        yield invalid(at, seconds, f"if provided, maxExpirationSeconds must be <= {most}")
    fields = ("credentialBundlePath", "keyPath", "certificateChainPath")
    for field in fields:
        if file := source.get(field):
            yield from unreserved_path(file, f"{here}.{field}")
            yield from _claimed(file, taken, path)
    if not any(source.get(field) for field in fields):
        rule = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
        yield required(here, rule)


def _user_annotations(values: dict[str, str], path: str) -> Errors:
    """Annotations for a signer: their keys have a domain (`ValidateUserAnnotations`)."""
    for name in values:
        key = name.lower()
        problems = formats.label_key(key) if key else []
        if not key:
            yield required(path)
        yield from all_invalid(path, key, problems)
        if key and not problems and "/" not in key:
            yield invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')
    if (
        sum(len(key.encode()) + len(text.encode()) for key, text in values.items())
        > MAX_ANNOTATIONS
    ):
        yield too_long(path, MAX_ANNOTATIONS)
