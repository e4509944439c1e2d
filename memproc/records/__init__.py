"""The data: what a memory is, and what becomes of each record read.

`Memory` is what callers give and get. After validation everything works on its *plain* form: a dictionary of JSON values without
empty fields, with times as fixed-width UTC text. `encode` makes the one JSON text of it that the store keeps; the hash of that text
is the key of the observation. So what validation accepts can be written and read back unchanged.
"""

from memproc.records.fields import CONTENT_LIMIT_CHARS, NO_IDS
from memproc.records.memory import DEFAULT_NAMESPACE, EVENT_KINDS, SCHEMA_VERSION, EmotionalContext, M, Memory, Relation
from memproc.records.outcomes import Category, Fault, Outcome, Rejected
from memproc.records.plain import Given, Plain, encode, given, is_event, is_mapping, last_changed, plain, plain_fields
from memproc.records.storable import (
    LARGEST_INTEGER,
    METADATA_DEPTH_LIMIT,
    SMALLEST_INTEGER,
    Unstorable,
    storable_json,
    storable_name,
    unstorable_in,
)

__all__ = [
    "CONTENT_LIMIT_CHARS",
    "DEFAULT_NAMESPACE",
    "EVENT_KINDS",
    "LARGEST_INTEGER",
    "METADATA_DEPTH_LIMIT",
    "NO_IDS",
    "SCHEMA_VERSION",
    "SMALLEST_INTEGER",
    "Category",
    "EmotionalContext",
    "Fault",
    "Given",
    "M",
    "Memory",
    "Outcome",
    "Plain",
    "Rejected",
    "Relation",
    "Unstorable",
    "encode",
    "given",
    "is_event",
    "is_mapping",
    "last_changed",
    "plain",
    "plain_fields",
    "storable_json",
    "storable_name",
    "unstorable_in",
]
