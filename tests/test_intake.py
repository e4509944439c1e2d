"""What most items are, an object with fields of the schema, needs no reader, and becomes what its reader would make of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.config import Policy, Settings
from memproc.formats import generic, mem0, own
from memproc.formats.draft import Context, Draft
from memproc.intake import Chunk, Intake
from memproc.records import Memory, encode
from memproc.sources.items import Item, Piece
from memproc.sources.iterables import of_record


class Ticket(Memory):
    """A schema with fields of its own, one of which is a mark of memproc's, and a field of `Memory` with another default."""

    priority: int | None = None
    user: str | None = "nobody"
    memproc: object = None
    subject: str = "unsaid"
    anything: list[Any] | dict[str, Any] | float | bool | str | None = None


SCHEMAS = (Memory, Ticket)
FORMATS = (generic.FORMAT, generic.TABLE, own.FORMAT, mem0.FORMAT)
ORDINARY: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("namespace", "source", "subject", "conversation", "user"), ("ann", "conv-49", "Zoë", " ann ")),
    "id": ("m1", "none", 5),
    "content": ("Likes tea", "It is 10:25", '"tea": 5', "Zoë\u200b was here today", "tea\n"),
    "kind": ("fact", "event"),
    **dict.fromkeys(
        ("created_at", "updated_at", "valid_from", "valid_to"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00+02:00", "2024-01-31", "20240131", 1692633600, 1692633600.5),
    ),
    "tags": ([], ["home"], ["home", " "], "home; work"),
    "importance": (0, 0.5, 1, "0.5"),
    "emotion": ({"label": "joy"}, {"valence": -0.5}, "joy", {}),
    "relations": ([], [{"type": "about", "target": "Rui", "valid_from": "2024-01-31"}]),
    "metadata": ({"n": 1}, {"record": {"a": [1, None]}}, {}, "beta"),
    "priority": (2, 9),
    "anything": ([1], {"a": 1}, 0.5, True, "some", {}, []),
    "unknown": ("value",),
    "text": ("Likes coffee",),
    own.VERSION: (1, 2, "1"),
    own.PROVENANCE: ([{"observation": "00"}],),
    own.ENVELOPE: ({"observation": "00", "identity": True, "as_of": "2024-01-31"}, "beta", {"a": 1}),
}
ODD: list[Any] = [
    *("", " ", "\u200b", "\ufe0f", "a\0b", "\ud800", "x" * 1001, "n/a", "high", "31/02/2024", "0001-01-01T00:00:00Z"),
    *(None, True, 0, -5, 2**63, 2**64, 2**70, 1e300, 2.0**63, float("nan"), float("inf")),
    *([], ["a", None], ["a", 5], {}, {"a": 2**70}, {"x": "\0"}, {"label": "joy", "more": 1}, [[[[1]]]], [{"type": "about"}]),
]
OF_PYTHON: list[Any] = [datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 1, 31), b"bytes", {"s"}, ("a", "b"), 1j]  # noqa: DTZ001
ENDS = ("}", ', "content": "twice"}', ', "metadata": {"a": 1, "a": 2}}', "", "} more", ', "id": 1' + "0" * 20 + "}")
SPACES = ((",", ":"), (", ", ": "), (",\n", " \t: "))
LEVELS = (1, 97, 98, 99, 100, 101, 498, 499, 500, 501)


def line_of(record: dict[str, Any], spaces: tuple[str, str] = SPACES[1], end: str = ENDS[0], *, is_ascii: bool = True) -> bytes:
    """Return the text of an object, with an end that may be none."""
    text = json.dumps(record, ensure_ascii=is_ascii, separators=spaces)
    return (text[:-1] + end).encode("utf-8", "surrogatepass")


