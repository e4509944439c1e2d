"""The store as applications use it, on a real database."""

from __future__ import annotations

import threading
from itertools import combinations, permutations

import orjson
import pytest

import memproc
from memproc.dedup.columns import Columns
from memproc.dedup.minhash.index import FAN_OUT
from memproc.store.answers import Recount
from memproc.store.rows.ledger import LedgerEntry
from memproc.store.rows.observations import columns_of_new
from memproc.store.rows.tombstones import Tombstone
from memproc.store.sql import tables
from memproc.store.sql.columns import SEAL
from memproc.store.sql.tx import Tx
from tests.databases import all_text, refuse_rows, sql
from tests.exports import exported
from tests.waiting import LIMIT_SECONDS


def contents(store):
    """Return the texts of all memories, sorted."""
    return sorted(memory.content for memory in store)


def test_a_record_added_can_be_got_found_and_traced(fresh):
    """One record from an ingestion path: stored, and there by id, by text, by tag and with its story."""
    with fresh() as store:
        added = store.add({"content": "Prefers tea", "tags": ["drinks"], "namespace": "alice"})
        assert (added.outcome, added.confidence, added.reason) == (memproc.Outcome.STORED, None, "")
        assert store.get(added.memory.id) == added.memory
        assert store.find(namespace="alice", tag="drinks", text="TEA") == [added.memory]
        (sighting,) = store.trace(added.memory.id).observations
        assert (sighting.outcome, sighting.times_seen, sighting.speaks) == ("stored", 1, True)
        assert store.get(sighting.observation) == added.memory
        assert store.count() == len(store) == 1


def test_a_bad_record_added_is_quarantined_with_its_faults(fresh):
    """Bad input does not raise: the outcome says what is wrong."""
    with fresh() as store:
        added = store.add({"content": "x", "importance": 7})
        assert added.outcome is memproc.Outcome.QUARANTINED
        assert added.memory is None
        assert [fault.path for fault in added.faults] == ["importance"]
        (kept,) = store.quarantine()
        assert orjson.loads(kept.raw) == {"content": "x", "importance": 7}


def test_a_record_that_holds_many_memories_is_refused_by_add(fresh):
    """`add` takes one record; a conversation is for `ingest`."""
    conversation = {"content": "x", "mapping": {}}
    with fresh() as store, pytest.raises(memproc.UsageError, match=r"use memproc\.ingest"):
        store.add(conversation, format="chatgpt")


def test_find_gives_the_newest_first_and_respects_since_and_limit(fresh):
    """What changed last comes first."""
    with fresh() as store:
        for year in (2021, 2023, 2022):
            store.add({"content": f"moved in {year}", "created_at": f"{year}-01-01"})
        store.add({"content": "moved once"})
        assert [memory.content[-4:] for memory in store.find(text="moved in")] == ["2023", "2022", "2021"]
        assert len(store.find(limit=2)) == 2
        assert [memory.content for memory in store.find(since="2022-06-01")] == ["moved in 2023"]


def test_namespaces_that_differ_in_case_stay_apart(fresh):
    """A namespace named "Alice" is not "alice": not merged, and not found."""
    with fresh() as store:
        for namespace in ("Alice", "alice", "Álice", "alice's"):
            assert store.add({"content": "Prefers tea", "namespace": namespace}).outcome == "stored"
        assert [memory.namespace for memory in store.find(namespace="alice")] == ["alice"]


def test_superscripts_stay_apart(fresh):
    """10⁵ users are not 105 users."""
    with fresh() as store:
        store.add({"content": "The service has 10⁵ users"})
        assert store.add({"content": "The service has 105 users"}).outcome == "stored"


def test_a_newer_version_speaks_and_the_older_is_history(fresh):
    """Of an identity's versions the newest alone speaks, in whatever order they come; an id leads to it for ever."""
    with fresh() as store:
        new = store.add({"id": "7", "source": "app", "content": "Lives in Paris", "updated_at": "2025-01-01"})
        old = store.add({"id": "7", "source": "app", "content": "Lives in Rome", "updated_at": "2024-01-01"})
        assert (old.outcome, old.reason) == ("merged", "older version")
        assert old.memory == new.memory == store.get(new.memory.id)
        assert contents(store) == ["Lives in Paris"]
        assert [(seen.record["content"], seen.speaks) for seen in store.trace(new.memory.id).observations if not seen.speaks] == [
            ("Lives in Rome", False)
        ]


def test_undated_versions_stay_visible_and_wait_for_review(fresh):
    """Where nothing tells the newer, both are there until a person decides."""
    with fresh() as store:
        store.add({"id": "7", "source": "app", "content": "Lives in Paris"})
        store.add({"id": "7", "source": "app", "content": "Lives in Rome"})
        assert contents(store) == ["Lives in Paris", "Lives in Rome"]
        (review,) = store.reviews()
        assert review.kind == "undated"
        decision = store.resolve(review, "merge")
        assert len(contents(store)) == 1
        assert store.reviews() == []
        store.withdraw([decision])
        assert contents(store) == ["Lives in Paris", "Lives in Rome"]


DOCTOR = "The doctor moved the appointment at the clinic in Springfield to 16 October in the morning"


BEFORE = {"content": DOCTOR, "created_at": "2025-01-01"}
AFTER = {"content": DOCTOR.replace("16", "18"), "created_at": "2025-01-02"}
LATER = {"content": DOCTOR.replace("16", "20"), "created_at": "2025-01-03"}


