"""Webhooks: what is told of jobs comes through, signed, in order, at least once, and nothing is written where nobody asked."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

import memproc
from faults.receiver import Receiver, failing
from memproc.errors import NotFoundError, UsageError
from memproc.service.webhooks.posting import Poster
from memproc.service.webhooks.registering import (
    add_webhook,
    deliveries,
    remove_webhook,
    resend,
    rotate_webhook,
    webhooks,
)
from memproc.service.webhooks.sender import Sending, deliver, ping
from memproc.service.webhooks.signing import headers_of, key_of, new_secret
from memproc.service.worker import Worker
from memproc.sources.rest.gate import Outside
from memproc.store.jobs.telling import ENDED
from memproc.store.kinds import JobStatus
from memproc.store.outbox.endpoints import endpoints
from memproc.store.outbox.kinds import OF_JOBS, OF_TASKS, EndpointKind
from memproc.store.outbox.letters import prune
from memproc.store.outbox.sending import Made, Sent, note, take
from memproc.store.outbox.waits import Waits
from memproc.store.sql import tables
from tests.conftest import ROOT
from tests.databases import all_text
from tests.waiting import LIMIT_SECONDS

AT_ONCE = Sending(waits=Waits(first_seconds=0.01, failures_to_hold=10**9), poll_seconds=0.01, threads=4)
ONE_A_BATCH = memproc.Settings(batch_size=1, dedup="off")


def texts(count, word="Sesame"):
    """Return records that nothing may be told of."""
    return [{"content": f"{word} number {at}"} for at in range(count)]


@pytest.fixture
def receiver():
    """Give a receiver that takes all."""
    with Receiver() as there:
        yield there


def types_of(receiver):
    """Return the types of what was accepted, in order."""
    return [one.told["type"] for one in receiver.accepted]


def outbox(store):
    """Return how many rows the tables of the outbox have."""
    with store._opened.transactions.reading() as tx:
        return sum(len(tx.execute(table.select()).all()) for table in tables.metadata.sorted_tables if "webhook" in table.name)


def test_what_is_told_of_a_job_comes_through_signed_and_in_order(fresh, receiver):
    """Counts and numbers, and nothing of what records say."""
    with fresh("off") as store:
        hook, secret = add_webhook(store, receiver.url, events=["all"], allow_private=True)
        report = memproc.ingest([*texts(2), {"content": ""}], store, settings=ONE_A_BATCH)
        done = deliver(store, until_empty=True, sending=AT_ONCE)
        assert "Sesame" not in "".join(one.body.decode() for one in receiver.received)
        assert webhooks(store) == [replace(hook, deliveries={"delivered": 9})]
        assert store.doctor() == ()
    assert (done.delivered, done.failed) == (9, 0)
    tasks = ["batch.task.started", "batch.task.completed"]
    assert types_of(receiver) == ["batch.job.started", *tasks, "batch.job.progress", *tasks, *tasks, "batch.job.completed"]
    for one in receiver.accepted:
        Verifier(secret).verify(one.body, dict(one.headers))
    told = [one.told["data"] for one in receiver.accepted]
    assert {one["job"] for one in told} == {report.job}
    assert [one["sequence"] for one in told] == sorted(one["sequence"] for one in told)
    assert (told[-1]["read"], told[-1]["stored"], told[-1]["quarantined"], told[-1]["status"]) == (3, 2, 1, "done")
    assert (told[-2]["records"], told[-2]["quarantined"], told[-2]["errors"]) == (1, 1, {"validation": 1})


def test_a_receiver_that_is_down_does_not_hold_up_a_run_that_ends(fresh, receiver):
    """What is tried again later is left to the next run."""
    patient = replace(AT_ONCE, waits=Waits(first_seconds=3600.0), patience_seconds=0.01)
    with fresh("off") as store:
        add_webhook(store, receiver.url, events=["batch.job.completed"], allow_private=True)
        receiver.end()
        memproc.ingest(texts(1), store)
        looks = iter([False] * 1_000)
        assert deliver(store, until=looks.__next__, until_empty=True, sending=patient).failed == 1
        assert [(one.status, one.attempts) for one in deliveries(store)] == [("waiting", 1)]
        assert deliveries(store)[0].due_at > deliveries(store)[0].told_at


def test_nothing_is_written_where_nobody_asked(fresh, receiver):
    """Nor of what nobody asked for, of single records, of a rehearsal, or after a webhook was removed."""
    with fresh("off") as store:
        memproc.ingest(texts(2), store, settings=ONE_A_BATCH)
        assert outbox(store) == 0
        hook, _ = add_webhook(store, receiver.url, events=["batch.job.failed"], allow_private=True)
        memproc.ingest(texts(2), store, settings=ONE_A_BATCH)
        memproc.ingest(texts(2), store, dry_run=True, settings=ONE_A_BATCH)
        assert outbox(store) == 1  # the webhook itself
        all_of_it, _ = add_webhook(store, receiver.url, events=["all"], allow_private=True)
        memproc.ingest(texts(2), store, dry_run=True, settings=ONE_A_BATCH)
        store.add({"content": "Prefers tea"})
        assert outbox(store) == 2
        for one in (hook, all_of_it):
            assert remove_webhook(store, one.number) == 0
        memproc.ingest(texts(2), store, settings=ONE_A_BATCH)
        assert outbox(store) == 2
        assert webhooks(store) == []


def test_an_ingestion_without_webhooks_asks_for_them_twice(fresh_file, monkeypatch):
    """When its job begins and ends, however many batches it has: whether there are any is a part of the store's state."""
    asked = []
    monkeypatch.setattr("memproc.store.jobs.telling.wanted", lambda tx: asked.append(tx) or {})
    for count in (3, 13):
        with fresh_file("off") as store:
            memproc.ingest(texts(count), store, settings=ONE_A_BATCH)
    assert len(asked) == 4


