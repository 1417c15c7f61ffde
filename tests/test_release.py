"""One constant names the release of Kubernetes; all that names it elsewhere agrees."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from course_lib.apiserver import discovery
from course_lib.cluster import Cluster
from course_lib.cluster.static_manifests import IMAGES
from course_lib.objects.release import ETCD, MINOR, RELEASE, VERSION
from tests.peers import golang

ROOT = Path(__file__).parent.parent
# "Kubernetes 1.33", "v1.33.0": a release as the course's own. "since 1.33" is history, and stays.
OWN = re.compile(r"(?<!than )\b(?:of|is|for) Kubernetes v?(1\.\d+)|\bv(1\.\d\d)\.\d+\b")
TEXTS = sorted(
    path
    for pattern in ("course_lib/**/*.py", "*.md", "notebooks/*.ipynb", "notebooks/*.md")
    for path in ROOT.glob(pattern)
)


def prose(path: Path) -> str:
    """What a file says to its readers; of a notebook its Markdown."""
    if path.suffix != ".ipynb":
        return path.read_text()
    cells = nbformat.read(path, 4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_a_cluster_says_in_all_places_which_release_it_is():
    cluster = Cluster(nodes=2)
    cluster.run(30)
    assert set(cluster.get("nodes").VERSION) == {VERSION}
    assert discovery.version()["gitVersion"] == VERSION
    ours = [image for name, image in IMAGES.items() if name != "etcd"]
    assert {image.rpartition(":")[2] for image in ours} == {VERSION}


def test_every_module_of_the_peers_is_of_the_release():
    staging = f"v0.{RELEASE.removeprefix('1.')}"
    assert golang.version("k8s.io/kubernetes") == VERSION
    assert golang.version("k8s.io/kubectl") == staging
    assert golang.version("sigs.k8s.io/cri-tools").startswith(f"v{MINOR}.")
    replaced = re.findall(r"^\t(k8s\.io/\S+) => \1 (\S+)$", golang.MODULES.read_text(), re.M)
    assert len(replaced) > 25 and {version for _, version in replaced} == {staging}
    server = golang.version("go.etcd.io/etcd/server/v3")
    assert server.startswith(f"v{ETCD.rpartition('.')[0]}."), "the minor version that kubeadm has"


def test_no_text_names_another_release_as_the_courses_own():
    named = {(path.name, *found) for path in TEXTS for found in OWN.findall(prose(path))}
    assert {each for each in named if MINOR not in each} == set()
