"""Our scheduler, controllers and kubelet, each alone, as clients of the real API server.

Each write of theirs passes the real validation. The rest of the control plane is the real one, or
is left out; where no kubelet runs, the test reports what one would.
"""

from __future__ import annotations

import pytest

from course_lib.objects.release import RELEASE
from tests.peers.plane import building, ours
from tests.peers.plane.ours import (
    act_as_kubelet,
    create,
    listed,
    pods_of,
    put_node,
    running,
    sure,
)
from tests.peers.plane.programs import RealPlane, real_plane
from tests.required import requires

pytestmark = requires(building.missing())


@pytest.fixture
def plane(tmp_path):
    with real_plane(tmp_path, control=False) as plane:
        yield plane


def template(app, restart="Always", **spec):
    container = {"name": "main", "image": "nginx:1.27"} | spec.pop("container", {})
    spec = {"restartPolicy": restart, "containers": [container]} | spec
    return {"metadata": {"labels": {"app": app}}, "spec": spec}


def chosen(app):
    return {"matchLabels": {"app": app}}


def condition(document, type):
    found = (document.get("status") or {}).get("conditions") or []
    return next((each for each in found if each["type"] == type), {})


# The scheduler

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
DISK = {"key": "disk", "operator": "In", "values": ["ssd"]}
WEB = {"labelSelector": chosen("fits"), "topologyKey": "kubernetes.io/hostname"}
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
UNSCHEDULABLE = {
    "too-big": {"container": {"resources": {"requests": {"cpu": "100", "memory": "1Ti"}}}},
    "selects-none": {"nodeSelector": {"disk": "ssd"}},
    "attracted": {"affinity": {"nodeAffinity": {REQUIRED: {
        "nodeSelectorTerms": [{"matchExpressions": [DISK]}]}}}},
    "repelled": {"affinity": {"podAntiAffinity": {REQUIRED: [WEB]}}},
    "alone": {"affinity": {"podAffinity": {REQUIRED: [
        WEB | {"labelSelector": chosen("nobody")}]}}},
    "spread": {"topologySpreadConstraints": [SPREAD | {"labelSelector": chosen("spread")}]},
    "port": {"container": {"ports": [{"containerPort": 80, "hostPort": 80}]}},
    "no-claim": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "missing"}}]},
}  # fmt: skip


def fill(plane: RealPlane) -> None:
    """Nodes, a Deployment that fits on two of them, and Pods that fit nowhere."""
    spec = template("fits", container=UNSCHEDULABLE["port"]["container"])
    create(plane, "apps/v1/deployments", "fits",
           {"replicas": 2, "selector": chosen("fits"), "template": spec})  # fmt: skip
    sure(lambda: len(bound(plane, "fits")) == 2, "both Pods are bound")
    for name, more in UNSCHEDULABLE.items():
        create(plane, "v1/pods", name, template(name, **more)["spec"])
    sure(lambda: all(refusal(plane, name) for name in UNSCHEDULABLE), "each Pod has its refusal")


def bound(plane, app):
    return {pod["spec"]["nodeName"] for pod in pods_of(plane, app) if "nodeName" in pod["spec"]}


def refusal(plane, name):
    """The condition of a Pod that was refused, and the events about it."""
    pod = listed(plane, "v1/pods")[name]
    stated = condition(pod, "PodScheduled")
    events = [
        (event["type"], event["reason"], event.get("message"), event["reportingComponent"])
        for event in listed(plane, "v1/events").values()
        if event["involvedObject"]["name"] == name
    ]
    if not stated or not events:
        return None
    return stated["status"], stated["reason"], stated["message"], sorted(set(events))


def clear(plane):
    """Delete what was filled in, and the events about it."""
    plane.ask("DELETE", "/apis/apps/v1/namespaces/default/deployments/fits")
    now = {"gracePeriodSeconds": 0}

    def empty():
        plane.ask("DELETE", "/api/v1/namespaces/default/pods", now)
        return not listed(plane, "v1/pods") and not listed(plane, "apps/v1/replicasets")

    sure(empty, "all Pods are gone")
    plane.ask("DELETE", "/api/v1/namespaces/default/events")


