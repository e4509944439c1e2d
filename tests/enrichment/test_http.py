"""Enrichment by an endpoint, over real sockets: refusals, cut connections, slowness, rates, the circuit, and a killed job."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading

import pytest

import memproc
from memproc.errors import UsageError
from tests.enrichment.services import Endpoint, tagged
from tests.sources.rest.server import Clock, cutting, failing, hanging_up
from tests.waiting import LIMIT_SECONDS

RECORDS = [{"content": f"Likes {number} teas"} for number in range(20)]


def by(api, clock=None, **terms):
    """Return the enrichment by the endpoint of a server."""
    given = {"name": "tags", "allow_private": True, "batch_size": 5, "concurrency": 1, "retry_seconds": 30.0, **terms}
    return memproc.HttpEnrichment(f"{api.root}/enrich", **given, _outside=None if clock is None else clock.outside())


@pytest.mark.parametrize("concurrency", [1, 3])
def test_each_record_is_asked_for_once(api, fresh, concurrency):
    """Whatever the calls; what they cost and how long they took is in the report."""
    endpoint = Endpoint(api)
    with fresh() as store:
        report = memproc.ingest(RECORDS + RECORDS[:3], store, enrich=by(api, concurrency=concurrency))
        assert (report.stored, report.duplicate) == (20, 3)
        memproc.ingest(RECORDS[::-1], store, enrich=by(api))
        assert (set(endpoint.answered.values()), endpoint.calls) == ({1}, 4)
        (told,) = report.enrichment
        assert (told.answered, told.kept, told.changed, told.calls) == (20, 3, 23, 4)
        assert told.cost == pytest.approx(0.04)
        assert 0 < told.half <= told.p95 <= told.longest <= told.seconds
        assert "cost 0.04" in str(report)
        json.dumps(report.as_dict())
        assert store.find(tag="long0", limit=1)
        assert store.doctor() == ()


def test_only_the_fields_named_are_sent(api, fresh_file):
    """For whoever shall not know the rest."""
    seen = []
    Endpoint(api, seen.append)
    with fresh_file() as store:
        memproc.ingest([{"content": "Likes tea", "subject": "ann"}], store, enrich=by(api, reads=["content"]))
        assert seen == [{"content": "Likes tea"}]


@pytest.mark.parametrize(
    ("plan", "least"),
    [(failing(500), 0), (failing(429, Retry_After="7"), 7), (cutting, 0), (hanging_up, 0)],
    ids=["500", "429", "cut", "hung up"],
)
def test_what_may_pass_is_tried_again(api, fresh_file, plan, least):
    """After a wait that is at least what the server asks for; no record is lost, and an application hears of it."""
    endpoint, clock, heard = Endpoint(api), Clock(), []
    api.plans.extend([None, plan])
    with fresh_file() as store:
        report = memproc.ingest(RECORDS, store, enrich=by(api, clock), on_event=heard.append)
        assert (report.stored, report.enrichment[0].changed, endpoint.calls) == (20, 20, 4)
        assert len(clock.slept) == 1
        assert least <= clock.slept[0] < least + 1
        assert [event.attempts for event in heard if isinstance(event, memproc.Retrying)] == [1]
        assert sum(event.answered for event in heard if isinstance(event, memproc.RecordsEnriched)) == 20


def test_a_refused_record_is_found_among_others(api, fresh_file):
    """A call that is refused for what is in it is halved."""

    def picky(request, _):
        contents = [record["content"] for record in request.posted["records"]]
        if "Likes 7 teas" in contents:
            request.give({"error": "no"}, 422)
        else:
            request.give([{"tags": ["ok"]} for _ in contents])

    api.answers["/enrich"] = picky
    with fresh_file() as store:
        report = memproc.ingest(RECORDS, store, enrich=by(api, on_failure="quarantine", failures_to_open=1))
        assert (report.stored, report.quarantined, report.enrichment[0].opened) == (19, 1, 0)
        (waiting,) = store.quarantine()
        assert waiting.faults[0].code == "not_enriched"
        assert "422" in waiting.faults[0].message


def test_what_is_nested_too_deep_is_wrong(api, fresh_file):
    """And fails nothing else."""
    Endpoint(api, lambda record: {"metadata": {"a": json.loads("[" * 300 + "]" * 300)}} if "7" in record["content"] else None)
    with fresh_file() as store:
        report = memproc.ingest(RECORDS, store, enrich=by(api, on_failure="quarantine"))
        assert (report.stored, report.quarantined, report.enrichment[0].wrong) == (18, 2, 2)


@pytest.mark.parametrize("answer", [{"results": [None]}, [None, None], {"no": 1}, 5])
def test_an_answer_that_does_not_fit_is_none(api, fresh_file, answer):
    """It is not kept: who asks again may have a better one."""
    api.answers["/enrich"] = lambda request, _: request.give(answer)
    with fresh_file() as store:
        report = memproc.ingest(RECORDS[:5], store, enrich=by(api))
        assert (report.stored, report.enrichment[0].failed) == (5, 5)
        Endpoint(api)
        report = memproc.ingest(RECORDS[:5], store, enrich=by(api))
        assert report.enrichment[0].changed == 5


def test_the_circuit_opens_and_closes(api, fresh_file):
    """After failures in a row nothing is sent for a while; then one call tries."""
    endpoint = Endpoint(api)
    api.plans.extend([failing(500)] * 2)
    enrich = by(api, retries=0, failures_to_open=2, open_seconds=3_600.0)
    with fresh_file() as store:
        report = memproc.ingest(RECORDS, store, enrich=enrich)
        (told,) = report.enrichment
        assert (told.opened, told.calls, told.failed, endpoint.calls) == (1, 2, 20, 0)
        api.plans.extend([failing(500)] * 2)
        report = memproc.ingest(RECORDS, store, enrich=by(api, retries=0, failures_to_open=2, open_seconds=1e-9))
        (told,) = report.enrichment
        assert (told.opened, told.calls, told.failed, told.changed, endpoint.calls) == (1, 4, 10, 10, 2)


def test_a_slow_server_is_given_up(api, fresh_file):
    """Within the time of an answer."""
    over = threading.Event()
    api.answers["/enrich"] = lambda *_: over.wait(LIMIT_SECONDS)
    with fresh_file() as store:
        report = memproc.ingest(RECORDS[:5], store, enrich=by(api, response_seconds=0.1, retries=0))
        over.set()
        assert report.enrichment[0].failed == 5
        assert "did not answer in time" in report.enrichment[0].faults[0][0]


def test_a_job_without_time_stops_and_goes_on(api, fresh_file, tmp_path):
    """No wait is begun that it has no time for; what was answered is kept."""
    endpoint, path = Endpoint(api), tmp_path / "teas.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    api.plans.extend([None, failing(429, Retry_After="5000")])
    with fresh_file() as store:
        settings = memproc.Settings(max_seconds=60.0)
        report = memproc.ingest(path, store, settings=settings, enrich=by(api, retry_seconds=10_000.0))
        assert (report.status, report.read, endpoint.calls) == ("stopped", 0, 1)
        assert "max_seconds" in report.notes[0]
        report = memproc.ingest(path, store, enrich=by(api), resume=True)
        assert (report.stored, endpoint.calls, set(endpoint.answered.values())) == (20, 4, {1})


def test_a_rate_is_kept(api, fresh_file):
    """Calls begin as far apart as was said."""
    Endpoint(api)
    clock = Clock()
    with fresh_file() as store:
        memproc.ingest(RECORDS, store, enrich=by(api, clock, requests_per_second=0.5))
        assert clock.slept == [2.0, 2.0, 2.0]


def test_a_private_address_is_refused(api, fresh_file):
    """As for web APIs that are read: also if a name leads there."""
    with pytest.raises(UsageError, match="allow_private"):
        by(api, allow_private=False)
    clock = Clock()
    outside = clock.outside(lambda *_: ["10.0.0.7"])
    enrich = memproc.HttpEnrichment("https://enrich.example.org/v1", _outside=outside)
    with fresh_file() as store, pytest.raises(UsageError, match="no public address"):
        memproc.ingest(RECORDS, store, enrich=enrich)


CHILD = """
import sys, memproc
enrich = memproc.HttpEnrichment(sys.argv[3], name="tags", allow_private=True, batch_size=5, concurrency=1)
memproc.ingest(sys.argv[1], sys.argv[2], enrich=enrich)
"""


@pytest.mark.costly
def test_a_killed_job_does_not_pay_twice(api, fresh, tmp_path):
    """It is killed while it waits for its third call; resumed, it asks for what was not answered."""
    endpoint, path, is_third, over = Endpoint(api), tmp_path / "teas.jsonl", threading.Event(), threading.Event()
    path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))

    def hang(_):
        is_third.set()
        over.wait(LIMIT_SECONDS)

    api.plans.extend([None, None, hang])
    with fresh() as store:
        url = store._opened.database.url
        where = url if isinstance(url, str) else url.render_as_string(hide_password=False)
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), where, f"{api.root}/enrich"])
        assert is_third.wait(LIMIT_SECONDS)
        child.send_signal(signal.SIGKILL)
        child.wait(LIMIT_SECONDS)
        over.set()
        assert endpoint.calls == 2
        report = memproc.ingest(path, store, enrich=by(api), resume=True)
        assert (report.stored, endpoint.calls, set(endpoint.answered.values())) == (20, 4, {1})
        assert {memory.importance for memory in store} == {0.5}
        assert tagged(RECORDS[0])["importance"] == 0.5
        assert store.recount().is_whole
