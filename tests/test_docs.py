"""The documentation does what it shows: its Python runs, its commands succeed, its links lead somewhere."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
from importlib import import_module

import pytest

from tests.command_line import run_memproc
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
CODE = re.compile(r"^```.*?^```|(`+)[^`].*?\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MODULES_WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "memproc").rglob("*.py")
    if ">>> " in path.read_text()
)


def steps_of(page):
    """Return the Python blocks and the memproc commands of a page, in order."""
    for kind, text in BLOCK.findall(page.read_text()):
        if kind == "python":
            yield kind, text
        elif kind == "console":
            yield from (("command", line.removeprefix("$ memproc ")) for line in text.splitlines() if line.startswith("$ memproc "))


@pytest.mark.parametrize("page", [page for page in PAGES if list(steps_of(page))], ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    """In order, in one namespace, in an empty folder beside the fixtures."""
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    for kind, text in steps_of(page):
        if kind == "python":
            exec(compile(text, page.name, "exec"), namespace)
        else:
            code, _, told = run_memproc(*shlex.split(text, comments=True))
            assert code == 0, (text, told)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page):
    """Those within the project: to a file that is there, and to a heading that it has."""
    text = CODE.sub("", page.read_text())
    links = LINK.findall(text)
    assert len(links) == text.count("]("), "a link is written in a way that is not looked at here"
    for target, anchor in links:
        if not target.startswith("http"):
            there = page.parent / target if target else page
            assert there.exists(), target
            assert not anchor or anchor.removeprefix("#") in anchors_of(there), f"{target}{anchor}"


def anchors_of(page):
    """Return the names that the headings of a page have; what is no page has none."""
    if page.suffix != ".md":
        return set()
    text = BLOCK.sub("", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


@pytest.mark.parametrize("name", MODULES_WITH_EXAMPLES)
def test_the_examples_in_docstrings_are_right(name):
    """As doctests."""
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
