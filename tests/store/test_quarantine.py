"""Quarantine as a person works with it: found, grouped, looked at, mended, taken anew, discarded."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_validator
from sqlalchemy import select

import memproc
from memproc.formats import FORMATS
from memproc.records import encode
from memproc.store.sql import tables
from memproc.testing import broken, facts, records
from tests.databases import all_text, refuse_rows, sql, work_of
from tests.exports import export_of

BAD_DATE = {"content": "Moves house", "created_at": "31/02/2024"}
BAD_SHARE = {"content": "Likes chess", "importance": 7}
SOURCE = [BAD_DATE, {"content": "Has a dog"}, BAD_SHARE, {**BAD_DATE, "content": "Moves in"}]


def is_whole(store):
    """Tell whether every job and the whole recount."""
    return all(store.recount(job.number).is_whole for job in store.jobs()) and store.recount().is_whole


def exported(store, **which):
    """Return the lines of an export of quarantine."""
    stream = io.BytesIO()
    store.export_quarantine(stream, **which)
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def written(path, lines):
    """Write JSON lines; return the path."""
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def numbers(found):
    """Return the numbers of quarantined records."""
    return [one.number for one in found]


def kinds(store, number):
    """Return what happened to a record."""
    return [entry.kind for entry in store.quarantined(number).history]


def mend(value):
    """Return a record with what is wrong with it put right."""
    return {**value, "created_at": "2024-02-28", "importance": 0.7}


class Lenient(memproc.Memory):
    """A schema of later, with a field more."""

    mood: str | None = None


def test_filters_say_which(fresh, tmp_path):
    """By category, code of any fault, job, source, status, and how many; all that is given must hold."""
    path = written(tmp_path / "a.jsonl", [*SOURCE, {**BAD_DATE, "importance": 9}])
    with fresh() as store:
        memproc.ingest(path, store)
        memproc.ingest([{"colour": "red"}, BAD_SHARE], store, format="json", namespace="ann")
        assert numbers(store.quarantine()) == [1, 2, 3, 4, 5, 6]
        assert numbers(store.quarantine(code="less_than_equal")) == [2, 4, 6]
        assert numbers(store.quarantine(category="transform")) == [5]
        assert numbers(store.quarantine(job=2)) == [5, 6]
        assert numbers(store.quarantine(source="a.jsonl", limit=2)) == [1, 2]
        assert numbers(store.quarantine(source="a.jsonl", code="less_than_equal")) == [2, 4]
        store.discard(1)
        assert numbers(store.quarantine(status="discarded")) == [1]
        assert numbers(store.quarantine(status=None, limit=1)) == [1]
        with pytest.raises(memproc.UsageError, match="choose one of open, replayed, discarded"):
            store.quarantine(status="gone")


def test_faults_of_different_values_are_alike(fresh):
    """A thousand bad dates are one pattern that shows an example; so are faults at different places of a list."""
    bad = [{"content": f"Note {number}", "created_at": f"{32 + number}/02/2024"} for number in range(40)]
    bad += [{"content": f"Note {number}", "importance": number} for number in range(2, 22)]
    bad += [{"content": "Note", "tags": ["a"] * place + [place]} for place in range(5)]
    bad += [{"content": "Note", "kind": "it's", "updated_at": word} for word in ("it's late", 'a "day"', "soon " * 100, "später")]
    with fresh() as store:
        report = memproc.ingest(bad, store, format="memproc")
        told = [pattern.told() for pattern in store.patterns()]
        assert [pattern.records for pattern in store.patterns()] == [40, 20, 5, 4]
        assert told[0] == "40 x created_at: not a date: '32/02/2024'"
        assert told[1] == "20 x importance: Input should be less than or equal to 1, got 2"
        assert report.patterns == store.patterns()[:3]
        assert store.doctor() == ()


def test_faults_of_before_they_had_a_value_can_be_read(fresh):
    """As a memproc of then wrote them, with the pattern that it made of them: `doctor` and `rebuild` leave both as they are."""
    with fresh() as store:
        memproc.ingest([{"content": "x", "importance": 7}, {"content": "y", "importance": 8}], store)
        (pattern,) = store.patterns()
        faults = [
            {name: value for name, value in fault.as_dict().items() if name != "value"} for fault in store.quarantined(1).faults
        ]
        older = {"number": 1, "faults": encode(faults).decode(), "pattern": b"p" * 16}
        store._opened.transactions.write(lambda tx: tx.update_rows(tables.quarantine, [older]))
        assert [fault.value for number in (1, 2) for fault in store.quarantined(number).faults] == [None, "8"]
        assert [(one.records, one.message) for one in store.patterns()] == [(1, pattern.message), (1, pattern.message[:-1] + "8")]
        assert store.doctor() == ()
        store.rebuild()
        assert len(store.patterns()) == 2
        assert store.replay().quarantined == 2
        assert store.patterns() == [replace(pattern, records=4)]


def test_a_message_says_a_value_once():
    """Of a text that is no date as of all else."""
    told = {
        "31/02/2024": "not a date: '31/02/2024'",
        "später " * 20: "not a date: 'sp\\xe4ter sp\\xe4ter sp\\xe4ter sp\\xe4ter sp\\xe4ter sp\\xe4te'",
        True: "not a date: give ISO 8601 text or an epoch number, got True",
        1e300: "not a date: the number is neither an epoch number between 1980 and 2100 nor a date in digits: "
        "give ISO 8601 such as 2024-01-31, got 1e+300",
    }
    for value, message in told.items():
        (found,) = memproc.validate({"content": "x", "created_at": value}).errors
        assert found.message == message


def test_patterns_group_like_faults(fresh):
    """Of equal code, path and message; the commonest first, each with the number of its first record. The view tells the same."""
    with fresh() as store:
        report = memproc.ingest([BAD_SHARE, *SOURCE], store)
        first, second = store.patterns()
        assert (first.records, first.code, first.path, first.example) == (2, "less_than_equal", "importance", 1)
        assert (second.records, second.code, second.path, second.example) == (2, "date_unparsable", "created_at", 2)
        assert second.told().startswith("2 x created_at: not a date: '31/02/2024'")
        assert store.patterns(limit=1) == [first]
        assert store.patterns(code="less_than_equal") == [first]
        assert report.patterns == [first, second]
        assert f"quarantined: 4 validation\n  {first.told()}\n  {second.told()}" in str(report)
        assert by_view(store) == {(one.code, one.path, one.message, one.records) for one in (first, second)}
        store.discard([2, 3])
        assert store.patterns() == [first]
        assert len(by_view(store)) == 1


def by_view(store):
    """Return what the view for people tells of patterns."""
    with store._opened.transactions.reading() as tx:
        return {tuple(row) for row in tx.execute(sql("SELECT code, path, message, records FROM error_patterns"))}


@pytest.mark.costly
@pytest.mark.parametrize("size", [1, 3, 100])
def test_each_rejected_record_counts_wherever_patterns_are_counted(fresh, size):
    """Identical bytes and what was known count too, in the first job and in the second, whatever became of them since: the patterns
    of a job sum up to what it counts as quarantined, and so do its errors by category.
    """
    bad = [BAD_DATE, BAD_SHARE, BAD_DATE, {"content": "Keeps an owl"}, BAD_DATE, {"content": ""}, BAD_SHARE, b"no JSON"]
    settings = memproc.Settings(batch_size=size)
    with fresh() as store:
        first = memproc.ingest(bad, store, settings=settings)
        assert [(one.records, one.example) for one in first.patterns] == [(3, 1), (2, 2), (1, 3)]
        assert (first.quarantined, first.errors.total()) == (7, 7)
        second = memproc.ingest([BAD_SHARE, *bad, {"content": "x", "importance": 9}], store, settings=settings)
        assert [(one.records, one.example) for one in second.patterns] == [(4, 2), (3, 1), (1, 3)]
        assert (second.quarantined, second.errors.total()) == (9, 9)
        assert [one.records for one in store.patterns()] == [7 - 1, 6, 2, 2]
        assert sorted(by_view(store)) == sorted((one.code, one.path, one.message, one.records) for one in store.patterns())
        for report, counts in ((first, [3, 2, 1, 1]), (second, [4, 3, 1, 1])):
            assert [one.records for one in store.patterns(job=report.job)] == counts
        assert numbers(store.quarantine(job=second.job)) == [1, 2, 3, 4, 5]
        assert numbers(store.quarantine(job=first.job)) == [1, 2, 3, 4]
        store.discard(4)
        store.forget(store.add({"content": BAD_DATE["content"]}).memory.id)
        third = memproc.ingest(bad, store, settings=settings)
        assert {(one.records, one.category, one.example) for one in third.patterns} >= {(3, "forgotten", 0), (2, "validation", 2)}
        assert (third.quarantined, third.settled) == (7, 1)
        assert is_whole(store)
        assert store.doctor() == ()


def test_one_record_is_told_whole(fresh):
    """Bytes, faults, place, how often it was seen, and its history."""
    with fresh() as store:
        memproc.ingest(SOURCE, store, namespace="ann")
        memproc.ingest(SOURCE, store, namespace="ann")
        one = store.quarantined(2)
        assert (orjson.loads(one.raw), one.job, one.position, one.source) == (BAD_SHARE, 1, 2, "iterable")
        assert (one.format, one.namespace, one.status, one.times_seen) == ("json", "ann", "open", 2)
        assert one.first_seen < one.last_seen
        (came,) = one.history
        assert (came.kind, came.made_at) == ("quarantined", one.first_seen)
        with pytest.raises(memproc.NotFoundError, match="nothing in quarantine under 99"):
            store.quarantined(99)


def test_a_mended_record_leaves_quarantine_and_keeps_its_story(fresh):
    """It is taken as a job of its own; the job that had rejected it recounts whole; its observation tells where it comes from."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        report = store.replay(transform=mend)
        assert (report.status, report.read, report.stored, report.quarantined) == ("done", 3, 3, 0)
        assert (store.jobs()[1].source, store.jobs()[1].format) == ("replay", "json")
        assert store.quarantine() == []
        assert store.stats()["quarantine"] == 0
        counts = [(one.read, one.stored, one.duplicate, one.merged, one.quarantined) for one in map(store.recount, (1, report.job))]
        assert counts == [(4, 1, 0, 0, 3), (3, 3, 0, 0, 0)]
        assert is_whole(store)
        kept = store.quarantined(1)
        assert (kept.status, orjson.loads(kept.raw)) == ("replayed", BAD_DATE)
        became = kept.history[-1]
        assert (became.kind, became.reason) == ("replayed", "quarantined record 1: stored")
        assert store.get(became.other).content == "Moves house"
        assert "replayed" in [entry.kind for entry in store.trace(became.other).ledger]


