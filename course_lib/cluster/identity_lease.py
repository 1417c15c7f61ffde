"""The Lease by which each API server shows that it is there.

Its name comes from the machine's name, its holder is new with each start of the process.
Source: `pkg/controlplane/apiserver/server.go`, `k8s.io/apiserver/pkg/server/config.go`;
kubernetes.io "Leases", API server identity.
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress

from course_lib.apiserver import APIServer
from course_lib.engine.simulation import Process
from course_lib.engine.timestamps import micro_timestamp, seconds_at
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document

NAMESPACE = "kube-system"
DURATION, RENEWAL, GC_PERIOD = 3600, 10.0, 3600.0  # s
IDENTITY = "apiserver.kubernetes.io/identity"


def lease_name(hostname: str) -> str:
    """The name of an API server's Lease.

    >>> lease_name("control-plane-1")
    'apiserver-ktnciuvxljjqohol43g65rthde'
    """
    parts = (hostname.encode(), b"kube-apiserver")
    digest = hashlib.sha256(b"".join(len(p).to_bytes(2, "big") + p for p in parts)).digest()
    return "apiserver-" + base64.b32encode(digest[:16]).decode().rstrip("=").lower()


def keep_lease(server: APIServer, hostname: str, number: str) -> Process:
    """Write the Lease of one API server every ten seconds, and delete those of servers long gone.

    `number` is a UUID, new with each start of the process. `server` keeps it, `hostname` is its
    machine.
    """
    name = lease_name(hostname)
    tidied = server.sim.now
    while True:
        if server.up:
            with suppress(CourseError):  # no etcd, or a conflict: tried again in ten seconds
                _renew(server, name, hostname, f"{name}_{number}")
                if server.sim.now - tidied >= GC_PERIOD:
                    tidied = server.sim.now
                    _delete_expired(server)
        yield server.sim.sleep(RENEWAL if server.up else 1.0)


def _renew(server: APIServer, name: str, hostname: str, holder: str) -> None:
    spec: Document = {
        "holderIdentity": holder,
        "leaseDurationSeconds": DURATION,
        "renewTime": micro_timestamp(server.sim.now),
    }
    labels = {IDENTITY: "kube-apiserver", "kubernetes.io/hostname": hostname}
    if server.find("Lease", name, NAMESPACE) is not None:
        server.patch("Lease", name, NAMESPACE, {"metadata": {"labels": labels}, "spec": spec})
        return
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    head = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
    server.create(head | {"spec": spec})


def _delete_expired(server: APIServer) -> None:
    for lease in server.list("Lease", NAMESPACE):
        renewed = seconds_at(lease.spec.renew_time) if lease.spec.renew_time else 0.0
        if IDENTITY in lease.labels and server.sim.now - renewed > DURATION:
            server.delete("Lease", lease.name, NAMESPACE, uid=lease.uid)
