"""Gateway API's own definitions and examples, as its project releases them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from course_lib import Cluster
from tests.peers import golang
from tests.required import requires

pytestmark = requires(golang.missing())
MODULE = "sigs.k8s.io/gateway-api@v1.3.0"


@pytest.fixture(scope="module")
def source() -> Path:
    command = ["go", "mod", "download", "-json", MODULE]
    fetched = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(json.loads(fetched.stdout)["Dir"])


def test_the_projects_definitions_take_its_examples(source):
    cluster = Cluster(nodes=1)
    definitions = sorted((source / "config/crd/standard").glob("gateway*.yaml"))
    for path in definitions:
        cluster.apply(path)
    assert all(each.established for each in cluster.api.list("crd"))
    assert len(cluster.api.list("crd")) == len(definitions) == 5
    for path in sorted((source / "examples/standard").glob("*.yaml")):
        cluster.apply(path)
    gateways = cluster.get("gateways")
    assert list(gateways.columns) == ["NAME", "CLASS", "ADDRESS", "PROGRAMMED", "AGE"]
    assert set(gateways["PROGRAMMED"]) == {"Unknown"}, "the conditions that the schema begins with"
    assert len(cluster.get("httproutes")) >= 5
