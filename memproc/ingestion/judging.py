"""A source judged before it is ingested: it is read once by itself, with validation only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from memproc.arguments import maybe_number
from memproc.config import Settings
from memproc.errors import redacting
from memproc.formats.draft import Context
from memproc.gates.facts import Facts, Measuring
from memproc.gates.files import Given, gate_given
from memproc.gates.judged import GateJudged
from memproc.gates.judging import judged
from memproc.gates.measures import OUTCOMES
from memproc.gates.rule import Gate, Rule
from memproc.ingestion.checkpoint import named
from memproc.ingestion.gating import now
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.reading import intake_of
from memproc.ingestion.source import Source
from memproc.intake import clean_name
from memproc.records import Memory
from memproc.sources.mapping_files import mapping_given
from memproc.store.sql.opening import require_store
from memproc.store.store import Store, gate_book_of


class Measured(NamedTuple):
    """What was read of sources without a store: facts, and how many records were rejected, by category."""

    facts: Facts
    errors: Counter[str]

    @property
    def read(self) -> int:
        """How many records were read."""
        return self.facts.counts[OUTCOMES[0]]


def measured(sources: Iterable[Source], rules: Sequence[Rule] = (), limit: int | None = None) -> Measured:
    """Read sources with validation only, and return what the rules ask for; with a limit of the first records.

    Raises SourceEndedError if one cannot be read to its end.
    """
    measuring, errors, read = Measuring(rules), Counter[str](), 0
    for taken in (source.intake.take(item).records for source in sources for item in source.items):
        left = len(taken) if limit is None else limit - read
        some = taken if len(taken) <= left else taken.cut(0, left)
        read += len(some)
        errors.update([found.category.value for _, found in some.rejected])
        measuring.note(some.accepted.json)
        if read == limit:
            break
    counts = {"read": read, "quarantined": errors.total()}
    return Measured(measuring.facts(counts, now()), errors)


def judged_before(
    gate: Gate, facts: Facts, sources: Sequence[Source], store: Store[Memory] | None, *, of_all: bool = False
) -> GateJudged:
    """Return what rules come to before an ingestion, or with `of_all` all rules; `store` has the earlier jobs, if there is one."""
    history = {} if store is None else gate_book_of(store).history(gate, named(sources))
    return judged(gate, facts, "before", history, of_all=of_all)


def judge(
    what: object,
    gate: Given,
    *,
    against: Store[Memory] | str | Path | None = None,
    namespace: str | None = None,
    source: str | None = None,
    format: str | None = None,
    schema: type[Memory] = Memory,
    settings: Settings | None = None,
    mapping: Mapping[str, Any] | str | Path | None = None,
    include: Iterable[str] = (),
    records: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    allow_pickle: bool = False,
    limit: int | None = None,
) -> GateJudged:
    """Read a source with validation only, and return what the rules of a gate come to; those on a job are open.

    `gate` is the path of a file of rules, its content as a dictionary, or a `Gate`. `against` is a store: rules on drift compare
    with its earlier jobs of the same source. The other arguments are those of `ingest`. Nothing is written.

    Raises UsageError if a rule is wrong, SourceError if nothing can be read, and SourceEndedError if the source cannot be read to
    its end.
    """
    wanted, chosen, most = gate_given(gate), settings or Settings(), maybe_number("limit", limit)
    context = Context(clean_name(source, "source"), frozenset(include), mapping_given(mapping))
    intake = replace(intake_of(context, chosen, namespace=namespace), schema=schema)
    asked = Asked(format, records, delimiter, encoding, allow_pickle)
    with redacting(is_wanted=chosen.redact), closing(open_all(given_of(what), what, intake, asked)) as sources:
        found = measured(sources.all, wanted.rules, most)
        if against is None or isinstance(against, Store):
            return judged_before(wanted, found.facts, sources.all, against, of_all=True)
        require_store(against, chosen)
        with Store(against, settings=settings) as store:
            return judged_before(wanted, found.facts, sources.all, store, of_all=True)
