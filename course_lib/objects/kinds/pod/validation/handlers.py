"""What the kubelet asks of a container or runs in it: probes, hooks, signals, restarts."""

from __future__ import annotations

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_many,
)
from course_lib.objects.kinds.pod.validation.containers_of import InPod, each
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, not_negative

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
RULES_ALONE = "must specify restartPolicy when restart rules are used"
RESTART_POLICIES = ("Always", "Never", "OnFailure")  # of a container
MOST_RULES, MOST_CODES = 20, 255  # of restarts, and of exit codes in one of them


def pull_policy(policy: str, path: str) -> Errors:
    """When an image is pulled (`validatePullPolicy`)."""
    if not policy:
        yield required(path)
    elif policy not in PULL_POLICIES:
        yield not_supported(path, policy, PULL_POLICIES)


def probes(container: Document, pod: InPod, path: str) -> Errors:
    """The probes of a container at a path, in the order of the API server.

    `pod` is what the rules ask of the Pod around it.
    """
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is None:
            continue
        here = f"{path}.{name}"
        yield from _probe(probe, pod, here)
        grace, successes = probe.get("terminationGracePeriodSeconds"), probe.get("successThreshold")
        if name == "readinessProbe" and grace is not None:
            rule = "must not be set for readinessProbes"
            yield invalid(f"{here}.terminationGracePeriodSeconds", grace, rule)
        if name != "readinessProbe" and successes != 1:
            yield invalid(f"{here}.successThreshold", successes or 0, "must be 1")


def _probe(probe: Document, pod: InPod, path: str) -> Errors:
    yield from _handler(probe, ("exec", "httpGet", "tcpSocket", "grpc"), pod, path)
    for field in ("initialDelay", "timeout", "period"):
        yield from not_negative(f"{path}.{field}Seconds", probe.get(f"{field}Seconds"))
    for field in ("successThreshold", "failureThreshold"):
        yield from not_negative(f"{path}.{field}", probe.get(field))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        yield invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")


def lifecycle(hooks: Document, pod: InPod, path: str) -> Errors:
    """The hooks of a container at a path (`validateLifecycle`).

    `pod` is what the rules ask of the Pod around it.
    """
    for name in ("postStart", "preStop"):
        if (hook := hooks.get(name)) is not None:
            kinds = ("exec", "httpGet", "tcpSocket", "sleep")
            yield from _handler(hook, kinds, pod, f"{path}.{name}")


def _handler(handler: Document, kinds: tuple[str, ...], pod: InPod, path: str) -> Errors:
    """One way to look at a container, or to act on it (`validateHandler`)."""
    found = False
    for kind in kinds:
        if (action := handler.get(kind)) is None:
            continue
        if found:
            yield forbidden(f"{path}.{kind}", "may not specify more than 1 handler type")
            continue
        found = True
        if kind == "exec" and not action.get("command"):
            yield required(f"{path}.exec.command")
        elif kind == "httpGet":
            yield from _http(action, f"{path}.httpGet")
        elif kind == "tcpSocket":
            yield from port(action.get("port", 0), f"{path}.tcpSocket.port")
        elif kind == "grpc":
            yield from port(action.get("port", 0), f"{path}.grpc.port")
        elif kind == "sleep":
            yield from _sleep(action.get("seconds", 0), pod.grace, f"{path}.sleep")
    if not found:
        yield required(path, "must specify a handler type")


def _http(action: Document, path: str) -> Errors:
    if not action.get("path"):
        yield required(f"{path}.path")
    yield from port(action.get("port", 0), f"{path}.port")
    scheme = action.get("scheme", "")
    if scheme not in ("HTTP", "HTTPS"):
        yield not_supported(f"{path}.scheme", scheme, ("HTTP", "HTTPS"))
    for header in action.get("httpHeaders") or ():
        name = header.get("name", "")
        yield from all_invalid(f"{path}.httpHeaders", name, formats.header_name(name))


def port(value: int | str, path: str) -> Errors:
    """A port by its number or by its name (`ValidatePortNumOrName`)."""
    number = isinstance(value, int)
    yield from all_invalid(
        path, value, formats.port_number(int(value)) if number else formats.port_name(str(value))
    )


def _sleep(seconds: int, grace: int | None, path: str) -> Errors:
    if grace is not None and not 0 <= seconds <= grace:
        rule = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        yield invalid(path, seconds, rule)


def restarts(container: Document, path: str) -> Errors:
    """When a container by itself starts again (`validateContainerRestartPolicy`)."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or []
    here = f"{path}.restartPolicy"
    if policy is None and rules:
        yield required(here, RULES_ALONE)
    elif policy is not None and policy not in RESTART_POLICIES:
        yield not_supported(here, policy, RESTART_POLICIES)
    if len(rules) > MOST_RULES:
        yield too_many(f"{path}.restartPolicyRules", len(rules), MOST_RULES)
    for rule, at in each(rules, f"{path}.restartPolicyRules"):
        action, codes = rule.get("action", ""), rule.get("exitCodes")
        if action not in (actions := ("Restart", "RestartAllContainers")):
            yield not_supported(f"{at}.action", action, actions)
        if codes is None:
            yield required(f"{at}.exitCodes", "must be specified")
            continue
        if (operator := codes.get("operator", "")) not in ("In", "NotIn"):
            yield not_supported(f"{at}.exitCodes.operator", operator, ("In", "NotIn"))
        if len(codes.get("values") or ()) > MOST_CODES:
            yield too_many(f"{at}.exitCodes.values", len(codes["values"]), MOST_CODES)


def resize_policies(container: Document, pod: InPod, path: str) -> Errors:
    """Whether a container restarts when its resources change (`validateResizePolicy`).

    `pod` is what the rules ask of the Pod around it, `path` is that of the policies.
    """
    seen: list[str] = []
    for policy, here in each(container.get("resizePolicy"), path):
        resource, restart = policy.get("resourceName", ""), policy.get("restartPolicy", "")
        if resource in seen:
            yield duplicate(here, resource)
        seen.append(resource)
        for value, known in (
            (resource, ("cpu", "memory")),
            (restart, ("NotRequired", "RestartContainer")),
        ):
            if not value:
                yield required(path)
            elif value not in known:
                yield not_supported(path, value, known)
        if pod.restart_policy == "Never" and restart != "NotRequired":
            rule = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            yield invalid(path, restart, rule)
