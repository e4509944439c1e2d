"""Letters and digits that not every keyboard has, in one form: for the tokens of a text that are not ASCII.

Rules: a word that is no other word without its accents ("español") loses them. "ä", "ö", "ü" and "ß" become "ae", "oe", "ue" and
"ss", except in words that "ss" would turn into other words. Ligatures become two letters, digits of any script those of ASCII.
Arabic loses the lines that stretch a word. Hindi gets one sign for a nasal before its consonant. Counts that Chinese and Japanese
write as words become numbers.

Left out: all other accents, since "papa" is not "papá" and "schon" not "schön", and vowel signs and hamzas of Arabic: "asked" is
not "flowed".
"""

from __future__ import annotations

import re
import unicodedata
from itertools import filterfalse

from memproc.dedup.text import words

_KEPT = frozenset(["maße", "maßen", "buße", "bußen", "floß", "muße", "stoß"])  # "Masse", "Busse", "Floss": other words
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "oe"})
_ARABIC = str.maketrans({"\u0640": "", "\u0671": "\u0627"})  # a stretched line; an alef that joins
_LETTERS = re.compile(r"[^\W\d_]+")
_FIRST = re.compile(r"(?<!\w)é(?!st|mail)(?=\w{4})")  # French capitals often have no accent: "Etudie"
_NASALS = re.compile("ङ्(?=[कखगघ])|ञ्(?=[चछजझ])|ण्(?=[टठडढ])|न्(?=[तथदध])|म्(?=[पफबभ])")
_NUKTA = re.compile("(?<=[फकखग])\u093c")
_COUNTED = re.compile(
    "(?<![一二三四五六七八九十百千万])(?:[二三四五六七八九]?十[一二三四五六七八九]?|[一二两兩三四五六七八九])(?=[点點个個只隻匹歳岁歲位名口条條辆輛套本杯天年月人台])"
)
_NUMBERS = {word: at for at, word in enumerate("一二三四五六七八九", 1)} | {"两": 2, "兩": 2}
_HOST = "www."
_E_MAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")


def compared(token: str) -> str:
    """Return a token in the form in which it is compared: letters of one alphabet, and addresses in one form."""
    is_address = "://" in token or "@" in token[1:-1] or token.startswith(_HOST)
    return _address(token) if is_address else in_one_alphabet(token)


def _address(token: str) -> str:
    """Return a web address or an e-mail address in one form.

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

    >>> [*map(in_one_alphabet, ["münchen", "maße", "español", "año", "٣"])]
    ['muenchen', 'maße', 'espanol', 'año', '3']
    """
    if token.isascii():
        return token
    token = _FIRST.sub(
        "e", _LETTERS.sub(lambda word: bare if (bare := without_accents(word[0])) in words.accented() else word[0], token)
    )
    if token not in _KEPT:
        token = token.translate(_GERMAN)
    token = token.translate(_ARABIC)
    token = _NUKTA.sub("", unicodedata.normalize("NFC", _NASALS.sub("ं", token)))
    if any(character.isdecimal() and not character.isascii() for character in token):
        token = "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in token)
    return token


def without_accents(token: str) -> str:
    """Return a token whose letters have no accents.

    >>> without_accents("alérgico")
    'alergico'
    """
    if token.isascii():
        return token
    return "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFD", token)))


def with_counts_as_numbers(text: str) -> str:
    """Return a text with the counts that Chinese and Japanese write as words as numbers.

    >>> with_counts_as_numbers("会议在下午三点")
    '会议在下午3点'
    """
    return _COUNTED.sub(lambda count: str(_number(*count[0].rpartition("十"))), text)


def _number(tens: str, ten: str, ones: str) -> int:
    return (_NUMBERS.get(tens, 1) * 10 if ten else 0) + _NUMBERS.get(ones, 0)
