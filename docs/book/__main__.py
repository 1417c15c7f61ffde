"""Build the book, as pages and as a PDF, in `build/book`: `make book`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import yaml

from docs.book import pdf
from docs.book.contents import ROOT
from docs.book.pages import WHOLE, Book

BOOK = ROOT / "build" / "book"
PDF = "introduction-to-kubernetes.pdf"


def build(folder: Path, lab: str = "") -> None:
    """Write the book to a folder, in place of what is there.

    Parameters:
        folder: where the pages go.
        lab: the way from the folder to a JupyterLite with the notebooks; without it, no page has
            a button that runs something.
    """
    shutil.rmtree(folder, ignore_errors=True)
    book = Book(folder, lab)
    book.write()
    made = pdf.printed(folder / WHOLE, folder / PDF, released())
    if not made:
        print("The book has no PDF: that needs Chromium (Debian: chromium).", file=sys.stderr)
    book.first_page(PDF if made else "")


def released() -> str:
    """The date of this release, as 20261231."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return str(citation["date-released"]).replace("-", "")


if __name__ == "__main__":
    started = time.perf_counter()
    build(BOOK)
    size = sum(path.stat().st_size for path in BOOK.rglob("*") if path.is_file())
    print(f"{BOOK / 'index.html'}: {size / 1e6:.1f} MB in {time.perf_counter() - started:.0f} s")
