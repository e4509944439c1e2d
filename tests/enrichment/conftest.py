"""A server on this machine for what enriches."""

from __future__ import annotations

import pytest

from tests.enrichment import services
from tests.sources.rest import server


@pytest.fixture
def api(monkeypatch):
    """Give a server that also takes forms."""

    def do_post(request):
        request.posted = services.posted(request)
        request.do_GET()

    monkeypatch.setattr(server.Request, "do_POST", do_post)
    with server.serving() as api:
        yield api
