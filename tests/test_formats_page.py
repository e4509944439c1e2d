"""The pages of formats and of strategies say what their tables hold."""

from __future__ import annotations

import pytest

from memproc.testing import EXPORTS
from tools import strategies_list
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
