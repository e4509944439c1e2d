"""The elements of an array are cut out as they stand, wherever the chunks end."""

from __future__ import annotations

import json
from collections import Counter
from io import BytesIO
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memproc.sources import window
from memproc.sources.elements import array_elements, list_in_object
from memproc.sources.window import Element, Flaw

LIMIT = 1 << 20
NAMES = frozenset({"memories", "items"})

TEXTS = st.text(max_size=6) | st.text('"\\{}[],: \n', max_size=6)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)
SPACES = st.text(" \t\r\n", max_size=3)
CHUNKS = st.integers(1, 40)
INDENTS = st.sampled_from([None, 0, 1, 4])


def cut(raw: bytes, chunk_bytes: int = window.CHUNK_BYTES, limit_bytes: int = LIMIT) -> list[Element]:
    """Cut an array, reading so many bytes at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "CHUNK_BYTES", chunk_bytes)
        return list(array_elements(BytesIO(raw), limit_bytes))


def look(
    raw: bytes, chunk_bytes: int = window.CHUNK_BYTES, limit_bytes: int = LIMIT, unread: Counter[str] | None = None
) -> tuple[bytes | None, list[Element]]:
    """Look for a list in an object, reading so many bytes at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "CHUNK_BYTES", chunk_bytes)
        head, found = list_in_object(BytesIO(raw), NAMES, limit_bytes, Counter() if unread is None else unread)
        return head, list(found)


def whole(*raws: bytes) -> list[Element]:
    """Return whole elements."""
    return [Element(raw) for raw in raws]


@settings(max_examples=50)
@given(st.lists(VALUES, max_size=6), CHUNKS, INDENTS, st.booleans())
def test_any_list_is_cut_into_its_values(values, chunk_bytes, indent, ensure_ascii):
    """For any size of chunks and any indentation."""
    raw = json.dumps(values, indent=indent, ensure_ascii=ensure_ascii).encode("utf-8", "surrogatepass")
    found = cut(raw, chunk_bytes)
    assert all(element.flaw is None for element in found)
    assert [json.loads(element.raw.decode("utf-8", "surrogatepass")) for element in found] == values


@pytest.mark.costly
@settings(max_examples=50)
@given(st.lists(st.tuples(SPACES, VALUES, SPACES), max_size=5), CHUNKS)
def test_the_bytes_of_an_element_are_those_that_stand_there(parts, chunk_bytes):
    """Without the white space around them."""
    raws = [json.dumps(value).encode() for _, value, _ in parts]
    raw = (
        b" \n["
        + b",".join(before.encode() + raw + after.encode() for (before, _, after), raw in zip(parts, raws, strict=True))
        + b"]"
    )
    assert cut(raw, chunk_bytes) == whole(*raws)


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    "broken",
    [
        b'{"a":tru}',
        b"{a:1}",
        b'{"a" 1}',
        b'{"a":1,}',
        b"[1,,2]",
        b"[1,",
        b"nul",
        b"01",
        b"1 2",
        b"'x'",
        b'{"a":[}',
        b'"\\q"',
        b"\xff\xfe",
        b"NaN",
        b"-",
    ],
)
def test_a_broken_element_does_not_take_its_neighbours(broken, chunk_bytes):
    """Of the ones before and behind it none is touched; what is broken is kept."""
    before, behind = b'{"content":"before"}', b'{"content":"behind"}'
    found = cut(b"[" + before + b", " + broken + b", " + behind + b"]", chunk_bytes)
    assert found[0] == Element(before)
    if broken.count(b"[") + broken.count(b"{") == broken.count(b"]") + broken.count(b"}"):
        assert found[-1] == Element(behind)
    assert broken in b"".join(element.raw for element in found)


