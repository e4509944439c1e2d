"""Values: whatever class they have, they are read as what they are, at the moment they are given."""

from __future__ import annotations

import subprocess
import sys
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque, namedtuple
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from itertools import count
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.values import DEEPEST_READ, MOST_NAMES, UnreadableError, is_blank, settled, shown
from tests.odd_values import NOTHING, Endless
from tests.waiting import LIMIT_SECONDS


class Word(str):
    """A subclass of text that shows itself otherwise."""

    __slots__ = ()

    def __str__(self) -> str:
        """Say something else."""
        return "something else"


class Number(int):
    """A subclass of int."""


class Kind(StrEnum):
    """Text that is an enum."""

    WORK = "work"


class Level(IntEnum):
    """Numbers that are an enum."""

    HIGH = 3


class Mood(Enum):
    """An enum of text."""

    CALM = "calm"


Point = namedtuple("Point", "x y")  # noqa: PYI024 - as old code has it

SETTLED = [
    (np.int64(5), 5),
    (np.uint8(5), 5),
    (np.float32(0.5), 0.5),
    (np.float64(0.5), 0.5),
    (np.bool_(True), True),
    (np.str_("tea"), "tea"),
    (np.datetime64("2024-01-31"), datetime(2024, 1, 31)),  # noqa: DTZ001 - as NumPy has it
    (np.datetime64("2024-01-31T12:00:00.123456789", "ns"), datetime(2024, 1, 31, 12, 0, 0, 123456)),  # noqa: DTZ001
    (np.array([1, 2]), [1, 2]),
    (np.array([[1.5]]), [[1.5]]),
    (np.array("tea"), "tea"),
    (np.array(["2024-01-31"], "datetime64[ns]"), [datetime(2024, 1, 31)]),  # noqa: DTZ001
    (Word("tea"), "tea"),
    (Number(5), 5),
    (Kind.WORK, "work"),
    (Level.HIGH, 3),
    (Mood.CALM, "calm"),
    (UserString("tea"), "tea"),
    (bytearray(b"tea"), b"tea"),
    (type("Stamp", (datetime,), {})(2024, 1, 31, tzinfo=UTC), datetime(2024, 1, 31, tzinfo=UTC)),
    (type("Day", (date,), {})(2024, 1, 31), date(2024, 1, 31)),
    (OrderedDict(a=1), {"a": 1}),
    (defaultdict(list, a=[1]), {"a": [1]}),
    (Counter("aa"), {"a": 2}),
    (UserDict(a=1), {"a": 1}),
    (ChainMap({"a": 1}, {"a": 2}), {"a": 1}),
    (MappingProxyType({"a": [Kind.WORK]}), {"a": ["work"]}),
    ({Kind.WORK: 1, Word("tea"): 2}, {"work": 1, "tea": 2}),
    (UserList([1]), [1]),
    (deque([1]), [1]),
    (range(2), [0, 1]),
    ({"a": 1}.values(), [1]),
    (Point(1, 2), [1, 2]),
    ((1, [2]), (1, [2])),
    ({Kind.WORK}, {"work"}),
    (None, None),
]


@pytest.mark.parametrize(("value", "plain"), SETTLED, ids=lambda value: type(value).__name__)
def test_a_value_is_read_as_what_it_is(value, plain):
    """As itself, as a field, and inside another; always of the plain class."""
    for found in (settled(value), settled({"a": value})["a"], settled({"a": [value]})["a"][0]):
        assert found == plain
        assert type(found) is type(plain)


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda value: type(value).__name__)
def test_a_field_that_says_no_value_is_none(nothing):
    """Deeper it is left to be judged: with a null in its place the value would be another."""
    assert settled(nothing) is None
    assert settled({"a": nothing, "b": 1}) == {"a": None, "b": 1}
    assert settled({"a": [nothing]})["a"][0] is not None
    assert settled({"a": {"b": nothing}})["a"]["b"] is not None


