"""A cluster as an address: settings and acts are the whole of it."""

from __future__ import annotations

import base64
import zlib
from contextlib import nullcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simpy import Environment

from course_lib import Cluster
from course_lib.cluster.acts import Act
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.scenes import LONGEST, Scene, link
from course_lib.engine.simulation import Clock
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.widgets import LiveCluster

ACTS_WITHOUT = [
    Act(0.0, "drain", {"of": 1}),
    Act(0.0, "request", {}),
    Act(0.0, "request", {"method": 3, "path": 4}),
    Act(0.0, "request", {"method": "POST", "path": "/api/v1/pods", "body": 3}),
]
SITE = "https://example.org/course"
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words"}}
DOES = {
    "run": lambda cluster: cluster.run(seconds=3.7),
    "apply": lambda cluster: cluster.apply("data/web.yaml"),
    "scale": lambda cluster: cluster.kubectl("scale deployment/web --replicas=5"),
    "image": lambda cluster: cluster.kubectl("set image deployment/web web=nginx:1.28"),
    "drain": lambda cluster: cluster.kubectl("drain node-2 --ignore-daemonsets --timeout=20s"),
    "uncordon": lambda cluster: cluster.kubectl("uncordon node-2"),
    "wrong": lambda cluster: cluster.kubectl("delete pod nosuch"),
    "stdin": lambda cluster: cluster.kubectl("create -f -", stdin="kind: Nothing"),
    "generate": lambda cluster: cluster.kubectl(
        "create -f -",
        stdin="{apiVersion: v1, kind: ConfigMap, metadata: {generateName: any-}}",
    ),
    "look": lambda cluster: cluster.kubectl("describe nodes"),
    "rollout": lambda cluster: cluster.kubectl("rollout status deployment/web --timeout=9s"),
    "wait": lambda cluster: cluster.kubectl(
        "wait --for=condition=available deployment/web --timeout=7s"
    ),
    "until": lambda cluster: cluster.run_until(lambda: cluster.ready("deployment/web"), 9.0),
    "dry": lambda cluster: cluster.kubectl("run x --image=nginx --dry-run=server"),
    "kill": lambda cluster: cluster.kill_node("node-1"),
    "restore": lambda cluster: cluster.restore_node("node-1"),
    "node": lambda cluster: cluster.add_node(),
    "dns": lambda cluster: cluster.install_dns(),
    "delete": lambda cluster: cluster.delete("deployment", "web"),
    "runtime": lambda cluster: cluster.swap_runtime("node-2", "lxd"),
}


def history(cluster: Cluster) -> list[object]:
    return [cluster.now, *cluster.sim.log.entries]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(sorted(DOES)), max_size=9), st.integers(0, 5))
def test_what_is_built_from_the_address_has_the_same_history(names, seed):
    cluster = Cluster(nodes=2, seed=seed)
    for name in names:
        try:
            DOES[name](cluster)
        except CourseError:
            continue  # a refusal is part of the history, too
    cluster.run(seconds=20)
    address = link(cluster, SITE)
    again = Scene.read(address.partition("scene=")[2]).build(Cluster)
    assert history(again) == history(cluster)
    assert again.document("node", "node-1") == cluster.document("node", "node-1")


def test_a_layout_and_its_faults_are_told():
    cluster = Cluster.ha_etcd(masters=2, workers=1, seed=3)
    cluster.fail_disk("etcd-2")
    cluster.run(seconds=10)
    cluster.kill_process("control-plane-1", "kube-apiserver")
    cluster.run(seconds=10)
    assert history(Scene.read(Scene.of(cluster).text).build(Cluster)) == history(cluster)


def test_a_network_and_its_traffic_are_told():
    cluster = Cluster(nodes=2, network="calico")
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    cluster.load("web", requests_per_second=5)
    cluster.run(seconds=10)
    assert link(cluster, SITE).startswith(f"{SITE}/embed.html?scene=")


def test_clicks_are_told():
    view = LiveCluster(Cluster(nodes=3))
    view.cluster.apply("data/web.yaml")
    view.step(30)
    view.drain("node-1")
    view.cordon("node-2")
    view.step(30)
    assert history(Scene.of(view.cluster).build(Cluster)) == history(view.cluster)


def test_a_manifest_is_told_as_it_was_when_it_was_applied(tmp_path):
    path = tmp_path / "words.yaml"
    path.write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: words}}")
    cluster = Cluster()
    cluster.apply(path)
    assert cluster.kubectl(f"label -f {path} tone=low").code == 0
    path.unlink()
    again = Scene.of(cluster).build(Cluster)
    assert again.document("configmap", "words") == cluster.document("configmap", "words")