def test_what_changed_as_time_moved_on_waits_for_review(fresh):
    """Too alike to ignore, too unlike to merge. Without dates, or of one day, they are two facts."""
    for dates in ((None, None), ("2025-01-01", "2025-01-01"), ("2025-01-01", None)):
        with fresh() as store:
            store.add({"content": DOCTOR, "created_at": dates[0]})
            store.add({"content": DOCTOR.replace("16", "18"), "created_at": dates[1]})
            assert not store.reviews()
    with fresh() as store:
        store.add(BEFORE)
        store.add(AFTER)
        (review,) = store.reviews()
        assert (review.kind, review.reason) == ("changed", "18 instead of 16")
        assert review.confidence < 0.1  # another date is no date written otherwise
        store.resolve(review, "distinct")
        assert store.count() == 2
        assert store.reviews() == []


def test_the_later_of_two_memories_supersedes_the_other(fresh):
    """What was said before is history, like an older version; which is later, the dates say, and not the order of coming."""
    for order in ((BEFORE, AFTER), (AFTER, BEFORE)):
        with fresh() as store:
            ids = {record["content"]: store.add(record).memory.id for record in order}
            (review,) = store.reviews()
            assert review.verdicts == ("merge", "distinct", "supersedes")
            decision = store.resolve(review, "supersedes")
            assert contents(store) == [AFTER["content"]]
            assert {store.get(known).content for known in ids.values()} == {AFTER["content"]}
            seen = store.trace(ids[AFTER["content"]]).observations
            assert {sighting.record["content"]: sighting.speaks for sighting in seen} == {
                BEFORE["content"]: False,
                AFTER["content"]: True,
            }
            assert store.rebuild() == (0, 0)
            store.add({**BEFORE, "created_at": "2025-02-01"})  # moved back
            assert contents(store) == [BEFORE["content"]]
            store.withdraw([decision])
            assert sorted(contents(store)) == sorted([BEFORE["content"], AFTER["content"]])


def test_all_that_says_the_same_is_superseded_with_it(fresh):
    """A near repeat of what is history is history too, whether it came before the decision or after."""
    with fresh() as store:
        store.add(BEFORE)
        store.add({**BEFORE, "content": f"Well, {DOCTOR}"})
        store.add(AFTER)
        (review,) = store.reviews()
        store.resolve(review, "supersedes")
        assert contents(store) == [AFTER["content"]]
        added = store.add({**BEFORE, "content": f"Honestly, {DOCTOR}"})
        assert (added.outcome, added.memory.content) == ("merged", AFTER["content"])
        near = next(seen for seen in store.trace(added.memory.id).observations if seen.record["content"].startswith("Well"))
        store.unmerge(near.observation)
        assert sorted(contents(store)) == sorted([AFTER["content"], f"Well, {DOCTOR}"])


def test_nothing_without_two_dates_supersedes(fresh):
    """Neither by a review of two that are alike, nor of two undated versions of one identity."""
    with fresh() as store:
        for record in (
            {"id": "7", "source": "app", "content": "Lives in Paris"},
            {"id": "7", "source": "app", "content": "Lives in Rome"},
        ):
            store.add(record)
        (review,) = store.reviews()
        assert review.verdicts == ("merge", "distinct")
        with pytest.raises(memproc.UsageError, match="two dates"):
            store.resolve(review, "supersedes")
        with pytest.raises(memproc.UsageError, match="choose one of merge, distinct, supersedes"):
            store.resolve(review, "perhaps")
        assert store.reviews() == [review]


def test_the_story_of_a_record_is_told_to_its_end(fresh):
    """Read, merged, versioned, reviewed, decided, taken back, forgotten: in this order, each with date and reason."""
    with fresh() as store:
        near = store.add({"content": f"Well, {DOCTOR}", "created_at": "2025-01-01", "id": "7", "source": "app"})
        store.add(BEFORE)
        store.add(
            {"content": f"Honestly, {DOCTOR}", "created_at": "2025-01-01", "updated_at": "2025-01-04"}
            | {"id": "7", "source": "app"}
        )
        store.add({"content": DOCTOR.replace("16", "18"), "created_at": "2025-01-05"})
        (review,) = store.reviews()
        decision = store.resolve(review, "supersedes", note="a call from the clinic; they are busy: it's flu season")
        store.withdraw([decision])
        store.unmerge(near.memory.id)
        told = store.trace(near.memory.id).ledger
        kinds = [entry.kind for entry in told]
        assert kinds == ["read", "similar", "read", "version", "review", "decision", "decision", "decision"]
        assert [entry.made_at for entry in told] == sorted(entry.made_at for entry in told)
        assert all(entry.reason for entry in told)
        assert told[4].reason == "changed, 18 instead of 16; leaves out 'Honestly'"
        store.forget(near.memory.id)
        left = store.trace(near.memory.id)
        assert (left.memory, left.observations) == (None, ())
        assert {"read", "version", "review", "decision", "forgotten"} <= {entry.kind for entry in left.ledger}
        assert "changed, differs in a date" in {entry.reason for entry in left.ledger}
        dump = all_text(store)
        assert "Honestly" not in dump
        assert "flu season" not in dump
        assert "18 instead of 16" not in dump


