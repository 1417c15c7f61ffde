"""The search index: for each word the sections that have it, with a weight."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from docs.book.contents import Chapter, Code, Section, parsed, plain
from docs.book.places import Places

WORD = re.compile(r"[^\W_]+(?:[-_.][^\W_]+)*")  # letters and digits; book.js has the same
IN_TITLE = 20  # what a word counts in the title of a section; in the text it counts once
MOST = 9  # how often a word of the text counts
EXCERPT = 150  # characters of a section that a result shows


def folded(text: str) -> str:
    """A text in small letters without accents; book.js folds what is asked in the same way.

    >>> folded("Naïve Läufe")
    'naive laufe'
    """
    parts = unicodedata.normalize("NFKD", text)
    return "".join(each for each in parts if unicodedata.category(each)[0] != "M").lower()


def words(text: str) -> Iterator[str]:
    """The words of a text, and the parts of those that have several.

    >>> list(words("A kube-proxy on node-1."))
    ['a', 'kube-proxy', 'kube', 'proxy', 'on', 'node-1', 'node', '1']
    """
    for word in WORD.findall(folded(text)):
        yield word
        if parts := re.split(r"[-_.]", word)[1:]:
            yield from (re.split(r"[-_.]", word)[0], *parts)


def said(section: Section) -> str:
    """What can be found in a section: its text, its code, and the questions of its exercises."""
    found = []
    for part in section.parts:
        if isinstance(part, Code):
            found.append(part.source)
            asked = (each.get("data", {}).get("text/markdown") for each in part.outputs)
            found += [plain(parsed(each)) for each in asked if each]
        else:
            found.append(plain(part.tokens))
    return " ".join(" ".join(found).split())


def prose(section: Section) -> str:
    """How a section begins: its first words, those of a table only where there are no others."""
    tokens = [each for part in section.parts if not isinstance(part, Code) for each in part.tokens]
    sentences = [each for each in tokens if each["type"] != "table"]
    text = " ".join(plain(sentences).split()) or " ".join(plain(tokens).split())
    return text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + " …"


def indexed(chapters: Iterable[Chapter], places: Places) -> str:
    """The index as a program that `book.js` loads; a page from a file may not read JSON."""
    sections: list[list[str]] = []
    found: dict[str, list[int]] = {}
    for chapter in chapters:
        for at, section in enumerate(chapter.sections):
            address = places.chapter(chapter.source, section.anchor if at else "")
            title = section.title if at else ""
            counts = Counter(
                {word: min(n, MOST) for word, n in Counter(words(said(section))).items()}
            )
            counts.update(dict.fromkeys(words(section.title), IN_TITLE))
            for word, count in sorted(counts.items()):
                found.setdefault(word, []).extend((len(sections), count))
            sections.append([address, chapter.title, title, prose(section)])
    index = {"sections": sections, "words": dict(sorted(found.items()))}
    return f"window.bookIndex = {json.dumps(index, ensure_ascii=False, separators=(',', ':'))};\n"
