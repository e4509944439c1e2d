"""memproc's own format is told by the mark that memproc writes, and by nothing else."""

from __future__ import annotations

import json
from itertools import chain

import pytest

import memproc
from memproc import Outcome, Rejected
from memproc.formats import detect, own
from memproc.formats.draft import Broken, Context, Decided, Draft, LeftOut
from memproc.records import SCHEMA_VERSION
from tests.exports import exported

FIELDS = frozenset(memproc.Memory.model_fields)
HEAD = {"memproc_version": SCHEMA_VERSION, "export": "full"}
NEWER = {**HEAD, "memproc_version": SCHEMA_VERSION + 1}
KEY = "ab" * 16


def written(path, records):
    """Write records, one a line."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def contents(store, name="content"):
    """Return what all memories hold, sorted."""
    return sorted(str(getattr(memory, name)) for memory in store)


def test_two_applications_may_count_from_one(fresh, tmp_path):
    """Ids of two files without a source have nothing to do with each other, even if all fields have the names of memproc's."""
    files = {
        "crm.jsonl": ("Ann pays by invoice", "Bob asked for a refund", "Cem moved to Ankara"),
        "diary.jsonl": ("Planted tulips", "Rain all day", "Read until three"),
    }
    for name, texts in files.items():
        lines = [{"id": at, "content": text, "created_at": f"2025-01-0{at}T08:00:00Z"} for at, text in enumerate(texts, 1)]
        written(tmp_path / name, lines)
    lines = [json.loads(line) for name in files for line in (tmp_path / name).read_text().splitlines()]
    for given in ([tmp_path / name for name in files], iter(lines)):
        with fresh() as store:
            report = memproc.ingest(given, store)
            assert (report.format, report.stored) == ("json", 6)
            assert contents(store) == sorted(chain(*files.values()))
    with fresh() as store:
        for line in lines:
            assert store.add(line).outcome is Outcome.STORED
        assert store.count() == 6


@pytest.mark.parametrize("named", [{"source": "crm"}, {"format": "memproc"}])
def test_within_a_named_source_or_the_named_format_ids_are_identities(fresh, named):
    """As they are where a record carries its source itself."""
    versions = [{"id": 1, "content": f"Has {hens} hens", "updated_at": f"2025-01-0{hens}"} for hens in (3, 4)]
    with fresh() as store:
        assert memproc.ingest(versions, store, **named).merged == 1
        assert contents(store) == ["Has 4 hens"]
    with fresh() as store:
        assert [store.add(one, **named).outcome for one in versions] == [Outcome.STORED, Outcome.MERGED]
    with fresh() as store:
        assert memproc.ingest([{**one, "source": "crm"} for one in versions], store).merged == 1


def test_in_the_named_format_an_unknown_field_is_a_fault(fresh):
    """And goes to metadata in any other JSON; so do files, iterables, single records and transformations."""
    record = {"content": "Likes tea", "importnace": 0.5}
    with fresh() as store:
        assert memproc.ingest([record], store, format="memproc").quarantined == 1
        assert "did you mean importance" in store.quarantine()[0].faults[0].hint
        assert store.add(record, format="memproc").outcome is Outcome.QUARANTINED
        assert store.add(record).memory.metadata == {"importnace": 0.5}
    (rejected,) = memproc.transform(record, format="memproc")
    assert isinstance(rejected, Rejected)


