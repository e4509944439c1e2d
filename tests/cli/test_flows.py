"""`memproc flow`: from a template to a run that a person approves."""

from __future__ import annotations

import json
import sys

import pytest

import memproc
from tests.command_line import as_json, run_memproc
from tests.flows.steps import flow_file, records


@pytest.mark.costly
def test_a_flow_is_begun_from_a_template_run_approved_and_drawn(tmp_path):
    """By commands alone."""
    records(tmp_path, "legacy.json")
    told = as_json(run_memproc("flow", "new", "--json"))
    assert "migration" in [one["name"] for one in told["templates"]]
    as_json(run_memproc("flow", "new", "--template", "migration", "--to", "m.yaml", "--json", folder=tmp_path))
    assert run_memproc("flow", "new", "--template", "migration", "--to", "m.yaml", folder=tmp_path)[0] == 2
    assert run_memproc("flow", "new", "--template", "migratoin")[0] == 2
    assert as_json(run_memproc("flow", "check", "m.yaml", "--json", folder=tmp_path))["faults"] == []
    ran = as_json(run_memproc("flow", "run", "m.yaml", "-p", "source=legacy.json", "--json", folder=tmp_path))
    assert (ran["run"], ran["status"]) == (1, "waiting")
    code, told, _ = run_memproc("flow", "show", "memories.db", "1", folder=tmp_path)
    assert code == 0
    assert "asking    approve (review): 2 memories of 3 records, 1 to quarantine: migrate?" in told
    assert told.endswith("by:\n  memproc flow resume memories.db 1 --approve approve\n")
    assert max(map(len, told.splitlines())) <= 80
    assert run_memproc("flow", "show", "memories.db", folder=tmp_path)[1] == told
    resumed = as_json(
        run_memproc("flow", "resume", "memories.db", "--approve", "approve", "--by", "eva", "--json", folder=tmp_path)
    )
    assert resumed["status"] == "done"
    assert [one["status"] for one in as_json(run_memproc("flow", "list", "memories.db", "--json", folder=tmp_path))["runs"]] == [
        "done"
    ]
    assert run_memproc("flow", "cancel", "memories.db", "1", folder=tmp_path)[0] == 2
    svg = run_memproc("flow", "picture", "memories.db", "--run", "1", folder=tmp_path)[1]
    assert svg.startswith("<svg ")
    assert "review: done" in svg
    assert run_memproc("flow", "picture", "m.yaml", "--to", "m.md", folder=tmp_path)[:2] == (0, "written to m.md\n")
    assert (tmp_path / "m.md").read_text().startswith("```mermaid\nflowchart TD\n")


def test_a_flow_with_a_wrong_key_says_the_line_and_the_right_word(tmp_path):
    """And is not begun."""
    (tmp_path / "f.yaml").write_text("flow: f\nstore: m.db\nsteps:\n  - id: load\n    do: ingest\n    form: export.json\n")
    code, told, _ = run_memproc("flow", "check", "f.yaml", folder=tmp_path)
    assert code == 1
    assert "f.yaml: line 6: step load (ingest): 'form' is no name here: did you mean from?" in told
    code, _, told = run_memproc("flow", "run", "f.yaml", folder=tmp_path)
    assert code == 2
    assert "line 6" in told
    assert not (tmp_path / "m.db").exists()


def test_a_flow_that_fails_exits_with_1_and_a_command_needs_leave(tmp_path):
    """The report says how to go on."""
    flow_file(tmp_path, [{"id": "say", "do": "run", "command": [sys.executable, "-c", "pass"]}])
    code, told, _ = run_memproc("flow", "run", "flow.json", folder=tmp_path)
    assert code == 1
    assert "memproc flow resume m.db 1\n" in told
    assert run_memproc("flow", "resume", "m.db", "--allow-run", folder=tmp_path)[0] == 0
    assert run_memproc("flow", "run", "flow.json", "-p", "novalue", folder=tmp_path)[0] == 2


def test_a_store_on_which_no_flow_ran_has_none_to_show(tmp_path):
    """It is told which command runs one."""
    memproc.open(tmp_path / "m.db").close()
    code, _, told = run_memproc("flow", "show", "m.db", folder=tmp_path)
    assert (code, told) == (2, "memproc: no flow was run on m.db: memproc flow run FLOW runs one\n")


def test_the_published_schema_is_that_of_the_command():
    """It is JSON Schema, 2020-12."""
    made = json.loads(run_memproc("flow", "schema")[1])
    assert made["$schema"].endswith("2020-12/schema")
