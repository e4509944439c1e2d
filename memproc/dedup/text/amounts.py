"""Dates, times of day and amounts in one form each, as people write them in many.

Facts: "May 4th, 1990", "4 May 1990", "04.05.1990" and "1990-05-04" are one day, "3 pm" and "15:00" one time, "$20" and "20 dollars"
one amount. "4/5/1990" is two days, of which nobody can tell which: it stays as it is, but for its noughts.

Strategy: the tokens of a text, joined by spaces, are searched for what may be written otherwise. A rule is asked only where one of
its tokens is there. What is made is a token of a shape that cues know: "1990-05-04", "may-04", "15:00", "20 usd".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache

from memproc.dedup.text import word_classes, word_lists, written_forms
from memproc.dedup.text.letters import compared
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.numbers import long_numbers, parts_of
from memproc.dedup.text.phones import MAY_BE_PART, in_one_layout, part_of

DATE, TIME, AMOUNT, WORD, FORM = "date", "time", "amount", "abbreviation", "form"

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS, _MONTHS = 31, 12
_HOURS, _MINUTES = 24, 60
_NOON = 12
_TIMES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}
_COUNTED = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.(?!\d{3}$)\d+)?")  # "2.000" may be two thousand
_WITH_COMMA = re.compile(r"(?:\d+|\d{1,3}(?:\.\d{3})+),\d\d")
_MOST_DIGITS = 30
_SYMBOLS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
_CURRENCIES = frozenset([*_SYMBOLS.values(), "chf"])
_GOES_ON = "i|he|she|we|they|at|in|with|and|or|for|to|from|on|by|until|till|is|was|this|next|last|um|bei|mit|und|con|en|y|avec|et"
_BEHIND_DATE = rf"(?= [,.]|$| (?:{_GOES_ON})(?!\S))"  # "May 4 people come" holds no date
_HAS_DAY = re.compile(r"(?<!\S)\d{1,2}(?:st|nd|rd|th|er)?(?= [^\d]| ,)")
_ISO = re.compile(r"(?<!\S)(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?!\S)")
_NUMERIC_DATE = re.compile(r"(?<!\S)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\S)")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)")
_HALF_DAY = re.compile(r"(?<!\S)(\d{1,2})(?:[:.](\d\d))? (a|p)(?: |\.)?m(?!\S)")
_AFTERNOON, _NIGHT, _MORNING = "de la tarde|de l'apr[eè]s[- ]midi", "de la noche|du soir", "de la manana|du matin"
_BESIDE_ELSEWHERE = ["y", "demie", "halb", "tarde", "noche", "manana", "soir", "matin"]
_O_CLOCK = re.compile(r"(?<!\S)(\d{1,2}) (?:o'clock|uhr)(?!\S)")
_POINTED = re.compile(r"(?<!\S)(at|until|till|um|ab|bis|las) (\d{1,2})\.(\d\d)(?!\S)(?! (?:am|pm|%|usd|eur|€))")
_FRENCH = re.compile(r"(?<!\S)(?:(\d{1,2}) ?h ?(\d\d)|(?:(?<=à )|(?<=las )|(?<=um ))(\d{1,2}) ?(?:h|heures))(?!\S)")
_FRENCH_TIME = re.compile(r"\d{1,2}h\d{0,2}")
_NOONS = re.compile(r"(?<!\S)(?:12 )?(noon|midday|midnight|(?<=à )(?:midi|minuit))(?!\S)")
_PAST = re.compile(r"(?<!\S)(?:a )?(half|quarter) (past|to) (\w+)(?!\S)")
_HOURS_IN_WORDS = ("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_BEFORE_AMOUNT = re.compile(r"(?<!\S)([$€£¥]) ?(\d(?:[\d,.]*\d)?)(?: ?(k|m|thousand|million|bn|billion))?(?!\S)")
_BEHIND_AMOUNT = re.compile(r"(?<!\S)(\d(?:[\d,.]*\d)?)(?: ?(k|m|thousand|million|bn|billion))? ?([$€£¥])(?!\S)")
_SQUARE = re.compile(r"(?<!\S)(\d[\d,.]*) (?:m \^ 2|m2|square met(?:re|er)s|sq m)(?!\S)", re.ASCII)
_CELSIUS = re.compile(r"(?<!\S)(-?\d[\d.,]*) ?(?:° ?c|degrees celsius|degrees c|celsius|grad)(?!\S)", re.IGNORECASE)
_FAHRENHEIT = re.compile(r"(?<!\S)(-?\d[\d.,]*) ?(?:° ?f|degrees fahrenheit|degrees f|fahrenheit)(?!\S)", re.IGNORECASE)
_PER_CENT = re.compile(r"(?<!\S)(\d[\d.,]*) (?:per cent|por ciento|pour cent)(?!\S)")
_HALF_AN_HOUR = re.compile(r"(?<!\S)half an hour(?!\S)")
_WEEKDAY = r"\w*day|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|\w+tag|mittwoch|\w+di"
_BESIDE_WEEKDAY = re.compile(rf"(?<!\S)({_WEEKDAY}) , (?:de[nmr] )?([a-z]{{3}}-\d\d|\d{{4}}-\d)")
_DENIED = re.compile(r"(?<!\S)(?:not|never|no|cannot|hardly|almost|nearly|\w+n't|miss\w*)(?!\S)")
_EACH_DAY = re.compile(r"(?<!\S)(?:every|each) (mon|tues|wednes|thurs|fri|satur|sun)day(?!\S)")
_PARTS = "day|morning|afternoon|evening|night|week|weekend|month|year|spring|summer|autumn|fall|winter"
_EACH = re.compile(rf"(?<!\S)each (?=(?:{_PARTS})(?!\S))")
_TWO_WORDS = re.compile(r"(?<=[^\W\d_]{2} )&(?= (?:[^\W\d_]{2}|a (?!&)))")
_PER = re.compile(
    r"(?:(?:(?<=\d )|(?<=(?:usd|eur|gbp) )|(?<=(?:imes|wice|once|ours) ))per|(?<=(?:usd|eur|gbp)) an?) "
    r"(hr|hour|h|day|night|week|wk|month|mo|year|yr|person)(?!\S)"
)
_BEFORE_CLOCK = frozenset(["at", "by", "until", "till", "before", "after", "around", "there"])
_MOST_BEFORE_THE_HOUR = 30
_ONE_OF = {"hr": "hour", "h": "hour", "wk": "week", "mo": "month", "yr": "year"}
_COUNTED_BY_K = (
    "a|an|per|in|for|and|on|to|of|from|with|dollars|euros|pounds|usd|eur|gbp|people|steps|followers|users|subscribers|views|words"
)
_THOUSAND = re.compile(  # no "4K videos"
    rf"(?<!\S)(\d{{1,4}}(?:\.\d{{1,2}})?) ?[kK](?=$| [,.!?;]| (?:{_COUNTED_BY_K})(?!\S))", re.ASCII
)
_RANGE = re.compile(r"(?<!\S)(\d{1,5}(?:\.\d+)?|\d\d:\d\d) to (\d{1,5}(?:\.\d+)?|\d\d:\d\d)(?!\S)", re.ASCII)
_TALLNESS = re.compile(r"(?<!\S)(\d) ft (\d{1,2}) in(?:ch)?(?!\S)", re.ASCII)
_WEIGHT = re.compile(r"(?<!\S)(weighs?|weighed|weighing) (\d[\d.]*) pounds?(?!\S)", re.ASCII)
_SPENT = re.compile(r"(?<!\S)(spen[dt]s?|costs?|pa[iy][ds]?) (\d[\d.]*) pounds(?! of)(?!\S)", re.ASCII)
_STREET = re.compile(r"(?<=[^\W\d_]{3} )st(?= ,| \d|$)")
_USA = re.compile(r"(?<=the )usa(?!\S)")  # "she loves usa" is not "she loves us"
_GERMAN_STREET = re.compile(r"(?<=[^\W\d_]{3})str(?: \.)?(?=$| )")

_THOUSANDS = re.compile(r"(?<!\S)\d{1,3}(?:[ .]\d{3})+(?=(?:,\d\d)? (?:€|eur|euros?)(?!\S))")
_ELSEWHERE: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (TIME, re.compile(r"(?<!\S)(\d{1,2})(?: h| heures?)? (?:y media|et demie)(?!\S)"), r"\1:30"),
    (TIME, re.compile(r"(?<=um )halb (\d{1,2})(?!\S)"), lambda at: f"{(int(at[1]) - 1) or _NOON}:30"),
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
_SIZES = (
    {"kg": 10**9, "g": 10**6, "mg": 10**3, "mcg": 1},
    {"km": 10**6, "m": 10**3, "cm": 10, "mm": 1},
    {"l": 10**3, "ml": 1},
    {"h": 60, "min": 1},
)  # the largest first
_FAMILY = {unit: sizes for sizes in _SIZES for unit in sizes}
_LONGEST_MINUTES = 120  # what is longer is told in hours, with a half or without: "7.5 hours", "8 hours"
_CONVERTIBLE = re.compile(r"\d{1,5}\.\d{1,2}|\d{1,5}00|60|120")  # three digits behind a point may be thousands

Rule = Callable[[str], str]

_MONTH, _HALVED, _CLOCKED, _FRENCHED, _NOONED, _POINT, _NUMERIC = "mhcfnpd"
_PAID, _MEASURED, _SQUARED, _DOZENS, _SHORT, _PHONED, _KILO, _RANGED, _TALL = "auqzstkrl"
_WORDS_BESIDE = (_MONTH, _HALVED, _FRENCHED, _MEASURED, _PAID, _SQUARED, _KILO, _RANGED, _TALL)
_NUMBERS = frozenset("0123456789$€£¥")
_BEFORE_CHARS = 24
BESIDE = 3  # tokens
_SHORT_CHARS = 3  # of a word that begins or ends many phrases
_BEFORE_MONTH, _BEHIND_MONTH = 7, 9  # tokens: a date with its weekday, and what tells that it is one
ALWAYS, BESIDE_NUMBERS, NUMBER, CONVERTIBLE, MEASURE = "abncm"


def in_one_form(tokens: Sequence[str], *, is_day_first: bool) -> tuple[list[str], list[str]]:
    """Return the tokens of a text with dates, times and amounts in one form, and the kind of each change. `is_day_first`: of
    "4/5/1990" the day stands first, as in the languages that are not English.

    >>> in_one_form("born on may 4th , 1990".split(), is_day_first=False)
    (['born', 'on', '1990-05-04'], ['date'])
    >>> in_one_form("meets at 3 pm , pays $ 20".split(), is_day_first=False)
    (['meets', 'at', '15:00', ',', 'pays', '20', 'usd'], ['time', 'amount'])
    """
    found = "".join(map(_ALONE.__getitem__, tokens))
    if numbers := [at for at, token in enumerate(tokens) if token[0] in _NUMBERS or token[-1] in _NUMBERS]:
        beside = {token for at in numbers for token in tokens[max(at - BESIDE, 0) : at + BESIDE + 1]}
        found += "".join(map(_BESIDE_NUMBERS.__getitem__, beside))
    if not found:
        return [*tokens], []
    kinds: list[str] = []
    if _MEASURED in found or _CLOCKED in found:
        tokens, kinds = _measured(tokens, numbers)
    if not found.strip(_MEASURED + _CLOCKED):
        return [*tokens], kinds
    joined = " ".join(tokens)
    if _PHONED in found and (changed := in_one_layout(joined, tokens)) != joined:
        kinds.append(FORM)
        joined = changed
    for letter, kind, rule in _RULES:
        if letter in found and (changed := rule(joined)) != joined:
            kinds.append(kind)
            joined = changed
    if _NUMERIC in found:
        changed = _with_numeric_dates(joined, is_day_first=is_day_first)
        kinds += [DATE] * (changed != joined)
        joined = changed
    return (joined.split(), kinds) if kinds else ([*tokens], [])


def _rules_of(token: str) -> str:
    """Return the letters of the rules that are worth asking where a token is, whatever stands beside it."""
    return "".join(letter for letter in (_NOONED, _DOZENS, _SHORT) if token in _triggers()[letter]) or _SHORT * token.endswith(
        "str"
    )


def _rules_beside_numbers(token: str) -> str:
    """Return the letters of the rules that are worth asking where a token is within a few others of a number, or is one."""
    found = "".join(letter for letter in _WORDS_BESIDE if token in _triggers()[letter])
    found += _KILO * (token[0].isdigit() and token[-1] in "kK") + _PHONED * bool(part_of(token))
    if token[0].isdigit() or token[-1].isdigit():
        found += _CLOCKED if ":" in token else _FRENCHED if _FRENCH_TIME.fullmatch(token) else ""
        found += _NUMERIC if "/" in token or token.count(".") > 1 or token.count("-") > 1 else _POINT if "." in token else ""
    return found + _PAID * (not token.isalnum() and any(symbol in token for symbol in "$€£¥%°"))


def as_in_english(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the tokens of a text that is not English with numbers and hours written as in English, and the kind of each change.

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


def makes_numbers(token: str) -> str:
    """Return whether a rule may make other numbers of numbers where a token is: `BESIDE_NUMBERS` if there is one in the text,
    `ALWAYS`, or "" for no; of a number itself `NUMBER`.

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
    may_convert = _CONVERTIBLE.fullmatch(plain) or _CONVERTIBLE.fullmatch(token.replace(",", "."))
    found = NUMBER + CONVERTIBLE * bool(may_convert) + part_of(plain)
    makes = "€" in token or token.endswith((*_TIMES, "K", "am", "pm", "m2")) or _FRENCH_TIME.fullmatch(token) is not None
    return found + BESIDE_NUMBERS * makes


