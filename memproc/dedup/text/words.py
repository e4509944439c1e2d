"""The word lists, each read once from its data file when first needed. Where they come from: `data/README.md`."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, NamedTuple

_LONG = 6
_INITIALS = 2  # letters: "u" and "bc" are words elsewhere
WRITING = ("case", "punctuation", "form")
"""The kinds of difference that are of writing: letters large or small, marks, and how the same marks and letters look."""

Place = Literal["anywhere", "comment", "start", "opener", "said", "sound", "clause", "so", "late", "have", "article"]


@cache
def common_words() -> frozenset[str]:
    """Return the English words that a typo may stand for, those for languages and nationalities among them."""
    return frozenset([*_zipped("common.txt.gz"), *_listed("proper.txt")])


@cache
def frequent_words() -> frozenset[str]:
    """Return the most frequent of the common words, some three thousand."""
    return frozenset(_zipped("frequent.txt.gz"))


@cache
def other_words() -> frozenset[str]:
    """Return all other English words, short forms and names."""
    names = [name for listed in ("brands.txt", "pinyin.txt", "written.txt") for name in _listed(listed)]
    return frozenset([*_zipped("known.txt.gz"), *_zipped("usage.txt.gz"), *full_forms(), *typos(), *abbreviations(), *names])


def is_known(token: str) -> bool:
    """Tell whether a token is an English word, a short form or a name."""
    return token in common_words() or token in other_words()


@cache
def names_too() -> frozenset[str]:
    """Return the English words that are also names of persons, places or products: "bill", "turkey", "windows"."""
    return frozenset(_zipped("named.txt.gz"))


@cache
def german_names_too() -> frozenset[str]:
    """Return the German words whose capital makes another word of them."""
    return frozenset(_listed("german.txt"))


@cache
def acronyms() -> frozenset[str]:
    """Return the words that are another thing in capitals."""
    return frozenset(_listed("acronyms.txt"))


@cache
def neighbours() -> frozenset[str]:
    """Return the common words that are also words of another language in Latin script."""
    return frozenset(_zipped("neighbours.txt.gz"))


@cache
def typo_targets(initial: str) -> Mapping[str, Sequence[str]]:
    """Return the words with this first letter that a typo may stand for, cues among them, by each of their `ends`."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in _by_initial()[initial]:
        for key in ends(word):
            found[key].append(word)
    return found


@cache
def _by_initial() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in common_words().union(cue_kinds()):
        found[word[0]].append(word)
    return found


def ends(word: str) -> tuple[str, ...]:
    """Return keys of which two words of four letters or more share one if they are one edit inside the word apart.

    An edit leaves one end of a word as it is: two letters of it, in words of more than six letters three.

    >>> ends("cart"), ends("kitchen"), ends("kithcen")
    (('cat', 'crt'), ('kitn', 'khen'), ('kitn', 'kcen'))
    """
    if len(word) > _LONG:
        return word[:3] + word[-1], word[0] + word[-3:]
    two = word[:2] + word[-1], word[0] + word[-2:]
    return two if len(word) < _LONG else (*two, word[:3] + word[-1], word[0] + word[-3:])


@cache
def fillers() -> Mapping[str, tuple[tuple[str, ...], Place]]:
    """Return, by its first token, the tokens that follow in a filler and where it can be dropped."""
    found = {}
    for phrase, place, _ in lines("fillers.txt"):
        first, *rest = phrase.split()
        found[first] = (tuple(rest), place)
    return found  # type: ignore[return-value]


@cache
def full_forms() -> Mapping[str, tuple[str, ...]]:
    """Return what contractions and number words stand for, as tokens."""
    return {
        **{short: tuple(full.split()) for short, full in lines("contractions.txt")},
        **{word: (form,) for word, form in numbers().items()},
    }


@cache
def numbers() -> Mapping[str, str]:
    """Return number words with their digits, those joined by a hyphen too: "twenty-one", "twenty-first"."""
    found = dict(lines("numbers.txt"))
    tens = {word: form[0] for word, form in found.items() if form.endswith("0") and len(form) == len("20") and form != "10"}
    ones = {word: form for word, form in found.items() if form[0] != "0" and len(form.rstrip("stndrh")) == 1}
    return found | {f"{ten}-{one}": digit + form for ten, digit in tens.items() for one, form in ones.items()}


class Benign(NamedTuple):
    """A kind of difference that changes nothing: how sure that is, 0..1, why, and two texts that differ so."""

    kind: str
    trust: float
    reason: str
    one: str
    other: str


@cache
def benign() -> tuple[Benign, ...]:
    """Return the kinds of difference that do not keep two texts apart."""
    return tuple(Benign(kind, float(trust), *rest) for kind, trust, *rest in lines("benign.txt"))


@cache
def trust() -> Mapping[str, float]:
    """Return by kind the trust in each benign difference."""
    return {row.kind: row.trust for row in benign()}


@cache
def trust_in_writing() -> float:
    """Return the least trust in a difference of writing alone, in which words are the same."""
    return min(trust()[kind] for kind in WRITING)


@cache
def spellings() -> Mapping[str, str]:
    """Return the spelling that is compared of words that have two, British or with a hyphen first."""
    return {one: compared for one, compared, _ in lines("spelling.txt")}


@cache
def typos() -> Mapping[str, str]:
    """Return what typical typos of the most frequent words stand for."""
    return {typo: word for typo, word, *_ in lines("typos.txt")}


