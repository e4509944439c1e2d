"""The pages of formats, of strategies and of codes say what their tables hold."""

from __future__ import annotations

import re

import pytest

from memproc.flows.steps import STEPS
from memproc.testing import EXPORTS
from memproc.validation.advice import HINTS
from tests.conftest import ROOT
from tools import codes_page, flow_page, strategies_list
from tools.formats_page import PAGE, page


def test_the_page_of_formats_is_up_to_date():
    """`python tools/formats_page.py` writes it."""
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("path", strategies_list.PAGES, ids=lambda path: path.stem)
def test_the_lists_of_strategies_are_up_to_date(path):
    """`python tools/strategies_list.py` writes them, each name in both."""
    text = path.read_text()
    assert text == strategies_list.page(path)
    assert all(f"`{name}`" in text for name in EXPORTS)


NO_CODES = {"chat_messages", "old_memory", "int_type"}
"""Paths of faults, and a code of a doctest."""


def test_the_page_of_codes_is_up_to_date():
    """`python tools/codes_page.py` writes it. No code that has advice is missing, nor one that is made anywhere in the package."""
    text = codes_page.PAGE.read_text()
    assert text == codes_page.page()
    sources = "".join(path.read_text() for path in (ROOT / "memproc").rglob("*.py"))
    made = set(re.findall(r'\b(?:fault|failed|raised)\([^()"]*(?:"[^"]*", )?"([a-z]+(?:_[a-z0-9]+)+)"', sources)) - NO_CODES
    assert len(made) > 20
    assert {code for code in HINTS.keys() | made if f"| `{code}` |" not in text} == set()


def test_the_page_of_flows_and_the_published_schema_are_up_to_date():
    """`python tools/flow_page.py` writes them; each kind of step is told with what it gives."""
    assert flow_page.PAGE.read_text() == flow_page.page()
    assert flow_page.SCHEMA.read_bytes() == flow_page.schema()
    assert flow_page.GIVES.keys() == STEPS.keys()
