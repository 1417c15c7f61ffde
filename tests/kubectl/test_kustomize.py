"""kustomize: what a kustomization makes of its resources."""

from __future__ import annotations

import pytest

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kustomize import build

POD = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: "nginx:1.25", envFrom: [{configMapRef: {name: settings}}]}]
"""


def built(folder, kustomization, **files):
    """The documents of a kustomization with the files beside it, and its warnings."""
    (folder / "kustomization.yaml").write_text(kustomization)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    warnings: list[str] = []
    return build(str(folder), warnings.append), warnings


def test_a_generated_configmap_has_a_hash_and_those_who_use_it_its_name(tmp_path):
    documents, _ = built(
        tmp_path,
        "resources: [pod.yaml]\nnamePrefix: dev-\n"
        "configMapGenerator: [{name: settings, literals: [colour=blue]}]\n",
        pod=POD,
    )
    config, pod = documents
    assert config["metadata"]["name"].startswith("dev-settings-")
    (container,) = pod["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": config["metadata"]["name"]}}]


def test_images_and_patches_change_what_fits(tmp_path):
    (pod,), _ = built(
        tmp_path,
        "resources: [pod.yaml]\nimages: [{name: nginx, newName: httpd, newTag: '2.4'}]\n"
        "patches:\n- target: {kind: Pod}\n"
        "  patch: '[{op: add, path: /spec/nodeName, value: one}]'\n",
        pod=POD,
    )
    assert pod["spec"]["containers"][0]["image"] == "httpd:2.4"
    assert pod["spec"]["nodeName"] == "one"


def test_a_field_that_is_out_of_date_is_told(tmp_path):
    (pod,), warnings = built(tmp_path, "resources: [pod.yaml]\ncommonLabels: {a: b}\n", pod=POD)
    assert pod["metadata"]["labels"] == {"a": "b"}
    assert warnings[0].startswith("# Warning: 'commonLabels' is deprecated.")


@pytest.mark.parametrize(
    ("kustomization", "said"),
    [
        ("namPrefix: a", 'unknown field "namPrefix"'),
        ("resources: [nosuch.yaml]", "no such file or directory"),
        ("helmCharts: []", "helmCharts of a kustomization is not simulated"),
        ("replicas: [{name: web, count: 2}]", "resource with name web does not match"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(tmp_path, kustomization, said):
    with pytest.raises(CommandError, match=said):
        built(tmp_path, kustomization)