def test_every_line_of_an_export_is_marked_and_reads_as_own(fresh, tmp_path):
    """The mark is no metadata, and where a memory came from is not read back; each line tells for itself in any company."""
    plain = [{"id": "7", "content": f"Plain note {at}"} for at in range(3)]
    with fresh() as store, fresh() as other, fresh() as mixed:
        memproc.ingest([{"content": "Likes tea", "tags": ["drinks"]}, {"content": "Sings"}], store)
        lines = exported(store)
        assert {line["memproc_version"] for line in lines} == {SCHEMA_VERSION}
        report = memproc.ingest(written(tmp_path / "own.jsonl", lines), other)
        assert (report.format, report.stored) == ("memproc", 2)
        assert [memory.metadata for memory in other] == [{}, {}]
        assert memproc.ingest(lines, other).duplicate == 2
        assert [store_of_one.outcome for store_of_one in map(other.add, lines)] == [Outcome.DUPLICATE] * 2
        for given in (plain + lines, lines + plain):
            report = memproc.ingest(given, mixed)
        assert (report.duplicate, mixed.count(), contents(mixed, "metadata")) == (5, 5, ["{}"] * 5)
        sources = {seen["source"] for line in exported(mixed) for seen in line["observations"]}
        assert sources == {"json"}


def test_the_same_record_is_the_same_observation_from_a_file_an_iterable_and_by_itself(fresh, tmp_path):
    """Marked or not, in a company of its kind or not."""
    plain, marked = {"id": "1", "content": "Likes tea"}, {"memproc_version": 1, "id": "1", "content": "Sings"}
    with fresh() as store:
        for record in (plain, marked):
            assert store.add(record).outcome is Outcome.STORED
        for name, records in {"a": [plain, marked], "b": [marked, plain, marked], "c": [plain, plain, marked]}.items():
            assert memproc.ingest(written(tmp_path / f"{name}.jsonl", records), store).duplicate == len(records)
            assert memproc.ingest(iter(records), store).duplicate == len(records)
        assert store.stats()["observations"] == 2
        assert {store.trace(memory.id).observations[0].record["source"] for memory in store} == {"json", "memproc"}


def test_a_replay_reads_a_record_as_it_was_read(fresh):
    """Once mended it is the same observation as if it had been right at first, in whatever company it came."""
    records = [{"id": 1, "content": "Likes tea"}, {"memproc_version": 1, "id": 1, "content": "Sings"}]
    for options in ({}, {"format": "memproc"}):
        with fresh() as store:
            memproc.ingest([{**record, "importance": 7} for record in records], store, **options)
            store.replay(transform=lambda value: {name: held for name, held in value.items() if name != "importance"})
            assert memproc.ingest(records, store, **options).duplicate == 2, options


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 10**30, 0, -1])
def test_a_line_of_another_version_is_refused_with_advice(fresh, version):
    """One that a newer memproc wrote, and one that nobody did."""
    with fresh() as store:
        added = store.add({"memproc_version": version, "content": "Likes tea"})
        assert added.outcome is Outcome.QUARANTINED
        assert added.faults[0].code == ("newer_version" if version > 0 else "not_a_version")
        assert added.faults[0].hint


def test_what_is_no_version_is_no_mark(fresh):
    """An application may note the version of the package under that name; a table of an export has text in its cells."""
    with fresh() as store:
        assert store.add({"memproc_version": "0.3.1", "content": "Likes tea"}).memory.metadata == {"memproc_version": "0.3.1"}
        assert store.add({"memproc_version": True, "content": "Sings"}).memory.metadata == {"memproc_version": True}
        assert store.add({"memproc_version": "1", "content": "Reads"}).memory.metadata == {}
        assert store.add({"memproc_version": 1, "content": "Swims"}, format="json").memory.metadata == {}


def full_export(fresh):
    """Return a full export that holds a decision and a tombstone."""
    with fresh() as store:
        memproc.ingest([{"content": text} for text in ("Likes tea", "Likes  tea!", "Sings", "Reads")], store)
        merged = next(memory for memory in store if memory.content.startswith("Likes"))
        store.unmerge(store.trace(merged.id).observations[0].observation)
        store.forget(next(memory for memory in store if memory.content == "Reads").id)
        return exported(store, full=True)


def as_lines(path, lines):
    """Write lines."""
    return written(path.with_suffix(".jsonl"), lines)


def as_array(path, lines):
    """Write an array."""
    path.with_suffix(".json").write_text(json.dumps(lines))
    return path.with_suffix(".json")


