"""What the API server accepts in Pods and in templates, and warns of.

Source: `pkg/api/pod/warnings.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.kinds.pod.overlaps import overlapping_paths
from course_lib.objects.kinds.pod.validation.affinity import PREFERRED, REQUIRED
from course_lib.objects.kinds.pod.validation.annotations import (
    APPARMOR,
    SECCOMP,
    SECCOMP_POD,
    apparmor_field,
)
from course_lib.objects.kinds.pod.validation.containers_of import all_containers, each
from course_lib.objects.kinds.pod.validation.security import apparmor_profile
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation import formats
from course_lib.objects.validation.addresses import address_warnings
from course_lib.objects.validation.node_labels import OLD_LABELS

HOSTNAME = (
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a "
    "DNS label is recommended: "
)
ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": (
        'non-functional in v1.16+; use the "priorityClassName" field instead'
    ),
    "security.alpha.kubernetes.io/sysctls": (
        'non-functional in v1.11+; use the "sysctls" field instead'
    ),
    "security.alpha.kubernetes.io/unsafe-sysctls": (
        'non-functional in v1.11+; use the "sysctls" field instead'
    ),
}
VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "ephemeral": "",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
OLD_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
OLD_APPARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'
NO_SELECTOR = "a null labelSelector results in matching no pod"
BYTES = ("memory", "ephemeral-storage")


def pod_warnings(new: Document, old: Document | None) -> Iterator[str]:
    """What to warn of in a `new` Pod; updates are not warned of.

    `old` is the Pod that it replaces (`WarningsOnCreate`).
    """
    if old is not None:
        return
    meta, spec = new["metadata"], new["spec"]
    yield from _apparmor(spec, meta.get("annotations") or {})
    if problems := formats.label(meta["name"]):
        yield f"{HOSTNAME}[{' '.join(problems)}]"
    yield from _warnings(spec, meta, "")


def template_warnings(template: Document, path: str) -> Iterator[str]:
    """What to warn of in a Pod's `template` at a `path` (`GetWarningsForPodTemplate`)."""
    yield from _warnings(template["spec"], template.get("metadata") or {}, f"{path}.")


def warnings_of_template(new: Document, old: Document | None) -> Iterator[str]:
    """What to warn of in the template of a `new` object; not where an update leaves its spec.

    `old` is the object that it replaces.
    """
    changed = old is None or old["metadata"].get("generation") != new["metadata"].get("generation")
    if changed:
        yield from template_warnings(new["spec"]["template"], "spec.template")


def _warnings(spec: Document, meta: Document, at: str) -> Iterator[str]:
    """All that both share; `at` is the path before the spec and the metadata, with its dot."""
    annotations: dict[str, str] = meta.get("annotations") or {}
    path, notes = f"{at}spec", f"{at}metadata.annotations"
    yield from _places(spec, path)
    for name, said in ANNOTATIONS.items():
        if name in annotations:
            yield f"{notes}[{name}]: {said}"
    for volume, here in each(spec.get("volumes"), f"{path}.volumes"):
        yield from _volume(volume, here)
    if spec.get("volumes"):
        yield from overlapping_paths(spec["volumes"])
    yield from _repeats(spec, path)
    yield from _fractions(spec.get("overhead"), f"{path}.overhead")
    context = spec.get("securityContext") or {}
    if SECCOMP_POD in annotations and "seccompProfile" not in context:
        yield f"{notes}[{SECCOMP_POD}]: {OLD_SECCOMP}"
    for container, here in all_containers(spec, path):
        yield from _profiles(container, context, annotations, notes, at)
        for group in ("limits", "requests"):
            amounts = (container.get("resources") or {}).get(group)
            yield from _fractions(amounts, f"{here}.resources.{group}", BYTES[:1])
        for group in ("limits", "requests"):
            amounts = (container.get("resources") or {}).get(group)
            yield from _fractions(amounts, f"{here}.resources.{group}", BYTES[1:])
        yield from _variables(container, here)
    yield from _ports(spec, path)
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        rule = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path}.terminationGracePeriodSeconds: {rule}"
    yield from _selectors(spec, path)
    servers = (spec.get("dnsConfig") or {}).get("nameservers")
    for server, here in each(servers, f"{path}.dnsConfig.nameservers"):
        yield from address_warnings(here, server)
    for alias, here in each(spec.get("hostAliases"), f"{path}.hostAliases"):
        yield from address_warnings(f"{here}.ip", alias.get("ip", ""))


