"""Where a job on a web API goes on: after a kill, while records come and go, and the night after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc import RestPages
from memproc.ingestion.pipeline import ingest
from tests.conftest import ROOT
from tests.sources.rest.server import Clock, Shelf, failing, memories, pages
from tests.waiting import LIMIT_SECONDS, bounded

SMALL = memproc.Settings(batch_size=4)
CHILD = """
import sys, memproc
from memproc import RestPages
url, records, paging, into = sys.argv[1:]
memproc.ingest(RestPages(url, records, paging=paging, allow_private=True), into, settings=memproc.Settings(batch_size=4))
"""


def numbers(store):
    """Return which records a store has, in order."""
    return sorted(int(memory.content.split()[1]) for memory in store.find(limit=10_000))


@pytest.mark.parametrize("kind", ["page", "cursor"])
@pytest.mark.slow
def test_a_job_that_was_killed_goes_on_exactly_there(api, tmp_path, kind):
    """By a signal that no process can catch, sent when the twentieth page is asked for."""
    Shelf(api, memories(*range(1, 101)))
    source = pages(api, kind)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, source.url, source.records, source.paging, str(tmp_path / "m.db")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    def kill(_request):
        os.kill(child.pid, signal.SIGKILL)
        return False

    api.plans.extend([*[None] * 27, kill])  # after the seven that are looked at
    with bounded(child):
        assert child.wait(LIMIT_SECONDS) == -signal.SIGKILL
    with memproc.open(tmp_path / "m.db") as store:
        before = store.count()
        assert 40 < before <= 60
        api.seen.clear()
        report = ingest(source, store, resume=True)
        assert (report.status, report.read, report.stored, report.duplicate) == ("done", 100, 100, 0)
        assert numbers(store) == [*range(1, 101)]
        assert store.recount().is_whole
        left = 100 - before
        assert len(api.seen) <= 7 + left // 3 + 3  # what was committed is asked for again in one page at most


def read_some(source, store, api, requests):
    """Read until the server refuses, after so many requests."""
    api.plans.extend([*[None] * requests, failing(401)])
    report = ingest(source, store, settings=SMALL)
    assert report.status == "failed"
    api.plans.clear()
    api.seen.clear()
    return report


@pytest.mark.parametrize("kind", ["page", "offset", "cursor"])
@pytest.mark.parametrize(
    "change",
    [
        lambda records: records[2:],  # two of the first are removed: others move to pages that were read
        lambda records: memories(101, 102) + records,  # two come first: others move behind
        lambda records: memories(*range(101, 105)) + records,  # by more than a page
        lambda records: records[4:],
        lambda records: records[9:],
        lambda records: records[:14] + records[15:],  # the last one that was read is removed
        lambda records: memories(101) + records[20:],
        lambda records: records + memories(101, 102),
    ],
    ids=["two fewer", "two more", "four more", "four fewer", "nine fewer", "the last gone", "most gone", "more behind"],
)
@pytest.mark.sampled(5)
def test_pages_that_shift_between_two_runs_lose_nothing(api, fresh_file, kind, change):
    """Every record that was there and is still, and what came behind it, though a few may be read twice."""
    shelf = Shelf(api, memories(*range(1, 31)))
    source = pages(api, kind, Clock())
    with fresh_file() as store:
        assert read_some(source, store, api, 12).read == 15
        shelf.records = change(shelf.records)
        if kind == "cursor":
            api.answers["/cursor"] = by_time(shelf)
        report = ingest(source, store, resume=True)
        assert report.status == "done"
        left = {int(record["id"]) for record in shelf.records} & {*range(1, 31)} | {int(shelf.records[-1]["id"])}
        assert left <= {*numbers(store)}
        assert len(numbers(store)) == len({*numbers(store)})


@pytest.mark.parametrize(
    ("change", "first"),
    [(lambda records: records[2:], 5), (lambda records: records[4:], 5), (lambda records: memories(101, 102) + records, 5)],
    ids=["on the page", "on the one before", "on the one behind"],
)
def test_a_record_that_moved_is_found_again(api, fresh_file, change, first):
    """On its page or beside: nothing is read twice."""
    shelf = Shelf(api, memories(*range(1, 31)))
    source = pages(api, "page", Clock())
    with fresh_file() as store:
        read_some(source, store, api, 12)
        shelf.records = change(shelf.records)
        report = ingest(source, store, resume=True)
        assert (report.status, report.read, report.duplicate) == ("done", 30, 0)
        assert api.seen[7] == f"/page?page={first}"


def test_numbered_pages_are_read_from_the_first_where_the_last_record_is_not_near(api, fresh_file):
    """What moved to pages that were read is not passed over."""
    shelf = Shelf(api, memories(*range(1, 31)))
    source = pages(api, "page", Clock())
    with fresh_file() as store:
        read_some(source, store, api, 12)
        shelf.records = shelf.records[9:]
        report = ingest(source, store, resume=True)
        assert (report.status, report.duplicate) == ("done", 6)
        assert numbers(store) == [*range(1, 31)]


def by_time(shelf):
    """Return an answer by a cursor that holds when its record is gone, as cursors do: the id, in the order of ids."""

    def answer(request, query):
        ordered = sorted(shelf.records, key=lambda record: int(record["id"]))
        later = [record for record in ordered if int(record["id"]) > int(query.get("after", "0"))]
        found = later[: shelf.size]
        following = str(found[-1]["id"]) if len(later) > shelf.size else None
        request.give({"data": {"items": found}, "meta": {"next": following}})

    return answer


def test_a_cursor_that_has_expired_begins_anew(api, fresh_file):
    """Nothing is passed over; what is known is a duplicate."""
    Shelf(api, memories(*range(1, 31)))
    source = pages(api, "cursor", Clock())
    with fresh_file() as store:
        read_some(source, store, api, 12)
        api.plans.extend([*[None] * 7, failing(410)])
        report = ingest(source, store, resume=True)
        assert (report.status, report.stored, report.duplicate) == ("done", 30, 15)


def test_a_page_is_asked_for_once_where_a_job_goes_on(api, fresh_file):
    """The one that the place is looked for in is the one that is read on."""
    Shelf(api, memories(*range(1, 31)))
    source = pages(api, "page", Clock())
    with fresh_file() as store:
        read_some(source, store, api, 12)
        ingest(source, store, resume=True)
        assert api.seen[7:9] == ["/page?page=5", "/page?page=6"]


@pytest.mark.costly
@given(data=st.data())
def test_whatever_is_added_in_front_between_runs_nothing_is_passed_over(fresh_file, running, data):
    """Newest first, as feeds are: drawn how many, when, and the sizes of pages and batches."""
    running.plans.clear()
    kind = data.draw(st.sampled_from(["page", "page, more", "page, total", "offset", "offset, total"]))
    total = data.draw(st.integers(1, 25))
    shelf = Shelf(running, memories(*range(1, total + 1)), data.draw(st.integers(1, 6)))
    settings = memproc.Settings(batch_size=data.draw(st.integers(1, 6)))
    source, at_first = pages(running, kind, Clock()), None
    with fresh_file() as store:
        for requests, more in [*data.draw(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8)), max_size=3)), (999, 0)]:
            running.plans.extend([*[None] * requests, failing(401)])
            with suppress(memproc.SourceError):
                report = ingest(source, store, resume=True, settings=settings)
                at_first = at_first or total
                if report.status == "done":
                    break
            running.plans.clear()
            shelf.records = memories(*range(total + more, total, -1)) + shelf.records
            total += more
        assert {*range(1, at_first + 1)} <= {*numbers(store)}
        assert store.recount().is_whole


class Diary:
    """An API that gives what was changed since a time, oldest change first."""

    def __init__(self, api):
        self.records = []
        api.answers["/diary"] = self.answer

    def answer(self, request, query):
        """Equal times are included."""
        since = query.get("updated_after", "")
        found = [record for record in self.records if record["updated_at"] >= since]
        begin = int(query.get("skip", "0"))
        request.give({"items": found[begin : begin + 2]})


def day(number, month=1):
    """Return a record that changed on a day."""
    return {"id": str(number), "content": f"Keeps {number} hens", "updated_at": f"2026-{month:02}-{number:02}T10:00:00+00:00"}


def test_a_nightly_run_reads_only_what_has_changed(api, fresh_file):
    """From the greatest time that was seen, in whatever order records came; also after a night without news."""
    diary = Diary(api)
    diary.records = [day(3), day(1), day(2)]
    source = RestPages(
        f"{api.root}/diary?sort=no", "items", paging="offset:skip", allow_private=True,
        cursor_field="updated_at", since_param="updated_after",
    )  # fmt: skip
    with fresh_file() as store:
        assert ingest(source, store, source="diary").read == 3
        for new, read in (([day(4), day(5)], 3), ([], 1), ([{**day(1, month=2), "content": "Keeps 99 hens"}], 2)):
            diary.records += new
            api.seen.clear()
            report = ingest(source, store, source="diary")
            assert (report.status, report.read, report.duplicate) == ("done", read, 1)
            assert "updated_after=2026-01-0" in api.seen[-1]
            assert "%2B00%3A00" in api.seen[-1]
        assert numbers(store) == [2, 3, 4, 5, 99]
        assert store.recount().is_whole


def test_a_nightly_run_that_was_cut_off_goes_on(api, fresh_file):
    """From its own place, with its own beginning."""
    diary = Diary(api)
    diary.records = [day(number) for number in range(1, 4)]
    source = RestPages(
        f"{api.root}/diary", "items", paging="offset:skip", allow_private=True,
        cursor_field="updated_at", since_param="updated_after",
    )  # fmt: skip
    with fresh_file() as store:
        ingest(source, store)
        diary.records += [day(number) for number in range(4, 29)]
        api.plans.extend([*[None] * 14, failing(401)])
        assert ingest(source, store, settings=SMALL).status == "failed"
        api.plans.clear()
        report = ingest(source, store)
        assert (report.status, report.read, report.stored) == ("done", 26, 25)
        assert "updated_after=2026-01-03" in api.seen[-1]
        assert numbers(store) == [*range(1, 29)]


@pytest.mark.parametrize(
    ("values", "greatest"),
    [
        ([3, 20, 7], 20),
        (["2026-01-02T00:00:00+14:00", "2026-01-01T23:00:00Z"], "2026-01-01T23:00:00Z"),
        (["b", "a"], "b"),
        (["2026-01-01", "9999-12-31", "0001-01-01", None, "", True, {}], "2026-01-01"),
        ([None], None),
    ],
)
def test_the_greatest_value_is_that_of_numbers_points_in_time_or_texts(api, values, greatest):
    """Not of what stands for no time."""
    api.answers["/m"] = lambda request, _: request.give([{"content": "x", "at": value} for value in values])
    source = RestPages(f"{api.root}/m", allow_private=True, cursor_field="at", since_param="since")
    *_, (_, mark, _) = source.found(None)
    assert source.next_start(mark) == (None if greatest is None else {"from": greatest})


def test_a_night_without_any_record_leaves_the_beginning_where_it_was(api, fresh_file):
    """Where the server leaves out equal values too."""
    api.answers["/m"] = lambda request, query: request.give([] if query else [{"content": "Keeps 1 hens", "at": 7}])
    source = RestPages(f"{api.root}/m", allow_private=True, cursor_field="at", since_param="since")
    with fresh_file() as store:
        assert [ingest(source, store).read for _ in range(3)] == [1, 0, 0]
        assert api.seen[1::2] == ["/m", "/m?since=7", "/m?since=7"]
