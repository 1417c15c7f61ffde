"""What is wrong with the spec of a Pod, wherever it stands (`ValidatePodSpec`)."""

from __future__ import annotations

from course_lib.objects.field_errors import (
    Errors,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.kinds.pod.validation.affinity import affinity
from course_lib.objects.kinds.pod.validation.containers import (
    containers,
    ephemeral_containers,
    init_containers,
)
from course_lib.objects.kinds.pod.validation.containers_of import InPod, each
from course_lib.objects.kinds.pod.validation.resources import (
    pod_claims,
    pod_resources,
    requirements,
)
from course_lib.objects.kinds.pod.validation.scheduling import (
    readiness_gates,
    scheduling_gates,
    spread_constraints,
    tolerations,
)
from course_lib.objects.kinds.pod.validation.security import (
    host_users,
    pod_security,
    process_namespace,
)
from course_lib.objects.kinds.pod.validation.variables import files_of_variables
from course_lib.objects.kinds.pod.validation.volumes import volumes
from course_lib.objects.kinds.pod.validation.windows import host_processes, operating_system
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, label_map

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
MOST_SERVERS, MOST_SEARCHES, LONGEST_SEARCHES = 3, 32, 2048  # of names: libc's limits
MOST_SECONDS = 2**31 - 1
LONGEST_HOSTNAME = 64


def spec_errors(
    spec: Document, path: str, name: str = "", of_pod: bool = False, sys_admin: bool = False
) -> Errors:
    """What is wrong with a Pod's `spec` at a `path`.

    `name` is that of the Pod, where it is known; `of_pod`: it is no template's; `sys_admin`: see
    `InPod`.
    """
    if spec.get("terminationGracePeriodSeconds") is None:
        yield required(f"{path}.terminationGracePeriodSeconds")
    good, errors = volumes(spec, name, f"{path}.volumes")
    yield from errors
    yield from pod_claims(spec, f"{path}.resourceClaims")
    pod = _around(spec, good, sys_admin)
    yield from containers(spec, pod, f"{path}.containers")
    yield from init_containers(spec, pod, f"{path}.initContainers")
    yield from ephemeral_containers(spec, pod, f"{path}.ephemeralContainers")
    yield from pod_resources(spec, pod.claims, path)
    yield from _host_network(spec, f"{path}.containers", of_pod)
    yield from _choice(spec, "restartPolicy", RESTART_POLICIES, path)
    yield from _choice(spec, "dnsPolicy", DNS_POLICIES, path)
    yield from label_map(spec.get("nodeSelector") or {}, f"{path}.nodeSelector")
    yield from pod_security(spec, f"{path}.securityContext")
    yield from process_namespace(spec, path)
    yield from affinity(spec.get("affinity"), f"{path}.affinity")
    yield from _dns(spec, f"{path}.dnsConfig")
    yield from readiness_gates(spec, f"{path}.readinessGates")
    yield from scheduling_gates(spec, f"{path}.schedulingGates")
    yield from spread_constraints(spec, f"{path}.topologySpreadConstraints")
    yield from host_processes(spec, path)
    yield from host_users(spec, path)
    yield from _hostname_override(spec, f"{path}.hostnameOverride")
    yield from _names(spec, path)
    yield from operating_system(spec, path)
    yield from files_of_variables(spec, path)


def _around(spec: Document, volumes: dict[str, Document], sys_admin: bool) -> InPod:
    """What the rules of the containers ask of the spec, and of the volumes that are right."""
    claims = spec.get("resourceClaims") or ()
    return InPod(
        volumes,
        tuple(claim["name"] for claim in claims if claim.get("name")),
        spec.get("restartPolicy", ""),
        spec.get("hostUsers") is not False,
        spec.get("terminationGracePeriodSeconds"),
        sys_admin,
    )


def _choice(spec: Document, field: str, known: tuple[str, ...], path: str) -> Errors:
    """A field with a default, which has one of the values that are known."""
    value = spec.get(field, "")
    if not value:
        yield required(f"{path}.{field}")
    elif value not in known:
        yield not_supported(f"{path}.{field}", value, known)


def _names(spec: Document, path: str) -> Errors:
    """Names, and single numbers, in the order in which the API server looks at them."""
    account = spec.get("serviceAccountName", "")
    if account:
        here = f"{path}.serviceAccountName"
        yield from all_invalid(here, account, formats.subdomain(account))
    if (older := spec.get("serviceAccount", "")) != account:
        rule = f'must be the same as serviceAccountName: "{account}"'
        yield invalid(f"{path}.deprecatedServiceAccount", older, rule)
    if node := spec.get("nodeName"):
        yield from all_invalid(f"{path}.nodeName", node, formats.subdomain(node))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None:
        problems = formats.in_range(deadline, 1, MOST_SECONDS)
        yield from all_invalid(f"{path}.activeDeadlineSeconds", deadline, problems)
    for field in ("hostname", "subdomain"):
        if name := spec.get(field):
            yield from all_invalid(f"{path}.{field}", name, formats.label(name))
    yield from tolerations(spec.get("tolerations"), f"{path}.tolerations")
    for alias, here in each(spec.get("hostAliases"), f"{path}.hostAliases"):
        address = alias.get("ip", "")
        yield from all_invalid(f"{here}.ip", address, formats.address(address))
        for name, at in each(alias.get("hostnames"), f"{here}.hostnames"):
            yield from all_invalid(at, name, formats.subdomain(name))
    if name := spec.get("priorityClassName"):
        yield from all_invalid(f"{path}.priorityClassName", name, formats.subdomain(name))
    if (name := spec.get("runtimeClassName")) is not None:
        yield from all_invalid(f"{path}.runtimeClassName", name, formats.subdomain(name))
    if spec.get("preemptionPolicy") is not None:
        yield from _choice(spec, "preemptionPolicy", PREEMPTION_POLICIES, path)
    if (overhead := spec.get("overhead")) is not None:
        yield from requirements({"limits": overhead}, (), f"{path}.overhead")


def _host_network(spec: Document, path: str, of_pod: bool) -> Errors:
    """On the host's network each port is the host's (`validatePodHostNetworkDeps`)."""
    if not spec.get("hostNetwork"):
        return
    for container, here in each(spec.get("containers"), path):
        for port, at in each(container.get("ports"), f"{here}.ports"):
            claimed = port.get("hostPort", 0)
            if (of_pod or claimed) and claimed != port.get("containerPort", 0):
                rule = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(f"{at}.hostPort", claimed, rule)


def _dns(spec: Document, path: str) -> Errors:
    """How the containers resolve names (`validatePodDNSConfig`)."""
    config, rule = spec.get("dnsConfig"), "when `dnsPolicy` is None"
    if spec.get("dnsPolicy") == "None" and config is None:
        yield required(path, f"must provide `dnsConfig` {rule}")
    config = config or {}
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if spec.get("dnsPolicy") == "None" and not servers:
        if "dnsConfig" in spec:
            yield required(
                f"{path}.nameservers", f"must provide at least one DNS nameserver {rule}"
            )
        return
    if len(servers) > MOST_SERVERS:
        rule = f"must not have more than {MOST_SERVERS} nameservers"
        yield invalid(f"{path}.nameservers", servers, rule)
    for server, here in each(servers, f"{path}.nameservers"):
        yield from all_invalid(here, server, formats.address(server))
    here = f"{path}.searches"
    if len(searches) > MOST_SEARCHES:
        yield invalid(here, searches, f"must not have more than {MOST_SEARCHES} search paths")
    if len(" ".join(searches).encode()) > LONGEST_SEARCHES:
        rule = f"must not have more than {LONGEST_SEARCHES} characters (including spaces) in the "
        yield invalid(here, searches, f"{rule}search list")
    for search, at in each(searches, here):
        if search != ".":
            name = search.removesuffix(".")
            yield from all_invalid(at, name, formats.subdomain_with_underscore(name))
    for option, at in each(config.get("options"), f"{path}.options"):
        if not option.get("name"):
            yield required(at, "must not be empty")


def _hostname_override(spec: Document, path: str) -> Errors:
    """The name that a Pod has instead of its own (`validatePodHostName`)."""
    if (name := spec.get("hostnameOverride")) is None:
        return
    for field in ("setHostnameAsFQDN", "hostNetwork"):
        if spec.get(field):
            yield forbidden(path, f"may not be specified when {field} is true")
    if len(name.encode()) > LONGEST_HOSTNAME:
        yield too_long(path, LONGEST_HOSTNAME)
    yield from all_invalid(path, name, formats.subdomain(name))