def test_unmerge_holds_apart_whatever_comes_later(fresh):
    """Unmerge, then the same source again, then a third near-duplicate: still apart; withdrawing puts them together."""
    source = [{"content": "She likes the old house"}, {"content": "She really likes the old house"}]
    with fresh() as store:
        memproc.ingest(source, store)
        assert store.count() == 1
        (first, *_) = exported(store)[0]["observations"]
        decisions = store.unmerge(first["observation"])
        assert store.count() == 2
        memproc.ingest(source, store)
        store.add({"content": "She likes the old house!"})
        assert store.count() == 2
        store.withdraw(decisions)
        assert store.count() == 1
        assert {entry.kind for entry in store.trace(first["observation"]).ledger} == {"read", "similar", "decision"}


def test_what_is_forgotten_does_not_come_back(fresh):
    """Forgetting removes every trace of the text but hashes; the same record is then a duplicate, reason forgotten."""
    record = {"content": "Her secret is a purple giraffe", "tags": ["private"]}
    with fresh() as store:
        added = store.add(record)
        store.add({**record, "importance": 9})
        assert store.forget(added.memory.id) == 1
        assert store.count() == 0
        again = store.add(record)
        assert (again.outcome, again.reason, again.memory) == ("duplicate", "forgotten", None)
        assert "purple giraffe" not in all_text(store)
        assert store.recount().is_whole


MARZIPAN = [
    {"content": "Honestly, Wilhelmina adores the marzipan factory", "created_at": "2024-01-01"},
    {"content": "Wilhelmina really adores the marzipan factory!", "created_at": "2024-01-02"},
    {"content": "Wilhelmina adores the marzipan facotry", "created_at": "2024-01-03"},
    {"content": "Wilhelmina never adores the marzipan factory", "created_at": "2024-01-05"},
]


def test_who_adds_is_told_of_a_memory_that_is_forgotten_at_once(fresh, monkeypatch):
    """What it was added to is read before another can change it."""
    with fresh() as store:
        first = store.add({"content": "She prefers tea"}).memory
        add = store._adder.add

        def add_and_forget(taken, origin):
            landed = add(taken, origin)
            store.forget(first.id)
            return landed

        monkeypatch.setattr(store._adder, "add", add_and_forget)
        again = store.add({"content": "She prefers tea"})
        assert (again.outcome, again.memory) == ("duplicate", first)
        assert store.count() == 0


@pytest.mark.parametrize("count", [0, 2])
def test_a_record_of_no_memory_or_of_several_is_not_added(fresh, count):
    """The caller is told, as a record that is added stands for one memory."""
    talk = {"uuid": "t", "name": "Tea", "chat_messages": [{"sender": "human", "text": f"I like tea {at}"} for at in range(count)]}
    with fresh() as store, pytest.raises(memproc.UsageError, match=f"the record holds {count} memories in format 'claude'"):
        store.add(talk)
    assert "Raises UsageError" in memproc.Store.add.__doc__


@pytest.mark.parametrize(("gone", "its_own"), [("facotry", ["honestly", "really", "facotry"]), ("never", ["never"])])
@pytest.mark.parametrize("order", [1, -1])
def test_no_word_of_what_was_forgotten_is_in_any_table(fresh, gone, its_own, order):
    """Whatever was merged with it, or waits beside it: neither the ledger nor a review holds words, and none is told of it."""
    with fresh() as store:
        memproc.ingest(MARZIPAN[::order], store, settings=memproc.Settings(batch_size=1))
        memory = next(one for one in store if gone in str(store.trace(one.id).observations))
        said = [entry.reason for one in store for entry in store.trace(one.id).ledger if entry.kind in ("similar", "review")]
        assert all(word in " ".join(said).lower() for word in its_own)
        store.resolve(store.reviews()[0], "distinct")
        store.forget(memory.id)
        left = str([store.trace(identifier) for identifier in (memory.id, next(iter(store)).id)])
        assert "differs in whether it is denied" in left
        for known in (all_text(store), left, str(store.reviews()), str(store.settled_reviews())):
            assert [word for word in its_own if word in known.lower()] == []


def test_an_unknown_id_is_told(fresh):
    """`get` gives None; what must act on a memory raises."""
    with fresh() as store:
        assert store.get("no such id") is None
        assert store.get("00" * 16) is None
        for act in (store.trace, store.unmerge, store.forget):
            with pytest.raises(memproc.NotFoundError, match="no memory or observation"):
                act("00" * 16)
        with pytest.raises(memproc.NotFoundError):
            store.resolve(7, "merge")


def test_a_row_that_the_database_refuses_is_isolated(fresh):
    """One refused row goes into quarantine, category database; the rest of its batch lands."""
    with fresh() as store:
        refuse_rows(store, "poison")
        source = [{"content": f"a harmless memory number {number}"} for number in range(50)]
        source[13] = {"content": "this one is poison"}
        report = memproc.ingest(source, store)
        assert (report.stored, report.quarantined, dict(report.errors)) == (49, 1, {"database": 1})
        (kept,) = store.quarantine()
        assert kept.position == 13
        assert "refused by a trigger" in kept.faults[0].message
        assert store.recount().is_whole


def test_what_was_forgotten_does_not_come_back_by_way_of_a_refusal(fresh):
    """Its row is not tried, so it is not kept in quarantine either."""
    secret, other = {"content": "Her secret is poison"}, {"content": "this one is poison"}
    with fresh() as store:
        store.forget(store.add(secret).memory.id)
        refuse_rows(store, "poison")
        report = memproc.ingest([secret, other, {"content": "She likes tea"}], store)
        assert (report.duplicate, report.forgotten, report.quarantined, report.stored) == (1, 1, 1, 1)
        assert "Her secret" not in all_text(store)