@pytest.mark.parametrize("chunk_bytes", [1, 2, 1_000])
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"[1, }, 2]", whole(b"1", b"}", b"2")),
        (b'[{"a":1}}, {"b":2}]', whole(b'{"a":1}', b"}", b'{"b":2}')),
        (b'[{"a":1]}, {"b":2}]', whole(b'{"a":1]', b"}", b'{"b":2}')),
        (b"[1}2, 3]", whole(b"1", b"}", b"2", b"3")),
        (b"[[1}, 2]", whole(b"[1}", b"2")),
    ],
)
def test_a_stray_bracket_is_a_broken_element_of_its_own(raw, expected, chunk_bytes):
    """It ends what it stands behind."""
    assert cut(raw, chunk_bytes) == expected


@pytest.mark.parametrize("rest", [b'{"b":2}', b', {"b":2}]', b'[{"b":2}]', b"\n\n 5 "])
def test_what_stands_behind_the_array_does_not_vanish(rest):
    """Two arrays in one file, or a bracket too many: the rest is given too, or given as broken."""
    found = cut(b'[{"a":1}]' + rest)
    assert found[0] == Element(b'{"a":1}')
    assert rest.strip(b" \n,[]") in b"".join(element.raw for element in found[1:])
    assert len(found) > 1


@pytest.mark.parametrize("chunk_bytes", [1, 2, 5, 1_000])
@pytest.mark.parametrize("tail", [b'{"b": "x', b'{"b": [1', b'{"b"', b'"x', b'"x\\', b"[", b"{", b"12"])
def test_the_end_of_a_truncated_array_is_told(tail, chunk_bytes):
    """What came before it is whole."""
    assert cut(b'[{"a":1}, ' + tail, chunk_bytes) == [Element(b'{"a":1}'), Element(tail, Flaw.UNFINISHED)]


@settings(max_examples=50)
@given(st.lists(VALUES, max_size=4), st.integers(0, 60), CHUNKS)
def test_a_cut_file_gives_what_was_whole_before_the_cut(values, length, chunk_bytes):
    """And never a value that was not there."""
    raw = json.dumps(values).encode()[: max(length, 1)]
    expected = [json.dumps(value).encode() for value in values]
    found = cut(raw, chunk_bytes)
    complete = [element.raw for element in found if element.flaw is None]
    assert complete == expected[: len(complete)]
    assert sum(element.flaw is not None for element in found) <= 1


@settings(max_examples=50)
@given(st.binary(max_size=60) | st.text('{}[]",:\\ 1a', max_size=40).map(str.encode), CHUNKS)
def test_any_bytes_are_cut_the_same_way_whatever_the_chunks(rest, chunk_bytes):
    """Nothing raises, nothing goes on for ever."""
    assert cut(b"[" + rest, chunk_bytes) == cut(b"[" + rest)
    assert look(b"{" + rest, chunk_bytes) == look(b"{" + rest)


@pytest.mark.parametrize(("raw", "count"), [(b"[]", 0), (b"[ \n ]", 0), (b"  [\n]", 0), (b"[,,1,,2,]", 2)])
def test_empty_places_are_no_elements(raw, count):
    """An empty array, commas too many."""
    assert len(cut(raw)) == count


@pytest.mark.parametrize("chunk_bytes", [10, 64, 100_000])
def test_an_element_that_is_too_long_is_cut_short_and_told(chunk_bytes):
    """Wherever it stands, and however much is read at a time: its start is kept, as much as is allowed."""
    long = b'{"a":"' + b"x" * 500 + b'"}'
    found = cut(b'[{"a":1},' + long + b"]", chunk_bytes, limit_bytes=100)
    assert found[0] == Element(b'{"a":1}')
    assert found[1].flaw is Flaw.TOO_LONG
    assert long.startswith(found[1].raw)
    assert len(found[1].raw) <= 100


