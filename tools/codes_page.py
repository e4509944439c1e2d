"""Write `docs/reference/codes.md` from the advice on faults. Run: `python tools/codes_page.py`.

The messages are real: each comes from a record below that is checked, or from a file below that is read, when the page is written.
What no small record shows (a worker that died, a database that refuses a row) is told in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import memproc
from memproc.store.changes.collisions import COLLIDES
from memproc.store.changes.landing import KEY_TAKEN
from memproc.validation.advice import GENERAL_HINT, HINTS
from memproc.validation.faults import without_value

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/codes.md"
_TEA = {"content": "Prefers tea"}


class _File(NamedTuple):
    """A file that holds a fault, and what it is ingested with."""

    name: str
    data: bytes
    settings: memproc.Settings | None = None
    options: Mapping[str, Any] = {}


class _Note(memproc.Memory):
    """A schema whose rule, and whose step from its first version on, say no."""

    schema_version: int = 3
    migrations = {2: lambda record: record | {"importance": 1 / 0}}  # noqa: RUF012 - as a user writes it


RECORDS: Mapping[str, object] = {
    "missing": {},
    "extra_forbidden": _TEA | {"emotion": {"label": "joy", "colour": "red"}},
    "string_type": {"content": 5},
    "string_too_short": {"content": ""},
    "string_too_long": _TEA | {"subject": "x" * 10_000},
    "model_type": _TEA | {"emotion": 5},
    "string_pattern_mismatch": {"content": " "},
    "string_unicode": {"content": "\ud83d"},
    "nul_character": {"content": "tea\0"},
    "date_unparsable": _TEA | {"created_at": "soon"},
    "greater_than_equal": _TEA | {"importance": -1},
    "less_than_equal": _TEA | {"importance": 7},
    "out_of_scale": _TEA | {"emotion": {"label": "joy", "vocabulary": "sam", "valence": 12}},
    "float_type": _TEA | {"importance": "high"},
    "finite_number": _TEA | {"metadata": {"share": float("inf")}},
    "integer_too_large": _TEA | {"metadata": {"count": 2**70}},
    "not_json": _TEA | {"metadata": {"when": {1, 2}}},
    "not_a_mapping": 5,
    "invalid_key": _TEA | {5: "five"},
    "literal_error": _TEA | {"emotion": {"label": "joy", "source": "me"}},
    "tuple_type": _TEA | {"tags": 5},
    "dict_type": _TEA | {"metadata": "none"},
    "more_faults": _TEA | {"tags": [5] * 200},
}
FILES: Mapping[str, _File] = {
    "json_invalid": _File("a.jsonl", b'{"content": "tea"}\n{"content": "tea"\n'),
    "not_utf8": _File("b.csv", b"content,namespace\ncaf\xe9,ann\n"),
    "duplicate_name": _File("c.jsonl", b'{"content": "tea", "content": "milk"}\n'),
    "row_invalid": _File("d.csv", b"content,namespace\ntea,ann,5\n"),
    "record_too_long": _File("e.jsonl", b'{"content": "%b"}\n' % (b"x" * 5_000), memproc.Settings(max_record_bytes=1_024)),
    "too_many_fields": _File(
        "f.jsonl",
        b'{"content": "tea", "metadata": {%b}}\n' % b",".join(b'"%d": 1' % at for at in range(99)),
        memproc.Settings(max_fields=20),
    ),
    "nested_too_deep": _File("g.jsonl", b'{"content": "tea", "metadata": {"a": {"b": {"c": 1}}}}\n', memproc.Settings(max_depth=2)),
    "secret": _File("h.jsonl", b'{"content": "The key is AKIAIOSFODNN7EXAMPLE"}\n', memproc.Settings(secrets="quarantine")),
    "migration_failed": _File("i.jsonl", b'{"content": "tea", "schema_version": 2}\n', None, {"schema": _Note}),
    "newer_schema": _File("j.jsonl", b'{"content": "tea", "schema_version": 9}\n', None, {"schema": _Note}),
    "older_schema": _File("k.jsonl", b'{"content": "tea", "schema_version": 1}\n', None, {"schema": _Note}),
}
IN_WORDS: Mapping[str, tuple[str, str]] = {
    "path_failed": ("transform", "a path of a mapping asks for what the value is not, as a sum of texts"),
    "row_too_large": ("resource", "a row of a SQLite file has more than 64 MiB"),
    "unreadable": ("validation", "an object given in Python raises when it is read"),
    "schema_failed": ("internal", "a rule of your own schema raised something else than ValueError"),
    "not_enriched": ("transform", "the function or service of an enrichment gave no answer for this record"),
    "not_changes": ("transform", "an enrichment answered something else than an object of fields"),
    "not_settable": ("transform", "an enrichment answered a field that it may not set"),
    "worker_died": ("resource", "a worker died twice with this record, and with no other"),
    "newer_version": ("transform", "a line of memproc's own export was written by a newer memproc"),
    "not_a_version": ("transform", "what says of which version an export is is no whole number"),
    "misplaced_head": ("transform", "the head of a full export stands among other records"),
    "misplaced_decision": ("transform", "a decision of a full export stands among other records"),
    "internal_error": ("internal", "memproc itself failed with this record; it goes on with the next one"),
    "reader_failed": ("internal", "the reader of a format failed with this record"),
    "not_a_decision": ("transform", "a line of a full export that should be a decision has another shape"),
    "transform_failed": ("transform", "a function that was given to `replay` raised with this record"),
    "unknown_shape": ("transform", "`transform` found no format that has this shape"),
    "extra_missing": ("transform", "a note has a head that only YAML can say, and the extra `markdown` is not installed"),
    "too_large": ("resource", "the database takes no record of this size"),
    "key_taken": ("dedup_conflict", "another row of the store has the key of this record"),
    "refused": ("database", "the database refused this row, by a check or a trigger"),
    "hash_collision": ("dedup_conflict", "two records that say different things have the same hash"),
}
_HINTS_ELSEWHERE = {"key_taken": KEY_TAKEN, "hash_collision": COLLIDES}
_HEAD = """# Codes of faults