def test_what_fails_again_stays_with_its_new_faults(fresh):
    """One more time seen, a line in its history, its bytes as they came; the replay recounts whole."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        report = store.replay(transform=lambda value: {**value, "importance": -3, "created_at": None})
        assert (report.read, report.quarantined, dict(report.errors)) == (3, 3, {"validation": 3})
        assert report.patterns[0].records == 3
        one = store.quarantined(1)
        assert [(fault.path, fault.code) for fault in one.faults] == [("importance", "greater_than_equal")]
        assert (orjson.loads(one.raw), one.times_seen, one.status) == (BAD_DATE, 2, "open")
        assert [(entry.kind, entry.reason) for entry in one.history[1:]] == [("rejected", "validation greater_than_equal")]
        assert store.patterns()[0].code == "greater_than_equal"
        assert len(store.quarantine()) == 3
        assert is_whole(store)


def test_replay_takes_the_chosen_ones_only(fresh):
    """Numbers, a filter, or both; a number that is not open is told before anything is done."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        assert store.replay(1, transform=mend).read == 1
        assert store.replay([2, 3], transform=mend, code="less_than_equal").read == 1
        assert numbers(store.quarantine()) == [3]
        for wrong in ([3, 1], [99]):
            with pytest.raises(memproc.NotFoundError, match="nothing open in quarantine under"):
                store.replay(wrong)
        assert len(store.jobs()) == 3
        assert store.replay(job=7).job is None
        assert store.replay([]).job is None


