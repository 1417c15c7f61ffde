"""Rules about several fields of a Pod's spec at once, on the document.

They are asked when each field by itself is right. Source: `pkg/apis/core/validation/validation.go`
of Kubernetes (`ValidatePodSpec` and below).
"""

from __future__ import annotations

from course_lib.objects.kind import Problems
from course_lib.objects.manifests import Document, places
from course_lib.objects.names import Problem
from course_lib.objects.quantity import Quantity

_STANDARD = ("cpu", "memory", "ephemeral-storage")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")
_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def pod_relations(spec: Document, at: str) -> Problems:
    """What is wrong between the fields of a Pod's spec; `at` is its path."""
    if spec.get("dnsPolicy") == "None" and not spec.get("dnsConfig", {}).get("nameservers"):
        expected = "must provide `dnsConfig` when `dnsPolicy` is None: Required value"
        yield Problem(f"{at}.dnsConfig", expected, spec.get("dnsConfig"))
    yield from _host(spec, at)
    for position, volume in enumerate(spec.get("volumes") or ()):
        sources = [field for field in volume if field != "name"]
        if len(sources) > 1:
            here = f"{at}.volumes[{position}].{sources[1]}"
            yield Problem(here, "may not specify more than 1 volume type", " and ".join(sources))
    grace = spec.get("terminationGracePeriodSeconds", 30)
    for group in ("initContainers", "containers"):
        for position, container in enumerate(spec.get(group) or ()):
            here = f"{at}.{group}[{position}]"
            yield from _container(container, here, grace, spec.get("hostNetwork") is True)
            yield from _in_spec(container, here, spec)
            if group == "initContainers" and container.get("restartPolicy") != "Always":
                for probe in (*_PROBES, "lifecycle"):
                    if container.get(probe):
                        expected = "may not be set for init containers without restartPolicy=Always"
                        yield Problem(f"{here}.{probe}", expected, "set")
    yield from _spread(spec, at)
    yield from _affinity(spec, at)
    for position, toleration in enumerate(spec.get("tolerations") or ()):
        if "tolerationSeconds" in toleration and toleration.get("effect") != "NoExecute":
            here = f"{at}.tolerations[{position}].effect"
            expected = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield Problem(here, expected, toleration.get("effect", ""))
    seen: set[str] = set()
    for position, gate in enumerate(spec.get("schedulingGates") or ()):
        if gate.get("name") in seen:
            yield Problem(f"{at}.schedulingGates[{position}].name", "each gate once", gate["name"])
        seen.add(gate.get("name", ""))


def _host(spec: Document, at: str) -> Problems:
    """What a Pod shares with its host, and what excludes that."""
    if spec.get("schedulingGates") and spec.get("nodeName"):
        yield Problem(f"{at}.nodeName", "nothing until all schedulingGates are gone", "a node")
    if spec.get("hostUsers") is False:
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field):
                yield Problem(f"{at}.{field}", "not true when `hostUsers` is false", True)
    if spec.get("hostPID") and spec.get("shareProcessNamespace"):
        here = f"{at}.shareProcessNamespace"
        yield Problem(here, "not true where hostPID is: they exclude each other", True)
    for field in ("setHostnameAsFQDN", "hostNetwork"):
        if "hostnameOverride" in spec and spec.get(field):
            expected = f"nothing when {field} is true"
            yield Problem(f"{at}.hostnameOverride", expected, spec["hostnameOverride"])
    names = [each.get("name") for each in spec.get("securityContext", {}).get("sysctls") or ()]
    for position, name in enumerate(names):
        if name in names[:position]:
            here = f"{at}.securityContext.sysctls[{position}].name"
            yield Problem(here, "each parameter once", name)


def _in_spec(container: Document, here: str, spec: Document) -> Problems:
    """What of a container depends on the whole Pod."""
    proc = (container.get("securityContext") or {}).get("procMount")
    if proc == "Unmasked" and spec.get("hostUsers") is not False:
        expected = "`hostUsers` must be false to use `Unmasked`"
        yield Problem(f"{here}.securityContext.procMount", expected, proc)
    claims = {volume.get("name"): {"persistentVolumeClaim", "ephemeral"} & {*volume}
              for volume in spec.get("volumes") or ()}  # fmt: skip
    mounted = [mount.get("name") for mount in container.get("volumeMounts") or ()]
    for position, device in enumerate(container.get("volumeDevices") or ()):
        name = device.get("name")
        if not claims.get(name) or name in mounted:
            expected = "a volume of a claim that is not mounted as well"
            yield Problem(f"{here}.volumeDevices[{position}].name", expected, name)
    seen: set[object] = set()
    for position, policy in enumerate(container.get("resizePolicy") or ()):
        path, resource = f"{here}.resizePolicy[{position}]", policy.get("resourceName")
        if resource in seen:
            yield Problem(path, "each resource once", resource)
        seen.add(resource)
        restarts = policy.get("restartPolicy") == "RestartContainer"
        if restarts and spec.get("restartPolicy") == "Never":
            expected = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            yield Problem(path, expected, "RestartContainer")