@cache
def _making() -> Mapping[str, str]:
    """Return what is told of the words that stand beside numbers, or for them."""
    triggers = _triggers()
    numbers = {word: NUMBER for word, form in written_forms.written_out().items() if form[0][0] in _NUMBERS}
    numbers |= {compared(tokens[0]): NUMBER for tokens, form, _ in written_forms.elsewhere() if form[0][0] in _NUMBERS}
    beside = dict.fromkeys(
        [*triggers[_TALL], *triggers[_KILO], *triggers[_HALVED], *triggers[_FRENCHED], *triggers[_SQUARED], *_TIMES], BESIDE_NUMBERS
    )
    beside |= dict.fromkeys([*_BESIDE_ELSEWHERE, "€", "eur", "euro", "euros"], BESIDE_NUMBERS)
    measures = {word: unit_of(word) for word in triggers[_MEASURED]}
    numbers |= {word: MEASURE + BESIDE_NUMBERS * (unit == "m") for word, unit in measures.items() if unit in _FAMILY}
    joined = [tokens for tokens, _, _ in written_forms.elsewhere() if len(tokens) > 1]
    phrases = {compared(tokens[-1] if len(tokens[-1]) > _SHORT_CHARS else tokens[0]): ALWAYS for tokens in joined}
    forms = written_forms.written_out()
    of_two = [tokens[0] for tokens, form, _ in written_forms.elsewhere() if len(tokens) == 1 and forms.get(tokens[0], form) != form]
    always = dict.fromkeys([*triggers[_NOONED], *long_numbers(), *of_two], ALWAYS)  # "u" is "you", and "und"
    return numbers | {"+": MAY_BE_PART * 2} | beside | phrases | always


