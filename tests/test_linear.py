"""Nothing is quadratic: what is four times as long takes about four times the time, at every stage, whatever it repeats.

Measured is the time of the processor, the least of several runs, without Python's search for cycles; what is found out about a
token is forgotten before each. A ratio is judged, never seconds. Times belong to a machine that does nothing else: the default run
judges none, `pytest -m slow` does.
"""

from __future__ import annotations

import gc
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from time import process_time
from typing import Any

import pytest

import memproc
from memproc.config import Policy
from memproc.dedup.band_hashes import with_band_hashes
from memproc.dedup.cluster import clusters
from memproc.dedup.columns import Columns
from memproc.dedup.decide import decide
from memproc.dedup.decision import Decision
from memproc.dedup.neighbourhood import Neighbourhood
from memproc.dedup.preparing import prepare_all
from memproc.dedup.text.memo import Memo
from memproc.formats import chatgpt, claude, generic, locomo, mem0, own
from memproc.formats.draft import Context
from memproc.intake import Intake
from memproc.records import Fault
from memproc.sources.decoding import decode
from memproc.sources.elements import array_elements, list_in_object
from memproc.sources.items import Item
from memproc.sources.rows import rows_of
from memproc.validation import alike, validate

LEAST_SECONDS = 0.01
MOST_TIMES = 6
RUNS = 3
LARGEST = 1 << 13  # beyond that the memory that is asked for is measured, and not the work
LIMIT = 1 << 26

Make = Callable[[int], Any]


def texts() -> dict[str, Make]:
    """Return texts by what they repeat."""
    repeated = {
        "faces": ":)", "sad faces": ":(", "winks": ";)", "faces apart": ":) ", "brackets": "([", "quotes": '"', "apostrophes": "'",
        "names": "she met Bill and ", "secrets": "the key: ", "days": "in two weeks ",
        "dates": "may 4 and ", "amounts": "pays $ 20 ",
        "quoted words": '"tea" ', "what another says": '"i am" ', "commas": "tea, she ", "clauses": "in may, she moved, ",
        "negated clauses": "go, and because, ", "rows of marks": "a,, b.. ", "marks": ", . ", "ands": "tea and milk ",
        "fillers": "she really just actually likes, well, ", "articles": "the tea a ", "one typo": "kithcen ",
        "contractions": "don't i'd he's been ", "numbers": "two 1,000 ", "one long word": "a", "digits": "1", "groups": "1,",
        "points": "a.", "times": "1:", "hyphens": "a-", "slashes": "a/", "addresses": "a@b.c", "emoji": "😀", "emoji apart": "😀 ",
        "Chinese": "茶", "Chinese and Latin": "茶a", "vowels that are marks": "नि", "accents": "e\u0301", "invisible": "\u200b",
        "fractions": "½", "sentences": "she likes tea. ", "capitals": "TEA ", "feet": "5'", "dashes": "-", "units": "5mg ",
        "that": "that she ", "two spellings": "mr grey colour ", "escapes": "\\", "joined": "n't'd's ", "dots": "...",
    }  # fmt: skip
    made: dict[str, Make] = {name: lambda n, part=part: f"she can not say {part * n}" for name, part in repeated.items()}
    made["colons before a time"] = lambda n: ":" * n + "1a"
    made["many words"] = lambda n: "she likes " + " ".join(f"w{at}x" for at in range(n))
    made["many typos"] = lambda n: "she likes the " + " ".join(f"kithcen{'abcdefgh'[at % 8]}{at}" for at in range(n))
    made["many names like typos"] = lambda n: (
        "she likes the " + " ".join(f"K{chr(97 + at % 26)}thcen{chr(97 + at // 26 % 26)}" for at in range(n))
    )
    return made


def prepare_text(text: str) -> None:
    """Make the keys of a text."""
    record = {"content": text, "namespace": "n", "kind": "fact", "created_at": "2024-01-01T00:00:00.000000Z"}
    with_band_hashes(prepare_all([(record, b"", False, None)], Policy()), "standard")


def cut(raw: bytes) -> None:
    """Cut an array to its end."""
    for _ in array_elements(io.BytesIO(raw), 1 << 16):
        pass


def look(raw: bytes) -> None:
    """Look for a list in an object, and cut it to its end."""
    for _ in list_in_object(io.BytesIO(raw), frozenset({"items"}), 1 << 16, Counter())[1]:
        pass


def read_rows(text: str) -> None:
    """Read a table to its end."""
    for _ in rows_of(io.StringIO(text, newline=""), ",", LIMIT):
        pass


