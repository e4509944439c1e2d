"""Turns: facts that state a relation in another order, brought to the order that the list of relations has.

"Teal is her favorite color", "she changed her PIN to 4711", "er ist nach Rostock gezogen", "married to Leo". A fact with "instead
of", or with "from" and "to", states two values: the new one, if that is of a relation, or else that the old one is over.
"""

from __future__ import annotations

from collections.abc import Sequence

from memproc.dedup.changes.phrases import is_moment, phrases_at
from memproc.dedup.changes.relation_list import STEM, relation_list
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.tokens import MARKS

SIGNS = frozenset(
    ["instead", "from", "favorite", "favourite", "most", "best", "plus", "pas", "jamais"]
)  # words of facts that may be turned
MOST_BEHIND_ON = 4  # words in "on a keto diet"; a longer phrase is about a day
_CHANGE = frozenset(["chang", "set", "updat", "rais", "lower", "cut", "increas", "reduc", "extend", "renam", "switch"])
_LOVE = frozenset(["lov", "lik", "enjoy", "ador"])
_AUXILIARIES = frozenset(["ist", "bin", "sind", "hat", "habe", "haben", "wurde"])
_WHOSE = {"he": "his", "she": "her", "they": "their", "we": "our", "it": "its"}

Words = Sequence[str]


def without_french_negation(tokens: Words) -> Words:
    """Return tokens with "ne" alone for "ne plus".

    >>> without_french_negation(["il", "n'habite", "plus", "ici"]), without_french_negation(["disney", "plus"])
    (['il', 'ne', 'habite', 'ici'], ['disney', 'plus'])
    """
    split = [part for token in tokens for part in (("ne", token[2:]) if token.startswith("n'") else (token,))]
    return [word for word in split if word != "plus"] if "ne" in split else tokens


def exchanged(tokens: Words) -> tuple[Words, Words] | None:
    """Return, for a fact that states an exchange, the words for the new value alone and, with "instead of", those for the end of
    the old.

    >>> exchanged("she takes tea instead of coffee".split())
    (['she', 'takes', 'tea'], ['she', 'no', 'takes', 'coffee'])
    """
    tokens = [*tokens]
    if "instead" in tokens:
        at = tokens.index("instead")
        verb = next((place for place in range(1, at) if STEM[tokens[place]] in relation_list().verbs), 0)
        if verb and tokens[at + 1 : at + 2] == ["of"]:
            return tokens[:at], [*tokens[:verb], "no", tokens[verb], *tokens[at + 2 :]]
    if "from" in tokens and "to" in tokens[(at := tokens.index("from")) :]:
        return [*tokens[:at], *tokens[tokens.index("to", at) :]], ()
    return None


def turned(words: Words) -> Words:
    """Return words in the order of the list of relations.

    >>> turned("teal is her favorite color".split()), turned("he loves tea most".split())
    (['her', 'favorite', 'color', 'is', 'teal'], ['his', 'favorite', 'thing', 'is', 'tea'])
    """
    lists = relation_list().words
    if words[0].startswith("j'"):
        words = ["je", words[0][2:], *words[1:]]
    if words[0] in relation_list().behind_be:
        words = _with_verb(words)
    first = STEM[words[1]] if len(words) > 1 else ""
    at = next((at for at, word in enumerate(words) if STEM[word] == "favorit"), 0)
    if at:
        be = at - 1 - (words[at - 1] in lists["whose"])
        if be > 0 and STEM[words[be]] == "be":
            return [*words[be + 1 :], "is", *words[:be]]
    if first in _LOVE:
        at = next((at for at, word in enumerate(words) if word in ("most", "best")), len(words))
        kind = [word for word in words[at + 1 :] if word not in ("of", "all")]
        return [_whose(words[0]), "favorite", "thing", *kind, "is", *words[2:at]] if at < len(words) else words
    if first in _CHANGE and "to" in words:
        at = words.index("to")
        nouns = [word for word in words[2:at] if word not in lists["whose"]]
        if nouns and STEM[nouns[-1]] in lists["attribute"]:
            return [_whose(words[0]), *nouns, "is", *words[at + 1 :]]
    at = next((at for at, word in enumerate(words) if word in _AUXILIARIES), len(words))
    return [*words[:at], words[-1], *words[at + 1 : -1]] if at < len(words) and words[-1] in lists["final"] else words


def _with_verb(words: Words) -> Words:
    """Return words that begin with a state, with "is" before it, if they state one: "married to Leo", but not "married couples"."""
    full, behind = ["is", *words], relation_list().words["behind"]
    is_of_when = words[0] in ("on", "off") and (len(words) > MOST_BEHIND_ON or is_moment(words, 1))
    if is_of_when or (len(words) > 1 and STEM[words[0]] in relation_list().verbs):
        return words
    for use in ("phrase", "begin", "end"):
        for at, stems, _ in phrases_at(use, full, 0):
            if len(stems) > 1 and (at == len(full) or full[at] in MARKS or full[at] in behind or stems[-1] in behind):
                return full
    return words


def _whose(subject: str) -> str:
    return _WHOSE.get(subject, "my" if subject in relation_list().words["self"] else f"{subject}'s")


STARTS = Memo(lambda word: word in relation_list().behind_be or word.startswith("j'"))  # words with which a turned fact begins
ENDS = Memo(lambda word: word in relation_list().words["final"])  # or with which it ends
CHANGES = Memo(lambda word: STEM[word] in _CHANGE)  # or that are its second word
