"""The items of a source: what can be decoded, and what cannot with the reason and the raw bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.errors import SourceEndedError, SourceError, UsageError
from memproc.formats import generic
from memproc.formats.draft import Context, Draft
from memproc.sources.decoding import decode, item_of
from memproc.sources.files import open_file
from memproc.sources.items import Item, Items
from memproc.sources.iterables import of_iterable
from memproc.sources.sniffing import SNIFFED_BYTES
from memproc.validation import validate

LISTS = frozenset({"memories"})
BOM = b"\xef\xbb\xbf"
A, B = {"content": "Prefers tea"}, {"content": "Lives in Berlin"}


@pytest.fixture
def read(tmp_path):
    """Give a function that reads bytes as a file of some name, to its end."""

    def of(raw: bytes, name: str = "memories.jsonl", limit_bytes: int = 1 << 20) -> list[Item]:
        path = tmp_path / name
        path.write_bytes(raw)
        source = open_file(path, lists=LISTS, limit_bytes=limit_bytes)
        try:
            return list(map(item_of, source.items))
        finally:
            source.stream.close()

    return of


def values(items: list[Item]) -> list[Any]:
    """Return the values of items, those that could not be decoded as their code."""
    return [item.fault.code if item.fault else item.value for item in items]


def as_json(*parts: object) -> bytes:
    """Return JSON lines."""
    return b"\n".join(json.dumps(part).encode() for part in parts)


SHAPES = [
    ("lines", "a.jsonl", as_json(A, B)),
    ("lines with an end", "a.jsonl", as_json(A, B) + b"\n"),
    ("lines of another system", "a.jsonl", as_json(A, B).replace(b"\n", b"\r\n") + b"\r\n"),
    ("blank lines", "a.jsonl", b"\n \n" + as_json(A) + b"\n\n\t\r\n" + as_json(B) + b"\n\n"),
    ("byte order mark", "a.jsonl", BOM + as_json(A, B)),
    ("lines by another suffix", "a.NDJSON", as_json(A, B)),
    ("lines in a file called .json", "a.json", as_json(A, B)),
    ("lines without a suffix", "memory", as_json(A, B)),
    ("array", "a.json", as_json([A, B])),
    ("array with a byte order mark", "a.json", BOM + as_json([A, B])),
    ("indented array", "a.json", b"\n\n" + json.dumps([A, B], indent=2).encode()),
    ("array in a text file", "a.txt", as_json([A, B])),
    ("wrapped list", "a.json", as_json({"total": 2, "memories": [A, B]})),
    ("indented wrapped list", "a.json", BOM + json.dumps({"total": 2, "memories": [A, B], "next": None}, indent=1).encode()),
    ("CSV", "a.csv", b"content\nPrefers tea\nLives in Berlin\n"),
    ("CSV with a byte order mark", "a.CSV", BOM + b"content\r\nPrefers tea\r\nLives in Berlin\r\n"),
    ("CSV with blank lines", "a.csv", b"content\n\nPrefers tea\n\nLives in Berlin\n\n"),
    ("CSV behind a blank line", "a.csv", b"\ncontent\nPrefers tea\nLives in Berlin\n"),
    ("TSV", "a.tsv", b"content\nPrefers tea\nLives in Berlin"),
    ("quoted CSV", "a.csv", b'"content"\n"Prefers tea"\n"Lives in Berlin"'),
]


@pytest.mark.parametrize(("name", "raw"), [case[1:] for case in SHAPES], ids=[case[0] for case in SHAPES])
def test_two_records_are_two_items_in_whatever_shape(read, name, raw):
    """In order, with their bytes."""
    items = read(raw, name)
    assert values(items) == [A, B]
    assert all(item.raw for item in items)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt"])
@pytest.mark.parametrize("raw", [as_json(A), as_json(A) + b"\n\n", BOM + as_json(A), b"  " + as_json(A)])
def test_one_object_is_one_item(read, raw, name):
    """On one line."""
    assert values(read(raw, name)) == [A]


def test_one_object_over_several_lines_is_one_item(read):
    """In a file that is not called lines."""
    assert values(read(json.dumps(A, indent=2).encode(), "a.json")) == [A]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a"])
@pytest.mark.parametrize("raw", [b"", BOM, b"\n\n\n", b" "])
def test_nothing_holds_no_items(read, raw, name):
    """Empty files, blank lines."""
    assert read(raw, name) == []


def test_an_empty_array_and_a_table_without_rows_hold_no_items(read):
    """Nor does a wrapped list without elements."""
    assert read(b"[]", "a.json") == read(b'{"memories": []}', "a.json") == read(b"content,tags\n", "a.csv") == []


def test_the_head_of_a_wrapped_list_is_kept(tmp_path):
    """The formats look for the date of the export there; an iterable has none."""
    path = tmp_path / "a.json"
    path.write_bytes(as_json({"exported": "2025-01-01", "about": {"n": 1}, "memories": [A]}))
    source = open_file(path, lists=LISTS, limit_bytes=1_000)
    assert source.head == {"exported": "2025-01-01", "about": {"n": 1}}
    assert not source.is_table
    source.stream.close()
    assert of_iterable([A]).head == {}


BROKEN_LINES = [
    (b'{"content": "Prefers tea"', "json_invalid"),
    (b'{"content": "a"} {"content": "b"}', "json_invalid"),
]
BROKEN = [
    (b"{'content': 'Prefers tea'}", "json_invalid"),
    (b"Prefers tea", "json_invalid"),
    (b'{"content": "\xff\xfe"}', "json_invalid"),
    (b'{"content": "cut \\ud83d"}', "json_invalid"),
    (b'{"content": "\xed\xa0\xbd"}', "json_invalid"),
    (b'{"content": "a\0b"}', "json_invalid"),
    (b'{"content": "a", "importance": NaN}', "finite_number"),
    (b'{"content": "a", "importance": -Infinity}', "finite_number"),
    (b'{"content": "a", "content": "b"}', "duplicate_name"),
    (b'{"content" : "a", "content": "b"}', "duplicate_name"),
    (b'{"content": "a", "metadata": {"x": 1, "x": 1}}', "duplicate_name"),
    (b'{"content": "a", "cont\\u0065nt": "b"}', "duplicate_name"),
    (b'{"content": "say \\":", "content": "b"}', "duplicate_name"),
    (b'{"content": "a", "x": ' + b"9" * 5_000 + b"}", "json_invalid"),
    (b'{"content": "a", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "json_invalid"),
    (b'{"content": "a", "x": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", "nested_too_deep"),
]


@pytest.mark.parametrize(("broken", "code"), BROKEN_LINES + BROKEN, ids=[repr(raw[:40]) for raw, _ in BROKEN_LINES + BROKEN])
def test_a_line_that_cannot_be_decoded_is_an_item_with_the_reason_and_its_bytes(read, broken, code):
    """And does not take its neighbours with it."""
    items = read(b"\n".join([as_json(A), broken, as_json(B)]))
    assert values(items) == [A, code, B]
    assert items[1][:2] == (None, broken)
    assert items[1].category == "source"
    assert items[1].fault.hint


@pytest.mark.parametrize(("broken", "code"), BROKEN, ids=[repr(raw[:40]) for raw, _ in BROKEN])
def test_an_element_that_cannot_be_decoded_is_an_item_with_the_reason_and_its_bytes(read, broken, code):
    """As long as its brackets and quotes are in pairs."""
    items = read(b"[" + b",\n".join([as_json(A), broken, as_json(B)]) + b"]", "a.json")
    assert values(items) == [A, code, B]
    assert items[1][:2] == (None, broken)


@pytest.mark.parametrize("name", ["a.json", "memory"])
def test_a_broken_first_line_does_not_take_the_others(read, name):
    """In a file that does not say by its suffix that it holds lines."""
    assert values(read(b'{"content": tru}\n' + as_json(A, B), name)) == ["json_invalid", A, B]


@pytest.mark.parametrize("name", ["a.json", "memory"])
def test_lines_are_told_by_the_first_however_long_it_is(read, name):
    """Also where it is longer than what is looked at first."""
    long = {"content": "x" * SNIFFED_BYTES}
    codes = [item.fault.code if item.fault else len(item.value["content"]) for item in read(as_json(long, A, B), name)]
    assert codes == [SNIFFED_BYTES, len(A["content"]), len(B["content"])]


def test_a_long_integer_is_decoded_whole(read):
    """And not as a float that is near it: the gate then tells that it is too large."""
    number = 123456789012345678901234567890
    (item,) = read(b'{"content": "a", "metadata": {"n": %d, "m": 1.5}}' % number)
    assert item.value["metadata"] == {"n": number, "m": 1.5}
    assert [found.code for found in validate(item.value).errors] == ["integer_too_large"]


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**63, 2**64, 10**18, 10**19, -(10**30)])
def test_an_integer_is_what_it_was(number):
    """At the edge of 64 bits and beyond."""
    found = decode(b'{"n": %d}' % number).value["n"]
    assert found == number
    assert type(found) is int


def test_nesting_that_json_can_say_is_left_to_the_gate(read):
    """300 levels are decoded, and refused with the place."""
    (item,) = read(b'{"content": "a", "metadata": {"x": ' + b"[" * 300 + b"]" * 300 + b"}}")
    assert [(found.path, found.code) for found in validate(item.value).errors] == [("metadata.x", "nested_too_deep")]


def test_a_line_that_is_too_long_is_told_and_the_next_one_is_read(read):
    """Its start is kept, its length is named."""
    long = as_json({"content": "x" * 1_000})
    items = read(as_json(A) + b"\n" + long + b"\n" + as_json(B), limit_bytes=100)
    assert values(items) == [A, "record_too_long", B]
    assert long.startswith(items[1].raw)
    assert len(items[1].raw) == 101
    assert items[1].category == "resource"
    assert f"{len(long) + 1}" in items[1].fault.message


@pytest.mark.parametrize("extra", range(-2, 3))
def test_the_longest_line_allowed_is_read(read, extra):
    """To the byte, with and without a line end behind it."""
    line = as_json({"content": "x" * 50})
    limit = len(line) - extra
    expected = "record_too_long" if extra > 0 else {"content": "x" * 50}
    assert values(read(line, limit_bytes=limit)) == [expected]
    assert values(read(line + b"\n" + as_json({}), limit_bytes=limit)) == [expected, {}]


def test_an_element_that_is_too_long_is_told(read):
    """As a line is."""
    items = read(as_json([A, {"content": "x" * 1_000}]), "a.json", limit_bytes=100)
    assert [bool(item.fault) for item in items] == [False, True]


@pytest.mark.parametrize("end", [b', {"content": "Liv', b"", b", "])
def test_a_list_that_has_no_end_is_read_up_to_there(tmp_path, end):
    """What was whole before is read, and that more is missing ends the reading."""
    (tmp_path / "a.json").write_bytes(b'[{"content": "Prefers tea"}' + end)
    source = open_file(tmp_path / "a.json", lists=LISTS, limit_bytes=1 << 20)
    with source.stream:
        items = [item_of(next(source.items)), item_of(next(source.items))]
        with pytest.raises(SourceEndedError, match=r"a\.json ends before the end of its list"):
            next(source.items)
    assert values(items) == [A, "json_invalid"]
    assert items[1].raw == end.lstrip(b", ")


def test_what_stands_behind_an_array_does_not_vanish(read):
    """Two exports strung together."""
    items = read(as_json([A]) + b"\n" + as_json([B]), "a.json")
    assert values(items)[0] == A
    assert b"Berlin" in b"".join(item.raw for item in items)


ROWS = [
    ("a cell too many", b"content,tags\nTea,a,b\nMilk,c\n", ["row_invalid", {"content": "Milk", "tags": "c"}]),
    ("a cell missing", b"content,tags\nTea\nMilk,a\n", ["row_invalid", {"content": "Milk", "tags": "a"}]),
    ("a row cut off", b"content,tags\nTea,a\nMilk", [{"content": "Tea", "tags": "a"}, "row_invalid"]),
    ("a quoted line end", b'content,tags\n"Tea,\nwith ""milk""",a\n', [{"content": 'Tea,\nwith "milk"', "tags": "a"}]),
    ("no UTF-8", b"content,tags\nCaf\xe9,a\nTea,b\n", ["not_utf8", {"content": "Tea", "tags": "b"}]),
    ("empty cells", b"content,tags\nTea,\n,a\n,\n", [{"content": "Tea", "tags": ""}, {"content": "", "tags": "a"}]),
    ("spaces", b"content,tags\n Tea , a\n", [{"content": " Tea ", "tags": " a"}]),
    ("other letters", "content\nŻЖщ 茶 😀\n".encode(), [{"content": "ŻЖщ 茶 😀"}]),
    ("an open quote", b'content\nMilk\n"Tea\n', [{"content": "Milk"}, "row_invalid"]),
    ("a quote that is never closed", b'content\n"Tea\nMilk\nBread\n', ["row_invalid", {"content": "Milk"}, {"content": "Bread"}]),
]


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in ROWS], ids=[case[0] for case in ROWS])
def test_a_row_is_read_or_told(read, raw, expected):
    """A bad one does not take the next with it."""
    assert values(read(raw, "a.csv")) == expected


