"""How many different texts there are among many, in bounded memory. Pure.

Facts: datasketch's HyperLogLog++ of 2**12 registers tells how many different values there are with a standard error of 1.6 %.

Strategy: hashes of the texts, exact up to `EXACT`, and beyond it a HyperLogLog.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

if TYPE_CHECKING:
    from datasketch import HyperLogLogPlusPlus  # type: ignore[import-untyped]  # it ships no types

EXACT = 5_000  # different values of a field whose number is exact
REGISTERS_POWER = 12


class DistinctCount:
    """The number of different texts among those noted."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()
        self._sketch: HyperLogLogPlusPlus | None = None

    @property
    def is_estimated(self) -> bool:
        """Whether the number is an estimate."""
        return self._sketch is not None

    @property
    def count(self) -> int:
        """How many different texts there are."""
        return len(self._hashes) if self._sketch is None else round(self._sketch.count())

    def note(self, text: str) -> None:
        """Take one more text into account."""
        encoded = text.encode("utf-8", "surrogatepass")
        if self._sketch is not None:
            self._sketch.update(encoded)
        elif len(self._hashes) < EXACT:
            self._hashes.add(xxh3_64_intdigest(encoded))
        elif xxh3_64_intdigest(encoded) not in self._hashes:
            self._sketch = _sketch_of(self._hashes)
            self._sketch.update(encoded)


def _sketch_of(hashes: Iterable[int]) -> HyperLogLogPlusPlus:
    """Return a sketch of the values with these hashes."""
    from datasketch import HyperLogLogPlusPlus  # noqa: PLC0415 - it takes long to import

    sketch = HyperLogLogPlusPlus(p=REGISTERS_POWER, hashfunc=lambda value: value)
    for hashed in hashes:
        sketch.update(hashed)
    sketch.hashfunc = xxh3_64_intdigest
    return sketch
