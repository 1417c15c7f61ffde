"""Chapter 05: reference solutions, and wrong answers."""

SANDBOX = {"metadata": {"name": "p", "namespace": "default", "uid": "1"}}
BOX = {"metadata": {"name": "main"}, "image": {"image": "nginx:1.27"}}
IMAGES = ["PullImage", "ListImages", "ImageStatus", "RemoveImage", "ImageFsInfo"]


def sandbox(client):
    return client.call("RunPodSandbox", config=SANDBOX).pod_sandbox_id


def created(client):
    client.call("PullImage", image={"image": "nginx:1.27"})
    made = client.call("CreateContainer", pod_sandbox_id=sandbox(client), config=BOX)
    return made.container_id


def started(client):
    client.call("StartContainer", container_id=created(client))


def without_image(client):
    client.call("CreateContainer", pod_sandbox_id=sandbox(client), config=BOX)


def only_pulls(client):
    client.call("PullImage", image={"image": "nginx:1.27"})


ANSWERS = {
    "05-calls": (7, {8: "one sandbox", 4: "of one container", 5: "pulled too", 6: "made first"}),
    "05-by-hand": (
        started,
        {
            created: "call of its own",
            without_image: "images that it has",
            sandbox: "runs nothing",
            only_pulls: "live in",
        },
    ),
    "05-image-service": (
        IMAGES,
        {
            ("PullImage", "CreateContainer"): "makes containers",
            ("PullImage", "ListImages"): "and their disk",
        },
    ),
    "05-daemon": (
        "docker",
        {"containerd": "shims", "rkt": "no daemon", "lxd": "monitor"},
    ),
    "05-swap": (
        lambda c: c.swap_runtime("node-1", "containerd"),
        {
            lambda c: c.swap_runtime("node-2", "containerd"): "swap_runtime",
            lambda c: [c.swap_runtime(n, "containerd") for n in ("node-1", "node-2")]: "to stay",
            lambda c: (
                c.swap_runtime("node-1", "containerd"),
                c.drain("node-1"),
                c.run(90),
            ): "cordoned",
        },
    ),
}
