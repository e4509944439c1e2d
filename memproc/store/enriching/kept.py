"""Results of enrichment that the store keeps, so that none is asked for twice, and what they led to.

Rules: a result belongs to the observation that the record would be as it was read, and a line of `enriched` leads from what it
became back to that. So forgetting an observation finds what it was read as, whose key is then forgotten too: read again, it is
neither sent to anybody nor stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import orjson
from sqlalchemy import func, select

from memproc.dedup.keys import Key, key_of
from memproc.enrichment.terms import Terms
from memproc.formats import own
from memproc.store.rows.observations import forgotten_among
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

_kept, _enriched = tables.enrichments.c, tables.enriched.c
_RESULTS = select(_kept.read, _kept.result)
_KEYS, _READS_OF_BECAME = select(_kept.key), select(_enriched.became, _enriched.read)
_DAY_CHARS = len("2026-01-31")
Link = tuple[Key, Key]  # what a record became, and as what it was read


class NewResult(NamedTuple):
    """A result as JSON text, of what would be an observation of this key, in a namespace by its number."""

    read: Key
    namespace: int
    result: bytes


class Known(NamedTuple):
    """What a store knows of records by their keys: results, what they led to, and which of them were forgotten."""

    results: Mapping[Key, bytes]
    links: Collection[Link]
    forgotten: Collection[Key]


def result_key(terms: Terms, read: Key) -> Key:
    """Return the key under which the result of an enrichment is kept."""
    return key_of(terms.key + read)


def known_of(tx: Tx, terms: Terms, reads: Collection[Key]) -> Known:
    """Return what the store knows of records, given by the keys of what they would be as they were read."""
    wanted = [result_key(terms, read) for read in sorted(reads)]
    found = {read: result.encode() for read, result in tx.select_by_keys(_RESULTS, _kept.key, wanted)}
    links = {(became, read) for became, read in tx.select_by_keys(_READS_OF_BECAME, _enriched.read, sorted(found))}
    return Known(found, links, forgotten_among(tx, reads))


def keep(tx: Tx, terms: Terms, results: Iterable[NewResult]) -> None:
    """Keep results, but for those that are kept already, or whose records were forgotten meanwhile."""
    new = {result_key(terms, one.read): one for one in results}
    gone = forgotten_among(tx, {one.read for one in new.values()})
    there = {key for (key,) in tx.select_by_keys(_KEYS, _kept.key, sorted(new))}
    told = {"enricher": terms.name_key, "name": terms.name, "version": terms.version, "kept_at": to_micros(tx.now)}
    rows = [
        {"key": key, "read": one.read, "namespace": one.namespace, "result": one.result.decode(), **told}
        for key, one in sorted(new.items())
        if key not in there and one.read not in gone
    ]
    tx.insert_rows(tables.enrichments, rows)


def link(tx: Tx, links: Collection[Link]) -> None:
    """Write what results led to, where that is not written yet, and was not forgotten meanwhile."""
    gone = forgotten_among(tx, {read for _, read in links})
    wanted = {one for one in links if one[1] not in gone}
    there = {(became, read) for became, read in tx.select_by_keys(_READS_OF_BECAME, _enriched.read, {read for _, read in wanted})}
    tx.insert_rows(tables.enriched, [{"became": became, "read": read} for became, read in sorted(wanted - there)])


def count_today(tx: Tx, terms: Terms) -> int:
    """Return how many results of an enrichment, of whatever version, were kept since midnight (UTC)."""
    midnight = to_micros(f"{tx.now[:_DAY_CHARS]}T00:00:00.000000Z")
    query = select(func.count()).select_from(tables.enrichments).where(_kept.enricher == terms.name_key, _kept.kept_at >= midnight)
    return int(tx.execute(query).scalar_one())


def take_out(tx: Tx, keys: Iterable[Key]) -> set[Key]:
    """Remove all results of observations, and return as what these were read, where that was something else."""
    if tx.execute(_KEYS.limit(1)).first() is None and tx.execute(_READS_OF_BECAME.limit(1)).first() is None:
        return set()
    forgotten = {*keys}
    reads, fresh = set[Key](), set(forgotten)
    while fresh:  # an enrichment may have had the result of another one
        fresh = {read for _, read in tx.select_by_keys(_READS_OF_BECAME, _enriched.became, sorted(fresh))} - reads - forgotten
        reads |= fresh
    _delete(tx, forgotten | reads)
    return reads


def take_rejected_out(tx: Tx, raws: Iterable[bytes]) -> None:
    """Remove the results of records that wait in quarantine as they were read, given by their bytes there."""
    if tx.execute(_KEYS.limit(1)).first() is not None:
        _delete(tx, {key for raw in raws if (key := _observation_in(raw)) is not None})


def _observation_in(raw: bytes) -> Key | None:
    """Return the key of the observation that a rejected record would be, if its bytes tell it."""
    try:
        return bytes.fromhex(orjson.loads(raw)[own.ENVELOPE]["observation"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def take_namespace_out(tx: Tx, namespace: int) -> None:
    """Remove all results in a namespace, also of records that never were stored."""
    _delete(tx, tx.execute(select(_kept.read).where(_kept.namespace == namespace)).scalars().all())


def _delete(tx: Tx, reads: Iterable[Key]) -> None:
    gone = sorted({*reads})
    tx.delete_by_keys(tables.enrichments.c.read, gone)
    tx.delete_by_keys(tables.enriched.c.read, gone)
