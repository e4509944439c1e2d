"""Whatever stands in an item: a reader never raises, never skips in silence, and takes no other format's items for its own."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.formats import (
    chatgpt,
    chats,
    claude,
    claude_code,
    codex,
    copilot,
    deepseek,
    detect,
    discord,
    gemini,
    graphiti,
    grok,
    instagram,
    langgraph,
    langmem,
    legacy,
    letta,
    letta_memfs,
    letta_store,
    librechat,
    locomo,
    longmemeval,
    mcp_memory,
    mcp_memory_service,
    mem0,
    mem0_history,
    mem0_plugin,
    memori,
    memos,
    notes,
    notion,
    okf,
    openmemory,
    openwebui,
    sillytavern,
    slack,
    telegram,
    text,
    whatsapp,
)
from memproc.formats.draft import Broken, Context, Draft, Format, LeftOut
from memproc.validation import validate

FIXTURES = Path(__file__).parents[2] / "fixtures"


def lines(name: str) -> list[Any]:
    """Give the objects of a file of lines."""
    return [orjson.loads(line) for line in (FIXTURES / name).read_bytes().splitlines()]


def whole(name: str) -> Any:
    """Give what a JSON file holds."""
    return orjson.loads((FIXTURES / name).read_bytes())


ITEMS: dict[Format, list[dict[str, Any]]] = {
    chatgpt.FORMAT: whole("chatgpt.json"),
    claude.CONVERSATIONS: whole("claude.json"),
    claude.MEMORIES: whole("claude-memories.json"),
    claude.PROJECTS: whole("claude-projects.json"),
    gemini.FORMAT: whole("gemini.json"),
    mem0.FORMAT: whole("mem0.json")["results"],
    locomo.FORMAT: whole("locomo.json"),
    legacy.FORMAT: lines("memproc-v0.jsonl"),
    mem0_plugin.FORMAT: [{"part": (FIXTURES / "mem0-plugin.md").read_text(), "name": "a"}],
    notes.FORMAT: [{"note": (FIXTURES / "note.md").read_text(), "name": "note"}],
    whatsapp.FORMAT: [
        {"whatsapp": "1/2/25, 9:15 PM", "sender": "Ann", "said": "I row", "chat": "c", "again": 0, "day_first": True},
        {
            "whatsapp": "1/2/25, 9:16 PM",
            "sender": "Ann",
            "said": "a.jpg (file attached)\na boat",
            "chat": "c",
            "again": 1,
            "day_first": True,
        },
    ],
    okf.FORMAT: [
        {"note": (FIXTURES / "okf.md").read_text(), "name": "okf"},
        {"note": "---\ntype: Playbook\nresource: x\nstatus: deprecated\n---\nOld.\n", "name": "old"},
    ],
    letta_memfs.FORMAT: [
        {"note": (FIXTURES / "letta-memfs.md").read_text(), "name": "human"},
        {"note": "---\ndescription: Who I am\n---\nI am kind.\n", "name": "persona"},
    ],
    notion.FORMAT: [{"note": "# Trip\n\nTags: sea\n\n- Take the ferry\n", "name": f"Trip {'a' * 32}"}],
    langmem.FORMAT: whole("langmem.json"),
    text.FORMAT: [{"bullet": "Rows", "section": "Home > Sport"}],
    claude_code.FORMAT: lines("claude-code.jsonl"),
    codex.FORMAT: lines("codex.jsonl"),
    deepseek.FORMAT: whole("deepseek.json"),
    copilot.FORMAT: [{"Conversation": "Bread", "Time": "2026-02-03T08:10:00", "Author": "AI", "Message": "A day"}],
    instagram.FORMAT: [whole("instagram.json")],
    instagram.MESSAGES: whole("instagram.json")["messages"],
    discord.FORMAT: [whole("discord.json")],
    grok.FORMAT: [whole("grok.json"), *whole("grok.json")["conversations"]],
    librechat.FORMAT: [whole("librechat.json")],
    longmemeval.FORMAT: whole("longmemeval.json"),
    openwebui.FORMAT: whole("openwebui.json"),
    sillytavern.FORMAT: lines("sillytavern.jsonl"),
    slack.FORMAT: whole("slack.json"),
    telegram.FORMAT: [whole("telegram.json"), *whole("telegram.json")["chats"]["list"][:1]],
    telegram.MESSAGES: whole("telegram.json")["chats"]["list"][0]["messages"],
    chats.CHATS: whole("chats.json"),
    chats.MESSAGES: whole("messages.json"),
    mcp_memory.FORMAT: lines("mcp-memory.jsonl"),
    langgraph.FORMAT: whole("langgraph.json"),
    letta.FORMAT: [whole("letta.af")],
    graphiti.FORMAT: [whole("graphiti.json")],
    openmemory.FORMAT: [whole("openmemory.json")],
    memos.FORMAT: whole("memos.json")["nodes"],
    mem0_history.FORMAT: whole("mem0-history.json"),
    mcp_memory_service.FORMAT: whole("mcp-memory-service.json")["memories"],
    memori.FORMAT: whole("memori.json"),
    letta_store.FORMAT: whole("letta-store.json"),
}
GENERAL = (chats.CHATS, chats.MESSAGES, notes.FORMAT)  # these may have the shape of an item that a special format takes before
FORMATS = pytest.mark.parametrize("known", ITEMS, ids=lambda known: known.name)

TEXTS = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["", "2025-01-01", "all", "text", "tool", "D1:1, D"]
)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just(10**30)
ODD_NAMES = st.sampled_from([1, None, 0.5, ("session_1",)])  # an iterable may give what is no JSON
NAMES = ODD_NAMES | st.sampled_from(["text", "content", "type", "uuid", "id", "message", "session_1", "links", "parts"]) | TEXTS
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)
CONTEXTS = st.sampled_from([frozenset[str](), frozenset(option for known in ITEMS for option in known.options)])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the paths of all values inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in [(*path, key), *places(item, (*path, key))]]


def put(item: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put a value at a path, if that is still there."""
    for key in path[:-1]:
        is_there = (isinstance(item, dict) and key in item) or (isinstance(item, list) and isinstance(key, int) and key < len(item))
        if not is_there:
            return
        item = item[key]
    if isinstance(item, dict) or (isinstance(item, list) and isinstance(path[-1], int) and path[-1] < len(item)):
        item[path[-1]] = value