def unit_of(word: str) -> str:
    """Return the form in which a word is compared behind a number.

    >>> unit_of("months"), unit_of("cats")
    ('month', 'cats')
    """
    return units().get(word, word)


def _dated(text: str) -> str:
    """Return a text with its dates in one form. The patterns are tried where there is a month: they are slow."""
    tokens, has_day = text.split(" "), _HAS_DAY.search(text) is not None
    parts: list[str] = []
    done = 0
    for begun, end in _around(at for at, token in enumerate(tokens) if token in word_classes.months()):
        parts += tokens[done:begun]
        parts.append(_dated_part(" ".join(tokens[begun:end]), has_day=has_day))
        done = end
    return " ".join(parts + tokens[done:])


def _around(places: Iterable[int]) -> list[tuple[int, int]]:
    """Return what surrounds some places, from a token to behind another, as far as a date reaches; what overlaps as one."""
    found: list[tuple[int, int]] = []
    for at in places:
        begun, end = max(at - _BEFORE_MONTH, 0), at + _BEHIND_MONTH
        if found and begun < found[-1][1]:
            begun = found.pop()[0]
        found.append((begun, end))
    return found


def _dated_part(text: str, *, has_day: bool) -> str:
    day_first, month_first = _month_patterns()
    if not has_day:
        text = _month_pattern().sub(lambda found: f"{found[2]}-{word_classes.months()[found[1]]:02d}", text)
    text = day_first.sub(lambda date: _date(date, date["year"], date["month"], date["day"]), text)
    text = month_first.sub(lambda date: _date(date, date["year"], date["month"], date["day"]), text)
    return _BESIDE_WEEKDAY.sub(r"\1 \2", text)