@pytest.mark.parametrize("chunk_bytes", [1, 3, 1_000])
@pytest.mark.parametrize(
    ("raw", "head", "expected"),
    [
        (b'{"memories":[1,2]}', b"{}", [b"1", b"2"]),
        (b' { "items" : [ {"a":1} ] } ', b"{}", [b'{"a":1}']),
        (b'{"total":2,"about":{"items":[9]},"memories":[1]}', b'{"total":2,"about":{"items":[9]}}', [b"1"]),
        (b'{"items":"none","memories":[1]}', b'{"items":"none"}', [b"1"]),
        (b'{"items":null, "x":"\\"memories\\":[5]", "memories":[1]}', b'{"items":null,"x":"\\"memories\\":[5]"}', [b"1"]),
        (b'{"memories":[]}', b"{}", []),
    ],
)
def test_a_wrapped_list_is_found_behind_its_head(raw, head, expected, chunk_bytes):
    """Under one of the names, on the first level; what stands before it is an object of its own."""
    found_head, found = look(raw, chunk_bytes)
    assert json.loads(found_head) == json.loads(head)
    assert found == whole(*expected)


@settings(max_examples=50)
@given(st.dictionaries(TEXTS.filter(lambda name: name not in NAMES), VALUES, max_size=4), CHUNKS, INDENTS)
def test_an_object_without_such_a_list_is_given_whole(value, chunk_bytes, indent):
    """To be read as one record."""
    raw = json.dumps(value, indent=indent).encode()
    head, found = look(raw, chunk_bytes)
    assert head is None
    assert [(json.loads(element.raw), element.flaw) for element in found] == [(value, None)]


@pytest.mark.costly
@settings(max_examples=50)
@given(
    st.dictionaries(TEXTS.filter(lambda name: name not in NAMES), VALUES, max_size=3), st.lists(VALUES, max_size=4), CHUNKS, INDENTS
)
def test_a_head_and_a_list_are_taken_apart_exactly(members, values, chunk_bytes, indent):
    """Whatever the values hold."""
    raw = json.dumps({**members, "memories": values}, indent=indent).encode()
    head, found = look(raw, chunk_bytes)
    assert json.loads(head) == members
    assert [json.loads(element.raw) for element in found] == values


@pytest.mark.parametrize("raw", [b'{"a":1, 5}', b"{nonsense}", b'{"a":', b'{"a', b"{", b'{"memories":5', b'{"a":1 "b":2}'])
def test_an_object_that_is_broken_is_kept_whole(raw):
    """Nothing of it is lost."""
    head, (found,) = look(raw)
    assert head is None
    assert found.raw.replace(b" ", b"") == raw.replace(b" ", b"")
    assert (found.flaw is Flaw.UNFINISHED) == (raw[-1:] != b"}")


def test_a_wrapped_list_that_ends_early_tells_so():
    """The head is there, the last element is not whole."""
    head, found = look(b'{"total":2,"memories":[{"a":1},{"b":')
    assert json.loads(head) == {"total": 2}
    assert found == [Element(b'{"a":1}'), Element(b'{"b":', Flaw.UNFINISHED)]


