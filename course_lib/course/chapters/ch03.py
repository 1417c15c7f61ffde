"""Exercises of chapter 03: the six requirements of production."""

from __future__ import annotations

from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import applied, document, holds, number
from course_lib.course.exercise import Findings, Mistake, asks
from course_lib.course.manifests import deployment
from course_lib.course.shop import DATA
from course_lib.objects.manifests import read_manifests


@asks(
    "03-most-pods",
    "An update in motion",
    """
    A Deployment with 10 replicas and the default strategy (`maxSurge: 25%`,
    `maxUnavailable: 25%`) gets a new image. **How many of its Pods are there at most**, if Pods
    that are on their way out do not count?
    """,
)
def most_pods(answer: Any) -> Findings:
    cluster = applied(Cluster(nodes=3), deployment("web", 10), 60)
    cluster.set_image("deployment/web", "nginx:1.28")
    most = 0
    for _ in range(240):
        cluster.run(0.25)
        most = max(most, int((cluster.get("pods").STATUS != "Terminating").sum()))
    slips = {
        12: "25% of 10 is 2.5; for the surge that is rounded up",
        10: "then no new Pod could start before an old one ends: that is `maxSurge: 0`",
        20: "that would be all new ones beside all old ones: `maxSurge: 100%`",
        15: "only the surge adds Pods; the other 25% says how many may be missing",
    }
    yield number(answer, most, slips, unit="Pods")


@asks(
    "03-autoscaler",
    "Twice too busy",
    """
    An autoscaler wants 50 % of the requested CPU to be used. Four Pods use 90 % each.
    **How many replicas does it ask for?**
    """,
)
def autoscaler(answer: Any) -> Findings:
    """Source: kubernetes.io, "Horizontal Pod Autoscaling": ceil(current * usage / target)."""
    cluster = Cluster(nodes=3)
    cluster.behaviours.set("nginx", cpu="90m", cpu_per_request=0.0)
    cluster.apply(deployment("web", 4, resources={"requests": {"cpu": "100m"}}))
    cluster.run(60)
    (scaler,) = read_manifests(DATA / "web-autoscaler.yaml")
    target = {"type": "Utilization", "averageUtilization": 50}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    scaler["spec"] |= {"minReplicas": 1, "maxReplicas": 20, "metrics": [metric]}
    cluster.apply(scaler)
    replicas = lambda: int(cluster.document("deployment", "web")["spec"]["replicas"])  # noqa: E731
    cluster.run_until(lambda: replicas() != 4)
    first = replicas()
    slips = {
        7: "4 · 90 / 50 = 7.2: with seven each would still be over the target, so it rounds up",
        5: "it does not go one by one: current replicas · usage / target",
        (9, 20): "not so many: current replicas · usage / target, rounded up",
    }
    yield number(answer, first, slips, unit="replicas")


@asks(
    "03-ready",
    "Ready when it is ready",
    """
    The program `course/slow` needs 5 s before it answers at port 80. During an update customers
    see errors. **Add what is missing to the manifest**, so that no request fails.

    ```
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 3
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - name: web
              image: course/slow:v1
              ports: [{containerPort: 80}]
    ```
    """,
)
def ready(answer: Any) -> Findings:
    wanted = document(answer, "Deployment", "web")
    container = wanted["spec"]["template"]["spec"]["containers"][0]
    hint = "which probe keeps a Pod out of the Service until it answers?"
    if "livenessProbe" in container:
        hint = "a liveness probe restarts; it is another one that says whom to send requests to"
    probe = container.get("readinessProbe")
    yield holds(bool(probe), "there is a readiness probe", "there is no readiness probe", hint)
    cluster = Cluster(nodes=3)
    cluster.behaviours.set("course/slow", startup=5)
    service = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    head = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    applied(cluster, [wanted, head | {"spec": service}], 40)
    hint = "which port does the probe ask? the program listens on 80"
    ready = cluster.ready("deployment/web")
    yield holds(ready, "the Pods become ready", "the Pods never become ready", hint)
    load = cluster.load("web", requests_per_second=20)
    cluster.set_image("deployment/web", "course/slow:v2")
    cluster.run(90)
    hint = "the strategy must keep enough old Pods until new ones are ready"
    said = f"{load.failed} of {load.sent} requests failed"
    yield holds(load.failed == 0, said, said, hint)