@st.composite
def spoilt(draw: st.DrawFn, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Make an item with one to three arbitrary values at arbitrary places, known and unknown."""
    item: dict[str, Any] = deepcopy(draw(st.sampled_from(items)))
    known = places(item)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(known))
        put(item, draw(st.sampled_from([path, (*path[:-1], draw(NAMES))])), draw(VALUES))
    return item


def check(known: Format, item: dict[str, Any], include: frozenset[str]) -> None:
    """Read an item and judge what comes of it."""
    before = deepcopy(item)
    known.matches(item, frozenset())
    parts = list(known.read(item, Context(include=include)))
    assert parts, "the item vanished"
    for part in parts:
        assert isinstance(part, Draft | Broken | LeftOut)
        if isinstance(part, Draft):
            verdict = validate(part.fields)
            assert all(fault.code != "extra_forbidden" for fault in verdict.errors if "." not in fault.path)
    assert repr(item) == repr(before), "the reader changed the item"


@FORMATS
@given(data=st.data())
def test_an_item_with_anything_anywhere_in_it_is_read(known: Format, data: st.DataObject) -> None:
    """Wrong values end as faults or are tolerated."""
    check(known, data.draw(spoilt(ITEMS[known])), data.draw(CONTEXTS))


@FORMATS
@given(item=st.dictionaries(NAMES, VALUES, max_size=4), include=CONTEXTS)
def test_an_item_of_any_shape_is_read(known: Format, item: dict[str, Any], include: frozenset[str]) -> None:
    """A format may be named for what it is not."""
    check(known, item, include)


@FORMATS
def test_a_deep_value_anywhere_is_read(known: Format) -> None:
    """No reader recurses into what it is given."""
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    for original in ITEMS[known]:
        for path in places(original):
            item = deepcopy(original)
            put(item, path, deep)
            assert list(known.read(item, Context(include=frozenset(known.options))))


@FORMATS
def test_only_its_own_format_takes_an_item(known: Format) -> None:
    """No item of one format has the shape of another, and memproc's own lines have none of theirs."""
    for item in ITEMS[known]:
        assert detect([item], frozenset()) == known
        special = [other.name for other in ITEMS if other not in GENERAL and other.matches(item, frozenset())]
        assert special == ([] if known in GENERAL else [known.name])
    assert not any(known.matches(line, frozenset()) for line in lines("memories.jsonl"))


@FORMATS
def test_options_are_what_is_left_out(known: Format) -> None:
    """Each option names a kind that the fixture shows, and including it leaves none of it out."""
    shown = {part.kind for item in ITEMS[known] for part in known.read(item, Context()) if isinstance(part, LeftOut)}
    including = Context(include=frozenset(known.options))
    left = {part.kind for item in ITEMS[known] for part in known.read(item, including) if isinstance(part, LeftOut)}
    assert set(known.options) - shown <= {"system", "paragraphs"}
    assert not left & set(known.options)


def test_the_lines_of_the_small_app_hold_two_faults() -> None:
    """A date that cannot be read, and an importance out of range: what a first ingestion shows."""
    faults = [fault.path for line in lines("memories.jsonl") for fault in validate(line).errors]
    assert faults == ["created_at", "importance"]