def test_a_replay_as_they_are_after_the_schema_was_widened(fresh):
    """What an older schema rejected is taken by a newer one, given or that of the store."""
    with fresh() as store:
        memproc.ingest([{"content": "Sings", "mood": "glad"}, {"content": "Hums", "mood": "sad"}], store, format="memproc")
        assert store.replay().quarantined == 2
        assert store.replay(1, schema=Lenient).stored == 1
        store.schema = Lenient
        assert store.replay().stored == 1
        assert sorted(memory.mood for memory in store) == ["glad", "sad"]
        assert is_whole(store)


def test_a_mapping_finds_the_fields(fresh):
    """As in ingest; of a row of a table too, whose names are kept."""
    with fresh() as store:
        memproc.ingest([{"body": {"text": "Plays the flute"}, "stars": 5}], store, format="json")
        report = store.replay(mapping={"content": "body.text"})
        assert (report.stored, store.find(text="flute")[0].metadata) == (1, {"body": {"text": "Plays the flute"}, "stars": 5})


def test_a_mapping_to_nothing_mends_no_field(fresh):
    """What was wrong stays wrong, unless the field is to be left out."""
    with fresh() as store:
        memproc.ingest(
            [{"content": "Sings", "created_at": "soon"}, {"content": "Hums", "created_at": "?", "at": "2025-01-02"}], store
        )
        report = store.replay(mapping={"created_at": "at"})
        assert (report.stored, report.quarantined) == (1, 1)
        (waiting,) = store.quarantine()
        assert [(found.path, found.code) for found in waiting.faults] == [("created_at", "missing")]
        assert store.replay(mapping={"created_at": "none"}).stored == 1
        assert store.find(text="Sings")[0].metadata == {"created_at": "soon"}