def test_a_database_that_cannot_serve_raises_and_keeps_nothing_of_the_batch(fresh):
    """A failure that is no record's fault is not put on a record."""
    with fresh() as store:
        memproc.ingest([{"content": "kept"}], store)
        with store._opened.database.write() as tx:
            tx.execute(sql("ALTER TABLE segments RENAME TO elsewhere"))
        with pytest.raises(Exception, match="segments"):
            memproc.ingest([{"content": "one more"}], store)
        with store._opened.database.write() as tx:
            tx.execute(sql("ALTER TABLE elsewhere RENAME TO memproc_segments"))
        assert contents(store) == ["kept"]
        assert [job.status for job in store.jobs()] == ["done", "failed"]


def test_a_store_is_refused_under_other_settings_until_it_is_rebuilt(fresh):
    """What decides which memories exist is part of the store."""
    with fresh() as store:
        url = store.place
        memproc.ingest([{"content": "She likes tea"}, {"content": "She really likes tea"}], store)
    with pytest.raises(memproc.StoreError, match=r"built with dedup='near'.*rebuild"):
        memproc.open(url, settings=memproc.Settings(dedup="exact"))
    with memproc.open(url) as store:
        assert store.rebuild(settings=memproc.Settings(dedup="exact")) == (0, 1)
        assert store.count() == 2
        assert store.recount().is_whole
    with memproc.open(url, settings=memproc.Settings(dedup="exact")) as store:
        assert store.rebuild(settings=memproc.Settings(dedup="near")) == (1, 0)
        assert store.recount().is_whole


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("schema_version = 99", "newer memproc"),
        ("schema_version = 1", r"older memproc.*export --full"),
        ("policy = 'dedup=near'", "memproc doctor"),
    ],
)
def test_a_store_that_this_memproc_cannot_work_on_is_refused_with_advice(fresh, damage, told):
    """Made by a newer one, made by an older one, or with settings that cannot be read; it is not touched."""
    with fresh() as store:
        url = store.place
        with store._opened.database.write() as tx:
            tx.execute(sql(f"UPDATE store SET {damage}"))
    with pytest.raises(memproc.StoreError, match=told):
        memproc.open(url)


@pytest.mark.parametrize("where", ["oracle://host/db", "no such scheme://x"])
def test_a_database_that_is_not_served_is_wrong_use(where):
    """The message names it and tells what is served."""
    with pytest.raises(memproc.UsageError):
        memproc.open(where)


def test_fields_of_a_subclass_survive_the_round_trip(fresh, tmp_path):
    """A subclass adds fields and rules; they are stored, exported and read back."""

    class Note(memproc.Memory):
        mood: str | None = None
        weight: int = 0

    with memproc.open(tmp_path / "notes.db", schema=Note) as store:
        memproc.ingest([{"content": "Prefers tea", "mood": "calm", "weight": 3}], store, schema=Note)
        (note,) = store
        assert (type(note), note.mood, note.weight) == (Note, "calm", 3)
        (line,) = exported(store)
        assert (line["mood"], line["weight"]) == ("calm", 3)
        full = exported(store, full=True)
        with fresh() as other:
            memproc.ingest(full, other, schema=Note)
            assert exported(other, full=True) == full
            (plain,) = other
            assert type(plain) is memproc.Memory


@pytest.mark.costly
def test_several_threads_may_use_one_store(fresh):
    """Every record added by any thread is there once, and the rows add up."""
    with fresh() as store:
        errors = []

        def work(name):
            try:
                for number in range(20):
                    store.add({"content": f"{name} saw a bird at place number {number}"})
                    store.find(limit=1)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
                errors.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in ("Ann", "Bob", "Cem", "Dora")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_SECONDS)
        assert errors == []
        assert store.count() == 80
        assert store.recount().is_whole


def test_two_stores_on_one_file_see_each_other(fresh):
    """What one writer adds, the other merges with: the index is read again where it changed."""
    with fresh() as one, memproc.open(one.place) as other:
        one.add(BEFORE)
        assert other.add({**BEFORE, "content": f"Well, {DOCTOR}!"}).outcome == "merged"
        assert other.add(AFTER).outcome == "stored"
        assert one.reviews()


def test_people_can_query_the_views(fresh):
    """`memories`, `batch_status` and `error_patterns` say the same as the API."""
    source = [
        {"content": "Prefers tea"},
        {"content": "Really prefers tea"},
        {"content": "Has a dog"},
        {"content": ""},
        {"content": " "},
    ]
    with fresh() as store:
        memproc.ingest(source, store)
        with store._opened.transactions.reading() as tx:
            seen = dict(map(tuple, tx.execute(sql("SELECT id, content FROM memories"))))
            assert seen == {memory.id: memory.content for memory in store}
            (status,) = tx.execute(sql("SELECT records, stored, merged, quarantined FROM batch_status"))
            assert tuple(status) == (5, 2, 1, 2)
            patterns = tx.execute(sql("SELECT category, path, records FROM error_patterns")).all()
            assert sum(row[2] for row in patterns) == 2


