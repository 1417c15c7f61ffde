"""The face: apply, tables, describe, pictures, the live view."""

from __future__ import annotations

import html

import pytest

from course_lib import plots
from course_lib.apiserver.errors import Compacted
from course_lib.apiserver.server import APIServer
from course_lib.cluster import Cluster
from course_lib.engine.table import Table
from course_lib.errors import CourseError, SimulationTimeout
from course_lib.experiments import generate, sweep
from course_lib.objects.kinds import BUILT_IN
from course_lib.orchestrators import Machine, Workload, compare
from course_lib.plots import pods_over_time, requested_by_node, requests_over_time
from course_lib.widgets import PackingWorkbench
from tests.conftest import container, pod, service, workload


def test_apply_creates_leaves_unchanged_configures_and_removes_what_is_no_longer_written(cluster):
    first = workload(replicas=2)
    first["metadata"]["labels"] = {"team": "a", "old": "yes"}
    assert list(cluster.apply(first).RESULT) == ["created"]
    assert list(cluster.apply(first).RESULT) == ["unchanged"]
    cluster.kubectl("scale deployment/web --replicas=7")
    second = workload(containers=[container(image="nginx:1.28")])
    second["metadata"]["labels"] = {"team": "b"}
    assert list(cluster.apply(second).RESULT) == ["configured"]
    view = cluster.api.get("Deployment", "web")
    assert view.labels == {"team": "b"}
    assert view.spec.template.spec.containers[0].image == "nginx:1.28"


def test_what_others_set_stays_when_the_manifest_does_not_say_it(cluster):
    cluster.apply(workload())
    cluster.kubectl("scale deployment/web --replicas=7")
    cluster.apply(workload())
    assert cluster.api.get("Deployment", "web").spec.replicas == 7


def test_containers_are_merged_by_name(cluster):
    cluster.apply(workload(containers=[container("a"), container("b")]))
    document = cluster.document("deployment", "web")
    document["spec"]["template"]["spec"]["containers"].append(container("injected"))
    cluster.api.update(document)
    cluster.apply(workload(containers=[container("a", "nginx:1.28")]))
    spec = cluster.api.get("Deployment", "web").spec.template.spec
    assert [(c.name, c.image) for c in spec.containers] == [
        ("a", "nginx:1.28"),
        ("injected", "nginx:1.27"),
    ]


def test_a_folder_and_a_list_can_be_applied(cluster, tmp_path):
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    (tmp_path / "b.json").write_text(
        '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}}'
    )
    assert list(cluster.apply(tmp_path).OBJECT) == ["configmap/a", "secret/b"]
    both = {"apiVersion": "v1", "kind": "List", "items": [pod("p"), service("s")]}
    assert list(cluster.apply([both]).OBJECT) == ["pod/p", "service/s"]


def test_every_kind_has_its_table_and_description(cluster):
    cluster.apply(
        [workload(), service(), workload("StatefulSet", "db"), workload("DaemonSet", "agent")]
    )
    cluster.run(seconds=30)
    for kind in BUILT_IN:
        table = cluster.get(kind.plural, namespace=None)
        assert isinstance(table, Table)
        assert "NAME" in table.columns or kind.kind == "Event"
        for found in cluster.api.list(kind.kind)[:2]:
            assert found.name in cluster.describe(
                kind.kind, found.name, found.namespace or "default"
            )


def test_tables_carry_kubectls_columns(cluster):
    cluster.apply([workload(), service()])
    cluster.run(seconds=30)
    assert list(cluster.get("pods").columns) == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert cluster.get("po", namespace=None).columns[0] == "NAMESPACE"
    assert list(cluster.get("deploy").columns) == [
        "NAME",
        "READY",
        "UP-TO-DATE",
        "AVAILABLE",
        "AGE",
    ]
    assert list(cluster.get("svc").columns)[:3] == ["NAME", "TYPE", "CLUSTER-IP"]
    assert len(cluster.get("pods", selector="app=web")) == 1
    assert len(cluster.get("pods", selector="app!=web")) == 0
    assert len(cluster.get("pods", field_selector="status.phase=Running")) == 1
    with pytest.raises(CourseError, match="doesn't have a resource type"):
        cluster.get("gizmos")


def test_a_timeout_names_the_pods_that_were_still_pending(cluster):
    cluster.apply(pod(containers=[container(image="registry.invalid/web:v1")]))
    with pytest.raises(SimulationTimeout, match="Pod web: ErrImagePull"):
        cluster.run_until(lambda: cluster.ready("pod/web"), timeout=60)


