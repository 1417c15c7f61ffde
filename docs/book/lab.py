"""The book beside a JupyterLite: its links open a notebook at the same section."""

from __future__ import annotations

import shutil
from pathlib import Path

from docs.book.__main__ import build
from docs.book.pages import HERE

FOLDER = "book"
SCRIPT = "section.js"


def add(site: Path) -> None:
    """Write the book into a site, and let JupyterLite's notebooks begin at a section."""
    build(site / FOLDER, lab="../")
    shutil.copy(HERE / SCRIPT, site)
    page = site / "notebooks" / "index.html"
    ours = f'<script src="../{SCRIPT}"></script></head>'
    page.write_text(page.read_text(encoding="utf-8").replace("</head>", ours, 1), encoding="utf-8")
