"""What a published course has: one version, licences, a citation, links that lead somewhere."""

from __future__ import annotations

import datetime
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

import course_lib
import start
from course_lib.course import exercises
from docs.site import runtime as site_runtime
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "notebooks/*.md", "data/*.md", "images/*.md")
    for path in ROOT.glob(pattern)
)
ADDRESS = "/".join(start.kept_address((ROOT / "pyproject.toml").read_text()))


def releases() -> list[tuple[str, str]]:
    """Versions and dates of CHANGELOG.md, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text()
    return re.findall(r"^## (\d+\.\d+\.\d+)(?: \((.*)\))?$", text, re.M)


def test_the_version_stands_in_one_place_and_the_others_agree():
    assert "version" in PROJECT["project"]["dynamic"] and "version" not in PROJECT["project"]
    dynamic = PROJECT["tool"]["setuptools"]["dynamic"]
    assert dynamic["version"] == {"attr": "course_lib.__version__"}
    newest, date = releases()[0]
    assert course_lib.__version__ == newest == CITATION["version"]
    assert CITATION["date-released"] == date == datetime.date.fromisoformat(date).isoformat()
    versions = [tuple(map(int, version.split("."))) for version, _ in releases()]
    assert versions == sorted(versions, reverse=True) and len(set(versions)) == len(versions)


def test_the_site_has_the_same_version(tmp_path: Path):
    assert site_runtime.course(tmp_path)["version"] == course_lib.__version__


def test_the_citation_has_the_required_fields_of_its_format():
    """Citation File Format 1.2.0: four required keys, and what the others may be."""
    required = {"cff-version", "message", "title", "authors"}
    optional = {"abstract", "type", "version", "date-released", "license", "keywords"}
    assert required <= set(CITATION) <= required | optional | {"repository-code", "url"}
    assert CITATION["cff-version"] == "1.2.0" and CITATION["type"] in {"software", "dataset"}
    assert all(isinstance(CITATION[key], str) and CITATION[key] for key in required - {"authors"})
    for author in CITATION["authors"]:
        assert set(author) & {"name", "family-names", "given-names"}
    assert len(set(CITATION["keywords"])) == len(CITATION["keywords"])
    assert CITATION["repository-code"] == f"https://github.com/{ADDRESS}"


def test_code_and_texts_have_their_licences_in_full():
    code, texts = ((ROOT / name).read_text() for name in ("LICENSE", "LICENSE-TEXTS"))
    assert "Apache License" in code and "END OF TERMS AND CONDITIONS" in code
    assert texts.startswith("Attribution 4.0 International")
    assert [f"Section {number} --" in texts for number in range(1, 9)] == [True] * 8
    assert CITATION["license"] == [PROJECT["project"]["license"], "CC-BY-4.0"]
    readme = (ROOT / "README.md").read_text()
    assert "[Apache-2.0](LICENSE)" in readme and "[CC BY 4.0](LICENSE-TEXTS)" in readme


def headings(path: Path) -> set[str]:
    """The fragments to which a link may lead: GitHub's for Markdown, Jupyter's for a notebook."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        return {title.replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.M)}
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def targets(path: Path) -> list[str]:
    """What a page links to within the repository; a link's text may hold brackets, as code."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    return [each for each in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in each]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_of_a_page_lead_to_a_file_and_a_heading(path: Path):
    for target in targets(path):
        name, _, fragment = target.partition("#")
        found = path.parent / name if name else path
        assert found.exists(), target
        assert not fragment or fragment in headings(found), target


ROW = re.compile(r"^\| (.+?) \| (yes|part|gap) \| (.+?) \| (.+?) \| (.*?) ?\|$", re.M)
BULLETS = {"KCNA": 13, "CKA": 27, "CKAD": 24}  # as the CNCF's files have them


@pytest.mark.parametrize("exam", BULLETS)
def test_each_bullet_of_a_curriculum_has_sections_or_a_named_gap(exam: str):
    text = (ROOT / "docs" / "curricula.md").read_text()
    [part] = re.findall(rf"^## {exam}: .*?(?=^## |\Z)", text, re.M | re.S)
    rows = ROW.findall(part)
    tally = {answer: sum(row[1] == answer for row in rows) for answer in ("yes", "part", "gap")}
    assert len({row[0] for row in rows}) == len(rows) == BULLETS[exam]
    counted = f"| {exam} | {len(rows)} | {tally['yes']} | {tally['part']} | {tally['gap']} |"
    assert counted in text
    for bullet, answer, sections, tasks, missing in rows:
        assert ("](../notebooks/" in sections) or answer == "gap", bullet
        assert answer != "part" or missing, bullet
        named = re.findall(r"`([^`]+)`", tasks)
        assert set(named) <= set(exercises()), bullet
        assert answer != "gap" or not named, bullet
    shares = re.findall(rf"^### {exam}: .* \((\d+) %\)$", part, re.M)
    assert sum(map(int, shares)) == 100


def test_the_times_of_the_chapters_are_those_of_the_texts():
    heads = [path.read_text() for path in sorted((ROOT / "notebooks").glob("[01]*.ipynb"))]
    minutes = [int(re.findall(r"\*\*Time\*\* (\d+) minutes", head)[0]) for head in heads]
    told = f"A chapter takes {min(minutes)} to {max(minutes)} minutes"
    assert told in (ROOT / "docs" / "jose.md").read_text()
    assert round(sum(minutes) / 60) == 12
    for page in ("docs/jose.md", "notebooks/for-teachers.md"):
        assert "twelve hours with the exercises" in (ROOT / page).read_text()


def test_the_paper_has_what_a_submission_needs():
    """JOSE: a title, authors with affiliations, a statement of need, references; a short text."""
    _, head, body = (ROOT / "docs" / "paper.md").read_text().split("---\n", 2)
    fields = yaml.safe_load(head)
    assert {"title", "tags", "authors", "affiliations", "date", "bibliography"} <= set(fields)
    known = {each["index"] for each in fields["affiliations"]}
    assert {each["affiliation"] for each in fields["authors"]} == known
    assert {"Summary", "Statement of need", "References"} <= set(re.findall("^# (.*)$", body, re.M))
    assert 250 <= len(body.split()) <= 1000
    entries = re.findall(r"^@\w+\{(\w+),$", (ROOT / "docs" / "paper.bib").read_text(), re.M)
    assert sorted(set(re.findall(r"@(\w+)", body))) == sorted(entries)


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml")), ids=lambda p: p.stem
)
def test_a_form_for_issues_has_what_github_needs(path: Path):
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "body"} <= set(form)
    fields = [each["id"] for each in form["body"]]
    assert len(set(fields)) == len(fields)
    for each in form["body"]:
        assert each["type"] in {"input", "textarea", "dropdown"} and each["attributes"]["label"]
        assert each["type"] != "dropdown" or each["attributes"]["options"]