def left_by(store, source, verb):
    """Ingest a file until after its first batch it is asked to pause or to cancel."""

    def ask(event):
        if isinstance(event, memproc.BatchLanded):
            getattr(store.jobs()[-1], verb)()

    return memproc.ingest(source, store, settings=ONE_A_BATCH, on_event=ask)


@pytest.mark.parametrize(("verb", "end"), [("pause", "paused"), ("cancel", "cancelled")])
def test_how_a_job_ends_that_was_asked_to_is_told(fresh_file, receiver, tmp_path, verb, end):
    """And that it goes on."""
    source = tmp_path / "notes.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in texts(3)))
    with fresh_file("off") as store:
        add_webhook(store, receiver.url, allow_private=True)
        left_by(store, source, verb)
        if verb == "pause":
            memproc.ingest(source, store, settings=ONE_A_BATCH, resume=True)
        deliver(store, until_empty=True, sending=AT_ONCE)
    told = [one for one in types_of(receiver) if not one.endswith("progress")]
    rest = ["batch.job.started", "batch.job.completed"] if verb == "pause" else []
    assert told == ["batch.job.started", f"batch.job.{end}", *rest]
    runs = [one.told["data"]["run"] for one in receiver.accepted if one.told["type"] == "batch.job.started"]
    assert runs == [*range(1, len(runs) + 1)]


def test_a_batch_that_cannot_be_written_is_told_with_the_end_of_its_job(fresh_file, receiver, monkeypatch):
    """As a task that began and failed."""
    with fresh_file("off") as store:
        add_webhook(store, receiver.url, events=["batch.job.failed", "batch.task.*"], allow_private=True)

        def broken(*_arguments, **_options):
            raise MemoryError

        monkeypatch.setattr("memproc.store.changes.writer.batch_row", broken)
        with pytest.raises(MemoryError):
            memproc.ingest(texts(2), store)
        deliver(store, until_empty=True, sending=AT_ONCE)
    assert types_of(receiver) == ["batch.task.started", "batch.task.failed", "batch.job.failed"]
    assert receiver.accepted[1].told["data"]["records"] == 2


@pytest.mark.costly
def test_each_comes_through_a_receiver_that_fails(fresh, receiver):
    """Of each job in order, however often it is sent."""
    receiver._answer = failing(random.Random(2), 0.4)
    with fresh("off") as store:
        _, secret = add_webhook(store, receiver.url, events=["all"], allow_private=True)
        for at in range(4):
            memproc.ingest(texts(6, f"job {at}"), store, settings=ONE_A_BATCH)
        done = deliver(store, until_empty=True, sending=AT_ONCE)
        assert {one.status for one in deliveries(store)} == {"delivered"}
        assert max(one.attempts for one in deliveries(store)) > 1
        assert store.doctor() == ()
    assert done.failed > 0
    places = {}
    for one in receiver.accepted:
        Verifier(secret).verify(one.body, dict(one.headers))
        data = one.told["data"]
        assert data["sequence"] > places.get(data["job"], 0)
        places[data["job"]] = data["sequence"]
    assert len({one.id for one in receiver.accepted}) == done.delivered == len(receiver.accepted)