def test_the_recount_sees_a_lost_row(fresh):
    """The proof can fail: a row taken away by hand is found missing."""
    with fresh() as store:
        report = memproc.ingest([{"content": f"memory number {number} of many"} for number in range(5)], store)
        assert store.recount(report.job).is_whole
        with store._opened.database.write() as tx:
            tx.execute(sql("DELETE FROM observations WHERE position = 3"))
        recount = store.recount(report.job)
        assert not recount.is_whole
        assert recount.missing_positions == 1
        assert isinstance(recount, Recount)


def test_what_is_written_in_bulk_has_each_column_of_its_table():
    """A column that is left out would be NULL where it may be."""
    assert columns_of_new(Columns(), 1, 1).keys() == {*tables.observations.c.keys()}
    assert {*Tombstone._fields} == {*tables.forgotten.c.keys()} - {SEAL}
    assert {*LedgerEntry._fields, "number", "batch", "made_at"} == {*tables.ledger.c.keys()} - {SEAL}


def test_a_mutation_that_drops_a_record_after_counting_is_caught(fresh, monkeypatch):
    """If landing lost one row of a batch, the laws would turn red: conservation is counted from rows."""
    with fresh() as store:
        insert = Tx.insert_columns

        def losing_one(tx, table, columns):
            end = -1 if table.name == "memproc_observations" else None
            insert(tx, table, {name: values[:end] for name, values in columns.items()})

        monkeypatch.setattr(Tx, "insert_columns", losing_one)
        report = memproc.ingest([{"content": f"memory number {number} of many"} for number in range(5)], store)
        assert report.read == report.stored
        assert not store.recount().is_whole


def test_the_index_is_merged_and_changes_no_answer(fresh, monkeypatch):
    """Many small batches leave few segments, and a rebuild gives the same reviews to be found."""
    monkeypatch.setattr("memproc.dedup.minhash.index.FAN_OUT_OF_SMALL", FAN_OUT)
    with fresh() as store:
        for number in range(40):
            store.add({"content": f"The doctor moved the appointment at the clinic in Springfield to room {number} of the house"})
        with store._opened.transactions.reading() as tx:
            segments = tx.execute(sql("SELECT count(DISTINCT number) FROM segments")).scalar()
        assert segments < 20
        before = [review.reason for review in store.reviews()]
        store.rebuild()
        assert [review.reason for review in store.reviews()] == before


def test_a_tombstone_of_another_store_leaves_the_rest_of_a_memory(fresh):
    """What another store forgot is forgotten here; what was merged with it stays, and the rows add up."""
    source = [{"content": "She likes the old kitchen"}, {"content": "She likes the old kithcen"}]
    with fresh() as store, fresh() as other:
        memproc.ingest(source, store)
        memproc.ingest(source[1:], other)
        other.forget(next(iter(other)).id)
        memproc.ingest(exported(other, full=True), store, trust_decisions=True)
        assert contents(store) == ["She likes the old kitchen"]
        assert store.recount().is_whole
        assert store.rebuild() == (0, 0)


def test_withdrawing_gives_the_decision_before_back(fresh):
    """A merge by hand, undone by unmerge, holds again when that is withdrawn."""
    with fresh() as store:
        one = store.add(BEFORE).memory
        store.add(AFTER)
        store.resolve(store.reviews()[0], "merge")
        assert store.count() == 1
        decisions = store.unmerge(one.id)
        assert store.count() == 2
        store.withdraw(decisions)
        assert store.count() == 1


def test_an_old_full_export_does_not_undo_an_undo(fresh):
    """What a person said here stands against what an import brings."""
    with fresh() as store:
        one = store.add(BEFORE).memory
        store.add(AFTER)
        store.resolve(store.reviews()[0], "merge")
        lines = exported(store, full=True)
        store.unmerge(one.id)
        memproc.ingest(lines, store, trust_decisions=True)
        assert store.count() == 2


def test_forgetting_keeps_what_others_have_in_quarantine(fresh):
    """Only rejected records of the same namespace with the same text go."""
    with fresh() as store:
        tea = store.add({"content": "tea", "namespace": "alice"}).memory
        for content, namespace in (("tea", "alice"), ("tea", "bob"), ("steak and tea", "alice")):
            store.add({"content": content, "namespace": namespace, "importance": 7})
        store.forget(tea.id)
        assert [orjson.loads(kept.raw)["content"] for kept in store.quarantine()] == ["tea", "steak and tea"]
        assert store.recount().is_whole


def test_an_export_that_fails_costs_nothing(fresh_file, tmp_path):
    """Neither the store, when it is named by mistake, nor an older export."""
    with fresh_file() as store:
        store.add({"content": "Prefers tea"})
        path = store.place
        with pytest.raises(memproc.UsageError, match="is the store itself"):
            store.export(path)
        with pytest.raises(memproc.UsageError, match="cannot be written"):
            store.export(tmp_path / "no such folder" / "out.jsonl")
        assert contents(store) == ["Prefers tea"]


def test_a_closed_store_is_closed(fresh):
    """It does not open itself again."""
    store = fresh()
    store.close()
    with pytest.raises(memproc.StoreError, match="is closed"):
        store.count()


def test_memories_can_be_added_as_they_are(fresh):
    """A `Memory` is a record too."""
    with fresh() as store:
        memory = memproc.Memory(content="Prefers tea", tags=["drinks"])
        assert store.add(memory).memory.tags == ("drinks",)
        assert memproc.ingest([memory], store).duplicate == 1


TYPOS = [{"content": f"She took a {word} tour", "source": word} for word in ("kithcen", "Kithcen", "kitchen")]