ONE_FIELD = [{"content": "Likes tea", name: value} for name, usual in ORDINARY.items() for value in (*usual, *ODD)]
LINES = [
    *map(line_of, ONE_FIELD),
    *(line_of({"content": "Likes tea", "id": "m1", "source": source}) for source in ("app", "", None)),
    *(line_of({"content": "Likes tea: green"}, spaces, end) for end in ENDS for spaces in SPACES),
    *(b'{"content": "deep", "metadata": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}" for levels in LEVELS),
    *(b"", b"null", b"[]", b"5", b"{}", b'{"text": "Likes coffee"}', b'{"priority": 2}'),
]
OBJECTS = [
    of_record(record) for record in (*ONE_FIELD, *({"content": "tea", name: value} for name in ORDINARY for value in OF_PYTHON))
]


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Give an object with fields of a memory, most of them as they mostly are."""
    names = draw(st.permutations(sorted(draw(st.sets(st.sampled_from(sorted(ORDINARY)), max_size=5)) | {"content"})))
    record = {name: draw(st.sampled_from(ORDINARY[name])) for name in names}
    if draw(st.booleans()):
        record[draw(st.sampled_from(sorted(ORDINARY)))] = draw(st.sampled_from(ODD))
    return record


PIECES = st.builds(line_of, records(), st.sampled_from(SPACES), is_ascii=st.booleans()) | records().map(of_record)


@st.composite
def intakes(draw: st.DrawFn) -> Intake:
    """Give an intake as a caller may ask for it."""
    source, mapping = draw(st.sampled_from((None, "app"))), draw(st.sampled_from(({}, {"subject": "user"})))
    limits = {"max_fields": draw(st.sampled_from((3, 1_000))), "max_depth": draw(st.sampled_from((2, 100)))}
    return Intake(
        draw(st.sampled_from(FORMATS)),
        Policy(dedup=draw(st.sampled_from(("off", "exact", "near")))),
        draw(st.sampled_from(SCHEMAS)),
        draw(st.sampled_from((None, "here"))),
        Context(source, mapping=mapping, is_told=draw(st.booleans())),
        settings=Settings(**limits, redact=draw(st.booleans())),
    )


def read_by_readers(intake: Intake, pieces: list[Piece]) -> Chunk:
    """Return what items become where each goes through the reader of its format."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Intake, "_fast_reader", lambda _self: lambda _value: None)
        return intake.take_all(pieces)


@pytest.mark.costly
@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@pytest.mark.sampled(8)
def test_each_value_of_each_field_becomes_what_a_reader_makes_of_it(known, schema, is_told):
    """All of it: records with their keys, faults with their bytes, counts, and what is left out."""
    for source, mapping in ((None, {}), ("app", {}), ("app", {"subject": "user"})):
        intake = Intake(known, Policy(dedup="exact"), schema, context=Context(source, mapping=mapping, is_told=is_told))
        assert intake.take_all([*LINES, *OBJECTS]) == read_by_readers(intake, [*LINES, *OBJECTS])


@given(intakes(), st.lists(PIECES, min_size=5, max_size=10))
def test_what_needs_no_reader_becomes_what_a_reader_makes_of_it(intake: Intake, pieces: list[Piece]) -> None:
    """Whatever the caller said of the source."""
    assert intake.take_all(pieces) == read_by_readers(intake, pieces)


@pytest.mark.parametrize("source", [None, "app"])
@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_reader_hands_over_as_it_is_what_is_told_to_be_so(schema, source):
    """In one draft, with the same identity; a mark of a format is never told to be so."""
    context = Context(source, fields=frozenset(schema.model_fields))
    kinds = generic.kinds_as_they_are(context.fields)
    told = [item for record in OBJECTS if isinstance(item := record.value, dict) and generic.is_as_it_is(item, kinds)]
    assert len(told) > len(OBJECTS) // 10
    for item in told:
        assert [*generic.read(item, context)] == [Draft(item, is_identity=source is not None or "source" in item)]
        assert not own.is_marked(item)


AS_THEY_ARE = {
    "text": {"content": "Likes tea"},
    "names": {"content": "Likes tea", "namespace": "ann", "source": "app", "subject": "Rui", "conversation": "c", "kind": "fact"},
    "metadata": {"content": "Likes tea", "metadata": {"n": 1}},
    "times": {"content": "Likes tea", "created_at": "2024-01-31T10:00:00Z", "updated_at": 1692633600},
    "id": {"content": "Likes tea", "id": "m1"},
    "lists": {"content": "Likes tea", "tags": ["home"], "relations": []},
    "numbers": {"content": "Likes tea", "importance": 0.5, "emotion": {"label": "joy"}},
}


@pytest.mark.parametrize("item", AS_THEY_ARE.values(), ids=AS_THEY_ARE)
def test_what_most_items_are_needs_no_reader(item, monkeypatch):
    """Whatever is told by the names of its fields and the kinds of its values."""
    monkeypatch.setattr(Intake, "_parts_of", lambda _self, _item: pytest.fail("a reader was asked"))
    found = Intake(generic.FORMAT, Policy()).take_all([encode(item), Item(item)]).records
    assert [record["content"] for record in map(orjson.loads, found.accepted.json)] == ["Likes tea"] * 2


@pytest.mark.parametrize("dedup", ["off", "exact", "near"])
def test_the_text_that_is_kept_for_comparison_is_the_one_that_is_compared(dedup):
    """A store that compares no texts makes none."""
    found = Intake(generic.FORMAT, Policy(dedup=dedup)).take_all([b'{"content": " Likes\\u200b TEA "}']).records.accepted.at(0)
    assert found.text == {"off": " Likes\u200b TEA ", "exact": "Likes TEA", "near": "likes tea"}[dedup]
    assert found.observation.length == len(found.text)
