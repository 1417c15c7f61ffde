"""`kubectl create deployment`, `job` and `cronjob`.

Source: kubectl `pkg/cmd/create/create_deployment.go`, `create_job.go`, `create_cronjob.go`.
"""

from __future__ import annotations

import copy

from course_lib.kubectl.commands.create.making import namespaced
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pod_specs import go_name
from course_lib.kubectl.selection import Wanted
from course_lib.objects.manifests import Document

SUFFIX_LENGTH = 5


def deployment(call: Invocation, name: str) -> Document:
    """A Deployment of one image or several; raises `CommandError`."""
    images, command = call.flags.texts("image"), call.args[1:]
    if len(images) > 1 and command:
        raise CommandError("cannot specify multiple --image options and command")
    containers: list[Document] = [
        {"name": _container_name(image), "image": image} | _command(command) for image in images
    ]
    port = call.flags.number("port")
    if port >= 0 and containers:
        containers[0]["ports"] = [{"containerPort": port}]
    made = namespaced(call, "apps/v1", "Deployment", name)
    labels = {"app": name}
    made["metadata"]["labels"] = labels
    made["spec"] = {
        "replicas": call.flags.number("replicas"),
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    }
    return made


def _container_name(image: str) -> str:
    """The last part of an image's name; with a suffix where it had characters that names have not.

    The real one draws the suffix at random.
    """
    name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    if not set(name) & set("_."):
        return name
    return name.replace("_", "-").replace(".", "-") + "-" + "x" * SUFFIX_LENGTH


def _command(words: list[str]) -> Document:
    return {"command": list(words)} if words else {}


def job(call: Invocation, name: str) -> Document:
    """A Job of an image, or what a CronJob makes; raises `CommandError`."""
    image, source, command = call.flags.text("image"), call.flags.text("from"), call.args[1:]
    if bool(image) == bool(source):
        raise CommandError("either --image or --from must be specified")
    if command and source:
        raise CommandError("cannot specify --from and command")
    if source:
        return _from_cron_job(call, name, source)
    made = namespaced(call, "batch/v1", "Job", name)
    made["spec"] = {"template": {"spec": _pod(name, image, command, "Never")}}
    return made


def _pod(name: str, image: str, command: list[str], restart: str) -> Document:
    container = {"name": name, "image": image} | _command(command)
    return {"containers": [container], "restartPolicy": restart}


def _from_cron_job(call: Invocation, name: str, source: str) -> Document:
    chosen = call.select(Wanted(words=[source])).all()
    if len(chosen) != 1:
        raise CommandError("from must be an existing cronjob")
    cron = chosen[0].document
    if cron["kind"] != "CronJob":
        raise CommandError(f"unknown object type {go_name(cron)}")
    template = cron["spec"]["jobTemplate"]
    meta = template.get("metadata") or {}
    made = namespaced(call, "batch/v1", "Job", name)
    own = {"cronjob.kubernetes.io/instantiate": "manual"} | (meta.get("annotations") or {})
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": cron["metadata"]["name"],
        "uid": cron["metadata"]["uid"],
        "controller": True,
    }
    made["metadata"] |= {"annotations": own, "ownerReferences": [owner]}
    if meta.get("labels"):
        made["metadata"]["labels"] = meta["labels"]
    made["spec"] = copy.deepcopy(template["spec"])
    return made


def cron_job(call: Invocation, name: str) -> Document:
    """A CronJob of an image."""
    flags = call.flags
    made = namespaced(call, "batch/v1", "CronJob", name)
    pod = _pod(name, flags.text("image"), call.args[1:], flags.text("restart") or "OnFailure")
    made["spec"] = {
        "schedule": flags.text("schedule"),
        "jobTemplate": {"metadata": {"name": name}, "spec": {"template": {"spec": pod}}},
    }
    return made