def test_a_bad_row_keeps_its_cells(read):
    """As one line of CSV."""
    items = read(b'content,tags\n"Tea, hot",a,b\nCaf\xe9,x\n', "a.csv")
    assert [item.raw for item in items] == [b'"Tea, hot",a,b', b"Caf\xe9,x"]


def test_a_row_that_is_too_long_is_told(read):
    """On one line or over several: its first line is kept, the table is read on."""
    assert values(read(b"content\n" + b"x" * 200 + b"\nTea\n", "a.csv", 100)) == ["record_too_long", {"content": "Tea"}]
    found = values(read(b'content\n"' + b"Milk\n" * 50 + b'"\nTea\n', "a.csv", 100))
    assert found == ["record_too_long", *[{"content": "Milk"}] * 49, "row_invalid", {"content": "Tea"}]


def test_a_head_that_is_no_utf_8_is_told(read):
    """Before any row is read: under such names no cell could be kept."""
    with pytest.raises(SourceError, match="the head of the table is no valid UTF-8: save the table"):
        read(b"Caf\xe9\nTea\n", "a.csv")


def test_a_column_given_twice_loses_no_cell(read):
    """It is told before any row is read: no cell of it could be kept apart."""
    with pytest.raises(SourceError, match="names note more than once"):
        read(b"content,note,note\nTea,one,two\n", "a.csv")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [("tea; morning ;home", ["tea", "morning", "home"]), ("tea, milk", ["tea", "milk"]), (";", None), ("tea", ["tea"])],
)
def test_tags_in_a_cell_are_split(read, tags, expected):
    """At semicolons or commas, by the format of tables."""
    (item,) = read(f'content,tags,importance,place\nTea,"{tags}",0.5,Oslo\n'.encode(), "a.csv")
    (part,) = generic.TABLE.read(item.value, Context())
    assert isinstance(part, Draft)
    memory = validate(part.fields).memory
    assert memory.tags == tuple(expected or ())
    assert memory.importance == 0.5
    assert memory.metadata == {"place": "Oslo"}


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("a.json", '{"content": "Tea"}'.encode("utf-16-le"), "binary"),
        ("a.db", b"SQLite format 3\0" + bytes(100), "is a SQLite file: give it by itself"),
        ("a.zip", b"PK\x03\x04" + bytes(20), "compressed"),
        ("a.jsonl", bytes(range(256)) * 4, "binary"),
    ],
)
def test_what_is_no_text_is_no_source(read, name, raw, message):
    """It is said before any work starts, with the path and what to do."""
    with pytest.raises(SourceError, match=message) as caught:
        read(raw, name)
    assert name in str(caught.value)
    assert isinstance(caught.value, UsageError)


