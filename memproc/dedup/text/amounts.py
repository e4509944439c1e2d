"""Dates, times of day and amounts in one form each, though people write them in many.

Facts: "May 4th, 1990", "4 May 1990", "04.05.1990" and "1990-05-04" are one day, "3 pm" and "15:00" one time, "$20" and "20 dollars"
one amount. "4/5/1990" may be two days, and nobody can tell which: apart from leading zeros it stays as it is.

Strategy: the tokens of a text, joined by spaces, are searched for what may be written in another way. A rule is tried only where
one of its trigger tokens occurs. It makes tokens of a shape that cues know: "1990-05-04", "may-04", "15:00", "20 usd".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache

from memproc.dedup.text import dates, units, word_classes, written_forms
from memproc.dedup.text.letters import compared
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.money import CURRENCIES, TIMES, is_money, plain_money, with_symbols_before, with_symbols_behind
from memproc.dedup.text.numbers import long_numbers, parts_of
from memproc.dedup.text.phones import MAY_BE_PART, in_one_layout, part_of
from memproc.dedup.text.short_words import with_rates, with_short_words, with_streets

DATE, TIME, AMOUNT, WORD, FORM = "date", "time", "amount", "abbreviation", "form"  # kinds of change
_BESIDE_ELSEWHERE = ["y", "demie", "halb", "tarde", "noche", "manana", "soir", "matin"]
_BEFORE_CLOCK = frozenset(["at", "by", "until", "till", "before", "after", "around", "there"])
_MOST_BEFORE_THE_HOUR = 30
_COUNTED_BY_K = (
    "a|an|per|in|for|and|on|to|of|from|with|dollars|euros|pounds|usd|eur|gbp|people|steps|followers|users|subscribers|views|words"
)
_THOUSAND = re.compile(  # no "4K videos"
    rf"(?<!\S)(\d{{1,4}}(?:\.\d{{1,2}})?) ?[kK](?=$| [,.!?;]| (?:{_COUNTED_BY_K})(?!\S))", re.ASCII
)
_RANGE = re.compile(r"(?<!\S)(\d{1,5}(?:\.\d+)?|\d\d:\d\d) to (\d{1,5}(?:\.\d+)?|\d\d:\d\d)(?!\S)", re.ASCII)

_AFTERNOON, _NIGHT, _MORNING = "de la tarde|de l'apr[eè]s[- ]midi", "de la noche|du soir", "de la manana|du matin"
_THOUSANDS = re.compile(r"(?<!\S)\d{1,3}(?:[ .]\d{3})+(?=(?:,\d\d)? (?:€|eur|euros?)(?!\S))")
_ELSEWHERE: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (TIME, re.compile(r"(?<!\S)(\d{1,2})(?: h| heures?)? (?:y media|et demie)(?!\S)"), r"\1:30"),
    (TIME, re.compile(r"(?<=um )halb (\d{1,2})(?!\S)"), lambda at: f"{(int(at[1]) - 1) or dates.NOON}:30"),
    (TIME, re.compile(r"(?<!\S)(\d{1,2})\.(\d\d) (?=(?:uhr|h)(?!\S))"), r"\1:\2 "),
    (TIME, re.compile(rf"(?<!\S)(\d{{1,2}}(?::\d\d)?)(?: h| heures?)? (?:{_AFTERNOON})(?!\S)"), r"\1 pm"),
    (TIME, re.compile(rf"(?<!\S)((?:[6-9]|1[01])(?::\d\d)?)(?: h| heures?)? (?:{_NIGHT})(?!\S)"), r"\1 pm"),
    (TIME, re.compile(rf"(?<!\S)((?!12)\d{{1,2}}(?::\d\d)?)(?: h| heures?)? (?:{_MORNING})(?!\S)"), r"\1 am"),
    (DATE, re.compile(r"(?<!\S)1 \^ o (?=de )"), "1 "),
    (WORD, re.compile(r"(?<!\S)n (?:\. )?(?:\^ o|°)(?= \d)"), "n"),
    (AMOUNT, re.compile(r"(?<!\S)(\d+) ?(€|m)(\d\d)(?!\S)"), r"\1.\3 \2"),
    (AMOUNT, _THOUSANDS, lambda number: number[0].replace(" ", "").replace(".", "")),
    (AMOUNT, re.compile(r"(?<!\S)(-?\d+),(\d{1,2})(?= [^\W\d]| [€%°])"), r"\1.\2"),
)

Rule = Callable[[str], str]
_MONTH, _HALVED, _CLOCKED, _FRENCHED, _NOONED, _POINT, _NUMERIC = "mhcfnpd"
_PAID, _MEASURED, _SQUARED, _DOZENS, _SHORT, _PHONED, _KILO, _RANGED, _TALL = "auqzstkrl"
_WORDS_BESIDE = (_MONTH, _HALVED, _FRENCHED, _MEASURED, _PAID, _SQUARED, _KILO, _RANGED, _TALL)
_NUMBERS = frozenset("0123456789$€£¥")
_BEFORE_CHARS = 24
BESIDE = 3  # tokens
_SHORT_CHARS = 3  # of a word that begins or ends many phrases
ALWAYS, BESIDE_NUMBERS, NUMBER, CONVERTIBLE, MEASURE = "abncm"


def in_one_form(tokens: Sequence[str], *, is_day_first: bool) -> tuple[list[str], list[str]]:
    """Return the tokens of a text with dates, times and amounts in one form, and the kind of each change. `is_day_first` says that
    in "4/5/1990" the day comes first, as in languages other than English.

    >>> in_one_form("born on may 4th , 1990".split(), is_day_first=False)
    (['born', 'on', '1990-05-04'], ['date'])
    >>> in_one_form("meets at 3 pm , pays $ 20".split(), is_day_first=False)
    (['meets', 'at', '15:00', ',', 'pays', '20', 'usd'], ['time', 'amount'])
    """
    rules = "".join(map(_ALONE.__getitem__, tokens))
    if numbers := [at for at, token in enumerate(tokens) if token[0] in _NUMBERS or token[-1] in _NUMBERS]:
        beside = {token for at in numbers for token in tokens[max(at - BESIDE, 0) : at + BESIDE + 1]}
        rules += "".join(map(_BESIDE_NUMBERS.__getitem__, beside))
    if not rules:
        return [*tokens], []
    kinds: list[str] = []
    if _MEASURED in rules or _CLOCKED in rules:
        tokens, kinds = _measured(tokens, numbers)
    if not rules.strip(_MEASURED + _CLOCKED):
        return [*tokens], kinds
    joined = " ".join(tokens)
    if _PHONED in rules and (changed := in_one_layout(joined, tokens)) != joined:
        kinds.append(FORM)
        joined = changed
    for letter, kind, rule in _RULES:
        if letter in rules and (changed := rule(joined)) != joined:
            kinds.append(kind)
            joined = changed
    if _NUMERIC in rules:
        changed = dates.with_numeric_dates(joined, is_day_first=is_day_first)
        kinds += [DATE] * (changed != joined)
        joined = changed
    return (joined.split(), kinds) if kinds else ([*tokens], [])


def as_in_english(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the tokens of a text in another language, with numbers and hours as in English, and the kind of each change.

    >>> as_in_english("a las 3 y media de la tarde , 1 500,50 euros".split())
    (['a', 'las', '3:30', 'pm', ',', '1500.50', 'euros'], ['time', 'time', 'amount', 'amount'])
    """
    if not any(token[0].isdigit() for token in tokens):
        return [*tokens], []
    joined, kinds = " ".join(tokens), []
    for kind, pattern, form in _ELSEWHERE:
        if (changed := pattern.sub(form, joined)) != joined:
            kinds.append(kind)
            joined = changed
    return joined.split(), kinds