@pytest.mark.costly
def test_a_typo_leads_to_its_word_if_anyone_wrote_it_in_lower_case(fresh):
    """Whatever came first."""
    found = set()
    for order in permutations(TYPOS):
        with fresh() as store:
            for record in order:
                store.add(record)
            (line,) = exported(store)
            found.add((line["id"], line["content"], *(seen["observation"] for seen in line["observations"])))
            assert store.rebuild() == (0, 0)
    assert len(found) == 1


def test_a_typo_is_a_name_again_when_the_one_in_lower_case_is_forgotten(fresh):
    """What is left is what would be, had it never been there."""
    with fresh() as store:
        memory = [store.add(record) for record in TYPOS][-1].memory
        lower = next(seen.observation for seen in store.trace(memory.id).observations if seen.record["source"] == "kithcen")
        memproc.ingest([{"decision": "forgotten", "keys": [lower]}], into=store, format="memproc-full", trust_decisions=True)
        assert contents(store) == ["She took a Kithcen tour", "She took a kitchen tour"]
        assert store.rebuild() == (0, 0)


def test_numbers_are_never_given_twice(fresh):
    """Of a review or a rejected record: a note that names one names it for ever."""
    with fresh() as store:
        store.add(BEFORE)
        other = store.add(AFTER).memory
        (review,) = store.reviews()
        store.add({"content": "She likes tea", "importance": 7})
        (rejected,) = store.quarantine()
        store.forget(other.id)
        store.forget(store.add({"content": "She likes tea"}).memory.id)
        assert not store.reviews()
        assert not store.quarantine()
        store.add(LATER)
        store.add({"content": "She likes milk", "importance": 7})
        assert store.reviews()[0].number > review.number
        assert store.quarantine()[0].number > rejected.number


def test_a_review_opens_again_when_its_decision_is_withdrawn(fresh):
    """The person who took it back is asked again."""
    with fresh() as store:
        store.add(BEFORE)
        store.add(AFTER)
        (review,) = store.reviews()
        decision = store.resolve(review, "distinct")
        assert not store.reviews()
        store.withdraw([decision])
        assert store.reviews() == [review]


def test_decisions_on_one_thing_are_told_from_those_on_its_neighbours(fresh):
    """`unmerge --undo` takes back what was decided on the one named, and no more."""
    with fresh() as store:
        added = [store.add({"content": text}) for text in ("She likes tea", "She really likes tea", "She likes the tea")]
        ids = {seen.record["content"]: seen.observation for seen in store.trace(added[0].memory.id).observations}
        really = set(store.unmerge(ids["She really likes tea"]))
        article = set(store.unmerge(ids["She likes the tea"]))
        assert set(store.decisions(ids["She really likes tea"])) == really
        assert set(store.decisions()) == really | article
        assert len(store.decisions(ids["She likes tea"])) == 2


def test_a_rehearsal_is_seen_by_its_own_thread_only(fresh):
    """Other threads read what is committed."""
    with fresh() as store:
        store.add({"content": "She likes tea"})
        seen = []
        with store.rehearsal():
            store.add({"content": "She likes milk"})
            assert store.count() == 2
            thread = threading.Thread(target=lambda: seen.append(store.count()))
            thread.start()
            thread.join(LIMIT_SECONDS)
        assert seen == [1]
        store.add({"content": "She likes coffee"})
        assert store.recount().is_whole


def test_a_store_without_a_place_serves_several_threads():
    """It lives in a temporary folder, which is gone when it is closed."""
    with memproc.open("sqlite://") as store:
        threads = [threading.Thread(target=store.add, args=({"content": f"She likes tea number {at}"},)) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_SECONDS)
        assert store.count() == 4
        folder = store._opened.database.file.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_what_is_forgotten_is_in_none_of_the_files(fresh_file):
    """Not in the database, and not in its log."""
    with fresh_file() as store:
        secret = store.add({"content": "Her locker opens with a zyxwvutsrq"})
        store.add({"content": "She likes tea"})
        files = [*store._opened.database.file.parent.glob(f"{store._opened.database.file.name}*")]
        assert any(b"zyxwvutsrq" in file.read_bytes() for file in files)
        store.forget(secret.memory.id)
        assert not any(b"zyxwvutsrq" in file.read_bytes() for file in files if file.exists())
        assert b"zyxwvutsrq" in secret.memory.content.encode()


def test_the_settings_of_an_ingestion_count_in_an_open_store(fresh):
    """What a person wants to review is no matter of how the store was opened."""
    text = "The recipe from Aisha needs 84 grams of pistachios and some {} sandwiches on the side of the plate"
    records = [{"content": text.format(word)} for word in ("cucumber", "cucmuberz")]
    with fresh() as store:
        assert memproc.ingest(records, into=store, settings=memproc.Settings(review_at=1.0)).review == 0
    with fresh() as store:
        assert memproc.ingest(records, into=store).review == 1
        with pytest.raises(memproc.UsageError, match="durability"):
            memproc.ingest(records, into=store, settings=memproc.Settings(durability="full"))


