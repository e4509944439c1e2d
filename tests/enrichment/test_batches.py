"""Enrichment by orders of a batch API, against a server that behaves like it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading

import pytest

import memproc
from memproc.errors import UsageError
from tests.enrichment.services import Batches, tagged
from tests.sources.rest.server import failing
from tests.waiting import LIMIT_SECONDS

pytestmark = pytest.mark.usefixtures("key")

RECORDS = [{"content": f"Likes {number} teas"} for number in range(8)]


@pytest.fixture
def key(monkeypatch):
    """Set the key of the service."""
    monkeypatch.setenv("KEY_OF_BATCHES", "sesame-1")


def service(api, **options):
    """Return the service at a server."""
    given = {"api_key": "ENV:KEY_OF_BATCHES", "url": f"{api.root}/v1", "allow_private": True, **options}
    return memproc.OpenAIBatches("small", "Give tags as JSON.", **given)


def by(api, **terms):
    """Return the enrichment by the service."""
    options = terms.pop("service", {})
    return memproc.BatchEnrichment(service(api, **options), name="tags", **{"poll_seconds": 0.01, **terms})


def lines(path):
    """Write the records to a file."""
    path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    return path


def test_an_order_is_placed_waited_for_and_kept(api, fresh):
    """Its cost by tokens is in the report; the same records order nothing more."""
    batches = Batches(api, polls=2)
    heard = []
    with fresh() as store:
        enrich = by(api, batch_size=5, service={"input_cost": 1.0, "output_cost": 10.0})
        report = memproc.ingest(RECORDS, store, enrich=enrich, on_event=heard.append)
        (told,) = report.enrichment
        assert (report.stored, told.answered, told.changed, told.calls) == (8, 8, 8, 2)
        assert told.cost == pytest.approx(8 * 0.002)
        assert any("is worked on" in event.what for event in heard if isinstance(event, memproc.Waiting))
        memproc.ingest(RECORDS, store, enrich=enrich)
        assert (len(batches.batches), set(batches.answered.values())) == (2, {1})
        assert {memory.importance for memory in store} == {0.5}
        assert "sesame-1" in api.headers_seen[0]["authorization"]
        assert store.doctor() == ()
        first = next(iter(store))
        store.forget(first.id)
        assert memproc.ingest(RECORDS, store, enrich=enrich).forgotten == 1
        assert len(batches.batches) == 2


def test_what_a_model_answers_wrongly_is_told(api, fresh_file):
    """Text that is no JSON, a field of the wrong kind, and a request that failed."""
    answers = {"Likes 1 teas": "I cannot do that", "Likes 2 teas": {"importance": 9}, "Likes 3 teas": None}
    batches = Batches(api, answer=lambda record: answers.get(record["content"], tagged(record)))
    with fresh_file() as store:
        report = memproc.ingest(RECORDS, store, enrich=by(api, on_failure="quarantine"))
        (told,) = report.enrichment
        assert (report.stored, report.quarantined, told.wrong, told.failed) == (5, 3, 2, 1)
        codes = {waiting.faults[0].code: waiting.faults[0].path for waiting in store.quarantine()}
        assert codes == {"not_changes": "", "less_than_equal": "importance", "not_enriched": ""}
        memproc.ingest(RECORDS, store, enrich=by(api))
        assert batches.answered["Likes 3 teas"] == 2
        assert batches.answered["Likes 1 teas"] == 1


def test_a_lost_answer_orders_nothing_twice(api, fresh_file):
    """The batch is found by its mark."""
    batches = Batches(api)
    batches.lost = 1
    with fresh_file() as store:
        report = memproc.ingest(RECORDS, store, enrich=by(api))
        assert (report.stored, report.enrichment[0].changed, len(batches.batches)) == (8, 8, 1)


def test_a_job_that_is_paused_finds_its_order_again(api, fresh_file, tmp_path, monkeypatch):
    """It was placed, and is not placed again."""
    monkeypatch.setattr("memproc.ingestion.enriched.RENEWED_SECONDS", 0.0)
    batches = Batches(api, polls=10**9)
    path = lines(tmp_path / "teas.jsonl")

    def pause(event):
        if isinstance(event, memproc.Waiting):
            store.jobs()[0].pause()

    with fresh_file() as store:
        report = memproc.ingest(path, store, enrich=by(api), on_event=pause)
        assert (report.status, report.read, len(batches.batches)) == ("paused", 0, 1)
        batches.polls = 0
        report = memproc.ingest(path, store, enrich=by(api), resume=True)
        assert (report.status, report.stored, len(batches.batches), set(batches.answered.values())) == ("done", 8, 1, {1})


def test_a_refused_order_fails_its_records(api, fresh_file):
    """A wrong key, say: the records go on without."""
    Batches(api)
    api.plans.append(failing(401))
    with fresh_file() as store:
        report = memproc.ingest(RECORDS, store, enrich=by(api))
        assert (report.stored, report.enrichment[0].failed) == (8, 8)
        assert "401" in report.enrichment[0].faults[0][0]
        assert "sesame-1" not in str(report.as_dict())


def test_orders_are_not_for_single_records(api, fresh_file):
    """Who adds one would wait for hours."""
    with fresh_file() as store, pytest.raises(UsageError, match="hours later"):
        store.add(RECORDS[0], enrich=by(api))


CHILD = """
import sys, memproc
service = memproc.OpenAIBatches("small", "Give tags.", api_key="ENV:KEY_OF_BATCHES", url=sys.argv[3], allow_private=True)
memproc.ingest(sys.argv[1], sys.argv[2], enrich=memproc.BatchEnrichment(service, name="tags", poll_seconds=0.05))
"""


@pytest.mark.costly
@pytest.mark.parametrize("at", ["begun", "asked"])
def test_a_killed_job_does_not_order_twice(api, fresh_file, tmp_path, at):
    """Killed while its order is taken, or while it waits for it."""
    batches, path, is_there, over = Batches(api, polls=10**9), lines(tmp_path / "teas.jsonl"), threading.Event(), threading.Event()
    show = batches.show

    def lose(request, query):
        batches.lost = 1
        batches.at_batches(request, query)
        is_there.set()
        over.wait(LIMIT_SECONDS)

    def tell(request, query):
        is_there.set()
        show(request, query)

    if at == "begun":
        api.answers["/v1/batches"] = lose
    batches.show = tell
    with fresh_file() as store:
        where = str(store._opened.database.file)
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), where, f"{api.root}/v1"])
        assert is_there.wait(LIMIT_SECONDS)
        child.send_signal(signal.SIGKILL)
        child.wait(LIMIT_SECONDS)
        over.set()
        api.answers["/v1/batches"], batches.polls = batches.at_batches, 0
        report = memproc.ingest(path, store, enrich=by(api), resume=True)
        assert (report.stored, len(batches.batches), set(batches.answered.values())) == (8, 1, {1})
        assert {memory.importance for memory in store} == {0.5}
