"""The page of formats says what the table of formats holds."""

from __future__ import annotations

from tools.formats_page import PAGE, page


def test_the_page_of_formats_is_up_to_date():
    """`python tools/formats_page.py` writes it."""
    assert PAGE.read_text() == page()
