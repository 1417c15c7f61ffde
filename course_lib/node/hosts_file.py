"""The file /etc/hosts of a Pod's containers.

Simulated runtimes give each container the usual one themselves; the kubelet mounts its own where
that says more, and always on a real machine.
Source: `managedHostsFileContent` in `pkg/kubelet/kubelet_pods.go`.
"""

from __future__ import annotations

from course_lib.node.pod_dns import domain, hostname
from course_lib.node.volumes import ROOT
from course_lib.objects.kinds.pod import Container, Pod
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.inside import hosts

INSIDE = "/etc/hosts"


def hosts_file(
    disk: FileSystem, pod: Pod, container: Container, address: str
) -> list[tuple[str, str, bool]]:
    """The mount of a Pod's file of hosts, which is written now; none where the usual one does.

    `disk` is the node's, `pod` has the `container` and the `address`.
    """
    spec = pod.spec
    usual = disk.live and not (spec.host_aliases or spec.subdomain)
    own = any(mount.mount_path == INSIDE for mount in container.volume_mounts or ())
    if usual or own or spec.host_network:
        return []
    path = f"{ROOT}/{pod.uid}/etc-hosts"
    disk.put(path, content(pod, address).encode())
    return [(path, INSIDE, False)]


def content(pod: Pod, address: str) -> str:
    """What a Pod of this `address` has as its file of hosts."""
    name, spec, below = hostname(pod), pod.spec, domain(pod)
    written = hosts(address, f"{name}.{below}\t{name}" if below else name)
    if not spec.host_aliases:
        return written
    rows = ["\t".join([each.ip, *(each.hostnames or ())]) for each in spec.host_aliases]
    return "\n".join([written, "# Entries added by HostAliases.", *rows, ""])
