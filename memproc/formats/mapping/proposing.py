"""Proposes a mapping file for rows that nobody has mapped yet, from the names and the values of the first of them. Advice only.

Strategy: a column with a usual name is that field. Of the others the one that sounds like text, or else holds the longest texts, is
the content; dates, tags, moods, marks of deletion and JSON are told by name and values. What a person has to check has a comment.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from json import dumps
from math import isfinite
from typing import Any

from memproc.formats.mapping.converting import REPAIRS, to_json, to_number, word_of
from memproc.formats.mapping.paths import name_in
from memproc.formats.usual_names import claim_on
from memproc.records.fields import NO_IDS
from memproc.times import parse_time
from memproc.values import is_blank

MOST_WORDS = 12  # of a column that are proposed for translation
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_HINTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("id", frozenset(("id", "key", "pk", "rowid"))),
    ("namespace", frozenset(("user", "owner", "account", "customer", "member", "client", "tenant"))),
    ("updated_at", frozenset(("updated", "modified", "changed", "edited"))),
    ("created_at", frozenset(("created", "made", "when", "date", "time", "timestamp", "ts", "at", "added"))),
    ("tags", frozenset(("tag", "tags", "label", "labels", "category", "categories", "topics", "keywords"))),
    ("importance", frozenset(("importance", "priority", "stars", "rating", "weight", "score"))),
    ("emotion", frozenset(("emotion", "mood", "feeling", "sentiment"))),
    ("deleted", frozenset(("deleted", "removed", "archived", "trashed"))),
    (
        "content",
        frozenset(("text", "body", "note", "notes", "content", "memo", "entry", "memory", "message", "description", "fact")),
    ),
)
_ORDER = (
    "id",
    "content",
    "namespace",
    "subject",
    "conversation",
    "kind",
    "created_at",
    "updated_at",
    "tags",
    "importance",
    "emotion",
)
_NO_DATES = "# some are no dates that memproc reads: name their form, as in date_format = '%d.%m.%Y'"


def proposed(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a mapping file in TOML for rows like these.

    >>> print(proposed([{"row_id": 1, "body": "Prefers tea", "labels": "a;b"}]))
    [fields]
    id = "row_id"
    content = "body"
    tags = "labels"
    """
    columns: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            columns[name] += [] if is_blank(value) or not name else [value]
    by_field, deleted = _fields_of(columns)
    blank = sorted(
        {value for values in columns.values() for value in values if isinstance(value, str) and word_of(value) in NO_IDS}
    )
    holds_json = [name for name, values in columns.items() if values and all(map(_is_json, values))]
    lines = [f"blank = {_toml(blank)}"] if blank else []
    lines += [f"json = {_toml(holds_json)}"] if holds_json else []
    if deleted:
        gone = f"{_path(deleted)} == `1` || {_path(deleted)} == '1'"
        lines.append(f"leave_out = {{ {_toml('deleted rows')} = {_toml(gone)} }}")
    lines.append("[fields]")
    for field in sorted(by_field, key=lambda one: _ORDER.index(one) if one in _ORDER else len(_ORDER)):
        name = by_field[field]
        lines.append(f"{field} = {_rule(field, name, [one for one in columns[name] if one not in blank])}")
    if "content" not in by_field:
        lines.append('content = "NAME"  # of the column with the text')
    return "\n".join(lines)


def _fields_of(columns: Mapping[str, Sequence[Any]]) -> tuple[dict[str, str], str]:
    """Return the column of each field, and that of a mark of deletion."""
    usual = [(rank, field, name) for name in columns for field, rank in [claim_on(name, frozenset())] if field]
    found = {field: name for _, field, name in sorted(usual, reverse=True)}
    hinted = [(field, name) for field, words in _HINTS for name in columns if not words.isdisjoint(_words(name))]
    for field, name in hinted:
        if field not in found and name not in found.values() and (field != "content" or _length(columns[name])):
            found[field] = name
    left = [name for name in columns if name not in found.values()]
    if "content" not in found and (longest := max(left, key=lambda name: _length(columns[name]), default=None)) is not None:
        found |= {"content": longest} if _length(columns[longest]) else {}
    return found, found.pop("deleted", "")


def _rule(field: str, name: str, values: Sequence[Any]) -> str:
    path = _toml(_path(name))
    texts = [value for value in values if isinstance(value, str)]
    repairs = [repair for repair, mend in REPAIRS.items() if any(mend(text) != text for text in texts)]
    if field == "content" and repairs:
        return f"{{ path = {path}, repair = {_toml(repairs)} }}"
    if field in ("created_at", "updated_at"):
        return path if all(map(_is_date, values)) else f"{path}  {_NO_DATES}"
    if field == "importance" and (
        numbers := [one for one in map(to_number, values) if isinstance(one, int | float) and isfinite(one)]
    ):
        low, high = min(numbers), max(numbers)
        is_share = (low >= 0 and high <= 1) or low == high
        return path if is_share else f"{{ path = {path}, scale = [{low}, {high}] }}  # the ends of its scale: check them"
    words = dict.fromkeys(texts)
    if field == "emotion" and 0 < len(words) <= MOST_WORDS and not all(word.isascii() for word in words):
        table = ", ".join(f"{_toml(word)} = {_toml(word)}" for word in words)
        return f"{{ path = {path}, values = {{ {table} }} }}  # write the words on the right"
    return path


def _path(name: str) -> str:
    """Return a column as a path."""
    return name if name_in(name) == name else dumps(name, ensure_ascii=False)


def _toml(value: str | Sequence[str]) -> str:
    """Return a text, or a list of texts, as TOML, where they are written as in JSON."""
    return dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _words(name: str) -> set[str]:
    return {part.lower() for part in _PARTS.findall(name)}


def _length(values: Sequence[Any]) -> int:
    return sum(len(value) for value in values if isinstance(value, str) and to_number(value) == value)


def _is_json(value: object) -> bool:
    return isinstance(value, str) and to_json(value) is not value


def _is_date(value: object) -> bool:
    try:
        parse_time(value)
    except ValueError:
        return False
    return True
