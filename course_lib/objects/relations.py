"""Rules about several fields at once, by kind, on the document.

They are asked when each field by itself is right. Source: `pkg/apis/*/validation/validation.go` of
Kubernetes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

from course_lib.objects.names import Problem, is_label
from course_lib.objects.not_yet import POD_SPECS
from course_lib.objects.pod_relations import pod_relations
from course_lib.objects.quantity import Quantity

Document = dict[str, Any]
Problems = Iterator[Problem]

MAX_DATA = 1024 * 1024  # bytes of a ConfigMap or Secret (`MaxSecretSize`)
_SECRETS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_CONFLICTS = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})


def relations(document: Document, kind: str) -> Problems:
    """What is wrong between the fields of a document of a kind."""
    path = POD_SPECS.get(kind)
    if path:
        spec: Any = document
        for step in path.split("."):
            spec = spec.get(step, {})
        yield from pod_relations(spec, path)
        if path == "spec.template.spec" and kind != "Job" and "activeDeadlineSeconds" in spec:
            expected = "nothing: activeDeadlineSeconds in ReplicaSet is not Supported"
            yield Problem(f"{path}.activeDeadlineSeconds", expected, spec["activeDeadlineSeconds"])
    yield from _BY_KIND.get(kind, _nothing)(document)


def _nothing(document: Document) -> Problems:
    return iter(())


def _pod(document: Document) -> Problems:
    new = not document["metadata"].get("uid")
    if new and document["spec"].get("ephemeralContainers"):
        yield Problem("spec.ephemeralContainers", "nothing: cannot be set on create", "containers")


def _deployment(document: Document) -> Problems:
    rolling = document["spec"].get("strategy", {}).get("rollingUpdate") or {}
    share = rolling.get("maxUnavailable")
    if isinstance(share, str) and int(share.rstrip("%")) > 100:
        path = "spec.strategy.rollingUpdate.maxUnavailable"
        yield Problem(path, "must not be greater than 100%", share)


def _daemon_set(document: Document) -> Problems:
    rolling = document["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
    nothing = (0, "0%", None)
    both = [rolling.get(f) not in nothing for f in ("maxSurge", "maxUnavailable")]
    if all(both):
        path = "spec.updateStrategy.rollingUpdate.maxSurge"
        yield Problem(path, "may not be set when maxUnavailable is non-zero", rolling["maxSurge"])
    elif rolling and not any(both):
        path = "spec.updateStrategy.rollingUpdate.maxUnavailable"
        yield Problem(path, "cannot be 0 when maxSurge is 0", 0)


def _job(document: Document) -> Problems:
    name = document["metadata"].get("name", "")
    if not is_label(name[:63]) or len(name) > 63:
        expected = "must be no more than 63 characters: it becomes a label of the Pods"
        yield Problem("spec.template.labels", expected, name)
    yield from _job_spec(document["spec"], "spec")


def _job_spec(spec: Document, at: str) -> Problems:
    indexed = spec.get("completionMode") == "Indexed"
    if indexed and spec.get("parallelism", 1) > 100_000:
        expected = "must be less than or equal to 100000 when completion mode is Indexed"
        yield Problem(f"{at}.parallelism", expected, spec["parallelism"])
    for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
        if field in spec and not indexed:
            yield Problem(f"{at}.{field}", "requires indexed completion mode", spec[field])
    selector = spec.get("selector")
    made = "batch.kubernetes.io/controller-uid"
    if selector and not spec.get("manualSelector") and made not in str(selector):
        yield Problem(f"{at}.selector", "nothing: `selector` is not auto-generated", selector)
    if spec.get("manualSelector"):
        labels = spec["template"].get("metadata", {}).get("labels") or {}
        wanted = (selector or {}).get("matchLabels") or {}
        if not wanted or any(labels.get(key) != value for key, value in wanted.items()):
            path = f"{at}.template.metadata.labels"
            yield Problem(path, "`selector` does not match template `labels`", labels)
    policy = spec.get("podFailurePolicy")
    if policy is not None:
        restart = spec["template"]["spec"].get("restartPolicy")
        if restart != "Never":
            path = f"{at}.template.spec.restartPolicy"
            expected = 'only "Never" is supported when podFailurePolicy is specified'
            yield Problem(path, expected, restart)
        if spec.get("podReplacementPolicy", "Failed") != "Failed":
            path = f"{at}.podReplacementPolicy"
            yield Problem(path, 'supported values: "Failed"', spec["podReplacementPolicy"])
        for position, rule in enumerate(policy.get("rules") or ()):
            codes = rule.get("onExitCodes") or {}
            if codes.get("operator") == "In" and 0 in codes.get("values", ()):
                path = f"{at}.podFailurePolicy.rules[{position}].onExitCodes.values"
                yield Problem(path, "must not be 0 for the In operator", 0)


def _cron_job(document: Document) -> Problems:
    yield from _job_spec(document["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec")


def _service(document: Document) -> Problems:
    spec = document["spec"]
    address, outside = spec.get("clusterIP", ""), spec.get("type") in ("NodePort", "LoadBalancer")
    if spec.get("type") == "ExternalName" and address:
        yield Problem("spec.clusterIPs", "may not be set for ExternalName services", address)
    if outside and address == "None":
        expected = f"may not be set to 'None' for {spec['type']} services"
        yield Problem("spec.clusterIPs[0]", expected, address)
    for position, family in enumerate(spec.get("ipFamilies") or ()):
        if family == "IPv6":
            yield Problem(f"spec.ipFamilies[{position}]", "not configured on this cluster", family)
    if spec.get("ipFamilyPolicy") == "RequireDualStack":
        expected = "this cluster is not configured for dual-stack services"
        yield Problem("spec.ipFamilyPolicy", expected, spec["ipFamilyPolicy"])
    if spec.get("sessionAffinity") == "None" and "sessionAffinityConfig" in spec:
        expected = "must not be set when session affinity is None"
        yield Problem("spec.sessionAffinityConfig", expected, spec["sessionAffinityConfig"])
    for position, external in enumerate(spec.get("externalIPs") or ()):
        path = f"spec.externalIPs[{position}]"
        yield from _endpoint(path, external)
    seen: set[tuple[Any, Any]] = set()
    for position, port in enumerate(spec.get("ports") or ()):
        key = port.get("port"), port.get("protocol", "TCP")
        if key in seen:
            yield Problem(f"spec.ports[{position}]", "each port and protocol once", key)
        seen.add(key)


_address = lru_cache(maxsize=65536)(ipaddress.ip_address)  # the same ones come with every write


def _endpoint(path: str, address: str) -> Problems:
    """An address that packets can be sent to (`ValidateEndpointIP`)."""
    found = _address(address)
    kinds = (
        (found.is_unspecified, "may not be unspecified (0.0.0.0 or ::)"),
        (found.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (found.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (found.is_multicast, "may not be in the multicast range"),
    )
    for wrong, expected in kinds:
        if wrong:
            yield Problem(path, expected, address)


def _endpoints(document: Document) -> Problems:
    for number, subset in enumerate(document.get("subsets") or ()):
        for group in ("addresses", "notReadyAddresses"):
            for position, address in enumerate(subset.get(group) or ()):
                path = f"subsets[{number}].{group}[{position}].ip"
                yield from _endpoint(path, address["ip"])


def _slice(document: Document) -> Problems:
    family = document.get("addressType")
    for number, endpoint in enumerate(document.get("endpoints") or ()):
        for position, address in enumerate(endpoint["addresses"]):
            path = f"endpoints[{number}].addresses[{position}]"
            if family == "FQDN":
                continue
            version = 0
            with suppress(ValueError):
                version = ipaddress.ip_address(address).version
            if version != (6 if family == "IPv6" else 4):
                yield Problem(path, f"must be an {family} address", address)
            else:
                yield from _endpoint(path, address)


def _config_map(document: Document) -> Problems:
    both = [*(document.get("data") or {}).items(), *(document.get("binaryData") or {}).items()]
    yield from _size(both)
    for key in document.get("binaryData") or ():
        if key in (document.get("data") or ()):
            yield Problem(f"binaryData[{key}]", "a key that data does not have", key)


def _secret(document: Document) -> Problems:
    data = (document.get("data") or {}) | (document.get("stringData") or {})
    yield from _size(list(data.items()))
    kind = document.get("type", "")
    for key in _SECRETS.get(kind, ()):
        if key not in data:
            yield Problem(f"data[{key}]", f"Required value in a Secret of type {kind}", None)
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & {*data}:
        yield Problem("data[username]", "Required value, or data[password]", None)
    account = "kubernetes.io/service-account.name"
    annotations = document["metadata"].get("annotations") or {}
    if kind == "kubernetes.io/service-account-token" and not annotations.get(account):
        yield Problem(f"metadata.annotations[{account}]", "Required value", None)


def _size(items: list[tuple[str, Any]]) -> Problems:
    size = sum(len(str(value).encode()) for _, value in items)
    if size > MAX_DATA:
        yield Problem("data", f"Too long: may not be more than {MAX_DATA} bytes", f"{size} bytes")


def _volume(document: Document) -> Problems:
    spec = document["spec"]
    if "local" in spec and not (spec.get("nodeAffinity") or {}).get("required"):
        yield Problem(
            "spec.nodeAffinity", "Required value: Local volume requires node affinity", ""
        )
    known = ("hostPath", "nfs", "csi", "local", "iscsi", "rbd", "awsElasticBlockStore")
    sources = [field for field in known if field in spec]
    if len(sources) > 1:
        path = f"spec.{sources[1]}"
        yield Problem(path, "may not specify more than 1 volume type", " and ".join(sources))


def _autoscaler(document: Document) -> Problems:
    for position, metric in enumerate(document["spec"].get("metrics") or ()):
        target = (metric.get("resource") or {}).get("target")
        if target is None:
            continue
        path = f"spec.metrics[{position}].resource.target"
        given = [f for f in ("averageUtilization", "averageValue", "value") if f in target]
        if not given:
            expected = "must set either a target raw value or a target utilization: Required value"
            yield Problem(f"{path}.averageUtilization", expected, None)
        elif len(given) > 1:
            expected = "may not set both a target raw value and a target utilization"
            yield Problem(f"{path}.{given[1]}", expected, " and ".join(given))


def _quota(document: Document) -> Problems:
    scopes = {*(document["spec"].get("scopes") or ())}
    for pair in _CONFLICTS:
        if pair <= scopes:
            yield Problem("spec.scopes", "conflicting scopes", sorted(pair))
    hard = document["spec"].get("hard") or {}
    if "BestEffort" in scopes and any(name != "pods" for name in hard):
        yield Problem("spec.scopes", "unsupported scope applied to resource", sorted(scopes))


def _limit_range(document: Document) -> Problems:
    seen: set[str] = set()
    for position, item in enumerate(document["spec"].get("limits") or ()):
        here = f"spec.limits[{position}]"
        if item["type"] in seen:
            yield Problem(f"{here}.type", "Duplicate value: each type once", item["type"])
        seen.add(item["type"])
        order = ("min", "defaultRequest", "default", "max")
        for low, high in ((a, b) for i, a in enumerate(order) for b in order[i + 1 :]):
            for name, amount in (item.get(low) or {}).items():
                bound = (item.get(high) or {}).get(name)
                if bound is not None and Quantity(amount) > Quantity(bound):
                    expected = f"at most {high} {bound}"
                    yield Problem(f"{here}.{low}[{name}]", expected, str(amount))
        for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
            if Quantity(ratio) < Quantity("1"):
                path = f"{here}.maxLimitRequestRatio[{name}]"
                yield Problem(path, "a ratio of 1 or more", str(ratio))


_BY_KIND: dict[str, Callable[[Document], Problems]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "Endpoints": _endpoints,
    "EndpointSlice": _slice,
    "ConfigMap": _config_map,
    "Secret": _secret,
    "PersistentVolume": _volume,
    "HorizontalPodAutoscaler": _autoscaler,
    "ResourceQuota": _quota,
    "LimitRange": _limit_range,
}
