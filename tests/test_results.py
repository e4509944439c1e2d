"""What memproc returns: values that tell their fields by name, and that can be compared, kept and sent to another process."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass

import pytest

import memproc

PUBLIC = [kind for name in memproc.__all__ if is_dataclass(kind := getattr(memproc, name))]
GIVEN_IN = ("memproc.sources.", "memproc.enrichment.")  # what is given, and hides passwords
KINDS = [kind for kind in PUBLIC if not kind.__module__.startswith(GIVEN_IN)]
GIVEN = {memproc.Settings: {}, memproc.RetentionRule: {"older_than": "2y"}, memproc.DocumentLimits: {}, memproc.QueueRules: {}}
FAULT = memproc.Fault("importance", "less_than_equal", "Input should be at most 1, got 7", "bring it into its range", value="7")


def made(kind):
    """Return one with a value in each field; of what is given to memproc, and checked, one that is right."""
    return kind(**GIVEN.get(kind, {field.name: f"the {field.name}" for field in fields(kind)}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_result_tells_its_fields(kind):
    """By their names, in its text too; it is no tuple, which could gain none."""
    one = made(kind)
    assert one == made(kind)
    shown = ", ".join(f"{field.name}={getattr(one, field.name)!r}" for field in fields(kind) if field.repr)
    assert repr(one) == f"{kind.__name__}({shown})"
    assert not isinstance(one, tuple)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not memproc.Report], ids=lambda kind: kind.__name__)
def test_a_result_does_not_change(kind):
    """But for a report, which grows as the run goes on."""
    with pytest.raises((FrozenInstanceError, TypeError)):
        setattr(made(kind), fields(kind)[0].name, "another")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_a_result_can_be_sent_to_another_process(kind, protocol):
    """It is the same there."""
    assert pickle.loads(pickle.dumps(made(kind), protocol)) == made(kind)


def test_what_is_rejected_and_what_is_interrupted_can_be_sent_too():
    """With all that is in them."""
    rejected = memproc.Rejected(memproc.Category.VALIDATION, (FAULT,), b"{}")
    assert pickle.loads(pickle.dumps(rejected)) == rejected
    interrupted = pickle.loads(pickle.dumps(memproc.Interrupted("job 1 was interrupted", memproc.Report(job=1, read=3))))
    assert (str(interrupted), interrupted.report) == ("job 1 was interrupted", memproc.Report(job=1, read=3))


def test_a_report_can_be_read_from_json(tmp_path):
    """With its parts."""
    records = [{"content": text} for text in ("She likes tea", "She likes tea.", "She has a dog")]
    records.append({"content": "She has a cat", "importance": 7})
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(records, store, dry_run=True)
    told = json.loads(json.dumps(report.as_dict()))
    assert [memproc.Merge(**one) for one in told["least_certain"]] == report.least_certain != []
    assert [memproc.Pattern(**one) for one in told["patterns"]] == report.patterns != []
    assert [memproc.BatchSeen(**one) for one in told["batch_log"]] == report.batch_log != []
    assert told["errors"] == {"validation": 1}


def test_a_fault_can_be_read_from_json():
    """Without what is not there."""
    assert FAULT.as_dict().keys() == asdict(FAULT).keys() - {"traceback"}
    assert memproc.Fault(**json.loads(json.dumps(FAULT.as_dict()))) == FAULT


def test_decisions_are_in_order():
    """By the nodes that they are on, then by verdict and policy."""
    one, other, third = (memproc.Decision(a, b, "merge") for a, b in ((b"a", b"b"), (b"a", b"c"), (b"b", b"c")))
    assert sorted({third, other, one}) == [one, other, third]
    assert third.keys == (b"b", b"c")
