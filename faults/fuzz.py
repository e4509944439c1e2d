"""Spoilt records by the hundred thousand: none raises, hangs, takes memory without bound or vanishes.

Facts: a chunk is one file or one iterable, made from the seed and its own number, so that one that fails can be made again alone.
A record is what a report counts: a conversation holds many. Stores are filled to some tens of thousands of records and then left.
"""

from __future__ import annotations

import faulthandler
import io
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final, NamedTuple

import orjson
import psutil

import memproc
from faults.mutants import FILES, Mutants
from faults.stores import NewStore, exported, is_file
from memproc.formats import format_named

CHUNK_ITEMS: Final = 1_000
STORE_RECORDS: Final = 20_000
CHECKED_WHOLE: Final = 5  # one store in so many is also rebuilt, exported, taken in again, and read a second time
LIMIT_SECONDS: Final = 60
LIMIT_GROWTH_MB: Final = 500
EARLY: Final = "early"  # sources that might end early

_LIMITS: Final[tuple[dict[str, Any], ...]] = (
    {}, {}, {}, {"max_record_bytes": 1_000}, {"max_record_bytes": 10_000, "max_fields": 20}, {"redact": True}
)  # fmt: skip


class Fed(NamedTuple):
    """A chunk: what is given to `ingest`, how many outcomes it must have at least, and how its job must end; where it is given, the
    text of its last record, which must be there then. Where it `is_open` whether that one can be told from what stands before it,
    it may be among the bytes in quarantine, or the job may fail.
    """

    what: Any
    options: dict[str, Any]
    shape: str
    least: int
    status: str = "done"
    last: str | None = None
    is_open: bool = False


@dataclass(slots=True)
class Fuzzed:
    """What the chunks came to. `refused` counts the sources that were none, by the first words of the message."""

    records: int = 0
    chunks: int = 0
    stores: int = 0
    checked_whole: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    seconds: float = 0
    slowest_seconds: float = 0
    start_mb: float = 0
    peak_mb: float = 0

    def __str__(self) -> str:
        """Return the figures as lines."""
        rate = self.records / max(self.seconds, 1e-9)
        lines = [
            f"{self.records:,} records in {self.chunks:,} chunks and {self.stores} stores",
            f"{self.seconds:.0f} s: {rate:,.0f} records a second",
            f"1,000,000 records would take {1_000_000 / max(rate, 1e-9) / 60:.0f} minutes",
            f"slowest chunk {self.slowest_seconds:.1f} s; memory {self.start_mb:.0f} MB at first, {self.peak_mb:.0f} MB at most",
            f"{self.checked_whole} stores rebuilt, exported whole, taken in again and read twice: the same",
        ]
        counted = {"outcomes": self.outcomes, "categories": self.categories, "codes": self.codes}
        counted |= {"shapes": self.shapes, "no source at all": self.refused}
        for name, counts in counted.items():
            lines.append(f"{name}: " + ", ".join(f"{key} {count:,}" for key, count in counts.most_common()))
        return "\n".join([*lines, f"left out: {self.left_out:,}"])


class HungError(BaseException):
    """A chunk took longer than any may; no `except Exception` swallows it."""


def fuzz(
    new_store: NewStore,
    folder: Path,
    records: int,
    seed: int,
    *,
    format: str | None = None,
    chunk: int | None = None,
    shape: str | None = None,
    tell: Callable[[str], object] = str,
) -> Fuzzed:
    """Feed spoilt records until so many were read, or one chunk. Raises AssertionError, or what memproc raised, with the chunk.

    With `shape` all sources have that one. `tell` is called with a line after each store.
    """
    found = Fuzzed(start_mb=_rss_mb())
    started = perf_counter()
    number = chunk or 0
    while found.records < records:
        url = new_store()
        until = min(records, found.records + STORE_RECORDS)
        with memproc.open(url) as store:
            while found.records < until:
                _feed_watched(store, folder, seed, number, (format, shape), found)
                number += 1
                if chunk is not None:
                    until = records = 0
        if found.stores % CHECKED_WHOLE == 0:
            with _watched(LIMIT_SECONDS * 5):
                _check_whole(url, new_store(), folder)
            found.checked_whole += 1
        found.stores += 1
        found.seconds = perf_counter() - started
        if is_file(url):
            Path(url).unlink()
        tell(f"{found.records:,} records, {found.seconds:.0f} s, {_rss_mb():.0f} MB")
    return found