def _rules_of(token: str) -> str:
    """Return the letters of the rules that a token triggers by itself."""
    return "".join(letter for letter in (_NOONED, _DOZENS, _SHORT) if token in _triggers()[letter]) or _SHORT * token.endswith(
        "str"
    )


def _rules_beside_numbers(token: str) -> str:
    """Return the letters of the rules that a token triggers if it is a number, or a few tokens away from one."""
    rules = "".join(letter for letter in _WORDS_BESIDE if token in _triggers()[letter])
    rules += _KILO * (token[0].isdigit() and token[-1] in "kK") + _PHONED * bool(part_of(token))
    if token[0].isdigit() or token[-1].isdigit():
        rules += _CLOCKED if ":" in token else _FRENCHED if dates.FRENCH_TIME.fullmatch(token) else ""
        rules += _NUMERIC if "/" in token or token.count(".") > 1 or token.count("-") > 1 else _POINT if "." in token else ""
    return rules + _PAID * (not token.isalnum() and any(symbol in token for symbol in "$€£¥%°"))


def makes_numbers(token: str) -> str:
    """Return whether a token may make a rule change numbers: `ALWAYS`, `BESIDE_NUMBERS` if the text also has a number, or "" for
    never; for a number itself also `NUMBER`.

    >>> makes_numbers("pm"), makes_numbers("noon"), makes_numbers("18"), makes_numbers("2k"), makes_numbers("tea")
    ('b', 'a', 'n', 'nb', '')
    """
    parts = parts_of(token) if "-" in token else ()
    return "".join(map(_made_of, parts)) if len(parts) > 1 else _made_of(token)


