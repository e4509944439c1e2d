"""The gist of a fact: its tokens without the differences that do not change what is remembered.

Facts: similarity alone destroys memories ("PostgreSQL 16" / "18" is .92 similar), and it is not transitive: a chain of
similar texts joins what differs. Equality is transitive. More than half of real near repeats differ only by fillers,
contractions, punctuation or one typo.

Strategy: two facts merge when their gists are equal, so candidates for a merge are found by one key, completely and in
linear time, and no list of dangerous differences can be too short: what is not named benign here keeps texts apart.

Rules: marks at the ends and commas beside words that join nothing are dropped (`clauses.py`), and the case of short codes
("B12", "b12"; canonical text keeps it); contractions are written out; number words become digits; words of two spellings get
one; fillers are dropped where they say nothing (`fillers.py`); a typo is one edit inside a token that is neither word nor name,
or a swap of two of its letters, that makes it a common word (`typos.py`). A text that does not show itself to be English keeps
all its tokens, and all marks between them.

Left out: synonyms, word order, inflection, spelling of other languages: such pairs are for review.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import filterfalse, islice, pairwise, starmap
from typing import NamedTuple

from memproc.dedup.gist.commas import places_of, without_idle_commas, without_outer_marks
from memproc.dedup.gist.fillers import without_fillers
from memproc.dedup.gist.moments import told_behind
from memproc.dedup.text import benign, word_classes, words, written_forms
from memproc.dedup.text.amounts import in_one_form
from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.chunks import (
    AND,
    LETTERS,
    ODD,
    ODD_WRITTEN_OUT,
    THOUSANDS,
    WRITTEN_OUT,
    Apart,
    letter_of,
    odd_in_writing,
    skimmed,
    taken_apart,
)
from memproc.dedup.text.core import core_of, with_other
from memproc.dedup.text.dress import undressed
from memproc.dedup.text.in_english import as_in_english
from memproc.dedup.text.letters import compared
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.numbers import in_digits
from memproc.dedup.text.telling import NOTHING, Telling, telling, tells_a_secret
from memproc.dedup.text.tokens import MARKS, size_of
from memproc.dedup.text.typos import is_typed, words_near
from memproc.dedup.text.units import unit_of

SHORTEST_TOKENS = 2  # words: a gist of one says too little to merge by
MOST_SLIPS = 5  # a text with more odd tokens than this is no text with a typo
MOST_MENDS = 16

_ODD = re.compile(f"[{ODD}{ODD_WRITTEN_OUT}]")
_WRITTEN_OUT = re.compile(f"[{WRITTEN_OUT}{ODD_WRITTEN_OUT}]")
_BEHIND_HAS = ("been", "had", "got")
_ALSO_NAMES = ("grey", "gray")
_ENGLISH_SHARE = 0.6
_AND_ELSEWHERE = ("und", "oder", "y", "o", "et", "ou")
CALLING = ("called", "named", "nicknamed", "name")
_TOLD_BY_VERB = re.compile(
    r"yo (?:no |me |ya |lo |la |le |te |siempre |nunca |tambien |tampoco )?"
    r"(?!mismo)(?:\w+[oéíi]|\w*oy|he|tuve|hice|puse|pude|vine|estuve)(?!\S)"
    r"|nosotr[oa]s (?:no |nos |ya |lo |la |le |siempre |nunca )?\w+mos(?!\S)"
)
_BEHIND_I = frozenset(
    [
        *("am", "love", "hate", "like", "live", "prefer", "want", "need", "have", "own", "work", "play", "drink", "eat"),
        *("use", "can", "do", "got", "go", "will", "speak", "study", "take"),
    ]
)
_BEHIND_IS = ("a", "an", "the", "not", "my", "your", "her", "our")
_BEHIND_IM = frozenset(["a", "an", "the", "not", "so", "from", "going", "at", "my", "on", "really", "very", "also", "still"])
_FOREIGN_ENDINGS = ("ado", "ido", "ando", "iendo", "ción", "lich", "keit")  # of odd tokens
_TEXTS_KEPT = 6_000  # of late: what comes into a store is compared when its batch is complete
_LONGEST_KEPT_CHARS = 500  # the gist of a long text may take a megabyte


class Mend(NamedTuple):
    """An odd token of a gist, and the tokens that the gist would have if that were a typo."""

    odd: str
    tokens: tuple[str, ...]


class Gist(NamedTuple):
    """`tokens` is what is compared; `dropped` names each benign difference to the text; `is_english` tells whether the text shows
    itself to be English, which names, titles and codes do not. `odd` holds the tokens of an English text that are neither words nor
    names, and where there are such `whole` is its tokens with what is idle among them.
    """

    tokens: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    is_english: bool = False
    odd: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()

    @property
    def typo_links(self) -> tuple[Mend, ...]:
        """What it may stand for, if none of its odd tokens is a name."""
        return _typo_links(self.whole, self.tokens, self.odd, None) if self.odd else ()

    @property
    def confidence(self) -> float:
        """The probability, 0..1, that the text says what its gist says."""
        trust, product = benign.trust(), 1.0
        for kind in self.dropped:
            product *= trust[kind]
        return product

    @property
    def is_long_enough(self) -> bool:
        """Whether it says enough to merge by."""
        spoken = [*islice(filterfalse(MARKS.__contains__, self.tokens), SHORTEST_TOKENS)]
        return len(spoken) >= SHORTEST_TOKENS or sum(map(size_of, spoken)) >= SHORTEST_TOKENS


def gist_of(text: str) -> Gist:
    """Return the gist of a text.

    >>> gist_of("Well, I don't really like the tea!").tokens
    ('i', 'do', 'not', 'really', 'like', 'tea')
    >>> gist_of("she actually likes two teas").tokens == gist_of("She likes 2 teas.").tokens
    True
    """
    return _GISTS[text]


class Reading(NamedTuple):
    """An exact text as it is read: its canonical text, its gist, what is telling in the way it is written, and what it may stand
    for if a token of it is a typo.
    """

    text: str
    gist: Gist
    telling: Telling
    typo_links: tuple[Mend, ...]


class Skim(NamedTuple):
    """An exact text as it is skimmed: its canonical text, the core of its gist, the cores of what it may stand for, and whether it
    may speak of the day on which it was said.
    """

    text: str
    core: int
    typo_links: tuple[int, ...]
    may_be_of_a_day: bool


def skim(text: str) -> Skim:
    """Return an exact text as it is skimmed: without its gist, but where the core cannot be told without.

    >>> skim("She really likes tea!").core == skim("she likes the tea").core
    True
    """
    bare = bare_of(text)
    written, core, is_core_of_gist, is_odd, may_be_of_a_day = skimmed(bare)
    if bare is not text:
        written, may_be_of_a_day = canonical(text), True
    if not is_core_of_gist:
        core = core_of(read(text).gist.tokens)
    typo_links = {with_other(core, token, word) for token, meant in _typos_in(bare).items() for word in meant} if is_odd else ()
    return Skim(written, core, tuple(sorted(typo_links)), may_be_of_a_day)


def bare_of(text: str) -> str:
    """Return an exact text without its dress: it itself where it has none, or where all counts as it is written."""
    bare = undressed(text)
    return text if bare is not text and tells_a_secret(text) else bare


def read(text: str) -> Reading:
    """Return an exact text as it is read."""
    bare = bare_of(text)
    apart = taken_apart(bare)
    written = apart.text if bare is text else canonical(text)
    gist = (_GISTS.get(written) or _GISTS.before.get(written)) if bare is text else _gist(apart, is_dressed=True)
    if gist is None:
        gist = _gist(apart, is_dressed=False)
        _GISTS.keep(written, gist)
    told = telling(bare, apart.signs, is_english=gist.is_english) if any(apart.signs) else NOTHING
    typo_links = _typo_links(gist.whole, gist.tokens, gist.odd, bare) if apart.is_odd and gist.odd else ()
    return Reading(written, gist, told, typo_links)


def plain_tokens(text: str) -> tuple[str, ...]:
    """Return the tokens of a text but for the marks at its ends, as of a text whose gist says too little to merge by.

    >>> plain_tokens("Vegetarian.")
    ('vegetarian',)
    """
    apart = taken_apart(undressed(text))
    return tuple(without_outer_marks(apart.tokens, apart.shape)[0])


def _gist(apart: Apart, *, is_dressed: bool) -> Gist:
    """Return the gist of a text that was taken apart without its dress, if it had one."""
    tokens, shape = without_outer_marks(apart.tokens, apart.shape)
    dress: tuple[str, ...] = ("dress",) if is_dressed else ()
    if (counted := in_digits(tokens)) is not None:
        tokens, shape, dress = counted, "".join(map(LETTERS.__getitem__, counted)), (*dress, "numeral")
    odd = _odd_in(tokens, shape)
    if not _is_english(tokens, odd, is_ascii=apart.text.isascii()):
        is_foreign = not words.foreign_words().isdisjoint(tokens)
        found = [*filter(None, map(compared, tokens))]
        dress += ("form",) * (found != tokens)
        found, kinds = _without_elsewhere(found)
        found, numbers = as_in_english(found)
        found, forms = in_one_form(found, is_day_first=is_foreign)
        return Gist(tuple(found), (*dress, *kinds, *numbers, *forms))
    for at in places_of(THOUSANDS, shape):
        tokens[at] = tokens[at].replace(",", "")
    written_out: list[str] = []
    if _WRITTEN_OUT.search(shape):
        tokens, shape, written_out = _write_out(tokens, shape)
    tokens, forms = in_one_form(tokens, is_day_first=False)
    if not apart.text.isascii() or "@" in apart.text or "://" in apart.text or "www." in apart.text:
        found = [*filter(None, map(compared, tokens))]
        forms += ["form"] * (found != tokens)
        tokens = found
    if forms:
        shape = "".join(map(LETTERS.__getitem__, tokens))
    kept, dropped = _without_idle(tokens, shape)
    return Gist(tuple(kept), (*dress, *forms, *written_out, *dropped), True, tuple(sorted(odd)), tuple(tokens) if odd else ())


def _odd_in(tokens: Sequence[str], shape: str) -> set[str]:
    return {tokens[found.start()] for found in _ODD.finditer(shape)}


def _without_elsewhere(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Return the tokens of a text that is not English with its words in one form, and the kinds of what changed; without commas
    before "and", points behind abbreviations, and a Spanish "I" or "we" that the verb tells too.
    """
    kept: list[str] = []
    kinds: list[str] = []
    done = 0
    for at, (word, after) in enumerate(pairwise((*tokens, ""))):
        if at < done:
            continue
        before = tokens[at - 1] if at else ""
        is_unit = before[-1:].isdigit() and word.lower() in word_classes.units()  # "2 TB", "50 Cent"
        listed = () if is_unit else _elsewhere().get(word, ())
        found = next((some for some in listed if some.tokens == (*tokens[at : at + len(some.tokens)],)), None)
        if found:
            kept += found.form
            kinds += [found.kind] * (found.form != found.tokens)
            done = at + len(found.tokens)
        elif not ((word == "," and after in _AND_ELSEWHERE) or (word == "." and before in written_forms.pointed())):
            kept.append(word)
    is_told = len(kept) > SHORTEST_TOKENS and _TOLD_BY_VERB.match(" ".join(kept[:3])) is not None
    return (kept[1:], [*dict.fromkeys(kinds), "filler"]) if is_told else (kept, [*dict.fromkeys(kinds)])