def _places(spec: Document, path: str) -> Iterator[str]:
    """Labels of nodes that have newer names, and constraints that select no Pod."""
    for label in spec.get("nodeSelector") or {}:
        if said := OLD_LABELS.get(label):
            yield f"{path}.nodeSelector[{label}]: {said}"
    nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    here = f"{path}.affinity.nodeAffinity"
    terms = (nodes.get(REQUIRED) or {}).get("nodeSelectorTerms")
    for term, at in each(terms, f"{here}.{REQUIRED}.nodeSelectorTerms"):
        yield from _node_term(term, at, values=False)
    for wish, at in each(nodes.get(PREFERRED), f"{here}.{PREFERRED}"):
        yield from _node_term(wish.get("preference") or {}, f"{at}.preference", values=True)
    constraints = spec.get("topologySpreadConstraints")
    for constraint, at in each(constraints, f"{path}.topologySpreadConstraints"):
        if said := OLD_LABELS.get(key := constraint.get("topologyKey", "")):
            yield f"{at}.topologyKey: {key} is {said}"
        if constraint.get("labelSelector") is None:
            yield f"{at}.labelSelector: {NO_SELECTOR}"


def _node_term(term: Document, path: str, values: bool) -> Iterator[str]:
    """Old labels in a term of a node selector; with `values`, values that no label has.

    Source: `GetWarningsForNodeSelectorTerm` in `pkg/api/node/util.go`.
    """
    for rule, here in each(term.get("matchExpressions"), f"{path}.matchExpressions"):
        if said := OLD_LABELS.get(key := rule.get("key", "")):
            yield f"{here}.key: {key} is {said}"
        for value, at in each(rule.get("values"), f"{here}.values") if values else ():
            for problem in formats.label_value(value):
                yield f"{at}: {value} is invalid, {problem}"


def _volume(volume: Document, path: str) -> Iterator[str]:
    for field, said in VOLUMES.items():
        if (source := volume.get(field)) is None:
            continue
        if said:
            yield f"{path}.{'storageOS' if field == 'storageos' else field}: {said}"
            continue
        claim = (source.get("volumeClaimTemplate") or {}).get("spec") or {}
        for group in ("requests", "limits"):
            here = f"{path}.ephemeral.volumeClaimTemplate.spec.resources.{group}"
            amounts = (claim.get("resources") or {}).get(group)
            yield from _fractions(amounts, here, ("storage",))


def _repeats(spec: Document, path: str) -> Iterator[str]:
    """Aliases of one address, and secrets of one name or of none."""
    for field, key in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: list[str] = []
        for item, here in each(spec.get(field), f"{path}.{field}"):
            if (value := item.get(key, "")) in seen:
                yield f'{here}.{key}: duplicate {key} "{value}"'
            else:
                seen.append(value)
    for secret, here in each(spec.get("imagePullSecrets"), f"{path}.imagePullSecrets"):
        if not secret.get("name"):
            yield f'{here}.name: invalid empty name ""'


def _fractions(
    amounts: Document | None, path: str, names: tuple[str, ...] = BYTES
) -> Iterator[str]:
    """Parts of a byte."""
    for name in names:
        if amounts and name in amounts and (exact := Quantity(amounts[name])).milli % 1000:
            rule = "is invalid, must be an integer"
            yield f'{path}[{name}]: fractional byte value "{exact}" {rule}'


