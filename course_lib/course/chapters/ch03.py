"""Exercises of chapter 03: the six requirements of production."""

from __future__ import annotations

from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import (
    applied,
    document,
    existing,
    has_image,
    holds,
    main_container,
    or_unknown,
    predicts_number,
    reserved,
)
from course_lib.course.forms import counted
from course_lib.course.manifests import autoscaler_of, deployment
from course_lib.course.questions import Remarks, asks, no_answer_involved
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity


@predicts_number(
    "03-most-pods",
    "Pods during an update",
    """
    A Deployment with 10 replicas and the default strategy (`maxSurge: 25%`,
    `maxUnavailable: 25%`) gets a new image. **How many Pods does it have at most during the
    update?** Do not count Pods that are `Terminating`.
    """,
    slips={
        12: "25% of 10 is 2.5, and Kubernetes rounds the surge up",
        (12.1, 12.9): "a number of Pods is whole: does Kubernetes round the surge up or down?",
        10: "with `maxSurge: 0` that is right: here new Pods start before old ones end",
        20: "with `maxSurge: 100%` that is right: all new Pods beside all old ones",
        15: "only the surge adds Pods; the other 25% says how many may be missing",
    },
    unit="Pods",
    look="`maxSurge` says how many there may be above the 10 `replicas`: how many are 25% of 10?",
)
def most_pods() -> int:
    cluster = applied(Cluster(nodes=3), deployment("web", 10), 60)
    cluster.kubectl("set image deployment/web *=nginx:1.28").checked()
    most = 0
    for _ in range(240):
        cluster.run(0.25)
        most = max(most, int((cluster.get("pods").STATUS != "Terminating").sum()))
    return most


@predicts_number(
    "03-autoscaler",
    "Four busy Pods",
    """
    The target of an autoscaler is 50 % of the requested CPU. Four Pods use 90 % each.
    **How many replicas does it set?**
    """,
    slips={
        (
            7,
            7.5,
        ): "4 · 90 / 50 is 7.2: the autoscaler rounds up, so that no Pod is above the target",
        5: "it does not add one Pod at a time: current replicas · usage / target",
        4: "four Pods use more than the target, so it adds Pods",
        2: "divide by the target: current replicas · usage / target",
        (9, 20): "that is too many: current replicas · usage / target, rounded up",
    },
    unit="replicas",
    look="current replicas · usage / target, rounded up",
)
def autoscaler() -> int:
    """Source: kubernetes.io, "Horizontal Pod Autoscaling": ceil(current * usage / target)."""
    cluster = Cluster(nodes=3)
    cluster.behaviours.set("nginx", cpu="90m", cpu_per_request=0.0)
    applied(cluster, deployment("web", 4, resources={"requests": {"cpu": "100m"}}), 60)
    cluster.apply(autoscaler_of("web", most=20, cpu=50))

    def replicas() -> int:
        return int(cluster.document("deployment", "web")["spec"]["replicas"])

    cluster.run_until(lambda: replicas() != 4)
    return replicas()


