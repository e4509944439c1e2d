"""The data: what a memory is, and what becomes of each record read.

`Memory` is what callers give and get. After validation everything works on its *plain* form: a dictionary of JSON values without
empty fields, with times as fixed-width UTC text. `encode` makes the one JSON text of it that the store keeps; the hash of that text
is the key of the observation. So what validation accepts can be written and read back unchanged.
"""

from memproc.records.memory import DEFAULT_NAMESPACE, SCHEMA_VERSION, EmotionalContext, M, Memory, Relation
from memproc.records.outcomes import Category, Fault, Outcome, Rejected
from memproc.records.plain import Given, Plain, encode, given, is_event, is_mapping, last_changed, plain

__all__ = [
    "DEFAULT_NAMESPACE",
    "SCHEMA_VERSION",
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
    "encode",
    "given",
    "is_event",
    "is_mapping",
    "last_changed",
    "plain",
]
