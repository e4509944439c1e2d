"""Checks records without a store, as they come: what is wrong with which, and where it stands."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from os.path import abspath

from memproc.dates import forms_read
from memproc.errors import SourceEndedError, redacting
from memproc.formats.naming import Names
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.source import Source
from memproc.intake import OWN, Intake
from memproc.records import Rejected
from memproc.report.checks import Checks, Spot
from memproc.sources.decoding import decode
from memproc.sources.labels import path_shown
from memproc.validation import NOT_AN_OBJECT, fault, redacted

ONE_RECORD, _OF_STREAM = "the record", "file object"


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check, and advice where not a single record is valid."""

    checks: Checks
    advice: str = ""


def check(what: object, intake: Intake, asked: Asked, *, most_shown: int, limit: int | None = None) -> Checked:
    """Check the records that a caller names, as `ingest` would; with a limit the first.

    Raises SourceError where nothing can be read, and UsageError on wrong use.
    """
    checks, names = Checks(most_shown), Names()
    redacts = intake.settings.redact
    numbered = asked._replace(is_numbered=given_of(what) is not None)
    with redacting(is_wanted=redacts), closing(open_all(given_of(what), what, intake, numbered)) as sources:
        for source in sources.all:
            try:
                if not _check(source, checks, names, limit):
                    break
            except SourceEndedError as error:
                checks.broken[source.name] = str(error)
        checks.not_read = list(sources.notes(redacts=redacts))
    advice = names.advice(redact=redacts) if checks.invalid and not checks.valid else ""
    return Checked(checks, advice)


def check_one(text: str, intake: Intake, asked: Asked, *, most_shown: int) -> Checked:
    """Check one record, given as JSON."""
    raw = text.encode("utf-8", "surrogateescape")
    item = decode(raw)
    if item.fault is None and isinstance(item.value, dict | list):
        return check(BytesIO(raw), intake, asked, most_shown=most_shown)
    kind = type(item.value).__name__
    checks = Checks(most_shown, read=1)
    found = item.fault or fault("", "not_a_mapping", NOT_AN_OBJECT, kind)
    told = redacted(found, intake.schema.model_fields) if intake.settings.redact else found
    checks.note(Spot(ONE_RECORD, None, 1, 1, 0), (told,))
    return Checked(checks)


def _check(source: Source, checks: Checks, names: Names, limit: int | None) -> bool:
    """Check the records of a source, and return whether there may be more to check in another one."""
    name, path = ONE_RECORD if source.name == _OF_STREAM else source.name, None
    if source.file is not None:
        path = abspath(source.file)  # noqa: PTH100 - links stay what they are called
        name = path_shown(source.file) if name == path_shown(source.file.name) else name
    for number, item in enumerate(source.items, 1 + source.passed):
        line = None if isinstance(item, bytes) else item.line
        for one in source.intake.draft(item):
            if checks.read == limit:
                return False
            if isinstance(one, Rejected):
                names.note([one])
                checks.note(Spot(name, path, number, line, checks.read), one.faults)
            elif not source.intake.format.name.startswith(OWN):
                checks.forms.update(forms_read(one.__dict__))
            checks.read += 1
    return True
