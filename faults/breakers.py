"""Promises broken on purpose: each breaker is a patch of the running program, which the check of that promise must find out.

Rules: what a breaker loses it loses without a trace. A reader that stops early reads on to the end and gives nothing of it, and a
record that vanishes is not counted either: what memproc proves of itself would notice what is clumsier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from sqlalchemy import select

from faults.promises import CHECKS, keep
from faults.stores import NewStore, is_file
from memproc.dedup import preparing
from memproc.dedup.gist.gist import skim
from memproc.formats.draft import Context
from memproc.ingestion import opening, performing
from memproc.ingestion.batches import Pieces
from memproc.ingestion.checkpoint import Checkpoint
from memproc.intake import Chunk, Intake, intake
from memproc.records import Category
from memproc.sources import files, iterables
from memproc.sources.elements import array_elements, list_in_object
from memproc.sources.items import Items
from memproc.sources.lines import lines_of
from memproc.store.changes import deciding, forgetting, landing, policies, writer
from memproc.store.changes.writer import Writer
from memproc.store.checkup import doctor
from memproc.store.face import quarantining
from memproc.store.jobs import jobs
from memproc.store.quarantine import records as quarantine
from memproc.store.quarantine import triage
from memproc.store.quarantine.texts import holders_of
from memproc.store.rows.state import store_state
from memproc.store.sql import tables, urls
from memproc.store.sql.database import Database
from memproc.store.sql.tx import Tx
from memproc.store.store import Store
from memproc.taken import Taken

FEW: Final = 10  # records, before a reader stops


class Breaker(NamedTuple):
    """What breaks a promise, and the check that finds it out."""

    found_by: str
    patches: tuple[Any, ...]


def find_out(new_store: NewStore, folder: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """Break each promise, or in the ways named, and let its check find it out; return by breaker the check that did. On a server
    what breaks promises about files is left out. Raises AssertionError where a check notices nothing.
    """
    found: dict[str, str] = {}
    of_files = is_file(new_store())
    for name in BREAKERS if names is None else names:
        breaker = BREAKERS[name]
        if CHECKS[breaker.found_by].is_of_files and not of_files:
            continue
        with ExitStack() as stack:
            for one in breaker.patches:
                stack.enter_context(one)
            try:
                keep(new_store, folder, [breaker.found_by])
            except AssertionError:
                found[name] = breaker.found_by
        assert name in found, f"{breaker.found_by!r} does not notice that {name}"
    return found


def _nothing(*_given: object, **_named: object) -> None:
    """Do nothing."""


def _first(given: Iterator[Any]) -> Iterator[Any]:
    """Give the first, and read the others all the same."""
    yield from islice(given, FEW)
    for _ in given:
        pass


_ROWS, _PIECES = files._rows, files._pieces  # noqa: SLF001 - they are broken behind their backs
_NEXT_CHUNK, _PREPARE_CHUNK, _LAND_EACH = Pieces.next_chunk, Intake._prepare_chunk, Writer.land_each  # noqa: SLF001 - as these
_INSERT_COLUMNS, _ITERATED = Tx.insert_columns, Store.__iter__


def _object(*given: Any) -> tuple[bytes | None, Iterator[Any]]:
    head, elements = list_in_object(*given)
    return head, _first(elements)


def _iterable(records: Any) -> Items:
    found = iterables.of_iterable(records)
    return found._replace(items=_first(found.items))


def _until_too_long(*given: Any) -> Iterator[Any]:
    pieces = _PIECES(*given)
    for piece in pieces:
        yield piece
        if not isinstance(piece, bytes):
            break
    for _ in pieces:
        pass


def _believed(self: Pieces, records: int) -> list[Any]:
    """Take what ended the reading for the end."""
    chunk = _NEXT_CHUNK(self, records)
    if self.failure is not None:
        self.failure, self._pieces = None, iter(())
    return chunk


def _swallowing(self: Intake, pieces: Sequence[Any], **how: Any) -> Chunk:
    """Take records, but for those on which an exception was raised."""
    chunk = _PREPARE_CHUNK(self, pieces, **how)
    gone = {at for at, one in chunk.records.rejected if one.category == Category.INTERNAL}
    rejected = [(at - sum(before < at for before in gone), one) for at, one in chunk.records.rejected if at not in gone]
    left = (at not in gone for at in range(len(chunk.records)))
    counts = [sum(islice(left, count)) for count in chunk.counts]
    return chunk._replace(records=Taken(chunk.records.accepted, rejected), counts=counts)


def _dropping(self: Tx, table: Any, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert all rows but the last, which was counted."""
    end = -1 if table is tables.observations else None
    _INSERT_COLUMNS(self, table, {name: values[:end] for name, values in columns.items()})


def _deep(content: str) -> Any:
    """Read a text by a function that calls itself for each face."""
    if content.count(":)") > 500:
        raise RecursionError("maximum recursion depth exceeded")
    return skim(content)


def _trusting(*given: Any, **named: Any) -> Context:
    return Context(*given, **named)._replace(trusts_decisions=True)


