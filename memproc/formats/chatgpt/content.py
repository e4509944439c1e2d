"""The text of a ChatGPT message, and what comes along with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_TEXT_FIELDS = ("parts", "text", "result", "thoughts", "content")
_KNOWN_FIELDS = frozenset((*_TEXT_FIELDS, "content_type", "language", "model_set_context"))


def text_and_assets(content: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the text of a content, and the objects among its parts that have none."""
    texts: list[str] = []
    assets: list[Any] = []
    for piece in _pieces(content):
        text = _text_of(piece)
        if text is not None:
            texts.append(text)
        elif piece is not None:
            assets.append(piece)
    return "\n".join(texts), assets


def _pieces(content: dict[str, Any]) -> Iterator[object]:
    for name in _TEXT_FIELDS:
        value = content.get(name)
        yield from value if isinstance(value, list) else (value,)


def _text_of(piece: object) -> str | None:
    if isinstance(piece, dict):
        return next((text for name in ("text", "content") if isinstance(text := piece.get(name), str)), None)
    return piece if isinstance(piece, str) else None


def unknown_texts(content: dict[str, Any]) -> str:
    """Return the names of the texts in the content of a message that are under no known name."""
    names = [name for name, value in content.items() if name not in _KNOWN_FIELDS and isinstance(value, str) and value.strip()]
    return ", ".join(map(str, names))


def names_of_files(attachments: object) -> list[str] | None:
    """Return the names of the files that were given along with a message, or None."""
    given = attachments if isinstance(attachments, list) else []
    return [name for one in given if isinstance(one, dict) and isinstance(name := one.get("name"), str)] or None
