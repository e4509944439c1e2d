"""`memproc jobs submit`: what of the options a worker is told."""

from __future__ import annotations

import memproc
from tests.command_line import as_json, run_memproc

GATE = '{"rules": {"clean": {"measure": "quarantined", "most": 0}}}'


def test_a_worker_is_told_how_files_are_read(tmp_path):
    """Fields, dates, secrets, pickles, and the rules that the job has to meet; a setting that is given by name goes first."""
    (tmp_path / "notes.jsonl").write_text('{"note": "Prefers tea", "created_at": "03/04/2024"}\n')
    (tmp_path / "gate.json").write_text(GATE)
    options = ["--map", "content=note", "--day-first", "--date-format", "%Y", "--allow-pickle", "--gate", "gate.json"]
    options += ["--secrets", "tag", "--secret-kinds", "email"]
    submit = ["jobs", "submit", "notes.jsonl", "--into", "m.db"]
    job = as_json(run_memproc(*submit, *options, "--set", "day_first=false", "--json", folder=tmp_path))["number"]
    plain = as_json(run_memproc(*submit, "--json", folder=tmp_path))["number"]
    with memproc.open(tmp_path / "m.db") as store:
        work, nothing = store.queued(job).job.work, store.queued(plain).job.work
    assert work["options"] == {"mapping": {"content": "note"}, "allow_pickle": True, "gate": str(tmp_path / "gate.json")}
    assert work["settings"] == {"date_format": ["%Y"], "day_first": False, "secrets": "tag", "secret_kinds": ["email"]}
    assert (nothing["options"], nothing["settings"]) == ({}, {})


def test_a_mapping_is_refused_as_elsewhere(tmp_path):
    """Before the job waits: there is one of the two, and the file can be read."""
    (tmp_path / "m.toml").write_text('[fields]\ncontent = "note"\n')
    submit = ["jobs", "submit", "notes.jsonl", "--into", "m.db", "--mapping", "m.toml"]
    code, _, told = run_memproc(*submit, "--map", "content=note", folder=tmp_path)
    assert (code, "give --mapping or --map, not both" in told) == (2, True)
    job = as_json(run_memproc(*submit, "--json", folder=tmp_path))["number"]
    with memproc.open(tmp_path / "m.db") as store:
        assert store.queued(job).job.work["options"] == {"mapping": str(tmp_path / "m.toml")}
