"""Nights on a web API whose records say that they were changed when nothing can have been."""

from __future__ import annotations

import pytest

import memproc
from memproc import RestPages
from memproc.ingestion.pipeline import ingest
from tests.sources.rest.server import Clock, failing

FUTURE = "2099-01-01T00:00:00Z"
SMALL = memproc.Settings(batch_size=2)


def note(number, changed):
    """Return a record that was changed at a time."""
    return {"id": str(number), "content": f"Keeps {number} hens", "changed": changed}


def day(number):
    """Return a record that was changed on a day."""
    return note(number, f"2026-01-{number:02}T10:00:00Z")


def nights(api, records, **options):
    """Return a source of what was changed since a time, two records a page."""

    def answer(request, query):
        found = [record for record in records if str(record["changed"]) >= query.get("since", "")]
        begin = int(query.get("skip", "0"))
        request.give({"items": found[begin : begin + 2]})

    api.answers["/n"] = answer
    given = {"paging": "offset:skip", "cursor_field": "changed", "since_param": "since", **options}
    return RestPages(f"{api.root}/n", "items", allow_private=True, _outside=Clock().outside(), **given)


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_record_of_the_future_hides_no_later_night(api, fresh_file, at):
    """It is told, with its place, and read again each night."""
    records = [day(1), day(2), day(3)]
    records.insert(at, note(99, FUTURE))
    source = nights(api, records)
    with fresh_file() as store:
        first = ingest(source, store, source="n")
        [told] = first.notes
        assert f"1 record has a changed later than now, record {at + 1} ('{FUTURE}')" in told
        assert "the next run does not begin there" in told
        records.append(day(4))
        second = ingest(source, store, source="n")
        assert (second.read, second.stored, second.duplicate) == (3, 1, 2)
        assert "since=2026-01-03" in api.seen[-1]


def test_what_the_record_holds_is_not_told_where_that_was_asked_for(api, fresh_file):
    """Only where it stands, and how many there are."""
    source = nights(api, [note(1, FUTURE), note(2, FUTURE)])
    with fresh_file() as store:
        report = ingest(source, store, source="n", settings=memproc.Settings(redact=True))
        [told] = [one for one in report.notes if "later than now" in one]
        assert "2 records have a changed later than now, the first is record 1: the next run" in told
        assert FUTURE not in str(report.notes)


def test_a_job_that_was_cut_off_behind_such_a_record_goes_on_there(api, fresh_file):
    """Its place is one to go on from, but not one to begin a night at."""
    records = [day(1), note(99, FUTURE), day(2), day(3), day(4)]
    source = nights(api, records)
    with fresh_file() as store:
        api.plans.extend([*[None] * 5, failing(401)])
        assert (report := ingest(source, store, source="n", settings=SMALL)).read == 2
        api.plans.clear()
        again = ingest(source, store, source="n", settings=SMALL)
        assert (again.job, again.read, again.duplicate) == (report.job, 5, 0)
        records.append(day(5))
        assert ingest(source, store, source="n").stored == 1


def test_where_all_are_of_the_future_the_next_night_begins_where_this_one_did(api, fresh_file):
    """At the beginning, or at what was settled before."""
    records = [note(1, FUTURE)]
    source = nights(api, records)
    with fresh_file() as store:
        ingest(source, store, source="n")
        records.append(day(2))
        assert ingest(source, store, source="n").stored == 1
        records[:] = [note(4, FUTURE), day(2)]
        ingest(source, store, source="n")
        records.append(day(3))
        assert ingest(source, store, source="n").stored == 1


def test_a_server_that_heeds_no_filter_loses_nothing(api, fresh_file):
    """It gives everything each night, in an order in which times go back: what is known is duplicate, and the mark never does."""
    records = [day(9), day(3), day(7)]
    api.answers["/all"] = lambda request, _: request.give(records)
    source = RestPages(f"{api.root}/all", allow_private=True, cursor_field="changed", since_param="since")
    with fresh_file() as store:
        for number in (5, 8, 2):
            ingest(source, store, source="n")
            records.append(day(number))
            assert "since" not in api.seen[-1] or "since=2026-01-09" in api.seen[-1]
        assert ingest(source, store, source="n").stored == 1
        assert store.count() == 6


def test_a_server_that_leaves_out_what_changed_while_it_was_read_gives_it_the_next_night(api, fresh_file):
    """A record that is changed while pages are read comes with its new time then."""
    records = [day(1), day(2), day(3), day(4)]
    source = nights(api, records)
    is_changed = []

    def change(_request):
        if not is_changed:
            is_changed.append(True)
            moved = records.pop(0)
            records.append({**moved, "content": "Keeps 77 hens", "changed": "2026-01-05T10:00:00Z"})
        return False

    with fresh_file() as store:
        api.plans.extend([*[None] * 4, change])
        ingest(source, store, source="n")
        ingest(source, store, source="n")
        assert "Keeps 77 hens" in {memory.content for memory in store.find(limit=9)}
        assert ingest(source, store, source="n", settings=SMALL).stored == 0
