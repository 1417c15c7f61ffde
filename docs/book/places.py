"""Where links lead: from the files of the repository to the pages of the book."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from docs.book.contents import ROOT, Chapter
from start import kept_address

COPIED = ("images", "data")  # folders whose files lie beside the pages when a link needs them


class BrokenLink(ValueError):
    """A link leads to nothing."""


class Places:
    """The addresses of chapters and files, as seen from a page of the book.

    `whole` is for the page that contains all chapters. `files` collects what must be copied.
    """

    def __init__(self, chapters: Iterable[Chapter], whole: bool = False) -> None:
        self.anchors = {
            chapter.source: {section.anchor for section in chapter.sections} for chapter in chapters
        }
        self.whole = whole
        self.files: set[Path] = set()
        address = kept_address((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        self.repository = "https://github.com/" + "/".join(address)

    def id(self, source: Path, anchor: str) -> str:
        """The `id` of a heading; on the page of all chapters it names the chapter, too."""
        return f"{source.stem}--{anchor}" if self.whole else anchor

    def chapter(self, source: Path, anchor: str = "") -> str:
        """The address of a chapter, or of one of its sections."""
        if self.whole:
            return "#" + quote(self.id(source, anchor) if anchor else source.stem)
        return f"{source.stem}.html" + (f"#{quote(anchor)}" if anchor else "")

    def link(self, source: Path, target: str) -> str:
        """The address in the book for a link or an image in a source file.

        Parameters:
            source: the file that has the link.
            target: what the link says: an address, or a path from the file's folder.

        Raises:
            BrokenLink: if there is no such file or section.
        """
        if "://" in target or target.startswith("mailto:"):
            return target
        name, _, anchor = unquote(target).partition("#")
        path = Path(os.path.normpath(source.parent / name)) if name else source
        if path in self.anchors:
            if anchor and anchor not in self.anchors[path]:
                raise BrokenLink(f"{source}: no section {anchor} in {path.name}")
            return self.chapter(path, anchor)
        if not path.exists():
            raise BrokenLink(f"{source}: no file {target}")
        inside = path.relative_to(ROOT)
        linked = self.whole and inside.parts[0] == "data"  # a PDF has no folder beside it
        if inside.parts[0] in COPIED and path.is_file() and not linked:
            self.files.add(path)
            return inside.as_posix()
        return f"{self.repository}/{'tree' if path.is_dir() else 'blob'}/HEAD/{inside.as_posix()}"
