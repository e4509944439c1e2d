"""A report that says nothing of what records hold: numbers, times and memproc's own words stay. Pure.

Rules: texts, values, ids, and the names of sources, namespaces and files go; the names of fields stay where they are memproc's own
or the schema's. Names become numbers in the order of their frequency. An id is a hash of what a memory says, so it goes too: who
guesses the text could see that it is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from memproc.gates.judged import GateJudged
from memproc.records import EmotionalContext, Fault, Memory
from memproc.report.figures import Counted, ErrorPattern, FieldSeen
from memproc.report.quality import OTHERS, WHOLE
from memproc.report.store_report import StoreReport
from memproc.validation import redacted

_OF_EMOTION = frozenset(f"emotion.{name}" for name in EmotionalContext.model_fields)
_OWN_KINDS = ("fact", "message", "event")
_OWN_SETTINGS = ("dedup", "recall", "merge_at", "review_at", "batch_size", "durability", "validate", "on_error")


def without_contents(report: StoreReport, fields: Collection[str]) -> StoreReport:
    """Return a report without contents of records; `fields` are the names of the schema."""
    duplicates = report.duplicates
    named = report.quality.fields
    return replace(
        report,
        store="",
        is_redacted=True,
        jobs=tuple(replace(job, source="", settings=_own(job.settings)) for job in report.jobs),
        errors=replace(report.errors, patterns=tuple(_pattern(one, fields) for one in report.errors.patterns)),
        duplicates=replace(duplicates, clusters=tuple(replace(one, memory="", text="") for one in duplicates.clusters)),
        quality=replace(report.quality, fields=tuple(_field(one, at, _names(fields)) for at, one in enumerate(named, 1))),
        counts=tuple(map(_counted, report.counts)),
        gates=tuple(map(_gate, report.gates)),
    )


def _gate(gate: GateJudged) -> GateJudged:
    rules = tuple(replace(rule, rule=f"rule {at}", says="", advice="") for at, rule in enumerate(gate.rules, 1))
    return replace(gate, rules=rules)


def _names(fields: Collection[str]) -> Collection[str]:
    return {*Memory.model_fields, *fields, OTHERS, WHOLE}


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in _OWN_SETTINGS}


def _pattern(pattern: ErrorPattern, fields: Collection[str]) -> ErrorPattern:
    fault = redacted(Fault(pattern.path, pattern.code, pattern.message, pattern.advice), fields)
    return replace(pattern, path=fault.path, message=fault.message, advice=fault.hint, example="")


def _field(seen: FieldSeen, at: int, names: Collection[str]) -> FieldSeen:
    is_own = seen.name in names or seen.name in _OF_EMOTION
    bare = replace(seen, least="", greatest="", frequent=(), examples=())
    return bare if is_own else replace(bare, name=f"field {at}")


def _counted(counted: Counted) -> Counted:
    if counted.by == "format":  # memproc's own names
        return counted
    kept = _OWN_KINDS if counted.by == "kind" else ()
    names = tuple(
        one if one.name is None or one.name in kept else replace(one, name=f"{counted.by} {at}")
        for at, one in enumerate(counted.names, 1)
    )
    return replace(counted, names=names)