def _made_of(token: str) -> str:
    if token.isalpha():
        return _making().get(token if token.isascii() else compared(token), "")
    written = written_forms.written_out().get(token, (token,))[0]
    if written[0] not in _NUMBERS and written[-1] not in _NUMBERS:
        return _making().get(compared(token), "")
    plain = token.replace(",", "")
    may_convert = units.CONVERTIBLE_NUMBER.fullmatch(plain) or units.CONVERTIBLE_NUMBER.fullmatch(token.replace(",", "."))
    letters = NUMBER + CONVERTIBLE * bool(may_convert) + part_of(plain)
    makes = "€" in token or token.endswith((*TIMES, "K", "am", "pm", "m2")) or dates.FRENCH_TIME.fullmatch(token) is not None
    return letters + BESIDE_NUMBERS * makes


@cache
def _making() -> Mapping[str, str]:
    """Return what `makes_numbers` returns for words, by word; "" for those not in it."""
    triggers = _triggers()
    numbers = {word: NUMBER for word, form in written_forms.written_out().items() if form[0][0] in _NUMBERS}
    numbers |= {compared(tokens[0]): NUMBER for tokens, form, _ in written_forms.elsewhere() if form[0][0] in _NUMBERS}
    beside = dict.fromkeys(
        [*triggers[_TALL], *triggers[_KILO], *triggers[_HALVED], *triggers[_FRENCHED], *triggers[_SQUARED], *TIMES], BESIDE_NUMBERS
    )
    beside |= dict.fromkeys([*_BESIDE_ELSEWHERE, "€", "eur", "euro", "euros"], BESIDE_NUMBERS)
    measures = {word: units.unit_of(word) for word in triggers[_MEASURED]}
    numbers |= {word: MEASURE + BESIDE_NUMBERS * (unit == "m") for word, unit in measures.items() if unit in units.FAMILY}
    joined = [tokens for tokens, _, _ in written_forms.elsewhere() if len(tokens) > 1]
    phrases = {compared(tokens[-1] if len(tokens[-1]) > _SHORT_CHARS else tokens[0]): ALWAYS for tokens in joined}
    forms = written_forms.written_out()
    of_two = [tokens[0] for tokens, form, _ in written_forms.elsewhere() if len(tokens) == 1 and forms.get(tokens[0], form) != form]
    always = dict.fromkeys([*triggers[_NOONED], *long_numbers(), *of_two], ALWAYS)  # "u" is "you", and "und"
    return numbers | {"+": MAY_BE_PART * 2} | beside | phrases | always


def _in_thousands(written: re.Match[str]) -> str:
    value = Fraction(written[1]) * TIMES["k"]
    return str(value) if value.denominator == 1 else written[0]


def _from_to(written: re.Match[str]) -> str:
    """Return a range with a dash. Not a range: "gave 3 to 5 people", "moved from 5 to 7", "at ten to seven"."""
    *_, verb, before = ["", "", *written.string[max(written.start() - _BEFORE_CHARS, 0) : written.start()].split()]
    classes = word_classes.word_classes()
    is_clock = before in _BEFORE_CLOCK and int(float(written[1].replace(":", "."))) <= _MOST_BEFORE_THE_HOUR
    is_apart = is_clock or before in classes["giving"] or (before == "from" and verb in classes["changing"])
    return written[0] if is_apart else f"{written[1]}-{written[2]}"


