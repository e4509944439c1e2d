"""An application's table on each database that is at hand, read in small pages."""

from __future__ import annotations

import pytest

from memproc.sources.databases import connecting, reading
from tests.databases import NAMES, reason_to_skip
from tests.sources.databases.applications import application


@pytest.fixture(params=NAMES)
def app(request, tmp_path):
    """Give an application on each database."""
    if reason := reason_to_skip(request.param):
        pytest.skip(reason)
    with application(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def file_app(tmp_path):
    """Give an application in a SQLite file."""
    with application("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def small_pages(monkeypatch):
    """Let a page have few rows, so that a small table has many pages."""
    monkeypatch.setattr(reading, "FIRST_ROWS", 3)
    monkeypatch.setattr(connecting, "PAGE_ROWS", 7)
    monkeypatch.setattr(connecting, "FILE_PAGE_ROWS", 7)
    monkeypatch.setattr(connecting, "AT_ONCE_ROWS", 4)