@cache
def _elsewhere() -> Mapping[str, Sequence[written_forms.Phrase]]:
    """Return by the first of their tokens words and phrases of other languages, the longest first."""
    found: dict[str, list[written_forms.Phrase]] = defaultdict(list)
    for phrase in written_forms.elsewhere():
        tokens = tuple(map(compared, phrase.tokens))
        found[tokens[0]].append(phrase._replace(tokens=tokens, form=tuple(map(compared, phrase.form))))
    return {first: sorted(phrases, key=lambda phrase: -len(phrase.tokens)) for first, phrases in found.items()}


def _is_english(tokens: Sequence[str], odd: set[str], *, is_ascii: bool) -> bool:
    """Tell whether tokens show themselves to be English: by its frequent words, or "I am", or where none of them is there, by words
    that no neighbour has.
    """
    foreign, english = words.foreign_words(), words.english_words()
    has_ending = sum([word.endswith(_FOREIGN_ENDINGS) for word in odd])
    if is_ascii and not has_ending and foreign.isdisjoint(tokens):
        return not english.isdisjoint(tokens) or _says_i_am(tokens) or _is_of_english_words(tokens, odd)
    distinct = {*tokens}
    if _says_im(tokens):
        return is_ascii
    is_other_script = len(odd) > (1 - _ENGLISH_SHARE) * len(distinct) and not all(map(str.isascii, odd))
    shown = len(english & distinct) + _says_i_am(tokens)
    if not shown:
        shown = len((distinct & words.common_words()) - words.neighbours() - foreign)
    return not is_other_script and shown > len(foreign & distinct) + has_ending


