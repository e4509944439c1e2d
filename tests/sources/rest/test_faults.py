"""A web API that fails: what passes is tried again, and what does not is told; in the end every record is there once."""

from __future__ import annotations

import socket
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.errors import SourceEndedError
from memproc.ingestion.pipeline import ingest
from tests.sources.rest.server import (
    PAGED,
    Clock,
    Shelf,
    cutting,
    cutting_a_chunk,
    cutting_without_length,
    failing,
    hanging_up,
    memories,
    pages,
    serving,
)


def giving_more_than_told(request):
    """Send fewer bytes than there are: the rest would be read as the next answer."""
    request.send_response(200)
    request.send_header("Content-Length", "5")
    request.end_headers()
    request.wfile.write(b'{"data": [{"content": "Keeps 1 hens"}]}')
    request.close_connection = True


def speaking_no_http(request):
    """Answer in another protocol."""
    request.wfile.write(b"220 mail.example.org ESMTP\r\n\r\n")
    request.close_connection = True


def resetting(request):
    """Reset the connection."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    request.connection.close()
    request.close_connection = True


def breaking_a_line(request):
    """Break off in the middle of a line of JSON."""
    request.send_response(200)
    request.send_header("Content-Type", "application/x-ndjson")
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(b'{"id": "1", "content": "Keeps 1 hens"}\n{"id": "2", "content": "Kee')
    request.close_connection = True


def breaking_gzip(request):
    """End within compressed data."""
    request.give(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xab", headers={"Content-Encoding": "gzip"})


def breaking_gzip_behind_a_line(request):
    """End within compressed data, where a line ends."""
    made = zlib.compressobj(wbits=31)
    body = made.compress(b'{"id": "1", "content": "Keeps 1 hens"}\n') + made.flush(zlib.Z_SYNC_FLUSH)
    request.give(body, headers={"Content-Encoding": "gzip"}, kind="application/x-ndjson")


PASSING = {
    "429": failing(429),
    "429 for seconds": failing(429, Retry_After="7"),
    "429 to a date": failing(429, Retry_After="Fri, 15 Jan 2027 08:00:20 GMT"),
    "500": failing(500),
    "502": failing(502),
    "503": failing(503, Retry_After="1"),
    "cut in a body": cutting,
    "cut in a chunk": cutting_a_chunk,
    "cut where no length was told": cutting_without_length,
    "cut in a line": breaking_a_line,
    "no answer": hanging_up,
    "reset": resetting,
    "no HTTP": speaking_no_http,
    "wrong length": giving_more_than_told,
    "broken gzip": breaking_gzip,
    "gzip cut behind a line": breaking_gzip_behind_a_line,
    "no JSON": lambda request: request.give(b"Please wait", kind="text/plain"),
}


@pytest.mark.parametrize("plan", PASSING.values(), ids=PASSING)
@pytest.mark.sampled(3)
def test_what_may_pass_is_tried_again(api, fresh_file, plan):
    """Also where it comes first, in the middle and twice."""
    Shelf(api, memories(*range(1, 8)))
    api.plans.extend([plan, None, plan, plan])
    clock = Clock()
    with fresh_file() as store:
        report = ingest(pages(api, "cursor", clock), store)
        assert (report.status, report.read, report.stored) == ("done", 7, 7)
    assert len(clock.slept) == 3


def test_waits_grow_and_are_as_long_as_the_server_asks_for(api, fresh_file):
    """In seconds or up to a date; half of the backoff comes on top, by the chance that the test gives."""
    Shelf(api, memories(1))
    api.plans.extend([PASSING["429"], PASSING["500"], PASSING["429 for seconds"], PASSING["429 to a date"], PASSING["reset"]])
    clock = Clock()
    with fresh_file() as store:
        assert ingest(pages(api, "whole", clock), store).stored == 1
    date_left = 20 - (0.25 + 0.5 + 7 + 1)
    assert clock.slept == [0.25, 0.5, 7 + 1, date_left + 2, 4]


def test_tries_end_when_their_time_is_over(api, tmp_path):
    """The message says how often and how long, and what to do."""
    api.plans.extend([failing(503)] * 100)
    clock = Clock()
    with pytest.raises(memproc.SourceError, match=r"answers 503 Service Unavailable: given up after 7 attempts.*retry_seconds=30"):
        ingest(pages(api, "whole", clock, retry_seconds=30.0), tmp_path / "m.db")
    assert sum(clock.slept) <= 30


def test_a_server_that_asks_to_wait_for_longer_is_not_waited_for(api, tmp_path):
    """The message says for how long."""
    api.plans.append(failing(429, Retry_After="3600"))
    clock = Clock()
    with pytest.raises(memproc.SourceError, match="the server asks to wait 3,600 s: given up after 1 attempt,"):
        ingest(pages(api, "whole", clock), tmp_path / "m.db")
    assert clock.slept == []


@pytest.mark.parametrize(
    ("status", "told"), [(400, "parameters"), (401, "ENV:TOKEN"), (403, "may not"), (404, "path"), (410, "Gone"), (418, "Teapot")]
)
def test_what_will_not_pass_is_not_tried_again(api, tmp_path, status, told):
    """The message says what to mind."""
    api.plans.append(failing(status))
    with pytest.raises(memproc.SourceError, match=f"answers {status}.*{told}"):
        ingest(pages(api, "whole", Clock()), tmp_path / "m.db")
    assert len(api.seen) == 1


def test_an_answer_of_another_kind_is_not_tried_again(api, tmp_path):
    """As a table: the message says what it is."""
    api.plans.append(lambda request: request.give(b"a,b\n1,2\n", kind="text/csv"))
    with pytest.raises(memproc.SourceError, match="no JSON that is whole, but text/csv"):
        ingest(pages(api, "whole", Clock()), tmp_path / "m.db")
    assert len(api.seen) == 1


def dripping(request):
    """Send a byte at a time, without end."""
    request.send_response(200)
    request.send_header("Content-Length", "100000")
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        time.sleep(0.05)
    request.close_connection = True


def sleeping(request):
    """Say nothing for a while."""
    time.sleep(0.5)
    request.close_connection = True


@pytest.mark.costly
@pytest.mark.parametrize(
    ("plan", "limits"),
    [(sleeping, {"timeout_seconds": 0.1}), (dripping, {"response_seconds": 0.2}), (sleeping, {"response_seconds": 0.1})],
)
def test_an_answer_that_takes_too_long_is_asked_for_again(api, fresh_file, plan, limits):
    """One that does not come, and one that drips in: each read is quick, and all of it is not."""
    Shelf(api, memories(1))
    api.plans.append(plan)
    with fresh_file() as store:
        assert ingest(pages(api, "whole", retry_seconds=20.0, **limits), store).stored == 1
    assert len(api.seen) == 3


def test_a_server_that_is_not_there_is_told(tmp_path):
    """Soon: what never answered is more likely not there than away for a while."""
    with serving() as api:
        source = pages(api, "whole", Clock())
    with pytest.raises(memproc.SourceError, match=r"cannot be reached: .*given up after 4 attempts, as it has not answered once"):
        ingest(source, tmp_path / "m.db")


def test_what_came_before_a_failure_is_kept_and_the_job_goes_on_there(api, fresh_file):
    """The report says what failed."""
    Shelf(api, memories(*range(1, 31)))
    api.plans.extend([*[None] * 12, failing(401)])
    with fresh_file() as store:
        first = ingest(pages(api, "cursor"), store, settings=memproc.Settings(batch_size=4))
        assert (first.status, first.read) == ("failed", 15)
        assert any("401 Unauthorized" in note for note in first.notes)
        api.seen.clear()
        again = ingest(pages(api, "cursor"), store, resume=True)
        assert (again.status, again.job, again.read, again.stored, again.duplicate) == ("done", first.job, 30, 30, 0)
        assert api.seen[7] == "/cursor?after=12"  # seven were looked at to know the format


@pytest.mark.costly
@given(data=st.data())
def test_whatever_faults_a_server_has_every_record_is_there_once(fresh_file, running, data):
    """Drawn: how its pages follow, how many records a page and a batch have, which requests fail and how, and which reading of
    the job is the one that gets through.
    """
    kind = data.draw(st.sampled_from(PAGED))
    count, size, batch = data.draw(st.integers(0, 30)), data.draw(st.integers(1, 7)), data.draw(st.integers(1, 9))
    faults = st.sampled_from([None, None, None, *PASSING.values(), failing(401), failing(404)])
    running.plans.clear()
    Shelf(running, memories(*range(1, count + 1)), size)
    plans = data.draw(st.lists(faults, max_size=40))
    running.plans.extend(plans)
    with fresh_file() as store:
        for _ in range(len(plans) + 1):
            try:
                report = ingest(pages(running, kind, Clock()), store, resume=True, settings=memproc.Settings(batch_size=batch))
            except (memproc.SourceError, SourceEndedError):
                continue
            if report.status == "done":
                break
        assert report.status == "done"
        assert (report.stored, report.quarantined) == (count, 0)
        assert report.read == count + report.duplicate
        assert sorted(memory.content for memory in store.find(limit=99)) == sorted(
            one["content"] for one in memories(*range(1, count + 1))
        )
        assert store.recount().is_whole