def test_our_scheduler_binds_and_refuses_as_the_real_one(plane):
    plane.control()
    put_node(plane, "node-1")
    put_node(plane, "node-2")
    put_node(plane, "node-3", taints=[{"key": "for", "value": "others", "effect": "NoSchedule"}])
    with running(plane, "schedule") as scheduler:
        fill(plane)
        told = {name: refusal(plane, name) for name in UNSCHEDULABLE}
        placed = bound(plane, "fits")
        scheduled = [e for e in listed(plane, "v1/events").values() if e["reason"] == "Scheduled"]
        assert scheduler.transport.refused == []
        assert scheduler.failures == []
    clear(plane)
    plane.schedule()
    fill(plane)
    real = {name: refusal(plane, name) for name in UNSCHEDULABLE}
    assert told == real
    assert placed == bound(plane, "fits") == {"node-1", "node-2"}
    assert len(scheduled) == 2
    for event in scheduled:
        name, node = event["involvedObject"]["name"], event["message"].rpartition(" ")[2]
        assert event["message"] == f"Successfully assigned default/{name} to {node}"
        assert node in placed


# The controllers


def work(plane: RealPlane) -> None:
    """Objects that controllers act on."""
    web = {"selector": chosen("web"), "template": template("web")}
    create(plane, "apps/v1/deployments", "web", web | {"replicas": 3})
    job = {"completions": 2, "parallelism": 2, "template": template("job", "Never")}
    create(plane, "batch/v1/jobs", "job", job)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    db = {"selector": chosen("db"), "template": template("db"), "replicas": 2, "serviceName": "db"}
    db["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
    create(plane, "apps/v1/statefulsets", "db", db)
    agent = {"selector": chosen("agent"), "template": template("agent")}
    create(plane, "apps/v1/daemonsets", "agent", agent)
    controller = {"replicas": 1, "selector": {"app": "rc"}, "template": template("rc")}
    create(plane, "v1/replicationcontrollers", "rc", controller)
    service = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    create(plane, "v1/services", "web", service)
    budget = {"minAvailable": 1, "selector": chosen("web")}
    create(plane, "policy/v1/poddisruptionbudgets", "web", budget)
    create(plane, "v1/resourcequotas", "quota", {"hard": {"pods": "100"}})
    cron = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template("c", "Never")}}}
    create(plane, "batch/v1/cronjobs", "cron", cron)


def report(plane, counts, phases=("Running", "Succeeded")):
    """Report every Pod that is there as running, or those of Jobs as ended."""
    for app, count in counts.items():
        sure(lambda app=app, count=count: len(pods_of(plane, app)) == count, f"Pods of {app}")
        for pod in pods_of(plane, app):
            if pod["status"]["phase"] == "Pending":
                act_as_kubelet(plane, pod, phases[app == "job"])


def addresses(plane, name):
    subsets = listed(plane, "v1/endpoints").get(name, {}).get("subsets", [])
    return sum(len(subset.get("addresses", [])) for subset in subsets)


def status(plane, resource, name):
    return listed(plane, resource)[name].get("status", {})


