"""Make `memproc/dedup/data/{named,usage,neighbours}.txt.gz` from SCOWL, the census and GeoNames, as `word_lists.py` takes them, and
from the word frequencies of wordfreq (PyPI package `wordfreq` 3.1.1), which has to be installed.

Run: `python tools/living_words.py /usr/share/dict/scowl FOLDER_OF_NAMES FILE_OF_CITIES`, the last `cities15000.json`, after
`word_lists.py`.

- named: English words (SCOWL sizes to 50) that are also names of persons, large cities, countries or other things (sizes to 50),
  and names of products and papers that are words; without months, nationalities and words that mean the same with a capital.
- usage: what people write and no list has, though it is near a common word: all that is no typical typo of it (Zipf frequency, the
  logarithm of occurrences in a thousand million words, at most 2.2 below it), and typical typos that are nearly as frequent (1.6;
  of up to five letters, most of them names and abbreviations, 2.4).
- neighbours: common words that are among the 15,000 most frequent ones of another language in Latin letters, and there hardly rarer
  than in English.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from word_lists import ENGLISH, FUNCTION_WORDS, given_names, plain, read, write
from wordfreq import iter_wordlist, top_n_list, zipf_frequency  # type: ignore[import-not-found, unused-ignore]

from memproc.dedup.text import words
from memproc.dedup.text.typos import is_typed, words_near

OWN = """
amazon apple windows shell target gap uber meta signal slack zoom teams word excel access notion discord steam twitch bolt swift
go rust python java ruby spark safari chrome edge echo kindle galaxy pixel surface android oracle bing reddit visa square stripe
shopify canvas blackboard quest oculus nest ring alexa cortana office outlook publisher paint sage box bear tinder bumble hinge
indeed monster total mars snickers twix bounty dove axe tide gain dawn joy ivory comet puma jaguar mustang polo golf up fit
focus fiesta mini smart tesla civic accord pilot ranger explorer escape fusion prius seat beetle us who it aids may march nice
reading bath cork split essen wales turkey china chad jordan georgia guinea chile cuba mali hungary greece grease poland polish
danish swede job lima the times cure economist queen king pope trump ford post sun guardian police
"""
NO_NAMES = """
begin best born advents babels amazons angoras autumn afghan afghans alpine antarctic arctic armour bible bibles baptist
baptists braille brontosaurus android cancers capitols friday fridays christmas easter lent english french german spanish
italian mom mum dad mama papa god internet mummy daddy january february april june july august september october november
december monday tuesday wednesday thursday saturday sunday google googles xerox he her his him my our your their she we you they
them me i a an and or but if of to in on at by for with from not no so as is are was be am do has have can could should would
this that these those there here then than too very just also only all any some
"""
LANGUAGES = (
    "de",
    "es",
    "fr",
    "it",
    "pt",
    "nl",
    "sv",
    "pl",
    "tr",
    "id",
    "da",
    "nb",
    "fi",
    "ro",
    "cs",
    "ms",
    "hu",
    "lv",
    "sl",
    "sh",
    "ca",
)
LARGE_CITY = 150_000
FEWEST_PERCENT = 0.002
LEAST_ZIPF = 1.9
MOST_RARER, MOST_RARER_TYPED, MOST_RARER_SHORT = 2.2, 1.6, 2.4
SHORT = 5
MOST_FREQUENT = 15_000
MOST_RARER_ABROAD = 1.3
VOWELS = frozenset("aeiouy")
SURE_TYPOS = frozenset(["becaus", "concensus", "sandwhich", "extention", "embarassed"])


def names_too(scowl: Path, names: Path, cities: Path) -> set[str]:
    """Return the English words that are names too."""
    kinds = r"(english|american|british)-(proper-names|upper)"
    places = {city["name"].lower() for city in json.loads(cities.read_text("utf-8")).values() if city["population"] > LARGE_CITY}
    countries = {country["name"].lower() for country in json.loads((cities.parent / "countries.json").read_text("utf-8")).values()}
    named = plain(read(scowl, kinds, 50) | given_names(names, FEWEST_PERCENT) | places | countries)
    same = set(re.findall("[a-z]+", (Path(words.__file__).parent / "data" / "proper.txt").read_text("utf-8").lower()))
    own = set(OWN.split())
    return ({word for word in plain(read(scowl, ENGLISH, 50)) & named if len(word) > 1} - same - set(NO_NAMES.split())) | own


def usage() -> set[str]:
    """Return what people write that is near a common word, and no typo of it."""
    found = set()
    for word in iter_wordlist("en", "large"):
        frequency = zipf_frequency(word, "en")
        if frequency < LEAST_ZIPF:
            break
        near = words_near(word) if re.fullmatch("[a-z]{4,24}", word) else ()
        if near and _is_living(word, near, frequency):
            found.add(word)
    return found - SURE_TYPOS


def _is_living(word: str, near: tuple[str, ...], frequency: float) -> bool:
    best = max(near, key=lambda other: zipf_frequency(other, "en"))
    rarer = zipf_frequency(best, "en") - frequency
    if best in FUNCTION_WORDS.split():
        return False
    if not any(is_typed(word, other) or len(word) == len(other) - 1 or _differ_in_a_vowel(word, other) for other in near):
        return bool(rarer < MOST_RARER)
    return bool(rarer < MOST_RARER_TYPED or (len(word) <= SHORT and rarer < MOST_RARER_SHORT))


def _differ_in_a_vowel(one: str, other: str) -> bool:
    differing = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    return len(one) == len(other) and len(differing) == 1 and VOWELS.issuperset(differing[0])


def neighbours() -> set[str]:
    """Return the common words that other languages have too."""
    found = set()
    for language in LANGUAGES:
        top = set(top_n_list(language, MOST_FREQUENT))
        common = words.common_words() & top
        found |= {word for word in common if zipf_frequency(word, "en") - zipf_frequency(word, language) < MOST_RARER_ABROAD}
    return found


def main(scowl: Path, names: Path, cities: Path) -> None:
    """Make the lists."""
    write("named.txt.gz", names_too(scowl, names, cities))
    write("usage.txt.gz", set())  # what is there is no reason for what comes
    words.other_words.cache_clear()
    write("usage.txt.gz", usage())
    write("neighbours.txt.gz", neighbours())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
