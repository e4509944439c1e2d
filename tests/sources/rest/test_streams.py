"""Answers of JSON lines: read as they come, however long they are, and gone on with where they break off."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc import RestPages
from memproc.ingestion.pipeline import ingest
from tests.sources.rest.server import Clock, failing, memories
from tests.waiting import LIMIT_SECONDS

SMALL = memproc.Settings(batch_size=4)
LONG = b'{"content": "' + b"x" * 3_000 + b'"}\n'


def lines(records):
    """Return records as lines of JSON, each as bytes."""
    return [json.dumps(record).encode() + b"\n" for record in records]


class Tap:
    """An answer of lines, which breaks off once for each number of lines in `breaks`, with a chunk for each line."""

    def __init__(self, api, records, breaks=(), kind="application/x-ndjson"):
        self.lines, self.breaks, self.kind = lines(records), list(breaks), kind
        self.before = lambda _: None  # called before each line is sent
        api.answers["/tap"] = self.answer

    def answer(self, request, _):
        """Send the lines."""
        end = self.breaks.pop(0) if self.breaks else None
        request.send_response(200)
        request.send_header("Content-Type", self.kind)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for number, line in enumerate(self.lines):
            if number == end:
                request.close_connection = True
                return
            self.before(number)
            request.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
        request.wfile.write(b"0\r\n\r\n")

    def source(self, api, **options):
        """Return the source that reads them."""
        return RestPages(f"{api.root}/tap", allow_private=True, **{"_outside": Clock().outside(), **options})


@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/plain", "application/json"])
def test_a_record_is_given_while_the_server_still_holds_the_rest(api, kind):
    """Also where the kind does not say that there are lines."""
    tap, was_given = Tap(api, memories(*range(1, 7)), kind=kind), threading.Event()
    tap.before = lambda number: number < 4 or was_given.wait(LIMIT_SECONDS)
    found = tap.source(api).found(None)
    assert [next(found).item.value["id"] for _ in range(3)] == ["1", "2", "3"]
    was_given.set()
    assert [one.item.value["id"] for one in found] == ["4", "5", "6"]


def test_an_answer_of_lines_may_be_longer_than_what_may_be_held(api, fresh_file):
    """The bound is that of a line: one that is longer is one rejected record, and those behind it are read."""
    tap = Tap(api, memories(*range(1, 101)))
    tap.lines.insert(50, LONG)
    with fresh_file() as store:
        report = ingest(tap.source(api, max_response_bytes=1_000), store)
        assert (report.status, report.read, report.stored, report.quarantined) == ("done", 101, 100, 1)
        [entry] = store.quarantine()
        assert entry.faults[0].code == "record_too_long"
        assert f"({len(LONG)})" in entry.faults[0].message


def test_an_answer_that_breaks_off_goes_on_behind_the_last_record(api, fresh_file):
    """Nothing is read twice, and nothing is left out."""
    tap = Tap(api, memories(*range(1, 31)))
    with fresh_file() as store:
        assert ingest(tap.source(api), store, dry_run=True).read == 30
        tap.breaks = [25, 3, 7, 12, 29]  # the first while its format is found out: twenty records suffice for that
        report = ingest(tap.source(api), store, settings=SMALL)
        assert (report.status, report.read, report.stored) == ("done", 30, 30)


def test_one_that_breaks_off_at_the_same_place_for_ever_is_given_up(api, fresh_file):
    """What came before it is kept, and the job goes on there."""
    tap = Tap(api, memories(*range(1, 31)), breaks=[25] * 1_000)
    with fresh_file() as store:
        report = ingest(tap.source(api, retry_seconds=20.0), store, settings=SMALL)
        assert (report.status, report.read) == ("failed", 25)
        tap.breaks = []
        again = ingest(tap.source(api), store, resume=True, settings=SMALL)
        assert (again.job, again.status, again.read, again.duplicate) == (report.job, "done", 30, 0)


def test_one_whose_records_are_others_each_time_does_not_go_on_for_ever(api, fresh_file):
    """A server that gives other records at the same places, and always breaks off: read from the first, but not endlessly."""
    tap, count = Tap(api, (), breaks=[3] * 1_000), iter(range(10_000))
    api.answers["/tap"] = lambda request, query: (
        setattr(tap, "lines", lines(memories(*(next(count) for _ in range(5))))),
        tap.answer(request, query),
    )
    with fresh_file() as store:
        assert ingest(tap.source(api, retry_seconds=20.0), store).status == "failed"
    assert len(api.seen) < 100


def moved(change):
    """Read some lines, let them change, and return what the job that goes on has read and stored anew."""

    def read(api, store):
        tap = Tap(api, memories(*range(1, 31)), breaks=[None, 17])
        api.plans.extend([None, None, failing(401)])
        assert ingest(tap.source(api), store, settings=SMALL).read == 17
        tap.lines = change(tap.lines)
        report = ingest(tap.source(api), store, resume=True, settings=SMALL)
        assert report.status == "done"
        return report.read, report.duplicate

    return read


@pytest.mark.parametrize(
    ("change", "read", "duplicate"),
    [
        (lambda kept: kept, 30, 0),
        (lambda kept: kept[5:], 30, 0),  # the last record is found before its place
        (lambda kept: lines(memories(40, 41)) + kept, 30, 0),  # and behind it
        (lambda kept: kept[:16] + kept[17:], 46, 16),  # it is gone: all is read
        (lambda kept: kept[:17], 17, 0),
    ],
    ids=["the same", "five fewer", "two more", "the last gone", "the rest gone"],
)
def test_a_job_on_lines_goes_on_behind_its_last_record(api, fresh_file, change, read, duplicate):
    """Wherever that stands now."""
    with fresh_file() as store:
        assert moved(change)(api, store) == (read, duplicate)


def test_a_line_that_is_cut_where_no_length_was_told_is_asked_for_again(api, fresh_file):
    """Only the last one without an end can be; one that is broken in the middle is a bad record."""
    whole = b"".join(lines(memories(1, 2, 3)))
    answers = iter([whole[:-9], whole, whole[:-9], b"{]\n" + whole])

    def answer(request, _):
        request.send_response(200)
        request.send_header("Content-Type", "application/jsonl")
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(next(answers))
        request.close_connection = True

    api.answers["/tap"] = answer
    source = RestPages(f"{api.root}/tap", allow_private=True, _outside=Clock().outside())
    with fresh_file() as store:
        report = ingest(source, store)
        assert (report.status, report.stored, report.quarantined) == ("done", 3, 0)


def test_lines_may_lead_to_further_pages(api, fresh_file):
    """By a link header."""
    more = {"/a": ("/b", memories(1, 2)), "/b": (None, memories(3))}
    for path, (following, records) in more.items():
        link = {"Link": f'<{following}>; rel="next"'} if following else {}
        body = b"".join(lines(records))
        api.answers[path] = lambda request, _, body=body, link=link: request.give(body, headers=link, kind="application/jsonl")
    with fresh_file() as store:
        assert ingest(RestPages(f"{api.root}/a", allow_private=True), store).stored == 3


@given(data=st.data())
def test_wherever_lines_break_off_every_record_is_there_once(fresh_file, running, data):
    """Drawn: how many there are, where the answers end, and how large a batch is."""
    running.plans.clear()
    count = data.draw(st.integers(1, 40))
    breaks = data.draw(st.lists(st.integers(0, count), max_size=12))
    tap = Tap(running, memories(*range(1, count + 1)), breaks)
    with fresh_file() as store:
        report = ingest(tap.source(running), store, settings=memproc.Settings(batch_size=data.draw(st.integers(1, 9))))
        assert (report.status, report.read, report.stored) == ("done", count, count)
        assert store.recount().is_whole