def _date(written: re.Match[str], year: str | None, month: str, day: str) -> str:
    number = int(day)
    if not 0 < number <= _DAYS:
        return written[0]
    return (
        f"{year}-{word_classes.months()[month]:02d}-{number:02d}"
        if year
        else f"{_NAMES[word_classes.months()[month] - 1]}-{number:02d}"
    )


def _with_numeric_dates(text: str, *, is_day_first: bool) -> str:
    """Return a text with its dates of numbers in one form. `is_day_first`: of "4/5/1990" the day is first."""
    text = _ISO.sub(lambda date: f"{date[1]}-{int(date[2]):02d}-{int(date[3]):02d}", text)
    return _NUMERIC_DATE.sub(lambda date: _numeric(date, is_day_first=is_day_first), text)


def _numeric(written: re.Match[str], *, is_day_first: bool) -> str:
    """Return a date of numbers in the one form, or with its noughts where nobody can tell its day from its month."""
    first, mark, second, year = int(written[1]), written[2], int(written[3]), written[4]
    if mark == "." or is_day_first or first > _MONTHS:
        day, month = first, second
    elif second > _MONTHS:
        day, month = second, first
    else:
        return f"{first:02d}/{second:02d}/{year}"
    return f"{year}-{month:02d}-{day:02d}" if 0 < month <= _MONTHS and 0 < day <= _DAYS else written[0]


