"""Runs of flows: which steps are taken, what they give, and how a run goes on that was cut off, failed, or asks."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import pytest

import memproc
from memproc.errors import NotFoundError, UsageError
from memproc.flows import Allowed, Answer, answer_flow, cancel_flow, report_of, resume_flow, run_flow
from memproc.flows.steps import export as exporting
from memproc.flows.steps import ingest as ingesting
from memproc.store.flows.runs import NewRun
from memproc.store.jobs.owners import Owner
from memproc.store.sql import tables
from memproc.store.store import journal_of
from tests.flows.steps import flow_file, outputs, ran, records, statuses

LOAD = {"id": "load", "do": "ingest", "from": "export.jsonl"}
SAY = {"do": "run", "command": [sys.executable, "-c", "print('{}')"]}


@pytest.mark.costly
def test_a_flow_takes_its_steps_and_tells_what_they_gave(tmp_path):
    """Each sees what those above it gave; nothing that is done is no memory."""
    records(tmp_path)
    steps = [
        {"id": "copy", "do": "fetch", "from": "export.jsonl"},
        {"id": "look", "do": "validate", "from": "${steps.copy.path}", "to": "out/checks.json"},
        {"id": "turn", "do": "transform", "from": "${steps.copy.path}", "to": "out/${parameters.name}.jsonl"},
        {**LOAD, "from": "${steps.turn.path}", "source": "crm"},
        {"id": "write", "do": "export", "for_each": "parameters.whose", "namespace": "${item}", "to": "out/${index}-${item}.jsonl"},
        {"id": "page", "do": "report", "job": "${steps.load.job}", "to": "out/job-${steps.load.job}.json"},
        {"id": "whole", "do": "validate", "strict": True},
    ]
    parameters = {"whose": {"type": "list", "default": ["ann", "bob"]}, "name": {"default": "turned"}}
    report = run_flow(flow_file(tmp_path, steps, parameters=parameters), parameters={"whose": "ann,cy"})
    assert (report.status, report.error) == ("done", None)
    gave = outputs(report)
    assert (gave["look"]["invalid"], gave["look"]["invalid_rate"], gave["look"]["fields"]) == (1, 1 / 3, {"importance": 1})
    assert (gave["turn"]["written"], gave["turn"]["rejected"]) == (2, 1)
    assert (gave["load"]["stored"], gave["load"]["stored_rate"]) == (2, 1.0)
    assert [(one["status"], one["lines"]) for one in gave["write"]["items"]] == [("done", 1), ("done", 0)]
    assert json.loads((tmp_path / "out/0-ann.jsonl").read_text())["content"] == "She prefers tea in the morning"
    assert json.loads((tmp_path / "out/job-1.json").read_text())["job"] == 1
    assert gave["whole"]["is_whole"]
    told = json.dumps(asdict(report), default=str)
    assert "tea" not in told


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"id": "a", **SAY, "when": "`false`"}, {"id": "b", **SAY}], ("skipped", "done")),
        ([{"id": "a", **SAY, "when": "`false`"}, {"id": "b", **SAY, "needs": ["a"]}], ("skipped", "skipped")),
        (
            [
                {"id": "a", **SAY, "needs": [], "when": "run == `1`"},
                {"id": "b", **SAY, "needs": [], "when": "run != `1`"},
                {"id": "c", **SAY, "needs": ["b"]},
                {"id": "d", **SAY, "needs": ["a", "c"]},
            ],
            ("done", "skipped", "skipped", "done"),
        ),
        (
            [{"id": "a", "do": "run", "command": ["false"]}, {"id": "b", **SAY}, {"id": "c", **SAY, "after": "failure"}],
            ("failed", "skipped", "done"),
        ),
        (
            [
                {"id": "a", "do": "run", "command": ["false"], "on_error": "continue"},
                {"id": "b", **SAY, "when": "steps.a.status == 'failed'"},
                {"id": "c", **SAY, "after": "failure"},
                {"id": "d", **SAY, "after": "always"},
            ],
            ("failed", "done", "skipped", "done"),
        ),
        ([{"id": "a", **SAY, "for_each": []}, {"id": "b", **SAY, "when": "steps.a.count == `0`"}], ("done", "done")),
        ([{"id": "a", **SAY, "for_each": "parameters"}], ("failed",)),
        ([{"id": "a", **SAY, "when": "run"}], ("failed",)),
    ],
)
def test_which_steps_are_taken(tmp_path, steps, expected):
    """By their conditions, by what they need, and by what failed."""
    report = ran(tmp_path, steps, run=True)
    assert tuple(statuses(report).values()) == expected
    is_failed = any(status == "failed" and one.get("on_error") != "continue" for status, one in zip(expected, steps, strict=True))
    assert report.status == ("failed" if is_failed else "done")


@pytest.mark.costly
def test_what_fails_is_tried_again_and_then_by_a_person(tmp_path):
    """So often as the step says; a resumed run begins with what failed, and takes what it kept from being taken."""
    steps = [
        {"id": "make", "do": "run", "command": ["cat", "made"], "retry": {"times": 2, "wait_seconds": 0}},
        {"id": "then", **SAY},
    ]
    report = ran(tmp_path, steps, run=True)
    assert report.status == "failed"
    assert [(one.status, one.attempts) for one in report.steps] == [("failed", 3), ("skipped", 0)]
    assert "'cat' ended with 1: see " in report.error
    (tmp_path / "made").touch()
    again = resume_flow(tmp_path / "m.db", allowed=Allowed(run=True))
    assert (again.status, [one.attempts for one in again.steps]) == ("done", [4, 1])
    with pytest.raises(UsageError, match="run 1 is done"):
        resume_flow(tmp_path / "m.db", 1)
    with pytest.raises(UsageError, match="no run of a flow is left"):
        resume_flow(tmp_path / "m.db")


def test_a_command_runs_only_where_that_is_allowed(tmp_path):
    """Without a shell, in an environment of its own, and for a time."""
    script = "import os, sys, json; print(json.dumps([sys.argv[1:], os.environ.get('SECRET'), os.environ['MEMPROC_FLOW_STEP']]))"
    say = {"id": "say", "do": "run", "command": [sys.executable, "-c", script, "$HOME; echo x", "${run}"]}
    refused = ran(tmp_path, [say])
    assert refused.status == "failed"
    assert "--allow-run" in refused.error
    report = ran(tmp_path, [say, {"id": "late", "do": "run", "command": ["sleep", "60"], "seconds": 0.2}], run=True)
    out = next(tmp_path.glob("flow-files/trial-2-*/say.out"))
    assert json.loads(out.read_text()) == [["$HOME; echo x", "2"], None, "2.say"]
    assert "took more than 0.2 s" in report.error


@pytest.mark.costly
def test_a_secret_is_used_and_stored_nowhere(tmp_path, monkeypatch):
    """Neither where a command prints it, nor where it fails with it."""
    monkeypatch.setenv("TRIAL_TOKEN", "s3cr3t-value")
    code = "import os, json; print(json.dumps({'seen': os.environ['TOKEN']}))"
    steps = [
        {
            "id": "say",
            "do": "run",
            "command": [sys.executable, "-c", code],
            "parse": True,
            "environment": {"TOKEN": "${secrets.t}"},
        },
        {"id": "get", "do": "fetch", "from": "http://127.0.0.1:9/${secrets.t}", "on_error": "continue"},
    ]
    report = ran(tmp_path, steps, run=True, secrets={"t": "ENV:TRIAL_TOKEN"})
    assert report.status == "done"
    assert outputs(report)["say"]["values"] == {"seen": "***"}
    assert statuses(report)["get"] == "failed"
    with memproc.open(tmp_path / "m.db") as store, store._opened.database.read() as tx:
        rows = [
            str([*row])
            for table in (tables.flow_runs, tables.flow_steps, tables.flow_attempts)
            for row in tx.execute(table.select())
        ]
    assert not [row for row in rows if "s3cr3t" in row]
    monkeypatch.delenv("TRIAL_TOKEN")
    missing = ran(tmp_path, steps[:1], run=True, secrets={"t": "ENV:TRIAL_TOKEN"})
    assert "TRIAL_TOKEN is not set" in missing.error


@pytest.mark.costly
def test_a_person_says_yes_or_no(tmp_path):
    """The flow waits as long as that takes, in no process at all."""
    records(tmp_path)
    ask = {"id": "ask", "do": "review", "ask": "take ${steps.look.read} in?", "approve_when": "steps.look.invalid == `0`"}
    steps = [{"id": "look", "do": "validate", "from": "export.jsonl"}, ask, {**LOAD, "namespace": "ann"}]
    report = ran(tmp_path, steps)
    assert (report.status, report.asks) == ("waiting", {"ask": "take 3 in?"})
    assert resume_flow(tmp_path / "m.db").status == "waiting"
    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(UsageError, match=r"'look' of run 1 asks nothing \(ask\)"):
            answer_flow(store, 1, "look", Answer(True, "eva"))
        answer_flow(store, 1, "ask", Answer(True, "eva", "seen"))
    report = resume_flow(tmp_path / "m.db", 1)
    assert report.status == "done"
    assert outputs(report)["ask"] == {"approved": True, "by": "eva", "note": "seen", "decided": 0, "open": 0}
    second = ran(tmp_path, steps)
    with memproc.open(tmp_path / "m.db") as store:
        answer_flow(store, second.run, "ask", Answer(False, "eva", "too many"))
    assert resume_flow(tmp_path / "m.db").error == "eva said no: too many"


@pytest.mark.costly
def test_a_policy_decides_and_pairs_that_wait_hold_a_flow_up(tmp_path):
    """Until few enough are open."""
    texts = (
        "He pays 20 euros a month for the gym",
        "He pays 30 euros a month for the gym",
        "She has a red bike",
        "She has a blue bike",
    )
    records(tmp_path, lines=[{"content": text, "created_at": f"2024-0{at}-01"} for at, text in enumerate(texts, 1)])
    wait = {"id": "wait", "do": "review", "open_at_most": 0, "policy": "confidence >= 0", "verdict": "distinct"}
    steps = [LOAD, {**wait, "policy": "confidence >= 1"}, {"id": "after", "do": "export", "to": "out.jsonl"}]
    report = ran(tmp_path, steps)
    assert report.status == "waiting"
    left = int(report.asks["wait"].split()[0])
    with memproc.open(tmp_path / "m.db") as store:
        assert len(store.reviews()) == left > 0
        for review in store.reviews():
            store.resolve(review, "distinct")
    assert resume_flow(tmp_path / "m.db").status == "done"


def test_a_run_that_another_process_has_is_left_to_it(tmp_path):
    """It can be asked to end, and does so before its next step; one that nobody has is cancelled at once."""
    report = ran(tmp_path, [{"id": "ask", "do": "review", "ask": "go on?"}, {"id": "b", **SAY}])
    with memproc.open(tmp_path / "m.db") as store:
        journal, owner = journal_of(store), Owner.of_new_run()
        claim = journal.take(report.run, owner)
        with pytest.raises(UsageError, match="is under way in another process"):
            resume_flow(tmp_path / "m.db", report.run)
        assert not cancel_flow(store, report.run)
        assert journal.is_cancelled(claim)
        owner.end()
        assert cancel_flow(store, report.run)
        assert report_of(store, report.run).status == "cancelled"
        with pytest.raises(memproc.StoreError, match="was taken over by another process"):
            journal.renew(claim)
        with pytest.raises(NotFoundError, match="no run 7"):
            report_of(store, 7)


@pytest.mark.costly
def test_what_is_personal_is_taken_out_when_the_run_is_over(tmp_path):
    """Of the run and of what its steps gave."""
    records(tmp_path)
    steps = [
        LOAD,
        {"id": "give", "do": "export", "namespace": "${parameters.who}", "to": "${parameters.who}.jsonl"},
        {"id": "erase", "do": "forget", "namespace": "${parameters.who}", "to": "receipt.json"},
    ]
    path = flow_file(tmp_path, steps, parameters={"who": {"personal": True}})
    report = run_flow(path, parameters={"who": "ann"})
    assert report.status == "done"
    assert report.parameters == {"who": None}
    assert outputs(report)["give"] == {"lines": 1, "path": str(tmp_path / "***.jsonl")}
    assert (outputs(report)["erase"]["memories"], outputs(report)["erase"]["quarantine"]) == (1, 1)
    assert json.loads((tmp_path / "receipt.json").read_text())["namespace"] == "ann"
    with memproc.open(tmp_path / "m.db") as store:
        assert store.namespaces() == ["bob"]
        assert store.doctor() == ()


class KilledError(BaseException):
    """What ends a process in the middle of a step."""


@pytest.mark.costly
@pytest.mark.parametrize("is_before", [True, False])
def test_what_was_done_before_a_kill_is_not_done_twice(tmp_path, monkeypatch, is_before):
    """A job is found again, a file is written again."""
    records(tmp_path)
    steps = [LOAD, {"id": "write", "do": "export", "to": "out.jsonl"}]

    def cut_off(module, name):
        taken = getattr(module, name)

        def cut(*given, **named):
            if not is_before:
                taken(*given, **named)
            raise KilledError

        return cut

    with monkeypatch.context() as patch:
        patch.setattr(ingesting, "run", cut_off(ingesting, "run"))
        with pytest.raises(KilledError):
            ran(tmp_path, steps)
    with monkeypatch.context() as patch:
        patch.setattr(exporting, "write_lines", cut_off(exporting, "write_lines"))
        report = resume_flow(tmp_path / "m.db")
    assert report.status == "done"
    with memproc.open(tmp_path / "m.db") as store:
        assert len(store.jobs()) == 1
    gave = outputs(report)
    assert (gave["load"]["stored"], gave["load"]["quarantined"], gave["load"]["duplicate"], gave["write"]["lines"]) == (2, 1, 0, 2)
    assert [one.attempts for one in report.steps] == [2, 1]


def test_a_parameter_has_to_be_there_and_of_its_kind(tmp_path):
    """And a path is relative to where it is given."""
    kinds = {"n": {"type": "integer"}, "d": {"type": "date", "default": "2026-01-02"}, "c": {"choices": ["a", "b"], "default": "a"}}
    path = flow_file(tmp_path, [{"id": "a", **SAY}], parameters=kinds)
    for given, told in (
        ({}, "n is missing: give it as in -p n=VALUE"),
        ({"n": "many"}, "n='many': give a whole number"),
        ({"n": "1", "m": "2"}, "'m' is no parameter of trial: it has n, d, c"),
        ({"n": "1", "c": "x"}, "c='x': choose among a, b"),
        ({"n": "1", "d": "soon"}, "d='soon': give a date"),
    ):
        with pytest.raises(UsageError, match=told):
            run_flow(path, parameters=given)
    assert run_flow(path, parameters={"n": "1"}, allowed=Allowed(run=True)).parameters == {"n": 1, "d": "2026-01-02", "c": "a"}


def test_a_run_is_kept_on_every_database(fresh):
    """With its steps and attempts, sealed."""
    with fresh() as store:
        journal, owner = journal_of(store), Owner.of_new_run()
        claim = journal.begin(NewRun("trial", "/", '{"flow":"trial"}', "{}"), ["a", "b"], owner)
        first, second = journal.steps(claim.run)
        journal.plan_items(claim, second, ['"x"', '"y"'])
        for outcome in ("due", "done"):
            attempt = journal.begin_attempt(claim, first, owner, 5.0)
            journal.end_attempt(claim, first, attempt, {"status": outcome, "error": None})
        journal.begin_attempt(claim, second, owner, 5.0)
        journal.begin_attempt(claim, second, owner, 5.0)
        assert [(one.step, one.part, one.status) for one in journal.steps(claim.run)] == [
            ("a", 0, "done"),
            ("b", 0, "running"),
            ("b", 1, "due"),
            ("b", 2, "due"),
        ]
        assert [one.outcome for one in journal.attempts(claim.run)] == ["failed", "done", "killed", "running"]
        journal.end(claim, "done", error=None)
        assert [one.status for one in journal.runs()] == ["done"]
        owner.end()
        assert store.doctor() == ()
