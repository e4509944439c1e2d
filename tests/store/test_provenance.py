"""What is told once: a value that was changed by hand is noticed, whatever its table and column, and no rebuild makes it good."""

from __future__ import annotations

import json
from unittest.mock import patch
from zipfile import ZipFile

import pytest
from sqlalchemy import BigInteger, Double, LargeBinary, SmallInteger, select, update

import memproc
from memproc.service.notifications.notifier import notify, set_rules
from memproc.service.stopping import Stop
from memproc.service.webhooks.registering import add_webhook
from memproc.service.webhooks.sender import Sending, deliver
from memproc.service.worker import Worker
from memproc.store.access.audit import Line
from memproc.store.access.calls import Window
from memproc.store.access.replies import Asked, Reply
from memproc.store.access.tokens import Wanted
from memproc.store.checkup.doctor import examine
from memproc.store.enriching.orders import begin_order, name_order
from memproc.store.flows.runs import NewRun
from memproc.store.jobs.owners import Owner
from memproc.store.queue.workers import note_worker
from memproc.store.rows import searched
from memproc.store.sql import tables
from memproc.store.sql.seals import is_sealed
from memproc.store.store import access_of, journal_of
from tests.conftest import ROOT
from tests.events import CutOffError, batches
from tests.store.test_calibration import labels, titles
from tests.store.test_doctor import codes_of, live, records

COLUMNS = [column for table in tables.metadata.sorted_tables for column in table.columns]
# The columns in which a check-up misses a value that was changed by hand, and why.
UNCHECKED = {
    "store.marks": "random marks of the last transactions: each is looked for by its own writer only, when its connection was lost",
    "batches.measured": "how long stages took and what was held meanwhile: a report alone tells of it",
}
# The columns in which it misses some such values.
PARTLY_CHECKED = {
    "observations.number": "of the newest observation any higher number is as good, where the index does not hold it",
    "observations.last_batch": "of a record that was read again, any later batch that met a known record may have been the last",
    "quarantine.pattern": "of a discarded record the words are gone that it was made of",
    "segments.number": "a name that nothing else bears; only one that was not given yet is noticed",
    "jobs.lease_until": "of a running job any later time may be that of another renewal",
}


def stop(_progress):
    """End a job in the middle."""
    raise ZeroDivisionError


def told(store):
    """Let a webhook that fails, and the rules of notifications, be told of what follows."""
    rules = """
        [channels.mail]
        smtp = "127.0.0.1:1"
        security = "none"
        from = "memproc@example.org"
        to = ["ann@example.org"]
        [[rules]]
        name = "ends"
        on = ["completed"]
        channels = ["mail"]
    """
    set_rules(store, rules)
    add_webhook(store, "http://127.0.0.1:1/", events=["all"], allow_private=True)
    memproc.ingest([{"content": "Prefers coffee"}], into=store)
    deliver(store, until=iter([False, False, True]).__next__, sending=Sending(poll_seconds=0.1))
    notify(store, until_empty=True)


def long_lived(store, folder):
    """Give a store rows in each table, with each column filled in some: what `live` does, and a file that is read in part, dates of
    sources, open and decided reviews, and a calibration that waits for its rebuild.
    """
    told(store)
    live(store)
    memproc.ingest(titles(), into=store, settings=memproc.Settings(batch_size=25))
    memproc.calibrate(store, sorted(labels()))
    dated = folder / "crm.jsonl"
    dated.write_text("".join(json.dumps({"id": str(at), "content": f"Owes {at} euros"}) + "\n" for at in range(8)))
    settings = memproc.Settings(batch_size=4)
    for day in ("2024-03-01", "2024-04-01"):
        memproc.ingest(dated, into=store, as_of=day, source="crm", settings=settings)
    with pytest.raises(CutOffError):
        memproc.ingest(dated, into=store, as_of="2024-05-01", source="crm", settings=settings, on_event=batches(stop))
    queue_of(store, dated)
    access_to(store)
    flows_of(store)
    enriched_in(store)
    store.index()
    assert store.reviews()
    assert store.settled_reviews()


