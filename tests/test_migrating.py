"""`migrate`: what became of each field is told, and the store is compared with the source afterwards."""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

import memproc
from memproc.formats import generic
from memproc.intake.riding import MOST_KINDS
from memproc.store.changes import landing
from tests.command_line import as_json, run_memproc
from tests.conftest import ROOT
from tests.events import batches
from tests.sources.test_remote import Shelf

MAPPING = {
    "blank": ["NULL"],
    "leave_out": {"deleted rows": "gone == '1'"},
    "rest": ["device"],
    "fields": {
        "id": "row",
        "content": {"path": "body", "repair": "html"},
        "namespace": "owner",
        "source": {"constant": "app"},
        "kind": {"path": "sort", "values": {"f": "fact"}, "default": "note"},
        "created_at": {"path": "made", "date_format": "%d.%m.%Y"},
        "tags": "labels",
        "emotion": {"label": {"path": "mood", "values": {"😀": "joy"}}},
    },
}
PLAIN = {"owner": "ann", "sort": "f", "made": "24.12.2023", "labels": "tea; home", "mood": "😀", "device": "phone", "app": 2}
ROWS = [
    {"row": 1, "body": "Prefers tea &amp; milk", **PLAIN},
    {"row": 2, "body": "Lives in Ghent", **PLAIN, "sort": "NULL", "made": "2024-01-31T10:00:00Z", "app": None},
    {"row": 3, "body": "Lived in Bruges", "gone": "1"},
    {"row": 4, "body": "Likes milk", "made": "soon"},
    {"body": "NULL", "owner": " "},
    {"row": 1, "body": "Prefers tea &amp; milk", **PLAIN},
]