def test_what_is_given_up_is_a_dead_letter_that_can_be_sent_again(fresh, receiver):
    """Under the id that it had, behind what waits; what comes after it is not held up."""
    answers = iter([500, 500])
    receiver._answer = lambda: next(answers, 204)
    twice = replace(AT_ONCE, waits=replace(AT_ONCE.waits, most_attempts=2))
    with fresh("off") as store:
        hook, _ = add_webhook(store, receiver.url, events=["batch.job.started", "batch.job.completed"], allow_private=True)
        memproc.ingest(texts(1), store)
        deliver(store, until_empty=True, sending=twice)
        [dead] = deliveries(store, status="dead")
        assert (dead.type, dead.attempts, dead.answer) == ("batch.job.started", 2, 500)
        assert dead.why == "127.0.0.1 answers 500 Internal Server Error"
        assert types_of(receiver) == ["batch.job.completed"]
        with pytest.raises(NotFoundError, match="no dead letter 99: "):
            resend(store, [99])
        assert resend(store, [dead.number]) == 1
        deliver(store, until_empty=True, sending=twice)
        assert receiver.accepted[-1].id == dead.id
        assert [one.status for one in deliveries(store, webhook=hook.number)] == ["delivered", "delivered", "resent"]
        assert resend(store) == 0
        assert store._opened.transactions.write(lambda tx: prune(tx, "9999-01-01T00:00:00.000000Z")) == 0
        with pytest.raises(UsageError, match="status 'lost': choose among waiting, delivered, dead"):
            deliveries(store, status="lost")


def test_a_receiver_that_wants_no_more_is_asked_no_more(fresh_file, receiver):
    """Until what it missed is sent again."""
    receiver._answer = lambda: 410
    with fresh_file("off") as store:
        hook, _ = add_webhook(store, receiver.url, allow_private=True)
        memproc.ingest(texts(1), store)
        deliver(store, until_empty=True, sending=AT_ONCE)
        [now] = webhooks(store)
        assert (now.status, now.why) == ("disabled", "its receiver answered 410 Gone: it wants no more")
        assert len(receiver.received) == 1
        before = outbox(store)
        memproc.ingest(texts(1), store)
        assert outbox(store) == before
        receiver._answer = lambda: 200
        assert resend(store, webhook=hook.number) == now.deliveries["dead"] >= 2
        deliver(store, until_empty=True, sending=AT_ONCE)
        assert webhooks(store)[0].status == "active"
        assert types_of(receiver)[0] == "batch.job.started"


def test_one_that_fails_for_days_is_disabled(fresh_file, receiver):
    """And what waits for it becomes dead letters at once."""
    receiver._answer = lambda: 503
    with fresh_file("off") as store:
        add_webhook(store, receiver.url, allow_private=True)
        memproc.ingest(texts(1), store)
        deliver(store, until_empty=True, sending=replace(AT_ONCE, waits=replace(AT_ONCE.waits, disabled_after_seconds=0.0)))
        [now] = webhooks(store)
    assert now.status == "disabled"
    assert now.why.startswith("nothing came through for 0 days: 127.0.0.1 answers 503")
    assert now.deliveries.keys() == {"dead"}


@pytest.mark.costly
def test_a_receiver_may_ask_for_time(fresh_file, receiver):
    """It is not asked again before, and neither is it of another job."""
    receiver.more["retry-after"] = "3000"
    receiver._answer = lambda: 429
    with fresh_file("off") as store:
        add_webhook(store, receiver.url, events=["batch.job.completed"], allow_private=True)
        memproc.ingest(texts(1), store)
        memproc.ingest(texts(1), store)
        ends_at = time.monotonic() + 0.3
        deliver(store, until=lambda: time.monotonic() > ends_at, sending=replace(AT_ONCE, threads=1))
    assert len(receiver.received) == 1