def enriched_in(store):
    """Give a store results of an enrichment and orders of one, and what a gate found, each twice."""
    by = memproc.FunctionEnrichment(lambda memories: [{"tags": ["warm"]} for _ in memories], name="season")
    for day in ("Monday", "Tuesday"):
        memproc.ingest(
            [{"content": f"Was at the lake on {day}"}], store, enrich=by, gate={"rules": {"any": {"measure": "read", "least": 1}}}
        )
    with store._opened.database.write() as tx:
        begin_order(tx, by)
        name_order(tx, begin_order(tx, by), "batch-1")


def flows_of(store):
    """Give a store a run of a flow that is over, and one that is under way, asked to end, and had an answer."""
    journal, owner = journal_of(store), Owner.of_this_process()
    for is_over in (True, False):
        claim = journal.begin(NewRun("trial", "/", '{"flow":"trial"}', "{}"), ["a", "b"], owner)
        first, second = journal.steps(claim.run)
        journal.plan_items(claim, second, ['"x"'])
        attempt = journal.begin_attempt(claim, first, owner, 5.0)
        journal.end_attempt(claim, first, attempt, {"status": "failed", "error": "it failed"})
        journal.begin_attempt(claim, second, owner, 5.0)
        journal.change(claim, first, notes="{}", output="{}")
        journal.answer(first, "{}")
        if is_over:
            journal.end(claim, "failed", error="it failed")
            journal.ask_to_cancel(claim.run)
        with store._opened.database.write() as tx:
            tx.update_rows(tables.flow_runs, [{"number": claim.run, "request": None if is_over else "cancel"}])


def access_to(store):
    """Give a store tokens, sessions, lines of the log, answers kept or being made, counts of calls, and files that were sent."""
    access, owner = access_of(store), Owner.of_this_process()
    for name in ("one", "other"):
        limits = {"per_minute": 5, "per_day": 50} if name == "one" else {}
        wanted = Wanted(name=name, namespaces=None if limits else ["ann"], scopes=["memories:read"], expires_at="2099", **limits)
        access.create_token(wanted)
        access.begin_session(1)
    access.revoke_token(1)
    line = Line(made_at="2026", who="1 one", method="GET", route="/", target="", namespace="", status=200, request="x", address="")
    access.note([line, line], {Window("one", 60, 120): 2, Window("one", 86_400, 86_400): 2}, 1.0)
    for key, reply in (("k", Reply(200, {}, b"{}")), ("l", None)):
        asked = Asked.of(("1", "POST", "/", key), b"")
        access.begin_reply(asked, owner)
        if reply is not None:
            access.keep_reply(asked, reply)
    for namespace in (None, "ann"):
        access.note_upload({"folder": "f", "name": "a.jsonl", "namespace": namespace, "who": "1", "size": 2, "sha256": "ab"})


def queue_of(store, source):
    """Give a store a queue with rows in each of its tables: jobs that ran, failed, wait and are held, rules, and a worker."""
    store.set_queue_rules(at_once=2)
    store.submit(source, every="0 3 * * *", name="nightly")
    store.end_schedule(store.submit(source, every="0 4 * * *").schedule)
    failed = store.submit(source.parent / "none.jsonl", deadline="2999-01-01")
    store.submit(source, source="crm", submitter="ann", at="2001-01-01")
    store.submit(source, after=failed.number)
    Worker(store).work(until_empty=True)
    again = store.retry_job(failed.number, settings={"batch_size": 2})
    store.hold_job(again.number, why="whose is it?")
    stop = Stop()
    paused = store.submit(source, namespace="ann", settings={"batch_size": 2})
    worker = Worker(store, stop=stop, on_event=batches(lambda _progress: store.hold_job(paused.number)))
    worker.run_next()
    with store._opened.database.write() as tx:
        note_worker(tx, worker.owner, "running", paused.number)


