"""Pickles are data: nothing in them runs, and none takes more memory than it has bytes for."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from memproc.sources.live.inert import Inert, unpickled

PLAIN = [
    {"a": [1, 2.5, None, True, "x"], "b": {"c": b"bytes"}},
    (datetime(2026, 3, 1, tzinfo=UTC), date(2026, 3, 1)),
    UUID(int=7),
    [[[]] * 3, "text" * 100],
]


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_plain_values_are_themselves(value, protocol):
    """In every protocol that Python 3 takes by itself."""
    assert unpickled(pickle.dumps(value, protocol)) == value


HARMFUL = {
    "a call": b"cos\nsystem\n(S'exit 1'\ntR.",
    "a class with items": pickle.dumps(OrderedDict(a=1)),
    "a method of a builtin": b"cbuiltins\neval\n(S'1/0'\ntR.",
}


@pytest.mark.parametrize("raw", HARMFUL.values(), ids=HARMFUL)
def test_what_is_named_is_neither_imported_nor_called(raw):
    """An inert object stands in its place."""
    assert type(unpickled(raw)) is Inert


def shared(depth):
    """Return a list that holds the same list ten times, and so on, so deep."""
    inner = []
    for _ in range(depth):
        inner = [inner] * 10
    return inner


def test_a_number_to_keep_in_mind_takes_no_memory():
    """Four bytes that say 4,294,967,295: the unpickler written in C would make room for so many."""
    assert unpickled(b"\x80\x02K\x01r\xff\xff\xff\xff.") == 1


TOO_LARGE = {"a list in lists": pickle.dumps(shared(9)), "less than it says": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x00ab."}


@pytest.mark.parametrize("raw", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_short_pickle_of_a_large_value_is_refused(raw):
    """Before it takes memory."""
    with pytest.raises((ValueError, EOFError, pickle.UnpicklingError)):
        unpickled(raw)