def _measured(tokens: Sequence[str], numbers: Sequence[int]) -> tuple[list[str], list[str]]:
    """Return tokens with each time of day, and each unit after a number, in one form, and the kind of each change."""
    unit, measured = units.units(), [*tokens]
    kinds: list[str] = []
    for at in numbers:
        behind = measured[at + 1] if at + 1 < len(measured) else ""
        if clock := dates.CLOCK.fullmatch(measured[at]):
            if (form := dates.clock_time(int(clock[1]), int(clock[2]), measured[at])) != measured[at]:
                measured[at] = form
                kinds.append(TIME)
            if behind in ("uhr", "h"):
                measured[at + 1] = ""
                kinds.append(TIME)
        elif unit.get(behind, behind) != behind and measured[at][-1] in _NUMBERS and not is_money(measured, at):
            measured[at + 1] = unit[behind]
            kinds.append(AMOUNT)
        if (
            units.CONVERTIBLE_NUMBER.fullmatch(measured[at])
            and measured[at + 1 : at + 2]
            and measured[at + 1] in units.FAMILY
            and not is_money(measured, at)
        ):
            whole = units.whole_amount(measured[at], measured[at + 1])
            kinds += [AMOUNT] * (whole != (measured[at], measured[at + 1]))
            measured[at], measured[at + 1] = whole
        plain = plain_money(measured[at]) if at + 1 < len(measured) and measured[at + 1] in CURRENCIES else None
        if plain is not None and plain != measured[at]:
            measured[at] = plain
            kinds.append(AMOUNT)
    return [*filter(None, measured)], kinds


_RULES: tuple[tuple[str, str, Rule], ...] = (
    (_HALVED, TIME, dates.with_half_days),
    (_FRENCHED, TIME, dates.with_french_times),
    (_HALVED, TIME, dates.with_full_hours),
    (_POINT, TIME, dates.with_pointed_times),
    (_NOONED, TIME, dates.with_noons),
    (_NOONED, TIME, dates.with_quarters),
    (_PAID, AMOUNT, with_symbols_before),
    (_PAID, AMOUNT, with_symbols_behind),
    (_PAID, AMOUNT, units.with_celsius),
    (_PAID, AMOUNT, units.with_fahrenheit),
    (_KILO, AMOUNT, lambda text: _THOUSAND.sub(_in_thousands, text)),
    (_TALL, AMOUNT, units.with_feet_and_pounds),
    (_RANGED, AMOUNT, lambda text: _RANGE.sub(_from_to, text)),
    (_SQUARED, AMOUNT, units.with_squares_and_per_cents),
    (_DOZENS, AMOUNT, units.with_half_hours),
    (_MONTH, DATE, dates.with_dates),
    (_SHORT, WORD, with_rates),
    (_PAID, WORD, with_rates),
    (_SHORT, WORD, with_short_words),
    (_SHORT, WORD, with_streets),
)


@cache
def _triggers() -> Mapping[str, frozenset[str]]:
    """Return the tokens that trigger the rules with a letter, by letter."""
    return {
        _MONTH: frozenset(word_classes.months()),
        _HALVED: frozenset(["am", "pm", "uhr", "o'clock", "m"]),
        _FRENCHED: frozenset(["h", "heures", "horas"]),
        _NOONED: frozenset(["noon", "midday", "midnight", "midi", "minuit", "half", "quarter"]),
        _DOZENS: frozenset(["half"]),
        _MEASURED: frozenset([*units.units(), *units.FAMILY]),
        _SQUARED: frozenset(["^", "cent", "square", "sq", "ciento", "m2"]),
        _PAID: frozenset(["°", "celsius", "fahrenheit", "degrees", "grad", *CURRENCIES, "dollars", "euros"]),
        _KILO: frozenset("kK"),
        _RANGED: frozenset(["to"]),
        _TALL: frozenset(["ft", "feet", "foot", "pound", "pounds"]),
        _SHORT: frozenset(["&", "st", "usa", "every", "each", "per"]),
    }


_ALONE = Memo(_rules_of)
_BESIDE_NUMBERS = Memo(_rules_beside_numbers)
