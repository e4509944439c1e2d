"""Which page follows a page."""

from __future__ import annotations

import pytest

from memproc.errors import SourceEndedError, UsageError
from memproc.sources.rest.paging import Answer, Spot, next_link, paging_of, says_more, value_at

URL = "https://api.example.org/v1?size=2"


def follow(form, value, spot=None, records=2, link=None):
    """Return the URL of the page behind an answer, None at the end."""
    paging = paging_of(form)
    following = paging.behind(spot or paging.start, Answer(URL, value, link, records))
    return None if following is None else paging.url_of(URL, following)


@pytest.mark.parametrize(
    ("form", "value", "url"),
    [
        ("page:page", [1, 2], f"{URL}&page=2"),
        ("page:page,start=0", [1, 2], f"{URL}&page=1"),
        ("page:size", [1, 2], "https://api.example.org/v1?size=2"),
        ("page:page,more=more", {"more": True}, f"{URL}&page=2"),
        ("page:page,more=more", {"more": False}, None),
        ("page:page,total=meta.total", {"meta": {"total": 3}}, f"{URL}&page=2"),
        ("page:page,total=meta.total", {"meta": {"total": "2"}}, None),
        ("offset:skip", [1, 2], f"{URL}&skip=2"),
        ("offset:skip,total=count", {"count": 2}, None),
        ("cursor:after=meta.next", {"meta": {"next": "a b&c"}}, f"{URL}&after=a+b%26c"),
        ("cursor:after=meta.next", {"meta": {"next": 7}}, f"{URL}&after=7"),
        ("cursor:after=meta.next", {"meta": {"next": None}}, None),
        ("cursor:after=meta.next", {"meta": {"next": ""}}, None),
        ("cursor:after=meta.next", {"meta": {}}, None),
        ("cursor:after=data.-1.id,more=has_more", {"data": [{"id": 1}, {"id": 2}], "has_more": True}, f"{URL}&after=2"),
        ("cursor:after=data.-1.id,more=has_more", {"data": [{"id": 1}, {"id": 2}], "has_more": False}, None),
        ("next:@odata.nextLink", {"@odata.nextLink": "https://other.example.org/x"}, "https://other.example.org/x"),
        ("next:next", {"next": "?page=3"}, "https://api.example.org/v1?page=3"),
        ("next:next", {"next": None}, None),
        ("link", [], None),
    ],
)
def test_the_next_page_is_found(form, value, url):
    """In each form, with what ends it."""
    assert follow(form, value) == url


@pytest.mark.parametrize("form", ["page:page", "offset:skip"])
def test_numbered_pages_end_with_an_empty_one(form):
    """Not with a short one: servers may give fewer than they are asked for."""
    assert follow(form, [], records=0) is None
    assert follow(form, [1], records=1) is not None


def test_a_total_counts_what_was_read_before():
    """On all pages."""
    assert follow("page:page,total=total", {"total": 10}, Spot(5, 8)) is None
    assert follow("page:page,total=total", {"total": 11}, Spot(5, 8)) == f"{URL}&page=6"


@pytest.mark.parametrize(
    ("form", "value", "told"),
    [
        ("link", {"data": [], "meta": {"next_cursor": "x"}}, "meta.next_cursor that there is more, and there is no link header"),
        ("cursor:after=meta.after", {"paging": {"next": "x"}}, "paging.next that there is more, and nothing is at meta.after"),
        ("cursor:after=next,more=on", {"on": True}, "by on that there is more, and nothing is at next"),
        ("page:page,more=has_more", {"hasMore": True}, "nothing is at has_more in the answer, which has hasMore"),
        ("page:page,total=total", {"total": "many"}, "total=total is no number"),
        ("next:links", {"links": {"next": "x"}}, "links is no text"),
    ],
)
def test_an_answer_that_says_more_than_is_followed_ends_nothing_in_silence(form, value, told):
    """A wrong path would read the first page alone."""
    with pytest.raises(SourceEndedError, match=told):
        follow(form, value)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "pages",
        "page",
        "page:",
        "cursor:after",
        "cursor:=x",
        "cursor:x=",
        "next",
        "link:x",
        "link,start=1",
        "page:p,first=1",
        "page:p,start=-1",
        "page:p,more=",
        "offset:p,more",
    ],
)
def test_a_paging_that_is_none_is_refused(form):
    """The message shows the forms."""
    with pytest.raises(UsageError, match="give page:PARAM"):
        paging_of(form)


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        ([], None),
        (['<https://a.example/?page=2>; rel="next"'], "https://a.example/?page=2"),
        (["<a>; rel=prev", "<b>; rel=next"], "b"),
        (['<a>; rel="prev first", <b>;title="c, d"; REL="last NEXT"'], "b"),
        (['<a>; title="rel=next"; rel=prev'], None),
        (["<a,b>; rel=next"], "a,b"),
        (["<a"], None),
        (["<a>;" * 3_000], None),
    ],
)
def test_a_link_header_is_read_as_the_standard_has_it(headers, target):
    """RFC 8288: several in one header, relations in any case, commas in texts and targets."""
    assert next_link(headers) == target


def test_paths_lead_through_lists_and_names_with_dots():
    """And nowhere where there is nothing."""
    assert value_at({"a": [{"b": 1}, {"b": 2}]}, "a.1.b") == 2
    assert value_at({"a.b": {"c": 3}, "a": 4}, "a.b") == {"c": 3}
    assert str(value_at({"a": []}, "a.0")).startswith("<object")
    assert says_more({"data": [{"next": "x"}], "links": {"self": "y", "next": None}}) is None


def test_the_pages_beside_one_are_those_records_may_have_moved_to():
    """The one before comes first; before the first page there is none."""
    assert list(paging_of("page:p").near(Spot(3, 20), 10)) == [Spot(2, 10), Spot(4, 30)]
    assert list(paging_of("page:p").near(Spot(1, 0), 10)) == [Spot(2, 10)]
    assert list(paging_of("offset:p").near(Spot(5, 5), 10)) == [Spot(0, 0), Spot(15, 15)]