def test_a_row_of_a_table_is_taken_with_its_names(fresh, tmp_path):
    """A line without the head would say nothing."""
    path = tmp_path / "t.csv"
    path.write_text('what,importance\n"Tea, green",9\n')
    with fresh() as store:
        memproc.ingest(path, store, mapping={"content": "what"})
        assert store.replay(transform=lambda row: {**row, "importance": "0.9"}).stored == 1
        (memory,) = store
        assert (memory.content, memory.importance, memory.source) == ("Tea, green", 0.9, "csv")


def test_a_row_without_names_fails_as_it_did(fresh, tmp_path):
    """Its bytes are a line, and no JSON was ever asked for."""
    path = tmp_path / "t.csv"
    path.write_text("content,tags\nTea,a,b\n")
    with fresh() as store:
        memproc.ingest(path, store)
        (before,) = store.quarantine()
        assert (before.raw, before.faults[0].code) == (b"Tea,a,b", "row_invalid")
        assert dict(store.replay().errors) == {"source": 1}
        assert store.quarantined(1).faults == before.faults


def test_what_was_said_of_the_source_holds_again(fresh):
    """Source, namespace, mapping and date: the mended record is the very observation it would have been."""
    said = {"format": "json", "namespace": "ann", "source": "crm", "mapping": {"content": "what"}, "as_of": "2024-05-01"}
    wrong = {"id": 7, "what": "Drinks tea", "importance": 9}
    with fresh() as store, fresh() as other:
        memproc.ingest([wrong], store, **said)
        store.replay(transform=lambda value: {**value, "importance": 0.9})
        memproc.ingest([{**wrong, "importance": 0.9}], other, **said)
        assert export_of(store, full=True) == export_of(other, full=True)
        assert memproc.ingest([{**wrong, "importance": 0.9}], store, **said).duplicate == 1