<!-- Written by tools/codes_page.py: change the advice in memproc/validation/advice.py, and run it. -->

A rejected record has a fault for each place that is wrong, with a path, a code, a message, the value that was got, and advice.
`memproc validate FILE` shows them with their lines before anything is stored, `memproc quarantine DB` those that wait;
[how to work with quarantine](../how-to/work-with-quarantine.md) tells how to mend many at once.
Messages may change; codes stay. Your own rules add codes of pydantic, such as `value_error`.

| code | category | message, for example | what to do |
|---|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    rows = sorted([*_of_records(), *_of_files(), *_in_words()])
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _of_records() -> Iterator[tuple[str, ...]]:
    for code, record in RECORDS.items():
        rejected = memproc.validate(record)
        found = next(fault for fault in rejected.errors if fault.code == code)
        yield _row(found, "validation")


def _of_files() -> Iterator[tuple[str, ...]]:
    with TemporaryDirectory() as name:
        for code, file in FILES.items():
            path = Path(name, file.name)
            path.write_bytes(file.data)
            with memproc.open(path.with_suffix(".db")) as store:
                memproc.ingest(path, store, settings=file.settings, **file.options)
                [rejected] = store.quarantine()
                yield _row(next(fault for fault in rejected.faults if fault.code == code), rejected.category)


def _in_words() -> Iterator[tuple[str, ...]]:
    for code, (category, words) in IN_WORDS.items():
        yield f"`{code}`", category, words, _HINTS_ELSEWHERE.get(code) or HINTS.get(code, GENERAL_HINT)


def _row(found: memproc.Fault, category: str) -> tuple[str, ...]:
    path = f"`{found.path}`: " if found.path else ""
    shown = found.message if len(found.message) <= len(without_value(found)) + 40 else f"{without_value(found)}, got ..."
    return f"`{found.code}`", str(category), f"{path}{_cell(shown)}", _cell(HINTS[found.code])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page())
