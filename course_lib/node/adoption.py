"""What a runtime still has of Pods when their kubelet starts: the Pods go on with it.

Source: kubernetes.io "Kubelet restart"; `pkg/kubelet/kubelet.go` (all that a kubelet knows of
containers it has from the runtime), `pkg/kubelet/prober` (results go on until a probe says more).
"""

from __future__ import annotations

from sys import intern

import msgspec

from course_lib.cri import messages as v1
from course_lib.node.cri_config import CONTAINER_NAME, POD_UID
from course_lib.node.node_runtime import NodeRuntime
from course_lib.node.pod_state import PodState
from course_lib.node.probes import READINESS, STARTUP
from course_lib.node.slot import Seen, Slot
from course_lib.objects.kinds.pod import Container, Pod, PodSpec
from course_lib.objects.kinds.pod.status import ContainerStatus
from course_lib.objects.meta import ObjectMeta
from course_lib.runtimes import RuntimeFault


class Found(msgspec.Struct):
    """What a runtime has of one Pod: its sandbox, and the containers in it."""

    sandbox: v1.PodSandbox
    containers: list[v1.Container]


def found_pods(runtime: NodeRuntime) -> dict[str, Found]:
    """The Pods whose sandboxes are ready, by UID; none where the runtime does not answer."""
    try:
        sandboxes = runtime.cri.call("ListPodSandbox").items
        containers = runtime.cri.call("ListContainers").containers
    except RuntimeFault:
        return {}
    inside: dict[str, list[v1.Container]] = {}
    for container in sorted(containers, key=lambda each: each.created_at):
        inside.setdefault(container.pod_sandbox_id, []).append(container)
    return {
        sandbox.labels[POD_UID]: Found(sandbox, inside.get(sandbox.id, []))
        for sandbox in sandboxes
        if sandbox.state == v1.SANDBOX_READY and POD_UID in sandbox.labels
    }


def orphan(found: Found) -> Pod:
    """A Pod that is known only by what the runtime has of it (`ToAPIPod`)."""
    meta = found.sandbox.metadata
    named = {each.labels[CONTAINER_NAME]: each.image.user_specified_image
             for each in found.containers if CONTAINER_NAME in each.labels}  # fmt: skip
    containers = [Container(name=name, image=image) for name, image in named.items()]
    return Pod(
        api_version="v1",
        kind="Pod",
        metadata=ObjectMeta(name=meta.name, namespace=meta.namespace, uid=meta.uid),
        spec=PodSpec(containers=containers, restart_policy="Never"),
    )


def adopt(found: Found, state: PodState, runtime: NodeRuntime, node_address: str) -> list[Slot]:
    """Take over what was `found` of a Pod in a `runtime`; the slots whose containers run.

    `state` is what is known of the Pod, which gets `node_address` on the node's network. Raises
    `RuntimeFault`.
    """
    id = intern(found.sandbox.id)
    network = runtime.cri.call("PodSandboxStatus", pod_sandbox_id=id).status.network
    state.sandbox, state.address = id, network.ip or node_address
    told = state.pod.status
    groups = told.container_statuses, told.init_container_statuses
    stated = {each.name: each for group in groups for each in group or ()}
    for slot in state.slots:
        mine = [c for c in found.containers if c.labels.get(CONTAINER_NAME) == slot.spec.name]
        for container in mine[-2:]:
            status = runtime.cri.call("ContainerStatus", container_id=container.id).status
            image = container.image.user_specified_image or slot.spec.image
            slot.take(Seen.of(status, image), id)
            slot.restarts = container.metadata.attempt
        _go_on(slot, stated.get(slot.spec.name))
    return [slot for slot in state.slots if slot.running]


def _go_on(slot: Slot, stated: ContainerStatus | None) -> None:
    """Go on with the results of probes that the status has."""
    if stated is None or not slot.running:
        return
    if slot.spec.readiness_probe is not None:
        slot.observe(READINESS, stated.ready)
    if slot.spec.startup_probe is not None and stated.started:
        slot.observe(STARTUP, True)