def test_memory_is_bounded_by_the_largest_element():
    """Of a long stream only a few chunks are in memory at a time."""
    taken = 0

    class Stream:
        """An array without end, as far as anyone reads."""

        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int, /) -> bytes:
            """Give elements of 100 bytes."""
            self.given += size
            return (b"[" if self.given == size else b"") + (b'{"a":"' + b"x" * 90 + b'"},') * (size // 99)

    stream = Stream()
    for element in array_elements(stream, LIMIT):
        taken += len(element.raw)
        assert stream.given - taken < 4 * window.CHUNK_BYTES
        if taken > 3_000_000:
            break


def as_json(value: Any) -> bytes:
    """Return JSON bytes."""
    return json.dumps(value).encode()


def test_objects_inside_objects_are_no_elements():
    """The short cut by the next `},{` does not cut a list inside an object."""
    values = [{"a": [{"b": 1}, {"c": 2}]}, {"d": "},{"}, {"e": '"},{"'}, [{"f": 1}, {"g": 2}]]
    raw = b"[" + b",".join(as_json(value).replace(b"}, {", b"},{") for value in values) + b"]"
    assert [json.loads(element.raw) for element in cut(raw)] == values


def test_a_list_that_is_cut_off_leaves_a_mark():
    """The stream ended before the array did: what is missing is not passed over in silence."""
    assert [element.flaw for element in cut(b'[{"a": 1}, {"a": 2},')] == [None, None, Flaw.UNFINISHED]


@pytest.mark.costly
def test_what_is_too_long_does_not_take_its_neighbours():
    """Its start is kept, and reading goes on behind it."""
    long = b'{"a": [' + b'"x", ' * 400_000 + b'"x"]}'
    found = list(array_elements(BytesIO(b'[{"a": 1}, ' + long + b', {"a": 2}]'), 1_000))
    assert [element.raw for element in found if element.flaw is None] == [b'{"a": 1}', b'{"a": 2}']
    assert len(found) == 3
    assert len(found[1].raw) == 1_000


def test_every_list_of_an_object_is_read():
    """Also the second, and an empty first one."""
    raw = b'{"n": 1, "items": [], "results": [{"a": 1}], "total": 2, "items": [{"a": 2}]}'
    _, found = list_in_object(BytesIO(raw), frozenset({"items", "results"}), 1_000, Counter())
    assert [element.raw for element in found] == [b'{"a": 1}', b'{"a": 2}']


@pytest.mark.costly
def test_short_objects_among_other_values_are_all_cut_however_many_there_are():
    """The short cut looks no farther than it has looked before: `tests/test_linear.py` measures it."""
    assert len(cut(b"[" + b",".join([b'{"a":1},null'] * 60_000) + b"]")) == 120_000


@pytest.mark.costly
def test_an_object_of_very_many_members_is_read():
    """What the members take together is counted, not summed anew for each: `tests/test_linear.py` measures it."""
    raw = b"{" + b",".join(b'"name %d":%d' % (n, n) for n in range(100_000)) + b"}"
    assert look(raw, limit_bytes=1 << 22) == (None, whole(raw))


def test_a_long_value_is_read_by_chunks_that_grow_with_it():
    """So that it is not copied and looked through anew for each chunk."""
    sizes = []

    class Stream(BytesIO):
        def read(self, size, /):
            sizes.append(size)
            return super().read(size)

    element = b'{"a":"' + b"x" * 8_000_000 + b'"}'
    assert list(array_elements(Stream(b"[" + element + b",1]"), 1 << 24)) == whole(element, b"1")
    assert len(sizes) < 12


def string_of(length: int) -> bytes:
    """Return a JSON string that long, in which there is everything that could be taken for its end."""
    return b'"' + (b'\\"},{\\\\[[,' * length)[: length - length % 10] + b'"'


BEFORE, BEHIND = [b'{"n":%d}' % n for n in range(5)], [b'{"n":%d}' % n for n in range(5, 100)]
LONG = {
    "a string": string_of(5_000),
    "a string in an object": b'{"a":' + string_of(5_000) + b',"b":[{}]}',
    "a string in lists": b"[[[" + string_of(5_000) + b"]]]",
    "a name": b"{" + string_of(5_000) + b":1}",
    "several strings": b"[" + b",".join([string_of(700)] * 20) + b"]",
    "a number": b"1" * 5_000,
    "no JSON": b"x" * 5_000,
    "empty lists": b"[" * 5_000 + b"]" * 5_000,
    "white space inside": b"[1," + b" " * 5_000 + b"2]",
}


@pytest.mark.parametrize("limit_bytes", [10, 100, 1_000])
@pytest.mark.parametrize("chunk_bytes", [7, 64, 1_000, 100_000])
@pytest.mark.parametrize("long", LONG.values(), ids=LONG)
def test_whatever_is_too_long_all_that_follows_it_is_read(long, chunk_bytes, limit_bytes):
    """In an array and in a wrapped list: its start is kept, and the rest of the list is there."""
    raw = b"[" + b", ".join([*BEFORE, long, *BEHIND]) + b"]"
    expected = [*whole(*BEFORE), Element(long[:limit_bytes], Flaw.TOO_LONG), *whole(*BEHIND)]
    assert cut(raw, chunk_bytes, limit_bytes) == expected
    assert look(b'{"total":1,"items":' + raw + b',"next":{}}', chunk_bytes, limit_bytes) == (b'{"total":1}', expected)


@pytest.mark.parametrize("chunk_bytes", [7, 64, 100_000])
@pytest.mark.parametrize("long", LONG.values(), ids=LONG)
@pytest.mark.parametrize("place", ["before", "behind", "both"])
def test_what_is_too_long_beside_a_list_costs_it_nothing(long, chunk_bytes, place):
    """It is left out of the head."""
    before = b'"x":' + long + b"," if place != "behind" else b""
    behind = b',"x":' + long if place != "before" else b""
    raw = b'{"a":1,' + before + b'"b":2,"items":[' + b",".join(BEHIND) + b"]" + behind + b',"memories":[7]}'
    assert look(raw, chunk_bytes, 100) == (b'{"a":1,"b":2}', whole(*BEHIND, b"7"))


@pytest.mark.parametrize("chunk_bytes", [1_000, 1 << 18])
def test_a_name_that_is_too_long_is_passed(chunk_bytes):
    """Before the list and behind it."""
    name = string_of(200_000)
    raw = b'{"a":1,' + name + b':{"b":2},"items":[1,2],' + name + b' : [{"c":3}],"memories":[3]}'
    assert look(raw, chunk_bytes) == (b'{"a":1}', whole(b"1", b"2", b"3"))


def test_a_name_is_told_however_it_is_written():
    """JSON may escape any letter."""
    assert look(b'{"\\u0069tems":[1]}') == (b"{}", whole(b"1"))


@pytest.mark.costly
def test_memory_stays_bounded_while_a_long_value_is_passed():
    """Of a string without end no more is held than its start and a chunk or two."""
    sizes = []

    class Stream:
        """An array with a string of 200 MB, and one element more."""

        def __init__(self) -> None:
            self.parts = chain([b'["'], repeat(b"x" * 200_000, 1_000), [b'",1]'])

        def read(self, size: int, /) -> bytes:
            """Give the next part."""
            sizes.append(size)
            return next(self.parts, b"")

    assert list(array_elements(Stream(), 1_000)) == [Element(b'"' + b"x" * 999, Flaw.TOO_LONG), Element(b"1")]
    assert max(sizes) <= 4 * window.CHUNK_BYTES


@pytest.mark.parametrize("chunk_bytes", [7, 64, 100_000])
@pytest.mark.parametrize("start", [b'"' + b"x" * 500, b'{"a":"' + b"x" * 500, b"[" * 500, b'{"a":"},{', b'"' + b"\\" * 501])
def test_a_value_that_never_ends_and_was_not_kept_is_told_as_lost(start, chunk_bytes):
    """What it should have ended before cannot be told from it; where all of it is kept nothing is lost."""
    raw = start + b',{"b":2}' * 40
    assert cut(b"[1," + raw, chunk_bytes, 100) == [Element(b"1"), Element(raw[:100], Flaw.LOST)]
    assert cut(b"[1," + raw, chunk_bytes) == [Element(b"1"), Element(raw, Flaw.UNFINISHED)]
    assert look(b'{"items":[1],"x":' + raw, chunk_bytes, 100)[1][1].flaw in (Flaw.LOST, Flaw.UNFINISHED)


@pytest.mark.parametrize("chunk_bytes", [1, 3, 1_000])
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'[{"a":1}][{"b":2},{"c":3}]', whole(b'{"a":1}', b'{"b":2}', b'{"c":3}')),
        (b'[{"a":1}]\n{"b":2}\n{"c":3}', whole(b'{"a":1}', b'{"b":2}', b'{"c":3}')),
        (b'[{"a":1}],{"b":2},{"c":3}]', whole(b'{"a":1}', b'{"b":2}', b'{"c":3}', b"]")),
        (b"[1] [2", [*whole(b"1", b"2")[:1], Element(b"2", Flaw.UNFINISHED)]),
    ],
)
def test_what_follows_an_array_is_cut_as_it_is(raw, expected, chunk_bytes):
    """Another array, objects, a bracket too many."""
    assert cut(raw, chunk_bytes) == expected


