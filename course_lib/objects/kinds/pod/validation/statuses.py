"""What the status of a Pod may become (`ValidatePodStatusUpdate`)."""

from __future__ import annotations

import ipaddress

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.kinds.pod.restarting import all_may_restart, should_restart
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.kinds.pod.validation.security import MOST_ID
from course_lib.objects.kinds.pod.validation.updates import annotation_updates
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, object_meta_update, unchanged

OF_THE_SYSTEM = ("PodScheduled", "Ready", "Initialized")
NOT_NEGATIVE = "must be a non-negative integer"
HEALTH = ("Healthy", "Unhealthy", "Unknown")
LONGEST_MESSAGE = 1024
GROUPS = {
    "containerStatuses": "containers",
    "initContainerStatuses": "initContainers",
    "ephemeralContainerStatuses": "ephemeralContainers",
}


def status_errors(new: Document, old: Document) -> Errors:
    """What is wrong with the status of a `new` version of an `old` Pod.

    Parts that are the same objects as before are not judged again.
    """
    yield from object_meta_update(new, old)
    yield from annotation_updates(new, old)
    after, before = new.get("status") or {}, old.get("status") or {}
    if after is before:
        return
    if after.get("conditions") is not before.get("conditions"):
        yield from _conditions(after.get("conditions") or [])
    yield from _nomination(after, before, bool(old["spec"].get("nodeName")))
    if (generation := after.get("observedGeneration", 0)) < 0:
        yield invalid("status.observedGeneration", generation, NOT_NEGATIVE)
    yield from unchanged("status.qosClass", after.get("qosClass", ""), before.get("qosClass", ""))
    for group, of_spec in GROUPS.items():
        if after.get(group) is not before.get(group):
            yield from _transitions(after, before, old["spec"], group, of_spec)
    yield from _claims(after, new["spec"])
    yield from _addresses(after, before, "podIP")
    yield from _addresses(after, before, "hostIP")
    for group, of_spec in GROUPS.items():
        if after.get(group) is not before.get(group):
            yield from _users(after.get(group) or [], new["spec"], f"status.{group}")
            listed = new["spec"].get(of_spec) or []
            yield from _resources(after.get(group) or [], listed, f"status.{group}")


def _conditions(conditions: list[Document]) -> Errors:
    for condition, path in each(conditions, "status.conditions"):
        if (generation := condition.get("observedGeneration", 0)) < 0:
            yield invalid(f"{path}.observedGeneration", generation, NOT_NEGATIVE)
        kind = condition.get("type", "")
        if kind not in OF_THE_SYSTEM:
            yield from all_invalid(f"{path}.Type", kind, formats.label_key(kind))


def _nomination(after: Document, before: Document, is_bound: bool) -> Errors:
    node, path = after.get("nominatedNodeName", ""), "status.nominatedNodeName"
    if node and node != before.get("nominatedNodeName", ""):
        yield from all_invalid(path, node, formats.subdomain(node))
        if is_bound:
            yield forbidden(path, "may not be set on pods that are already bound to a node")


def _transitions(
    after: Document, before: Document, spec: Document, group: str, of_spec: str
) -> Errors:
    """A container that has ended for good stays so (`ValidateContainerStateTransition`)."""
    ended = [
        (position, status)
        for position, status in enumerate(before.get(group) or ())
        if (status.get("state") or {}).get("terminated") is not None
    ]
    if not ended or (of_spec != "ephemeralContainers" and all_may_restart(spec)):
        return
    states = {status.get("name"): status.get("state") or {} for status in after.get(group) or ()}
    listed = {container.get("name"): container for container in spec.get(of_spec) or ()}
    for position, status in ended:
        state = states.get(status.get("name"))
        if state is None or state.get("terminated") is not None:
            continue
        container = listed.get(status.get("name"))
        code = status["state"]["terminated"].get("exitCode", 0)
        again = container is not None and of_spec != "ephemeralContainers"
        if not again or not should_restart(container or {}, spec, code):
            rule = "may not be transitioned to non-terminated state"
            yield forbidden(f"status.{group}[{position}].state", rule)


def _claims(after: Document, spec: Document) -> Errors:
    """Which ResourceClaims were made for the Pod (`validatePodResourceClaimStatuses`)."""
    known = [claim.get("name") for claim in spec.get("resourceClaims") or ()]
    seen: list[str] = []
    for status, path in each(after.get("resourceClaimStatuses"), "status.resourceClaimStatuses"):
        name = status.get("name", "")
        if name not in known:
            rule = "must match the name of an entry in `spec.resourceClaims`"
            yield invalid(f"{path}.name", name, rule)
        if name in seen:
            yield duplicate(f"{path}.name", name)
        seen.append(name)
        if (claim := status.get("resourceClaimName")) is not None:
            yield from all_invalid(f"{path}.resourceClaimName", claim, formats.subdomain(claim))


