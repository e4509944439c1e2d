"""The JSON Schema of a file of rules, made from the tables that it is read by, for editors."""

from __future__ import annotations

from typing import Any

from memproc.gates.measures import MEASURES
from memproc.gates.parsing import MOST_JOBS, MOST_RULES, REHEARSE, RULES
from memproc.gates.rule import DRIFT_JOBS, MOMENTS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_BOUND = {"type": ["number", "string"], "minimum": 0, "description": "A number; a share of records as '2.5%'; an age as '7d'."}
_END = {"type": ["number", "string"], "description": "A number, or a date."}
_SHARE = {"type": ["number", "string"], "description": "A share, as '5%'."}


def gate_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a gate, as JSON values.

    >>> gate_schema()["required"]
    ['rules']
    """
    moments = {"enum": [*MOMENTS]}
    keys = {
        "measure": {"enum": [*MEASURES], "description": "What the rule is about."},
        "field": {"type": "string", "description": "The field that it is about, as in subject or metadata.team."},
        "least": {**_BOUND, "title": "The lower bound."},
        "most": {**_BOUND, "title": "The upper bound."},
        "drift": {
            "type": "number",
            "minimum": 0,
            "description": "The largest modified z-score against earlier jobs; 3.5 is usual.",
        },
        "jobs": {"type": "integer", "minimum": 1, "maximum": MOST_JOBS, "default": DRIFT_JOBS},
        "ignore": {**_SHARE, "default": "5%", "title": "Smaller differences from the median are no drift."},
        "values": {"type": ["array", "string"], "items": {"type": "string"}, "description": "The values that are allowed."},
        "pattern": {"type": "string", "description": "What a whole value has to match; no look-around."},
        "low": {**_END, "title": "The least value."},
        "high": {**_END, "title": "The greatest value."},
        "when": {"anyOf": [moments, {"type": "array", "items": moments, "minItems": 1}]},
        "only_warns": {"type": "boolean", "default": False},
        "advice": {"type": "string", "description": "What to do if the rule is not met."},
    }
    rule = {"type": "object", "required": ["measure"], "properties": keys, "additionalProperties": False}
    rule["anyOf"] = [{"required": [bound]} for bound in ("least", "most", "drift")]
    rules = {"type": "object", "minProperties": 1, "maxProperties": MOST_RULES, "additionalProperties": rule}
    rehearse = {
        "type": "boolean",
        "default": False,
        "description": "Do the job and undo it first; keep it only if the rules are met.",
    }
    return {
        "$schema": DRAFT,
        "title": "A gate of memproc",
        "type": "object",
        "required": [RULES],
        "properties": {REHEARSE: rehearse, RULES: rules},
        "additionalProperties": False,
    }
