"""The network below the Pods (chapters 07 to 09).

`PodNetwork` is machines, Pods and a plugin between them, down to each header of each packet;
`FlatNetwork` keeps the promise of all plugins without any device.
"""

from course_lib.network.addresses import AddressPool, ClusterCIDR
from course_lib.network.flat import FlatNetwork
from course_lib.network.links import Links
from course_lib.network.linux import to_linux
from course_lib.network.network import Network
from course_lib.network.plugins import PLUGINS, register
from course_lib.network.pod_network import PodNetwork
from course_lib.network.trace import Trace

__all__ = [
    "PLUGINS",
    "AddressPool",
    "ClusterCIDR",
    "FlatNetwork",
    "Links",
    "Network",
    "PodNetwork",
    "Trace",
    "register",
    "to_linux",
]
