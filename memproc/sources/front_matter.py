"""The head of a markdown text: what stands between two lines of three hyphens at its start.

Rules: a head is a head only if each of its lines reads as one. Its lines are read as `name: value`, without the rest of YAML,
because programs that write heads do not quote what YAML would have quoted.
"""

from __future__ import annotations

from typing import Any

_RULER = "---"
_FOLDED = ("|", ">", "|-", ">-")
_END = frozenset((_RULER, "..."))


def split_head(text: str) -> tuple[str | None, str]:
    r"""Return the head of a text, and what follows; None and the whole text if it has none.

    >>> split_head("---\nname: tea\n---\n- Likes tea")
    ('name: tea', '- Likes tea')
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != _RULER:
        return None, text
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in _END), None)
    if end is None or not all(map(_is_of_head, lines[1:end])) or not any(map(_named, lines[1:end])):
        return None, text
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])


def fields_of(head: str) -> dict[str, Any]:
    r"""Return the fields of a head, each a text or a list of texts; those without a value are left out.

    >>> fields_of("name: a: b\ntags: [tea, 'home']\naliases:\n  - Cup")
    {'name': 'a: b', 'tags': ['tea', 'home'], 'aliases': ['Cup']}
    """
    lines: dict[str, list[str]] = {}
    name = ""
    for line in head.splitlines():
        if (named := _named(line)) is not None:
            name, value = named
            lines[name] = [value]
        elif line.strip() and not line.startswith("#"):
            lines.setdefault(name, [""]).append(line.strip())
    values = {name: _value(first, more) for name, (first, *more) in lines.items()}
    return {name: value for name, value in values.items() if value not in ("", [])}


def _is_of_head(line: str) -> bool:
    return not line.strip() or line[0].isspace() or line.startswith(("- ", "#")) or _named(line) is not None


def _named(line: str) -> tuple[str, str] | None:
    name, colon, value = line.partition(":")
    is_name = bool(colon) and name.replace("_", "").replace("-", "").replace(" ", "").isalnum() and not line[0].isspace()
    return (name.strip(), value.strip()) if is_name and (not value or value[0].isspace()) else None


def _value(first: str, more: list[str]) -> str | list[str]:
    """Return the value of a field by what stands behind its name, and in the lines below."""
    if more and not first:
        return [_text(line.removeprefix("- ")) for line in more]
    if first.startswith("[") and first.endswith("]"):
        return [_text(part) for part in first[1:-1].split(",") if part.strip()]
    return " ".join(("" if first in _FOLDED else _text(first), *more)).strip()


def _text(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