def test_a_decision_outlives_a_change_of_keys(fresh):
    """Under another policy a node has another key, and the decision goes with it."""
    with fresh() as store:
        one = store.add({"content": "She likes tea"}).memory
        store.add({"content": "She really likes tea"})
        ids = {seen.record["content"]: seen.observation for seen in store.trace(one.id).observations}
        store.unmerge(ids["She really likes tea"])
        before = exported(store)
        store.rebuild(settings=memproc.Settings(dedup="off"))
        assert store.count() == 2
        assert len(store.decisions(ids["She really likes tea"])) == 1
        store.rebuild(settings=memproc.Settings(dedup="near"))
        assert exported(store) == before
        assert store.count() == 2


def memories_of(store):
    """Return the texts of each memory, as sets."""
    return {frozenset(seen.record["content"] for seen in store.trace(memory.id).observations) for memory in store}


def test_all_that_a_job_merged_is_undone(fresh):
    """Near repeats and what they drew together fall apart, other writing too; other jobs' merges stay; it can be taken back."""
    first = ["She likes the kitchen", "She really likes the kitchen", "His dog sleeps all day"]
    second = ["She actually likes the kitchen", "HIS DOG SLEEPS ALL DAY", "Surely his dog sleeps all day", "He has a boat"]
    with fresh() as store:
        memproc.ingest([{"content": text} for text in first], into=store)
        before = memories_of(store)
        memproc.ingest([{"content": text} for text in second], into=store)
        merged = memories_of(store)
        assert len(merged) == 3
        decisions = store.unmerge_job(2)
        assert memories_of(store) == {
            frozenset(first[:2]),
            frozenset([first[2]]),
            *(frozenset([text]) for text in second),
        }
        memproc.ingest([{"content": text} for text in second], into=store)
        assert store.count() == 6
        assert store.recount().is_whole
        store.withdraw(decisions)
        assert memories_of(store) == merged
        assert store.unmerge_job(1)
        assert len(before) == 2
        assert store.unmerge_job(3) == ()
        with pytest.raises(memproc.NotFoundError, match="no job 9"):
            store.unmerge_job(9)


def test_what_a_job_merged_stays_apart_from_what_was_kept_out(fresh):
    """Undoing takes away what kept a record out of a memory; it does not come back to what the job had merged with it."""
    texts = [
        "The docttor moved the appointment to May",
        "The doctor moved the appointment to May",
        "The doctor moved the apointment to May",
    ]
    with fresh() as store:
        memproc.ingest([{"content": text} for text in texts], store)
        keys = {seen.record["content"]: seen.observation for memory in store for seen in store.trace(memory.id).observations}
        odd, plain, other = (keys[text] for text in texts)
        assert len({store.get(key).id for key in keys.values()}) == 1
        memproc.ingest([{"decision": "distinct", "keys": sorted([odd, other])}], store, format="memproc-full", trust_decisions=True)
        assert store.get(odd).id != store.get(other).id
        store.unmerge_job(1)
        assert len({store.get(key).id for key in (odd, plain, other)}) == 3
        assert store.unmerge_job(1) == ()


def test_what_a_merge_drew_together_falls_apart(fresh):
    """Two typos met in the word that a later job brought."""
    with fresh() as store:
        memproc.ingest([{"content": f"She works in the {word}"} for word in ("kithcen", "kitchn")], into=store)
        assert store.count() == 2
        memproc.ingest([{"content": "She works in the kitchen"}], into=store)
        assert store.count() == 1
        store.unmerge_job(2)
        assert store.count() == 3
        assert store.rebuild() == (0, 0)


def test_what_the_index_missed_is_found_by_comparing_each_with_each(fresh):
    """A review that is not there is missed; one that was decided is found; too many facts are refused."""
    text = "The recipe from Aisha needs 84 grams of pistachios and some {} sandwiches on the side of the plate"
    with fresh() as store:
        one, other = (store.add({"content": text.format(word)}).memory for word in ("cucumber", "cucmuberz"))
        store.add({"content": "His dog sleeps all day"})
        found = store.index_recall()
        assert (found.facts, found.alike, found.found, found.missed) == (3, 1, 1, ())
        store.resolve(store.reviews()[0], "distinct")
        assert store.index_recall() == found
        with store._opened.database.write() as tx:
            tx.execute(sql("DELETE FROM reviews"))
        ((*ids, confidence),) = store.index_recall().missed
        assert set(ids) == {one.id, other.id}
        assert 0.5 <= confidence < 1


def test_a_bridge_is_told_in_the_story_of_each_memory_it_joined(fresh):
    """Two typos of one word, then the word: both lines stand, also behind an unmerge, and each names the words."""
    house = "He is happy with the new garden and the old {}"
    with fresh() as store:
        typos = [store.add({"content": house.format(word)}).memory.id for word in ("hosue", "houuse")]
        seen = [store.trace(typo).observations[0].observation for typo in typos]
        bridge = store.add({"content": house.format("house")}).memory.id
        assert store.count() == 1
        (own,) = {sighting.observation for sighting in store.trace(bridge).observations} - set(seen)
        store.unmerge(own, note="another house")
        assert store.count() == 2
        told = [line for key in seen for line in _merges(store, key)]
        assert sorted((kind, subject) for kind, subject, *_ in told) == [("joined", own), ("similar", own)]
        assert {reason for *_, reason in told} == {
            "'hosue' may be a typo for 'house'",
            "'houuse' may be a typo for 'house'",
        }


def _merges(store, key):
    """Return kind, subject, other and reason of what the story of an observation tells of merges with it."""
    lines = [line for line in store.trace(key).ledger if line.kind not in ("decision", "review")]
    return [(line.kind, line.subject, line.other, line.reason) for line in lines if line.other == key]


