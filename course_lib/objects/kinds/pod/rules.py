"""The rules of a Pod's spec, wherever it stands (`ValidatePodSpec`)."""

from __future__ import annotations

from course_lib.objects.kind import Problems
from course_lib.objects.kinds.pod.containers import Container, Probe
from course_lib.objects.kinds.pod.placement import Toleration
from course_lib.objects.kinds.pod.spec import PodSpec
from course_lib.objects.names import LABEL, Problem, is_label, is_label_key, is_subdomain
from course_lib.objects.rules import must_be_one_of, port_in_range

_OPERATORS = "In or NotIn with values, Exists or DoesNotExist without, Gt or Lt with one"


def pod_spec_rules(spec: PodSpec, at: str) -> Problems:
    """What is wrong with a Pod's spec; `at` is its path with a dot at the end."""
    if not spec.containers:
        yield Problem(f"{at}containers", "at least one container", [])
    if spec.restart_policy not in ("Always", "OnFailure", "Never"):
        yield Problem(f"{at}restartPolicy", "Always, OnFailure or Never", spec.restart_policy)
    grace = spec.termination_grace_period_seconds
    if grace < 0:
        yield Problem(f"{at}terminationGracePeriodSeconds", "0 or more", grace)
    volumes: set[str] = set()
    for position, volume in enumerate(spec.volumes or ()):
        if not is_label(volume.name) or volume.name in volumes:
            yield Problem(f"{at}volumes[{position}].name", f"{LABEL}, used once", volume.name)
        volumes.add(volume.name)
    names: set[str] = set()
    groups = (("initContainers", spec.init_containers or []), ("containers", spec.containers))
    for group, containers in groups:
        for position, container in enumerate(containers):
            here = f"{at}{group}[{position}]"
            if not is_label(container.name) or container.name in names:
                yield Problem(f"{here}.name", f"{LABEL}, used once", container.name)
            names.add(container.name)
            yield from _container(container, here, volumes)
    yield from _host_ports(spec, at)
    for position, toleration in enumerate(spec.tolerations or ()):
        yield from _toleration(toleration, f"{at}tolerations[{position}]")
    yield from _node_terms(spec, at)
    yield from _spreading(spec, at)
    yield from _pod_terms(spec, at)
    if spec.node_name and not is_subdomain(spec.node_name):
        yield Problem(f"{at}nodeName", "a node's name", spec.node_name)


def _spreading(spec: PodSpec, at: str) -> Problems:
    for position, spread in enumerate(spec.topology_spread_constraints or ()):
        here = f"{at}topologySpreadConstraints[{position}]"
        if spread.max_skew < 1:
            yield Problem(f"{here}.maxSkew", "1 or more", spread.max_skew)
        action, path = spread.when_unsatisfiable, f"{here}.whenUnsatisfiable"
        yield from must_be_one_of(path, action, "DoNotSchedule", "ScheduleAnyway")


def _container(container: Container, here: str, volumes: set[str]) -> Problems:
    if not container.image.strip():
        yield Problem(f"{here}.image", "an image, such as nginx:1.27", container.image)
    elif container.image != container.image.strip():
        expected = "must not have leading or trailing whitespace"
        yield Problem(f"{here}.image", expected, container.image)
    policy = container.image_pull_policy
    if policy not in (None, "Always", "IfNotPresent", "Never"):
        yield Problem(f"{here}.imagePullPolicy", "Always, IfNotPresent or Never", policy)
    restart = container.restart_policy
    if restart not in (None, "Always", "OnFailure", "Never"):
        yield Problem(f"{here}.restartPolicy", "Always, OnFailure or Never", restart)
    yield from _resources(container, here)
    yield from _ports(container, here)
    for position, variable in enumerate(container.env or ()):
        if not variable.name or "=" in variable.name:
            yield Problem(f"{here}.env[{position}].name", "a variable's name", variable.name)
        if variable.value and variable.value_from:
            yield Problem(f"{here}.env[{position}]", "value or valueFrom, not both", "both")
    for position, mount in enumerate(container.volume_mounts or ()):
        path = f"{here}.volumeMounts[{position}]"
        # Claims that a StatefulSet's template makes are not listed among its volumes.
        if mount.name not in volumes and "spec.template" not in here:
            yield Problem(f"{path}.name", "one of the Pod's volumes", mount.name)
        if not mount.mount_path:
            yield Problem(f"{path}.mountPath", "a path", "")
    probes = (
        ("startupProbe", container.startup_probe),
        ("livenessProbe", container.liveness_probe),
        ("readinessProbe", container.readiness_probe),
    )
    for name, probe in probes:
        if probe is not None:
            yield from _probe(probe, f"{here}.{name}", name)


def _ports(container: Container, here: str) -> Problems:
    ports: set[str] = set()
    for position, port in enumerate(container.ports or ()):
        path = f"{here}.ports[{position}]"
        yield from port_in_range(f"{path}.containerPort", port.container_port)
        if port.host_port:
            yield from port_in_range(f"{path}.hostPort", port.host_port)
        if port.protocol not in ("TCP", "UDP", "SCTP"):
            yield Problem(f"{path}.protocol", "TCP, UDP or SCTP", port.protocol)
        if port.name and (port.name in ports or not is_label(port.name) or len(port.name) > 15):
            yield Problem(f"{path}.name", "a port name of at most 15 characters, once", port.name)
        ports.add(port.name)


