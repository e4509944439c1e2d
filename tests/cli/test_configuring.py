"""`memproc config`, and where other commands take their settings from."""

from __future__ import annotations

import json
import tomllib
from contextlib import closing
from sqlite3 import connect

from memproc.cli.configuring import template
from memproc.config import Settings
from memproc.configuring import NAMES

ONE = '{"content": "Prefers tea"}\n'


def settings_of_job(memproc_in, *words):
    """Return the settings that a job was done with, as its row has them."""
    code, _, told = memproc_in("ingest", "one.jsonl", "--into", "m.db", *words)
    assert code == 0, told
    with closing(connect(memproc_in.keywords["folder"] / "m.db")) as connection:
        [row] = connection.execute("SELECT settings FROM memproc_jobs ORDER BY number DESC LIMIT 1")
    return json.loads(row[0])


def test_show_tells_where_each_setting_is_from(memproc_in, tmp_path, monkeypatch):
    """A file, a variable, an option before the command, or none of these."""
    (tmp_path / "memproc.toml").write_text('dedup = "exact"\nmax_memory = "1TB"\n')
    monkeypatch.setenv("MEMPROC_MAX_SECONDS", "60")
    monkeypatch.setenv("MEMPROC_DEDUPE", "near")
    code, out, _ = memproc_in("--table-prefix", "app_", "config", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["settings"]["dedup"] == {"value": "exact", "from": str(tmp_path / "memproc.toml")}
    assert found["settings"]["max_seconds"] == {"value": 60.0, "from": "MEMPROC_MAX_SECONDS"}
    assert found["settings"]["table_prefix"] == {"value": "app_", "from": "given"}
    assert found["settings"]["review_at"] == {"value": 0.2, "from": "default"}
    assert "MEMPROC_DEDUPE" in found["not_settings"]
    assert any("max_memory is more than 80%" in line for line in found["advice"])
    told = memproc_in("config", "show")[1]
    assert f'dedup                   "exact"  ({tmp_path / "memproc.toml"})' in told.splitlines()


def test_init_writes_every_setting_with_its_default(memproc_in, tmp_path):
    """As comments, which say the same when they are taken away; what is there is not written over."""
    assert memproc_in("config", "init")[0] == 0
    written = (tmp_path / "memproc.toml").read_text()
    assert tomllib.loads(written) == {}
    named = [line[1:].partition(" =")[0] for line in written.splitlines() if line.startswith("#") and line[1:2].strip()]
    assert sorted(named) == sorted(NAMES)
    given = "\n".join(line[1:] for line in written.splitlines() if line[:2].strip("# ") and not line.endswith(" ="))
    assert Settings(**tomllib.loads(given)) == Settings()
    code, _, told = memproc_in("config", "init")
    assert (code, "is there already" in told) == (2, True)
    assert memproc_in("config", "init", "--to", "-")[1].splitlines() == list(template())
    assert memproc_in("config", "show", "--to", "x.toml")[0] == 2


def test_an_option_outranks_a_variable_and_a_file(memproc_in, tmp_path, monkeypatch):
    """Also where it says what the default is; one that was left out does not."""
    (tmp_path / "one.jsonl").write_text(ONE)
    (tmp_path / "memproc.toml").write_text('batch_size = 5\non_error = "stop"\nmax_record_bytes = "1MB"\n')
    monkeypatch.setenv("MEMPROC_REVIEW_AT", "0.7")
    found = settings_of_job(memproc_in)
    assert (found["batch_size"], found["on_error"], found["max_record_bytes"], found["review_at"]) == (5, "stop", 10**6, 0.7)
    found = settings_of_job(
        memproc_in, "--batch-size", "auto", "--on-error", "continue", "--max-record", "64MiB", "--review-at", "0.2"
    )
    assert (found["batch_size"], found["on_error"], found["review_at"]) == (None, "continue", 0.2)
    assert found["max_record_bytes"] == Settings().max_record_bytes


def test_a_store_is_found_where_the_file_says(memproc_in, tmp_path):
    """Every command that opens one takes the same settings."""
    (tmp_path / "one.jsonl").write_text(ONE)
    (tmp_path / "memproc.toml").write_text('table_prefix = "app_"\n')
    assert memproc_in("ingest", "one.jsonl", "--into", "m.db")[0] == 0
    assert memproc_in("find", "m.db")[1].count("Prefers tea") == 1
    assert memproc_in("doctor", "m.db")[0] == 0
    (tmp_path / "memproc.toml").unlink()
    assert memproc_in("find", "m.db")[0] == 2
    assert memproc_in("--table-prefix", "app_", "find", "m.db")[0] == 0


def test_a_wrong_file_is_wrong_use(memproc_in, tmp_path):
    """Whatever the command, and told by its name."""
    (tmp_path / "memproc.toml").write_text("dedupe = 1\n")
    code, _, told = memproc_in("config")
    assert (code, "'dedupe' is no setting" in told) == (2, True)
    code, _, told = memproc_in("--config", "gone.toml", "config")
    assert (code, "gone.toml: cannot be read" in told) == (2, True)
