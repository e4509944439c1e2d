"""The advice that goes with a fault, by its code."""

from __future__ import annotations

import re

from memproc.times import DAY_OR_MONTH

INTERNAL_ERROR, READER_FAILED = OF_MEMPROC = ("internal_error", "reader_failed")
"""The codes of faults in memproc itself, not in the record."""

HINTS: dict[str, str] = {
    "missing": "give this field",
    "extra_forbidden": "put it under metadata, map it to a field, or add the field in a subclass of Memory",
    "string_type": "give text; a format or a mapping can convert it",
    "string_too_short": "give some text, or leave the field out",
    "string_too_long": "split the text into several memories",
    "model_type": "give an object with the fields listed",
    "string_pattern_mismatch": "give text with at least one visible character",
    "string_unicode": "the text was cut inside a character: decode it as UTF-8, or replace the broken character",
    "nul_character": "remove the NUL character: databases refuse it or cut the text there",
    "date_unparsable": "give ISO 8601 such as 2025-01-31T12:00:00Z, or an epoch number, or leave it out: --map created_at=none",
    "greater_than_equal": "bring the value into its range: it is not clamped for you",
    "less_than_equal": "bring the value into its range: it is not clamped for you",
    "out_of_scale": "give a number of the scale that the vocabulary names, or name the scale that it is on",
    "float_type": "give a number, not text or a boolean",
    "finite_number": "JSON has no NaN or infinity: leave the value out",
    "integer_too_large": "give it as text: databases hold integers of 64 bits",
    "nested_too_deep": "flatten the value, give it as one JSON text, or raise max_depth where it is under 100",
    "not_json": "give only objects with text names, lists, text, numbers, true, false and null",
    "not_a_mapping": "give one JSON object a record",
    "json_invalid": "mend the JSON text; one JSON object a line, in UTF-8, or give its encoding, as in --encoding cp1252",
    "path_failed": "mend the path in the mapping: a function of JMESPath takes values of certain types only",
    "row_invalid": "give each row as many cells as the head names, and close every quote",
    "not_utf8": "save the file as UTF-8, or give its encoding, as in --encoding cp1252",
    "duplicate_name": "give each name once: with two, one value would be lost",
    "record_too_long": "split the record, or raise max_record_bytes",
    "row_too_large": "leave the column out, as in --query 'SELECT id, title AS content FROM ...', or shorten the value where it is",
    "too_many_fields": "put what is not needed away, give part of it as one JSON text, or raise max_fields",
    "invalid_key": "give the names of fields as text",
    "more_faults": "mend those that are told first",
    "secret": "replay takes it without its secret, unless that is in its id or another name: edit the record, or give it again",
    "literal_error": "give one of the values listed",
    "tuple_type": "give a list",
    "dict_type": "give an object",
    "unknown_shape": "name the format, or say by a mapping where the fields are",
    "extra_missing": "install the extra that it names, and replay",
    "too_large": "split the record, or raise the limit of the database, as max_allowed_packet of MariaDB",
    "refused": "see what the database says: a check or a trigger that was added to its tables, or a type",
    "not_a_decision": "leave the lines of a full export as they were written",
    "transform_failed": "mend the function, then replay",
    "unreadable": "give a plain dictionary: memproc cannot read this object",
    "migration_failed": "mend the step in the migrations of the schema, then replay",
    "newer_schema": "read it with the newer version of the application",
    "older_schema": "give the schema the steps from that version on",
    "schema_failed": "mend the rule (it says no by raising ValueError), then replay",
    "not_enriched": "see what the service says; when it works again, ingest the source again with the same enrichment, or replay",
    "not_changes": "mend what enriches, give it a new version, and ingest the source again",
    "not_settable": "name the field in `sets` of the enrichment, if it is meant to set it; else mend what enriches",
    "worker_died": "see what it holds and how large it is; `engine='sequential'` takes it in the process itself",
    "newer_version": "upgrade memproc, or have the newer one write JSON of its own making",
    "not_a_version": "leave the name to memproc: its export writes a whole number there",
    "misplaced_head": "read a full export as a file of its own, or name the format memproc-full",
    "misplaced_decision": "name the format memproc-full, and trust_decisions where the export is your own",
    INTERNAL_ERROR: "memproc is at fault, not the record: report it with its traceback, and replay after an upgrade",
    READER_FAILED: "the reader is at fault, not the record: report it with its traceback, and replay after an upgrade",
}
DATE_FORMAT_HINT = f"{HINTS['date_unparsable']}; or say how it is written, as in --date-format '%d.%m.%y'"
_LAST_MONTH = 12
_TIMES = {" 99:99": " %H:%M", " 99:99:99": " %H:%M:%S", ", 99:99": ", %H:%M", ", 99:99:99": ", %H:%M:%S"}


def day_or_month_hint(date: str) -> str:
    """Return the advice on a date of two numbers before a year, with the format that it is written in where that can be told.

    >>> day_or_month_hint("25/12/2024").partition("as in ")[2].partition(";")[0]
    "--date-format '%d/%m/%Y'"
    """
    found = DAY_OR_MONTH.fullmatch(date)
    clock = "" if found is None or not found["rest"] else _TIMES.get(re.sub(r"\d+", "99", found["rest"]))
    told = ""
    if found is not None and clock is not None:
        first, second = ("%m", "%d") if int(found["second"]) > _LAST_MONTH else ("%d", "%m")
        year = "%Y" if len(found["year"]) == len("2024") else "%y"
        gap = " " if f"{found['mark']} " in date[: found.end("year")] else ""
        told = f", as in --date-format '{first}{found['mark']}{gap}{second}{found['mark']}{gap}{year}{clock}'"
    return (
        "say which comes first, --day-first or --month-first (day_first=True or False in the settings), or how it is written"
        f"{told}; or {HINTS['date_unparsable']}"
    )


SCALE_HINT = (
    "name the scale that the number is on as the emotion's vocabulary: emotionml (0 to 1), sam or anew (1 to 9), shodh (arousal "
    "from 0 to 1) or percent (0 to 100); it is converted then, and never guessed"
)
"""The advice where a number of an emotion is out of range and no vocabulary says on which scale it is."""
GENERAL_HINT = "see the fields of memproc.Memory"
