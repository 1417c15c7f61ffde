"""KubeSchedulerConfiguration: plugins, weights and arguments as the file says."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.scheduler.profiles import DEFAULT_PLUGINS, default_framework, frameworks
from tests.conftest import container, pod

HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
PACKER = (
    HEAD
    + """
profiles:
  - schedulerName: default-scheduler
  - schedulerName: packer
    plugins:
      multiPoint:
        disabled: [{name: DefaultPreemption}]
      score:
        disabled: [{name: NodeResourcesBalancedAllocation}, {name: PodTopologySpread}]
        enabled: [{name: NodeResourcesFit, weight: 7}]
    pluginConfig:
      - name: NodeResourcesFit
        args:
          scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 1}]}
"""
)


def asking(name: str, cpu: str, **spec: object) -> dict:
    return pod(name, [container(resources={"requests": {"cpu": cpu}})], **spec)


def test_the_default_profile_has_upstreams_plugins_and_weights():
    made = default_framework()
    assert {p.name for p in made.plugins} == set(DEFAULT_PLUGINS)
    assert {p.name: w for p, w in made.scorers} == {
        "TaintToleration": 3,
        "NodeAffinity": 2,
        "NodeResourcesFit": 1,
        "VolumeBinding": 1,
        "PodTopologySpread": 2,
        "InterPodAffinity": 2,
        "NodeResourcesBalancedAllocation": 1,
        "ImageLocality": 1,
    }


def test_a_profile_disables_enables_and_weighs():
    spread, packer = frameworks(PACKER)
    weights = {p.name: w for p, w in packer.scorers}
    assert weights["NodeResourcesFit"] == 7
    assert "NodeResourcesBalancedAllocation" not in weights
    assert "PodTopologySpread" in {p.name for p in packer.at["filter"]}, "disabled for score alone"
    names = [p.name for p in spread.at["postFilter"]]
    assert names == ["DynamicResources", "DefaultPreemption"]
    assert [p.name for p in packer.at["postFilter"]] == ["DynamicResources"]
    only = HEAD + "profiles: [{plugins: {score: {disabled: [{name: '*'}]}}}]"
    assert frameworks(only)[0].scorers == []


def test_pods_choose_their_profile_by_scheduler_name():
    cluster = Cluster(nodes=3, scheduler=PACKER)
    cluster.apply([asking(f"p{i}", "1", schedulerName="packer") for i in range(4)])
    cluster.run(seconds=10)
    assert cluster.get("pods", wide=True).NODE.nunique() == 1
    cluster.apply([asking(f"s{i}", "1") for i in range(3)])
    cluster.run(seconds=10)
    assert cluster.get("pods", wide=True)[4:].NODE.nunique() >= 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apiVersion: v1\nkind: Pod", "not a scheduler configuration"),
        (HEAD + "profiles: 5", "KubeSchedulerConfiguration: profiles"),
        (HEAD + "profiles: [{plugins: {score: {enabled: [NodeName]}}}]", r"enabled\[0\]"),
        (HEAD + "profiles: [{plugins: {score: {enabled: [{weight: 2}]}}}]", "field `name`"),
        (
            HEAD + "profiles: [{plugins: {score: {enabled: [{name: X, weight: 2147483648}]}}}]",
            "<= 2147483647",
        ),
        (HEAD + "profiles: [{pluginConfig: [{name: X, args: 5}]}]", "args"),
        (f"{HEAD}---\n{HEAD}", "one configuration"),
        (HEAD + "profiles: [{}, {}]", "schedulerName of its own"),
        (HEAD + "profiles: [{plugins: {score: {enabled: [{name: Best}]}}}]", "no such plugin"),
        (HEAD + "profiles: [{plugins: {scores: {}}}]", "no such extension point"),
        (
            HEAD
            + "profiles: [{pluginConfig: [{name: NodeResourcesFit, "
            + "args: {scoringStrategy: {type: Best}}}]}]",
            "arguments of NodeResourcesFit",
        ),
    ],
)
def test_mistakes_in_a_configuration_are_explained(text, said):
    with pytest.raises(CourseError, match=said):
        frameworks(text)


def test_what_a_configuration_asks_for_in_vain_is_said_in_the_log():
    text = HEAD + "parallelism: 5\nprofiles: [{parallelism: 7}]"
    said = Cluster(nodes=1, scheduler=text).log(reason="NotActedOn").MESSAGE
    assert [message.split(":")[0] for message in said] == [
        "parallelism",
        "profiles[0].parallelism",
    ]
