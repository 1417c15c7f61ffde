"""Build the course as a static site in `build/site`: `make site`."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from docs.book import lab as book
from docs.site import lab, pages, runtime
from docs.site.pinned import ROOT

SITE = ROOT / "build" / "site"
# Parts of JupyterLite that no page of the site uses.
UNUSED = ("doc", "rspack.config*.js", "**/package.json", "jupyterlite.schema.v0.json", "icon-*.png")
UNUSED += ("*/favicon.ico", "build/third-party-licenses.json.map")


def build(folder: Path) -> None:
    """Write the site to a folder, in place of what is there."""
    made = folder.with_name(f"{folder.name}.part")
    for each in (made, folder):
        shutil.rmtree(each, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        lab.build(made, Path(work))
    for pattern in UNUSED:
        for path in made.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in made.glob("*/jupyter-lite.json"):  # an application may name an icon of its own
        settings = json.loads(path.read_text())
        settings["jupyter-config-data"].pop("faviconUrl", None)
        path.write_text(json.dumps(settings))
    runtime.build(made / "runtime")
    book.add(made)
    pages.build(made)
    made.rename(folder)


def sizes(folder: Path) -> str:
    """The size of each part, as it is and as a host sends it."""
    rows: dict[str, tuple[int, int]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            part = path.relative_to(folder).parts[0]
            part = f"{part}/" if (folder / part).is_dir() else "pages"
            raw, small = rows.get(part, (0, 0))
            rows[part] = raw + path.stat().st_size, small + pages.sent(path)
    rows["all"] = tuple(map(sum, zip(*rows.values(), strict=True)))  # type: ignore[assignment]
    lines = [f"{'':14}{'MB':>8}{'MB, compressed':>17}"]
    lines += [f"{part:14}{raw / 1e6:8.1f}{sent / 1e6:17.1f}" for part, (raw, sent) in rows.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    started = time.perf_counter()
    build(SITE)
    print(sizes(SITE))
    print(f"{SITE} in {time.perf_counter() - started:.0f} s", file=sys.stderr)
