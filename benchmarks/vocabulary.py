"""The words of the corpus: everyday lists from files, invented names that grow with the corpus.

Facts
-----
- ``data/words.txt`` and ``data/sentences.txt`` consist of sections: a line ``# name``, then its content.
- Everyday words come from lists of fixed size. Names of people, towns, streets, venues, products and
  terms are built from syllables, and their number grows linearly with the number of records, so that
  the share of records that have a given name in common stays the same.
- The same (records, seed) give the same vocabulary on every platform.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent / "data"

# Smallest size of an invented list, and how many records bring one word more.
INVENTED: Final[Mapping[str, tuple[int, int]]] = {
    "surname": (200, 4),
    "invented_town": (100, 20),
    "street": (100, 8),
    "venue": (100, 8),
    "brand": (100, 8),
    "term": (100, 10),
    "nickname": (100, 20),
}
MODEL_SHARE: Final = 0.3  # of the products, have a model number behind the brand
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
EVERYDAY: Final = (
    "relation",
    "food",
    "drink",
    "hobby",
    "object",
    "job",
    "animal",
    "ailment",
    "colour",
    "adjective",
    "transport",
    "subject",
    "genre",
    "plant",
    "garment",
    "instrument",
    "room",
    "stirs",
    "apart",
)
SHORTEST_ORDINARY: Final = 5  # letters


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The lists that one corpus draws from: the name of a list to its words, in a fixed order."""

    lists: Mapping[str, tuple[str, ...]]


def sections(file_name: str) -> dict[str, tuple[str, ...]]:
    """Give the lines of each section of a data file, without blank ones, in the order of the file."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (DATA / file_name).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
            found[name] = []
        elif line.strip():
            found[name].append(line)
    return {name: tuple(lines) for name, lines in found.items()}


@cache
def words(section: str) -> tuple[str, ...]:
    """Give the comma-separated words of a section of ``data/words.txt``, in the order of the file."""
    return tuple(word.strip() for line in sections("words.txt")[section] for word in line.split(","))


@cache
def ordinary_words() -> frozenset[str]:
    """Give the lower-case English words of 5 letters or more that a text can hold outside its names."""
    sentences = " ".join(line for lines in sections("sentences.txt").values() for line in lines)
    outside_slots = re.sub(r"\{\w+\}|@", " ", sentences)
    everyday = " ".join(word for section in EVERYDAY for word in words(section))
    found = re.findall(r"[a-z]+", f"{outside_slots} {everyday}")
    return frozenset(word for word in found if len(word) >= SHORTEST_ORDINARY)


def grow(*, records: int, seed: int) -> Vocabulary:
    """Give the vocabulary of a corpus of that many records."""
    rng = random.Random(seed)
    lists = {section: words(section) for section in EVERYDAY}
    for name, (smallest, records_per_word) in INVENTED.items():
        lists[name] = _invented(name, max(smallest, records // records_per_word), rng)
    lists["place"] = words("city") + lists["invented_town"]
    return Vocabulary(lists)


def draw(vocabulary: Vocabulary, role: str, rng: random.Random) -> str:
    """Give a value for a slot, such as "14 March" for `date` or "$45" for `price`."""
    composed = _COMPOSED.get(role)
    return composed(vocabulary, rng) if composed else rng.choice(vocabulary.lists[role])


def _invented(name: str, size: int, rng: random.Random) -> tuple[str, ...]:
    """Invent `size` different words, in the order of their invention."""
    found: dict[str, None] = {}
    while len(found) < size:
        found[_INVENTORS[name](rng)] = None
    return tuple(found)


def _syllables(number: int, rng: random.Random) -> str:
    """Give a lower-case pseudo-word such as "trovalin"."""
    parts: list[str] = []
    for _ in range(number):
        parts += rng.choice(words("onset")), rng.choice(words("nucleus"))
    return "".join(parts) + rng.choice(words("coda"))


def _stem(rng: random.Random) -> str:
    return _syllables(rng.choice((2, 2, 3)), rng)


def _ending(section: str) -> Callable[[random.Random], str]:
    return lambda rng: (_stem(rng) + rng.choice(words(section))).capitalize()


def _two_words(section: str) -> Callable[[random.Random], str]:
    return lambda rng: f"{_stem(rng).capitalize()} {rng.choice(words(section))}"


def _product(vocabulary: Vocabulary, rng: random.Random) -> str:
    brand = rng.choice(vocabulary.lists["brand"])
    if rng.random() >= MODEL_SHARE:
        return brand
    return f"{brand} {rng.choice('ACEGKMPRSTVX')}{rng.randint(1, 99)}"


_INVENTORS: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "surname": _ending("surname_end"),
    "invented_town": _ending("town_end"),
    "street": _two_words("street_end"),
    "venue": _two_words("venue_end"),
    "brand": lambda rng: _stem(rng).capitalize(),
    "term": lambda rng: _syllables(3, rng),
    "nickname": lambda rng: _syllables(2, rng).capitalize(),
}
_COMPOSED: Final[Mapping[str, Callable[[Vocabulary, random.Random], str]]] = {
    "person": lambda vocabulary, rng: f"{rng.choice(words('given'))} {rng.choice(vocabulary.lists['surname'])}",
    "town": lambda vocabulary, rng: rng.choice(vocabulary.lists["place"]),
    "product": _product,
    "count": lambda _, rng: str(rng.randint(2, 99)),
    "price": lambda _, rng: f"${rng.randint(5, 2400)}",
    "year": lambda _, rng: str(rng.randint(1985, 2026)),
    "clock": lambda _, rng: f"{rng.randint(5, 22)}:{rng.randrange(0, 60, 5):02}",
    "date": lambda _, rng: f"{rng.randint(1, 28)} {rng.choice(MONTHS)}",
    "month": lambda _, rng: rng.choice(MONTHS),
    "weekday": lambda _, rng: rng.choice(WEEKDAYS),
}