def _clock(hours: int, minutes: int, otherwise: str) -> str:
    return f"{hours:02d}:{minutes:02d}" if hours < _HOURS and minutes < _MINUTES else otherwise


def _half_day(written: re.Match[str]) -> str:
    hours = int(written[1])
    if not 0 < hours <= _NOON:
        return written[0]
    clock = _clock(hours % _NOON + (_NOON if written[3] == "p" else 0), int(written[2] or 0), written[0])
    return clock + "am" * (written[3] == "a" and hours < _NOON and clock != written[0])  # "at 3 o'clock" may be in the afternoon


def _in_thousands(written: re.Match[str]) -> str:
    value = Fraction(written[1]) * _TIMES["k"]
    return str(value) if value.denominator == 1 else written[0]


def _from_to(written: re.Match[str]) -> str:
    """Return a range, but not what somebody gives to some, what changes, or a time: "gave 3 to 5 people", "moved from 5 to 7", "at
    ten to seven".
    """
    *_, verb, before = ["", "", *written.string[max(written.start() - _BEFORE_CHARS, 0) : written.start()].split()]
    classes = word_classes.word_classes()
    is_clock = before in _BEFORE_CLOCK and int(float(written[1].replace(":", "."))) <= _MOST_BEFORE_THE_HOUR
    is_apart = is_clock or before in classes["giving"] or (before == "from" and verb in classes["changing"])
    return written[0] if is_apart else f"{written[1]}-{written[2]}"


def _on_days(text: str) -> str:
    """Return a text that says "on Mondays" for "every Monday", where nothing denies that it is every one."""
    return text if _DENIED.search(text) else _EACH_DAY.sub(r"on \1days", text)


def _for_one(written: re.Match[str]) -> str:
    return f"{' ' * written[0].startswith(' ')}a {_ONE_OF.get(written[1], written[1])}"


def _past(written: re.Match[str]) -> str:
    word = written[3]
    hours = _HOURS_IN_WORDS.index(word) if word in _HOURS_IN_WORDS else int(word) % _NOON if word.isdecimal() else None
    if hours is None or (written[2] == "to" and written[1] == "half"):
        return written[0]
    minutes = 30 if written[1] == "half" else 15
    if written[2] == "to":
        hours, minutes = (hours - 1) % _NOON, 45
    return _clock(hours or _NOON, minutes, written[0])