def test_a_typo_in_a_filler_goes_with_it(fresh):
    """What it stands for is dropped, so more than a token changes; it merges all the same, whichever comes first."""
    texts = ["She definately likes the tea", "She definitely likes the tea", "She likes the tea"]
    for order in (texts, texts[::-1]):
        with fresh() as store:
            outcomes = [store.add({"content": text}).outcome for text in order]
            assert outcomes == ["stored", "merged", "merged"]
            assert store.count() == 1


CHANGED = [
    ("She eats meat", "She does not eat meat"),
    ("He likes olives", "He doesn't like olives"),
    ("He smokes", "He stopped smoking"),
    ("She has two cats", "She has three cats"),
    ("He is 16", "He is 17"),
    ("She loves sushi", "She hates sushi"),
    ("The dentist appointment is on 12 May at 10:30", "The dentist appointment is on 14 June at 14:00"),
]


@pytest.mark.costly
def test_the_commonest_changes_wait_for_a_person(fresh):
    """Short texts, of which one thing changed as time moved on: the later may supersede the earlier."""
    with fresh() as store:
        for at, texts in enumerate(CHANGED):
            for month, text in enumerate(texts, 1):
                store.add({"content": text, "subject": str(at), "created_at": f"2025-0{month}-01"})
        waiting = store.reviews()
        assert {(review.one.content, review.other.content) for review in waiting} == set(CHANGED)
        assert {(review.kind, review.verdicts[-1]) for review in waiting} == {("changed", "supersedes")}
        for review in waiting:
            store.resolve(review, "supersedes")
        assert sorted(contents(store)) == sorted(later for _, later in CHANGED)
        assert store.doctor() == ()


@pytest.mark.costly
@pytest.mark.parametrize("text", ["Reminder {} is due", "He is {}", "The invoice {} over 17 euros is due"])
@pytest.mark.parametrize("batch_size", [1, 1_000])
def test_records_of_a_template_do_not_wait(fresh, text, batch_size):
    """Not even the first ones, once it shows."""
    with fresh() as store:
        records = [{"content": text.format(number), "created_at": 1_600_000_000 + number} for number in range(60)]
        memproc.ingest(records, store, settings=memproc.Settings(batch_size=batch_size))
        assert store.reviews() == []


def test_what_tells_waits_for_a_person_and_days_do_not(fresh):
    """Of the same words: with what may mean another thing, however little the model believes that they say the same."""
    with fresh() as store:
        for text in ("She lives in Turkey", "She lives in turkey", "The password is Secret", "The password is secret"):
            store.add({"content": text, "created_at": "2024-01-01"})
        for date in ("2024-01-01", "2024-05-01"):
            store.add({"content": "She had a seizure today", "created_at": date})
        assert store.count() == 6
        waiting = {review.reason: review.confidence for review in store.reviews()}
        assert {*waiting} == {
            "may mean another thing: capital in 'Turkey'",
            "may mean another thing: 'is secret' instead of 'is Secret'",
        }
        assert all(confidence < store.settings.review_at for confidence in waiting.values())


def test_changes_are_shown_before_what_is_alike(fresh):
    """Whether a value replaced another is no matter of how sure it is that both say the same."""
    texts = [
        ("She keeps bees in the kitchen garden of the house in spring", None),
        ("She keeps beees in the kitchen garden of the house and sings", None),
        ("She weighs 64 kilos", "2024-01-01"),
        ("She weighs 62 kilos", "2024-05-01"),
    ]
    with fresh() as store:
        memproc.ingest(
            [{"content": text, "created_at": date} for text, date in texts], store, settings=memproc.Settings(review_at=0.0)
        )
        found = store.reviews()
        assert [review.kind for review in found] == ["changed", "similar"]
        assert found[0].confidence < found[1].confidence
        assert store.reviews(limit=1) == found[:1]


def test_a_review_tells_of_the_texts_that_it_shows(fresh):
    """Not of the typo that was compared, where the memory shows another text by now."""
    text = "The recipe from Aisha needs 84 grams of pistachios and some {} sandwiches on the side of the plate in the {}"
    with fresh() as store:
        store.add({"content": text.format("cucumber", "kitchen")})
        store.add({"content": text.format("cucmuberz", "kithcen")})
        told = "says 'cucmuberz' instead of 'cucumber'"
        assert store.reviews()[0].reason == f"{told}; 'kithcen' may be a typo for 'kitchen'"
        store.add({"content": "Well, " + text.format("cucmuberz", "kitchen")})
        assert {review.reason for review in store.reviews()} == {f"adds 'Well'; {told}"}


@pytest.mark.costly
def test_each_two_memories_of_one_core_are_offered_once(fresh):
    """However many come in a batch, and where the reviews are looked for anew."""
    texts = [f"Keeps {one} and {two} and {three}" for one, two, three in permutations(["bees", "hens", "ducks"])]
    pairs = sorted(map(sorted, combinations(texts, 2)))
    for size in (1, 2, len(texts)):
        with fresh() as store:
            memproc.ingest([{"content": text} for text in texts], into=store, settings=memproc.Settings(batch_size=size))
            assert sorted(sorted((review.one.content, review.other.content)) for review in store.reviews()) == pairs
            store.rebuild(settings=memproc.Settings(review_at=0.41))
            assert sorted(sorted((review.one.content, review.other.content)) for review in store.reviews()) == pairs
