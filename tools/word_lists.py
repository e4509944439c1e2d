"""Make `memproc/dedup/data/{common,frequent,known}.txt.gz` from SCOWL 2020.12.07 (Debian package `scowl`) and the given names
of the US census of 1990 (PyPI package `names` 0.3.0).

Run: `python tools/word_lists.py /usr/share/dict/scowl FOLDER_OF_NAMES`.

- common: the words of at least four letters that a slip may stand for (SCOWL sizes to 55, American and British), without given
  names ("mark", "rose") and without the rarer words that are names too, so that no name is taken for a slip of a word. A most
  frequent word that hardly anybody is called by ("many", "soon") is no given name.
- frequent: those of the smallest size, 10.
- known: all other words and names (sizes to 70, names to 80); a token that is here is not a slip of anything.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

WORD = re.compile(r"[a-z]+")
ENGLISH = r"(english|american|british|british_z)-words"
ANY_WORDS = r".*-words|english-contractions|english-abbreviations|special-hacker"
NAMES = r"(english|american|british)-(proper-names|upper)"
SHORTEST_SLIP = 4
HARDLY_ANYBODY_PERCENT = 0.004
OUT = Path(__file__).parent.parent / "memproc" / "dedup" / "data"


def read(folder: Path, kinds: str, largest_size: int) -> set[str]:
    """Return the lower-cased words of the SCOWL lists whose kind matches, up to a size."""
    words: set[str] = set()
    for path in folder.iterdir():
        kind, _, size = path.name.rpartition(".")
        if size.isdigit() and int(size) <= largest_size and re.fullmatch(kinds, kind):
            words.update(word.strip().lower() for word in path.read_text("latin-1").splitlines())
    return {word for word in words if WORD.fullmatch(word)}


def write(name: str, words: set[str]) -> None:
    """Write a sorted list, one word a line, the same bytes each time."""
    (OUT / name).write_bytes(gzip.compress("\n".join(sorted(words)).encode(), mtime=0))
    print(name, len(words))


def given_names(folder: Path, least_percent: float = 0.0) -> set[str]:
    """Return the lower-cased given names of the census lists that more than a share of the people bear."""
    rows = [line.split() for path in sorted(folder.rglob("dist.*male.first")) for line in path.read_text().splitlines()]
    return {name.lower() for name, percent, *_ in rows if float(percent) > least_percent}


def main(scowl: Path, names: Path) -> None:
    """Make both lists."""
    frequent = {word for word in read(scowl, ENGLISH, 10) if len(word) >= SHORTEST_SLIP}
    persons = (given_names(names) - frequent) | given_names(names, HARDLY_ANYBODY_PERCENT)
    like_names = persons | (read(scowl, NAMES, 60) - read(scowl, ENGLISH, 20))
    common = {word for word in read(scowl, ENGLISH, 55) if len(word) >= SHORTEST_SLIP} - like_names
    known = read(scowl, ENGLISH, 50) | read(scowl, ANY_WORDS, 70) | read(scowl, NAMES, 80) | given_names(names)
    write("common.txt.gz", common)
    write("frequent.txt.gz", frequent & common)
    write("known.txt.gz", known - common)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
