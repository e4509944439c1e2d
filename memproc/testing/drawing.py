"""Strategies for records: they draw from a few texts and edit them, so that examples contain what random text never does.

That is: repeats, near repeats, typos that can be corrected, contradictions, versions, events and broken records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

SEEDS = (
    "She does not drink coffee in the kitchen",
    "The doctor moved the appointment to 16 October",
    "He is happy with the new garden and the old house",
    "My sister takes 5 mg of the medicine every morning",
    "They love the little restaurant near the river",
)

Edit = Callable[[str], str]

SAME: tuple[Edit, ...] = (str.upper, str.lower, lambda text: f"  {text.replace(' ', '  ')}\t")
BENIGN: tuple[Edit, ...] = (
    lambda text: f"{text}.",
    lambda text: f"Well, {text}",
    lambda text: text.replace("does not", "doesn't").replace("He is", "He's").replace("They love", "They really love"),
    lambda text: text.replace("The doctor", "Doctor").replace(" the ", " ", 1),
)
SLIPS: tuple[Edit, ...] = (
    lambda text: text.replace("kitchen", "kithcen").replace("garden", "gardden").replace("appointment", "apointment"),
    lambda text: text.replace("kitchen", "kittchen").replace("garden", "graden").replace("restaurant", "restuarant"),
    lambda text: text.replace("house", "hosue").replace("medicine", "meddicine").replace("doctor", "docttor"),
)
CONTRADICTING: tuple[Edit, ...] = (
    lambda text: text.replace("does not drink", "drinks").replace("is happy", "is not happy"),
    lambda text: text.replace("16", "18").replace("5 mg", "50 mg"),
    lambda text: text.replace("love", "hate").replace("new", "old").replace("house", "hose"),
    lambda text: text.replace("sister", "brother").replace("She", "He"),
)

_TIMES = ("2023-05-08T13:56:00Z", "2024-01-01T00:00:00Z", "2025-06-30T23:59:59.999999Z", 1692633600)
_BROKEN: tuple[dict[str, Any], ...] = (
    {"content": ""},
    {"content": "a NUL \0 inside"},
    {"content": "too important", "importance": 7},
    {"content": "no such day", "created_at": "31/02/2024"},
    {"text_is_missing": True},
    {"content": "deep", "metadata": {"deep": [[[[float("nan")]]]]}},
)


def texts(seeds: Sequence[str] = SEEDS) -> st.SearchStrategy[str]:
    """Draw a seed text with up to two edits, benign or not."""
    edits = st.lists(st.sampled_from((*SAME, *BENIGN, *BENIGN, *SLIPS, *SLIPS, *CONTRADICTING)), max_size=2)
    return st.builds(_edited, st.sampled_from(seeds), edits)


@st.composite
def facts(draw: st.DrawFn, seeds: Sequence[str] = SEEDS) -> dict[str, Any]:
    """Draw a valid record of a fact. Some have an id within a source and a date, so that they are versions of each other."""
    record: dict[str, Any] = {"content": draw(texts(seeds))}
    optional = {
        "namespace": st.sampled_from(("alice", "Alice")),
        "subject": st.sampled_from(("Ann", "Bob")),
        "tags": st.lists(st.sampled_from(("home", "work", "health")), max_size=2),
        "importance": st.sampled_from((0.0, 0.5, 1.0)),
        "created_at": st.sampled_from(_TIMES),
        "metadata": st.dictionaries(st.sampled_from(("mood", "place")), st.integers(0, 3), max_size=2),
        "relations": st.just([{"type": "about", "target": "somebody", "target_kind": "entity"}]),
    }
    for name in draw(st.sets(st.sampled_from(sorted(optional)), max_size=2)):
        record[name] = draw(optional[name])
    if draw(st.integers(0, 4)) == 0:
        record |= {"id": draw(st.sampled_from(("m1", "m2"))), "source": "app"}
        if draw(st.booleans()):
            record["updated_at"] = draw(st.sampled_from(_TIMES))
    return record


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid record of an event: something said in a conversation, with or without an id."""
    record: dict[str, Any] = {
        "content": draw(st.sampled_from(("Thanks!", "Good morning", SEEDS[0]))),
        "kind": "message",
        "conversation": draw(st.sampled_from(("monday", "tuesday"))),
        "created_at": draw(st.sampled_from(_TIMES)),
    }
    if draw(st.booleans()):
        record |= {"id": draw(st.sampled_from(("1", "2"))), "source": "app"}
    return record


def broken() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a record that is rejected."""
    return st.sampled_from(_BROKEN)


def records() -> st.SearchStrategy[dict[str, Any]]:
    """Draw any record: mostly facts, some events, some broken."""
    return st.one_of(facts(), facts(), facts(), facts(), facts(), events(), broken())


@st.composite
def bridges(draw: st.DrawFn, seeds: Sequence[str] = SEEDS) -> list[dict[str, Any]]:
    """Draw three facts: two with different typos, which are not near each other, and a third that joins them."""
    seed = draw(st.sampled_from(seeds))
    return [{"content": edit(seed)} for edit in (SLIPS[0], SLIPS[1], str.strip)]


@st.composite
def waiting(draw: st.DrawFn, kinds: Sequence[str] = ("changed", "undated")) -> list[dict[str, Any]]:
    """Draw facts of which a pair waits for review: a number that changed over time, or two undated versions of one id, each with a
    near repeat.
    """
    seed = draw(st.sampled_from((SEEDS[1], SEEDS[3])))
    said = [seed, CONTRADICTING[1](seed)]
    if draw(st.sampled_from(kinds)) == "changed":
        before, after = draw(st.permutations(_TIMES[:3]))[:2]
        return [{"content": said[0], "created_at": before}, {"content": said[1], "created_at": after}]
    near = draw(st.sampled_from(BENIGN))
    return [*({"content": text, "id": "m3", "source": "app"} for text in said), *({"content": near(text)} for text in said)]


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for edit in edits:
        text = edit(text)
    return text
