"""The limits of the settings that a single record may exceed."""

from __future__ import annotations

from memproc.config import DEEPEST, Settings
from memproc.records import Fault, Plain
from memproc.sources.counting import count_names, depth_of
from memproc.validation import fault

_LEAST_BYTES_A_NAME = 5  # in JSON, as in `{"":1}`; small records need not be counted
SHAPED = ("tags", "emotion", "relations")  # the schema limits their depth


def exceeded_limit(record: Plain, size_bytes: int, settings: Settings) -> Fault | None:
    """Return the fault of a record that exceeds a limit of the settings, or None."""
    name_limit, level_limit = settings.max_fields, settings.max_depth
    if size_bytes > name_limit * _LEAST_BYTES_A_NAME and (names := count_names(record)) > name_limit:
        return fault("", "too_many_fields", "has ", str(names), f" names in it, more than max_fields={name_limit}")
    if level_limit < DEEPEST:  # validation refuses deeper ones
        for name, value in record.items():
            if name not in SHAPED and depth_of(value) > level_limit:
                return fault(name, "nested_too_deep", f"is nested deeper than max_depth={level_limit}")
    return None
