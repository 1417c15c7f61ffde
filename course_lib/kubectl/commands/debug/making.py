"""What `kubectl debug` makes: a container in a Pod, a copy of a Pod, a Pod on a node.

Source: `generateDebugContainer`, `generatePodCopyWithDebugContainer` and `generateNodeDebugPod` of
kubectl `pkg/cmd/debug/debug.go`.
"""

from __future__ import annotations

import copy
import hashlib

import msgspec

from course_lib.apiserver.patch_bodies import STRATEGIC, apply_patch
from course_lib.kubectl.commands.debug.profiles import LISTS, Profile, Style
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # of random names (apimachinery `pkg/util/rand`)
MANAGED = {"app.kubernetes.io/managed-by": "kubectl-debug"}


class Made(msgspec.Struct):
    """A Pod with a `container` for debugging, which has no name where only images changed."""

    pod: Document
    container: str


class Maker:
    """Makes what a `call` asks for, as a `profile` has it.

    `args` is the command line, `custom` changes the container.
    """

    def __init__(
        self, call: Invocation, args: list[str], profile: Profile, custom: Document | None
    ) -> None:
        self._call, self._args, self._profile, self._custom = call, args, profile, custom

    def in_pod(self, pod: Document) -> Made:
        """The Pod with one more ephemeral container."""
        name = self._name(pod)
        container = self._container(name)
        if target := self._call.flags.text("target"):
            container["targetContainerName"] = target
        made = copy.deepcopy(pod)
        there = made["spec"].get("ephemeralContainers") or []
        made["spec"]["ephemeralContainers"] = [*there, container]
        return self._finished(made, name, Style.EPHEMERAL, "ephemeralContainers")

    def on_node(self, node: Document) -> Made:
        """A Pod for debugging on a node."""
        where, name = node["metadata"]["name"], self._call.flags.text("container") or "debugger"
        pod_name = f"node-debugger-{where}-{self._suffix(node)}"
        if not self._call.flags.on("quiet"):
            said = f"Creating debugging pod {pod_name} with container {name} on node {where}.\n"
            self._call.out(said)
        spec: Document = {
            "containers": [self._container(name)],
            "nodeName": where,
            "restartPolicy": "Never",
            "tolerations": [{"operator": "Exists"}],
        }
        meta = {"name": pod_name, "namespace": self._call.namespace, "labels": MANAGED}
        pod: Document = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
        return self._finished(pod, name, Style.NODE, "containers")

    def copied(self, pod: Document) -> Made:
        """A copy of a Pod with a container for debugging, or with other images.

        Raises `CommandError` for a new container without an image.
        """
        flags, meta = self._call.flags, pod["metadata"]
        kept = {name: meta[name] for name in ("annotations", "labels") if meta.get(name)}
        head = {"name": flags.text("copy-to"), "namespace": meta["namespace"]}
        spec = copy.deepcopy(pod["spec"])
        spec.pop("ephemeralContainers", None)
        if "share-processes" in flags.given:
            spec["shareProcessNamespace"] = flags.on("share-processes")
        if not flags.on("same-node"):
            spec.pop("nodeName", None)
        images = flags.pairs("set-image")
        for each in spec["containers"]:
            each["image"] = images.get(each["name"]) or images.get("*") or each["image"]
        made: Document = {"apiVersion": "v1", "kind": "Pod"}
        made |= {"metadata": copy.deepcopy(head | kept), "spec": spec}
        name = flags.text("container")
        every: list[Document] = [each for group in LISTS for each in spec.get(group) or ()]
        container = next((each for each in every if each["name"] == name), None)
        if container is None:
            if not flags.text("image"):
                if images:
                    return Made(made, "")
                raise CommandError("you must specify image when creating new container")
            name = name or self._name(made)
            container = {"name": name, "terminationMessagePolicy": "File"}
            spec["containers"].append(container)
        self._change(container)
        return self._finished(made, name, Style.COPY, "containers")

    def _change(self, container: Document) -> None:
        """Change a container of a copy as the flags say."""
        flags = self._call.flags
        if self._args:
            container.pop("args", None)
            container["args" if flags.on("arguments-only") else "command"] = self._args
        for field, value in self._settings().items():
            container[field] = value
        for field in ("stdin", "tty"):
            container.pop(field, None)
            if flags.on(field):
                container[field] = True

    def _container(self, name: str) -> Document:
        flags = self._call.flags
        container: Document = {"name": name, "terminationMessagePolicy": "File"}
        container |= self._settings()
        container |= {field: True for field in ("stdin", "tty") if flags.on(field)}
        if self._args:
            container["args" if flags.on("arguments-only") else "command"] = self._args
        return container

    def _settings(self) -> Document:
        """Image, environment and pull policy, as far as they are given."""
        flags = self._call.flags
        found: Document = {}
        if variables := flags.pairs("env"):
            found["env"] = [{"name": name, "value": value} for name, value in variables.items()]
        if image := flags.text("image"):
            found["image"] = image
        if policy := flags.text("image-pull-policy"):
            found["imagePullPolicy"] = policy
        return found

    def _finished(self, pod: Document, name: str, style: Style, field: str) -> Made:
        self._profile.apply(pod, name, style)
        if self._custom is not None:
            patch = {"spec": {field: [self._custom | {"name": name}]}}
            changed = apply_patch(STRATEGIC, pod, patch, type_of("v1", "Pod"))
            assert isinstance(changed, dict)
            pod = changed
        return Made(pod, name)

    def _name(self, pod: Document) -> str:
        """The name of the container: as given, or one that is free."""
        if given := self._call.flags.text("container"):
            return given
        name = f"debugger-{self._suffix(pod)}"
        if not self._call.flags.on("quiet"):
            self._call.out(f"Defaulting debug container name to {name}.\n")
        return name

    def _suffix(self, of: Document) -> str:
        """Five letters: the real ones are random, these are the same in each run."""
        there = len((of.get("spec") or {}).get("ephemeralContainers") or ())
        meta = of["metadata"]
        known = f"{meta.get('uid', meta['name'])}/{there}/{self._call.time.now():.6f}"
        digest = hashlib.sha256(known.encode()).digest()
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:5])