@pytest.mark.parametrize("give", [as_lines, as_array, lambda _, lines: iter(lines)], ids=["lines", "array", "iterable"])
def test_a_head_line_that_stands_first_tells_a_full_export(fresh, tmp_path, give):
    """And is no record; trusted it gives the same full export again, untrusted the observations alone."""
    lines = full_export(fresh)
    assert lines[0] == HEAD
    kinds = [line.get("decision") for line in lines]
    assert kinds.count("distinct") == kinds.count("forgotten") == 1
    with fresh() as store:
        report = memproc.ingest(give(tmp_path / "full", lines), store, trust_decisions=True)
        assert (report.format, report.read, report.left_out) == ("memproc-full", 3, {})
        assert exported(store, full=True) == lines
    with fresh() as store:
        report = memproc.ingest(give(tmp_path / "full", lines), store)
        assert (report.read, report.quarantined, report.left_out) == (3, 0, {"decisions": 1, "tombstones": 1})
        assert any("trust_decisions (--trust-decisions)" in note for note in report.notes)
        assert (store.decisions(), store.stats()["forgotten"]) == ([], 0)


def test_the_named_format_needs_no_head(fresh, tmp_path):
    """An export of an older memproc has none."""
    lines = full_export(fresh)
    path = written(tmp_path / "old.jsonl", lines[1:])
    with fresh() as store:
        memproc.ingest(path, store, format="memproc-full", trust_decisions=True)
        assert exported(store, full=True) == lines
    with fresh() as store:  # told by its envelopes, it is no full export
        report = memproc.ingest(path, store, trust_decisions=True)
        assert (report.format, report.stored, report.quarantined, store.decisions()) == ("memproc", 2, 2, [])
        assert any("memproc-full" in note for note in report.notes)
    with fresh() as store:
        report = memproc.ingest(path, store, format="memproc", trust_decisions=True)
        assert [one.faults[0].code for one in store.quarantine()] == ["misplaced_decision"] * 2


def test_two_full_exports_one_behind_the_other(fresh, tmp_path):
    """The second head is left out and counted; one of a newer version is quarantined with advice."""
    lines = full_export(fresh)
    with fresh() as store:
        report = memproc.ingest(written(tmp_path / "two.jsonl", lines + lines), store, trust_decisions=True)
        assert (report.read, report.duplicate, report.left_out) == (6, 3, {"head lines of further exports": 1})
        assert exported(store, full=True) == lines
    with fresh() as store:
        report = memproc.ingest(written(tmp_path / "two.jsonl", [*lines, NEWER, *lines[1:]]), store, trust_decisions=True)
        assert (report.read, report.quarantined) == (7, 1)
        assert store.quarantine()[0].faults[0].code == "newer_version"


def test_a_full_export_behind_other_records_is_none(fresh, tmp_path):
    """Its head and its decisions are records without content there, trusted or not; its observations are read as what they are."""
    lines = full_export(fresh)
    plain = [{"content": f"Plain note {at}"} for at in range(9)]
    for front in (plain, [{"memproc_version": 1, "content": "Swims"}]):
        with fresh() as store:
            report = memproc.ingest(written(tmp_path / "cat.jsonl", front + lines), store, trust_decisions=True)
            assert (report.quarantined, store.decisions(), store.stats()["forgotten"]) == (3, [], 0)
            assert (report.stored, report.merged) == (len(front) + 2, 1)
            observations = {line["memproc"]["observation"] for line in lines if "memproc" in line}
            assert observations <= {line["memproc"]["observation"] for line in exported(store, full=True) if "memproc" in line}


def test_each_of_several_files_tells_for_itself(fresh, tmp_path):
    """A full export may be the second."""
    lines = full_export(fresh)
    paths = [written(tmp_path / "a.jsonl", [{"content": "Swims"}]), written(tmp_path / "b.jsonl", lines)]
    with fresh() as store:
        report = memproc.ingest(paths, store, trust_decisions=True)
        assert (report.format, report.read, len(store.decisions())) == ("json memproc-full", 4, 1)