def _container(container: Document, here: str, grace: int, host: bool) -> Problems:
    for position, port in enumerate(container.get("ports") or ()):
        host_port = port.get("hostPort")
        if host and host_port and host_port != port.get("containerPort"):
            expected = "must match `containerPort` when `hostNetwork` is true"
            yield Problem(f"{here}.ports[{position}].hostPort", expected, host_port)
    seen: set[str] = set()
    for position, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("mountPath") in seen:
            path = f"{here}.volumeMounts[{position}].mountPath"
            yield Problem(path, "must be unique", mount["mountPath"])
        seen.add(mount.get("mountPath", ""))
        if mount.get("subPath") and mount.get("subPathExpr"):
            path = f"{here}.volumeMounts[{position}].subPathExpr"
            yield Problem(path, "subPathExpr and subPath are mutually exclusive", "both")
        yield from _mount(mount, f"{here}.volumeMounts[{position}]", container)
    for position, variable in enumerate(container.get("env") or ()):
        source = variable.get("valueFrom")
        if source is not None and len(source) != 1:
            path = f"{here}.env[{position}].valueFrom"
            yield Problem(path, "must specify one source", ", ".join(source) or "none")
    security = container.get("securityContext") or {}
    escalation = security.get("allowPrivilegeEscalation")
    if security.get("privileged") and escalation is False:
        expected = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        yield Problem(f"{here}.securityContext", expected, "both")
    added = (security.get("capabilities") or {}).get("add") or ()
    if escalation is False and "CAP_SYS_ADMIN" in added:
        expected = "cannot set `allowPrivilegeEscalation` to false and add CAP_SYS_ADMIN"
        yield Problem(f"{here}.securityContext", expected, "both")
    probe = container.get("readinessProbe") or {}
    if "terminationGracePeriodSeconds" in probe:
        path = f"{here}.readinessProbe.terminationGracePeriodSeconds"
        found = probe["terminationGracePeriodSeconds"]
        yield Problem(path, "must not be set for readinessProbes", found)
    yield from _lifecycle(container, here, grace)
    yield from _resources(container.get("resources") or {}, f"{here}.resources")


def _mount(mount: Document, path: str, container: Document) -> Problems:
    recursive = mount.get("recursiveReadOnly", "Disabled")
    if recursive != "Disabled" and not mount.get("readOnly"):
        yield Problem(
            f"{path}.recursiveReadOnly", "may only be set when readOnly is true", recursive
        )
    privileged = (container.get("securityContext") or {}).get("privileged")
    if mount.get("mountPropagation") == "Bidirectional" and not privileged:
        expected = "Bidirectional mount propagation is available only to privileged containers"
        yield Problem(f"{path}.mountPropagation", expected, "Bidirectional")


def _lifecycle(container: Document, here: str, grace: int) -> Problems:
    for name in ("postStart", "preStop"):
        handler = (container.get("lifecycle") or {}).get(name)
        if handler is None:
            continue
        path = f"{here}.lifecycle.{name}"
        kinds = [kind for kind in _HANDLERS if handler.get(kind) is not None]
        if len(kinds) != 1:
            expected = "must specify a handler type" if not kinds else "one handler type"
            yield Problem(path, expected, ", ".join(kinds) or "none")
        seconds = (handler.get("sleep") or {}).get("seconds", 0)
        if isinstance(grace, int) and seconds > grace:
            expected = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            yield Problem(f"{path}.sleep", expected, seconds)


def _resources(resources: Document, here: str) -> Problems:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            path = f"{here}.{group}[{name}]"
            huge = name.startswith("hugepages-")
            if huge and not {"cpu", "memory"} & {*limits, *requests}:
                yield Problem(here, "HugePages require cpu or memory", name)
            if "/" not in name and name not in _STANDARD and not huge:
                expected = "must be a standard resource type or fully qualified"
                if name in ("pods", "services", "storage"):
                    expected = "must be a standard resource for containers"
                yield Problem(path, expected, name)
            elif ("/" in name or huge) and Quantity(amount).nano % 10**9:
                yield Problem(path, "must be an integer", str(amount))
    for name, amount in requests.items():
        if name in _STANDARD or "kubernetes.io/" in name or not _fixed(name):
            continue
        if name not in limits:
            expected = "Limit must be set for non overcommitable resources: Required value"
            yield Problem(f"{here}.limits", expected, None)
        elif Quantity(amount) != Quantity(limits[name]):
            expected = f"must be equal to {name} limit of {limits[name]}"
            yield Problem(f"{here}.requests[{name}]", expected, str(amount))


def _fixed(name: str) -> bool:
    """Whether a node never gives out more of a resource than it has: devices, and huge pages."""
    return "/" in name or name.startswith("hugepages-")


def _spread(spec: Document, at: str) -> Problems:
    seen: set[tuple[str, str]] = set()
    for position, spread in enumerate(spec.get("topologySpreadConstraints") or ()):
        here = f"{at}.topologySpreadConstraints[{position}]"
        key = spread.get("topologyKey", ""), spread.get("whenUnsatisfiable", "")
        if key in seen:
            yield Problem(f"{here}.{{topologyKey, whenUnsatisfiable}}", "each pair once", key)
        seen.add(key)
        yield from _label_keys(spread, here)
        if "minDomains" in spread and key[1] != "DoNotSchedule":
            expected = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {key[1]}"
            yield Problem(f"{here}.minDomains", expected, spread["minDomains"])


def _affinity(spec: Document, at: str) -> Problems:
    for side in ("podAffinity", "podAntiAffinity"):
        for when, inner in (("required", ""), ("preferred", "podAffinityTerm")):
            field = f"{side}.{when}DuringSchedulingIgnoredDuringExecution"
            inner = f".{inner}" if inner else ""
            for term in places(spec, f"affinity.{field}[*]{inner}", create=False):
                yield from _label_keys(term, f"{at}.affinity.{field}{inner}")


def _label_keys(term: Document, here: str) -> Problems:
    """Keys whose values the Pod itself has: they need a selector, and are equal or different."""
    same, other = term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or ()
    if (same or other) and term.get("labelSelector") is None:
        path = f"{here}.{'matchLabelKeys' if same else 'mismatchLabelKeys'}"
        yield Problem(path, "must not be specified when labelSelector is not set", same or other)
    for key in same:
        if key in other:
            expected = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield Problem(f"{here}.matchLabelKeys", expected, key)
