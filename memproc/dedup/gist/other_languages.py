"""Words and phrases of other languages in the form in which they are compared."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from memproc.dedup.gist.idle import SHORTEST_TOKENS
from memproc.dedup.text import word_classes, written_forms
from memproc.dedup.text.letters import compared

_AND_ELSEWHERE = ("und", "oder", "y", "o", "et", "ou")
_SUBJECT_IN_VERB = re.compile(
    r"yo (?:no |me |ya |lo |la |le |te |siempre |nunca |tambien |tampoco )?"
    r"(?!mismo)(?:\w+[oéíi]|\w*oy|he|tuve|hice|puse|pude|vine|estuve)(?!\S)"
    r"|nosotr[oa]s (?:no |nos |ya |lo |la |le |siempre |nunca )?\w+mos(?!\S)"
)


def in_one_form_elsewhere(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Return the tokens of a text in another language with its words in one form, and the kinds of change. Commas before "and",
    points after abbreviations, and a Spanish "I" or "we" that the verb also expresses are dropped.
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
        phrase = next((phrase for phrase in listed if phrase.tokens == (*tokens[at : at + len(phrase.tokens)],)), None)
        if phrase:
            kept += phrase.form
            kinds += [phrase.kind] * (phrase.form != phrase.tokens)
            done = at + len(phrase.tokens)
        elif not ((word == "," and after in _AND_ELSEWHERE) or (word == "." and before in written_forms.pointed())):
            kept.append(word)
    is_subject_idle = len(kept) > SHORTEST_TOKENS and _SUBJECT_IN_VERB.match(" ".join(kept[:3])) is not None
    return (kept[1:], [*dict.fromkeys(kinds), "filler"]) if is_subject_idle else (kept, [*dict.fromkeys(kinds)])


@cache
def _elsewhere() -> Mapping[str, Sequence[written_forms.Phrase]]:
    """Return the words and phrases of other languages by their first token, the longest first."""
    by_first: dict[str, list[written_forms.Phrase]] = defaultdict(list)
    for phrase in written_forms.elsewhere():
        tokens = tuple(map(compared, phrase.tokens))
        by_first[tokens[0]].append(phrase._replace(tokens=tokens, form=tuple(map(compared, phrase.form))))
    return {first: sorted(phrases, key=lambda phrase: -len(phrase.tokens)) for first, phrases in by_first.items()}
