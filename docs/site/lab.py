"""JupyterLite with the notebooks, what they read, and the extensions of the widgets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat

from docs.site.downloads import tools, wheels
from docs.site.pinned import ROOT
from docs.site.runtime import FIRST

CONTENTS = {"notebooks": ("*.ipynb", "*.md"), "data": ("*.yaml", "*.csv"), "images": ("*.svg",)}
APPS = ("lab", "notebooks", "tree")
EXTENSIONS = ("anywidget-", "jupyterlab_widgets-", "jupyterlite_pyodide_kernel-")
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
STORE = "introduction-to-kubernetes"  # the name of what the browser keeps; start.js knows it too
PROGRESS = "progress.json"  # at the top of the contents; start.js knows it too
AUTOSAVE = 5  # seconds; a page on a phone may end at any time


def configuration() -> dict[str, Any]:
    """What JupyterLite reads first: where Python comes from, and what the browser keeps."""
    kernel = {
        "pyodideUrl": "./runtime/pyodide.js",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {
            "lockFileURL": "./runtime/pyodide-lock.json",
            "packages": FIRST,
            "env": {"HOME": "/home/pyodide", "COURSE_PROGRESS": f"/drive/{PROGRESS}"},
        },
    }
    settings = {
        "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
        "@jupyterlab/docmanager-extension:plugin": {
            "autosaveInterval": AUTOSAVE,
            "defaultViewers": {"markdown": "Markdown Preview"},
        },
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Introduction to Kubernetes",
            "contentsStorageName": STORE,
            "faviconUrl": "./favicon.svg",
            "exposeAppInBrowser": True,  # loading.js asks it for the state of the kernel
            "litePluginSettings": {KERNEL: kernel},
            "settingsOverrides": settings,
        },
    }


def build(folder: Path, work: Path) -> None:
    """Write JupyterLite to a folder; `work` is empty and for this alone."""
    for part, patterns in CONTENTS.items():
        (work / "files" / part).mkdir(parents=True)
        for pattern in patterns:
            for path in (ROOT / part).glob(pattern):
                copy(path, work / "files" / part / path.name)
    lite = work / "lite"
    lite.mkdir()
    (lite / "jupyter-lite.json").write_text(json.dumps(configuration()))
    extensions = [str(each) for each in wheels() if each.name.startswith(EXTENSIONS)]
    options = {
        "apps": APPS,
        "cache_dir": str(work / "cache"),
        "contents": [str(work / "files")],
        "federated_extensions": extensions,
        "ignore_sys_prefix": ["federated_extensions"],  # what JupyterLab itself has here
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "output_dir": str(folder),
    }
    (lite / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": options}))
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--log-level=ERROR"]
    environment = os.environ | {"PYTHONPATH": str(tools()), "PYTHONWARNINGS": "ignore"}
    subprocess.run(command, cwd=lite, check=True, env=environment, stdout=subprocess.DEVNULL)


def copy(source: Path, target: Path) -> None:
    """Copy what a learner opens; a notebook with each cell's text in one piece.

    JupyterLab reads a notebook from its server, which joins the lines; here there is none.
    """
    if source.suffix == ".ipynb":
        notebook = nbformat.read(source, as_version=4)
        notebook.metadata["kernelspec"]["name"] = "python"  # as the kernel in the browser is named
        target.write_text(json.dumps(notebook, ensure_ascii=False))
    else:
        shutil.copy(source, target)