@cache
def abbreviations() -> Mapping[str, str]:
    """Return what abbreviations with one reading stand for, those of chats among them."""
    return {**chats(), **{short: word for short, word, *_ in lines("short.txt")}}


@cache
def chats() -> Mapping[str, str]:
    """Return what is written for words in chats, and what it stands for."""
    return {short: word for short, word, *_ in lines("chat.txt")}


@cache
def of_haste() -> frozenset[str]:
    """Return typical typos, and what is written for words in chats: with a capital they are names."""
    return frozenset([*typos(), *chats()])


class Phrase(NamedTuple):
    """Tokens of another language than English, the form in which they are compared, and the kind of the difference."""

    tokens: tuple[str, ...]
    form: tuple[str, ...]
    kind: str


@cache
def elsewhere() -> tuple[Phrase, ...]:
    """Return words and phrases of other languages with the form that is compared of each."""
    listed = [(written.removesuffix("."), form, kind) for kind, form, some in lines("elsewhere.txt") for written in some.split()]
    return tuple(Phrase(tuple(written.split("_")), tuple(form.split("_")), kind) for written, form, kind in listed)


@cache
def pointed() -> frozenset[str]:
    """Return the abbreviations of other languages behind which a point ends no sentence."""
    listed = [written for _, _, some in lines("elsewhere.txt") for written in some.split() if written.endswith(".")]
    return frozenset(written.removesuffix(".").rpartition("_")[2] for written in listed)


@cache
def accented() -> frozenset[str]:
    """Return, without their accents, words of other languages that are no other words so."""
    return frozenset(_zipped("accents.txt.gz"))


@cache
def written_out() -> Mapping[str, tuple[str, ...]]:
    """Return what contractions, number words, words of two spellings and typical typos become."""
    one_word = {**spellings(), **typos(), **abbreviations()}
    return {**full_forms(), **{one: tuple(compared.split()) for one, compared in one_word.items()}}


@cache
def places() -> Mapping[str, Sequence[tuple[str, frozenset[str]]]]:
    """Return of short forms that stand for their full ones in some places alone what must stand there "before" or "behind"."""
    found: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for short, _, *told in (row for name in ("short.txt", "chat.txt") for row in lines(name)):
        for side, name in map(str.split, told):
            found[short].append((side, word_classes()[name]))
    return found


@cache
def past_forms() -> frozenset[str]:
    """Return the forms of irregular verbs that tell of the past."""
    present = ("ing", "am", "is", "are", "be", "has")
    families = (line.split() for (line,) in lines("forms.txt"))
    return frozenset(
        form
        for first, *forms in families
        for form in forms
        if form not in (first + "s", first + "es") and not form.endswith(present)
    )


@cache
def verbs_after_would() -> frozenset[str]:
    """Return the words before which "'d" can only be "would"."""
    return frozenset(_listed("would.txt"))


@cache
def cue_kinds() -> Mapping[str, str]:
    """Return the kind of cue of each word whose presence decides."""
    return {word: kind for kind, words in lines("cues.txt") for word in words.split()}


@cache
def units() -> frozenset[str]:
    """Return the words for units, and what stands behind a time of day."""
    return frozenset(word for word, kind in cue_kinds().items() if kind == "unit") | {"am", "pm"}


@cache
def letter_labels() -> frozenset[str]:
    """Return the nouns behind which a single letter is a name: "vitamin A"."""
    return frozenset(_listed("letters.txt"))


@cache
def word_classes() -> Mapping[str, frozenset[str]]:
    """Return the classes of words that decide whether what stands beside them can be dropped."""
    return {name: frozenset(listed.split()) for name, listed in lines("classes.txt")}


@cache
def bare_nouns() -> frozenset[str]:
    """Return the nouns that say another thing without an article: "in the hospital"."""
    return frozenset(_listed("bare.txt"))


@cache
def months() -> Mapping[str, int]:
    """Return the number of each month by its names, long and short, in several languages."""
    return {name: int(number) for number, names in lines("months.txt") for name in names.split()}


@cache
def negations() -> frozenset[str]:
    """Return the words that negate what follows."""
    return frozenset(word for word, kind in cue_kinds().items() if kind == "negation")


@cache
def deciding_words() -> frozenset[str]:
    """Return the words that can be dropped, or that decide whether what stands beside them can be."""
    of_fillers = {word for first, (rest, _) in fillers().items() for word in (first, *rest)}
    return frozenset(of_fillers).union(*word_classes().values(), bare_nouns(), letter_labels(), negations())


@cache
def foreign_words() -> frozenset[str]:
    """Return frequent words of other languages in Latin script."""
    return frozenset(word for _, words in lines("foreign.txt") for word in words.split())


@cache
def english_words() -> frozenset[str]:
    """Return the words and short forms that show a text to be English."""
    short = [*(word for word, _ in lines("contractions.txt")), *(word for word in of_haste() if len(word) > _INITIALS)]
    return frozenset((*_listed("english.txt"), *(word for word in short if word not in foreign_words())))


def data(name: str) -> Traversable:
    """Return a data file of deduplication."""
    return files("memproc.dedup") / "data" / name


def _zipped(name: str) -> list[str]:
    return gzip.decompress(data(name).read_bytes()).decode().split()


def _listed(name: str) -> Iterator[str]:
    return (word for line in lines(name) for word in line[0].split())


def lines(name: str) -> Iterator[list[str]]:
    """Give the lines of a list, each as its columns, without the comments."""
    text = data(name).read_text("utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