def _addresses(after: Document, before: Document, field: str) -> Errors:
    """One address of each family, the first of which stands by itself too (`validatePodIPs`)."""
    single, several, path = after.get(field, ""), after.get(f"{field}s") or [], f"status.{field}s"
    if several is before.get(f"{field}s") and single == before.get(field, ""):
        return
    texts = [each.get("ip", "") for each in several]
    first = invalid(f"{path}[0].ip", texts[0], f"must be equal to `{field}`") if texts else None
    if field == "hostIP" and first is not None and single != texts[0]:
        yield first
    known = [each.get("ip", "") for each in before.get(f"{field}s") or ()]
    for position, text in enumerate(texts):
        if text not in known:
            yield from all_invalid(f"{path}[{position}]", text, formats.address(text))
    if len(texts) > 1 and (len(texts) > 2 or len(set(map(_family, texts))) < 2):
        shown = [{"IP": text} for text in texts]
        yield invalid(path, shown, "may specify no more than one IP for each IP family")
    if field == "podIP" and bool(single) != bool(texts):
        rule = "podIP and podIPs must either both be set or both be unset"
        yield invalid(path, [{"IP": text} for text in texts] or None, rule)
    elif field == "podIP" and first is not None and single != texts[0]:
        yield first


def _family(text: str) -> int:
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0


def _users(statuses: list[Document], spec: Document, path: str) -> Errors:
    """The user that a container's first process has (`validateContainerStatusUsers`)."""
    system = (spec.get("os") or {}).get("name", "linux")
    for status, here in each(statuses, path):
        user = (status.get("user") or {}).get("linux")
        if user is None:
            continue
        here = f"{here}.user.linux"
        if system == "windows":
            yield forbidden(here, "cannot be set for a windows pod")
        elif system == "linux":
            if not 0 <= (uid := user.get("uid", 0)) < 2**32:
                yield invalid(f"{here}.uid", uid, formats.outside(0, 2**32 - 1))
            gid = user.get("gid", 0)
            yield from all_invalid(f"{here}.gid", gid, formats.in_range(gid, 0, MOST_ID))
            for group, at in each(user.get("supplementalGroups"), f"{here}.supplementalGroups"):
                yield from all_invalid(at, group, formats.in_range(group, 0, MOST_ID))


def _resources(statuses: list[Document], containers: list[Document], path: str) -> Errors:
    """The health of devices (`validateContainerStatusAllocatedResourcesStatus`)."""
    listed = {container.get("name"): container for container in containers}
    for status, here in each(statuses, path):
        given = status.get("allocatedResourcesStatus") or []
        if given and path == "status.ephemeralContainerStatuses":
            rule = "must not be specified in container status"
            yield forbidden(f"{here}.allocatedResourcesStatus", rule)
            continue
        container = listed.get(status.get("name"))
        for allocated, at in each(given, f"{here}.allocatedResourcesStatus"):
            if container is not None:
                yield from _requested(allocated.get("name", ""), container, f"{at}.name")
            yield from _devices(allocated.get("resources") or [], f"{at}.resources")


def _requested(name: str, container: Document, path: str) -> Errors:
    """A container asks for the resource that its status names."""
    resources = container.get("resources") or {}
    if not name.startswith("claim:"):
        if name not in (resources.get("requests") or {}):
            yield invalid(path, name, "must match one of the container's resource requests")
        return
    claims = [
        "claim:" + "/".join(filter(None, (claim.get("name"), claim.get("request"))))
        for claim in resources.get("claims") or ()
    ]
    if name not in claims:
        rule = (
            "must match one of the container's resource claims as 'claim:<claimName>/<requestName>'"
            " when container.resources.claims[*].request is set or 'claim:<claimName>' when it is "
            "empty"
        )
        yield invalid(path, name, rule)


def _devices(devices: list[Document], path: str) -> Errors:
    seen: list[str] = []
    for device, here in each(devices, path):
        health, message = device.get("health", ""), device.get("message")
        if health not in HEALTH:
            yield not_supported(f"{here}.health", health, HEALTH)
        if message == "":
            yield required(f"{here}.message", "must be non-empty if specified")
        elif message is not None and len(message.encode()) > LONGEST_MESSAGE:
            yield too_long(f"{here}.message", LONGEST_MESSAGE)
        if (name := device.get("resourceID", "")) in seen:
            yield duplicate(f"{here}.resourceID", name)
        seen.append(name)
