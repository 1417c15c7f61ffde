"""The pages that are ours: the start page, the progress bar, the service worker."""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
import shutil
from pathlib import Path

from course_lib.course.editions import RENAMED
from course_lib.course.exercise import exercises
from docs.site.lab import APPS, PROGRESS, STORE
from docs.site.pinned import HERE, ROOT

PAGES = HERE / "pages"
ROW = re.compile(r"^\| \[([^\]]+)\]\(notebooks/([^)]+\.ipynb)\) \| (.*) \|$", re.MULTILINE)
BINDER = re.compile(r"https://mybinder\.org/v2/gh/([^/]+/[^/]+)/[^)]*")
OURS = ("start.css", "notebook.css", "loading.js", "favicon.svg", "manifest.webmanifest")
OURS += ("embed.html", "embed.css")
DRAWING = ("live.js", "live.css")  # one cluster in a page of its own is drawn as in a notebook
# What one live cluster imports.
EMBEDDED = ("anywidget", "msgspec", "pandas", "protobuf", "pyyaml", "simpy")
IN_HEAD = (
    '<link rel="icon" href="../favicon.svg"><link rel="stylesheet" href="../notebook.css">'
    '<script src="../loading.js"></script></head>'
)
PACKED = (".whl", ".zip", ".png", ".woff", ".woff2")  # no smaller when they are compressed again
LAB = 2_400_000  # bytes, compressed: what a first visit takes of JupyterLite itself
LARGE = ("book", "build", "extensions", "runtime")  # kept by the browser when they are first used


def build(folder: Path) -> None:
    """Write our pages over those of JupyterLite; call it last, it lists what is there."""
    (folder / "images").mkdir(exist_ok=True)
    for path in (ROOT / "images").glob("*.svg"):
        shutil.copy(path, folder / "images")
    for name in OURS:
        shutil.copy(PAGES / name, folder)
    for name in DRAWING:
        shutil.copy(ROOT / "course_lib" / "widgets" / name, folder)
    embedded = {"packages": json.dumps(EMBEDDED)}
    (folder / "embed.js").write_text(filled("embed.js", embedded))
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("runtime/*"))]
    sizes = {name: (folder / name).stat().st_size for name in files}
    listed = {"files": [[name, sent(folder / name), size] for name, size in sizes.items()]}
    (folder / "runtime.json").write_text(json.dumps(listed))
    size = LAB + sum(size for _, size, _ in listed["files"])
    (folder / "index.html").write_text(filled("start.html", start(round(size / 1e6))))
    values = {"store": STORE, "progress": PROGRESS, "exercises": json.dumps(by_chapter())}
    values["renamed"] = json.dumps(RENAMED)
    (folder / "start.js").write_text(filled("start.js", values))
    for application in APPS:
        page = folder / application / "index.html"
        page.write_text(page.read_text().replace("</head>", IN_HEAD, 1))
    keep(folder)


def start(megabytes: int) -> dict[str, str]:
    """What the start page says of this course, from README.md, the map and the exercises."""
    readme = (ROOT / "README.md").read_text()
    binder = BINDER.search(readme)
    described = re.search(r"<desc>(.*?)</desc>", (ROOT / "images" / "map.svg").read_text())
    assert binder and described
    rows = [
        f'<li data-chapter="{int(title[:2])}"><a href="{opened(file)}">{html.escape(title)}</a>: '
        f'{html.escape(about).replace("`", "")} <span class="solved"></span></li>'
        for title, file, about in ROW.findall(readme)
    ]
    return {
        "binder": binder[0],
        "chapters": "\n".join(rows),
        "first": opened("00-start-here.ipynb"),
        "map": html.escape(html.unescape(described[1])),
        "megabytes": str(megabytes),
        "repository": f"https://github.com/{binder[1]}",
    }


def opened(notebook: str) -> str:
    """The address that opens a notebook in the browser."""
    return f"notebooks/index.html?path=notebooks/{notebook}"


def by_chapter() -> dict[int, list[str]]:
    """The names of the exercises, by the number of their chapter."""
    found: dict[int, list[str]] = {}
    for each in exercises().values():
        found.setdefault(each.chapter, []).append(each.name)
    return found


def keep(folder: Path) -> None:
    """Write the service worker: it keeps all but the large parts at once, those when used.

    Its version is a sum of the whole site, so that each release has a cache of its own.
    """
    (folder / "service-worker.js").rename(folder / "jupyterlite-service-worker.js")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in paths]
    site = hashlib.sha256()
    for name, path in zip(names, paths, strict=True):
        site.update(name.encode() + path.read_bytes())
    pages = [name for name in names if name.split("/")[0] not in LARGE]
    values = {"version": site.hexdigest()[:12], "pages": json.dumps(pages, indent=1)}
    values["applications"] = json.dumps(APPS)
    (folder / "service-worker.js").write_text(filled("service-worker.js", values))


def filled(name: str, values: dict[str, str]) -> str:
    """A page with its values in the places of `{{name}}`; each place needs a value."""
    text = (PAGES / name).read_text()
    return re.sub(r"\{\{(\w+)\}\}", lambda place: values[place[1]], text)


def sent(path: Path) -> int:
    """How many bytes a host sends for a file, when it compresses."""
    data = path.read_bytes()
    return len(data) if path.suffix in PACKED else len(gzip.compress(data, 6))
