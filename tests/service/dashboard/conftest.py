"""A store that is served with pages, with what Ann and Bob have in it."""

from __future__ import annotations

import pytest

from tests.service.rest.conftest import filled, serving


@pytest.fixture
def served(fresh_file, tmp_path):
    """Give a served store."""
    with fresh_file() as store, serving(filled(store, tmp_path), tmp_path, dashboard=True) as one:
        yield one