def _step_apart(self: Writer, claim: jobs.Claim, batches: Sequence[Any]) -> None:
    """Write the checkpoint in a transaction of its own."""

    def step(tx: Tx) -> None:
        for batch in batches:
            there = store_state(tx, claim.job)
            jobs.step(tx, replace(claim, landed=there.landed), there, batch.checkpoint, is_looked_at=False)

    self._transactions.write(step)


def _step_before(self: Writer, claim: jobs.Claim, batches: Sequence[Any]) -> list[Any]:
    _step_apart(self, claim, batches)
    return _LAND_EACH(self, claim, batches)


def _step_behind(self: Writer, claim: jobs.Claim, batches: Sequence[Any]) -> list[Any]:
    landed = _LAND_EACH(self, claim, batches)
    _step_apart(self, claim, batches)
    return landed


def _for_ever(self: Store) -> Iterator[Any]:
    while True:
        yield from _ITERATED(self)


def _one_by_one(tx: Tx, texts: Any) -> set[int]:
    """Ask of each rejected record by itself whether it holds one of the texts."""
    of_all = select(tables.quarantine.c.number)
    for number in tx.execute(of_all).scalars().all():
        tx.execute(of_all.where(tables.quarantine.c.number == number))
    return holders_of(tx, texts)


def _as_it_is(found: Any, *_rest: object) -> Any:
    return found


def _merging_only(*given: Any) -> None:
    """Write decisions, and take none back."""
    if given[1][0][1] != "withdrawn":
        deciding.decide_by_hand(*given)


BREAKERS: Final[dict[str, Breaker]] = {}


def _break(found_by: str, breaks: str, *patches: Any) -> None:
    BREAKERS[breaks] = Breaker(found_by, patches)


_NO_STEP: Final = patch.object(writer, "step", lambda *_given, **_how: False)
for _when, _landing in (("before", _step_before), ("behind", _step_behind)):
    _name = f"the checkpoint is committed {_when} its batch"
    _break("what is cut off within a batch goes on", _name, _NO_STEP, patch.object(Writer, "land_each", _landing))
_break(
    "what is cut off between batches goes on",
    "resume begins anew",
    patch.object(Checkpoint, "from_json", lambda _text: Checkpoint()),
)

_READERS: Final = {
    "an array": patch.object(files, "array_elements", lambda *given: _first(array_elements(*given))),
    "a wrapped list": patch.object(files, "list_in_object", _object),
    "lines": patch.object(files, "lines_of", lambda *given: _first(lines_of(*given))),
    "a table": patch.object(files, "_rows", lambda *given: _first(_ROWS(*given))),
    "an iterable": patch.object(opening, "of_iterable", _iterable),
}
for _name, _patch in _READERS.items():
    _break("all that is given is read", f"the reader of {_name} stops early", _patch)
_break("all that is given is read", "a row is dropped when it was counted", patch.object(Tx, "insert_columns", _dropping))
_break(
    "a long string costs its own record", "what is too long takes the rest with it", patch.object(files, "_pieces", _until_too_long)
)
_break("what ends early is not done", "what ends the reading is taken for the end", patch.object(Pieces, "next_chunk", _believed))
_break("a thousand faces are a text", "a text is read as deep as it is long", patch.object(preparing, "skim", _deep))
_break(
    "what memproc breaks on is told",
    "an exception is swallowed with its record",
    patch.object(Intake, "_prepare_chunk", _swallowing),
)

_break("decisions act where they are trusted", "decisions act without trust", patch.object(performing, "Context", _trusting))
_across: Final = patch.object(forgetting, "_within", lambda _tx, decided, _namespace: [*decided])
_break("decisions act where they are trusted", "decisions act across namespaces", _across)
_unheard: Final = patch.object(policies, "_is_a_persons", lambda _made: False)
_break("a policy gives way and is taken back", "what a person took back is decided again", _unheard)
_together: Final[Any] = patch.object(policies, "_apart", lambda *_given: defaultdict(set))
_break("a policy gives way and is taken back", "what is held distinct is made one by a chain", _together)
_break(
    "a policy gives way and is taken back", "nothing of it is taken back", patch.object(policies, "decide_by_hand", _merging_only)
)
_break("two texts with one hash are two", "the hash is believed", patch.object(landing, "colliding_in", lambda *_given: set()))
_break("the store's own files stay closed", "any file is opened", patch.object(files, "whose", lambda _path: ""))
_break("a loop over a store ends", "a loop meets everything again", patch.object(Store, "__iter__", _for_ever))
_break("what is forgotten is in no file", "what is forgotten is not overwritten", patch.object(Database, "wipe", _nothing))
_left: Final[Any] = patch.object(quarantine, "holders_of", lambda *_given: set())
_break("what is forgotten is in no file", "forgetting leaves quarantine out", _left)

_redactors: Final = [patch.object(module, "redacted", _as_it_is) for module in (intake, landing, quarantining, triage)]
_break("nothing secret is told", "redaction is left out", *_redactors)
_break("nothing secret is told", "passwords are not masked", patch.object(urls, "masked", str))
_break("what is changed by hand is noticed", "seals are not looked at", patch.object(doctor, "check_seals", _nothing))
_asking: Final = patch.object(quarantine, "holders_of", _one_by_one)
_break("statements do not grow with the store", "forgetting asks for each rejected record", _asking)
