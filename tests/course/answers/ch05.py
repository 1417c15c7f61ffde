"""Chapter 05: answers that are right, and wrong ones with a part of the hint that each gets."""

from tests.course.answers.shapes import number

SANDBOX = {"metadata": {"name": "p", "namespace": "default", "uid": "1"}}
BOX = {"metadata": {"name": "main"}, "image": {"image": "nginx:1.27"}}
IMAGES = ["PullImage", "ListImages", "ImageStatus", "RemoveImage", "ImageFsInfo"]


def sandbox(client):
    return client.call("RunPodSandbox", config=SANDBOX).pod_sandbox_id


def created(client, image="nginx:1.27"):
    client.call("PullImage", image={"image": image})
    box = BOX | {"image": {"image": image}}
    made = client.call("CreateContainer", pod_sandbox_id=sandbox(client), config=box)
    return made.container_id


def started(client):
    client.call("StartContainer", container_id=created(client))


def by_its_full_name(client):
    client.call("StartContainer", container_id=created(client, "docker.io/library/nginx:1.27"))


class Starter:
    def __call__(self, client):
        started(client)


def two_of_them(client):
    created(client, "redis:7")
    box = SANDBOX | {"metadata": SANDBOX["metadata"] | {"name": "q", "uid": "2"}}
    other = client.call("RunPodSandbox", config=box).pod_sandbox_id
    client.call("PullImage", image={"image": "nginx:1.27"})
    made = client.call("CreateContainer", pod_sandbox_id=other, config=BOX)
    client.call("StartContainer", container_id=made.container_id)


def without_image(client):
    client.call("CreateContainer", pod_sandbox_id=sandbox(client), config=BOX)


def without_sandbox(client):
    client.call("PullImage", image={"image": "nginx:1.27"})
    client.call("CreateContainer", pod_sandbox_id="p", config=BOX)


def starts_by_name(client):
    created(client)
    client.call("StartContainer", container_id="main")


def another_image(client):
    client.call("StartContainer", container_id=created(client, "redis:7"))


def only_pulls(client):
    client.call("PullImage", image={"image": "nginx:1.27"})


def swap(node):
    return lambda cluster: cluster.swap_runtime(node, "containerd")


def drained(cluster):
    cluster.kubectl("drain node-1")
    cluster.run(30)


def cordoned(cluster):
    cluster.kubectl("cordon node-1")
    swap("node-1")(cluster)
    cluster.run(30)
    cluster.kubectl("uncordon node-1")


def drained_after(cluster):
    swap("node-1")(cluster)
    drained(cluster)


def runbook(cluster):
    drained(cluster)
    swap("node-1")(cluster)
    cluster.kubectl("uncordon node-1")


def scaled(cluster):
    swap("node-1")(cluster)
    cluster.kubectl("scale deployment/web --replicas=1")


def without_power(cluster):
    swap("node-1")(cluster)
    cluster.kill_node("node-1")


ANSWERS = {
    "05-calls": (
        number(7, "calls"),
        {
            8: "one sandbox",
            4: "of one container",
            5: "a pull for each image",
            6: "comes first",
            3: "too few",
        },
    ),
    "05-by-hand": (
        [started, by_its_full_name, Starter(), two_of_them],
        [
            (created, "StartContainer"),
            (without_image, "PullImage first"),
            (without_sandbox, "`pod_sandbox_id`"),
            (starts_by_name, "`container_id`"),
            (sandbox, "runs nothing"),
            (another_image, "`nginx:1.27`"),
            (only_pulls, "needs a sandbox"),
        ],
    ),
    "05-image-service": (
        [tuple(IMAGES), set(IMAGES), ", ".join(IMAGES), [name.lower() for name in IMAGES]],
        [
            ([*IMAGES, "CreateContainer"], "belong to the RuntimeService"),
            (IMAGES[:2], "the disk that they use"),
            ([*IMAGES, "ContainerStats"], "what does ContainerStats concern"),
            ([*IMAGES, "PushImage"], "not in the list"),
            ([*IMAGES, 5], "PullImage"),
            ([], "the disk that they use"),
        ],
    ),
    "05-daemon": (
        ["Docker", ["docker"], {"docker"}, "docker (without live-restore)", "dockerd"],
        [
            ("containerd", "is its shim"),
            ("rkt", "no daemon"),
            ("lxd", "monitor"),
            (["docker", "lxd"], "monitor"),
            ("none", "stops all its containers"),
            ([], "stops all its containers"),
            ("podman", "names of the question"),
        ],
    ),
    "05-swap": (
        [swap("node-1"), runbook, cordoned, lambda c: (swap("node-1")(c), c.run(200))],
        {
            lambda c: None: "swap_runtime",
            swap("node-2"): "swap_runtime",
            lambda c: [swap(n)(c) for n in ("node-1", "node-2")]: "must keep Docker",
            drained_after: "uncordon",
            scaled: "`replicas` was 3",
            without_power: "conditions",
            lambda c: (swap("node-1")(c), c.delete("deployment", "web")): "apply",
        },
    ),
}
