"""Nothing ends early: a source is read to its end, or the job has failed and tells where."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from itertools import islice

import pytest

import memproc
from memproc.ingestion.reading import read_file
from memproc.sources import files
from tests.command_line import run_memproc
from tests.events import batches

RECORDS = [{"content": f"She has been to town number {n}", "id": n} for n in range(100)]
LONG = {"content": "x" * 5_000}
SMALL = memproc.Settings(max_record_bytes=1_000)


def as_array(records, before=b"[", behind=b"]"):
    """Return records as a JSON array."""
    return before + b", ".join(record if isinstance(record, bytes) else json.dumps(record).encode() for record in records) + behind


def as_lines(records):
    """Return records as JSON lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def as_table(records):
    """Return records as a table."""
    return b"id,content\n" + b"".join(f'{record["id"]},"{record["content"]}"\n'.encode() for record in records)


SHAPES = {
    "a.json": as_array,
    "wrapped.json": lambda records: as_array(records, b'{"total": 100, "memories": [', b'], "next": null}'),
    "a.jsonl": as_lines,
    "a.csv": as_table,
}


def written(folder, name, raw):
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(raw)
    return path


def taken(folder, path, **options):
    """Ingest into a new store; return the report and how its job ended, when all adds up."""
    with memproc.open(folder / "m.db", settings=options.get("settings")) as store:
        report = memproc.ingest(path, store, **options)
        assert store.recount().is_whole
        assert report.read == report.stored + report.duplicate + report.merged + report.quarantined
        return report, store.jobs()[-1].status if report.job else None


HOSTILE = {
    "a string": json.dumps(LONG).encode(),
    "a string of escapes": b'{"content": "' + b'\\\\\\"},{' * 1_000 + b'"}',
    "a name": json.dumps({"x" * 5_000: 1}).encode(),
    "a number": b"7" * 5_000,
    "a list of strings": json.dumps([LONG["content"]] * 5).encode(),
}


