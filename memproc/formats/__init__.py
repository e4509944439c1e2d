"""The formats, and how to detect which one a source is in.

The first match in the table counts: special shapes stand before general ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memproc.errors import UsageError
from memproc.formats import (
    chatgpt,
    chats,
    claude,
    claude_code,
    codex,
    companions,
    copilot,
    deepseek,
    discord,
    gemini,
    generic,
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
    own,
    sillytavern,
    slack,
    telegram,
    text,
    whatsapp,
)
from memproc.formats.draft import Format, Item
from memproc.records import is_mapping

FORMATS: tuple[Format, ...] = (
    own.FORMAT,
    own.FULL,
    deepseek.FORMAT,
    chatgpt.FORMAT,
    claude.CONVERSATIONS,
    claude.MEMORIES,
    claude.PROJECTS,
    companions.FORMAT,
    gemini.FORMAT,
    locomo.FORMAT,
    longmemeval.FORMAT,
    claude_code.FORMAT,
    codex.FORMAT,
    openwebui.FORMAT,
    librechat.FORMAT,
    sillytavern.FORMAT,
    telegram.FORMAT,
    telegram.MESSAGES,
    slack.FORMAT,
    discord.FORMAT,
    instagram.FORMAT,
    instagram.MESSAGES,
    copilot.FORMAT,
    grok.FORMAT,
    mcp_memory.FORMAT,
    mcp_memory_service.FORMAT,
    langgraph.FORMAT,
    langmem.FORMAT,
    letta.FORMAT,
    letta_store.FORMAT,
    memori.FORMAT,
    graphiti.FORMAT,
    openmemory.FORMAT,
    memos.FORMAT,
    mem0_history.FORMAT,
    mem0.FORMAT,
    legacy.FORMAT,
    whatsapp.FORMAT,
    whatsapp.DAY_FIRST,
    whatsapp.MONTH_FIRST,
    mem0_plugin.FORMAT,
    notion.FORMAT,
    notion.TABLE,
    okf.FORMAT,
    letta_memfs.FORMAT,
    notes.FORMAT,
    text.FORMAT,
    text.LINES,
    chats.CHATS,
    chats.MESSAGES,
    generic.FORMAT,
    generic.TABLE,
    generic.ROWS,
    generic.TEXTS,
)
_BY_LINE = (own.FORMAT.name, generic.FORMAT.name)
LISTS = frozenset(name for known in FORMATS for name in known.lists)

LONG_LISTS = LISTS | {name for known in FORMATS for name in known.long_lists}


def format_named(name: str) -> Format:
    """Return a format by name. Raises UsageError on an unknown one."""
    for known in FORMATS:
        if known.name == name:
            return known
    raise UsageError(f"format {name!r} is unknown: choose one of {', '.join(known.name for known in FORMATS)}")


def detect(items: Sequence[object], fields: frozenset[str]) -> Format | None:
    """Return the first format whose shape at least half of the objects among `items` have, or None.

    `fields` holds the names of the fields of the schema in use. Objects with such names alone are in no special format.
    """
    objects = [item for item in items if is_mapping(item)]
    if objects and all(_has_our_names(item, fields) for item in objects):
        return generic.FORMAT
    for known in FORMATS:
        if objects and sum(_is_in(known, item, fields) for item in objects) * 2 >= len(objects):
            return known
    return None


def _has_our_names(item: Any, fields: frozenset[str]) -> bool:
    """Return whether an object has nothing but the fields of the schema, and a content that may be one."""
    return type(item) is dict and type(item.get("content", {})) is not dict and item.keys() <= fields


def of_line(told: Format, item: Item) -> Format:
    """Return the format of one item of a source whose format was detected as `told`.

    For each line of plain JSON its own marks decide whether it is memproc's export, so that it is read the same next to any others.
    """
    if told.name not in _BY_LINE:
        return told
    return own.FORMAT if own.is_marked(item) else generic.FORMAT


def _is_in(known: Format, item: Any, fields: frozenset[str]) -> bool:
    """Return whether an item has the shape of a format; False if looking at it raises."""
    try:
        return known.matches(item, fields)
    except Exception:  # noqa: BLE001 - a mapping of the caller's may raise anything; reading it reports that
        return False
