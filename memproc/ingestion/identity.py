"""How a job is found again: by what is read, how, and by the bytes of its files.

Rules: its identity is that of its paths, format and everything that decides what a record becomes, not of settings of the run such
as the batch size or max_errors. The bytes of the files must not have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from memproc.dedup.keys import KEY_BYTES, Key
from memproc.formats.mapping import told
from memproc.ingestion.source import Given, Sources
from memproc.intake import Intake
from memproc.records import encode
from memproc.sources.files import check_not_in_use
from memproc.sources.remote import Remote

HASHED_AT_ONCE_BYTES = 1 << 20


class Resumable(NamedTuple):
    """How a job is found again: a hash of its paths and options, and one of the bytes of its files."""

    identity: Key
    fingerprint: Key


def resumable(given: Sequence[Given] | None, sources: Sources, intake: Intake, options: Sequence[object]) -> Resumable | None:
    """Return how a job on these sources is found again, or None if one of them can be read only once.

    `intake` and `options` hold what the caller passed.
    """
    named = [one for one in given or () if isinstance(one, Path | Remote)]
    if given is None or len(named) < len(given) or not all(source.can_reread for source in sources.all):
        return None
    files = [source.file for source in sources.all if source.file is not None]
    intakes = [sources.named[number].intake if number in sources.named else intake for number in range(len(named))]
    return Resumable(identity_of(named, intakes, options), fingerprint_of([*dict.fromkeys(files)]))


def identity_of(given: Sequence[Path | Remote], intakes: Sequence[Intake], more_options: Sequence[object] = ()) -> Key:
    """Return a hash of the paths or remote sources, and of everything that decides what a record becomes."""
    hashed = blake2b(digest_size=KEY_BYTES)
    for one, intake in zip(given, intakes, strict=True):
        context = intake.context
        where = str(one.resolve()) if isinstance(one, Path) else [*one.identity]
        parts = [where, intake.format.name, intake.namespace, context.source, sorted(context.include)]
        options = [context.trusts_decisions, context.is_told]
        schema = f"{intake.schema.__module__}.{intake.schema.__qualname__}"
        secrets = [] if intake.settings.secrets == "off" else [intake.settings.secrets, *intake.settings.secret_kinds]
        dates = [*intake.settings.dates] if intake.settings.dates.is_said else []
        hashed.update(encode([*parts, *options, told(context.mapping), schema, intake.as_of, *secrets, *dates]))
    if any(option is not None for option in more_options):
        hashed.update(encode([*more_options]))
    return hashed.digest()


def fingerprint_of(paths: Sequence[Path]) -> Key:
    """Return a hash of the bytes of files."""
    hashed = blake2b(digest_size=KEY_BYTES)
    for path in paths:
        check_not_in_use(path)
        hashed.update(encode(path.stat().st_size))
        with path.open("rb") as stream:
            while chunk := stream.read(HASHED_AT_ONCE_BYTES):
                hashed.update(chunk)
    return hashed.digest()