def test_an_edited_export_is_taken(fresh, tmp_path):
    """The export says why and whence; a person corrects `record`, splits one in two, leaves one out, and feeds it back, twice."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        first, second, _ = exported(store)
        assert (first["quarantine"], first["record"], first["job"], first["position"]) == (1, BAD_DATE, 1, 0)
        assert (first["source"], first["format"], first["namespace"]) == ("iterable", "json", "")
        assert first["reasons"][0]["hint"]
        halves = [{**second, "record": {"content": text}} for text in ("Likes go", "Likes chess")]
        path = written(tmp_path / "edited.jsonl", [{**first, "record": mend(first["record"])}, *halves])
        report = store.replay(edited=path)
        assert (report.read, report.stored) == (3, 3)
        assert kinds(store, 2) == ["quarantined", "replayed", "replayed"]
        assert numbers(store.quarantine()) == [3]
        again = store.replay(edited=path)
        assert (again.job, again.notes) == (None, ["2 of the file are not open (any more), or not meant"])
        assert is_whole(store)


def test_a_record_that_was_split_is_taken_whole_or_not_at_all_closed(fresh, tmp_path):
    """With one half still wrong it stays open, once, with the faults of all that failed; the good half is a duplicate later."""
    halves = [{"content": "Likes go"}, {"content": "", "importance": 0.1}, {"content": "x", "importance": 8}]
    with fresh() as store:
        memproc.ingest([BAD_SHARE], store)
        lines = [{"quarantine": 1, "record": half} for half in halves]
        report = store.replay(edited=written(tmp_path / "e.jsonl", lines))
        assert (report.read, report.stored, report.quarantined) == (3, 1, 2)
        one = store.quarantined(1)
        assert [fault.path for fault in one.faults] == ["content", "importance"]
        assert (one.status, one.times_seen) == ("open", 2)
        assert store.replay(edited=written(tmp_path / "e.jsonl", lines[:1])).duplicate == 1
        assert store.quarantine() == []
        assert is_whole(store)


def test_bytes_that_are_no_json_are_exported_in_base64_and_can_be_edited(fresh, tmp_path):
    """As they are, as text, or as the record they should have been; a transform gets the text."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"content": "good one"}\n{"content": "Has a cat",}\n{"content": "Caf\xe9"}\n{"content": "Hums",}\n')
    with fresh() as store:
        memproc.ingest(path, store)
        lines = exported(store)
        assert [line["base64"] for line in lines] == [True] * 3
        untouched = store.replay(edited=written(tmp_path / "same.jsonl", lines[:1]))
        assert untouched.quarantined == 1
        texts = [{"quarantine": 1, "raw": '{"content": "Has a cat"}'}, {"quarantine": 2, "record": {"content": "Café"}}]
        assert store.replay(edited=written(tmp_path / "edited.jsonl", texts)).stored == 2
        assert store.replay(transform=lambda text: json.loads(text.replace(",}", "}"))).stored == 1
        assert sorted(memory.content for memory in store) == ["Café", "Has a cat", "Hums", "good one"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"record": {}}, "record 1: give quarantine"),
        ({"quarantine": "1", "record": {}}, "record 1: give quarantine"),
        ({"quarantine": 1}, "record 1: give quarantine"),
        ({"quarantine": 1, "raw": "%", "base64": True}, "no base64"),
        ({"quarantine": 1, "raw": 7}, "no text"),
        ({"quarantine": 1, "record": {}, "job": 8, "position": 0}, "exported from another"),
    ],
)
def test_a_file_that_is_no_edited_export_of_this_store_is_refused(fresh, tmp_path, line, message):
    """Before anything is done."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        with pytest.raises(memproc.UsageError, match=message):
            store.replay(edited=written(tmp_path / "e.jsonl", [line]))
        assert len(store.jobs()) == 1


def test_a_transform_may_leave_a_record_and_may_fail(fresh):
    """None leaves it as it was, and it is not read; an exception is a fault with type and message, and never stops the others."""

    def some(value):
        if value["content"] == "Likes chess":
            return None
        if value["content"] == "Moves in":
            raise KeyError("mood")
        return mend(value)

    with fresh() as store:
        memproc.ingest(SOURCE, store)
        report = store.replay(transform=some)
        assert (report.read, report.stored, dict(report.errors)) == (2, 1, {"transform": 1})
        assert kinds(store, 2) == ["quarantined"]
        (raised,) = store.quarantined(3).faults
        assert (raised.code, raised.message) == ("transform_failed", "the transform raised KeyError: 'mood'")
        assert raised.traceback == ""
        assert is_whole(store)


class Fragile(memproc.Memory):
    """A schema with a rule that breaks."""

    @field_validator("content")
    @classmethod
    def in_order(cls, value):
        """Break."""
        raise RuntimeError(len(value))


def test_a_traceback_is_kept_on_request(fresh):
    """Of a transform, and of a rule, which is of the category internal; else type and message only."""

    def fails(_value):
        raise ValueError("no luck")

    for tracebacks in (False, True):
        with fresh() as store:
            store._opened.settings = memproc.Settings(tracebacks=tracebacks)
            report = memproc.ingest([{"content": "tea"}, BAD_SHARE], store, schema=Fragile)
            assert dict(report.errors) == {"internal": 2}
            store.replay(2, transform=fails)
            rule, transform = (store.quarantined(number).faults[0] for number in (1, 2))
            assert (rule.code, rule.message) == ("schema_failed", "a rule of Fragile raised RuntimeError: 3")
            assert ("in in_order" in rule.traceback, "in fails" in transform.traceback) == (tracebacks, tracebacks)
            assert ("traceback" in exported(store)[0]["reasons"][0]) is tracebacks


def test_a_reader_that_breaks_loses_nothing(fresh, monkeypatch):
    """Whatever it raises is a fault of the category internal; what it gave before counts; mended, the record can be replayed."""
    mem0 = next(known for known in FORMATS if known.name == "mem0")

    def breaks(item, context):
        yield from mem0.read(item, context)
        raise LookupError(item["memory"])

    item = {"id": "1", "memory": "Likes tea", "user_id": "ann"}
    with fresh() as store:
        with monkeypatch.context() as patched:
            patched.setattr("memproc.formats.FORMATS", (mem0._replace(read=breaks),))
            report = memproc.ingest([item], store, format="mem0")
        assert (report.read, report.stored, dict(report.errors)) == (2, 1, {"internal": 1})
        (one,) = store.quarantine()
        assert one.faults[0].message == "the reader of 'mem0' raised LookupError: Likes tea"
        assert store.replay().duplicate == 1
        assert store.quarantine() == []
        assert is_whole(store)


def test_a_part_that_its_format_cannot_read_by_itself_fails_as_it_did(fresh, tmp_path):
    """A turn out of a conversation keeps its own fault, and is taken when a person has made a memory of it."""
    turn = {"speaker": "Ann", "dia_id": "D1:1", "text": "a NUL \0 inside"}
    talk = {"sample_id": "x", "conversation": {"speaker_a": "Ann", "speaker_b": "Bob", "session_1": [turn]}}
    talk["conversation"]["session_1_date_time"] = "1:56 pm on 8 May, 2023"
    with fresh() as store:
        memproc.ingest([talk], store, format="locomo")
        (before,) = store.quarantine()
        assert before.faults[0].code == "nul_character"
        store.replay()
        assert store.quarantined(1).faults == before.faults
        assert store.replay(format="mem0").quarantined == 1
        assert store.quarantined(1).category == "transform"
        line = {"quarantine": 1, "record": {"content": "inside", "kind": "message", "conversation": "x/1"}}
        assert store.replay(edited=written(tmp_path / "e.jsonl", [line])).stored == 1
        assert is_whole(store)


def test_what_was_never_json_is_not_taken_as_something_else(fresh):
    """A value that JSON cannot say, NaN and a set among them, stays rejected when it is replayed as it is."""
    source = [{"content": "a", "metadata": {"x": found}} for found in (float("nan"), {1, 2}, object(), 2**70)]
    with fresh() as store:
        assert memproc.ingest(source, store).quarantined == 4
        assert store.replay().quarantined == 4
        assert store.count() == 0


def test_a_row_that_the_database_refused_is_taken_once_it_can_be(fresh_file):
    """With the same keys, whatever format it came in."""
    item = {"id": "1", "memory": "Likes poison", "user_id": "ann", "created_at": "2024-01-01"}
    with fresh_file() as store, fresh_file() as other:
        refuse_rows(store, "poison")
        memproc.ingest([item], store, format="mem0", as_of="2024-05-01")
        assert store.replay().quarantined == 1
        with store._opened.database.write() as tx:
            tx.execute(sql("DROP TRIGGER refuse"))
        assert store.replay().stored == 1
        memproc.ingest([item], other, format="mem0", as_of="2024-05-01")
        assert export_of(store, full=True) == export_of(other, full=True)
        assert is_whole(store)


def test_a_discarded_record_is_gone_but_for_its_story(fresh):
    """Its bytes and the words of its faults go; number, place, codes and the note stay. All or none are discarded."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        with pytest.raises(memproc.NotFoundError, match="under 99"):
            store.discard([1, 99], "no")
        assert store.discard([1, 3], "of no use") == 2
        assert numbers(store.quarantine()) == [2]
        one = store.quarantined(1)
        assert (one.status, one.raw, one.faults[0].message) == ("discarded", b"", "date_unparsable")
        assert one.faults[0].value is None
        assert (one.history[-1].kind, one.history[-1].reason) == ("discarded", "of no use")
        assert is_whole(store)
        with pytest.raises(memproc.NotFoundError):
            store.discard(1)
        assert store.replay().read == 1


