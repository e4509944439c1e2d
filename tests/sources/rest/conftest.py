"""What the tests of web APIs have in common: a server on this machine."""

from __future__ import annotations

import pytest

from tests.sources.rest.server import serving


@pytest.fixture(scope="module")
def running():
    """Give a server for the tests of a file."""
    with serving() as api:
        yield api


@pytest.fixture
def api(running):
    """Give the server, which has seen nothing and plans nothing."""
    running.answers.clear()
    running.plans.clear()
    running.seen.clear()
    running.headers_seen.clear()
    return running
