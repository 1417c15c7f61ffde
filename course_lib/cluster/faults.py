"""What fails: machines lose power, processes are killed, links are cut, disks break."""

from __future__ import annotations

from collections.abc import Iterable

from course_lib.cluster.arguments import checked
from course_lib.cluster.control_plane import ControlPlane
from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.cluster.machines import Machines
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.etcd.disk import BROKEN
from course_lib.network import Network


@checked
class Faults:
    """Faults of machines, of links, and of the control plane's processes and disks.

    Raises `CourseError` for parts that a managed control plane does not show. `sim` has the time,
    `network` the links.
    """

    def __init__(
        self,
        sim: Simulation,
        plane: ControlPlane[KubeadmControlPlane],
        network: Network,
        machines: Machines,
    ) -> None:
        self._sim, self._plane, self._network, self._machines = sim, plane, network, machines
        self._off: dict[str, None] = {}  # machines without power

    def cut_power(self, node: str) -> None:
        """Cut a machine's power: its containers are gone, and no component is told.

        `node` is the machine's name; a machine of the control plane is possible too.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=2)
        >>> cluster.kill_node("node-2")
        >>> cluster.run(seconds=70)
        >>> list(cluster.get("nodes").STATUS)
        ['Ready', 'NotReady']
        """
        if not self._powered(node):
            self._note(node, "PowerOff", f"node {node} has no power already")
            return
        self._off[node] = None
        self._plane.power_off(node)
        self._note(node, "PowerOff", f"node {node} loses power")
        kubelet = self._machines.kubelets.get(node)
        if kubelet is not None:
            self._machines.before_change(node)
            kubelet.power_off()
            self._machines.runtimes[node].power_off()
            self._network.power_off(node)

    def restore_power(self, node: str) -> None:
        """Give a machine its power back; `node` is its name."""
        if self._powered(node):
            self._note(node, "PowerOn", f"node {node} has power already")
            return
        self._off.pop(node, None)
        self._plane.power_on(node)
        self._note(node, "PowerOn", f"node {node} has power again")
        kubelet = self._machines.kubelets.get(node)
        if kubelet is not None:
            self._network.power_on(node)
            self._machines.before_change(node)
            kubelet.power_on()

    def stop_kubelet(self, node: str) -> None:
        """Stop the kubelet of a node (`systemctl stop kubelet`): its containers run on.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> cluster.faults.stop_kubelet("node-1")
        >>> cluster.run(seconds=70)
        >>> list(cluster.get("nodes").STATUS)
        ['NotReady']
        """
        kubelet = self._machines.kubelet(node)
        if kubelet.powered:
            self._machines.before_change(node)
            kubelet.power_off()
        self._note(node, "KubeletStopped", f"the kubelet of {node} does not run")

    def start_kubelet(self, node: str) -> None:
        """Start the kubelet of a node again: it goes on with the containers that run.

        Raises `CourseError` for a machine without power.
        """
        kubelet = self._machines.kubelet(node)
        if not self._powered(node):
            do = f'give it power first: cluster.restore_node("{node}")'
            raise CourseError("a machine without power runs no kubelet", where=node, do=do)
        self._note(node, "KubeletStarted", f"the kubelet of {node} runs")
        if not kubelet.powered:
            self._machines.before_change(node)
            kubelet.power_on()

    def _powered(self, machine: str) -> bool:
        """Whether a machine has power; raises `CourseError` for an unknown one."""
        if machine not in self._plane.layout.machines:
            self._machines.kubelet(machine)
        return machine not in self._off

    def _note(self, machine: str, reason: str, message: str) -> None:
        self._sim.record("power", f"Node/{machine}", reason, message)

    def kill_process(self, machine: str, component: str) -> None:
        """Kill one process (`kill -9`); a kubelet or systemd starts it again.

        Raises `CourseError` for a process that is not there.

        >>> from course_lib import Cluster
        >>> cluster = Cluster.all_in_one()
        >>> cluster.kill_process("minikube", "kube-scheduler")
        >>> list(cluster.components().STATE)[-1]
        'down'
        """
        plane = self._plane.on_machines()
        if (machine, component) not in plane.components:
            known = sorted({name for _, name in plane.components})
            raise CourseError(
                "there is no such process",
                expected=f"one of {', '.join(known)}, on a machine that has it",
                found=f"{component} on {machine}",
                do="see cluster.components()",
            )
        self._sim.record("fault", f"Process/{machine}/{component}", "Killed", "kill -9")
        plane.exit(machine, component)

    def cut(self, some: str | Iterable[str], others: str | Iterable[str] = ()) -> None:
        """Cut the links between machines; without `others`, from all other machines.

        What the control plane says to itself and to kubelets is cut, and with a network of
        devices (`network="calico"`) Pods' own packets too; a flat network goes on.
        """
        plane = self._plane.on_machines()
        machines = plane.layout.machines
        group = self._group(some)
        rest = self._group(others) if others else [m for m in machines if m not in group]
        self._sim.record("fault", f"Link/{'+'.join(group)}", "Cut", f"from {', '.join(rest)}")
        plane.links.cut(group, rest)
        self._network.noticed(group)
        plane.etcd.catch_up()
        plane.etcd.peers.part(group, rest)

    def heal(self) -> None:
        """Close all cuts."""
        plane = self._plane.on_machines()
        self._sim.record("fault", "Link/all", "Healed", "every machine reaches every other")
        plane.links.heal()
        self._network.heal()
        plane.etcd.catch_up()
        plane.etcd.peers.heal()

    def fail_disk(self, machine: str, fault: str = BROKEN) -> None:
        """The disk below a member of etcd fails: the member stops, and what it held is lost."""
        plane = self._plane.on_machines()
        plane.check_member(machine)
        self._sim.record("fault", f"Disk/{machine}", "DiskFailure", fault)
        plane.etcd.members[machine].disk.fault = fault
        plane.exit(machine, "etcd")

    def _group(self, names: str | Iterable[str]) -> list[str]:
        found = list(names) if isinstance(names, Iterable) else [names]
        if isinstance(names, str):
            found = [names]
        known = ", ".join(self._plane.layout.machines)
        for name in found:
            if name not in self._plane.layout.machines:
                raise CourseError("no such machine", expected=f"one of {known}", found=repr(name))
        return found