def test_what_was_settled_stays_so_when_it_is_read_again(fresh):
    """It is counted as quarantined where it is read, adds no row, and does not come back to the list (law 2)."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        store.replay(1, transform=mend)
        store.discard(2)
        before = store.count()
        report = memproc.ingest(SOURCE, store)
        assert (report.quarantined, report.duplicate, report.settled) == (3, 1, 2)
        assert "2 of these had been replayed or discarded before" in str(report)
        assert numbers(store.quarantine(status=None)) == [1, 2, 3]
        assert (numbers(store.quarantine()), store.count()) == ([3], before)
        assert (store.quarantined(1).status, store.quarantined(1).times_seen) == ("replayed", 2)
        assert is_whole(store)


def test_forgetting_finds_what_was_replayed(fresh):
    """The bytes of a replayed record go with the memory it became, though a person had mended the very text."""
    mended = {"content": "Her secret is a purple giraffe"}
    with fresh() as store:
        memproc.ingest([{"content": "Her secret is a purpel girafe", "importance": 7}], store)
        store.replay(transform=lambda _: mended)
        store.add({**mended, "importance": 9})
        assert store.forget(store.quarantined(1).history[-1].other) == 1
        assert store.quarantine(status=None) == []
        assert is_whole(store)
        assert store.replay().job is None
        assert "giraf" not in all_text(store)


def test_forgetting_finds_the_text_in_what_is_no_json(fresh, tmp_path):
    """As a part of it; a short text of another namespace is left alone."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"content": "x y z"}\n{"content": "Keeps a purple giraffe",}\n{"content": "Keeps a yellow giraffe",}\n')
    with fresh() as store:
        memproc.ingest(path, store)
        added = store.add({"content": "keeps a purple giraffe"})
        store.forget(added.memory.id)
        assert numbers(store.quarantine()) == [2]
        store.forget(store.add({"content": "Keeps a yellow giraffe", "namespace": "ann"}).memory.id)
        assert numbers(store.quarantine()) == [2]
        assert is_whole(store)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            '{"user_id":"a","content":"Keeps a Purple giraffe"',
            "keeps a purple giraffe",
        ),  # no spaces, and case that a path would keep
        ('{"content": "Caf\\u00e9 \\"Zoo\\" is his",}', 'café "Zoo" is his'),
        ("x,我喜欢喝热茶,y", "喜欢喝热茶"),
        ("\xff her pin is 🍵🍵", "🍵🍵"),
        ("secret plan " + " ".join(f"word{number}" for number in range(2_000)), "secret plan"),  # more than is kept of one
        ("secret plan " + "x" * 300_000, "secret plan"),
    ],
)
def test_forgetting_finds_a_text_word_for_word_in_what_is_no_json(fresh, tmp_path, line, text):
    """However it is written there; what holds none of it stays."""
    path = tmp_path / "a.jsonl"
    path.write_text(f"{line}\n{{other words\n", encoding="utf-8", errors="surrogateescape")
    with fresh() as store:
        assert memproc.ingest(path, store).quarantined == 2
        store.forget(store.add({"content": text}).memory.id)
        assert numbers(store.quarantine()) == [2]
        assert store.doctor() == ()
        assert store.rebuild() == (0, 0)