def test_a_directory_is_no_source(tmp_path):
    """Nor is a path where nothing is; both are named."""
    with pytest.raises(SourceError, match=r"is a directory: name the files in it"):
        open_file(tmp_path, lists=LISTS, limit_bytes=100)
    missing = tmp_path / "missing.json"
    with pytest.raises(SourceError, match=r"missing\.json does not exist"):
        open_file(missing, lists=LISTS, limit_bytes=100)
    with pytest.raises(SourceError, match=r"cannot be read|does not exist"):
        open_file(missing / "below", lists=LISTS, limit_bytes=100)
    (tmp_path / "file").write_bytes(b"{}")
    with pytest.raises(SourceError, match=r"cannot be read: .+"):
        open_file(tmp_path / "file" / "below", lists=LISTS, limit_bytes=100)


def test_an_iterable_gives_its_records_as_they_are():
    """One at a time; there are no bytes."""
    given_ = iter([A, 5, None])
    source = of_iterable(given_)
    assert isinstance(source, Items)
    assert next(source.items) == Item(A)
    assert list(given_) == [5, None]


TEXTS = st.text(max_size=5) | st.sampled_from(['":', '"', "\\", '":"', "a"])
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)
COLONS = st.sampled_from([":", ": ", " : ", " :", "\n:\t"])


