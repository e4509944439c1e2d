"""Rules: what is wrong with one is told where it is, and what they come to follows from facts alone."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.gates.facts import Measuring
from memproc.gates.files import load_gate
from memproc.gates.judged import VERDICTS
from memproc.gates.judging import failed_early, judged
from memproc.gates.measures import MEASURES
from memproc.gates.parsing import KEYS as KEYS_OF_RULES
from memproc.gates.parsing import GateError, gate_of
from memproc.gates.schema import gate_schema
from tests.conftest import ROOT

NOW = "2026-02-01T00:00:00.000000Z"
RECORDS = [
    {"content": "four", "subject": "ann", "tags": ["a", "b"], "importance": 0.5, "created_at": "2026-01-01T00:00:00.000000Z"},
    {"content": "eights!!", "metadata": {"team": "x-1"}, "importance": 0.9, "created_at": "2026-01-31T00:00:00.000000Z"},
]
KEYS = {"missing": {}, "out_of_range": {"low": 0.6}, "not_allowed": {"values": ["a"]}, "not_matching": {"pattern": "x-[0-9]+"}}


def rule(measure, **keys):
    """Return a gate of one rule."""
    return gate_of({"rules": {"one": {"measure": measure, **keys}}})


def facts_of(gate, records=RECORDS, quarantined=0):
    """Return the facts that a gate asks for."""
    measuring = Measuring(gate.rules)
    measuring.note(json.dumps(record) for record in records)
    return measuring.facts({"read": len(records) + quarantined, "quarantined": quarantined}, NOW)


def verdict(gate, facts, history=()):
    """Return what its rule comes to."""
    (found,) = judged(gate, facts, "after", {gate.rules[0].key: list(history)}).rules
    return found.verdict


@pytest.mark.parametrize(
    ("measure", "keys", "value"),
    [
        ("read", {}, 2),
        ("missing", {"field": "subject"}, 0.5),
        ("missing", {"field": "metadata.team"}, 0.5),
        ("out_of_range", {"field": "importance", "low": 0.6}, 0.5),
        ("out_of_range", {"field": "created_at", "low": "2026-01-15"}, 0.5),
        ("out_of_range", {"field": "content", "high": 3}, 1),
        ("not_allowed", {"field": "tags", "values": ["a"]}, 0.5),
        ("not_matching", {"field": "metadata.team", "pattern": "x-[0-9]"}, 0),
        ("not_matching", {"field": "metadata.team", "pattern": "[0-9]"}, 0.5),
        ("distinct", {"field": "tags"}, 2),
        ("mean_length", {}, 6),
        ("age", {}, 1),
    ],
)
def test_a_measure_is_what_its_name_says(measure, keys, value):
    """By field, in lists and within metadata."""
    gate = rule(measure, least="0d" if measure == "age" else 0, **keys)
    found = facts_of(gate).value_of(gate.rules[0])
    assert found.level == value


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"most": "50%"}, "met"),
        ({"most": "49%"}, "failed"),
        ({"most": 0}, "failed"),
        ({"least": "51%"}, "failed"),
        ({"most": 0, "only_warns": True}, "warned"),
        ({"drift": 3.5}, "open"),
    ],
)
def test_a_bound_is_a_number_or_a_share(keys, expected):
    """Of the accepted records; one that only warns fails nothing, and what cannot be compared is open."""
    gate = rule("missing", field="subject", **keys)
    facts = facts_of(gate)
    assert verdict(gate, facts) == expected
    assert judged(gate, facts, "after", {}).is_met == (expected != "failed")


def test_what_drifts_is_told_from_what_is_usual():
    """By the modified z-score; differences that do not matter are none, even where all earlier jobs were alike."""
    gate = rule("read", drift=3.5, jobs=5)
    facts = facts_of(gate)  # of 2 records
    assert verdict(gate, facts, [2, 2, 3]) == "met"
    assert verdict(gate, facts, [100, 101, 99]) == "failed"
    assert verdict(gate, facts, [100, 2, 50, 3, 1]) == "met"
    assert verdict(gate, facts, [2, 2]) == "open"
    assert verdict(rule("read", drift=3.5, ignore="60%"), facts, [4, 4, 4]) == "met"
    assert verdict(rule("read", drift=3.5, jobs=3), facts, [2, 2, 2, 90, 90, 90, 90, 90]) == "met"


def test_while_records_are_read_a_rule_fails_as_soon_as_it_can_no_longer_be_met():
    """A count that only grows at once, a share from the hundredth record on, what may still come never."""
    many = [{"content": "one"}] * 99
    for keys, early, late in (
        ({"most": 5}, True, True),
        ({"most": "5%"}, False, True),
        ({"least": 500}, False, False),
        ({"most": "5%", "only_warns": True}, False, False),
    ):
        gate = rule("missing", field="subject", **keys)
        assert [bool(failed_early(gate.rules, facts_of(gate, many[:at] + many))) for at in (0, 1)] == [early, late], keys
    old = rule("age", most="1d")
    assert not failed_early(old.rules, facts_of(old, RECORDS[:1] * 200))  # a newer one may still come


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('[rules.a]\nmeasure = "missin"\nmost = 1\n', 2, "did you mean missing?"),
        ('[rules.a]\nmeasure = "read"\n\nmosst = 1\n', 4, "did you mean most?"),
        ('[rules.b]\nmeasure = "read"\nmost = "2%"\n', 3, "give a number"),
        ('[rules.b]\nmeasure = "quarantined"\nmost = "200%"\n', 3, "between 0% and 100%"),
        ('[rules.b]\nmeasure = "stored"\nleast = 1\nwhen = ["before"]\n', 4, "leave out before"),
        ('[rules.b]\nmeasure = "stored"\nleast = 1\nwhen = "aftr"\n', 4, "did you mean after?"),
        ('[rules.b]\nmeasure = "missing"\nmost = 1\n', 1, "name it"),
        ('[rules.b]\nmeasure = "not_matching"\nfield = "id"\nmost = 0\npattern = "(?=a)"\n', 5, "look-ahead"),
        ('[rules.b]\nmeasure = "age"\nmost = "soon"\n', 3, "give an age"),
        ('[rules.b]\nmeasure = "read"\n', 1, "give a bound"),
        ('[rules.b]\nmeasure = "read"\nmost = 1\nvalues = ["a"]\n', 4, "not_allowed"),
        ("rehears = true\n[rules.b]\nmeasure = 'read'\nmost = 1\n", 1, "did you mean rehearse?"),
    ],
)
def test_a_wrong_rule_is_told_with_its_line(text, line, told, tmp_path):
    """And with the nearest right word, or what may stand there."""
    path = tmp_path / "gate.toml"
    path.write_text(text)
    with pytest.raises(memproc.UsageError, match=f"gate.toml, line {line}: ") as raised:
        load_gate(path)
    assert told in str(raised.value)


def test_the_three_forms_say_the_same_and_the_schema_knows_them(tmp_path):
    """The schema that ships is the one in the documents, and takes what memproc takes."""
    given = {"rehearse": True, "rules": {}}
    for name, measure in MEASURES.items():
        more = {"field": "subject"} if measure.has_field else {}
        given["rules"][name] = {"measure": name, "most": "7d" if measure.kind == "days" else 5, **more, **KEYS.get(name, {})}
    (tmp_path / "gate.json").write_text(json.dumps(given))
    (tmp_path / "gate.yaml").write_text(json.dumps(given))
    assert load_gate(tmp_path / "gate.json") == load_gate(tmp_path / "gate.yaml") == gate_of(given)
    jsonschema.Draft202012Validator.check_schema(gate_schema())
    jsonschema.validate(given, gate_schema())
    for wrong in ({}, {"rules": {"a": {"measure": "read"}}}, {"rules": {"a": {"measure": "read", "mosst": 1}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, gate_schema())
    assert json.loads((ROOT / "docs/reference/gate.schema.json").read_text()) == gate_schema()


ODD = (10**400, "5%", "7d", "nan%", "(", "a", "2026-01-01")
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(ODD))
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=2), st.dictionaries(st.sampled_from(["least", "x"]), LEAVES, max_size=2))


@given(st.sampled_from([*MEASURES]), st.dictionaries(st.sampled_from(KEYS_OF_RULES), VALUES, max_size=4))
def test_whatever_stands_in_a_rule_it_is_a_rule_or_is_told(measure, keys):
    """By an error that names the value, however odd that is."""
    try:
        gate = gate_of({"rules": {"one": {"measure": measure, "field": "tags", "least": 0, **keys}}})
    except GateError:
        return
    assert verdict(gate, facts_of(gate)) in VERDICTS