def _amount(written: re.Match[str], number: str, times: str | None, symbol: str) -> str:
    """Return an amount of money in its one form."""
    plain = _plain_money(number)
    if plain is None:
        return written[0]
    if times:
        value = Fraction(plain) * _TIMES[times]
        return f"{value} {_SYMBOLS[symbol]}" if value.denominator == 1 else written[0]
    return f"{plain} {_SYMBOLS[symbol]}"


def _plain_money(number: str) -> str | None:
    """Return the number of an amount of money without the marks of thousands and without cents that are none. A comma before two
    digits parts cents, as in German, and one before three is a thousand's: None where it is neither, or where there are more digits
    than anybody counts.

    >>> _plain_money("1,200.00"), _plain_money("1.200,00"), _plain_money("1,50"), _plain_money("1,5")
    ('1200', '1200', '1.50', None)
    """
    if _WITH_COMMA.fullmatch(number):
        number = number.replace(".", "").replace(",", ".")
    if not _COUNTED.fullmatch(number) or len(number) > _MOST_DIGITS:
        return None
    plain = number.replace(",", "")
    whole, _, cents = plain.partition(".")
    return plain if cents.strip("0") else str(int(whole))


def _measured(tokens: Sequence[str], numbers: Sequence[int]) -> tuple[list[str], list[str]]:
    """Return tokens with each time of day, and each unit behind a number, in its one form, and the kinds of what changed."""
    unit, found = units(), [*tokens]
    kinds: list[str] = []
    for at in numbers:
        behind = found[at + 1] if at + 1 < len(found) else ""
        if clock := _CLOCK.fullmatch(found[at]):
            if (form := _clock(int(clock[1]), int(clock[2]), found[at])) != found[at]:
                found[at] = form
                kinds.append(TIME)
            if behind in ("uhr", "h"):
                found[at + 1] = ""
                kinds.append(TIME)
        elif unit.get(behind, behind) != behind and found[at][-1] in _NUMBERS and not _is_money(found, at):
            found[at + 1] = unit[behind]
            kinds.append(AMOUNT)
        if _CONVERTIBLE.fullmatch(found[at]) and found[at + 1 : at + 2] and found[at + 1] in _FAMILY and not _is_money(found, at):
            whole = _whole(found[at], found[at + 1])
            kinds += [AMOUNT] * (whole != (found[at], found[at + 1]))
            found[at], found[at + 1] = whole
        plain = _plain_money(found[at]) if at + 1 < len(found) and found[at + 1] in _CURRENCIES else None
        if plain is not None and plain != found[at]:
            found[at] = plain
            kinds.append(AMOUNT)
    return [*filter(None, found)], kinds


def _whole(number: str, unit: str) -> tuple[str, str]:
    """Return an amount in the largest unit in which it is a whole number.

    >>> _whole("0.5", "kg"), _whole("1000", "mg"), _whole("1.5", "h"), _whole("7.5", "h")
    (('500', 'g'), ('1', 'g'), ('90', 'min'), ('7.5', 'h'))
    """
    sizes = _FAMILY[unit]
    value = Fraction(number) * sizes[unit]
    if "min" in sizes and value > _LONGEST_MINUTES:
        return number, unit
    return next(((str(value / size), other) for other, size in sizes.items() if value % size == 0), (number, unit))


def _is_money(tokens: Sequence[str], at: int) -> bool:
    """Tell whether a number is an amount of money, behind which an "m" are millions and no metres."""
    return tokens[at][0] in _SYMBOLS or tokens[at][-1] in _SYMBOLS or (at > 0 and tokens[at - 1] in _SYMBOLS)


