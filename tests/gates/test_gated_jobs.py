"""Jobs that are gated: before, while and after they run; what is kept of that."""

from __future__ import annotations

import json

import pytest

import memproc
from memproc.gates.parsing import gate_of
from tests.command_line import as_json, run_memproc

GOOD = [{"content": f"Bought {at} pears on day {at}", "subject": "ann"} for at in range(40)]
BAD = [{"content": ""}] * 10
FEW_BAD = {"measure": "quarantined", "most": 5}
MOSTLY_NEW = {"measure": "stored", "least": "50%"}


def gate(**rules):
    """Return the content of a file of rules."""
    return {"rules": {name.replace("_", "-"): one for name, one in rules.items()}}


def verdicts(report):
    """Return by moment what the rules came to."""
    return {one.moment: {rule.rule: rule.verdict for rule in one.rules} for one in report.gates}


def test_what_fails_before_writes_nothing(tmp_path):
    """Not even a store; what can be read only once is refused."""
    path, rules = tmp_path / "m.db", gate(bad={**FEW_BAD, "when": "before"})
    report = memproc.ingest([*BAD, *GOOD], path, gate=rules)
    assert (report.status, report.job, report.is_gate_met) == ("refused", None, False)
    assert verdicts(report) == {"before": {"bad": "failed"}}
    assert not path.exists()
    assert memproc.ingest(GOOD, path, gate=rules).status == "done"
    with pytest.raises(memproc.UsageError, match="reads twice"):
        memproc.ingest(iter(GOOD), path, gate=rules)


def test_a_job_stops_as_soon_as_a_rule_cannot_be_met(fresh):
    """What was committed stays, and the report of the store tells it too."""
    rules, settings = gate(bad=FEW_BAD, mostly_new=MOSTLY_NEW), memproc.Settings(batch_size=10)
    with fresh() as store:
        report = memproc.ingest([*GOOD[:10], *BAD, *GOOD[10:]], store, gate=rules, settings=settings)
        assert (report.status, report.read, store.count()) == ("stopped", 20, 10)
        assert verdicts(report) == {"during": {"bad": "failed"}}
        kept = store.report(report.job)
        assert [one.as_dict() for one in kept.gates] == [one.as_dict() for one in report.gates]
        assert "records quarantined: at most 5" in kept.to_text("md")
        (bare,) = store.report(report.job, redact=True).gates[0].rules
        assert (bare.rule, bare.says, bare.verdict) == ("rule 1", "", "failed")
        assert store.doctor() == ()


def test_a_job_is_judged_at_its_end_and_stays(fresh):
    """A second reading brings nothing new; of what it holds all records count, also those that were known."""
    rules = gate(mostly_new=MOSTLY_NEW, who={"measure": "missing", "field": "subject", "most": 0})
    with fresh() as store:
        first, second = (memproc.ingest(GOOD, store, gate=rules) for _ in range(2))
        assert (first.status, verdicts(first)) == ("done", {"after": {"mostly-new": "met", "who": "met"}})
        assert (second.status, verdicts(second)) == ("done", {"after": {"mostly-new": "failed", "who": "met"}})
        assert second.gates[0].rules[1].found == "0 of 40 (0 %)"
        assert store.judge(rules, second.job) == second.gates[0]
        assert store.judge(gate(dates={"measure": "age", "most": "1d"}), first.job).rules[0].verdict == "open"
        with pytest.raises(memproc.NotFoundError):
            store.judge(rules, 9)


def test_a_rehearsal_keeps_out_what_fails_at_the_end(tmp_path):
    """The store is as it was; what is met is done once."""
    rules = {**gate(mostly_new=MOSTLY_NEW), "rehearse": True}
    with memproc.open(tmp_path / "m.db") as store:
        heard = []
        assert memproc.ingest(GOOD, store, gate=rules, on_event=heard.append).status == "done"
        assert sum(isinstance(one, memproc.JobStarted) for one in heard) == 1
        report = memproc.ingest(GOOD[:30], store, gate=rules)
        assert (report.status, report.job, verdicts(report)) == ("refused", None, {"after": {"mostly-new": "failed"}})
        assert (len(store.jobs()), store.count()) == (1, 40)


