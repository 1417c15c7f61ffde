"""The face of the simulation: a cluster to make, feed with manifests, break and watch."""

from course_lib.cluster.cluster import Cluster
from course_lib.cluster.load import Load

__all__ = ["Cluster", "Load"]
