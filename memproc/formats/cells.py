"""Values as cells of tables and JSON in the place of other JSON have them: lists as text, objects as text, embeddings.

Rules: a list in a cell is JSON, a Python or PostgreSQL list, or parts between commas or semicolons. A list of numbers is an
embedding if it is called one, or longer than any list of numbers that a person writes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import orjson

from memproc.formats.usual_names import folded
from memproc.sources.tables.cells import NUMBERS, SHORTEST_EMBEDDING
from memproc.values import shown

EMBEDDINGS = "embeddings"
_NUMBERS = (float, int)
_LONGEST_LIST_CHARS = 10_000
_NAMED = frozenset(
    ("embedding", "embeddings", "vector", "vectors", "denseembedding", "sparseembedding", "nameembedding", "factembedding")
)
_QUOTED = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*+)"|'((?:[^'\\]|\\.)*+)'|([^,]*+))\s*+(?:,|$)""", re.DOTALL)
_NULLS = ("NULL", "null", "None")


def split_tags(text: str) -> list[str]:
    """Return the tags in a text: a list as JSON, Python or PostgreSQL write it, or parts between commas or semicolons.

    >>> split_tags("tea; morning,home")
    ['tea', 'morning', 'home']
    >>> split_tags("['tea', 'home']") == split_tags('["tea","home"]') == split_tags("{tea,home}")
    True
    """
    plain = shown(text)
    is_list = plain[:1] + plain[-1:] in ("[]", "{}")
    parts = _listed(plain) if is_list else text.replace(";", ",").split(",")
    return [tag for part in parts if (tag := shown(part))]


def tags_of(given: object) -> object:
    """Return tags given as one text, or as a list with empty items, as a list. Validation judges the rest."""
    if isinstance(given, str):
        return split_tags(given)
    return [tag for tag in given if tag not in (None, "")] if isinstance(given, list) else given


def object_of(given: object) -> object:
    """Return an object that is given as JSON text, and anything else unchanged."""
    if not isinstance(given, str) or not given.lstrip().startswith("{"):
        return given
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError:
        return given


def list_of(given: str) -> object:
    """Return a list that is given as JSON text, and any other text unchanged."""
    if not given.lstrip().startswith("["):
        return given
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError:
        return given


def without_embeddings(given: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a mapping without the embeddings in it, and how many there were."""
    kept = {name: value for name, value in given.items() if not _is_embedding(name, value)}
    return kept, len(given) - len(kept)


def may_hold_embedding(given: Mapping[str, Any]) -> bool:
    """Return whether a mapping holds a list that begins with a number."""
    for value in given.values():  # noqa: SIM110 - a generator costs as much again, for every record
        if value.__class__ is list and value and value[0].__class__ in _NUMBERS:
            return True
    return False


def _is_embedding(name: object, value: object) -> bool:
    if value.__class__ is dict and [*value] == [NUMBERS]:
        return True
    if not isinstance(value, list) or not value:
        return False
    is_named = isinstance(name, str) and folded(name) in _NAMED
    if not is_named and len(value) < SHORTEST_EMBEDDING:
        return False
    return all(one.__class__ in _NUMBERS for one in value)


def _listed(text: str) -> list[str]:
    """Return the items of a list in brackets or braces."""
    if text[0] == "[" and len(text) <= _LONGEST_LIST_CHARS:
        for parse in (orjson.loads, ast.literal_eval):
            try:
                found = parse(text)
            except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
                continue
            return [one if isinstance(one, str) else str(one) for one in found if one is not None]
    parts = [double or single or bare.strip() for double, single, bare in _QUOTED.findall(text[1:-1])]
    return [re.sub(r"\\(.)", r"\1", part) for part in parts if part not in _NULLS]