def _says_im(tokens: Sequence[str]) -> bool:
    """Tell whether a text says "im a", which is "I'm a" and no German."""
    return any(word == "im" and after in _BEHIND_IM for word, after in pairwise(tokens))


def shows_english(text: str) -> bool:
    """Tell whether a canonical text shows itself to be English, mostly without its gist.

    >>> shows_english("she likes the tea"), shows_english("sie mag den tee")
    (True, False)
    """
    tokens = text.split()
    is_plain = text.isascii() and words.foreign_words().isdisjoint(tokens) and not words.english_words().isdisjoint(tokens)
    return is_plain or gist_of(text).is_english


def _says_i_am(tokens: Sequence[str]) -> bool:
    """Tell whether a text says "I am", "I love", "you can", "Anna's a" or the like."""
    behind = {"i": _BEHIND_I, **dict.fromkeys(("u", "you"), word_classes.word_classes()["modal"])}
    return any(after in behind.get(word, _BEHIND_IS if word.endswith("'s") else ()) for word, after in pairwise(tokens))


def _is_of_english_words(tokens: Sequence[str], odd: set[str]) -> bool:
    """Tell whether tokens are words of English, of which its neighbours lack more than there are that English lacks."""
    own = sum([token not in words.neighbours() for token in {*tokens} & words.common_words()])
    return own > 0 and own >= len(odd)


