"""`predict`, `inspect --predict` and `config show FILE`: what an ingestion takes is told before it, and nothing is left behind."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path

import pytest

import memproc
from benchmarks.corpus import make_corpus
from memproc.ingestion import predicting
from tests.command_line import as_json, run_memproc

FIGURES = ("seconds", "cpu_seconds", "memory_bytes", "store_bytes")


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Write 300 records, of which the last third repeats the first, and let a sample be of 100 in batches of 20."""
    monkeypatch.setattr(predicting, "SAMPLED", 100)
    monkeypatch.setattr(predicting, "BATCH", 20)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    lines = [json.dumps({"content": f"Shelf {n} holds the tea of the year {1700 + n}"}) for n in range(200)]
    (tmp_path / "few.jsonl").write_text("\n".join([*lines, *lines[:100]]) + "\n")
    return tmp_path


def test_all_is_counted_and_a_sample_is_ingested(few):
    """Bounds are in order, and nothing is left of the sample, in the folder of temporary files or here."""
    before = sorted(few.rglob("*"))
    found = memproc.predict(few / "few.jsonl", few / "memories.db")
    assert (found.records, found.sampled) == (300, 100)
    assert all((one := getattr(found, name)).low <= one.likely <= one.high for name in FIGURES)
    assert found.outcomes == {"stored": 1.0, "duplicate": 0.0, "merged": 0.0, "quarantined": 0.0}
    assert 0 < found.worker_share <= 1
    assert found.fits
    assert found.needed_bytes > found.store_bytes.likely
    assert sorted(few.rglob("*")) == before
    memproc.ingest(few / "few.jsonl", few / "memories.db")
    assert found.store_bytes.low < (few / "memories.db").stat().st_size < 2 * found.store_bytes.high


def test_the_sample_has_the_settings_and_options_of_the_ingestion(few):
    """What would quarantine is seen, and what would stop the job does not stop the sample."""
    (few / "bad.jsonl").write_text('{"content": ""}\n{"content": "Prefers tea"}\n' * 20)
    settings = memproc.Settings(max_errors=0, validate="before", on_error="stop")
    found = memproc.predict(few / "bad.jsonl", settings=settings, namespace="ann")
    assert (found.records, found.outcomes["quarantined"], found.outcomes["duplicate"]) == (40, 0.5, 0.475)
    table = few / "few.csv"
    table.write_text("note;owner\n" + "".join(f"Likes tea of {n};ann\n" for n in range(30)))
    found = memproc.predict(table, settings=memproc.Settings(dedup="exact"), mapping={"content": "note"}, delimiter=";")
    assert (found.records, found.sampled, found.outcomes["stored"]) == (30, 30, 1.0)


def test_a_sample_that_fails_leaves_nothing(few, monkeypatch):
    """Its folder is removed whatever happens."""

    def fail(_what, store, **_options):
        store.write_bytes(b"begun")
        raise RuntimeError("no disk")

    monkeypatch.setattr(predicting, "ingest", fail)
    with pytest.raises(RuntimeError):
        memproc.predict(few / "few.jsonl")
    assert list((few / "temporary").iterdir()) == []


@pytest.mark.costly
def test_what_is_read_only_once_is_refused(few):
    """And what holds no record, and an option that says nothing of reading."""
    with pytest.raises(memproc.UsageError, match="reads twice"):
        memproc.predict(iter([{"content": "Prefers tea"}]))
    with pytest.raises(memproc.UsageError, match="'engine' is no option of predict"):
        memproc.predict(few / "few.jsonl", engine="processes")
    assert memproc.predict([{"content": "Prefers tea"}, {"content": "Has a dog"}]).records == 2
    code, _, told = run_memproc("inspect", "-", "--predict", folder=few)
    assert (code, "reads twice" in told) == (2, True)
    assert run_memproc("inspect", "few.jsonl", "--dedup", "exact", folder=few)[0] == 2


@pytest.mark.costly
def test_inspect_tells_the_prediction(few):
    """In lines and as JSON; without the option nothing of it."""
    found = as_json(run_memproc("inspect", "few.jsonl", "--predict", "--into", "sub/m.db", "--json", folder=few))["predicted"]
    assert (found["records"], found["sampled"], found["fits"]) == (300, 100, True)
    assert set(found["seconds"]) == {"low", "likely", "high"}
    code, told, _ = run_memproc("inspect", "few.jsonl", "--predict", folder=few)
    assert code == 0
    assert "predicted, by the first 100 of 300 records:" in told.splitlines()
    assert "  store: " in told
    assert "predicted" not in as_json(run_memproc("inspect", "few.jsonl", "--json", folder=few))


@pytest.mark.costly
def test_config_tells_what_suits_a_source(few):
    """What to paste for the secrets and the dates that are in it, and for settings that are in the way."""
    odd = [{"content": "My key is AKIAIOSFODNN7EXAMPLF"}, {"content": "Likes tea", "created_at": "25/12/2024"}]
    (few / "odd.jsonl").write_text("".join(json.dumps(one) + "\n" for one in odd))
    (few / "memproc.toml").write_text("batch_size = 7\n")
    told = as_json(run_memproc("config", "show", "odd.jsonl", "few.jsonl", "--json", folder=few))
    assert [one["paste"] for one in told["for_source"]] == ['batch_size = "auto"', 'secrets = "redact"', "day_first = true"]
    assert told["predicted"]["records"] == 302
    code, lines, _ = run_memproc("config", "show", "odd.jsonl", folder=few)
    assert (code, 'secrets = "redact"  (records hold secrets: ' in lines) == (0, True)
    (few / "memproc.toml").unlink()
    assert "for this source: nothing needs to be set" in run_memproc("config", "show", "few.jsonl", folder=few)[1]
    assert run_memproc("config", "init", "few.jsonl", folder=few)[0] == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["corpus.jsonl", pytest.param("table.csv", marks=pytest.mark.long)])
def test_what_is_predicted_comes_true(kind, tmp_path):
    """Of more than the sample: the place within its bounds, and the time of the processor at least in its order of magnitude."""
    entries, file = make_corpus(records=9_000, seed=5), tmp_path / kind
    with file.open("w", newline="") as opened:
        if kind.endswith(".csv"):
            csv.writer(opened).writerows([("content", "number"), *((entry.content, n) for n, entry in enumerate(entries))])
        else:
            opened.writelines(json.dumps({"content": entry.content, **entry.fields}) + "\n" for entry in entries)
    found = memproc.predict(file)
    store = Path(tmp_path / "memories.db")
    report = memproc.ingest(file, store)
    assert found.records == report.read
    assert found.store_bytes.low <= store.stat().st_size <= found.store_bytes.high
    assert found.cpu_seconds.low / 2 <= report.resources["cpu_seconds"] <= found.cpu_seconds.high * 2
    assert abs(found.outcomes["merged"] - report.merged / report.read) < 0.1
