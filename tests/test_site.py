"""The builder of the site: what it takes, what it leaves out, what its pages say."""

from __future__ import annotations

import ast
import doctest
import json
import re
import sys
import tomllib
from importlib import import_module

import pytest

from course_lib.course.exercise import exercises
from docs.site import lab, pages, pinned, runtime
from docs.site.pinned import PINS, ROOT

PACKAGES = PINS["packages"]
SHIPPED = {*PACKAGES["carried"], *PACKAGES["locked"], *PACKAGES["linux"]}


@pytest.mark.parametrize("name", ["pinned", "runtime"])
def test_the_examples_of_the_builder(name):
    assert doctest.testmod(import_module(f"docs.site.{name}")).failed == 0


def test_each_package_comes_from_one_place_with_its_sum():
    lines = pinned.locked((ROOT / "requirements.lock").read_text())
    places = [PACKAGES[each] for each in ("carried", "locked", "linux", "left_out")]
    assert sum(map(len, places)) == len({name for place in places for name in place})
    for name in [*PACKAGES["locked"], *PACKAGES["linux"]]:
        first, *sums = lines[name].splitlines()
        assert re.fullmatch(rf"{name}==[\w.]+ \\", first)
        assert sums and all("--hash=sha256:" in line for line in sums)
    for section in ("tools", "kernel", "pyodide", "carrier"):
        for version, digest in PINS[section].values():
            assert re.fullmatch(r"[\d.]+", version) and re.fullmatch("[0-9a-f]{64}", digest)


def test_of_two_locked_versions_the_browser_gets_its_own():
    lock = """numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:bb
pywinpty==3.1.2 ; os_name == 'nt' \\
    --hash=sha256:cc
"""
    assert pinned.locked(lock) == {"numpy": "numpy==2.5.5 \\\n    --hash=sha256:bb\n"}


def test_what_the_package_imports_is_on_the_site_or_known_to_be_left_out():
    known = {name.replace("-", "_") for name in [*SHIPPED, *PACKAGES["left_out"]]}
    named = {"google": "protobuf", "yaml": "pyyaml", "grpc": "grpcio", "IPython": "ipython"}
    for path in (ROOT / "course_lib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in {each.split(".")[0] for each in names}:
                ours = name == "course_lib" or name in sys.stdlib_module_names
                assert ours or named.get(name, name) in known, (path, name)


def test_a_package_that_nobody_knows_stops_the_build():
    entry = {"name": "web", "depends": ["numpy", "tornado", "surprise"]}
    with pytest.raises(runtime.MissingPackage, match="web needs numpy, surprise"):
        runtime.completed([dict(entry)])
    numpy = {"name": "numpy", "depends": []}
    kept = runtime.completed([{"name": "web", "depends": ["numpy", "tornado"]}, numpy])
    assert kept[0]["depends"] == ["numpy"]  # what is left out is not asked for


def test_a_wheel_is_pruned_but_for_what_is_kept():
    files = ["jedi/api.py", "jedi/api.pyi", "jedi/tests/test_api.py", "jedi-1.dist-info/RECORD"]
    kept = "jedi/third_party/typeshed/stdlib/builtins.pyi"
    stubs = "jedi/third_party/typeshed/stubs/x/builtins.pyi"
    pruned = runtime.pruned("jedi", dict.fromkeys([*files, kept, stubs], b"text"))
    assert set(pruned) == {"jedi/api.py", "jedi-1.dist-info/RECORD", kept}
    assert pruned["jedi-1.dist-info/RECORD"] == b""


def test_nothing_that_is_configured_is_on_another_host():
    told = lab.configuration()
    assert "://" not in json.dumps(told)
    [kernel] = told["jupyter-config-data"]["litePluginSettings"].values()
    assert kernel["disablePyPIFallback"]
    assert kernel["loadPyodideOptions"]["env"]["COURSE_PROGRESS"] == f"/drive/{lab.PROGRESS}"


def test_a_notebook_is_copied_with_each_text_in_one_piece(tmp_path):
    source = ROOT / "notebooks" / "00-start-here.ipynb"
    lab.copy(source, tmp_path / source.name)
    told = json.loads((tmp_path / source.name).read_text())
    before = json.loads(source.read_text())
    assert [cell["source"] for cell in told["cells"]] == [
        "".join(cell["source"]) for cell in before["cells"]
    ]
    assert told["metadata"]["kernelspec"]["name"] == "python"


def test_the_start_page_leads_to_each_chapter_and_has_no_place_left_open():
    values = pages.start(30)
    text = pages.filled("start.html", values)
    assert "{{" not in text
    notebooks = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    opened = re.findall(r"<li data-chapter=.*?path=notebooks/([^\"]+)", text)
    assert opened == notebooks
    assert {int(name[:2]) for name in notebooks} == set(pages.by_chapter())
    assert sum(map(len, pages.by_chapter().values())) == len(exercises())
    assert "Chapter 00 leads to 01" in values["map"]  # what the picture shows, in words
    with pytest.raises(KeyError):
        pages.filled("start.html", {})


def test_no_host_needs_to_know_the_type_of_a_module(tmp_path):
    (tmp_path / "pyodide.mjs").write_text('import("./pyodide.asm.mjs")')
    (tmp_path / "pyodide.asm.mjs").write_text("export default 1")
    runtime.name_as_scripts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyodide.asm.js", "pyodide.js"]
    assert (tmp_path / "pyodide.js").read_text() == 'import("./pyodide.asm.js")'


def test_the_first_imports_are_those_of_the_notebooks():
    assert "from course_lib import Cluster" in runtime.first_imports()
    compile("\n".join(runtime.first_imports()), "tour", "exec")


def test_a_font_that_is_left_out_is_answered_by_another():
    kept = "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf"
    listed = [("STIXGeneral.ttf", 400), ("DejaVuSans.ttf", 400), ("STIXGeneralBol.ttf", "bold")]
    told = {
        "afmlist": [{}],
        "ttflist": [{"fname": f"fonts/ttf/{n}", "weight": w} for n, w in listed],
    }
    found = json.loads(runtime.fonts(json.dumps(told).encode(), {kept}))
    names = [each["fname"].rpartition("/")[2] for each in found["ttflist"]]
    assert names == ["DejaVuSans.ttf", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]
    assert found["afmlist"] == []


def test_the_first_link_for_a_learner_is_the_start_page():
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    first = re.search(r"\]\((.*?)\)", (ROOT / "README.md").read_text())
    assert first and first[1] == urls["Homepage"]