def _write_out(tokens: list[str], shape: str) -> tuple[list[str], str, list[str]]:
    """Return the tokens with contractions and numbers written out, in one spelling, their shape, and the kinds of those."""
    written_out = written_forms.written_out()
    full: list[str] = []
    full_shape = ""
    kinds: list[str] = []
    done = 0
    for found in _WRITTEN_OUT.finditer(shape):
        at = found.start()
        form = _full_form(written_out.get(tokens[at], ()), tokens, at)
        if form:
            kinds.append(_kind_of_form(tokens[at], form))
            full += (*tokens[done:at], *form)
            full_shape += shape[done:at] + "".join(map(letter_of, form))
            done = at + 1
    return full + tokens[done:], full_shape + shape[done:], kinds


def _kind_of_form(token: str, form: Sequence[str]) -> str:
    if token in written_forms.typos():
        return "typo"
    if token in written_forms.abbreviations():
        return "abbreviation"
    return "spelling" if token in written_forms.spellings() else "contraction" if form[0][0].isalpha() else "numeral"


def _full_form(form: tuple[str, ...], tokens: Sequence[str], at: int) -> tuple[str, ...]:
    """Return what a token stands for where it stands: "he's been" for "has", "Anna's a doctor" for "is", not so "Anna's doctor"."""
    token, before, after = tokens[at], tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else ""
    if token.endswith("'d") and not form:
        verb = next((token for token in tokens[at + 1 : at + 3] if token not in word_classes.fillers()), "")
        return (token.removesuffix("'d"), "would") if verb in word_classes.verbs_after_would() else ()
    if not token.endswith("'s"):
        return _standing(token, form, before, after)
    if form:
        return (*form[:-1], "has") if form[-1:] == ("is",) and after in _BEHIND_HAS else form
    bare = token.removesuffix("'s")
    (stem,) = found if len(found := _standing(bare, written_forms.written_out().get(bare, ()), before, after)) == 1 else (bare,)
    if after in _BEHIND_HAS:
        return stem, "has"
    classes = word_classes.word_classes()
    behind = tokens[at + 2] if at + 2 < len(tokens) else ""
    is_state = after in classes["states"] and behind in classes["preposition"]
    is_told = after in classes["told"] or is_state or tokens[at + 3 : at + 4] == ["old"]
    return (stem, "is") if is_told else (f"{stem}'s",) if stem != bare and stem.isalpha() else ()


def _standing(token: str, form: tuple[str, ...], before: str, after: str) -> tuple[str, ...]:
    """Return what a token stands for beside two others: "no one" is nobody, "Mr Grey" a person, "your mother" your mom."""
    if places := written_forms.places().get(token):
        return form if any((after if side == "before" else before) in beside for side, beside in places) else ()
    is_nobody = (before, token) == ("no", "one")
    is_name = token in _ALSO_NAMES and not _can_precede_a_colour(before)
    return () if is_nobody or is_name else form


def _can_precede_a_colour(word: str) -> bool:
    return (
        not word or word in MARKS or word in words.english_words() or word in words.common_words() or word in word_classes.fillers()
    )