@pytest.mark.parametrize("long", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", ["a.json", "wrapped.json"])
def test_an_element_that_is_too_long_is_quarantined_alone(tmp_path, name, long):
    """And all behind it is read."""
    report, status = taken(tmp_path, written(tmp_path, name, SHAPES[name]([*RECORDS[:5], long, *RECORDS[5:]])), settings=SMALL)
    assert (report.status, status, report.read, report.stored, report.quarantined) == ("done", "done", 101, 100, 1)
    assert report.errors == {"resource": 1}


def test_a_long_member_beside_a_list_costs_it_nothing(tmp_path):
    """Nor does a long name; another list is counted by its name."""
    old = json.dumps([{"content": "old"}] * 200)
    before = f'{{"note": "{LONG["content"]}", "{LONG["content"]}": 1, "old": {old}, "memories": ['.encode()
    behind = f'], "deleted": {old}, "note": "{LONG["content"]}"}}'.encode()
    report, _ = taken(tmp_path, written(tmp_path, "a.json", as_array(RECORDS, before, behind)), settings=SMALL)
    assert (report.status, report.read, report.stored) == ("done", 100, 100)
    assert report.left_out == {"in the list 'old'": 200, "in the list 'deleted'": 200}


def test_a_name_of_a_list_is_not_told_where_nothing_is_to_be_told(tmp_path):
    """It is a name that the file holds."""
    raw = as_array(RECORDS, b'{"has_hiv": [{"a": 1}], "memories": [', b"]}")
    report, _ = taken(tmp_path, written(tmp_path, "a.json", raw), settings=memproc.Settings(redact=True))
    assert report.left_out == {"in another list": 1}


@pytest.mark.parametrize(
    "raw",
    [
        as_array(RECORDS[:50]) + as_array(RECORDS[50:]),
        as_array(RECORDS[:50]) + b"\n" + b"\n".join(json.dumps(one).encode() for one in RECORDS[50:]),
        as_array(RECORDS[:50], b'{"memories":\n[', b"]\n}") + b"\n" + as_array(RECORDS[50:], b'{"memories":\n[', b"]\n}"),
        as_array(RECORDS[:50], b'{"memories": [', b"}, ") + as_array(RECORDS[50:], b"", b"]}"),
    ],
    ids=["two arrays", "objects behind an array", "two pages", "closed early"],
)
def test_what_goes_on_behind_its_end_is_read_on(tmp_path, raw):
    """Two files in one, or a bracket too many."""
    report, _ = taken(tmp_path, written(tmp_path, "a.json", raw))
    assert (report.status, report.stored) == ("done", 100)


@pytest.mark.parametrize("name", ["a.json", "wrapped.json"])
def test_a_record_whose_end_is_never_found_fails_the_job(tmp_path, name):
    """What it took with it is in no quarantine; what stands before it is in the store."""
    path = written(tmp_path, name, SHAPES[name]([*RECORDS[:30], b'{"content": "' + b"x" * 5_000, *RECORDS[30:]]))
    report, status = taken(tmp_path, path, settings=SMALL)
    assert (report.status, status, report.stored, report.quarantined) == ("failed", "failed", 30, 1)
    assert "the end of record 31 was never found" in report.notes[0]


@pytest.mark.parametrize("name", ["a.json", "wrapped.json"])
@pytest.mark.parametrize("start", [b"[", b'{"a": [1', b'{"content": "Tea", "tags": ["a"'])
def test_a_bracket_that_is_not_closed_takes_no_records_without_a_word(tmp_path, name, start):
    """The end of the list is then taken for that of the record, and only its start is kept."""
    path = written(tmp_path, name, SHAPES[name]([*RECORDS[:30], start, *RECORDS[30:]]))
    report, status = taken(tmp_path, path, settings=SMALL)
    assert (report.status, status, report.stored) == ("failed", "failed", 30)
    assert "the end of record 31 was never found" in report.notes[0]


def test_the_command_line_exits_with_one_where_a_source_ends_early(tmp_path):
    """Ingesting, checking and transforming; the message tells where."""
    path = written(tmp_path, "a.json", as_array([*RECORDS[:5], b'{"content": "' + b"x" * 5_000, *RECORDS[5:]]))
    code, out, _ = run_memproc("ingest", path, "--into", tmp_path / "m.db", "--max-record", "1000B", "--json")
    told = json.loads(out)
    assert (code, told["status"], told["stored"], told["quarantined"]) == (1, "failed", 5, 1)
    assert "the end of record 6 was never found" in told["notes"][0]


@pytest.mark.costly
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.sampled(4)
def test_a_file_that_is_made_shorter_while_it_is_read_fails_the_job(tmp_path, name):
    """What was read before is in the store."""
    many = [{"content": f"She has been to town number {n} {'and back ' * 20}", "id": n} for n in range(6_000)]
    path = written(tmp_path, name, SHAPES[name](many))
    size = path.stat().st_size

    def shorten(_progress: object) -> None:
        with path.open("r+b") as stream:
            stream.truncate(size * 3 // 4)

    report, status = taken(tmp_path, path, settings=memproc.Settings(batch_size=500, dedup="off"), on_event=batches(shorten))
    assert (report.status, status) == ("failed", "failed")
    assert 0 < report.read < len(many)
    assert f"of {size}: it was made shorter while it was read" in report.notes[0]


@pytest.mark.parametrize("name", [*SHAPES])
def test_a_file_that_is_written_over_while_it_is_read_fails_the_job(tmp_path, name):
    """It is as long as before, but what was read may be the beginning of one version and the end of another."""
    path = written(tmp_path, name, SHAPES[name](RECORDS))

    def write_over(_progress: object) -> None:
        path.write_bytes(path.read_bytes().replace(b"town", b"city"))

    report, status = taken(tmp_path, path, settings=memproc.Settings(batch_size=10), on_event=batches(write_over))
    assert (report.status, status) == ("failed", "failed")
    assert "was written over while it was read" in report.notes[0]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_file_that_grows_while_it_is_read_is_told(tmp_path, name):
    """All that was there at first is read."""
    path = written(tmp_path, name, SHAPES[name](RECORDS))

    def grow(_progress: object) -> None:
        with path.open("ab") as stream:
            stream.write(SHAPES[name]([{"content": "one more", "id": 7}]).splitlines(keepends=True)[-1])

    report, status = taken(tmp_path, path, settings=memproc.Settings(batch_size=10), on_event=batches(grow))
    assert (report.status, status) == ("done", "done")
    assert report.read >= len(RECORDS)
    assert any("has grown while it was read" in note for note in report.notes)


def test_a_disk_that_fails_while_a_file_is_read_fails_the_job(tmp_path, monkeypatch):
    """What was read before is in the store; the message says what the system said."""
    lines_of = files.lines_of

    def failing(*given):
        yield from islice(lines_of(*given), 29)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "lines_of", failing)
    report, status = taken(tmp_path, written(tmp_path, "a.jsonl", as_lines(RECORDS)))
    assert (report.status, status, report.stored) == ("failed", "failed", 29)
    assert "Input/output error" in report.notes[0]


def test_a_reader_that_stops_early_is_found_out(tmp_path, monkeypatch):
    """Whatever the reason: there is more in the file than it gave."""
    lines_of = files.lines_of
    monkeypatch.setattr(files, "lines_of", lambda *given: islice(lines_of(*given), 29))
    report, status = taken(tmp_path, written(tmp_path, "a.jsonl", as_lines(RECORDS)))
    assert (report.status, status, report.stored) == ("failed", "failed", 29)
    assert "was read to byte" in report.notes[0]


@pytest.mark.parametrize("after", [0, 5, 19, 20, 50])
def test_an_iterator_that_ends_by_an_exception_fails_the_job(tmp_path, after):
    """What it gave before is in the store, and the exception is raised as it is."""

    def records():
        yield from RECORDS[:after]
        raise ConnectionError("the source is gone")

    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(ConnectionError, match="the source is gone"):
            memproc.ingest(records(), store)
        assert (store.count(), [job.status for job in store.jobs()]) == (after, ["failed"])
        assert store.recount().is_whole


@pytest.mark.parametrize("size", [8, 100])
def test_a_sequence_that_gives_fewer_than_it_had_fails_the_job(tmp_path, size):
    """As a list that is changed meanwhile."""
    records = RECORDS[:size]

    class Cut(Sequence):
        """Says that it has more than it gives."""

        def __len__(self):
            return size + 1

        def __getitem__(self, at):
            return records[at]

    report, status = taken(tmp_path, Cut())
    assert (report.status, status, report.stored) == ("failed", "failed", size)
    assert f"gave {size} of its {size + 1} records" in report.notes[0]


def test_checking_before_and_reading_without_a_store_prove_the_end_too(tmp_path):
    """Nothing is written, and nothing is told as whole."""
    raw = as_array([*RECORDS[:30], b'{"content": "' + b"x" * 5_000, *RECORDS[30:]])
    path = written(tmp_path, "a.json", raw)
    settings = memproc.Settings(max_record_bytes=1_000, validate="before")
    report = memproc.ingest(path, tmp_path / "m.db", settings=settings)
    assert (report.status, report.read) == ("failed", 0)
    assert "nothing was written" in report.notes[0]
    assert not (tmp_path / "m.db").exists()


@pytest.mark.parametrize("command", ["validate", "transform"])
def test_commands_that_only_read_exit_with_one_where_a_source_ends_early(tmp_path, command, monkeypatch):
    """They show no part for the whole."""
    monkeypatch.setitem(memproc.Settings.__init__.__kwdefaults__, "max_record_bytes", SMALL.max_record_bytes)
    path = written(tmp_path, "a.json", as_array([*RECORDS[:30], b'{"content": "' + b"x" * 5_000, *RECORDS[30:]]))
    code, out, err = run_memproc(command, path)
    assert (code, out) == (1, "")
    assert "the end of record 31 was never found" in err


def test_a_file_that_is_made_shorter_while_it_is_read_without_a_store_raises(tmp_path):
    """What was read is given before."""
    path = written(tmp_path, "a.jsonl", as_lines([{**record, "metadata": {"n": "x" * 9_000}} for record in RECORDS]))
    found = read_file(path)
    assert [next(found).id for _ in range(30)] == [str(n) for n in range(30)]
    with path.open("r+b") as stream:
        stream.truncate(500_000)
    with pytest.raises(memproc.SourceEndedError, match="was made shorter"):
        list(found)


def test_an_edited_export_that_ends_early_replays_nothing(tmp_path, monkeypatch):
    """The rest of a person's work would be missing."""
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest([{"content": f"tea {n}", "importance": 7} for n in range(3)], store)
        store.export_quarantine(tmp_path / "bad.jsonl")
        lines = (tmp_path / "bad.jsonl").read_bytes().replace(b'"importance":7', b'"importance":0.7').splitlines()
        broken = b"[" + b",".join([lines[0], b'{"quarantine": 2, "record": {"content": "' + b"x" * 5_000, lines[2]])
        (tmp_path / "bad.json").write_bytes(broken)
        monkeypatch.setattr("memproc.store.quarantine.edits.LONGEST_LINE_BYTES", 1_000)
        with pytest.raises(memproc.MemprocError):
            store.replay(edited=tmp_path / "bad.json")
        assert (store.count(), len(store.quarantine())) == (0, 3)


TABLES = {
    "a NUL": b"content\nTea\nMi\0lk\nBread\n",
    "a lone return": b"content\rTea\rMilk\rBread\r",
    "the end of a file under DOS": b"id,content\n1,Tea\n2,Milk\n3,Bread\n\x1a",
    "a quote that is never closed": b'content\nTea\n"Milk\nBread\nSalt\n',
    "a character that is cut off at the end": "content\nTea\nMilk\nBrot, groß".encode()[:-1],
    "no line end at the end": b"content\nTea\nMilk\nBread",
    "quotes in the middle": b'content\nTea\nMi"lk"\n"Br"ead\nSalt\n',
}


@pytest.mark.parametrize("raw", TABLES.values(), ids=TABLES)
def test_every_line_of_a_table_is_read_or_told(tmp_path, raw):
    """Whatever stands in its way; the settings of the process stay."""
    before = csv.field_size_limit()
    report, _ = taken(tmp_path, written(tmp_path, "a.csv", raw))
    lines = [line for line in raw.replace(b"\r", b"\n").split(b"\n") if line]
    assert (report.status, report.read) == ("done", len(lines) - 1)
    assert csv.field_size_limit() == before
