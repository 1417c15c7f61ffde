"""What `--help` and `kubectl help` say: words of our own, for each command that kubectl has."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.kubectl import command
from course_lib.kubectl.catalogue import EVERYWHERE, children, described, summaries


@pytest.fixture(scope="module")
def cluster():
    return Cluster(nodes=1)


def test_each_command_has_a_summary_and_nothing_else_has_one():
    assert set(summaries()) == set(described()) - {EVERYWHERE}


@pytest.mark.parametrize("path", summaries())
def test_a_summary_says_truly_whether_the_command_is_simulated(path):
    simulated = command._command(path) is not None or bool(children(path)) or path == "alpha"
    assert ("(not simulated in this course)" in summaries()[path]) == (not simulated)


def test_help_of_a_command_begins_with_what_it_does(cluster):
    shown = [cluster.kubectl(line).stdout for line in ("help rollout undo", "rollout undo -h")]
    assert shown[0] == shown[1]
    assert shown[0].startswith("Go back to an earlier revision.\n\nUsage:\n  kubectl rollout undo ")


def test_the_overview_and_a_group_say_what_each_command_does(cluster):
    assert "kubectl cordon          Mark a node" in cluster.kubectl("help").stdout
    assert "kubectl rollout status    Wait" in cluster.kubectl("help rollout").stdout
    assert cluster.kubectl("").stdout == cluster.kubectl("--help").stdout


def test_an_unknown_topic_is_named_with_the_overview(cluster):
    done = cluster.kubectl("help nosuch")
    assert done.stderr.startswith("Unknown help topic [`nosuch`]\n\nUsage:\n  kubectl COMMAND")
