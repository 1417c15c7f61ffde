"""The ConfigMaps, Secrets and Services that a kubelet keeps for its Pods."""

from __future__ import annotations

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from course_lib.node.object_watches import ObjectWatches
from course_lib.objects.kinds.config_map import ConfigMap
from course_lib.runtimes.logs import said
from tests.conftest import container, pod, service


def config_map(name: str = "settings", **data: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_an_object_is_watched_while_a_pod_names_it():
    server = APIServer(Simulation())
    client, store = LocalClient(server), server.store
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    client.create(config_map(colour="blue"))
    watches, own = ObjectWatches(client), len(store.watches)
    first, second = watches.of("1"), watches.of("2")
    assert first.find(ConfigMap, "settings", "default").data == {"colour": "blue"}
    assert second.find(ConfigMap, "settings", "default") is not None
    assert first.find(ConfigMap, "later", "default") is None
    assert len(store.watches) - own == 2, "one for each object, however many Pods name it"
    client.patch(ConfigMap, "settings", "default", {"data": {"colour": "green"}})
    client.create(config_map("later"))
    assert second.find(ConfigMap, "settings", "default").data == {"colour": "green"}
    assert first.find(ConfigMap, "later", "default") is not None
    watches.forget("1")
    assert len(store.watches) - own == 1
    watches.forget("2")
    assert len(store.watches) - own == 0


def test_a_container_that_restarts_while_no_api_server_answers_gets_what_the_kubelet_has_seen():
    cluster = Cluster.single_master()
    shop = service("shop", ports=[{"port": 80}])
    script = "echo $COLOUR $SHOP_SERVICE_PORT; sleep 20; exit 1"
    named = [{"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "c"}}}]
    box = container(image="busybox:1.36", command=["sh", "-c", script], env=named)
    cluster.apply([config_map(c="blue"), shop, pod(containers=[box])])
    cluster.run(seconds=25)
    cluster.kill_node("control-plane-1")
    cluster.run(seconds=60)
    workers = {n: k.workers for n, k in cluster.kubelets.items() if n.startswith("worker")}
    (node,) = (name for name, kept in workers.items() if kept)
    (worker,) = workers[node].values()
    assert worker.slots[0].restarts >= 1
    logs = [path for path in cluster.runtimes[node].disk.files if path.endswith("/1.log")]
    assert [said(cluster.runtimes[node].disk.read(path)) for path in logs] == ["blue 80\n"]