def test_our_controllers_reach_their_end_states_and_the_real_server_takes_all_they_write(plane):
    put_node(plane, "node-1")
    put_node(plane, "node-2")
    with running(plane, "control") as controllers:
        sure(lambda: "default" in listed(plane, "v1/serviceaccounts"), "a ServiceAccount")
        work(plane)
        report(plane, {"web": 3, "job": 2, "db": 1, "agent": 2, "rc": 1})
        report(plane, {"db": 2})

        def reached(resource, name, **expected):
            sure(lambda: expected.items() <= status(plane, resource, name).items(),
                 f"{resource} {name}: {expected}")  # fmt: skip

        three = {"replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 3}
        reached("apps/v1/deployments", "web", **three)
        reached("apps/v1/statefulsets", "db", replicas=2, readyReplicas=2, currentReplicas=2)
        reached("apps/v1/daemonsets", "agent", desiredNumberScheduled=2, numberReady=2)
        reached("batch/v1/jobs", "job", succeeded=2)
        reached("v1/replicationcontrollers", "rc", replicas=1, readyReplicas=1)
        reached("policy/v1/poddisruptionbudgets", "web", disruptionsAllowed=2, currentHealthy=3)
        reached("v1/resourcequotas", "quota", hard={"pods": "100"})
        job = listed(plane, "batch/v1/jobs")["job"]
        assert condition(job, "Complete")["reason"] == "CompletionsReached"
        deployment = listed(plane, "apps/v1/deployments")["web"]
        assert condition(deployment, "Available")["status"] == "True"
        assert condition(deployment, "Progressing")["reason"] == "NewReplicaSetAvailable"
        assert sorted(listed(plane, "v1/persistentvolumeclaims")) == ["data-db-0", "data-db-1"]
        sure(lambda: addresses(plane, "web") == 3, "endpoints")
        minute = 70  # s: a CronJob's schedule names minutes
        sure(
            lambda: "lastScheduleTime" in status(plane, "batch/v1/cronjobs", "cron"), "cron", minute
        )
        roll(plane)
        empty(plane)
        assert controllers.transport.refused == []
        assert controllers.failures == []


def roll(plane):
    """Change the image of a Deployment, and report its new Pods until the rollout is done."""
    change = [{"name": "main", "image": "nginx:1.28"}]
    patch = {"spec": {"template": {"spec": {"containers": change}}}}
    path = "/apis/apps/v1/namespaces/default/deployments/web"
    plane.ask("PATCH", path, patch, media_type=ours.MERGE)

    def rolled():
        for pod in pods_of(plane, "web"):
            if pod["status"]["phase"] == "Pending":
                act_as_kubelet(plane, pod)
        gone = [pod for pod in listed(plane, "v1/pods").values()
                if "deletionTimestamp" in pod["metadata"]]  # fmt: skip
        for pod in gone:
            name = pod["metadata"]["name"]
            plane.ask(
                "DELETE", f"/api/v1/namespaces/default/pods/{name}", {"gracePeriodSeconds": 0}
            )
        images = {pod["spec"]["containers"][0]["image"] for pod in pods_of(plane, "web")}
        done = status(plane, "apps/v1/deployments", "web")
        return images == {"nginx:1.28"} and done.get("updatedReplicas") == done.get("replicas") == 3

    sure(rolled, "the rollout is done")
    deployment = listed(plane, "apps/v1/deployments")["web"]
    revision = deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
    assert revision == "2"
    replicas = sorted(
        rs["spec"]["replicas"] for rs in listed(plane, "apps/v1/replicasets").values()
    )
    assert replicas == [0, 3]


def empty(plane):
    """Delete owners: what they own goes; and a namespace, which goes with what is in it."""
    for resource in ("deployments/web", "statefulsets/db", "daemonsets/agent"):
        plane.ask("DELETE", f"/apis/apps/v1/namespaces/default/{resource}")
    plane.ask("DELETE", "/apis/batch/v1/namespaces/default/jobs/job",
              {"propagationPolicy": "Foreground"})  # fmt: skip

    def owned():
        left = [pod for app in ("web", "db", "agent", "job") for pod in pods_of(plane, app)]
        return (
            left or listed(plane, "apps/v1/replicasets") or "job" in listed(plane, "batch/v1/jobs")
        )

    def ended():
        for pod in listed(plane, "v1/pods").values():
            if "deletionTimestamp" in pod["metadata"]:
                path = f"/api/v1/namespaces/default/pods/{pod['metadata']['name']}"
                plane.ask("DELETE", path, {"gracePeriodSeconds": 0})
        return not owned()

    sure(ended, "what was owned is gone")
    plane.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    sure(lambda: "kube-root-ca.crt" in listed(plane, "v1/configmaps", "shop"), "shop is furnished")
    plane.ask("DELETE", "/api/v1/namespaces/shop")
    sure(lambda: plane.ask("GET", "/api/v1/namespaces/shop").status == 404, "shop is gone")


# The kubelet

BUSYBOX = {"image": "busybox:1.36"}
ENDS = BUSYBOX | {"command": ["sh", "-c", "exit 0"]}
FAILS = BUSYBOX | {"command": ["sh", "-c", "exit 3"]}
PROBED = {"readinessProbe": {"httpGet": {"port": 80}, "periodSeconds": 1}}
PODS = {
    "ready": template("ready", container=PROBED),
    "ended": template("ended", "Never", container=ENDS),
    "failed": template("failed", "Never", container=FAILS),
    "crashing": template("crashing", container=FAILS),
    "prepared": template("prepared", initContainers=[ENDS | {"name": "first"}]),
    "too-big": template("too-big", container={"resources": {"requests": {"cpu": "100"}}}),
    "no-image": template("no-image", container={"image": "missing.invalid/no:1"}),
    "no-config": template("no-config", container={
        "envFrom": [{"configMapRef": {"name": "missing"}}]}),
    "configured": template("configured", volumes=[
        {"name": "settings", "configMap": {"name": "settings"}}]),
}  # fmt: skip
STATES = {  # phase, reason, and the reason for which the container waits or ended
    "ready": ("Running", None, None),
    "ended": ("Succeeded", None, "Completed"),
    "failed": ("Failed", None, "Error"),
    "crashing": ("Running", None, "Error"),
    "prepared": ("Running", None, None),
    "too-big": ("Failed", "OutOfcpu", None),
    "no-image": ("Pending", None, "ImagePullBackOff"),
    "no-config": ("Pending", None, "CreateContainerConfigError"),
    "configured": ("Running", None, None),
}


def state_of(pod):
    told = pod["status"]
    [container] = told.get("containerStatuses") or [{"state": {}}]
    why = [each.get("reason") for each in container["state"].values()]
    return told["phase"], told.get("reason"), why[0] if why else None


def test_our_kubelet_registers_runs_pods_and_keeps_its_lease(plane):
    account = {"metadata": {"name": "default"}}
    plane.ask("POST", "/api/v1/namespaces/default/serviceaccounts", account)
    settings = {"metadata": {"name": "settings"}, "data": {"colour": "blue"}}
    plane.ask("POST", "/api/v1/namespaces/default/configmaps", settings)
    # The volume with the token of an account holds it, and no controller writes it here.
    root = {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": "none"}}
    plane.ask("POST", "/api/v1/namespaces/default/configmaps", root)
    with running(plane, "node-9") as kubelet:
        node = plane.ask("GET", "/api/v1/nodes/node-9").document
        assert condition(node, "Ready")["status"] == "True"
        assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{RELEASE}"
        block = {"spec": {"podCIDR": "10.244.9.0/24", "podCIDRs": ["10.244.9.0/24"]}}
        plane.ask("PATCH", "/api/v1/nodes/node-9", block, media_type=ours.MERGE)
        renewed = lease(plane)
        for name, made in PODS.items():
            create(plane, "v1/pods", name, made["spec"] | {"nodeName": "node-9"})

        def states():
            return {name: state_of(pod) for name, pod in listed(plane, "v1/pods").items()}

        for name, state in STATES.items():
            sure(lambda name=name, state=state: states()[name] == state, f"{name}: {state}")
        ready = listed(plane, "v1/pods")["ready"]
        assert condition(ready, "Ready")["status"] == "True"
        assert condition(ready, "PodScheduled")["status"] == "True"
        assert ready["status"]["podIP"].startswith("10.244.9.")
        sure(lambda: lease(plane) != renewed, "the lease is renewed")
        for name in ("ready", "crashing", "no-image", "ended"):
            plane.ask(
                "DELETE", f"/api/v1/namespaces/default/pods/{name}", {"gracePeriodSeconds": 2}
            )
        sure(lambda: not {"ready", "crashing", "no-image", "ended"} & states().keys(),
             "deleted Pods are gone")  # fmt: skip
        assert kubelet.transport.refused == []
        assert kubelet.failures == []


def lease(plane):
    path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-9"
    return plane.ask("GET", path).document["spec"]["renewTime"]
