"""The page of routes says what the document says."""

from __future__ import annotations

import pytest

from tools import rest_page


@pytest.mark.costly
def test_the_page_of_routes_is_what_the_routes_say():
    """`python tools/rest_page.py` writes it, and no route is missing."""
    text = rest_page.page()
    assert rest_page.PAGE.read_text() == text
    paths = rest_page.app("unused.db").openapi()["paths"]
    assert all(f"### {method.upper()} {path}\n" in text for path, methods in paths.items() for method in methods)