def _feed_watched(
    store: memproc.Store, folder: Path, seed: int, number: int, chosen: tuple[str | None, str | None], found: Fuzzed
) -> None:
    started = perf_counter()
    name, shape = chosen
    try:
        with _watched(LIMIT_SECONDS):
            chance = Random(f"{seed} {number}")
            known = name or chance.choice(list(FILES))
            _feed(store, _made_early(chance, folder) if shape == EARLY else _made(chance, folder, known), found)
    except (Exception, HungError) as error:
        error.add_note(f"make it again with: python -m faults fuzz --seed {seed} --chunk {number} --format {name or 'any'}")
        raise
    found.chunks += 1
    found.slowest_seconds = max(found.slowest_seconds, perf_counter() - started)
    found.peak_mb = max(found.peak_mb, _rss_mb())
    assert found.peak_mb - found.start_mb < LIMIT_GROWTH_MB, f"memory grew from {found.start_mb:.0f} to {found.peak_mb:.0f} MB"


def _feed(store: memproc.Store, fed: Fed, found: Fuzzed) -> None:
    """Give one chunk to the store, and check what became of it."""
    found.shapes[fed.shape] += 1
    try:
        report = memproc.ingest(fed.what, store, **fed.options)
    except memproc.UsageError as error:
        if not isinstance(fed.what, Path):
            raise
        found.refused[_first_words(str(error), fed.what)] += 1
        return
    recount = store.recount(report.job)
    assert report.status == fed.status or (fed.is_open and report.status == "failed"), report
    assert report.read == report.stored + report.duplicate + report.merged + report.quarantined, report
    assert recount.is_whole, recount
    assert recount.read == report.read, recount
    decisions = len(store.decisions())
    assert report.read + report.left_out.total() + decisions >= fed.least, f"{fed.least} items gave no more than {report}"
    if fed.last is not None and report.status == fed.status and not (fed.is_open and _is_kept(store, report, fed.last)):
        assert store.add({"content": fed.last}).outcome == "duplicate", f"the last record is not there: {report}"
    for one in store.quarantine(status=None, job=report.job):
        assert one.raw or fed.shape in ("array", EARLY), one
        assert one.faults, one
        assert all(fault.code and fault.message and fault.hint for fault in one.faults), one
        assert one.category != "internal", one
        found.codes.update(fault.code for fault in one.faults[:1])
    found.records += report.read
    found.categories.update(report.errors)
    found.left_out += report.left_out.total()
    for outcome in memproc.Outcome:
        found.outcomes[outcome.value] += getattr(report, outcome.value)


