"""The records of a page."""

from __future__ import annotations

from memproc.sources.rest import streams
from memproc.sources.rest.bodies import Page, hash_of
from memproc.sources.rest.client import Body
from memproc.sources.rest.streams import Lines


def opened(body, records=None, kind="application/json"):
    """Return an answer as it is opened, whose bytes come in small pieces."""
    pieces = (body[at : at + 7] for at in range(0, len(body), 7))
    url = "https://api.example.org/v1"
    return streams.page_of(Body(url, kind, None, pieces, 1_000, lambda: None, lambda: None), records, str)


def page_of(*given, **named):
    """Return a page that was received, or that is read as it comes."""
    found = opened(*given, **named)
    return found if isinstance(found, Page) else Lines(found, lambda: opened(*given, **named), lambda: None)


def test_a_page_can_be_read_twice():
    """What stands beside its list is counted once."""
    page = page_of(b'{"data": [{"a": 1}, {"a": 2}], "included": [{}, {}, {}]}', "data")
    for _ in range(2):
        assert [item.raw for _, item in page.items()] == [b'{"a": 1}', b'{"a": 2}']
        assert page.answer().records == 2
        assert page.unread == {"included": 3}


def test_the_place_behind_a_record_is_found():
    """At its old number, else where it is first; nowhere if it is gone."""
    for page in (
        page_of(b'[{"a": 1}, {"a": 2}, {"a": 1}]'),
        page_of(b'{"a": 1}\n{"a": 2}\n{"a": 1}\n', kind="application/x-ndjson"),
        page_of(b'{"a": 1}\n{"a": 2}\n{"a": 1}', kind="text/plain"),
    ):
        one, two, _ = (hash_of(item) for _, item in page.items())
        assert [page.place_of(one, at) for at in (1, 2, 3, 9)] == [1, 1, 3, 1]
        assert page.place_of(two, 1) == 2
        assert page.place_of("gone", 2) == 0