def changed(column, value):
    """Return another value of the kind that a column holds; where there is none, one."""
    if isinstance(column.type, LargeBinary):
        return bytes(16) if value is None else value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(column.type, Double):
        return 0.5 if value is None else value + 0.125
    if isinstance(column.type, BigInteger | SmallInteger):
        is_name = column.name in ("number", "part", "quarantine") or column is tables.gates.c.job
        return 7 if value is None else value + (100_000 if is_name else 1)
    return "x" if value is None else f"{value} "


def rows_of(connection, column):
    """Return rows of a table to change a value in: the first without one, and the first and the last that have one."""
    table = column.table
    rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
    without, some = ([row for row in rows if (row._mapping[column] is None) is is_empty] for is_empty in (True, False))
    assert rows, f"no row in {table.name}"
    return [*without[:1], *some[:1], *some[1:][-1:]]


def bare(column):
    """Return what a column is called where its table's name has no prefix."""
    return str(column).removeprefix(tables.PREFIX)


def change_in(connection, column, row):
    """Change one value in one row."""
    key = [own == row._mapping[own] for own in column.table.primary_key.columns]
    value = changed(column, row._mapping[column])
    assert connection.execute(update(column.table).where(*key).values({column.name: value})).rowcount == 1


@pytest.fixture(scope="module", params=[1, pytest.param(3, marks=pytest.mark.slow)], ids=["one row", "three rows"])
def lived(request, fresh, tmp_path_factory):
    """Give a store with all that a store may hold, and how many rows at most to try in it."""
    with patch.multiple(searched, SHORT=8, LONG=16), fresh() as store:
        long_lived(store, tmp_path_factory.mktemp("read"))
        assert store.doctor() == ()
        yield store, request.param


@pytest.mark.costly
@pytest.mark.parametrize("column", COLUMNS, ids=str)
@pytest.mark.sampled(40)
def test_a_value_that_was_changed_by_hand_is_noticed(lived, column):
    """In each column of each table, but for those that are documented; a new column that nobody checks fails here."""
    store, most = lived
    name = bare(column)
    noticed = []
    with store._opened.database.write() as tx:
        for row in rows_of(tx, column)[:most]:
            with tx.savepoint() as savepoint:
                change_in(tx, column, row)
                noticed.append(bool(examine(tx)))
                savepoint.rollback()
        assert examine(tx) == ()
        tx.connection.rollback()
    if name in UNCHECKED:
        assert not any(noticed)
    elif name in PARTLY_CHECKED:
        assert any(noticed)
    else:
        assert all(noticed)


def test_what_is_not_checked_is_a_column_that_there_is():
    """And the guide says why."""
    names = {bare(column) for column in COLUMNS}
    assert UNCHECKED.keys() | PARTLY_CHECKED.keys() <= names
    assert UNCHECKED.keys().isdisjoint(PARTLY_CHECKED)
    told = (ROOT / "docs/how-to/back-up-and-check.md").read_text()
    assert all(f"| `{name}` | {why} |" in told for name, why in {**UNCHECKED, **PARTLY_CHECKED}.items())


SEALED = [
    table
    for table in tables.metadata.sorted_tables
    if is_sealed(table) and table not in (tables.reviews, tables.flow_attempts, tables.queue_attempts, tables.queue_changes)
]  # open reviews are found anew, and what is done here runs no flow and no job of a queue
TOLD_ONCE = [table.c[name] for table in SEALED for name in ("note", "made_at", "reason", "outcome", "source") if name in table.c]
TOLD_ONCE += [tables.decisions.c.verdict, tables.batches.c.known, tables.quarantine_parts.c.bytes]
TOLD_ONCE += [tables.observations.c[name] for name in ("as_of", "times_seen", "confidence")]