@pytest.mark.parametrize("head", [NEWER, {**HEAD, "memproc_version": "1"}, {**HEAD, "memproc_version": None}])
@pytest.mark.parametrize("format", [None, "memproc", "memproc-full"])
def test_a_head_of_another_version_is_refused_before_anything_is_read(fresh, tmp_path, head, format):
    """With advice; nothing of a newer export is guessed at."""
    path = written(tmp_path / "newer.jsonl", [head, {"content": "Likes tea"}])
    with fresh() as store:
        with pytest.raises(memproc.SourceError, match=r"newer memproc: version 2.*upgrade|no version of memproc"):
            memproc.ingest(path, store, format=format)
        assert store.jobs() == []


@pytest.mark.costly
@pytest.mark.parametrize("verdict", ["merge", "distinct", "supersedes", "forgotten"])
def test_no_generic_input_decides(fresh, tmp_path, verdict):
    """Whatever the entry point: there such a line is an object without content."""
    with fresh() as store:
        keys = sorted(store.add({"content": text}).memory.id for text in ("Has a dog", "Owns a hound"))
        line = {"decision": verdict, "keys": keys[: 1 if verdict == "forgotten" else 2]}
        before = exported(store, full=True)
        for options in ({}, {"format": "json"}, {"format": "memproc"}, {"format": "memproc-full"}):
            memproc.ingest([{"content": "Has a dog"}, line], store, **options)
            memproc.ingest(written(tmp_path / "a.jsonl", [{"content": "Has a dog"}, line]), store, **options)
            if options.get("format") != "memproc-full":
                assert store.add(line, **options).outcome is Outcome.QUARANTINED
                memproc.ingest([{"content": "Has a dog"}, line], store, trust_decisions=True, **options)
            else:
                with pytest.raises(memproc.UsageError, match="holds 0 memories"):
                    store.add(line, **options)
            assert not any(isinstance(one, memproc.Memory) for one in memproc.transform(line, **options))
        store.replay()
        store.replay(format="memproc-full")
        kept = [one for one in exported(store, full=True) if one.get("source", "json") == "json"]
        assert kept == before


def test_the_parts_of_each_line():
    """What the readers give, head, decision and all."""
    decision = {"decision": "merge", "keys": [KEY, "cd" * 16]}
    whole = {"content": "Likes tea", "id": "1", "memproc": {"observation": KEY, "identity": True, "as_of": "2025"}}
    trusted = Context(trusts_decisions=True)
    for item, read, context, expected in (
        (whole, own.FORMAT.read, Context(), Draft({"content": "Likes tea", "id": "1"}, is_identity=True, as_of="2025")),
        (whole, own.FULL.read, Context(), Draft({"content": "Likes tea", "id": "1"}, is_identity=True, as_of="2025")),
        (HEAD, own.FULL.read, Context(), LeftOut("head lines of further exports")),
        (decision, own.FULL.read, Context(), LeftOut("decisions")),
        (decision, own.FULL.read, trusted, Decided("merge", (KEY, "cd" * 16))),
        ({**decision, "content": "Has both"}, own.FULL.read, trusted, Draft({**decision, "content": "Has both"}, is_identity=True)),
    ):
        assert list(read(item, context)) == [expected]
    for item, code in ((HEAD, "misplaced_head"), (decision, "misplaced_decision"), (NEWER, "newer_version")):
        (broken,) = own.FORMAT.read(item, trusted)
        assert isinstance(broken, Broken)
        assert broken.fault.code == code


def test_detection_looks_for_marks_only():
    """Not for names of fields, of which a record may have all."""
    every = dict.fromkeys(FIELDS, "x")
    assert detect([every], FIELDS).name == detect([{"content": "x"}], FIELDS).name == "json"
    assert detect([{"memproc_version": 1, "content": "x"}], FIELDS).name == "memproc"
    assert detect([{"content": "x", "memproc": {"observation": KEY}}], FIELDS).name == "memproc"
    assert detect([{"decision": "merge", "keys": [KEY, KEY]}], FIELDS) is None
