"""Letters and digits that one keyboard has and another has not, in one form: for the tokens of a text that are not ASCII.

Rules: "ä", "ö", "ü" and "ß" are "ae", "oe", "ue" and "ss", but for words that "ss" makes other words of. Ligatures are two letters.
Digits of any script are those of ASCII. Arabic loses the lines that stretch a word. Hindi has one sign for a nasal before its
consonant. A count that Chinese or Japanese write as a word is a number.

Left out: accents of Spanish and French, as "papa" is not "papá", and vowel signs and hamzas of Arabic: "asked" is not "flowed".
"""

from __future__ import annotations

import re
import unicodedata

_KEPT = frozenset(["maße", "maßen", "buße", "bußen", "floß", "muße", "stoß"])  # "Masse", "Busse", "Floss": other words
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "oe"})
_ARABIC = str.maketrans({"\u0640": "", "\u0671": "\u0627"})  # a stretched line; an alef that joins
_NASALS = re.compile("ङ्(?=[कखगघ])|ञ्(?=[चछजझ])|ण्(?=[टठडढ])|न्(?=[तथदध])|म्(?=[पफबभ])")
_NUKTA = re.compile("(?<=[फकखग])\u093c")
_COUNTED = re.compile("(?:十[一二]?|[一二两兩三四五六七八九])(?=[点點个個只隻匹歳岁歲位名口条條辆輛套本杯天年月人台])")
_NUMBERS = {word: str(at) for at, word in enumerate("一二三四五六七八九", 1)}
_NUMBERS |= {"十": "10", "十一": "11", "十二": "12", "两": "2", "兩": "2"}
_HOST = "www."
_E_MAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")


def compared(token: str) -> str:
    """Return a token in the form in which it is compared: letters of one alphabet, addresses without what nobody minds."""
    is_address = "://" in token or "@" in token[1:-1] or token.startswith(_HOST)
    return _address(token) if is_address else in_one_alphabet(token)


def _address(token: str) -> str:
    """Return an address of the net or an e-mail address in one form.

    >>> _address("http://www.Example.org/"), _address("Jo@Example.org")
    ('https://example.org', 'jo@example.org')
    """
    scheme, is_url, rest = (f"http://{token}" if token.startswith(_HOST) else token).partition("://")
    if not is_url:
        return token.lower() if _E_MAIL.fullmatch(token) else token
    host, slash, path = rest.partition("/")
    scheme = scheme.lower().replace("http", "https") if scheme.lower() == "http" else scheme.lower()
    return f"{scheme}://{host.lower().removeprefix('www.')}{(slash + path).rstrip('/')}"


def in_one_alphabet(token: str) -> str:
    """Return a token with its letters and digits in one form.

    >>> in_one_alphabet("münchen"), in_one_alphabet("maße"), in_one_alphabet("٣")
    ('muenchen', 'maße', '3')
    """
    if token.isascii():
        return token
    if token not in _KEPT:
        token = token.translate(_GERMAN)
    token = token.translate(_ARABIC)
    token = _NUKTA.sub("", unicodedata.normalize("NFC", _NASALS.sub("ं", token)))
    if any(character.isdecimal() and not character.isascii() for character in token):
        token = "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in token)
    return token


def with_counts_as_numbers(text: str) -> str:
    """Return a text with the counts that Chinese and Japanese write as words as numbers.

    >>> with_counts_as_numbers("会议在下午三点")
    '会议在下午3点'
    """
    return _COUNTED.sub(lambda hour: _NUMBERS[hour[0]], text)