def test_a_text_without_letters_takes_out_nothing_else(fresh):
    """What is left of it in canonical form is empty, and so are many values."""
    with fresh() as store:
        memproc.ingest([{"content": ""}, {"content": "tea", "importance": 7, "mood": "\u200b"}], store)
        store.forget(store.add({"content": "\u00ad"}).memory.id)
        assert len(store.quarantine()) == 2


@pytest.mark.costly
@pytest.mark.parametrize("line", ['{{"content": "Buys {} loaves", "importance": 7}}', '{{"content": "Buys {} loaves",'])
def test_what_forgetting_costs_does_not_depend_on_quarantine(fresh, tmp_path, line):
    """It asks for what holds the text, and for nothing else."""
    path, sent = tmp_path / "a.jsonl", {}
    for size in (100, 700):
        path.write_text("".join(f"{line.format(number)}\n" for number in range(size)))
        with fresh() as store:
            memproc.ingest(path, store)
            added = [store.add({"content": f"Buys {number} loaves"}).memory.id for number in (3, 5)]
            store.forget(added[0])
            with work_of(store) as work:
                store.forget(added[1])
            assert len(store.quarantine()) == size - 2
            sent[size] = work
    assert sent[700].statements == sent[100].statements
    assert sent[700].steps <= sent[100].steps * 1.2


def test_of_two_replays_at_once_one_takes_the_record(fresh):
    """The other finds it closed, leaves it out, and goes on with the rest."""
    with fresh() as store:
        memproc.ingest(SOURCE, store)
        is_first = [True]

        def meanwhile(value):
            if is_first.pop() if is_first else False:
                with memproc.open(store.place) as other:
                    other.replay([1, 3], transform=mend)
            return mend(value)

        report = store.replay(transform=meanwhile)
        assert (report.read, report.stored) == (1, 1)
        assert store.quarantine() == []
        assert [job.read for job in store.jobs()] == [4, 1, 2]
        assert is_whole(store)


