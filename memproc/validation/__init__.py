"""The gate: a mapping becomes a Memory, or all its faults at once, each with its path, a code and advice.

Nothing here raises on bad input. The advice is a table: a code that is not in it gets the general line.
"""

from memproc.validation.advice import INTERNAL_ERROR, OF_MEMPROC, READER_FAILED
from memproc.validation.faults import (
    EXCERPT_CHARS,
    MORE_CELLS,
    NOT_AN_OBJECT,
    alike,
    broke,
    category_of,
    excerpt,
    failed,
    fault,
    in_one_line,
)
from memproc.validation.gate import Verdict, as_given, restore, taken, validate, validator
from memproc.validation.json_schema import json_schema
from memproc.validation.pydantic_errors import unknown_field
from memproc.validation.redaction import redacted

__all__ = [
    "EXCERPT_CHARS",
    "INTERNAL_ERROR",
    "MORE_CELLS",
    "NOT_AN_OBJECT",
    "OF_MEMPROC",
    "READER_FAILED",
    "Verdict",
    "alike",
    "as_given",
    "broke",
    "category_of",
    "excerpt",
    "failed",
    "fault",
    "in_one_line",
    "json_schema",
    "redacted",
    "restore",
    "taken",
    "unknown_field",
    "validate",
    "validator",
]
