"""The records of a page."""

from __future__ import annotations

import io

from memproc.sources.rest.bodies import Page, hash_of
from memproc.sources.rest.client import Body


def page_of(body, records=None, kind="application/json"):
    """Return a page that was received."""
    return Page(Body("https://api.example.org/v1", kind, None, io.BytesIO(body), b""), records)


def test_a_page_can_be_read_twice():
    """What stands beside its list is counted once."""
    page = page_of(b'{"data": [{"a": 1}, {"a": 2}], "included": [{}, {}, {}]}', "data")
    for _ in range(2):
        assert [item.raw for item in page.items()] == [b'{"a": 1}', b'{"a": 2}']
        assert page.answer().records == 2
        assert page.unread == {"included": 3}


def test_the_place_behind_a_record_is_found():
    """At its old number, else where it is first; nowhere if it is gone."""
    for page in (
        page_of(b'[{"a": 1}, {"a": 2}, {"a": 1}]'),
        page_of(b'{"a": 1}\n{"a": 2}\n{"a": 1}\n', kind="application/x-ndjson"),
    ):
        one, two, _ = map(hash_of, page.items())
        assert [page.place_of(one, at) for at in (1, 2, 3, 9)] == [1, 1, 3, 1]
        assert page.place_of(two, 1) == 2
        assert page.place_of("gone", 2) == 0