def _made(chance: Random, folder: Path, format: str) -> Fed:
    """Make a chunk of records of a format, in one of the shapes that sources have."""
    table = format == "csv"
    shapes = ("table", "lines", "iterable", EARLY) if table else ("lines", "lines", "array", "iterable", "table", "noise", EARLY)
    shape = chance.choice(shapes)
    if shape == EARLY:
        return _made_early(chance, folder)
    mutants = Mutants(chance, is_text=shape != "iterable")
    known = format_named(format)
    options: dict[str, Any] = {}
    if chance.random() < 0.6:
        options["format"] = format
        options["include"] = [option for option in known.options if chance.random() < 0.5]
    limits = chance.choice(_LIMITS)
    options["settings"] = memproc.Settings(**limits)
    if chance.random() < 0.3:
        options |= {"namespace": "fuzz", "source": "fuzz"}
    if shape == "noise":
        path = folder / f"noise{chance.choice(('.json', '.jsonl', '.csv', '.tsv', ''))}"
        path.write_bytes(chance.choice((b"", b"[", b"{", b'{"content": "Tea"}\n', b"content\n")) + mutants.noise(5_000))
        return Fed(path, options, shape, 0)
    items = mutants.items(format, chance.randint(CHUNK_ITEMS // 5, CHUNK_ITEMS) // (1 if _is_small(format) else 5))
    if shape == "iterable":
        return Fed(iter(items), options, shape, sum(not _is_decision(item) for item in items))
    path, least, is_open = folder / "chunk.jsonl", 0, False
    if shape == "lines":
        raw = mutants.lines(items)
        least = sum(bool(line.strip()) and b"decision" not in line for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
    elif shape == "array":
        path = folder / chance.choice(("chunk.json", "chunk"))
        raw, is_whole = mutants.array(items)
        is_open = not is_whole  # a bracket that one of them left open may be behind the limit of a record
        least = len(items) if is_whole and raw.lstrip(b"\xef\xbb\xbf")[:1] == b"[" else 0
    else:
        path, delimiter = chance.choice(((folder / "chunk.csv", ","), (folder / "chunk.tsv", "\t")))
        raw = mutants.table(items, delimiter)
    path.write_bytes(raw)
    return Fed(path, options, shape, least, is_open=is_open)


def _made_early(chance: Random, folder: Path) -> Fed:
    """Make a chunk in which something stands at which a reader might stop."""
    limit_bytes = chance.choice((200, 1_000, 10_000))
    last = f"The last record of {chance.randrange(10**12)}"
    early = Mutants(chance, is_text=True).early(chance.randint(0, CHUNK_ITEMS // 4), orjson.dumps({"content": last}), limit_bytes)
    path = folder / f"early{early.suffix}"
    path.write_bytes(early.raw)
    options = {"settings": memproc.Settings(max_record_bytes=limit_bytes), "format": "csv" if early.suffix == ".csv" else "memproc"}
    status, told = ("failed", None) if early.is_lost else ("failed" if early.is_cut else "done", last)
    return Fed(path, options, EARLY, early.least, status, told, early.is_open)


def _check_whole(url: str, other: str, folder: Path) -> None:
    """Rebuild a store, take its full export into an empty one, and read a plain export again: nothing changes."""
    before, whole = exported(url), io.BytesIO()
    with memproc.open(url) as store:
        store.rebuild()
        store.export(whole, full=True)
        recount = store.recount()
    assert recount.is_whole, recount
    assert exported(url) == before
    path = folder / "export.jsonl"
    path.write_bytes(whole.getvalue())
    again = io.BytesIO()
    with memproc.open(other) as store:
        assert memproc.ingest(path, store, trust_decisions=True).quarantined == 0
        store.export(again, full=True)
        twice = memproc.ingest(path, store, trust_decisions=True)
        assert (twice.stored, twice.merged, twice.quarantined) == (0, 0, 0), twice
    assert again.getvalue() == whole.getvalue()
    assert exported(other) == before


@contextmanager
def _watched(limit_seconds: int) -> Iterator[None]:
    """Raise HungError in what takes too long; where even that is not heard (one call of C code), end the process with its stack."""

    def hung(_signal: int, _frame: object) -> None:
        raise HungError(f"more than {limit_seconds} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(limit_seconds)
    faulthandler.dump_traceback_later(limit_seconds * 3, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _is_kept(store: memproc.Store, report: memproc.Report, text: str) -> bool:
    """Tell whether a text is among the bytes of what a job put in quarantine."""
    return any(text.encode() in one.raw for one in store.quarantine(status=None, job=report.job))


def _is_decision(item: object) -> bool:
    return isinstance(item, dict) and "decision" in item


def _is_small(format: str) -> bool:
    return format not in ("chatgpt", "claude", "locomo")


def _first_words(message: str, path: Path) -> str:
    return " ".join(message.replace(str(path), "").replace(path.name, "").split()[:4])


def _rss_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6