def _profiles(
    container: Document, of_pod: Document, annotations: dict[str, str], notes: str, at: str
) -> Iterator[str]:
    """Profiles that an annotation names and no field does."""
    name, own = container.get("name", ""), container.get("securityContext") or {}
    if f"{SECCOMP}{name}" in annotations and "seccompProfile" not in own:
        yield f"{notes}[{SECCOMP}{name}]: {OLD_SECCOMP}"
    key = f"{APPARMOR}{name}"
    if at and key in annotations and "appArmorProfile" not in own:
        profile = of_pod.get("appArmorProfile")
        if profile is None or profile != apparmor_field(annotations[key]):
            yield f"{notes}[{key}]: {OLD_APPARMOR}"


def _apparmor(spec: Document, annotations: dict[str, str]) -> Iterator[str]:
    """The same of a Pod, where the profile was written into the field (see `prepare`)."""
    if (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, _ in all_containers(spec, "") if annotations else ():
        key = f"{APPARMOR}{container.get('name', '')}"
        if key not in annotations:
            continue
        profile = apparmor_field(annotations[key])
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        unfit = profile is None or any(apparmor_profile(profile, ""))
        if own == profile if own is not None else unfit or profile != of_pod:
            yield f"metadata.annotations[{key}]: {OLD_APPARMOR}"


def _variables(container: Document, path: str) -> Iterator[str]:
    """Variables that hide another one of the same name."""
    seen: list[str] = []
    for variable, here in each(container.get("env"), f"{path}.env"):
        name, value = variable.get("name", ""), variable.get("value", "")
        reference = f"$({name})"
        if name not in seen:
            seen.append(name)
        elif "valueFrom" in variable or value == reference or reference not in value:
            rule = "which may be dropped when using apply"
            yield f'{here}: hides previous definition of "{name}", {rule}'


def _ports(spec: Document, path: str) -> Iterator[str]:
    """Ports that stand there twice, by number or by name."""
    ports = [
        (port, here)
        for container, at in all_containers(spec, path)
        for port, here in each(container.get("ports"), f"{at}.ports")
    ]
    for position, (port, here) in enumerate(ports):
        address, claimed = port.get("hostIP", ""), port.get("hostPort", 0)
        if address and not claimed:
            shown = (
                f"{{Name:{port.get('name', '')} HostPort:0 ContainerPort:"
                f"{port.get('containerPort', 0)} Protocol:{port.get('protocol', '')} "
                f"HostIP:{address}}}"
            )
            yield f"{here}: hostIP set without hostPort: {shown}"
        for other, at in ports[:position]:
            same = ("containerPort", "protocol")
            if all(port.get(field) == other.get(field) for field in same):
                yield from _clash(port, other, here, at)
    names: dict[str, str] = {}
    for port, here in ports:
        if not (name := port.get("name", "")):
            continue
        if name in names:
            rule = f"services and probes that select ports by name will use {names[name]}"
            yield f'{here}: duplicate port name "{name}" with {names[name]}, {rule}'
        names.setdefault(name, here)


def _clash(port: Document, other: Document, path: str, at: str) -> Iterator[str]:
    """Two definitions of one container's port."""
    claimed, taken = port.get("hostPort", 0), other.get("hostPort", 0)
    address, others = port.get("hostIP", ""), other.get("hostIP", "")
    if address == others and claimed == taken:
        yield f"{path}: duplicate port definition with {at}"
    elif not claimed or not taken:
        yield f"{path}: overlapping port definition with {at}"
    elif claimed == taken and bool(address) != bool(others):
        yield f"{path}: dangerously ambiguous port definition with {at}"


def _selectors(spec: Document, path: str) -> Iterator[str]:
    """Terms about other Pods that select none."""
    for side in ("podAffinity", "podAntiAffinity"):
        wishes, here = (spec.get("affinity") or {}).get(side) or {}, f"{path}.affinity.{side}"
        for term, at in each(wishes.get(REQUIRED), f"{here}.{REQUIRED}"):
            if term.get("labelSelector") is None:
                yield f"{at}.labelSelector: {NO_SELECTOR}"
        for wish, at in each(wishes.get(PREFERRED), f"{here}.{PREFERRED}"):
            if (wish.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{at}.podAffinityTerm.labelSelector: {NO_SELECTOR}"