@pytest.mark.costly
@pytest.mark.parametrize("column", TOLD_ONCE, ids=str)
@pytest.mark.sampled(31)
def test_neither_a_rebuild_nor_what_is_written_later_makes_damage_good(fresh, column):
    """Of what cannot be computed again; a check-up tells of it until the store is taken from a backup."""
    with fresh() as store:
        live(store)
        access_to(store)
        memproc.ingest([{"id": "9", "content": "Owes 7 euros"}], into=store, as_of="2024-03-01", source="crm")
        with store._opened.database.write() as tx:
            change_in(tx, column, rows_of(tx, column)[-1])
        before = codes_of(store.doctor())
        assert before & {"seals", "arrival"}
        if "decisions" not in before:  # a verdict that is none cannot be rebuilt from
            store.rebuild(settings=memproc.Settings(dedup="exact"))
            store.rebuild(settings=memproc.Settings(dedup="near"))
        memproc.ingest(records(), into=store)
        memproc.ingest([{"id": "9", "content": "Owes 7 euros"}], into=store, as_of="2024-03-01", source="crm")
        assert codes_of(store.doctor()) & {"seals", "arrival"}


@pytest.mark.costly
def test_a_policy_that_was_changed_by_hand_is_not_made_good_by_a_rebuild_under_it(fresh_file):
    """Who opens the store afterwards takes it for what the store was built with."""
    with fresh_file() as store:
        live(store)
    with memproc.open(store.url) as store, store._opened.database.write() as tx:
        policy = tx.execute(select(tables.store.c.policy)).scalar_one()
        wrong = policy.replace('"merge_at":null', '"merge_at":0.5').replace('"refuses_to_merge":false', '"refuses_to_merge":true')
        assert wrong != policy
        tx.execute(update(tables.store).values(policy=wrong))
    with memproc.open(store.url) as store:
        assert "seals" in codes_of(store.doctor())
        store.rebuild()
        assert codes_of(store.doctor()) == {"seals"}


@pytest.mark.parametrize("size", [3, 1_000])
def test_a_memory_leads_back_to_its_place(tmp_path, size):
    """The member of an archive and the item in it, wherever batches end, after an interruption too, and however many records an
    item gives.
    """

    def talk(shard, at):
        lines = [{"uuid": f"{shard} {at} {n}", "sender": "human", "text": f"Line {at} {n} of {shard}"} for n in range(at % 4)]
        return {"uuid": f"{shard} {at}", "name": "", "account": {"uuid": "u"}, "chat_messages": lines}

    notes = [{"content": f"Note {at}"} for at in range(8)]
    with ZipFile(tmp_path / "export.zip", "w") as archive:
        for shard in range(2):
            archive.writestr(f"conversations-{shard:03}.json", json.dumps([talk(shard, at) for at in range(9)]))
        archive.writestr("notes.jsonl", "".join(json.dumps(note) + "\n" for note in notes))
    settings = memproc.Settings(batch_size=size)

    def stop(_):
        raise KeyboardInterrupt

    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(memproc.Interrupted):
            memproc.ingest(tmp_path / "export.zip", store, settings=settings, on_event=batches(stop))
        assert memproc.ingest(tmp_path / "export.zip", store, settings=settings, resume=True).status == "done"
        places = {memory.content: store.trace(memory.id).observations[0].place for memory in store}
        added = store.add({"content": "Has a cat"}).memory
        assert store.trace(added.id).observations[0].place is None
    expected = {f"Note {at}": f"export.zip!notes.jsonl[{at}]" for at in range(8)}
    for number in range(2):
        for at in range(9):
            place = f"export.zip!conversations-{number:03}.json[{at}]"
            expected |= {f"Line {at} {turn} of {number}": place for turn in range(at % 4)}
    assert places == expected
    assert len(places) == 8 + 2 * 12