ARRAYS: dict[str, Make] = {
    "objects": lambda n: b"[" + b'{"a":1},' * n + b"1]",
    "objects and nulls": lambda n: b"[" + b'{"a":1},null,' * n + b"1]",
    "brackets in strings": lambda n: b"[" + b'{"a":"},{"},' * n + b"1]",
    "one long string": lambda n: b'["' + b"x" * n + b'",1]',
    "one long string of escapes": lambda n: b'["' + b'\\"' * n + b'",1]',
    "a string that never ends": lambda n: b'[1,"' + b"},{" * n,
    "quotes that are never closed": lambda n: b"[" + b'{"a":"x},' * n + b"1]",
    "open brackets": lambda n: b"[" + b"[" * n,
    "lists in each other": lambda n: b"[" + b"[" * n + b"]" * n + b"]",
    "stray brackets": lambda n: b"[" + b"]" * n,
    "white space": lambda n: b"[1" + b" " * n + b",2" + b"\n" * n + b"]",
    "commas": lambda n: b"[" + b"," * n + b"]",
    "one long object": lambda n: b"[{" + b'"a":{"b":1},' * n + b'"c":1},1]',
    "arrays behind each other": lambda n: b"[1]" * n,
}
OBJECTS: dict[str, Make] = {
    "members": lambda n: b"{" + b'"a":1,' * n + b'"b":2}',
    "lists that are not read": lambda n: b"{" + b'"a":[{"b":1}],' * n + b'"items":[1]}',
    "lists behind the list": lambda n: b'{"items":[1],' + b'"a":[{"b":1}],' * n + b'"c":1}',
    "lists": lambda n: b"{" + b'"items":[1],' * n + b'"c":1}',
    "a long name": lambda n: b'{"' + b"x" * n + b'":1,"items":[1]}',
    "no members": lambda n: b"{" + b"x," * n + b'"items":[1]}',
    "objects behind each other": lambda n: b'{"items":[1]}' * n,
}
ROWS: dict[str, Make] = {
    "quotes in the middle": lambda n: "a\n" + 'x","z\n' * n,
    "quotes that are never closed": lambda n: "a\n" + '"x\n' * n,
    "quotes that end early": lambda n: "a\n" + '"x"y\n' * n,
    "a cell over many lines": lambda n: 'a\n"' + "x\n" * n + '"\n',
    "a cell that never ends": lambda n: 'a\n"' + "x,y\n" * n,
    "many cells in quotes": lambda n: "a\n" + '"x",' * n + "\n",
    "many cells": lambda n: "a\n" + "x," * n + "\n",
    "many quotes": lambda n: 'a\n"' + '""' * n + '"\n',
    "blank lines": lambda n: "a\n" + "\r\n" * n,
    "returns": lambda n: "a\n" + "x\r" * n,
}
VALUES: dict[str, Make] = {
    "names": lambda n: b"{" + b",".join(b'"a%d":1' % at for at in range(n)) + b"}",
    "one name twice": lambda n: b"{" + b",".join(b'"a%d":1' % at for at in range(n)) + b',"a0":1}',
    "colons in strings": lambda n: b'{"a":"' + b'\\":' * n + b'"}',
    "long integers": lambda n: b"[" + b"9" * 30 + b",1" * n + b"]",
    "broken": lambda n: b'{"a":' + b"[1," * n,
    "not finite": lambda n: b"[" + b"NaN," * n + b"1]",
    "spaces": lambda n: b'{"a"' + b" " * n + b":1}",
}
TREE = {"content": {"content_type": "text", "parts": ["tea"]}, "author": {"role": "user"}}
ITEMS: dict[str, tuple[Any, Make]] = {
    "ChatGPT, a long talk": (
        chatgpt.FORMAT,
        lambda n: {
            "title": "t",
            "current_node": str(n - 1),
            "mapping": {
                str(at): {
                    "id": str(at),
                    "parent": str(at - 1) if at else None,
                    "children": [str(at + 1)],
                    "message": {"id": str(at), **TREE},
                }
                for at in range(n)
            },
        },
    ),
    "Claude, a long talk": (
        claude.CONVERSATIONS,
        lambda n: {
            "uuid": "u",
            "name": "n",
            "chat_messages": [{"uuid": str(at), "text": "tea", "sender": "human"} for at in range(n)],
        },
    ),
    "LoCoMo, many sessions": (
        locomo.FORMAT,
        lambda n: {"conversation": {f"session_{at}": [{"speaker": "a", "text": "tea", "dia_id": f"D{at}:1"}] for at in range(n)}},
    ),
    "mem0, much metadata": (mem0.FORMAT, lambda n: {"memory": "tea", "metadata": {f"m{at}": at for at in range(n)}}),
    "JSON, many fields": (generic.FORMAT, lambda n: {"content": "tea", **{f"m{at}": at for at in range(n)}}),
    "JSON, many tags": (generic.FORMAT, lambda n: {"content": "tea", "tags": ", ".join(f"t{at}" for at in range(n))}),
    "many relations": (own.FORMAT, lambda n: {"content": "t", "relations": [{"type": "a", "target": f"t{at}"} for at in range(n)]}),
    "many fields that are none": (own.FORMAT, lambda n: {"content": "tea", **{f"m{at}": at for at in range(n)}}),
    "many faults": (own.FORMAT, lambda n: {"content": "tea", "tags": [5] * n}),
}


