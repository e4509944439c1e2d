"""Numbers that can be checked: of cards, of accounts, and of telephones."""

from __future__ import annotations

import re

# ISO/IEC 7812: first digits of the large issuers, each with the lengths of its numbers. Thirteen digits of Visa are left out: no
# such card is issued any more, and many bar codes look like one.
_ISSUERS = (
    (re.compile(r"4"), (16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"30[0-5]|3[689]"), (14,)),  # Diners Club
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),  # Discover
    (re.compile(r"35(?:2[89]|[3-8])"), (16,)),  # JCB
    (re.compile(r"62"), (16, 17, 18, 19)),  # UnionPay
)
# The length of an IBAN by country: the registry of ISO 13616, which SWIFT keeps.
_COUNTRIES = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18
FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27
MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27
SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _COUNTRIES.split()}
IBAN_SHAPES = "|".join(
    rf"(?:{'|'.join(country for country, of_it in _LENGTHS.items() if of_it == length)})\d{{2}}(?: ?[A-Z0-9]){{{length - 4}}}"
    for length in sorted({*_LENGTHS.values()})
)
"""A part of a regular expression: what is as long as an IBAN of its country."""
_IBAN_MODULUS, _IBAN_REST = 97, 1
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}")
_FEWEST_DIGITS, _MOST_DIGITS = 9, 15


def is_card(number: str) -> bool:
    """Return whether digits are the number of a card: of an issuer, and with the check digit of Luhn (US patent 2950048).

    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112"), is_card("1111 1111 1111 1117")
    (True, False, False)
    """
    digits = _digits_of(number)
    is_issued = any(pattern.match(digits) and len(digits) in lengths for pattern, lengths in _ISSUERS)
    return is_issued and _luhn_sum(digits) % 10 == 0


def _luhn_sum(digits: str) -> int:
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return sum(int(digit) for digit in digits[::-2]) + sum(number - 9 if number > 9 else number for number in doubled)  # noqa: PLR2004


def is_iban(text: str) -> bool:
    """Return whether a text is an IBAN: as long as those of its country, and 1 modulo 97 (ISO 7064).

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00"), is_iban("DE89 3704")
    (True, False, False)
    """
    number = text.replace(" ", "")
    if len(number) != _LENGTHS.get(number[:2]):
        return False
    return int("".join(str(int(mark, 36)) for mark in number[4:] + number[:4])) % _IBAN_MODULUS == _IBAN_REST


def is_phone(text: str) -> bool:
    """Return whether a text is the number of a telephone that begins with a plus or a zero, and no date.

    >>> is_phone("+49 30 901820"), is_phone("030 901820"), is_phone("05.11.2024 10"), is_phone("030 12")
    (True, True, False, False)
    """
    digits = len(_digits_of(text))
    return _FEWEST_DIGITS <= digits <= _MOST_DIGITS and not _DATE.match(text)


def _digits_of(text: str) -> str:
    return "".join(filter(str.isdigit, text))