@pytest.fixture
def source(tmp_path):
    """Give a file with the rows."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def changes_of(migration):
    """Return the changes by field and way."""
    return {(one.field, one.way): one for one in migration.changes}


def unmet(migration):
    """Return the names of the checks that are not met."""
    return [check.name.split()[:4] for check in migration.checks if not check.is_met]


def test_a_migration_tells_what_became_of_each_field(source, tmp_path):
    """Of those records that can be stored: counts, and examples of what is not as it was."""
    found = memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING)
    assert found.is_verified, found
    assert (found.rows, found.report.read, found.report.stored, found.report.duplicate, found.report.quarantined) == (6, 4, 2, 1, 1)
    assert found.report.left_out == {"deleted rows": 1, "blank records": 1, "column app": 2}
    changes = changes_of(found)
    assert {key: (one.origin, one.count) for key, one in changes.items()} == {
        ("id", "renamed"): ("row", 3),
        ("content", "repaired"): ("body", 2),
        ("content", "renamed"): ("body", 1),
        ("namespace", "renamed"): ("owner", 3),
        ("source", "filled"): ("a constant", 3),
        ("kind", "translated"): ("sort", 2),
        ("kind", "filled"): ("its default", 1),
        ("created_at", "converted"): ("made", 3),
        ("tags", "converted"): ("labels", 3),
        ("emotion.label", "translated"): ("mood", 3),
        ("metadata", "in the metadata"): ("device", 3),
    }
    assert changes["content", "repaired"].examples == (("Prefers tea &amp; milk", "Prefers tea & milk"),)
    assert changes["kind", "filled"].examples == (("", "note"),)
    assert len(changes["created_at", "converted"].examples) == 2
    assert [one.field for one in found.changes][:3] == ["id", "content", "content"]


def test_without_a_mapping_the_fields_are_told_by_their_usual_names(tmp_path):
    """As they were found."""
    rows = [{"text": "Prefers tea", "user_id": 7, "created_at": "May 19, 2026", "app": 1}, {"content": "Likes milk"}]
    found = memproc.migrate(rows, tmp_path / "m.db")
    assert found.is_verified
    assert {(one.field, one.way, one.origin, one.count) for one in found.changes} == {
        ("content", "renamed", "text", 1),
        ("content", "as it is", "content", 1),
        ("namespace", "renamed", "user_id", 1),
        ("namespace", "filled", "its default", 1),
        ("source", "filled", "its default", 2),
        ("kind", "filled", "its default", 2),
        ("created_at", "converted", "created_at", 1),
        ("metadata", "in the metadata", "app", 1),
    }


@pytest.mark.parametrize("mapping", [{"content": "a.b"}, {"fields": {"content": "each"}, "each": "a.c"}])
def test_a_path_into_an_object_is_told(tmp_path, mapping):
    """Of one path, and of a row that gives several memories."""
    found = memproc.migrate([{"a": {"b": "Prefers tea", "c": ["Likes milk", "Likes beer"]}}], tmp_path / "m.db", mapping=mapping)
    assert found.is_verified
    assert {one.origin for one in found.changes if one.field == "content"} == {"each" if "each" in mapping else "a.b"}


def test_a_dry_run_tells_the_same_and_writes_nothing(source, tmp_path):
    """But for the checks that need what was written."""
    tried = memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING, dry_run=True)
    assert (tried.report.status, tried.is_verified, len(tried.checks)) == ("rehearsed", True, 3)
    assert not (tmp_path / "m.db").exists()
    done = memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING)
    assert done.changes == tried.changes
    assert len(done.checks) == 5


def test_a_second_run_adds_nothing(source, fresh):
    """And one that resumes a finished migration verifies it again."""
    with fresh() as store:
        first = memproc.migrate(source, store, mapping=MAPPING)
        again = memproc.migrate(source, store, mapping=MAPPING)
        resumed = memproc.migrate(source, store, mapping=MAPPING, resume=True)
        assert (again.report.stored, again.report.duplicate, again.is_verified) == (0, 3, True)
        assert resumed.is_verified
        assert "nothing to do" in str(resumed)
        assert first.report.left_out == resumed.report.left_out
        assert first.checks[-1] == again.checks[-1] == resumed.checks[-1]


def test_a_migration_that_was_stopped_goes_on_and_is_verified_whole(tmp_path, fresh):
    """With the mapping that it began with."""
    rows = [{"row": at, "body": f"Has been to town number {at}", **PLAIN} for at in range(60)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))

    def stop(progress):
        if progress.read >= 20:
            raise KeyboardInterrupt

    settings = memproc.Settings(batch_size=10)
    with fresh() as store:
        with pytest.raises(memproc.Interrupted):
            memproc.migrate(tmp_path / "rows.json", store, mapping=MAPPING, settings=settings, on_event=batches(stop))
        assert 0 < store.count() < 60
        other = {**MAPPING, "rest": "none"}
        assert memproc.ingest(tmp_path / "rows.json", store, mapping=other, resume=True, dry_run=True).read == 60
        found = memproc.migrate(tmp_path / "rows.json", store, mapping=MAPPING, settings=settings, resume=True)
        assert (found.report.read, found.report.duplicate, found.rows, found.is_verified) == (60, 0, 60, True)


GONE = ["what", "is", "not", "stored"]
LOST = ["each", "record", "is", "in"]
SUMS = ["the", "checksums", "of", "ids"]


@pytest.mark.parametrize(
    ("statement", "checks"),
    [
        ("DELETE FROM memproc_observations WHERE record LIKE '%Ghent%'", [GONE, LOST, SUMS]),
        ("UPDATE memproc_observations SET record = replace(record, 'Ghent', 'Paris')", [GONE, LOST, SUMS]),
        ("UPDATE memproc_observations SET record = replace(record, 'phone', 'watch')", [GONE, LOST]),
    ],
)
def test_what_is_not_in_the_store_as_it_was_read_is_found(source, tmp_path, statement, checks):
    """Whatever happened to it."""
    memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING)
    with memproc.open(tmp_path / "m.db") as store:
        with store._opened.database.engine.begin() as connection:
            connection.execute(text(statement))
        found = memproc.migrate(source, store, mapping=MAPPING, resume=True)
    assert unmet(found) == checks
    assert not found.is_verified
    assert ": rows " in str(found)


def test_what_was_forgotten_is_not_missing(source, tmp_path):
    """A person wanted it to be gone."""
    with memproc.open(tmp_path / "m.db") as store:
        memproc.migrate(source, store, mapping=MAPPING)
        (tea,) = store.find(text="tea")
        store.forget(tea.id)
        found = memproc.migrate(source, store, mapping=MAPPING)
    assert found.is_verified
    assert "2 had been forgotten" in str(found)


def test_a_record_that_the_database_refuses_is_no_loss(source, tmp_path, monkeypatch):
    """It is in quarantine."""
    decide = landing.decide

    def refusing(*given, **named):
        if "Ghent" in repr(given):
            raise KeyError("Ghent")
        return decide(*given, **named)

    monkeypatch.setattr(landing, "decide", refusing)
    found = memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING)
    assert (found.report.quarantined, found.is_verified) == (2, True)


def test_a_row_that_a_format_passes_over_without_a_word_is_told(tmp_path, monkeypatch):
    """No format should."""
    read = generic._read_by_names
    monkeypatch.setattr(generic, "_read_by_names", lambda item, context: () if "x" in item else read(item, context))
    found = memproc.migrate([{"text": "Prefers tea"}, {"text": "Likes milk", "x": 1}], tmp_path / "m.db")
    assert not found.is_verified
    assert unmet(found) == [["each", "row", "has", "an"]]
    assert "1 had none: rows 1" in str(found)


def test_other_formats_are_verified_too(tmp_path):
    """What becomes of their fields is the business of their readers."""
    found = memproc.migrate("fixtures/mem0.json", tmp_path / "m.db")
    assert found.is_verified
    assert found.report.format == "mem0"


def test_nothing_of_the_records_is_told_where_nothing_is_to_be_told(source, tmp_path):
    """The counts stay."""
    found = memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING, settings=memproc.Settings(redact=True))
    assert found.is_verified
    assert "tea" not in str(found)
    assert all(not one.examples for one in found.changes)


@pytest.mark.parametrize("what", [iter(ROWS), io.BytesIO(b'{"content": "Prefers tea"}')])
def test_what_can_be_read_only_once_is_refused(tmp_path, what):
    """Before anything is written."""
    with pytest.raises(memproc.UsageError, match="reads twice"):
        memproc.migrate(what, tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()


def test_what_is_in_no_file_is_migrated_too(fresh):
    """If it gives all of its rows each time."""
    numbered = dict(enumerate(ROWS))
    with fresh() as store:
        found = memproc.migrate(Shelf(numbered), store, mapping=MAPPING)
        assert (found.rows, found.report.stored, found.is_verified) == (6, 2, True)
        with pytest.raises(memproc.UsageError, match="leave the cursor out"):
            memproc.migrate(Shelf(numbered, is_followed=True), store, mapping=MAPPING)


@pytest.mark.costly
def test_a_source_that_ends_early_is_not_verified(tmp_path):
    """The report says why."""
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"text": "Prefers tea"}\n' * 9_000)[:-9])
    found = memproc.migrate(tmp_path / "a.jsonl.gz", tmp_path / "m.db")
    assert (found.report.status, found.checks, found.is_verified) == ("failed", [], False)


def test_the_command_line_tells_all_that_and_exits_by_it(source, tmp_path):
    """With a report in a file."""
    (tmp_path / "m.json").write_text(json.dumps(MAPPING))
    arguments = ("migrate", source, "--into", tmp_path / "m.db", "--mapping", tmp_path / "m.json")
    told = as_json(run_memproc(*arguments, "--json", "--report", tmp_path / "r.json"))
    assert told["is_verified"]
    assert told.pop("next")
    assert json.loads((tmp_path / "r.json").read_text()) == told
    assert run_memproc(*arguments, "--as-of", "someday")[::2] == (2, "memproc: as_of: not a date: 'someday'\n")
    code, out, _ = run_memproc(*arguments, "--resume")
    assert code == 0
    assert "tags: 3 converted from labels (tea; home -> ['tea', 'home'])" in out
    assert "ok: the checksums of ids and texts agree" in out
    with memproc.open(tmp_path / "m.db") as store, store._opened.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM memproc_observations"))
    code, out, _ = run_memproc(*arguments, "--resume")
    assert code == 1
    assert "FAILED: each record is in the store" in out


@pytest.mark.parametrize("command", ["ingest", "validate", "transform", "inspect"])
def test_every_command_that_reads_takes_a_mapping_file(source, tmp_path, command):
    """And not beside paths of fields."""
    (tmp_path / "m.json").write_text(json.dumps(MAPPING))
    more = ("--into", tmp_path / "m.db", "--dry-run") if command == "ingest" else ()
    code, out, err = run_memproc(command, source, *more, "--mapping", tmp_path / "m.json")
    assert code == (0 if command in ("ingest", "inspect") else 1), (out, err)
    assert "soon" in out + err or "date_unparsable" in out
    code, _, err = run_memproc(command, source, *more, "--mapping", tmp_path / "m.json", "--map", "content=body")
    assert code == 2
    assert "not both" in err


def test_what_a_mapping_could_not_take_is_replayed_with_it(source, tmp_path):
    """Or with another one, as a person mended it."""
    with memproc.open(tmp_path / "m.db") as store:
        memproc.migrate(source, store, mapping=MAPPING)
        assert store.replay().quarantined == 1
        mended = {**MAPPING, "blank": ["NULL", "soon"]}
        assert store.replay(transform=lambda row: {**row, "made": "1.2.2024"}).stored == 1
        assert store.find(text="milk").count(None) == 0
        memproc.ingest(source, store, mapping=MAPPING)
        assert memproc.migrate(source, store, mapping=mended).report.quarantined == 0
    (tmp_path / "m.json").write_text(json.dumps(mended))
    with memproc.open(tmp_path / "other.db") as store:
        memproc.migrate(source, store, mapping=MAPPING)
    assert run_memproc("retry", tmp_path / "other.db", "--mapping", tmp_path / "m.json")[0] == 0


@pytest.mark.costly
@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_workers_read_by_a_mapping_too(source, tmp_path, engine):
    """The mapping goes along."""
    assert memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING, engine=engine).is_verified


def test_a_format_that_has_its_own_fields_takes_no_mapping(source, tmp_path):
    """Rather than leaving one of both out of account."""
    with pytest.raises(memproc.UsageError, match="format='mem0': a mapping reads json and csv alone"):
        memproc.migrate(source, tmp_path / "m.db", mapping=MAPPING, format="mem0")


def test_a_column_that_is_nowhere_is_told(source, tmp_path):
    """It may be a slip."""
    wrong = {**MAPPING, "fields": {**MAPPING["fields"], "subject": "onwer"}}
    with pytest.raises(memproc.SourceError, match=r"the mapping of subject names: onwer. Did you mean owner"):
        memproc.migrate(source, tmp_path / "m.db", mapping=wrong)
    optional = {**MAPPING, "fields": {**MAPPING["fields"], "subject": {"path": "onwer", "default": "Ann"}}}
    assert memproc.migrate(source, tmp_path / "m.db", mapping=optional).is_verified


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_a_hundred_thousand_messy_rows_migrate_with_the_mapping_file_of_the_page(tmp_path, monkeypatch):
    """It has fewer than 20 lines, and every row that a person could read lands."""
    page = (ROOT / "docs/how-to/migrate-a-legacy-store.md").read_text()
    make, mapping = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[:2]
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(make.replace("ROWS = 1_000", "ROWS = 100_000") + mapping, names)
    assert len(names["mapping"].strip().splitlines()) < 20
    found = memproc.migrate(memproc.SqlTable("old-notes.db", "notes"), "m.db", mapping="old-notes.toml")
    assert found.is_verified, found
    with closing(sqlite3.connect("old-notes.db")) as old:
        readable = [body for body, deleted in old.execute("SELECT body, deleted FROM notes") if body and not deleted]
    report = found.report
    assert (found.rows, report.quarantined, len(readable)) == (100_000, 0, 94_000)
    assert report.stored + report.duplicate + report.merged == len(readable)
    with memproc.open("m.db") as store:
        texts = {one.content for one in store}
    assert not any("&" in text.replace(" & ", "") or "Ã" in text for text in texts)
    numbers = {re.search(r"\d+", body)[0] for body in readable}
    assert {re.search(r"\d+", text)[0] for text in texts} == numbers


@pytest.mark.costly
def test_names_of_left_out_columns_do_not_pile_up(tmp_path):
    """Where each record has others, as where an id is a name: they would stand in the checkpoint of every batch."""
    rows = [{"body": f"Has {number} hens", f"column of {number}": 1, "always": 1} for number in range(2 * MOST_KINDS)]
    settings = memproc.Settings(batch_size=200)
    report = memproc.ingest(rows, tmp_path / "n.db", mapping={"fields": {"content": "body"}, "rest": "none"}, settings=settings)
    assert len(report.left_out) == MOST_KINDS + 1
    assert report.left_out["column always"] == len(rows)
    assert report.left_out.total() == 2 * len(rows)