_RULES: tuple[tuple[str, str, Rule], ...] = (
    (_HALVED, TIME, lambda text: _HALF_DAY.sub(_half_day, text)),
    (_FRENCHED, TIME, lambda text: _FRENCH.sub(lambda at: _clock(int(at[1] or at[3]), int(at[2] or 0), at[0]), text)),
    (_HALVED, TIME, lambda text: _O_CLOCK.sub(lambda at: _clock(int(at[1]), 0, at[0]), text)),
    (_POINT, TIME, lambda text: _POINTED.sub(lambda at: f"{at[1]} {_clock(int(at[2]), int(at[3]), f'{at[2]}.{at[3]}')}", text)),
    (_NOONED, TIME, lambda text: _NOONS.sub(lambda at: "00:00" if at[1] in ("midnight", "minuit") else "12:00", text)),
    (_NOONED, TIME, lambda text: _PAST.sub(_past, text)),
    (_PAID, AMOUNT, lambda text: _BEFORE_AMOUNT.sub(lambda paid: _amount(paid, paid[2], paid[3], paid[1]), text)),
    (_PAID, AMOUNT, lambda text: _BEHIND_AMOUNT.sub(lambda paid: _amount(paid, paid[1], paid[2], paid[3]), text)),
    (_PAID, AMOUNT, lambda text: _CELSIUS.sub(r"\1 °c", text)),
    (_PAID, AMOUNT, lambda text: _FAHRENHEIT.sub(r"\1 °f", text)),
    (_KILO, AMOUNT, lambda text: _THOUSAND.sub(_in_thousands, text)),
    (_TALL, AMOUNT, lambda text: _SPENT.sub(r"\1 \2 gbp", _WEIGHT.sub(r"\1 \2 lb", _TALLNESS.sub(r"\1 ft \2 inch", text)))),
    (_RANGED, AMOUNT, lambda text: _RANGE.sub(_from_to, text)),
    (_SQUARED, AMOUNT, lambda text: _PER_CENT.sub(r"\1 %", _SQUARE.sub(r"\1 sqm", text))),
    (_DOZENS, AMOUNT, lambda text: _HALF_AN_HOUR.sub("30 min", text)),
    (_MONTH, DATE, _dated),
    (_SHORT, WORD, lambda text: _PER.sub(_for_one, text)),
    (_PAID, WORD, lambda text: _PER.sub(_for_one, text)),
    (_SHORT, WORD, lambda text: _TWO_WORDS.sub("and", _EACH.sub("every ", _on_days(_USA.sub("us", text))))),
    (_SHORT, WORD, lambda text: _GERMAN_STREET.sub("strasse", _STREET.sub("street", text))),
)


@cache
def _triggers() -> Mapping[str, frozenset[str]]:
    """Return by letter the tokens with which a rule is worth asking."""
    return {
        _MONTH: frozenset(word_classes.months()),
        _HALVED: frozenset(["am", "pm", "uhr", "o'clock", "m"]),
        _FRENCHED: frozenset(["h", "heures", "horas"]),
        _NOONED: frozenset(["noon", "midday", "midnight", "midi", "minuit", "half", "quarter"]),
        _DOZENS: frozenset(["half"]),
        _MEASURED: frozenset([*units(), *_FAMILY]),
        _SQUARED: frozenset(["^", "cent", "square", "sq", "ciento", "m2"]),
        _PAID: frozenset(["°", "celsius", "fahrenheit", "degrees", "grad", *_CURRENCIES, "dollars", "euros"]),
        _KILO: frozenset("kK"),
        _RANGED: frozenset(["to"]),
        _TALL: frozenset(["ft", "feet", "foot", "pound", "pounds"]),
        _SHORT: frozenset(["&", "st", "usa", "every", "each", "per"]),
    }


@cache
def units() -> Mapping[str, str]:
    """Return the form in which each word for a unit is compared behind a number."""
    return {form: unit for unit, some in word_lists.lines("units.txt") for word in some.split() for form in (word, compared(word))}


@cache
def _month_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    months = "|".join(sorted(word_classes.months(), key=len, reverse=True))
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?"
    year = rf"(?:(?:(?: ,| \.| of| de| del| de el)? (?P<year>\d{{4}}))(?!\S)|(?!\S){_BEHIND_DATE})"
    first = re.compile(rf"(?<!\S)(?:the )?{day}(?: \.| of| de)? (?P<month>{months})(?: \.(?= \d| de))?{year}")
    return first, re.compile(rf"(?<!\S)(?P<month>{months})(?: \.)? (?:the )?{day}(?! [ap]m){year}")


@cache
def _month_pattern() -> re.Pattern[str]:
    months = "|".join(sorted(word_classes.months(), key=len, reverse=True))
    return re.compile(rf"(?<!\S)({months})(?: \.| ,| of| de| del)? (\d{{4}})(?!\S)")


_ALONE = Memo(_rules_of)
_BESIDE_NUMBERS = Memo(_rules_beside_numbers)
