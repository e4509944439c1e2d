"""The JSON Schema of a memory, or of an application's own class: what the gate accepts, as far as a schema can say it.

Facts: draft 2020-12. `integer` is any number without a fraction, 5.0 too. `format` is a remark that most validators do not check.
A schema cannot count levels or names, and knows nothing of the rules that a class adds in code.

Rule: what the schema accepts the gate accepts, and not the other way round: the gate reads more forms of dates, larger floats, and
numbers as text where pydantic does. Left out are an id that is written 5.0, more than a hundred levels or ten thousand names, and
rules in code.
"""

from __future__ import annotations

from typing import Any

from memproc.records import Memory
from memproc.records.fields import ANY_JSON, NAME_PATTERN, TIME_PATTERN
from memproc.records.storable import LARGEST_INTEGER, SMALLEST_INTEGER
from memproc.values import INVISIBLE

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_LAST_OF_FOUR_DIGITS = 0xFFFF
_JSON = "Json"
_JSON_REF = {"$ref": f"#/$defs/{_JSON}"}
_NO_NUL = {"pattern": "\\u0000"}
_SAYS_WHAT = frozenset(("type", "anyOf", "oneOf", "allOf", "$ref", "enum", "const"))
_MAY_BE_NULL = ("namespace", "kind", "tags", "relations", "metadata")  # null is "not given": the default holds
_WITHOUT_NUL = (NAME_PATTERN, TIME_PATTERN)
_HOLDERS = ("properties", "$defs")
_ANY_VALUE: dict[str, Any] = {
    "description": "A value that JSON and every database can keep.",
    "anyOf": [
        {"type": ["null", "boolean"]},
        {"type": "string"},
        {"type": "number"},
        {"type": "array", "items": _JSON_REF},
        {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": _JSON_REF},
    ],
}


def json_schema(schema: type[Memory] = Memory) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the records that `validate` accepts for a class, as JSON values.

    Whatever the schema accepts `validate` accepts, but for what no schema can say: rules in code, more than a hundred levels, and
    formats such as `date` of fields that the class adds. `validate` accepts more: most forms of dates, and what has no JSON.

    >>> json_schema().get("required")
    ['content']
    """
    made = schema.model_json_schema(mode="validation")
    for name in _MAY_BE_NULL:
        own, ours = schema.model_fields[name], Memory.model_fields[name]
        if own.annotation == ours.annotation and own.metadata == ours.metadata:
            made["properties"][name] = _or_null(made["properties"][name])
    made.setdefault("$defs", {})[_JSON] = _ANY_VALUE
    kept: dict[str, Any] = _kept(made)
    return {"$schema": DRAFT, **kept}


def _or_null(told: dict[str, Any]) -> dict[str, Any]:
    about = {name: told[name] for name in ("title", "description", "default") if name in told}
    bare = {name: value for name, value in told.items() if name not in about}
    return about | {"anyOf": [bare, {"type": "null"}]}


def _kept(told: Any) -> Any:
    """Return a schema that leaves out what could not be kept: NUL, integers beyond 64 bits, required names that show nothing."""
    if told in (True, ANY_JSON):
        return _JSON_REF
    made = {name: _kept_below(name, value) for name, value in told.items()}
    if "description" in made:
        made["description"] = made["description"].partition("\n\n")[0].replace("\n", " ")
    if made.get("type") == "string" and not {"enum", "const"} & made.keys() and made.get("pattern") not in _WITHOUT_NUL:
        made["not"] = _NO_NUL
    if made.get("type") in ("integer", "number"):
        made["minimum"] = max(made.get("minimum", SMALLEST_INTEGER), SMALLEST_INTEGER)
        made["maximum"] = min(made.get("maximum", LARGEST_INTEGER), LARGEST_INTEGER)
    if isinstance(made.get("additionalProperties"), dict):
        made["propertyNames"] = {**made.get("propertyNames", {}), "not": _NO_NUL}
    for name in made.get("required", ()):
        if made["properties"][name].get("pattern") == NAME_PATTERN:
            made["properties"][name] |= {"pattern": f"[^{_ranges(INVISIBLE)}]", "not": _NO_NUL}
    return made


def _kept_below(name: str, value: Any) -> Any:
    if name in _HOLDERS:
        return {key: _kept(one if _SAYS_WHAT & one.keys() else {**one, **_JSON_REF}) for key, one in value.items()}
    if name in ("items", "additionalProperties", "propertyNames", "anyOf", "oneOf", "allOf", "prefixItems") and value is not False:
        if isinstance(value, list):
            return [_kept(one) for one in value]
        return _kept(value) if value else _JSON_REF
    return value


def _ranges(marks: str) -> str:
    """Return the characters of a class in a regular expression, as ranges of those that follow each other."""
    codes = sorted(set(map(ord, marks)))
    starts = [code for code in codes if code - 1 not in codes]
    ends = [code for code in codes if code + 1 not in codes]
    return "".join(f"{_escaped(start)}-{_escaped(end)}" for start, end in zip(starts, ends, strict=True))


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= _LAST_OF_FOUR_DIGITS else chr(code)  # no one way to escape others holds for all readers