def test_what_was_done_behind_its_back_is_refused():
    cluster = Cluster()
    cluster.run(seconds=5)
    cluster.api.patch("Node", "node-1", "", {"spec": {"unschedulable": True}})
    cluster.run(seconds=5)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    with pytest.raises(CourseError, match="a link cannot tell all that was done"):
        link(cluster, SITE)


def test_what_no_component_logged_is_refused_by_the_name_of_its_object():
    cluster = Cluster()
    cluster.api.patch("Node", "node-1", "", {"metadata": {"labels": {"disk": "ssd"}}})
    cluster.run(seconds=5)
    with pytest.raises(CourseError, match=r"found: .*/nodes/node-1"):
        link(cluster, SITE)


@pytest.mark.parametrize("wait", ["rollout status deployment/web", "delete pod/{pod}"])
def test_an_act_after_a_command_that_waited_is_told(wait):
    cluster = Cluster()
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    cluster.kubectl("set image deployment/web web=nginx:1.28").checked()
    cluster.kubectl(wait.format(pod=cluster.get("pods").NAME[0])).checked()
    cluster.kubectl("scale deployment/web --replicas=1").checked()
    again = Scene.read(link(cluster, SITE).partition("scene=")[2]).build(Cluster)
    cluster.run(seconds=20)
    again.run(seconds=20)
    assert history(again) == history(cluster)


def test_a_look_at_the_cluster_after_a_command_that_waited_changes_nothing():
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("deaf:v1", ignores_sigterm=True)
    cluster.kubectl("run deaf --image=deaf:v1").checked()
    cluster.run(seconds=20)
    cluster.kubectl("delete pod deaf").checked()
    addresses = set()
    for look in ("get pods", "describe nodes", "get leases -A", "get nodes -o yaml"):
        cluster.kubectl(look)
        addresses.add(link(cluster, SITE))
    assert len(addresses) == 1


def test_a_look_at_a_cluster_on_etcd_is_told_and_the_link_itself_is_none():
    cluster = Cluster.ha_etcd(masters=2, workers=1)
    cluster.run(seconds=10)
    cluster.kubectl("get pods")
    assert link(cluster, SITE) == link(cluster, SITE)
    cluster.kill_node(cluster.etcd.leader.name)
    cluster.run(seconds=20)
    again = Scene.read(link(cluster, SITE).partition("scene=")[2]).build(Cluster)
    assert history(again) == history(cluster)


def test_images_and_what_their_programs_do_are_told():
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/greedy", memory=[(0, "20Mi"), (30, "200Mi")])
    cluster.registry.push("course/greedy:v1", size=30_000_000)
    cluster.registry.push("course/greedy:v2", size=31_000_000)
    cluster.registry.withdraw("course/greedy:v2")
    cluster.kubectl("run greedy --image=course/greedy:v1").checked()
    again = Scene.read(link(cluster, SITE).partition("scene=")[2]).build(Cluster)
    assert again.registry.tags("course/greedy") == ["v1"]
    assert again.behaviours.of("course/greedy:v1") == cluster.behaviours.of("course/greedy:v1")
    cluster.run(seconds=60)
    again.run(seconds=60)
    assert history(again) == history(cluster)


def test_an_image_that_was_built_is_refused_by_name():
    cluster = Cluster(nodes=1)
    cluster.registry.push("course/copy:v1", content=Registry().fetch("nginx"))
    with pytest.raises(CourseError, match=r"registry\.push"):
        link(cluster, SITE)


def test_a_scene_tells_whether_another_release_shows_it():
    scene = Scene.of(Cluster(nodes=2))
    assert scene.shown_by(scene.build(Cluster))
    assert not scene.shown_by(Cluster(nodes=3))


def test_a_scene_without_what_later_releases_added_is_read():
    old = zlib.compress(b'[{"nodes":2},[[1.5,"kill_node",{"node":"node-2"}]],80.0]')
    scene = Scene.read(base64.urlsafe_b64encode(old).decode())
    cluster = scene.build(Cluster)
    assert list(cluster.get("nodes").STATUS) == ["Ready", "NotReady"]
    assert scene.shown_by(cluster)


def test_a_setting_that_is_no_plain_value_is_refused():
    from course_lib.scheduler import with_plugins

    cluster = Cluster(scheduler=with_plugins())
    with pytest.raises(CourseError, match="a link cannot tell all that was done"):
        link(cluster, SITE)


@pytest.mark.parametrize("more", [0, 1])
def test_an_address_of_more_than_8000_characters_is_refused(more, monkeypatch):
    cluster = Cluster(nodes=1)
    cluster.apply(CONFIG_MAP)
    length = len(link(cluster, SITE))
    monkeypatch.setattr("course_lib.cluster.scenes.LONGEST", length - more)
    if more:
        with pytest.raises(CourseError, match="the address is too long"):
            link(cluster, SITE)
    else:
        assert len(link(cluster, SITE)) == length < LONGEST