def test_a_replay_is_done_in_batches(fresh):
    """Of the size that the settings say, each of them whole; a replay that is cut off leaves the rest open."""
    seen = []

    def some(value):
        seen.append(value)
        if len(seen) > 5:
            raise KeyboardInterrupt
        return mend(value)

    with fresh() as store:
        store._opened.settings = memproc.Settings(batch_size=2)
        memproc.ingest([{"content": f"Buys {number} loaves", "importance": 7} for number in range(9)], store)
        with pytest.raises(KeyboardInterrupt):
            store.replay(transform=some)
        assert store.jobs()[-1].status == "interrupted"
        assert numbers(store.quarantine()) == [5, 6, 7, 8, 9]
        report = store.replay(transform=mend)
        assert (report.read, report.batches) == (5, 3)
        assert is_whole(store)


def test_no_decision_is_ever_taken_from_quarantine(fresh):
    """A line of a full export that was no decision, and is one now: it stays, for what was read may come from anybody."""
    with fresh() as store:
        ids = [store.add({"content": text}).memory.id for text in ("Has a dog", "Owns a hound")]
        lines = [{"decision": "merge", "keys": ids[:1]}]
        memproc.ingest(lines, store, format="memproc-full", trust_decisions=True)
        for options in ({}, {"format": "memproc-full"}, {"format": "memproc"}, {"format": "json"}):
            report = store.replay(transform=lambda value: {**value, "keys": sorted(ids)}, **options)
            assert (report.quarantined, store.count(), len(store.quarantine())) == (1, 2, 1)
        assert not store.decisions()
        assert is_whole(store)


steps = st.lists(
    st.tuples(st.sampled_from(("replay", "mend", "half", "fail", "discard", "again", "forget", "more")), st.integers(0, 10_000)),
    min_size=2,
    max_size=8,
)


@given(st.lists(records() | broken(), min_size=4, max_size=14), st.lists(broken() | facts(), max_size=4), steps)
@pytest.mark.slow
def test_any_mix_of_replays_and_discards_leaves_every_job_whole(fresh, source, more, mix):
    """Law 1 over each job, whatever a person does to quarantine; and what is there is what rebuild computes."""
    with fresh() as store:
        memproc.ingest(source, store, settings=memproc.Settings(batch_size=3))
        for act, choice in mix:
            do(store, act, choice, source, more)
            assert is_whole(store)
        assert store.rebuild() == (0, 0)
        with store._opened.transactions.reading() as tx:
            left = set(tx.execute(select(tables.quarantine_parts.c.quarantine)).scalars())
        assert left == {one.number for one in store.quarantine(status=None) if one.status != "discarded"}


def do(store, act, choice, source, more):
    """Do one thing that a person may do."""
    open_ones = numbers(store.quarantine())
    some = open_ones[choice % (len(open_ones) + 1) :]
    if act == "replay":
        store.replay(some)
    elif act == "mend":
        store.replay(some, transform=lambda value: {"content": f"mended {len(str(value))}"})
    elif act == "half":
        store.replay(transform=lambda value: mend(value) if len(str(value)) % 2 else None)
    elif act == "fail":
        store.replay(some, transform=lambda value: value["absent"])
    elif act == "discard":
        store.discard(some, "no use")
    elif act == "again":
        memproc.ingest(source[choice % len(source) :] + more, store)
    elif act == "more":
        memproc.ingest(more, store)
    else:
        kept = [memory.id for memory in store]
        with suppress(IndexError):
            store.forget(kept[choice % max(len(kept), 1)])


def test_a_field_may_have_any_name(fresh):
    """Also one that PostgreSQL takes no text of, or longer than any: the fault tells it in marks that can be written."""
    names = ["a\0b", "\ud83d", "\x1b[31m", "x" * 100_000, "\n"]
    with fresh() as store:
        report = memproc.ingest([{"content": "Likes chess", name: 1} for name in names], store, format="memproc")
        assert report.quarantined == len(names)
        paths = [one.faults[0].path for one in store.quarantine()]
        assert paths == ["a\\x00b", "", "\\x1b[31m", "x" * 60, "\\n"]
        assert is_whole(store)