def test_mistakes_in_commands_are_explained(cluster):
    cluster.apply(workload())
    with pytest.raises(CourseError, match="no such node"):
        cluster.kill_node("node-9")
    with pytest.raises(CourseError, match="named by kind and name"):
        cluster.ready("web")
    with pytest.raises(CourseError, match="no such part of a behaviour"):
        cluster.behaviours.set("nginx", speed=3)
    with pytest.raises(CourseError, match="propagation"):
        cluster.delete("deployment", "web", propagation="Sideways")
    with pytest.raises(CourseError, match="a node node-1 already"):
        cluster.add_node("node-1")


def test_pictures_say_in_words_what_they_show_and_are_the_same_each_time(cluster):
    cluster.apply([workload(replicas=3), service()])
    cluster.run(seconds=30)
    load = cluster.load("web", requests_per_second=5)
    cluster.run(seconds=10)
    for picture in (pods_over_time(cluster), requested_by_node(cluster), requests_over_time(load)):
        bundle = picture._repr_mimebundle_()
        assert bundle["text/plain"] == picture.alt
        assert f"<title>{picture.alt}</title>" in picture.svg()
        assert f'alt="{html.escape(picture.alt)}"' in bundle["text/html"]
        assert picture.svg() == picture.svg()
    assert "node-1 1, node-2 1, node-3 1, 3 ready" in pods_over_time(cluster).alt
    assert "no node yet" not in pods_over_time(cluster).svg(), "a moment is too short to be seen"
    assert f"{load.sent} sent, 0 failed" in requests_over_time(load).alt


def test_a_thousand_pods_on_fifty_nodes():
    cluster = Cluster(nodes=50, cpu="8", zones=("a", "b", "c"))
    cluster.apply(workload(replicas=1000))
    cluster.run_until(lambda: cluster.ready("deployment/web"), timeout=120)
    counts = cluster.get("pods", wide=True).NODE.value_counts()
    # Zones count before nodes: that of 16 nodes gets as many Pods as those of 17.
    assert counts.max() - counts.min() <= 3
    zones = [int(name.split("-")[1]) % 3 for name in cluster.get("pods", wide=True).NODE]
    assert max(map(zones.count, range(3))) - min(map(zones.count, range(3))) <= 10


def test_the_packing_workbench_follows_its_controls_and_steps():
    bench = PackingWorkbench()
    assert [len(placed) for placed in bench.placed.values()] == [8] * 5
    bench.replicas.value = 5
    bench.apart.value = True
    assert bench.picture.value.count("(1 waiting)") == 5
    bench.step.value = 2
    assert "2 of 2 placed" in bench.picture.value
    bench.engine.value = "HashiCorp Nomad"
    assert "<b>task.2</b> goes to" in bench.why.value
    assert "distinct_hosts" in bench.why.value
    bench.ssd.value = True
    assert bench.picture.value.count("(3 waiting)") == 5
    assert 'role="img"' in bench.picture.value


def test_pictures_of_packing_policies_and_utilisation(cluster):
    work = [Workload("web", 4, 500, 512)]
    machines = [Machine("m1", 1000, 4096), Machine("m2", 4000, 4096)]
    runs = sweep(["pack", "spread"], [generate("batch", 30, nodes=4)], progress=False, workers=1)
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    pictures = [
        plots.packing(compare(work, machines), work, machines),
        plots.node_heat_map(cluster.plane.scheduler.nodes),
        plots.utilisation_over_time(cluster),
        plots.policy_comparison(runs, "cpu_mean"),
        plots.fragmentation_curve(runs),
    ]
    for picture in pictures:
        assert picture.alt
        assert picture.svg() == picture.svg()
    assert "Docker Swarm 2+2, 0 waiting" in pictures[0].alt


def test_a_managed_control_plane_forgets_changes_of_more_than_ten_minutes_ago():
    cluster = Cluster(nodes=1)
    cluster.run(60)
    document = pod("early")
    server = cluster.api.reach()
    revision = int(server.create(document).metadata.resource_version)
    cluster.run(200)
    server.watch("Pod", lambda event: None, since=revision)
    cluster.run(400)
    with pytest.raises(Compacted):
        server.watch("Pod", lambda event: None, since=revision)


def test_no_component_lists_the_api_while_nothing_changes(monkeypatch):
    cluster = Cluster(network="calico", cloud=True)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=60)
    monkeypatch.setattr(APIServer, "list", lambda *_, **__: pytest.fail("a component lists"))
    cluster.run(seconds=600)