def day(at: int) -> str:
    """Return one of very many points in time."""
    return f"20{at // 43_200 % 90 + 10}-{at // 3_600 % 12 + 1:02d}-{at % 28 + 1:02d}T{at // 28 % 24:02d}:{at // 672 % 60:02d}:00Z"


BATCHES: dict[str, Make] = {
    "one text": lambda n: [{"content": "She likes tea and cake"} for _ in range(n)],
    "one text with other metadata": lambda n: [{"content": "She likes tea and cake", "metadata": {"n": at}} for at in range(n)],
    "one text with other tags": lambda n: [{"content": "She likes tea and cake", "tags": [f"t{at}"]} for at in range(n)],
    "one id with dates": lambda n: [
        {"id": "m", "source": "s", "content": f"She has {at} cats today", "updated_at": day(at)} for at in range(n)
    ],
    "one id without dates": lambda n: [{"id": "m", "source": "s", "content": f"She has {at} cats today"} for at in range(n)],
    "one id with one date": lambda n: [
        {"id": "m", "source": "s", "content": f"She has {at} cats today", "updated_at": day(1)} for at in range(n)
    ],
    "one id and one text": lambda n: [
        {"id": "m", "source": "s", "content": "She likes tea", "metadata": {"n": at}} for at in range(n)
    ],
    "one frame": lambda n: [{"content": f"She has {at} cats", "created_at": day(at)} for at in range(n)],
    "one typo and what it stands for": lambda n: [
        {"content": f"She moved to the {('kitchen', 'kithcen')[at % 2]} near river {at // 2}"} for at in range(n)
    ],
    "benign differences": lambda n: [
        {"content": "She " + " ".join(("really", "just", "actually")[at >> place & 1] for place in range(14)) + " likes tea"}
        for at in range(n)
    ],
    "many namespaces": lambda n: [{"content": "She likes tea", "namespace": f"n{at}"} for at in range(n)],
    "many subjects": lambda n: [{"content": "She likes tea", "subject": f"n{at}"} for at in range(n)],
    "events": lambda n: [{"content": "hello", "kind": "message", "conversation": "c", "id": str(at)} for at in range(n)],
    "bad records": lambda n: [{"content": "", "metadata": {"n": at}} for at in range(n)],
    "long texts": lambda n: [{"content": f"She has {at} " + "cats and dogs " * 50} for at in range(n // 10)],
}


def land(records: list[Any]) -> None:
    """Take a batch into a new store."""
    with memproc.open("sqlite://") as store:
        report = memproc.ingest(iter(records), store, settings=memproc.Settings(batch_size=max(len(records), 1)))
        assert report.read == len(records)


def incoming(records: list[dict[str, Any]]) -> Columns:
    """Return records as they come from the intake."""
    intake = Intake(own.FORMAT, Policy())
    return intake.take_all([*map(Item, records)]).records.accepted


def judge(batch: Columns) -> None:
    """Decide a batch in an empty store."""
    decide(batch, set(), Neighbourhood({}, {}, ()))


def hot(verdict: Any) -> Make:
    """Return what makes one group of many nodes, and a decision on each with the first."""

    def made(n: int) -> Any:
        records = [{"content": "She likes tea and cake", "id": str(at), "source": "s", "created_at": day(at)} for at in range(n)]
        columns = incoming(records)
        seen = [columns.at(place).observation for place in range(len(columns))]
        first, *others = sorted(one.node for one in seen)
        return seen, [Decision(first, other, verdict) for other in others]

    return made


CASES: dict[str, tuple[Make, Callable[[Any], object]]] = {
    **{f"keys: {name}": (make, prepare_text) for name, make in texts().items()},
    **{f"validation: {name}": (make, lambda text: validate({"content": text})) for name, make in list(texts().items())[:3]},
    **{f"array: {name}": (make, cut) for name, make in ARRAYS.items()},
    **{f"object: {name}": (make, look) for name, make in OBJECTS.items()},
    **{f"rows: {name}": (make, read_rows) for name, make in ROWS.items()},
    **{f"decoding: {name}": (make, decode) for name, make in VALUES.items()},
    **{
        f"reading: {name}": (make, lambda item, known=known: Intake(known, Policy(), context=Context()).take(Item(item)))
        for name, (known, make) in ITEMS.items()
    },
    **{
        f"deciding: {name}": (lambda n, make=make: incoming(make(n)), judge)
        for name, make in BATCHES.items()
        if name != "bad records"
    },
    **{f"landing: {name}": (make, land) for name, make in BATCHES.items()},
    **{
        f"clusters: many held {verdict}": (hot(verdict), lambda given: clusters(given[0], {}, given[1]))
        for verdict in ("distinct", "merge", "supersedes")
    },
    "landing: parts that are all quarantined": (
        lambda n: [{"lines": "\n".join(f"t{at}" for at in range(n))}],
        lambda records: memproc.ingest(
            records,
            "sqlite://",
            mapping={"each": "lines", "fields": {"content": {"path": "each", "values": {}}, "importance": {"constant": 9}}},
        ),
    ),
    "patterns: quotes": (lambda n: "not a date: '" * n, lambda text: alike(Fault("a.1", "x", text, "", value="'"))),
    "patterns: numbers": (lambda n: "1 '" * n, lambda text: alike(Fault("1." * 100, "value_error", text, "", value="1"))),
}


def forget() -> None:
    """Forget what was found out about tokens."""
    for module in [module for name, module in sys.modules.items() if name.startswith("memproc.")]:
        for memo in [value for value in vars(module).values() if isinstance(value, Memo)]:
            memo.forget()


def least_seconds(work: Callable[[Any], object], given: Any, runs: int = RUNS) -> float:
    """Return the least time of the processor that some work takes."""
    took = []
    for _ in range(runs):
        forget()
        gc.collect()
        gc.disable()
        try:
            started = process_time()
            work(given)
            took.append(process_time() - started)
        finally:
            gc.enable()
    return min(took)


def growth(make: Make, work: Callable[[Any], object], sizes: int = 3) -> float:
    """Return how many times as long four times as much takes; while that is too much, measured again with twice as much.

    What is quadratic grows the more, the more it is; what caches and the noise of a machine add to a small measure does not.
    """
    work(make(8))  # what is loaded and compiled at the first call is not measured
    size = 250
    while (took := least_seconds(work, make(size), 1)) < LEAST_SECONDS and size < LARGEST:
        size = min(size * (2 if took > LEAST_SECONDS / 4 else 4), LARGEST)
    ratio = float("inf")
    for doubled in range(sizes):
        ratio = min(ratio, times(work, make(size << doubled), make(4 * size << doubled)))
        if ratio < MOST_TIMES:
            break
    return ratio


def times(work: Callable[[Any], object], small: Any, large: Any, attempts: Sequence[int] = (1, RUNS, RUNS)) -> float:
    """Return how many times as long some work takes with what is large; measured again while that is too much."""
    ratio = float("inf")
    for runs in attempts:
        found = least_seconds(work, large, runs) / max(least_seconds(work, small, runs), LEAST_SECONDS / 2)
        ratio = min(ratio, found)
        if ratio < MOST_TIMES:
            break
    return ratio


@pytest.mark.slow
@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", sorted(CASES))
def test_four_times_as_much_takes_about_four_times_as_long(name):
    """At every stage, whatever is repeated."""
    assert growth(*CASES[name]) < MOST_TIMES


def test_the_cases_are_many_and_are_what_they_say():
    """And JSON is JSON."""
    assert len(CASES) > 100
    assert isinstance(CASES, Mapping)
    assert len(json.loads(ARRAYS["objects"](5))) == 6


@pytest.mark.slow
def test_what_is_quadratic_is_found_out():
    """The measure tells it."""
    assert growth(lambda n: n, lambda n: sum(at * other for at in range(n) for other in range(n)), 1) > MOST_TIMES
