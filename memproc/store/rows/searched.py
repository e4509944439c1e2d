"""The search index in the database: parts of slices, which lie without a gap from the first observation to the last that is in it.

Rules: a part is written when all its numbers were given, so that none comes into it later. Nothing but forgetting changes it: what
is merged, taken apart, updated or expired keeps its observations. What came since is looked at one by one. Where forgetting takes
away the newest numbers, which are then given again, parts that hold such numbers go as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import orjson
from sqlalchemy import bindparam, delete, func, select

from memproc.dedup.keys import Key
from memproc.records import Plain
from memproc.store.rows.slices import SLICES, Bits, bits_of, slices_of
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

SHORT, LONG = 2_048, 32_768  # how many observations a part is of; many short ones become a long one
_FIRST_BITS = 44
_searched, _observations = tables.searched.c, tables.observations.c
_PLACES = select(_searched.place, func.length(_searched.bits).label("length")).where(
    _searched.place < bindparam("end", type_=_searched.place.type)
)
_BITS = select(_searched.place, _searched.bits)
_RECORDS = (
    select(_observations.number, _observations.key, _observations.record)
    .where(_observations.number >= bindparam("first", type_=_observations.number.type))
    .where(_observations.number < bindparam("end", type_=_observations.number.type))
    .order_by(_observations.number)
)
_KEYS = _RECORDS.with_only_columns(_observations.number, _observations.key)


class Part(NamedTuple):
    """Which observations the parts of slices are of: so many from the first on."""

    first: int
    span: int

    @property
    def end(self) -> int:
        """The number behind the last."""
        return self.first + self.span


class Indexed(NamedTuple):
    """What is to be written of a part: its bits, a row for each slice, and the observations that these are of."""

    part: Part
    bits: Bits
    keys: Sequence[tuple[int, Key]]


def parts_in(tx: Tx) -> list[Part]:
    """Return the parts that there are, the first numbers first."""
    return sorted(Part(row.place, 8 * row.length) for row in tx.run(_PLACES, end=1 << _FIRST_BITS).all())


def end_of(parts: Sequence[Part]) -> int:
    """Return the number behind the last observation that is in the index."""
    return parts[-1].end if parts else 0


def next_part(tx: Tx) -> Part | None:
    """Return the part that is to be written next, None where too few observations came since."""
    first, end = end_of(parts_in(tx)), tx.next_number(tables.observations)
    span = LONG if first % LONG == 0 and end - first >= LONG else SHORT
    return Part(first, span) if end - first >= span else None


def computed_part(tx: Tx, part: Part) -> Indexed:
    """Return what is to be written of a part, from the records."""
    rows = tx.run(_RECORDS, first=part.first, end=part.end).all()
    records = [(row.number - part.first, orjson.loads(row.record)) for row in rows]
    return Indexed(part, bits_of(records, part.span), [(row.number, row.key) for row in rows])


def write_part(tx: Tx, indexed: Indexed) -> bool:
    """Write the next part, if the store still has the same observations; return whether it was written."""
    part = indexed.part
    there = [tuple(row) for row in tx.run(_KEYS, first=part.first, end=part.end).all()]
    if next_part(tx) != part or there != indexed.keys:
        return False
    places = [_place(number, part) for number in range(SLICES)]
    tx.insert_columns(tables.searched, {"place": places, "bits": [bits.tobytes() for bits in indexed.bits]})
    _unite_short(tx)
    return True


def _unite_short(tx: Tx) -> None:
    """Make one long part of the newest short ones, where there are enough."""
    parts = parts_in(tx)
    first = (parts[-1].end - 1) // LONG * LONG
    short = [part for part in parts if part.first >= first]
    if len(short) == 1 or parts[-1].end - first < LONG:
        return
    bits = _bits(tx, short, range(SLICES))
    _delete(tx, short)
    places = [_place(number, Part(first, LONG)) for number in range(SLICES)]
    united = [b"".join(bits.get(_place(number, part), b"") for part in short) for number in range(SLICES)]
    tx.insert_columns(tables.searched, {"place": places, "bits": united})


def standing_in(tx: Tx, parts: Sequence[Part], wanted: Sequence[Sequence[int]]) -> list[Bits] | None:
    """Return, for each of some lists of slices, the bits of the observations that stand in all of them, from number 0 on; None
    where the index is not whole.
    """
    needed = sorted({one for slices in wanted for one in slices})
    bits = _bits(tx, parts, needed)
    if len(bits) < len(parts) * len(needed):
        return None
    joined = {one: np.frombuffer(b"".join(bits[_place(one, part)] for part in parts), np.uint8) for one in needed}
    if any(8 * len(one) != end_of(parts) for one in joined.values()):
        return None
    return [np.bitwise_and.reduce([joined[one] for one in slices]) for slices in wanted]


def numbers_in(bits: Bits) -> list[int]:
    """Return the numbers of the observations whose bit is set."""
    numbers: list[int] = np.flatnonzero(np.unpackbits(bits, bitorder="little")).tolist()
    return numbers


def take_out_of_index(tx: Tx, gone: Mapping[int, Plain]) -> None:
    """Take observations that were deleted out of the index, by number with their records."""
    newest = tx.next_number(tables.observations) - 1
    parts = parts_in(tx)
    _delete(tx, [part for part in parts if part.end > newest + 1])
    for part in parts:
        inside = [number for number in gone if part.first <= number < part.end <= newest + 1]
        if inside:
            slices = set().union(*slices_of([gone[number] for number in inside]))
            mask = np.zeros(part.span, np.uint8)
            mask[[number - part.first for number in inside]] = 1
            left = ~np.packbits(mask, bitorder="little")
            bits = _bits(tx, [part], sorted(slices))
            rows = [{"place": place, "bits": (np.frombuffer(old, np.uint8) & left).tobytes()} for place, old in bits.items()]
            tx.update_rows(tables.searched, rows)


def clear_search_index(tx: Tx) -> None:
    """Delete the index; it is made again when something is looked for."""
    tx.execute(delete(tables.searched))


def wrong_parts(tx: Tx) -> list[int]:
    """Return the first numbers of parts that are not what the records give, or of rows that are of no part."""
    parts = parts_in(tx)
    count = tx.execute(select(func.count()).select_from(tables.searched)).scalar_one()
    wrong = [] if count == SLICES * len(parts) else [end_of(parts)]
    end = 0
    for part in parts:
        is_next, end = part.first == end, part.end
        computed = computed_part(tx, part).bits
        bits = _bits(tx, [part], range(SLICES))
        if not is_next or [bits.get(_place(number, part)) for number in range(SLICES)] != [one.tobytes() for one in computed]:
            wrong.append(part.first)
    return wrong


def _place(number: int, part: Part) -> int:
    return number << _FIRST_BITS | part.first


def _bits(tx: Tx, parts: Sequence[Part], slices: Iterable[int]) -> dict[int, bytes]:
    places = [_place(number, part) for number in slices for part in parts]
    return {place: bytes(bits) for place, bits in tx.select_by_keys(_BITS, _searched.place, places)}


def _delete(tx: Tx, parts: Sequence[Part]) -> None:
    tx.delete_by_keys(_searched.place, [_place(number, part) for number in range(SLICES) for part in parts])