def _typo_links(tokens: Sequence[str], kept: Sequence[str], odd: Sequence[str], bare: str | None) -> tuple[Mend, ...]:
    """Return what a text may stand for; `kept` are its tokens without what is idle, `bare` is as in `_typos`."""
    typos = _typos(tokens, odd, bare)
    places = [(at, word) for at, token in enumerate(kept) if token in typos for word in typos[token]]
    if len(places) > MOST_MENDS:  # asked first: a mend holds the whole text, and a text may hold a typo a thousand times
        return ()
    stood = [at for at, token in enumerate(tokens) if token in typos for _ in typos[token]]  # none of them is idle
    meant = [(at, unit_of(word) if at and kept[at - 1][-1].isdigit() else word) for at, word in places]
    typo_links = [(kept[at], _mended(tokens, kept, was, at, word)) for was, (at, word) in zip(stood, meant, strict=True)]
    return tuple(sorted(starmap(Mend, typo_links)))


def _typos_in(bare: str) -> Mapping[str, Sequence[str]]:
    """Return by token what those of a text without its dress may stand for that are typos; nothing where it is not English."""
    apart = taken_apart(bare)
    tokens, shape = without_outer_marks(apart.tokens, apart.shape)
    odd = _odd_in(tokens, shape)
    return _typos(tokens, sorted(odd), bare) if odd and _is_english(tokens, odd, is_ascii=apart.text.isascii()) else {}


def _typos(tokens: Sequence[str], odd: Iterable[str], bare: str | None) -> Mapping[str, Sequence[str]]:
    """Return by token what some odd ones of a text may stand for; nothing where there are too many for a text with a typo. One that
    is nowhere in small letters is a name, unless it begins the text and is a typical typo. `bare` is the text as it was written,
    without its dress; None where only its canonical text is known.
    """
    spelled = written_forms.spellings()
    small, first = odd_in_writing(bare) if bare is not None else (frozenset[str](), "")
    called = {token for before, token in pairwise(tokens) if before in CALLING}  # a name, be it as odd as it may
    typos: dict[str, Sequence[str]] = {}
    for token in odd:
        is_written_so = bare is None or token in small
        found = words_near(token) if token not in called and (is_written_so or token == first) else ()
        if found and (is_written_so or any(is_typed(token, word) for word in found)):
            typos[token] = sorted({spelled.get(word, word) for word in found})
    return typos if len(typos) <= MOST_SLIPS else {}


def _mended(tokens: Sequence[str], kept: Sequence[str], was: int, at: int, word: str) -> tuple[str, ...]:
    """Return the tokens with a word in place of a typo. It may be one that can be dropped, "definately", or that decides whether
    what stands beside it can be: "he moved, becaus he likes it".
    """
    if word not in word_classes.deciding_words():
        return (*kept[:at], word, *kept[at + 1 :])
    mended = [*tokens[:was], word, *tokens[was + 1 :]]
    return tuple(_without_idle(mended, "".join(map(letter_of, mended)))[0])


def _without_idle(tokens: list[str], shape: str) -> tuple[list[str], list[str]]:
    """Return the tokens without fillers, idle articles and idle commas, and the kinds of the first two; "and" says what a comma
    says: "tea, milk, and bread", "tea, milk and bread" and "tea, milk, bread" are one, and none of them is "tea, milk bread".
    """
    kept, shape, dropped = without_fillers(tokens, shape)
    joining = places_of(AND, shape)
    if joining:
        apart, persons = (
            word_classes.word_classes()["apart"],
            word_classes.word_classes()["person"],
        )  # before these "and" is no comma of a list
        letters = [*shape]
        for at in joining:
            if at + 1 == len(kept) or not (kept[at + 1] in apart or kept[at + 1] in persons):
                kept[at] = letters[at] = ","
        shape = "".join(letters)
    if joining or "filler" in dropped:  # two marks may have met
        kept, shape = without_outer_marks(kept, shape)
    kept = without_idle_commas(kept, shape)
    behind = told_behind(kept)
    return (kept, dropped) if behind is None else (behind, [*dropped, "time in front"])


def _gist_of(text: str) -> Gist:
    bare = bare_of(text)
    return _gist(taken_apart(bare), is_dressed=bare is not text)


_GISTS = Memo(_gist_of, most=_TEXTS_KEPT, longest_chars=_LONGEST_KEPT_CHARS)