@asks(
    "03-ready",
    "Ready to answer",
    """
    The program `course/slow` needs 5 s before it answers at port 80. During an update some requests
    fail. **Add what is missing to the manifest**, so that no request fails.

    ```
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      replicas: 3
      selector:
        matchLabels:
          app: web
      template:
        metadata:
          labels:
            app: web
        spec:
          containers:
            - name: web
              image: course/slow:v1
              ports:
                - containerPort: 80
    ```
    """,
)
def ready(answer: object) -> Remarks:
    wanted = document(answer, "Deployment", "web")
    container = main_container(wanted)
    hint = "leave the image as it is: `course/slow:v1`"
    yield has_image(container, "course/slow:v1", "the program is the same", hint)
    hint = "which probe keeps a Pod out of the Service until it answers?"
    if "livenessProbe" in container or "startupProbe" in container:
        hint = "these probes restart a container: only a `readinessProbe` keeps requests away"
    probe = container.get("readinessProbe") or {}
    hint = or_unknown(wanted, hint)
    yield holds(bool(probe), "there is a readiness probe", "there is no readiness probe", hint)
    yield from _asks_the_program(probe)
    cluster = Cluster(nodes=3)
    cluster.behaviours.set("course/slow", startup=5)
    service = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    head = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    applied(cluster, [wanted, head | {"spec": service}], 40)
    hint = "the probe must ask port 80: the program listens there"
    if cluster.get("pods").empty:
        hint = "`spec.replicas` is 0: leave it at 3"
    ready = cluster.ready("deployment/web")
    yield holds(ready, "the Pods become ready", "the Pods never become ready", hint)
    load = cluster.load("web", requests_per_second=20)
    cluster.kubectl("set image deployment/web *=course/slow:v2").checked()
    cluster.run(90)
    hint = "the strategy must keep enough old Pods until new ones are ready"
    said = f"{load.failed} of {counted(load.sent, 'requests')} failed"
    yield holds(load.failed == 0, said, said, hint)


def _asks_the_program(probe: Document) -> Remarks:
    """The probe has to learn from the program itself whether it answers."""
    ways = {
        "exec": (
            "a command does not test whether the program answers: ask the program's port, with "
            "`httpGet` or `tcpSocket`"
        ),
        "grpc": (
            "`grpc` asks for gRPC's health service, and this is a web server: ask its port 80 with "
            "`httpGet` or `tcpSocket`"
        ),
    }
    way = next((name for name in ways if name in probe), "")
    hint = ways.get(way, "")
    yield holds(not way, "it asks the program's port", f"the probe is of the kind {way}", hint)


@asks(
    "03-budget",
    "Never fewer than two",
    """
    `web` has three Pods. **Write a PodDisruptionBudget** `web`: when somebody drains a node, at
    least two Pods stay ready, and the drain still finishes.
    """,
)
def budget(answer: object) -> Remarks:
    wanted = document(answer, "PodDisruptionBudget", "web")
    with no_answer_involved():
        cluster = Cluster(nodes=3)
        cluster.apply(deployment("other", 1))
        applied(cluster, packaged("web"), 30)
    applied(cluster, wanted, 10)
    status = cluster.document("poddisruptionbudget", "web").get("status", {})
    hint = "its selector must be the labels of the Pods: `selector: {matchLabels: {app: web}}`"
    covered = status.get("expectedPods", 0)
    if covered > 3:
        hint = f"an empty selector covers every Pod of the namespace, not only those of web; {hint}"
    said = f"it covers {counted(covered, 'Pods')}"
    yield holds(covered == 3, "it covers the three Pods", said, or_unknown(wanted, hint))
    allowed = status.get("disruptionsAllowed", 0)
    hint = "if no Pod may be missing, a drain of its node never finishes"
    yield holds(allowed > 0, "one may be missing", "no Pod may be missing", hint)
    hint = "two of three Pods must stay: `minAvailable: 2` or `maxUnavailable: 1`"
    said = f"{counted(allowed, 'Pods')} may be missing at once"
    yield holds(allowed == 1, "no more than one", said, hint)


