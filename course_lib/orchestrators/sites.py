"""Where an orchestrator can be deployed: machines, their cost, and how they fail (chapter 04).

The figures are round ones of ours, of the right order of magnitude, to compare by: they are no
prices and no promises. One cost unit is an hour of a cloud VM of 4 cores and 16 GiB.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from course_lib.orchestrators.model import Workload

if TYPE_CHECKING:
    import pandas as pd


class Site(msgspec.Struct, frozen=True):
    """One way to run a cluster: a machine's size, and what it costs and risks."""

    name: str
    cpu: int  # thousandths of a core
    memory: int  # MiB
    cost: float  # units an hour, for one machine
    new_machine_seconds: float  # until one more is there
    failures_per_year: float  # of one machine
    fails_together: str  # what is lost at once
    control_plane: str  # who looks after it
    example: str


DAY = 86400.0
SITES = (
    Site("laptop", 4000, 8192, 0.0, 60, 10.0, "everything", "you", "Minikube, kind"),
    Site("bare metal", 64000, 262144, 6.0, 14 * DAY, 0.3, "a rack", "you", "kubeadm, Talos"),
    Site("VMs on premises", 8000, 32768, 1.5, 600, 0.5, "a host with all its VMs", "you",
         "kubeadm on vSphere or OpenStack"),
    Site("cloud VMs", 4000, 16384, 1.0, 120, 0.3, "a zone", "you", "kOps on AWS"),
    Site("managed service", 4000, 16384, 1.1, 120, 0.3, "a zone", "the provider",
         "GKE, EKS, AKS"),
    Site("managed, spot VMs", 4000, 16384, 0.35, 120, 200.0, "a zone's spare capacity",
         "the provider", "GKE Spot, EKS Spot"),
)  # fmt: skip


def machines_for(site: Site, workload: Workload, spare: int = 1) -> int:
    """How many machines of a `site` a workload needs, with some to `spare` for failures.

    >>> machines_for(SITES[3], Workload("web", 20, cpu=900, memory=1024))
    6
    """
    each = min(site.cpu // workload.cpu, site.memory // workload.memory)
    return math.ceil(workload.count / each) + spare if each else 0


def sites_table(workload: Workload, spare: int = 1) -> pd.DataFrame:
    """One row a site: machines for the workload, cost (units an hour), failures expected in a
    year, minutes to replace a machine, what fails together, and who runs the control plane.
    """
    import pandas as pd

    rows = []
    for site in SITES:
        count = machines_for(site, workload, spare)
        rows.append(
            {
                "SITE": site.name,
                "MACHINES": count,
                "COST": round(count * site.cost, 2),
                "FAILURES/YEAR": round(count * site.failures_per_year, 1),
                "MINUTES TO REPLACE": round(site.new_machine_seconds / 60),
                "FAILS TOGETHER": site.fails_together,
                "CONTROL PLANE": site.control_plane,
                "EXAMPLE": site.example,
            }
        )
    return pd.DataFrame(rows)