@pytest.mark.parametrize(
    "value", [Decimal("1.5"), object(), iter([1]), (n for n in ()), 1j, float("inf"), 2**70], ids=lambda value: type(value).__name__
)
def test_what_memproc_knows_nothing_of_stays_what_it_is(value):
    """An iterator too: it can be read only once."""
    assert settled({"a": value})["a"] is value


def test_what_is_changed_afterwards_changes_nothing():
    """However deep it lies."""
    inner: dict[str, Any] = {"list": [1, {"deep": [2]}], "set": {3}}
    record = {"content": "tea", "metadata": inner}
    found = settled(record)
    inner["list"][1]["deep"].append("changed")
    inner["set"].add("changed")
    record.clear()
    assert found == {"content": "tea", "metadata": {"list": [1, {"deep": [2]}], "set": {3}}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON)
def test_json_is_what_it_was(value):
    """Nothing in it is another value for having been read."""
    found = settled(value)
    assert found == value
    assert repr(found) == repr(value)


@pytest.mark.parametrize(
    "value", [Endless(), {"a": Endless()}, UserDict(Endless().first(MOST_NAMES + 1))], ids=["it", "in", "many"]
)
def test_a_mapping_without_end_is_given_up(value):
    """Not read for ever."""
    with pytest.raises(UnreadableError, match="if it has an end"):
        settled(value)


def test_what_is_in_itself_is_given_up_at_once():
    """By way of several names, too: not after having been copied again and again."""
    record: dict[str, Any] = {"content": "tea"}
    record |= {"a": record, "b": [record, record]}
    with pytest.raises(UnreadableError, match=f"deeper than {DEEPEST_READ}"):
        settled(record)


class Forever(Mapping[str, Any]):
    """A mapping with one name, under which it stands itself."""

    def __getitem__(self, name: str) -> object:
        """Give another of the kind."""
        return Forever()

    def __iter__(self) -> Iterator[str]:
        """Give the name."""
        return iter("a")

    def __len__(self) -> int:
        """Count it."""
        return 1


def test_a_mapping_that_is_made_as_it_is_read_is_given_up():
    """At the same depth."""
    with pytest.raises(UnreadableError, match=f"deeper than {DEEPEST_READ}"):
        settled(Forever())


def test_a_sequence_without_end_is_given_up(monkeypatch):
    """As a mapping is."""
    monkeypatch.setattr("memproc.values.MOST_ITEMS", 1_000)

    class Naturals(UserList[int]):
        def __iter__(self) -> Iterator[int]:
            return count()

    with pytest.raises(UnreadableError, match="if they have an end"):
        settled({"tags": Naturals()})


BLANK = [
    "",
    " ",
    "\t\n",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\u2060\u200d",
    "\u3000",
    "\u3164",
    "\ufe0f",
    "\x1f\x7f",
    "\u2028",
    " \u00ad ",
]
SHOWN = [
    ("ann ", "ann"),
    ("\u200bann\ufeff", "ann"),
    ("\u00a0ann b\t\n", "ann b"),
    ("-", "-"),
    ("❤️", "❤️"),
    ("a\u200bb", "a\u200bb"),
    ("\0", "\0"),
]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_text_that_shows_nothing_is_blank(text):
    """Whatever it is made of."""
    assert is_blank(text)
    assert shown(text) == ""


@pytest.mark.parametrize(("text", "name"), SHOWN, ids=ascii)
def test_a_name_is_what_it_shows(text, name):
    """Its ends are; what is in the middle, or belongs to a sign, stays."""
    assert shown(text) == name
    assert not is_blank(text)


@given(st.text())
def test_what_a_name_shows_has_nothing_to_take_away(text):
    """Once is enough."""
    assert shown(shown(text)) == shown(text)


def test_neither_numpy_nor_pandas_is_loaded_for_it():
    """They are told by what their values can do."""
    code = "import sys, memproc.values, memproc.times; print([name for name in sys.modules if name in ('numpy', 'pandas')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS)
    assert done.stdout == "[]\n"


def test_what_was_settled_can_be_written():
    """By the one JSON encoder."""
    assert orjson.loads(orjson.dumps(settled({str(at): value for at, (value, plain) in enumerate(SETTLED[:6])})))
