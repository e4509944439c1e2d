"""Contractions, numbers, second spellings and abbreviations written out, where the tokens beside them allow it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from memproc.dedup.text import word_classes, words, written_forms
from memproc.dedup.text.chunks import ODD_WRITTEN_OUT, WRITTEN_OUT, letter_of
from memproc.dedup.text.tokens import MARKS

HAS_WRITTEN_OUT = re.compile(f"[{WRITTEN_OUT}{ODD_WRITTEN_OUT}]")
_BEHIND_HAS = ("been", "had", "got")
_ALSO_NAMES = ("grey", "gray")


def write_out(tokens: list[str], shape: str) -> tuple[list[str], str, list[str]]:
    """Return the tokens with contractions and numbers written out and in one spelling, their shape, and the kinds of change."""
    written_out = written_forms.written_out()
    full: list[str] = []
    full_shape = ""
    kinds: list[str] = []
    done = 0
    for letter in HAS_WRITTEN_OUT.finditer(shape):
        at = letter.start()
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
    """Return what a token stands for in its place: "has" in "he's been", "is" in "Anna's a doctor", nothing in "Anna's doctor"."""
    token, before, after = tokens[at], tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else ""
    if token.endswith("'d") and not form:
        verb = next((token for token in tokens[at + 1 : at + 3] if token not in word_classes.fillers()), "")
        return (token.removesuffix("'d"), "would") if verb in word_classes.verbs_after_would() else ()
    if not token.endswith("'s"):
        return _in_place(token, form, before, after)
    if form:
        return (*form[:-1], "has") if form[-1:] == ("is",) and after in _BEHIND_HAS else form
    bare = token.removesuffix("'s")
    full = _in_place(bare, written_forms.written_out().get(bare, ()), before, after)
    stem = full[0] if len(full) == 1 else bare
    if after in _BEHIND_HAS:
        return stem, "has"
    classes = word_classes.word_classes()
    behind = tokens[at + 2] if at + 2 < len(tokens) else ""
    is_state = after in classes["states"] and behind in classes["preposition"]
    is_verb = after in classes["told"] or is_state or tokens[at + 3 : at + 4] == ["old"]
    return (stem, "is") if is_verb else (f"{stem}'s",) if stem != bare and stem.isalpha() else ()


def _in_place(token: str, form: tuple[str, ...], before: str, after: str) -> tuple[str, ...]:
    """Return what a token stands for between two others; nothing in "no one" and "Mr Grey", "mom" in "your mother"."""
    if places := written_forms.places().get(token):
        return form if any((after if side == "before" else before) in beside for side, beside in places) else ()
    is_nobody = (before, token) == ("no", "one")
    is_name = token in _ALSO_NAMES and not _can_precede_a_colour(before)
    return () if is_nobody or is_name else form


def _can_precede_a_colour(word: str) -> bool:
    return (
        not word or word in MARKS or word in words.english_words() or word in words.common_words() or word in word_classes.fillers()
    )
