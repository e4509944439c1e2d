"""Amounts of money in one form: "1200 usd"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

TIMES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}
_COUNTED = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.(?!\d{3}$)\d+)?")  # "2.000" may be two thousand
_WITH_COMMA = re.compile(r"(?:\d+|\d{1,3}(?:\.\d{3})+),\d\d")
_MOST_DIGITS = 30
SYMBOLS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
CURRENCIES = frozenset([*SYMBOLS.values(), "chf"])
_BEFORE_AMOUNT = re.compile(r"(?<!\S)([$€£¥]) ?(\d(?:[\d,.]*\d)?)(?: ?(k|m|thousand|million|bn|billion))?(?!\S)")
_BEHIND_AMOUNT = re.compile(r"(?<!\S)(\d(?:[\d,.]*\d)?)(?: ?(k|m|thousand|million|bn|billion))? ?([$€£¥])(?!\S)")


def with_symbols_before(text: str) -> str:
    """Return a text with "20 usd" for "$20"."""
    return _BEFORE_AMOUNT.sub(lambda paid: _amount(paid, paid[2], paid[3], paid[1]), text)


def with_symbols_behind(text: str) -> str:
    """Return a text with "20 eur" for "20 €"."""
    return _BEHIND_AMOUNT.sub(lambda paid: _amount(paid, paid[1], paid[2], paid[3]), text)


def _amount(written: re.Match[str], number: str, times: str | None, symbol: str) -> str:
    """Return an amount of money in its one form."""
    plain = plain_money(number)
    if plain is None:
        return written[0]
    if times:
        value = Fraction(plain) * TIMES[times]
        return f"{value} {SYMBOLS[symbol]}" if value.denominator == 1 else written[0]
    return f"{plain} {SYMBOLS[symbol]}"


def plain_money(number: str) -> str | None:
    """Return the number of an amount of money without thousands separators, and without cents if they are zero. A comma before two
    digits is a decimal comma, as in German; one before three digits separates thousands. Return None if it is neither, or if there
    are too many digits.

    >>> plain_money("1,200.00"), plain_money("1.200,00"), plain_money("1,50"), plain_money("1,5")
    ('1200', '1200', '1.50', None)
    """
    if _WITH_COMMA.fullmatch(number):
        number = number.replace(".", "").replace(",", ".")
    if not _COUNTED.fullmatch(number) or len(number) > _MOST_DIGITS:
        return None
    plain = number.replace(",", "")
    whole, _, cents = plain.partition(".")
    return plain if cents.strip("0") else str(int(whole))


def is_money(tokens: Sequence[str], at: int) -> bool:
    """Tell whether a number is an amount of money, after which "m" means millions and not metres."""
    return tokens[at][0] in SYMBOLS or tokens[at][-1] in SYMBOLS or (at > 0 and tokens[at - 1] in SYMBOLS)
