"""The gate: a record becomes a memory, or all its faults at once, each with advice."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, field_validator

import memproc
from memproc.config import Policy, Settings
from memproc.formats import generic, own
from memproc.formats.draft import Context
from memproc.formats.mapping import mapping_of
from memproc.intake import Intake, given_up, internal
from memproc.records import Memory, Rejected, encode, plain
from memproc.records.fields import CONTENT_LIMIT_CHARS
from memproc.records.storable import METADATA_DEPTH_LIMIT
from memproc.sources.decoding import decode, item_of
from memproc.sources.files import open_file
from memproc.sources.items import Item
from memproc.validation import alike, excerpt, fault, validate
from memproc.validation.advice import GENERAL_HINT, HINTS
from memproc.validation.faults import EXCERPT_CHARS, MESSAGE_CHARS, MOST_FAULTS, without_value
from tests.command_line import run_memproc

GOOD = {"content": "Prefers tea"}
DEEP: list[Any] = []
for _ in range(METADATA_DEPTH_LIMIT):
    DEEP = [DEEP]


class Point(NamedTuple):
    """A tuple that JSON writers do not all take for a list."""

    x: int
    y: int


class Kind(StrEnum):
    """Text that is an enum."""

    WORK = "work"


class Rated(Memory):
    """A memory with a required field, an optional one, and a rule of its own."""

    stars: Annotated[int, Field(ge=1, le=5)]
    note: str | None = None

    @field_validator("content")
    @classmethod
    def no_shouting(cls, content: str) -> str:
        """Refuse text in capitals."""
        if content.isupper():
            raise ValueError("is shouted")
        return content


def explode(_: object) -> object:
    """Fail in a way that no validator should."""
    raise RuntimeError("out of order")


class Fragile(Memory):
    """A memory whose rule is broken."""

    stars: Annotated[int, AfterValidator(explode)] = 1


class Versioned(Memory):
    """A memory with versions, whose step is broken."""

    schema_version: int = 3
    migrations: ClassVar = {2: explode}


class Liar(dict[str, Any]):
    """A mapping that fails when it is read."""

    def __iter__(self) -> Any:
        """Fail."""
        raise RuntimeError("the cursor is closed")


class Bounded(Memory):
    """A memory with plain text of limited length."""

    word: Annotated[str, Field(min_length=1, max_length=3)] = "x"


class Measured(Memory):
    """A memory with fields of plain types."""

    score: float | None = None
    label: str | None = None
    details: dict[str, Any] | None = None


FAULTS = [
    ("missing", "content", {"content": ...}),
    ("extra_forbidden", "mood", {"mood": "good"}),
    ("string_type", "content", {"content": 5}),
    ("missing", "content", {"content": None}),
    ("missing", "content", {"content": math.nan}),
    ("missing", "relations.0.type", {"relations": [{"type": " ", "target": "b"}]}),
    ("string_type", "tags.1", {"tags": ["a", 5]}),
    ("string_type", "id", {"id": True}),
    ("string_too_short", "content", {"content": ""}),
    ("string_too_long", "content", {"content": "x" * (CONTENT_LIMIT_CHARS + 1)}),
    ("string_too_long", "subject", {"subject": "x" * 1_001}),
    ("string_pattern_mismatch", "content", {"content": " \t\n\u00a0"}),
    ("string_unicode", "content", {"content": "cut \ud83d"}),
    ("string_unicode", "metadata.a.0", {"metadata": {"a": ["\udc00"]}}),
    ("string_unicode", "metadata", {"metadata": {"\udc00": 1}}),
    ("nul_character", "content", {"content": "a\0b"}),
    ("nul_character", "tags.0", {"tags": ["a\0"]}),
    ("nul_character", "metadata", {"metadata": {"a\0": 1}}),
    ("date_unparsable", "created_at", {"created_at": "yesterday"}),
    ("date_unparsable", "valid_to", {"valid_to": "2025-02-30"}),
    ("date_unparsable", "updated_at", {"updated_at": 10**400}),
    ("greater_than_equal", "importance", {"importance": -0.01}),
    ("greater_than_equal", "emotion.valence", {"emotion": {"valence": -1.5}}),
    ("greater_than_equal", "emotion.intensity", {"emotion": {"intensity": -0.5}}),
    ("less_than_equal", "importance", {"importance": 1.01}),
    ("less_than_equal", "relations.0.weight", {"relations": [{"type": "a", "target": "b", "weight": 2}]}),
    ("float_type", "importance", {"importance": "0.5"}),
    ("float_type", "importance", {"importance": True}),
    ("finite_number", "importance", {"importance": math.inf}),
    ("finite_number", "emotion.arousal", {"emotion": {"arousal": math.inf}}),
    ("finite_number", "metadata.a.0", {"metadata": {"a": [math.nan]}}),
    ("integer_too_large", "metadata.a", {"metadata": {"a": 2**63}}),
    ("integer_too_large", "metadata.a", {"metadata": {"a": -(2**63) - 1}}),
    ("nested_too_deep", "metadata.a", {"metadata": {"a": DEEP[0]}}),
    ("not_json", "metadata.a", {"metadata": {"a": {1, 2}}}),
    ("not_json", "metadata.a", {"metadata": {"a": {1: 2}}}),
    ("not_json", "metadata.a", {"metadata": {"a": 1j}}),
    ("not_json", "metadata.a", {"metadata": {"a": b"bytes"}}),
    ("literal_error", "emotion.source", {"emotion": {"source": "guess"}}),
    ("literal_error", "relations.0.target_kind", {"relations": [{"type": "a", "target": "b", "target_kind": "person"}]}),
    ("tuple_type", "tags", {"tags": "a, b"}),
    ("dict_type", "metadata", {"metadata": [1]}),
    ("model_type", "emotion", {"emotion": 5}),
    ("out_of_scale", "emotion.valence", {"emotion": {"vocabulary": "anew", "valence": 12}}),
    ("model_type", "relations.0", {"relations": ["Anna"]}),
    ("extra_forbidden", "emotion.mood", {"emotion": {"mood": "good"}}),
    ("missing", "relations.0.target", {"relations": [{"type": "a"}]}),
]


@pytest.mark.parametrize(("code", "path", "change"), FAULTS, ids=[f"{code}-{path}-{n}" for n, (code, path, _) in enumerate(FAULTS)])
def test_a_fault_has_its_place_its_code_and_its_advice(code, path, change):
    """And shows a little of the value that is wrong."""
    record = {name: value for name, value in {**GOOD, **change}.items() if value is not ...}
    verdict = validate(record)
    assert not verdict.ok
    assert verdict.memory is None
    (found,) = verdict.errors
    assert (found.path, found.code) == (path, code)
    assert HINTS[code] in found.hint
    assert found.message
    assert len(found.message) < 300


@pytest.mark.parametrize("record", [None, 5, "text", b"{}", [], [GOOD], {1, 2}, object()], ids=lambda value: type(value).__name__)
def test_what_is_no_object_is_no_record(record):
    """A list of records is not one either."""
    (found,) = validate(record).errors
    assert (found.path, found.code, found.hint) == ("", "not_a_mapping", HINTS["not_a_mapping"])
    assert type(record).__name__ in found.message


def test_every_fault_is_told_at_once():
    """In the order of the fields, wherever they lie."""
    record = {
        "importance": 2,
        "mood": 1,
        "created_at": "never",
        "tags": [1, "a", "", "b\0"],
        "emotion": {"valence": 3, "source": "x"},
        "metadata": {"a": math.inf},
    }
    assert [(found.path, found.code) for found in validate(record).errors] == [
        ("content", "missing"),
        ("created_at", "date_unparsable"),
        ("tags.0", "string_type"),
        ("tags.3", "nul_character"),
        ("importance", "less_than_equal"),
        ("emotion.valence", "less_than_equal"),
        ("emotion.source", "literal_error"),
        ("metadata.a", "finite_number"),
        ("mood", "extra_forbidden"),
    ]


SPOILT = {"a": [1, math.nan, {"b": 2**64}], "c": {"d": "a\0"}, "e": {1, 2}, "f": {5: 1}, "g\0": 1, "h": "tea"}
SPOILT_AT = [
    ("a.1", "finite_number", "nan"),
    ("a.2.b", "integer_too_large", "an integer of 65 bits"),
    ("c.d", "nul_character", "'a\\x00'"),
    ("e", "not_json", "set"),
    ("f", "not_json", "dict"),
    ("", "nul_character", "dict"),
]


def test_every_fault_inside_metadata_is_told():
    """Each at its place, with the value that stands there; a bad name at the place of its object."""
    found = validate({**GOOD, "metadata": SPOILT}).errors
    assert [(one.path.removeprefix("metadata").removeprefix("."), one.code, one.value) for one in found] == SPOILT_AT


def test_every_fault_inside_a_field_of_a_subclass_is_told():
    """Of a record and of an object alike; what is no JSON at all is made JSON there, so it is no fault."""
    spoilt = {name: value for name, value in SPOILT.items() if name not in ("e", "f")}
    expected = [(f"details.{place}".rstrip("."), *rest) for place, *rest in SPOILT_AT if place not in ("e", "f")]
    for record in ({**GOOD, "details": spoilt}, Measured.model_construct(**GOOD, details=spoilt)):
        found = validate(record, schema=Measured).errors
        assert [(one.path, one.code, one.value) for one in found] == expected


def test_what_is_nested_too_deep_is_told_once():
    """Under the first name, however much there is of it, whatever else is wrong there; so are bad names of one object."""
    spoilt = {"deep": [DEEP[0], math.nan, DEEP[0]], "names": {"a\0": 1, "b\0": 2}}
    expected = [("deep", "nested_too_deep"), ("deep.1", "finite_number"), ("names", "nul_character")]
    for field, schema in (("metadata", Memory), ("details", Measured)):
        found = validate({**GOOD, field: spoilt}, schema=schema).errors
        assert [(one.path.removeprefix(f"{field}."), one.code) for one in found] == expected


def test_of_very_many_faults_inside_metadata_the_first_are_told():
    """And how many more there are."""
    found = validate({**GOOD, "metadata": {"a": [math.nan] * (MOST_FAULTS + 50)}}).errors
    assert [one.path for one in found] == [*(f"metadata.a.{at}" for at in range(MOST_FAULTS)), ""]
    assert found[-1].message == "has 50 more faults"


@pytest.mark.parametrize(
    ("record", "value"),
    [
        ({"importance": 7}, "7"),
        ({"tags": [5]}, "5"),
        ({"created_at": "31/02/2024"}, "'31/02/2024'"),
        ({"created_at": "2024"}, "2024"),
        ({"created_at": "2023/13/01"}, "'2023/13/01'"),
        ({"created_at": True}, "True"),
        ({"mood": "good"}, "'good'"),
        ({"content": ...}, None),
    ],
    ids=str,
)
def test_a_fault_keeps_the_value_that_was_got(record, value):
    """As a short text, None where nothing was got; as JSON it is there only where there is one."""
    (found,) = validate({name: given for name, given in {**GOOD, **record}.items() if given is not ...}).errors
    assert found.value == value
    assert found.as_dict().get("value", None) == value
    assert ("value" in found.as_dict()) == (value is not None)


@pytest.mark.parametrize("length", [10, 290, 1_000])
def test_a_message_shows_the_value_that_its_fault_has(length):
    """However long it is, and whatever marks are in it."""
    found = fault("", "refused", "the database refused this record: ", "tea\n" * length, "!")
    assert found.message == f"the database refused this record: {found.value}!"
    assert without_value(found) == "the database refused this record: !"
    assert "\n" not in found.message
    assert len(found.message) < 2 * MESSAGE_CHARS  # an escape takes two


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        ("greater_than_equal", [("Input should be greater than or equal to 10, got ", str(value), "") for value in (1, 5, 10)]),
        ("date_unparsable", [("not a date: ", str(value), " may be a day: give 2024-01-31") for value in (31, 1, 5)]),
        ("value_error", [(f"Value error, {value} is odd, got ", str(value), "") for value in (7, 9)]),
        ("schema_failed", [("a rule raised KeyError: ", value, "") for value in ("a", "'tea'", "rule", "")]),
    ],
)
def test_faults_that_differ_in_the_value_only_are_alike(code, messages):
    """Wherever the message shows it, and whatever else in the message looks like it."""
    assert len({alike(fault("stars.3", code, *parts)) for parts in messages}) == 1
    assert alike(fault("stars.3", code, *messages[0])) != alike(fault("stars.3", code, "another message"))


MET_ELSEWHERE = {
    "extra_missing",
    "not_changes",
    "not_enriched",
    "not_settable",
    "refused",
    "row_too_large",
    "too_large",
    "transform_failed",
}
"""By tests of enrichment, of notes, of databases that are read and that refuse, and of replay."""


def codes_of(path: Path, raw: bytes, limit_bytes: int) -> list[str]:
    """Return the codes of the faults in a file."""
    path.write_bytes(raw)
    source = open_file(path, lists=frozenset(), limit_bytes=limit_bytes)
    codes = [item.fault.code for item in map(item_of, source.items) if item.fault]
    source.stream.close()
    return codes


def test_each_piece_of_advice_can_be_met(tmp_path):
    """No code in the table is dead: each comes of some record, or of some bytes."""
    met = {code for code, _, _ in FAULTS} | {validate(5).errors[0].code}
    for change in ({"word": ""}, {"word": "long"}):
        met |= {found.code for found in validate({**GOOD, **change}, schema=Bounded).errors}
    met |= {decode(raw).fault.code for raw in (b"{", b'{"a":1,"a":2}')}
    met |= set(codes_of(tmp_path / "table.csv", b"content,tags\nTea,a,b\n\xff,a\n", 1_000))
    met |= set(codes_of(tmp_path / "long.jsonl", b'{"content": "' + b"x" * 100 + b'"}', 50))
    met |= {validate({**GOOD, "stars": 1}, schema=Fragile).errors[0].code}
    met |= {validate({**GOOD, "schema_version": at}, schema=Versioned).errors[0].code for at in (1, 2, 4)}
    mapped = Context(mapping=mapping_of({"fields": {"content": "length(stars)"}}))
    met |= {part.fault.code for part in generic.read({"stars": 1}, mapped)}
    breaks = Intake(generic.FORMAT._replace(read=lambda item, _: [item["absent"]]), Policy())
    met |= {breaks.take(Item(GOOD)).records.rejected[0][1].faults[0].code}
    met |= {Intake(own.FORMAT, Policy(), settings=Settings(max_fields=1)).take(Item(GOOD)).records.rejected[0][1].faults[0].code}
    met |= {validate({**GOOD, "tags": [5] * 200}).errors[-1].code, validate({**GOOD, 5: 1}).errors[0].code}
    met |= {given_up(b"{}").records.rejected[0][1].faults[0].code, validate(Liar()).errors[0].code}
    heads = ({"memproc_version": version, "export": "full"} for version in (0, 1, 99))
    for item in (*heads, {"decision": "merge", "keys": []}):
        met |= {part.fault.code for part in own.FORMAT.read(item, Context())}
    keyed = Intake(own.FORMAT, Policy(), settings=Settings(secrets="quarantine")).take(Item({"content": f"AKIA{'X' * 16}"}))
    met |= {keyed.records.rejected[0][1].faults[0].code}
    met |= {internal(b"{}", KeyError("tea")).faults[0].code}
    met |= {memproc.transform({"zzz": 1})[0].faults[0].code}
    met |= {part.fault.code for part in own.FULL.read({"decision": "merge", "keys": [5]}, Context())}
    assert set(HINTS) - met == MET_ELSEWHERE


def test_each_fault_of_a_source_has_advice_of_its_own(tmp_path):
    """Not just the general line, which speaks of fields."""
    codes = codes_of(tmp_path / "table.csv", b"content,tags\nTea,a,b\n\xff,a\n", 1_000)
    assert len(codes) == 2
    assert [code for code in codes if fault("", code, "").hint == GENERAL_HINT] == []


@pytest.mark.parametrize(
    ("typo", "meant"), [("contnet", "content"), ("tag", "tags"), ("create_at", "created_at"), ("meta_data", "metadata")]
)
def test_a_name_that_is_nearly_right_is_recognised(typo, meant):
    """The general advice stays."""
    (found,) = validate({**GOOD, typo: "x"}).errors
    assert found.hint.startswith(f"did you mean {meant}? ")
    assert HINTS["extra_forbidden"] in found.hint


def test_a_name_like_no_other_gets_no_guess():
    """Nor does one inside another object."""
    assert validate({**GOOD, "zzz": 1}).errors[0].hint == HINTS["extra_forbidden"]
    assert validate({**GOOD, "emotion": {"valenc": 1}}).errors[0].hint == HINTS["extra_forbidden"]


def test_the_fields_of_a_subclass_are_fields():
    """Checked, kept, and guessed at."""
    assert validate({**GOOD, "stars": 5, "note": "x"}, schema=Rated).memory == Rated(content="Prefers tea", stars=5, note="x")
    assert [(found.path, found.code) for found in validate({"content": "Tea", "stars": 9}, schema=Rated).errors] == [
        ("stars", "less_than_equal")
    ]
    assert [found.path for found in validate(GOOD, schema=Rated).errors] == ["stars"]
    hints = [found.hint for found in validate({**GOOD, "stras": 5}, schema=Rated).errors]
    assert any(hint.startswith("did you mean stars?") for hint in hints)
    assert validate({**GOOD, "stars": 5}).errors[0].code == "extra_forbidden"


def test_a_rule_of_a_subclass_is_a_fault_like_others():
    """With what it said."""
    (found,) = validate({"content": "TEA", "stars": 1}, schema=Rated).errors
    assert (found.path, found.code, found.hint) == ("content", "value_error", GENERAL_HINT)
    assert "is shouted" in found.message


def test_a_rule_of_a_subclass_that_breaks_is_told():
    """By name, with what it raised."""
    (found,) = validate({**GOOD, "stars": 1}, schema=Fragile).errors
    assert found.code == "schema_failed"
    assert "Fragile raised RuntimeError: out of order" in found.message


def test_what_is_out_of_range_is_not_clamped_and_what_is_at_its_edge_is_taken():
    """The bounds belong to the range."""
    record = {
        **GOOD,
        "importance": 1,
        "emotion": {"valence": -1, "arousal": 1, "dominance": 0.0, "intensity": 0, "confidence": 1.0},
    }
    verdict = validate(record)
    assert verdict.ok
    assert verdict.memory.importance == 1
    assert verdict.memory.emotion.valence == -1


@pytest.mark.parametrize("value", [0, "0001-01-01T00:00:00Z", None])
def test_a_time_that_says_none_is_none(value):
    """Not an error, and not "now"."""
    assert validate({**GOOD, "created_at": value}).memory.created_at is None


def test_the_limits_of_json_are_taken_to_the_edge():
    """64 bits, a hundred levels."""
    deep = DEEP[0]
    record = {**GOOD, "metadata": {"big": 2**63 - 1, "small": -(2**63), "deep": deep[0], "text": "😀"}}
    assert validate(record).ok
    assert orjson.loads(encode(plain(validate(record).memory)))["metadata"] == record["metadata"]


def test_a_caller_may_give_an_id_as_a_number():
    """It is kept as text."""
    assert validate({**GOOD, "id": 7}).memory.id == "7"


def test_tags_in_a_set_are_one_record_whatever_their_order():
    """Else the same record read again would be another observation: a set is refused, or put in order."""
    tags = [f"tag{number}" for number in range(500)]
    one, other = (validate({**GOOD, "tags": set(order)}) for order in (tags, reversed(tags)))
    assert one == other


@pytest.mark.parametrize(
    "value",
    [Point(1, 2), np.float64(1.5), {Kind.WORK: 1}, Kind.WORK, (1, 2), type("Word", (str,), {})("tea")],
    ids=["namedtuple", "numpy float", "enum as a name", "enum", "tuple", "subclass of str"],
)
def test_metadata_that_is_accepted_can_be_written(value):
    """What only looks like JSON is refused at the gate or made JSON, not found out in the middle of a batch."""
    verdict = validate({**GOOD, "metadata": {"value": value}})
    if verdict.ok:
        assert orjson.loads(encode(plain(verdict.memory)))["metadata"] == json.loads(json.dumps({"value": value}))


@pytest.mark.parametrize(
    "extra",
    [
        {"score": 0.5},
        {"score": math.inf},
        {"label": "tea"},
        {"details": {"a": [1, None, "x"]}},
        {"details": {"a": math.nan}},
        {"details": {"a": [math.nan]}},
        {"details": {"a": 10**30}},
        {"details": {"a": "\ud800"}},
    ],
    ids=str,
)
def test_an_own_field_that_is_accepted_can_be_read_back_as_it_was(extra):
    """NaN does not become null on the way."""
    verdict = validate({**GOOD, **extra}, schema=Measured)
    if verdict.ok:
        read = orjson.loads(encode(plain(verdict.memory)))
        assert {name: read.get(name) for name in extra} == extra


@pytest.mark.parametrize(
    "value",
    [10**10_000, "x" * 10_000, "\ud800", b"\xff", None, [1] * 10_000, float("nan"), object()],
    ids=lambda value: type(value).__name__,
)
def test_an_excerpt_is_short_and_can_be_printed_anywhere(value):
    """It is ASCII, and no more than a few characters."""
    shown = excerpt(value)
    assert shown.isascii()
    assert 0 < len(shown) <= EXCERPT_CHARS


NAMES = st.sampled_from([*Memory.model_fields, "x"]) | st.text(max_size=5)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.binary(max_size=4)
    | st.datetimes()
    | st.builds(object)
    | st.just(10**400)
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(NAMES | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@given(
    VALUES
    | st.dictionaries(NAMES, VALUES, max_size=6)
    | st.dictionaries(NAMES, VALUES, max_size=6).map(lambda rest: {**rest, **GOOD})
)
def test_nothing_raises_and_what_is_accepted_can_be_written(record):
    """Whatever is given: a memory that reads back as it was, or faults that can be printed."""
    verdict = validate(record)
    assert verdict.ok == (not verdict.errors)
    for found in verdict.errors:
        assert found.code
        assert found.message
        assert found.hint
    if verdict.ok:
        written = plain(verdict.memory)
        assert plain(validate(orjson.loads(encode(written))).memory) == written


@pytest.mark.parametrize(
    "nothing", [{"emotion": {}}, {"emotion": {"label": None}}, {"metadata": {}}, {"tags": []}, {"relations": []}]
)
def test_a_field_that_says_nothing_is_no_field(nothing):
    """A full export leaves it out, so a record read back from there would be another else."""
    assert plain(Memory(content="x", **nothing)) == plain(Memory(content="x"))


class Either(Memory):
    """A memory with fields that may be of several kinds."""

    note: int | list[int] | None = None
    notes: list[int | str] = Field(default_factory=list)
    by_name: dict[str, int | None] = Field(default_factory=dict)


@pytest.mark.parametrize(
    ("field", "paths"),
    [
        ({"note": "x"}, ["note"]),
        ({"note": {"int": 5}}, ["note"]),
        ({"note": ["a"]}, ["note"]),
        ({"notes": [5, {}, "a", {}]}, ["notes.1", "notes.3"]),
        ({"by_name": {"a": "x", "b": 1}}, ["by_name.a"]),
    ],
)
def test_a_field_of_several_kinds_has_one_fault(field, paths):
    """That tells what it might have been, at a place that is in the record."""
    faults = validate({**GOOD, **field}, schema=Either).errors
    assert [found.path for found in faults] == paths
    if paths != ["by_name.a"]:
        assert all(" or: " in found.message for found in faults)


ONE_VERDICT: list[dict[str, Any]] = [
    GOOD,
    {**GOOD, "created_at": 2024},
    {**GOOD, "created_at": 20240131, "valid_to": 253402300799},
    {**GOOD, "importance": 7},
    {**GOOD, "tags": ["a", 5]},
    {**GOOD, "metadata": {"a": {f"name {at}": at for at in range(10_001)}}},
    {**GOOD, "metadata": {"a": DEEP[0]}},
    {**GOOD, "metadata": {"a": 2**63}},
    {"content": " \u00a0"},
    {"content": "\u200b"},
    {"content": "a\0"},
    {"content": None},
    {**GOOD, "emotion": {"valence": 3}},
    {**GOOD, "id": "x" * 1_001},
    {**GOOD, "mood": "calm"},
]


@pytest.mark.parametrize("record", ONE_VERDICT, ids=lambda record: str(record)[:60])
@pytest.mark.sampled(3)
def test_there_is_one_verdict(tmp_path, record):
    """Of `validate`, of the command of that name, of `transform`, and of each way into a store."""
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(record))
    told = [(found.path, found.code) for found in memproc.validate(record).errors]
    code, out, _ = run_memproc("validate", path, "--format", "memproc", "--json")
    assert code == bool(told)
    assert told == [(found["path"], found["code"]) for found in json.loads(out)["errors"]]
    (found,) = memproc.transform(record, format="memproc")
    assert told == ([(one.path, one.code) for one in found.faults] if isinstance(found, Rejected) else [])
    for way in ("iterable", "file", "add"):
        with memproc.open("sqlite://") as store:
            if way == "add":
                store.add(record, format="memproc")
            else:
                memproc.ingest([record] if way == "iterable" else path, store, format="memproc")
            assert told == [(one.path, one.code) for kept in store.quarantine() for one in kept.faults]
            assert store.count() == (not told)


def test_a_class_of_ones_own_is_held_to_the_same_depth():
    """Its metadata may be as deep as that of `Memory`."""
    deep = {**GOOD, "metadata": {"a": DEEP[0][0]}}
    assert validate(deep).ok
    assert validate(deep, schema=Measured).ok


@pytest.mark.parametrize("blank", ["", " ", "\u200b"], ids=ascii)
@pytest.mark.parametrize("name", sorted(Memory.model_fields.keys() - {"content"}))
def test_what_shows_nothing_is_no_value_wherever_a_record_is_judged(name, blank):
    """In Python as in a store."""
    record = {"content": "Prefers tea", name: blank}
    assert validate(record).memory == Memory(content="Prefers tea")
    with memproc.open("sqlite://") as store:
        assert store.add(record).outcome == "stored"
