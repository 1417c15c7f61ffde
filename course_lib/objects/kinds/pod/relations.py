"""Rules about several fields of a Pod's spec at once, on the document.

They are asked when each field by itself is right. Source: `pkg/apis/core/validation/validation.go`
of Kubernetes (`ValidatePodSpec` and below).
"""

from __future__ import annotations

from course_lib.objects.kind import Problems
from course_lib.objects.manifests import Document
from course_lib.objects.names import Problem
from course_lib.objects.quantity import Quantity

_STANDARD = ("cpu", "memory", "ephemeral-storage")
_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def pod_relations(spec: Document, at: str) -> Problems:
    """What is wrong between the fields of a Pod's spec; `at` is its path."""
    if spec.get("dnsPolicy") == "None" and not spec.get("dnsConfig", {}).get("nameservers"):
        expected = "must provide `dnsConfig` when `dnsPolicy` is None: Required value"
        yield Problem(f"{at}.dnsConfig", expected, spec.get("dnsConfig"))
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
            if group == "initContainers" and container.get("restartPolicy") != "Always":
                for probe in (*_PROBES, "lifecycle"):
                    if container.get(probe):
                        expected = "may not be set for init containers without restartPolicy=Always"
                        yield Problem(f"{here}.{probe}", expected, "set")
    yield from _spread(spec, at)
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
    probe = container.get("readinessProbe") or {}
    if "terminationGracePeriodSeconds" in probe:
        path = f"{here}.readinessProbe.terminationGracePeriodSeconds"
        found = probe["terminationGracePeriodSeconds"]
        yield Problem(path, "must not be set for readinessProbes", found)
    yield from _lifecycle(container, here, grace)
    yield from _resources(container.get("resources") or {}, f"{here}.resources")


def _lifecycle(container: Document, here: str, grace: int) -> Problems:
    for name in ("postStart", "preStop"):
        handler = (container.get("lifecycle") or {}).get(name)
        if handler is None:
            continue
        path = f"{here}.lifecycle.{name}"
        if len(handler) != 1:
            expected = "must specify a handler type" if not handler else "one handler type"
            yield Problem(path, expected, ", ".join(handler) or "none")
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
            if "/" not in name and name not in _STANDARD and not huge:
                expected = "must be a standard resource type or fully qualified"
                if name in ("pods", "services", "storage"):
                    expected = "must be a standard resource for containers"
                yield Problem(path, expected, name)
            elif ("/" in name or huge) and Quantity(amount).nano % 10**9:
                yield Problem(path, "must be an integer", str(amount))
    for name, amount in requests.items():
        if name in _STANDARD or "/" not in name:
            continue
        if name not in limits:
            expected = "Limit must be set for non overcommitable resources: Required value"
            yield Problem(f"{here}.limits", expected, None)
        elif Quantity(amount) != Quantity(limits[name]):
            expected = f"must be equal to {name} limit of {limits[name]}"
            yield Problem(f"{here}.requests[{name}]", expected, str(amount))


def _spread(spec: Document, at: str) -> Problems:
    seen: set[tuple[str, str]] = set()
    for position, spread in enumerate(spec.get("topologySpreadConstraints") or ()):
        here = f"{at}.topologySpreadConstraints[{position}]"
        key = spread.get("topologyKey", ""), spread.get("whenUnsatisfiable", "")
        if key in seen:
            yield Problem(f"{here}.{{topologyKey, whenUnsatisfiable}}", "each pair once", key)
        seen.add(key)
        if "minDomains" in spread and key[1] != "DoNotSchedule":
            expected = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {key[1]}"
            yield Problem(f"{here}.minDomains", expected, spread["minDomains"])