@pytest.mark.costly
def test_drift_is_judged_by_jobs_of_the_same_source(tmp_path):
    """Whose name is equal but for digits; those that ran without a gate are measured by their rows."""
    rules = gate(
        usual={"measure": "read", "drift": 3.5, "when": ["before", "after"]},
        who={"measure": "missing", "field": "subject", "drift": 3.5},
    )
    with memproc.open(tmp_path / "m.db") as store:

        def ingested(day, records, gate):
            path = tmp_path / f"export-{day}.jsonl"
            path.write_text("".join(json.dumps({**one, "content": f"{one['content']} {day}"}) + "\n" for one in records))
            return memproc.ingest(path, store, gate=gate)

        for day, gated in enumerate((None, None, rules)):
            report = ingested(day, GOOD, gated)
        assert verdicts(report) == {
            name: dict.fromkeys(("usual", "who")[: 2 - (name == "before")], "open") for name in ("before", "after")
        }
        assert verdicts(ingested(3, GOOD, rules))["after"] == {"usual": "met", "who": "met"}
        without = [{"content": one["content"]} for one in GOOD]
        assert verdicts(ingested(4, without, gate(who=rules["rules"]["who"])))["after"] == {"who": "failed"}
        assert ingested(5, GOOD[:9], rules).status == "refused"
        other = tmp_path / "other.jsonl"
        other.write_text(json.dumps(GOOD[0]) + "\n")
        assert verdicts(memproc.ingest(other, store, gate=rules))["after"]["usual"] == "open"


@pytest.mark.costly
def test_a_resumed_job_is_judged_whole(tmp_path):
    """What its earlier runs brought counts."""
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in GOOD))
    rules = gate(who={"measure": "distinct", "field": "content", "least": 40})
    settings = memproc.Settings(batch_size=10)

    def interrupt(event):
        if isinstance(event, memproc.BatchLanded) and event.progress.read == 20:
            raise KeyboardInterrupt

    with memproc.open(tmp_path / "m.db", settings=settings) as store:
        with pytest.raises(memproc.Interrupted):
            memproc.ingest(path, store, gate=rules, on_event=interrupt)
        report = memproc.ingest(path, store, gate=rules, resume=True)
        assert (report.status, verdicts(report)) == ("done", {"after": {"who": "met"}})
        again = memproc.ingest(path, store, gate=rules, resume=True)  # there is nothing to do
        assert verdicts(again) == {"after": {"who": "met"}}


@pytest.mark.costly
def test_the_commands_exit_with_1_if_a_gate_is_not_met(tmp_path):
    """And with 2 if a rule is wrong."""
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(one) + "\n" for one in [*BAD, *GOOD]))
    rules = tmp_path / "gate.toml"
    rules.write_text('[rules.bad]\nmeasure = "quarantined"\nmost = 5\nwhen = "after"\n')
    found = as_json(run_memproc("gate", "notes.jsonl", "--rules", rules, "--json", folder=tmp_path), 1)
    assert [one["verdict"] for one in found["rules"]] == ["failed"]
    done = as_json(run_memproc("ingest", "notes.jsonl", "--into", "m.db", "--gate", rules, "--json", folder=tmp_path), 1)
    assert (done["status"], done["gates"][0]["is_met"]) == ("done", False)
    code, out, _ = run_memproc("gate", "--rules", rules, "--against", "m.db", "--job", 1, folder=tmp_path)
    assert (code, "NOT MET" in out) == (1, True)
    rules.write_text('[rules.bad]\nmeasure = "quarantined"\nmosst = 5\n')
    code, _, told = run_memproc("gate", "notes.jsonl", "--rules", rules, folder=tmp_path)
    assert (code, "line 3" in told, "did you mean most?" in told) == (2, True, True)


def test_max_errors_is_judged_as_a_rule_is(tmp_path):
    """One bound, one machinery: the same records stop both."""
    records = [*GOOD[:10], *BAD, *GOOD[10:]]
    settings = memproc.Settings(batch_size=10, max_errors=5)
    by_setting = memproc.ingest(records, tmp_path / "a.db", settings=settings)
    by_rule = memproc.ingest(records, tmp_path / "b.db", settings=memproc.Settings(batch_size=10), gate=gate_of(gate(bad=FEW_BAD)))
    assert (by_setting.status, by_setting.read) == (by_rule.status, by_rule.read) == ("stopped", 20)
