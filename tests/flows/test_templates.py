"""The templates that ship run, each to its end, and do what they are for."""

from __future__ import annotations

import json

import pytest

import memproc
from memproc.flows import Answer, answer_flow, resume_flow, run_flow
from memproc.flows.starting import TEMPLATES, template
from tests.conftest import ROOT
from tests.flows.steps import outputs, records, statuses

pytestmark = pytest.mark.costly
GOOD = [{"content": f"Fact number {at} is about the harbour", "namespace": "ann" if at % 2 else "bob"} for at in range(40)]
BAD = [*GOOD, {"content": ""}]


@pytest.fixture
def begun(tmp_path):
    """Give a function that writes the template of a name and runs it."""

    def begin(name, **parameters):
        path = tmp_path / f"{name}.yaml"
        path.write_text(template(name))
        return run_flow(path, parameters=parameters)

    return begin


def say(folder, step, *, approved=True):
    """Answer what the newest run asks, and go on."""
    with memproc.open(folder / "memories.db") as store:
        answer_flow(store, 1, step, Answer(approved, "eva"))
    return resume_flow(folder / "memories.db")


def test_a_nightly_import_takes_in_what_is_good_enough(begun, tmp_path):
    """And a person looks where it is not."""
    records(tmp_path, lines=BAD)
    (tmp_path / "export.jsonl").rename(tmp_path / "export.json")
    report = begun("nightly-import", most_quarantined="1%")
    assert (report.status, [*report.asks]) == ("waiting", ["look_at"])
    assert outputs(report)["gate"]["rules"] == {"few-quarantined": "failed", "as-usual": "open"}
    report = say(tmp_path, "look_at")
    assert (report.status, outputs(report)["load"]["stored"]) == ("done", 40)
    assert (tmp_path / "reports/nightly-1.md").is_file()
    assert statuses(report)["report_failure"] == "skipped"
    report = begun("nightly-import", most_invalid="1%")
    assert (report.status, statuses(report)["load"], statuses(report)["report_failure"]) == ("failed", "skipped", "done")
    assert "few-invalid: 1 of 41" in report.error


def test_a_migration_waits_for_a_person_and_is_verified(begun, tmp_path):
    """Nothing is written before; where the person says no, nothing at all."""
    records(tmp_path, "legacy.json", lines=GOOD)
    report = begun("migration")
    assert (report.status, [*report.asks]) == ("waiting", ["approve"])
    with memproc.open(tmp_path / "memories.db") as store:
        assert store.count() == 0
    report = say(tmp_path, "approve")
    assert (report.status, outputs(report)["migrate"]["verified"], outputs(report)["verify"]["is_whole"]) == ("done", True, True)
    assert json.loads((tmp_path / "reports/migration-1.json").read_text())["is_verified"]


def test_an_audit_changes_nothing_and_fails_where_the_store_is_damaged(begun, tmp_path):
    """After it has said why."""
    memproc.ingest(GOOD, tmp_path / "memories.db")
    assert begun("quality-audit").status == "done"
    with memproc.open(tmp_path / "memories.db") as store, store._opened.database.write() as tx:
        tx.exec_driver_sql("UPDATE memproc_batches SET stored = 7")
    report = begun("quality-audit")
    assert (report.status, statuses(report)["page"], statuses(report)["whole"]) == ("failed", "done", "failed")
    assert "the store is not whole" in report.error


@pytest.mark.parametrize("erase", ["no", "yes"])
def test_a_person_gets_what_is_kept_and_is_erased_only_where_that_is_asked_and_approved(begun, tmp_path, erase):
    """And the run does not keep who it was."""
    memproc.ingest(GOOD, tmp_path / "memories.db")
    report = begun("subject-access", namespace="ann", erase=erase)
    if erase == "yes":
        assert report.status == "waiting"
        report = say(tmp_path, "approve")
        assert outputs(report)["erase"]["memories"] == 20
    assert (report.status, report.parameters["namespace"]) == ("done", None)
    assert len((tmp_path / "requests/request-1.jsonl").read_text().splitlines()) == 20
    with memproc.open(tmp_path / "memories.db") as store:
        assert store.namespaces() == (["bob"] if erase == "yes" else ["ann", "bob"])


def test_an_evaluation_set_is_the_same_each_time(begun, tmp_path):
    """Of the size that was asked for."""
    memproc.ingest(GOOD, tmp_path / "memories.db")
    sets = []
    for seed in ("1", "1", "2"):
        report = begun("evaluation-set", size="5", seed=seed)
        assert report.status == "done"
        sets.append((tmp_path / "evaluation/fact.jsonl").read_text())
    assert len(sets[0].splitlines()) == 5
    assert sets[0] == sets[1] != sets[2]


def test_every_template_is_in_the_table():
    """And none is missing."""
    there = {path.stem for path in (ROOT / "memproc/flows/templates").glob("*.yaml")}
    assert there == {one.name for one in TEMPLATES}
