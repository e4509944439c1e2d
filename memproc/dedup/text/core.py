"""The core of a fact: a number that depends neither on the order of its tokens nor on what the rules of the gist drop or change.

Facts: most texts of talk share their core with no other (only 0.2 % of LoCoMo's turns and observations do, and 39 % of a corpus of
which half repeats itself), and so need no gist.

Strategy: the core of a text is the sum, modulo 2^64, of the counts of its tokens. A token that a rule may drop or add counts 0; one
that a rule may rewrite counts as what it becomes; a number counts by its digits, a month as its number, and accents do not count.
So equal gists have equal cores, and the core of a text with a typo corrected is found by replacing the count of one token. If a
rule changes numbers ("3 pm", "half past two", "$2k") or joins words, the core is that of the gist.

Left out: any promise that different gists have different cores. Facts with one core are compared by their gists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from xxhash import xxh3_64_intdigest

from memproc.dedup.text import word_classes, written_forms
from memproc.dedup.text.letters import compared, without_accents
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.numbers import parts_of
from memproc.dedup.text.tokens import MARKS
from memproc.dedup.text.units import units

MODULUS = 2**64
_IDLE = """very basically kind sort and is has had would of on every each per to & ° °c c C °f f F celsius fahrenheit degrees grad
    uhr den dem der eigentlich de del el yo nosotros nosotras""".split()  # noqa: SIM905 - shorter so
_AS_WRITTEN = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "usa": "us", "st": "street"}
_AS_WRITTEN |= {f"{day}days": f"{day}day" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")}
_RUNS = re.compile(r"\d+|[^\W\d_]+|[$€£¥]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))|(?<=\d)\.(?=\d{3}(?:\.\d{3})*,\d\d(?!\d))")
_ENDINGS = frozenset(["st", "nd", "rd", "th", "er"])  # of an ordinal
_STREET = "str"


def core_of(tokens: Iterable[str]) -> int:
    """Return the core of some tokens, 0..2^64-1.

    >>> core_of("well , she really likes tea".split()) == core_of("she likes the tea".split())
    True
    >>> core_of("on may 4th , 1990".split()) == core_of(["1990-05-04"]), core_of(["tea"]) == core_of(["tee"])
    (True, False)
    """
    return sum(map(COUNTS.__getitem__, tokens)) % MODULUS


def with_other(core: int, odd: str, word: str) -> int:
    """Return a core with one token replaced by another."""
    return (core - COUNTS[odd] + COUNTS[word]) % MODULUS


def _count_of(token: str) -> int:
    """Return the count of a token; whatever it may become, in any text, has the same count."""
    total, left = 0, [token]
    while left:
        token = compared(left.pop())
        is_address = "://" in token or "@" in token[1:-1]
        bare = without_accents(token)
        form = () if is_address or bare in _idle() else _form_of(token)
        if not form and "-" in token and len(parts := parts_of(token)) > 1:
            form = parts
        left += form
        if form or bare in _idle():
            continue
        if is_address or not any(map(str.isdigit, token)):
            total += xxh3_64_intdigest(bare.encode("utf-8", "surrogatepass"))
        else:
            runs = _RUNS.findall(_THOUSANDS.sub("", token))
            numbers = [run.lstrip("0") for run in runs if run.isdecimal()]
            total += sum([xxh3_64_intdigest(number.encode()) for number in numbers if number])
            left += [run for run in runs if not run.isdecimal() and run not in _ENDINGS]
    return total % MODULUS


def _form_of(token: str) -> tuple[str, ...]:
    """Return the tokens that a token may become; empty if it stays as it is."""
    if token in _forms():
        return _forms()[token]
    end = len(token)
    while token.endswith(("'d", "'s"), 0, end):
        end -= 2
    if end < len(token):
        return (token[:end],)
    return (f"{token}asse",) if token.endswith(_STREET) and token != _STREET else ()


@cache
def _forms() -> Mapping[str, tuple[str, ...]]:
    """Return what each word becomes, by the lists of all languages."""
    one_word = {**_AS_WRITTEN, **units(), **{name: str(at) for name, at in word_classes.months().items()}}
    elsewhere = {tokens[0]: form for tokens, form, _ in written_forms.elsewhere() if len(tokens) == 1}
    forms = {**elsewhere, **{word: (form,) for word, form in one_word.items()}, **written_forms.written_out()}
    return {compared(word): form for word, form in forms.items() if (compared(word),) != (*map(compared, form),)}


@cache
def _idle() -> frozenset[str]:
    """Return the tokens that some rule drops, adds, or turns into another."""
    of_fillers = {word for first, (rest, _) in word_classes.fillers().items() for word in (first, *rest)}
    return frozenset([*of_fillers, *_IDLE, *MARKS, ""])


COUNTS = Memo(_count_of)