@given(VALUES, st.sampled_from([None, 1]), st.booleans(), st.sampled_from([(",", ":"), (", ", " : ")]))
def test_any_json_is_decoded_as_it_is(value, indent, ensure_ascii, separators):
    """Integers whole, whatever the spacing."""
    raw = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii, separators=separators).encode()
    found = decode(raw)
    assert found == Item(value, raw)
    assert repr(found.value) == repr(json.loads(raw))


@given(st.lists(st.tuples(st.sampled_from("abc"), VALUES, COLONS), max_size=4))
def test_a_name_given_twice_is_always_found(members):
    """And one given once is never accused."""
    raw = "{" + ",".join(f"{json.dumps(name)}{colon}{json.dumps(value)}" for name, value, colon in members) + "}"
    names = [name for name, _, _ in members]
    found = decode(raw.encode())
    if len(set(names)) < len(names):
        assert found.fault is not None
        assert found.fault.code == "duplicate_name"
    else:
        assert found.value == {name: value for name, value, _ in members}


@given(st.binary(max_size=40) | st.text('{}[]":, 1a\\', max_size=30).map(str.encode))
def test_any_bytes_are_a_value_or_a_fault(raw):
    """Nothing raises, and the bytes are kept."""
    found = decode(raw)
    assert found.raw == raw
    assert found.fault is None or found.value is None


@given(
    raw=st.binary(max_size=60),
    name=st.sampled_from(["a.json", "a.jsonl", "a.csv", "a.tsv", "a"]),
    start=st.sampled_from([b"", b"[", b"{", b'{"memories":[']),
)
def test_any_file_is_items_or_a_source_error(tmp_path_factory, raw, name, start):
    """Whatever its bytes and its name."""
    path: Path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(start + raw)
    try:
        source = open_file(path, lists=LISTS, limit_bytes=50)
    except SourceError as error:
        assert name in str(error)  # noqa: PT017 - both outcomes are right
        return
    with source.stream:
        try:
            for item in map(item_of, source.items):
                assert (item.fault is None) or (item.value is None)
        except SourceEndedError:
            assert name in ("a.json", "a")  # a list that has no end
        except SourceError as error:
            assert "the head of the table" in str(error)  # noqa: PT017 - both outcomes are right
