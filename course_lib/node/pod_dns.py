"""The names of a Pod: its host name, and how its containers resolve the names of others.

Simplified: a node's own resolver asks the cluster's DNS too, so `Default` is as `ClusterFirst`.
Source: `GetPodDNS` in `pkg/kubelet/network/dns/dns.go`; `GeneratePodHostNameAndDomain` and
`GetNodenameForKernel` in `pkg/kubelet/kubelet_pods.go`.
"""

from __future__ import annotations

from course_lib.node.invalid_config import InvalidConfig
from course_lib.objects.kinds.pod import Pod

CLUSTER_DNS, DOMAIN = "10.96.0.10", "cluster.local"
LONGEST_NAME = 64  # characters of a host name in the kernel
MOST_SERVERS, MOST_SEARCHES, LONGEST_SEARCH, LONGEST_SEARCHES = 3, 32, 253, 2048


def hostname(pod: Pod) -> str:
    """The Pod's `hostname`, or its name; at most 63 characters (`truncatePodHostnameIfNeeded`)."""
    return pod.spec.hostname_override or (pod.spec.hostname or pod.name)[:63].rstrip("-.")


def domain(pod: Pod) -> str:
    """The domain of a Pod that has a `subdomain`; else empty."""
    if not pod.spec.subdomain or pod.spec.hostname_override:
        return ""
    return f"{pod.spec.subdomain}.{pod.namespace}.svc.{DOMAIN}"


def kernel_hostname(pod: Pod) -> str:
    """What `hostname` says in the Pod's containers; raises `InvalidConfig` for a long one."""
    name, below = hostname(pod), domain(pod)
    if not below or not pod.spec.set_hostname_as_fqdn:
        return name
    whole = f"{name}.{below}"
    if len(whole) > LONGEST_NAME:
        raise InvalidConfig(
            "failed to construct FQDN from pod hostname and cluster domain, FQDN "
            f"{whole} is too long ({LONGEST_NAME} characters is the max, "
            f"{len(whole)} characters requested)"
        )
    return whole


def resolver(pod: Pod) -> tuple[list[str], list[str], list[str], list[str]]:
    """Name servers, search domains and options of a Pod's containers; and what was left out."""
    servers, options = [CLUSTER_DNS], {"ndots": "5"}
    searches = [f"{pod.namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN]
    if pod.spec.dns_policy == "None":
        servers, searches, options = [], [], {}
    if (own := pod.spec.dns_config) is not None:
        servers = list(dict.fromkeys([*servers, *(own.nameservers or ())]))
        searches = list(dict.fromkeys([*searches, *(own.searches or ())]))
        options |= {each.name: each.value or "" for each in own.options or ()}
    problems = []
    if len(servers) > MOST_SERVERS:
        servers = servers[:MOST_SERVERS]
        problems.append(
            "Nameserver limits were exceeded, some nameservers have been omitted, "
            f"the applied nameserver line is: {' '.join(servers)}"
        )
    kept = _fitting(searches)
    if kept != searches:
        problems.append(
            "Search Line limits were exceeded, some search paths have been omitted, "
            f"the applied search line is: {' '.join(kept)}"
        )
    written = [f"{name}:{value}" if value else name for name, value in options.items()]
    return servers, kept, written, problems


def _fitting(searches: list[str]) -> list[str]:
    """The search domains that a resolver can have (`formDNSSearchFitsLimits`)."""
    kept = [each for each in searches[:MOST_SEARCHES] if len(each) <= LONGEST_SEARCH]
    while len(" ".join(kept)) > LONGEST_SEARCHES:
        kept.pop()
    return kept