@pytest.mark.parametrize("chunk_bytes", [1, 3, 1_000])
@pytest.mark.parametrize(
    ("raw", "head", "expected"),
    [
        (b'{"n":1,"items":[1]} {"n":2,"items":[2,3]}', b'{"n":1}', whole(b"1", b"2", b"3")),
        (b'{"items":[1]}[2,3]', b"{}", whole(b"1", b"2", b"3")),
        (b'{"items":[1,2}, 3]}', b"{}", whole(b"1", b"2", b"}", b"3")),
        (b'{"items":[1]}, "items":[2]}', b"{}", whole(b"1", b'"items":[2]', b"}")),
        (b'{"items":[1],nonsense,"memories":[2]}', b"{}", whole(b"1", b"nonsense", b"2")),
        (b'{nonsense,"items":[1]}', b"{}", whole(b"nonsense", b"1")),
        (b'{"a":1}{"items":[2]}', None, whole(b'{"a":1}', b"2")),
        (b'{"a":1}\n{"b":2}', None, whole(b'{"a":1}', b'{"b":2}')),
        (b'{"items":[1]', b"{}", [*whole(b"1"), Element(b"", Flaw.UNFINISHED)]),
        (b'{"items":[1],"x":"never', b"{}", [*whole(b"1"), Element(b'"never', Flaw.UNFINISHED)]),
    ],
)
def test_an_object_that_is_closed_early_or_goes_on_behind_its_end_is_read_on(raw, head, expected, chunk_bytes):
    """Nothing behind that place vanishes."""
    assert look(raw, chunk_bytes) == (head, expected)