def test_a_secret_is_changed_with_an_overlap(fresh_file, receiver, monkeypatch):
    """Both sign until it is over; a reference is kept, and not what it stands for."""
    with fresh_file("off") as store:
        hook, first = add_webhook(store, receiver.url, allow_private=True)
        second = rotate_webhook(store, hook.number, overlap="1h")
        assert ping(store, hook.number).why is None
        [endpoint] = store._opened.transactions.read(endpoints)
        over = endpoint.secrets[1].until
        assert [endpoint.in_force(now) for now in (over - 1, over)] == [[second, first], [second]]
        for secret in (first, second):
            Verifier(secret).verify(receiver.accepted[-1].body, dict(receiver.accepted[-1].headers))
        kept = new_secret()
        monkeypatch.setenv("HOOK_SECRET", kept)
        assert rotate_webhook(store, hook.number, secret="ENV:HOOK_SECRET", overlap="0s") == "ENV:HOOK_SECRET"
        assert ping(store, hook.number).why is None
        assert kept not in all_text(store)
        Verifier(kept).verify(receiver.accepted[-1].body, dict(receiver.accepted[-1].headers))
        with pytest.raises(WebhookVerificationError):
            Verifier(second).verify(receiver.accepted[-1].body, dict(receiver.accepted[-1].headers))
        monkeypatch.delenv("HOOK_SECRET")
        assert ping(store, hook.number).why.startswith("ENV:HOOK_SECRET: the environment variable HOOK_SECRET is not set")
        with pytest.raises(UsageError, match="has this secret already"):
            rotate_webhook(store, hook.number, secret="ENV:HOOK_SECRET")


def test_no_private_address_is_connected_to_unless_allowed(fresh_file, receiver):
    """Neither one that is named, nor one that a name leads to, nor one behind a redirect."""
    with fresh_file("off") as store:
        for url in (receiver.url, "http://example.org/hooks"):
            with pytest.raises(UsageError, match="in the clear"):
                add_webhook(store, url)
        hook, _ = add_webhook(store, f"https://127.0.0.1:{receiver.port}/hooks")
        assert ping(store, hook.number).why.startswith("127.0.0.1 leads to 127.0.0.1, which is no public address")
        assert receiver.received == []
        redirected, _ = add_webhook(store, receiver.url, allow_private=True)
        receiver._answer = lambda: 302
        receiver.more["location"] = f"{receiver.url}/else"
        assert ping(store, redirected.number).why == "127.0.0.1 answers 302 Found: a webhook follows no redirect"
        assert len(receiver.received) == 1


def test_a_name_that_leads_to_a_private_address_is_refused():
    """By the address that is connected to, and not by the name."""
    outside = Outside(resolve=lambda _host, _port: ["10.0.0.7"])
    poster = Poster("https://hooks.example.org/", allow_private=False, timeout_seconds=1, outside=outside)
    assert poster.post(b"{}", {}).why.startswith("hooks.example.org leads to 10.0.0.7, which is no public address")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"url": "ftp://example.org"}, "give a URL as in https"),
        ({"url": "https://ann:tiger@example.org"}, "give it in a header"),
        ({"url": 7}, "url=7"),
        ({"events": ["batch.job.done"]}, "event 'batch.job.done': choose among all, batch.job"),
        ({"events": []}, "name at least one"),
        ({"events": "all"}, "give a list"),
        ({"secret": "whsec_!"}, "the secret is no base64"),
        ({"secret": f"whsec_{base64.b64encode(b'short').decode()}"}, "5 bytes: give `whsec_`"),
        ({"secret": base64.b64encode(bytes(32)).decode()}, "another form"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(fresh_file, given, told):
    """With what would be right, and without the secret."""
    with fresh_file("off") as store:
        with pytest.raises(UsageError, match=told) as refused:
            add_webhook(store, **{"url": "https://example.org/hooks", **given})
        assert str(given.get("secret")) not in str(refused.value)
        assert webhooks(store) == []
        for work in (lambda: remove_webhook(store, 3), lambda: rotate_webhook(store, 3), lambda: ping(store, 3)):
            with pytest.raises(NotFoundError, match="no webhook 3: none was added yet"):
                work()
        with pytest.raises(UsageError, match="overlap '1 week': give a number with s, m, h or d"):
            rotate_webhook(store, 3, overlap="1 week")


@pytest.mark.parametrize("size", [24, 32, 64])
def test_signatures_are_those_of_the_standard(size):
    """By its own library, which is no part of memproc."""
    secret = f"whsec_{base64.b64encode(random.Random(size).randbytes(size)).decode()}"
    body, now = json.dumps({"text": "Käse \U0001f9c0"}).encode(), int(time.time())
    headers = headers_of("msg_1", now, body, [key_of(new_secret()), key_of(secret)])
    assert Verifier(secret).verify(body, headers) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body + b" ", headers)