@asks(
    "03-service",
    "One address",
    """
    The Pods of a Deployment `shop` have the label `app: shop` and listen on port 8080. **Write a
    Service** `shop` that answers at port 80.
    """,
)
def service(answer: object) -> Remarks:
    wanted = document(answer, "Service", "shop")
    hint = "a headless Service has no address of its own: leave `clusterIP` out"
    headless = wanted["spec"].get("clusterIP") == "None"
    yield holds(not headless, "it has an address", "it has no address", hint)
    hint = "`type: ExternalName` only makes a DNS name for another one: leave `type` out"
    named = wanted["spec"].get("type") == "ExternalName"
    yield holds(not named, "it leads to Pods", "it is only a name", hint)
    with no_answer_involved():
        cluster = Cluster(nodes=2, network="routable")
        ports = [{"containerPort": 8080}]
        cluster.apply(deployment("shop", 2, image="course/shop:v1", ports=ports))
    applied(cluster, wanted, 40)
    slices = cluster.get("endpointslices").query("NAME.str.startswith('shop')")
    found = "" if slices.empty else str(slices.ENDPOINTS.iloc[0])
    hint = "its selector must be exactly the Pods' label: `app: shop`"
    has = found not in ("", "<unset>", "<none>")
    ports = wanted["spec"].get("ports") or [{}]
    yield holds(has, "it has endpoints", "it has no endpoints", or_unknown(wanted, hint))
    numbers = [each.get("port") for each in ports]
    hint = "`port` is the port of the Service, `targetPort` that of the Pods"
    said = f"its port is {', '.join(map(str, numbers))}"
    yield holds(80 in numbers, "it has port 80", said, hint)
    asked = next(each for each in ports if each.get("port") == 80)
    trace = cluster.trace("node-1", "service/shop", 80)
    hint = "without `targetPort` the Service sends to port 80 of the Pods, too"
    if asked.get("protocol", "TCP") != "TCP":
        hint = f"`protocol` is {asked['protocol']}, and the Pods listen on TCP: leave it out"
    elif _is_name(name := asked.get("targetPort")):
        hint = f"no port of the Pods has the name {name}: `targetPort` is their port's number here"
    elif name is not None:
        hint = f"`targetPort` is {name}, and the Pods listen on 8080"
    said = f"a connection to port 80 is {trace.outcome}"
    yield holds(trace.ok, "it answers", said, hint)


def _is_name(port: object) -> bool:
    return isinstance(port, str) and not port.isdigit()


def _full() -> Cluster:
    web = deployment("web", 4, resources={"requests": {"cpu": "1500m"}})
    return applied(Cluster(nodes=2, cpu="2"), web, 30)


@asks(
    "03-wasted",
    "Requests that are too large",
    """
    Two nodes have 2 cores each. `web` in `task.cluster` has four Pods, and two of them wait. The
    program uses 100m. **Make room for all four on these two nodes.** Each Pod must still request
    100m or more.
    """,
    starts=_full,
)
def wasted(cluster: Cluster) -> Remarks:
    cluster.run(60)
    nodes = len(cluster.get("nodes"))
    hint = "a new node also helps, but it costs more: here the requests are wrong"
    if nodes < 2:
        hint = "use both nodes: `task.reset()` begins again"
    yield holds(nodes == 2, "two nodes", f"{counted(nodes, 'nodes')} now", hint)
    again = "`task.reset()` begins again; change the Deployment, do not delete it"
    web = existing(cluster, "deployment", "web", again)
    request = Quantity(str(reserved(main_container(web)).get("cpu", "0")))
    hint = "without a request the scheduler does not know what the Pod needs"
    if request.milli:
        hint = f"the program uses 100m: with {request} the scheduler puts more on a node than fits"
    said = f"each asks for {request} CPU"
    yield holds(request.milli >= 100, said, said, hint)
    hint = "keep four replicas, and change the request"
    replicas = web["spec"].get("replicas", 1)
    yield holds(replicas >= 4, "four are wanted", f"{replicas} wanted", hint)
    pods = cluster.get("pods")
    waiting = int((pods.STATUS == "Pending").sum())
    hint = f"two Pods of {request} are more than the 2 cores of a node"
    if request.milli <= 1000:
        hint = (
            f"{request} fits, two Pods on each node, and yet the update stands still: the old Pods "
            "hold 1500m of each node until new ones are ready, and new ones wait for their place. "
            "Ask for 500m or less, or take the old Pods away first (scale to 0, then to 4)"
        )
    ready = cluster.ready("deployment/web")
    yield holds(ready, "the update is done", f"{counted(waiting, 'Pods')} waiting", hint)
    running = int((pods.STATUS == "Running").sum())
    hint = "set `replicas` to 4 again"
    yield holds(running == 4, "all four run", f"{running} running", hint)
