"""What an enrichment adds to a record. Pure.

Rules: tags and relations are added to those that are there, metadata by its names, and every other field takes the new value; None
says nothing. The record with it is validated like any, and what is wrong is a fault with its path. What was changed bears the
name and version of the enrichment in its metadata, so that a record which is read again from an export is not asked for once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from memproc.config import Settings
from memproc.dedup.preparing import Accepted
from memproc.enrichment.terms import Terms
from memproc.intake import exceeded_limit
from memproc.intake.secret_gate import SecretGate
from memproc.records import Category, Fault, Memory, Plain, Rejected, encode, plain
from memproc.validation import fault, validator

MARK = "enriched_by"  # in the metadata: versions by the names of what enriched the record
_ADDED_TO = ("tags", "relations")


def is_marked(json: bytes, terms: Terms) -> bool:
    """Tell whether a record, given as its JSON text, was enriched by this before."""
    if MARK.encode() not in json:
        return False
    metadata = orjson.loads(json).get("metadata")
    marks = metadata.get(MARK) if isinstance(metadata, dict) else None
    return isinstance(marks, dict) and marks.get(terms.name) == terms.version


@dataclass(frozen=True, slots=True)
class Changing:
    """How results change records of a schema."""

    schema: type[Memory]
    settings: Settings

    def changed(self, accepted: Accepted, result: object, terms: Terms) -> Accepted | list[Fault]:
        """Return an accepted record with the result of an enrichment, or what is wrong with that. None changes nothing."""
        if result is None:
            return accepted
        if not isinstance(result, dict):
            return [fault("", "not_changes", "an enrichment answers an object of fields or null, not ", type(result).__name__)]
        allowed = {*terms.sets}
        refused = [name for name in result if name not in allowed]
        if refused:
            may = f": it may set {', '.join(terms.sets)}"
            return [fault(name, "not_settable", f"{terms.name} may not set it{may}") for name in refused]
        record, _, is_identity, as_of = accepted
        changes = {name: value for name, value in result.items() if value is not None}
        if not changes:
            return accepted
        made = self._validated(_with_mark(_merged(record, changes), terms))
        return self._without_secrets((made, encode(made), is_identity, as_of)) if isinstance(made, dict) else made

    def _validated(self, fields: Plain) -> Plain | list[Fault]:
        checked = validator(self.schema, tracebacks=self.settings.tracebacks)(fields)
        if isinstance(checked, tuple):
            return [*checked]
        try:
            made = plain(checked)
            found = exceeded_limit(made, len(encode(made)), self.settings)
        except orjson.JSONEncodeError as error:
            return [fault("", "not_json", "holds what JSON cannot say: ", str(error))]
        return made if found is None else [found]

    def _without_secrets(self, accepted: Accepted) -> Accepted | list[Fault]:
        if self.settings.secrets == "off":
            return accepted
        kept, _ = SecretGate(self.settings, self.schema.model_fields).checked(accepted, lambda: accepted[1])
        return [*kept.faults] if isinstance(kept, Rejected) else kept


def _merged(record: Plain, changes: Mapping[str, Any]) -> Plain:
    fields = {**record}
    for name, value in changes.items():
        before = record.get(name)
        if name in _ADDED_TO and isinstance(before, list) and isinstance(value, list):
            fields[name] = [*before, *(one for one in value if one not in before)]
        elif name == "metadata" and isinstance(before, dict) and isinstance(value, dict):
            fields[name] = {**before, **value}
        else:
            fields[name] = value
    return fields


def _with_mark(fields: Plain, terms: Terms) -> Plain:
    metadata = fields.get("metadata", {})
    if not isinstance(metadata, dict):
        return fields  # it is refused with its path
    marks = metadata.get(MARK)
    return {**fields, "metadata": {**metadata, MARK: {**(marks if isinstance(marks, dict) else {}), terms.name: terms.version}}}


def rejected(raw: bytes, faults: Sequence[Fault]) -> Rejected:
    """Return a record that waits because its enrichment failed, or gave what is wrong."""
    return Rejected(Category.TRANSFORM, tuple(faults), raw)