def test_what_was_told_long_ago_is_removed(fresh_file, receiver):
    """But for what waits, and the newest, so that no number is given twice."""
    with fresh_file("off") as store:
        add_webhook(store, receiver.url, events=["all"], allow_private=True)
        memproc.ingest(texts(3), store, settings=ONE_A_BATCH)
        write, later = store._opened.transactions.write, "9999-01-01T00:00:00.000000Z"
        assert write(lambda tx: prune(tx, later)) == 0
        deliver(store, until_empty=True, sending=AT_ONCE)
        told = len(deliveries(store))
        assert write(lambda tx: prune(tx, "2020-01-01T00:00:00.000000Z")) == 0
        assert write(lambda tx: prune(tx, later)) == told - 1
        assert [one.number for one in deliveries(store)] == [told]
        assert store.doctor() == ()


def test_a_sender_that_was_killed_leaves_what_it_took_to_others(fresh_file, receiver):
    """When its lease ends; what it notes after that is void."""
    with fresh_file("off") as store:
        add_webhook(store, receiver.url, events=["batch.job.*"], allow_private=True)
        memproc.ingest(texts(1), store)
        write = store._opened.transactions.write
        [line] = write(lambda tx: take(tx, EndpointKind.WEBHOOK, 8, 60_000_000))
        assert write(lambda tx: take(tx, EndpointKind.WEBHOOK, 8, 60_000_000)) == []
        write(lambda tx: tx.update_rows(tables.webhook_deliveries, [{"number": line.waiting[0].number, "due_at": 0}]))
        [again] = write(lambda tx: take(tx, EndpointKind.WEBHOOK, 8, 60_000_000))
        assert again.waiting == line.waiting
        late = Made(line, 1.0, [Sent(one.number, 200) for one in line.waiting])
        write(lambda tx: note(tx, [late], Waits()))
        assert {one.status for one in deliveries(store)} == {"waiting"}
        write(lambda tx: note(tx, [replace(late, line=again)], Waits()))
        assert {one.status for one in deliveries(store)} == {"delivered"}


@pytest.mark.costly
def test_the_library_knows_nothing_of_the_service():
    """An ingestion imports none of it, nor what it needs."""
    code = "import sys, memproc; memproc.ingest([{'content': 'x'}], 'sqlite://'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=LIMIT_SECONDS)
    assert not [name for name in done.stdout.split() if name.startswith(("memproc.service", "apprise", "httpcore2", "smtplib"))]


def test_the_types_are_those_of_the_issue():
    """Of jobs and of tasks."""
    assert [one.removeprefix("batch.job.") for one in OF_JOBS] == [
        *("created", "started", "progress", "completed", "failed", "paused", "cancelled"),
    ]
    assert [one.removeprefix("batch.task.") for one in OF_TASKS] == ["started", "completed", "failed"]


def ends_of(receiver):
    """Return the job, the kind and the status of what was accepted, but for progress."""
    told = [one.told for one in receiver.accepted if not one.told["type"].endswith("progress")]
    return [(one["data"]["job"], one["type"].rpartition(".")[2], one["data"]["status"]) for one in told]


def test_what_becomes_of_a_queued_job_is_told_from_the_beginning(fresh, receiver, tmp_path):
    """Each change once, by its worker too, with its name; one that was lost goes on, and did not fail."""
    source = tmp_path / "notes.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in texts(3)))
    with fresh("off") as store:
        add_webhook(store, receiver.url, allow_private=True)
        job = store.submit(source, name="nightly")
        store.pause_job(job.number)
        store.resume_job(job.number)
        other = store.submit(source, held=True)
        store.cancel_job(other.number)
        missing = store.submit(tmp_path / "none.jsonl")
        Worker(store).work(until_empty=True)
        deliver(store, until_empty=True, sending=AT_ONCE)
        assert store.doctor() == ()
    told = ends_of(receiver)
    assert [one[1:] for one in told if one[0] == job.number] == [
        *(("created", "waiting"), ("paused", "paused"), ("started", "running"), ("completed", "done")),
    ]
    assert [one[1:] for one in told if one[0] == other.number] == [
        *(("created", "waiting"), ("paused", "held"), ("cancelled", "cancelled")),
    ]
    assert [one[1:] for one in told if one[0] == missing.number] == [
        *(("created", "waiting"), ("started", "running"), ("failed", "failed")),
    ]
    assert {one.told["data"]["name"] for one in receiver.accepted} == {"nightly", None}


def test_each_way_that_a_job_ends_has_a_type():
    """Whatever states come to be."""
    going_on = {JobStatus.RUNNING, JobStatus.WAITING}
    assert ENDED.keys() == {*JobStatus} - going_on
    assert {*ENDED.values()} <= {*OF_JOBS}
