"""Mappings: where fields are in the records of another application, and what becomes of their values."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.formats import generic
from memproc.formats.draft import Broken, Context, Draft, LeftOut
from memproc.formats.mapping import MappingError, field_map_of, mapping_of, told

BODY = {"content": "body"}
ROW = {"body": "Prefers tea"}


def read(row, rules=None, **more):
    """Read a row by a mapping whose content is the body."""
    mapping = field_map_of({"fields": {**BODY, **(rules or {})}, **more})
    return list(generic.read({**ROW, **row}, Context(mapping=mapping)))


def field(name, row, rule, **more):
    """Return what a rule makes of a row."""
    (draft,) = read(row, {name: rule}, **more)
    return draft.fields.get(name)


PATHS = [
    ("a bare name", {"k": "note"}, "k", "note"),
    ("a name with other characters", {"Of Kind": "note"}, '"Of Kind"', "note"),
    ("a path", {"k": [{"n": "a"}, {"n": "b"}]}, "k[1].n", "b"),
    ("a function", {"a": "x", "b": "y"}, "join('-', [a, b])", "x-y"),
    ("the first that gives something", {"a": "", "b": "y", "c": "z"}, {"paths": ["a", "b", "c"]}, "y"),
    ("all that give something, joined", {"a": "x", "b": None, "c": "z"}, {"paths": ["a", "b", "c"], "join": " "}, "x z"),
    ("a default where there is nothing", {"a": " "}, {"path": "a", "default": "note"}, "note"),
    ("a constant", {}, {"constant": "note"}, "note"),
    ("a number as text", {"a": 7}, "a", "7"),
    ("a translation, without case", {"a": " NOTE "}, {"path": "a", "values": {"note": "fact"}}, "fact"),
    ("a word that has no translation", {"a": "memo"}, {"path": "a", "values": {"note": "fact"}}, "memo"),
    ("a translation into nothing", {"a": "x"}, {"path": "a", "values": {"x": ""}}, None),
    ("a translation into nothing has the default", {"a": "x"}, {"path": "a", "values": {"x": ""}, "default": "d"}, "d"),
    ("a translated number", {"a": 2.0}, {"path": "a", "values": {"2": "fact"}}, "fact"),
    ("HTML entities", {"a": "tea &amp; milk"}, {"path": "a", "repair": "html"}, "tea & milk"),
    ("UTF-8 read as another encoding", {"a": "cafÃ© â€“ lait"}, {"path": "a", "repair": ["mojibake"]}, "café – lait"),
    ("UTF-8 that is whole", {"a": "Ünï, Ã la carte"}, {"path": "a", "repair": ["mojibake"]}, "Ünï, Ã la carte"),
]


@pytest.mark.parametrize(("row", "rule", "expected"), [case[1:] for case in PATHS], ids=[case[0] for case in PATHS])
def test_a_rule_finds_and_converts_a_text(row, rule, expected):
    """In a field that takes any word."""
    assert field("kind", row, rule) == expected


TYPES = [
    ("tags", "tea; home, ", "a", ["tea", "home"]),
    ("tags", "tea|late home", {"path": "a", "split": "|"}, ["tea", "late home"]),
    ("tags", '["tea", "home"]', "a", ["tea", "home"]),
    ("tags", "T;h", {"path": "a", "split": ";", "values": {"t": "tea"}}, ["tea", "h"]),
    ("importance", "0,5", "a", 0.5),
    ("importance", "70 %", "a", 0.7),
    ("importance", "4", {"path": "a", "scale": [1, 5]}, 0.75),
    ("importance", "much", {"path": "a", "scale": [1, 5]}, "much"),
    ("importance", "high", {"path": "a", "values": {"high": 0.9}}, 0.9),
    ("created_at", "24.12.2023", {"path": "a", "date_format": ["%Y", "%d.%m.%Y"]}, "2023-12-24T00:00:00.000000Z"),
    ("created_at", "24.12.2023 10:00 +0200", {"path": "a", "date_format": "%d.%m.%Y %H:%M %z"}, "2023-12-24T08:00:00.000000Z"),
    ("created_at", "2023-12-24T10:00:00Z", {"path": "a", "date_format": "%d.%m.%Y"}, "2023-12-24T10:00:00Z"),
    ("created_at", 1692633600, "a", 1692633600),
    ("created_at", "3/4/2024", {"path": "a", "day_first": True}, "2024-04-03"),
    ("created_at", "3/4/2024", "a", "3/4/2024"),
    ("emotion", "joy", "a", {"label": "joy", "source": "import"}),
    ("emotion", '{"label": "joy"}', "a", {"label": "joy"}),
    ("emotion", "9", {"valence": {"path": "a", "scale": [1, 9]}}, {"valence": 1.0, "source": "import"}),
    ("emotion", "😀", {"label": {"path": "a", "values": {"😀": "joy"}}}, {"label": "joy", "source": "import"}),
    ("metadata", "yes", {"is_old": {"path": "a", "as": "boolean"}}, {"is_old": True}),
    ("metadata", "perhaps", {"is_old": {"path": "a", "as": "boolean"}}, {"is_old": "perhaps"}),
    ("metadata", '{"x": 1}', "a", {"x": 1}),
    ("metadata", "[1]", "a", {"metadata": [1]}),
    ("relations", '[{"type": "of", "target": "m-1"}]', "a", [{"type": "of", "target": "m-1"}]),
]


@pytest.mark.parametrize(("name", "value", "rule", "expected"), TYPES)
def test_a_value_gets_the_type_of_its_field(name, value, rule, expected):
    """Or the one that is named; what cannot be converted stays for validation to judge."""
    found = field(name, {"a": value}, rule)
    assert found == expected
    assert type(found) is type(expected)


def test_the_text_of_a_date_that_needs_an_assumption_is_kept():
    """As for any table."""
    (draft,) = read({"a": "24.12.2023"}, {"created_at": {"path": "a", "date_format": "%d.%m.%Y"}})
    assert draft.fields["metadata"] == {"created_at_raw": "24.12.2023"}


@pytest.mark.parametrize(
    ("rest", "metadata", "left_out"),
    [
        ("metadata", {"app": "x", "v": 1}, []),
        ("none", None, ["column app", "column v"]),
        (["app"], {"app": "x"}, ["column v"]),
    ],
)
def test_the_other_columns_go_where_is_said_or_are_counted(rest, metadata, left_out):
    """Those without a value are nowhere."""
    draft, *more = read({"app": "x", "v": 1, "w": None}, rest=rest)
    assert draft.fields.get("metadata") == metadata
    assert [one.kind for one in more] == left_out


def test_a_column_that_was_not_taken_whole_is_not_lost():
    """Of two the first was taken, and of an object a part."""
    (draft,) = read({"a": "x", "b": "y", "c": {"d": "z", "e": 1}}, {"kind": {"paths": ["a", "b"]}, "subject": "c.d"})
    assert draft.fields["metadata"] == {"b": "y", "c": {"d": "z", "e": 1}}


def test_json_in_a_column_of_text_is_looked_into():
    """Where the column is named."""
    assert field("subject", {"more": '{"who": "Ann"}'}, "more.who", json=["more"]) == "Ann"
    assert field("subject", {"more": "no JSON"}, "more.who", json=["more"]) is None


def test_embeddings_are_left_out_and_counted():
    """They belong to a model and not to the memory."""
    _, *more = read({"embedding": [0.5, 0.25]})
    assert more == [LeftOut("embeddings", 1)]


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        ({"deleted": "1"}, ["deleted rows"]),
        ({"deleted": "1", "state": "draft"}, ["deleted rows"]),
        ({"state": "draft"}, ["drafts"]),
        ({"body": "NULL", "state": " "}, ["blank records"]),
        ({"body": None}, ["blank records"]),
    ],
)
def test_rows_are_left_out_by_conditions_and_counted_by_name(row, counted):
    """The first condition that fits counts; what holds nothing at all needs none."""
    leave_out = {"deleted rows": "deleted == '1'", "drafts": "state == 'draft'"}
    assert read(row, leave_out=leave_out, blank=["NULL"]) == [LeftOut(name) for name in counted]


def test_a_row_without_text_is_a_fault():
    """A person has to see it: something stands in the row."""
    (broken,) = read({"body": "NULL", "id": 7}, blank=["null"])
    assert isinstance(broken, Broken)
    assert (broken.fault.path, broken.fault.code) == ("content", "missing")
    assert "body" in broken.fault.message


SPLITS = [
    ("a list", {"items": ["Likes tea", "Likes milk"]}, "items", "each", ["Likes tea", "Likes milk"]),
    ("objects", {"items": [{"t": "Likes tea"}, {"t": "Likes milk"}]}, "items", "each.t", ["Likes tea", "Likes milk"]),
    ("lines", {"items": "Likes tea\n\nLikes milk\n"}, "items", "each", ["Likes tea", "Likes milk"]),
    ("parts", {"items": "Likes tea; Likes milk"}, {"path": "items", "split": ";"}, "each", ["Likes tea", "Likes milk"]),
    ("one object", {"items": {"t": "Likes tea"}}, "items", "each.t", ["Likes tea"]),
]


@pytest.mark.parametrize(("row", "each", "content", "texts"), [case[1:] for case in SPLITS], ids=[case[0] for case in SPLITS])
def test_a_row_may_give_several_memories(row, each, content, texts):
    """Each with what stands beside them in the row, which is not kept again whole."""
    drafts = read({**row, "who": "Ann", "n": 1}, {"content": content, "subject": "who"}, each=each)
    assert [one.fields["content"] for one in drafts] == texts
    assert {one.fields["subject"] for one in drafts} == {"Ann"}
    assert [one.fields["metadata"] for one in drafts] == [{"body": "Prefers tea", "n": 1}] * len(texts)


def test_a_row_that_gives_none_is_counted():
    """By what it lacks."""
    assert read({"items": []}, {"content": "each"}, each="items") == [LeftOut("records without items")]


@pytest.mark.parametrize(("path", "is_identity"), [("row_id", False), ("each.id", True)])
def test_the_id_of_a_row_that_gives_several_names_none_of_them(path, is_identity):
    """They would be taken for versions of one another."""
    mapping = field_map_of({"fields": {"content": "each.t", "id": path}, "each": "items"})
    item = {"row_id": 1, "items": [{"t": "Likes tea", "id": 1}, {"t": "Likes milk", "id": 2}]}
    drafts = [*generic.read(item, Context(source="app", mapping=mapping))]
    assert [draft.is_identity for draft in drafts] == [is_identity] * 2


@pytest.mark.parametrize(
    ("rules", "more", "place"),
    [
        ({"kind": "length(n)"}, {}, "kind"),
        ({}, {"leave_out": {"short": "length(n) == `1`"}}, "leave_out.short"),
        ({}, {"each": "keys(n)"}, "each"),
        ({"kind": "n" + " | [@,@][]" * 40}, {}, "kind"),  # a list of 2^40
        ({}, {"each": "n" + " | [@,@]" * 60 + " | [@]"}, "each"),  # lists in lists, 2^60 if gone through
        ({}, {"leave_out": {"large": "n" + " | [@,@]" * 60 + " | to_string(@) == 'x'"}}, "leave_out.large"),
    ],
)
def test_a_path_that_fails_on_a_row_is_a_fault_of_the_row(rules, more, place):
    """The other rows are read."""
    (broken,) = read({"n": 5}, rules, **more)
    assert (broken.fault.path, broken.fault.code) == (place, "path_failed")


WRONG = [
    ([], "a mapping is a table"),
    ({}, "fields: give a table with a rule"),
    ({"fields": {}}, "fields: give a table with a rule"),
    ({"fields": BODY, "rests": "none"}, "rests: is unknown: give some of fields, each"),
    ({"fields": BODY, "rest": "some"}, "rest: 'some': give metadata, none, or a list"),
    ({"fields": BODY, "blank": 5}, "blank: give a text, or a list of texts"),
    ({"fields": BODY, "leave_out": "x"}, "leave_out: give a table of conditions"),
    ({"fields": BODY, "leave_out": {"x": "a ="}}, "leave_out.x: 'a =' is no JMESPath"),
    ({"fields": BODY, "each": {"path": "a", "by": ";"}}, "each.by: is unknown"),
    ({"fields": BODY, "each": 5}, "each: give a text, not int"),
    ({"fields": {"content": "a b"}}, "fields.content: 'a b' is no JMESPath"),
    ({"fields": {"content": 5}}, "fields.content: give a path, or a table with a path"),
    ({"fields": {"content": {}}}, "fields.content: give one of path, paths and constant"),
    ({"fields": {"content": {"path": "a", "constant": 1}}}, "fields.content: give one of path, paths and constant"),
    ({"fields": {"content": {"path": "a", "type": "text"}}}, "fields.content.type: is unknown"),
    ({"fields": {"content": {"path": "a", "as": "tiem"}}}, "fields.content.as: 'tiem' is no type: give one of text, number"),
    ({"fields": {"content": {"path": "a", "repair": ["ocr"]}}}, "fields.content.repair: 'ocr' cannot be repaired"),
    ({"fields": {"content": {"path": "a", "values": []}}}, "fields.content.values: give a table"),
    ({"fields": {"importance": {"path": "a", "scale": [1]}}}, "fields.importance.scale: give the two ends"),
    ({"fields": {"importance": {"path": "a", "scale": [1, 1]}}}, "fields.importance.scale: give the two ends"),
    ({"fields": {"importance": {"path": "a", "scale": [0, float("nan")]}}}, "fields.importance.scale: [0.0, nan]: give two ends"),
    ({"fields": {"importance": {"path": "a", "scale": [-1e308, 1e308]}}}, "fields.importance.scale: [-1e+308, 1e+308]: give two"),
    (
        {"fields": {"importance": {"path": "a", "scale": [0, 10**400]}}},
        "fields.importance.scale: a mapping holds JSON values alone",
    ),
    ({"fields": {"content": "!" * 5_000 + "a"}}, "fields.content: '!!!"),
    ({"fields": {"content": {"path": "(" * 20_000}}}, "fields.content.path: '((("),
    ({"fields": {"content": "`" + "[" * 50_000 + "`"}}, "fields.content: '`[["),
    ({"fields": {"content": {"constant": object()}}}, "fields.content.constant: a mapping holds JSON values alone"),
    ({"fields": {"content": {"paths": ["a", "\ud800"]}}}, "fields.content.paths: a mapping holds JSON values alone"),
    ({"fields": BODY, "rest": ["\ud800"]}, "rest: a mapping holds JSON values alone"),
    (
        {"fields": {"created_at": {"path": "a", "date_format": "%Q%Y"}}},
        "fields.created_at.date_format: '%Q%Y' is no format of strptime",
    ),
    ({"fields": {"created_at": {"path": "a", "day_first": "yes"}}}, "fields.created_at.day_first: 'yes': give true or false"),
    ({"fields": {"emotion": {"label": {"path": 1}}}}, "fields.emotion.label.path: give a text, or a list"),
]


@pytest.mark.parametrize(("given", "why"), WRONG, ids=[why for _, why in WRONG])
def test_a_mapping_that_is_wrong_is_refused_with_its_place(given, why):
    """Before anything is read."""
    with pytest.raises(MappingError) as raised:
        field_map_of(given)
    assert str(raised.value).startswith(why)
    assert isinstance(raised.value, memproc.UsageError)


@pytest.mark.parametrize(
    ("given", "why"), [({"content": "\ud800"}, "content: a mapping"), ({"content": object()}, "content: a mapping")]
)
def test_paths_by_field_that_no_store_can_keep_are_refused(given, why):
    """With their field."""
    with pytest.raises(MappingError, match=why):
        mapping_of(given)


MANY_DIGITS = 10**5_000
TOO_LARGE = [
    ("a path beyond all floats", "ceil(to_number(a))", "1e999"),
    ("a time before the year 1", {"path": "a", "date_format": "%Y-%m-%d %z"}, "0001-01-02 +2359"),
    ("no time", {"path": "a", "date_format": "%Y-%m-%d %z"}, "0001-01-01 +1400"),
    ("an integer as text", {"path": "a", "as": "text"}, MANY_DIGITS),
    ("an integer as a truth value", {"path": "a", "as": "boolean"}, MANY_DIGITS),
    ("an integer as a number", {"path": "a", "as": "number"}, MANY_DIGITS),
    ("an integer as a list", {"path": "a", "as": "list"}, MANY_DIGITS),
    ("an integer as an emotion", {"path": "a", "as": "emotion"}, MANY_DIGITS),
    ("an integer in a table", {"path": "a", "values": {"1": "one"}}, MANY_DIGITS),
    ("a list with an integer in a table", {"path": "a", "values": {"1": "one"}}, [MANY_DIGITS]),
    ("an integer as a date", {"path": "a", "date_format": "%Y"}, MANY_DIGITS),
    ("an integer that is joined", {"paths": ["a", "body"], "join": " "}, MANY_DIGITS),
    ("an integer on a scale", {"path": "a", "scale": [1, 5]}, 10**400),
    ("an infinity on a scale", {"path": "a", "scale": [1, 5]}, float("inf")),
]


@pytest.mark.parametrize("name", ["kind", "created_at", "importance", "tags", "emotion", "metadata"])
@pytest.mark.parametrize(("rule", "value"), [case[1:] for case in TOO_LARGE], ids=[case[0] for case in TOO_LARGE])
def test_a_value_that_is_too_large_is_a_fault_of_its_record(name, rule, value):
    """And none of memproc, in whatever field."""
    for one in memproc.transform({**ROW, "a": value}, mapping={"fields": {**BODY, name: rule}}):
        assert isinstance(one, memproc.Memory) or one.category != "internal", one.faults


@pytest.mark.parametrize(
    ("rules", "why"),
    [({"mood": "m"}, "fields.mood: is no field"), ({"emotion": {"mood": "m"}}, "fields.emotion.mood: an emotion has")],
)
def test_a_rule_for_a_field_that_is_not_there_is_refused(rules, why):
    """By every call that takes a mapping."""
    with pytest.raises(memproc.UsageError, match=why):
        memproc.transform(ROW, mapping={"fields": {**BODY, **rules}})


def test_a_subclass_has_rules_for_its_own_fields():
    """Its types are checked as always."""

    class Mine(memproc.Memory):
        mood: int | None = None

    mapping = {"fields": {**BODY, "mood": {"path": "m", "as": "number"}}}
    (memory,) = memproc.transform({**ROW, "m": "7"}, mapping=mapping, schema=Mine)
    assert memory.mood == 7


def test_a_mapping_is_the_same_after_it_was_kept():
    """As a job keeps it, and as it goes to other processes."""
    mapping = field_map_of({"fields": {**BODY, "tags": {"path": "t", "split": ";"}}, "blank": ["-"]})
    assert mapping_of(told(mapping)) == mapping
    assert pickle.loads(pickle.dumps(mapping)) == mapping
    assert told(mapping_of({"content": "body"})) == {"content": "body"}


RULES = {
    "created_at": {"paths": ["a", "b"], "date_format": ["%d.%m.%Y"], "default": 0},
    "tags": {"path": "t", "split": ";", "values": {"x": "y"}},
    "importance": {"path": "n", "scale": [1, 5]},
    "emotion": {"label": {"path": "m", "repair": ["html", "mojibake"]}, "valence": {"path": "n", "scale": [1, 9]}},
    "relations": "r[].{type: t, target: to}",
    "metadata": {"w": {"paths": ["a", "n"], "join": "/"}, "is_old": {"path": "b", "as": "boolean"}},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*"abtnmr", "body", "items", "other"]), JSON))
def test_reading_never_raises_and_never_loses_a_row(row):
    """Each row gives memories or faults, or is counted as left out."""
    mapping = field_map_of({"fields": {**BODY, **RULES}, "json": ["other"], "blank": ["-"], "leave_out": {"x": "a == b"}})
    parts = [*generic.read(row, Context(mapping=mapping))]
    assert parts
    assert all(isinstance(part, Draft | Broken | LeftOut) for part in parts)
    for one in memproc.transform(row, mapping=mapping):
        assert isinstance(one, memproc.Memory | memproc.Rejected)
        assert not isinstance(one, memproc.Rejected) or one.category != "internal"