@pytest.mark.parametrize("chunk_bytes", [1, 5, 1_000])
def test_lists_that_are_not_read_are_counted_by_name(chunk_bytes):
    """Those that hold objects, before the list and behind it, also where they are too long."""
    unread = Counter[str]()
    some, many = b'[{"a":[1,2]}, {"b":{"c":",{"}},{}]', b"[" + b",".join([b'{"x":"],["}'] * 500) + b"]"
    raw = b'{"old":' + some + b',"tags":["a","b"],"more":' + many + b',"items":[1],"deleted":' + some + b',"rest":' + many + b"}"
    assert look(raw, chunk_bytes, 100, unread) == (b'{"old":' + some + b',"tags":["a","b"]}', whole(b"1"))
    assert unread == {"old": 3, "more": 500, "deleted": 3, "rest": 500}


@settings(max_examples=100)
@given(st.text('{}[]",:\\ 1a', max_size=60).map(str.encode), CHUNKS, st.integers(0, 12))
def test_any_bytes_are_cut_the_same_way_whatever_the_chunks_and_the_limit(rest, chunk_bytes, limit_bytes):
    """Also where nearly everything is too long."""
    assert cut(b"[" + rest, chunk_bytes, limit_bytes) == cut(b"[" + rest, limit_bytes=limit_bytes)
    assert look(b"{" + rest, chunk_bytes, limit_bytes) == look(b"{" + rest, limit_bytes=limit_bytes)


@settings(max_examples=100)
@given(st.text('{}[]",:\\ 1a', max_size=60).map(str.encode), CHUNKS)
def test_every_byte_of_an_array_is_in_an_element_or_between_two(rest, chunk_bytes):
    """Put together again, nothing but white space, commas and the brackets of arrays is missing."""
    raws = [element.raw for element in cut(b"[" + rest, chunk_bytes)]
    at = 0
    for raw in raws:
        found = rest.index(raw, at)
        assert not rest[at:found].strip(b" ,[]")
        at = found + len(raw)
    assert not rest[at:].strip(b" ,[]")