@asks(
    "03-budget",
    "Never fewer than two",
    """
    `web` runs three times. **Write a PodDisruptionBudget** `web` such that a drained node can never
    take the number of ready Pods below two, and yet can always be drained.
    """,
)
def budget(answer: Any) -> Findings:
    wanted = document(answer, "PodDisruptionBudget", "web")
    cluster = applied(Cluster(nodes=3), DATA / "web.yaml", 30)
    applied(cluster, wanted, 10)
    status = cluster.document("poddisruptionbudget", "web").get("status", {})
    hint = "its selector must be the labels of the Pods: app=web"
    covered = status.get("expectedPods", 0)
    yield holds(covered == 3, "it covers the three Pods", f"it covers {covered} Pods", hint)
    allowed = status.get("disruptionsAllowed", 0)
    hint = "with none allowed to be missing no node can ever be drained"
    yield holds(allowed > 0, "one may be missing", "no Pod may be missing", hint)
    hint = "two have to stay, of three: `minAvailable: 2` or `maxUnavailable: 1`"
    yield holds(allowed == 1, "no more than one", f"{allowed} Pods may be missing at once", hint)


@asks(
    "03-service",
    "One address",
    """
    The Pods of a Deployment `shop` carry `app: shop` and listen on port 8080. **Write a Service**
    `shop` that answers at port 80.
    """,
)
def service(answer: Any) -> Findings:
    wanted = document(answer, "Service", "shop")
    cluster = Cluster(nodes=2, network="routable")
    cluster.apply(deployment("shop", 2, ports=[{"containerPort": 8080}]))
    applied(cluster, wanted, 40)
    slices = cluster.get("endpointslices").query("NAME.str.startswith('shop')")
    found = "" if slices.empty else str(slices.ENDPOINTS.iloc[0])
    hint = "its selector must be the Pods' labels, letter by letter"
    has = found not in ("", "<unset>", "<none>")
    yield holds(has, "it has endpoints", "it has no endpoints", hint)
    ports = [port.get("port") for port in wanted["spec"].get("ports", [])]
    hint = "`port` is the Service's own; `targetPort` the Pods'"
    yield holds(80 in ports, "it has port 80", f"it has the ports {ports}", hint)
    trace = cluster.trace("node-1", "service/shop", 80)
    hint = "without `targetPort` the Pods are asked at the Service's own port"
    yield holds(trace.ok, "it answers", f"{trace.outcome}: {trace.reason}", hint)


def _full() -> Cluster:
    cluster = Cluster(nodes=2, cpu="2")
    cluster.apply(deployment("web", 4, resources={"requests": {"cpu": "1500m"}}))
    cluster.run(30)
    return cluster


@asks(
    "03-wasted",
    "Half of it unused",
    """
    Two nodes of 2 cores each; `web` in `task.cluster` wants four Pods, and two wait. Its program
    uses 100m. **Make room for all four on these two nodes**, without giving up requests
    altogether (each Pod must ask for 100m or more).
    """,
    starts=_full,
)
def wasted(cluster: Cluster) -> Findings:
    cluster.run(60)
    nodes = len(cluster.get("nodes"))
    hint = "a new node helps too, and costs; here the requests are wrong"
    yield holds(nodes == 2, "two nodes", f"there are {nodes} nodes now", hint)
    main = cluster.document("deployment", "web")["spec"]["template"]["spec"]["containers"][0]
    asked = str(main.get("resources", {}).get("requests", {}).get("cpu", "0"))
    millis = int(asked[:-1]) if asked.endswith("m") else int(float(asked) * 1000)
    hint = "without a request the scheduler knows nothing of what the Pod needs"
    yield holds(millis >= 100, f"each asks for {asked}", f"each asks for {asked} CPU", hint)
    if not cluster.ready("deployment/web"):
        waiting = int((cluster.get("pods").STATUS == "Pending").sum())
        raise Mistake(f"{waiting} Pods wait", "how many Pods of that request fit on 2 cores?")
    hint = "fewer Pods take less, but four are wanted: it is the request that is wrong"
    running = int((cluster.get("pods").STATUS == "Running").sum())
    yield holds(running == 4, "all four run", f"{running} run", hint)