@pytest.mark.parametrize("text", ["", "x", "AAAA", "eJyLBQAAxgBe", "é", "eJwDAAAAAAE"])
def test_a_text_that_is_no_scene_is_refused(text):
    with pytest.raises(CourseError, match="this is no scene"):
        Scene.read(text)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'[{"a":' + b"[" * 100_000])
def test_what_is_nested_too_deep_is_no_scene(content):
    with pytest.raises(CourseError, match="this is no scene"):
        Scene.read(base64.urlsafe_b64encode(zlib.compress(content)).decode())


@pytest.mark.parametrize("more", [0, 1])
def test_a_text_of_more_than_8000_characters_is_not_unpacked(more):
    text = Scene.of(Cluster(nodes=1)).text
    longer = text + "=" * (LONGEST + more - len(text))  # padding, which is no part of it
    with refused(more > 0, "8,001 characters, of 8,000 at most"):
        assert Scene.read(longer).settings == {"nodes": 1}


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_what_unpacks_to_too_much_is_not_read(more, monkeypatch):
    scene = Scene.of(Cluster(nodes=1))
    length = len(zlib.decompress(base64.urlsafe_b64decode(scene.text + "==")))
    monkeypatch.setattr("course_lib.cluster.scenes.MOST_BYTES", length - more)
    with refused(more > 0, rf"unpacks to more than {length - 1} bytes"):
        assert Scene.read(scene.text) == scene


def test_a_text_that_lost_its_end_is_no_scene():
    with pytest.raises(CourseError, match="not complete"):
        Scene.read(Scene.of(Cluster(nodes=1)).text[:-8])


def refused(when, words):
    """Within it a scene is refused in these words, or nothing is."""
    return pytest.raises(CourseError, match=words) if when else nullcontext()


def bounded(monkeypatch, **bounds):
    for name, value in bounds.items():
        monkeypatch.setattr(f"course_lib.cluster.scenes.{name}", value)


@pytest.mark.parametrize("most", [3, 4, 5])
@pytest.mark.parametrize("make", [lambda: Cluster(nodes=4), lambda: Cluster.single_master(3)])
def test_a_scene_with_too_many_machines_is_refused_by_name(make, most, monkeypatch):
    scene = Scene.of(make())
    bounded(monkeypatch, MOST_MACHINES=most)
    with refused(most < 4, r"at most 3 machines\s+found: +4"):
        scene.build(Cluster)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_scene_with_too_many_acts_is_refused_by_name(most, monkeypatch):
    scene = Scene({"nodes": 1}, [Act(0.0, "add_node", {})] * 2, 0.0)
    bounded(monkeypatch, MOST_ACTS=most)
    with refused(most < 2, r"at most 1 acts\s+found: +2"):
        scene.build(Cluster)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_scene_that_takes_too_many_steps_is_refused_by_its_time(more, monkeypatch):
    cluster, steps = Cluster(nodes=2), 0
    cluster.run(seconds=100)

    def counted(env):
        nonlocal steps
        steps += 1
        Environment.step(env)

    monkeypatch.setattr(Clock, "step", counted, raising=False)
    link(cluster, SITE)
    bounded(monkeypatch, MOST_STEPS=steps - more)
    with refused(more > 0, r"steps of the simulation\s+.* of 100 simulated s"):
        assert link(cluster, SITE)


@pytest.mark.parametrize("far", [1e7, 1e300])
def test_a_moment_far_away_is_refused(far, monkeypatch):
    bounded(monkeypatch, MOST_STEPS=3000)
    scene = Scene(Scene.of(Cluster.ha_etcd(masters=1, workers=1)).settings, [], far)
    with pytest.raises(CourseError, match="a browser needs too long to build this scene"):
        scene.build(Cluster)


def test_the_bound_ends_with_the_building(monkeypatch):
    scene = Scene.of(Cluster(nodes=2))
    bounded(monkeypatch, MOST_STEPS=1)
    scene.build(Cluster).run(seconds=100)


def test_a_scene_has_no_other_commands_than_those_of_a_cluster():
    scene = Scene({"nodes": 1}, [Act(0.0, "save_snapshot", {})], 0.0)
    with pytest.raises(CourseError, match="no such act"):
        scene.build(Cluster)


@pytest.mark.parametrize("act", ACTS_WITHOUT)
def test_an_act_without_its_arguments_is_no_scene(act):
    with pytest.raises(CourseError, match="this is no scene"):
        Scene({"nodes": 1}, [act], 0.0).build(Cluster)


def test_the_cluster_in_use_stays_in_use():
    cluster = Cluster(nodes=1)
    link(cluster, SITE)
    assert CONTEXTS.in_use is cluster