def _resources(container: Container, here: str) -> Problems:
    limits, requests = container.resources.limits or {}, container.resources.requests or {}
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            path = f"{here}.resources.{group}.{name}"
            if amount.nano < 0:
                yield Problem(path, "0 or more", str(amount))
            if not is_label_key(name):
                yield Problem(path, "a resource name", name)
    for name, amount in requests.items():
        if name in limits and amount > limits[name]:
            path = f"{here}.resources.requests.{name}"
            yield Problem(path, f"at most the limit {limits[name]}", str(amount))


def _probe(probe: Probe, path: str, name: str) -> Problems:
    handlers = [h for h in (probe.exec, probe.http_get, probe.tcp_socket, probe.grpc) if h]
    if len(handlers) != 1:
        yield Problem(path, "one of exec, httpGet, tcpSocket and grpc", f"{len(handlers)} of them")
    if name != "readinessProbe" and probe.success_threshold != 1:
        yield Problem(f"{path}.successThreshold", "1", probe.success_threshold)
    numbers = {
        "initialDelaySeconds": (probe.initial_delay_seconds, 0),
        "timeoutSeconds": (probe.timeout_seconds, 1),
        "periodSeconds": (probe.period_seconds, 1),
        "successThreshold": (probe.success_threshold, 1),
        "failureThreshold": (probe.failure_threshold, 1),
    }
    for field, (value, least) in numbers.items():
        if value < least:
            yield Problem(f"{path}.{field}", f"{least} or more", value)


def _host_ports(spec: PodSpec, at: str) -> Problems:
    taken: set[tuple[int, str, str]] = set()
    for position, container in enumerate(spec.containers):
        for port in container.ports or ():
            claim = (port.host_port, port.protocol, port.host_ip)
            if port.host_port and claim in taken:
                path = f"{at}containers[{position}].ports"
                yield Problem(path, "each host port once", port.host_port)
            taken.add(claim)


def _toleration(toleration: Toleration, here: str) -> Problems:
    if toleration.operator not in ("", "Equal", "Exists"):
        yield Problem(f"{here}.operator", "Equal or Exists", toleration.operator)
    if toleration.operator == "Exists" and toleration.value:
        yield Problem(f"{here}.value", "nothing when operator is Exists", toleration.value)
    if not toleration.key and toleration.operator != "Exists":
        yield Problem(f"{here}.operator", "Exists when there is no key", toleration.operator)
    if toleration.effect not in ("", "NoSchedule", "PreferNoSchedule", "NoExecute"):
        expected = "NoSchedule, PreferNoSchedule or NoExecute"
        yield Problem(f"{here}.effect", expected, toleration.effect)


def _node_terms(spec: PodSpec, at: str) -> Problems:
    affinity = spec.affinity.node_affinity if spec.affinity else None
    if affinity is None:
        return
    required = affinity.required_during_scheduling_ignored_during_execution
    preferred = affinity.preferred_during_scheduling_ignored_during_execution or []
    terms = list(required.node_selector_terms if required else ())
    here = f"{at}affinity.nodeAffinity"
    if required and not terms:
        yield Problem(f"{here}.requiredDuringSchedulingIgnoredDuringExecution", "a term", [])
    for wish in preferred:
        if not 1 <= wish.weight <= 100:
            yield Problem(f"{here}: weight", "1 to 100", wish.weight)
        terms.append(wish.preference)
    for term in terms:
        for expression in [*(term.match_expressions or ()), *(term.match_fields or ())]:
            count, operator = len(expression.values or ()), expression.operator
            good = {("In", "NotIn"): count > 0, ("Exists", "DoesNotExist"): count == 0,
                    ("Gt", "Lt"): count == 1}  # fmt: skip
            if not any(right for names, right in good.items() if operator in names):
                path, found = f"{here}: {expression.key}", f"{operator} with {count}"
                yield Problem(path, _OPERATORS, found)


def _pod_terms(spec: PodSpec, at: str) -> Problems:
    """Terms about other Pods need a topology key, and wishes a weight."""
    for side in ("pod_affinity", "pod_anti_affinity"):
        said = getattr(spec.affinity, side, None)
        if said is None:
            continue
        here = f"{at}affinity.{'podAffinity' if side == 'pod_affinity' else 'podAntiAffinity'}"
        wishes = said.preferred_during_scheduling_ignored_during_execution or ()
        required = said.required_during_scheduling_ignored_during_execution or ()
        for term in [*required, *(wish.pod_affinity_term for wish in wishes)]:
            if not is_label_key(term.topology_key):
                yield Problem(f"{here}: topologyKey", "a label key", term.topology_key)
        for wish in wishes:
            if not 1 <= wish.weight <= 100:
                yield Problem(f"{here}: weight", "1 to 100", wish.weight)
