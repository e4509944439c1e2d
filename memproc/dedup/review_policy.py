"""Review policies: short expressions that select which of the waiting pairs are decided together.

    confidence >= 0.97 and kind == similar or kind == changed and namespace == "ann"

Facts: fifty thousand lines of talk leave five thousand waiting pairs, and nobody decides these one by one. Pairs that were decided
together can be withdrawn together, so a policy has a name: its expression in normal form, unless the caller gives another one.

Rules: an expression compares the `confidence`, `kind` and `namespace` of a pair with values, by the table `OPERATORS`. `and` binds
more tightly than `or`, as in Python. Words are written as they are, or in quotes if they hold blanks or signs. Nothing is
evaluated: anything but such a comparison is an error that tells its place.

Left out: parentheses and `not`. What they express can be written as cases joined by `or`, which is also easier to read.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, NoReturn

from memproc.errors import UsageError


class ReviewKind(StrEnum):
    """Why a pair waits for a person."""

    SIMILAR = "similar"
    CHANGED = "changed"
    UNDATED = "undated"
    MEANING = "meaning"


KINDS = tuple(ReviewKind)
OPERATORS = {"confidence": (">=", ">", "<=", "<", "=="), "kind": ("==", "!="), "namespace": ("==", "!=")}
MOST_CHARACTERS = 1_000  # of a policy, and of its name

_EXAMPLE = "confidence >= 0.97 and kind == similar"
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
_TOKEN = re.compile(r"""\s*(?:(?P<sign>[<>=!]+)|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<word>[^\s<>=!"']+)|(?P<other>\S))""")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e-?[0-9]+)?")
_PLAIN = re.compile(r"[\w.@:/+-]+")
_JOINS = ("and", "or")


class Comparison(NamedTuple):
    """One comparison: the property of a pair, the operator, and the value."""

    asked: str
    sign: str
    value: float | str

    def __str__(self) -> str:
        """Return it in its normal form."""
        return f"{self.asked} {self.sign} {_spelt(self.value)}"


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """Selects the pairs for which all comparisons of one of the `cases` hold. `str` returns its normal form.

    >>> policy = parse_policy("confidence>=0.970 and kind == 'similar'")
    >>> str(policy)
    'confidence >= 0.97 and kind == similar'
    >>> policy.is_met_by(confidence=0.98, kind="similar", namespace="ann")
    True
    """

    cases: tuple[tuple[Comparison, ...], ...]

    def is_met_by(self, *, confidence: float | None, kind: str, namespace: str) -> bool:
        """Tell whether a pair is selected. A pair without a confidence fulfils no comparison of it."""
        told = {"confidence": confidence, "kind": kind, "namespace": namespace}
        return any(
            all(told[one.asked] is not None and _COMPARE[one.sign](told[one.asked], one.value) for one in case)
            for case in self.cases
        )

    def __str__(self) -> str:
        """Return its normal form."""
        return " or ".join(" and ".join(map(str, case)) for case in self.cases)


def parse_policy(text: str) -> ReviewPolicy:
    """Return the policy that a text expresses. Raises UsageError, with the place of the fault, if it expresses none."""
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise UsageError(f"give a policy as text of at most {MOST_CHARACTERS:,} characters, as in {_EXAMPLE!r}")
    end = _Token(len(text.rstrip()), "", "")
    tokens = iter([*_tokens_of(text), end, end, end, end])
    cases: list[list[Comparison]] = [[]]
    for asked, sign, value, join in zip(tokens, tokens, tokens, tokens, strict=False):
        cases[-1].append(_comparison(text, asked, sign, value))
        if not join.kind:
            break
        if join.kind != "word" or join.text.lower() not in _JOINS:
            _fail(text, join, f"{join} stands where a comparison has ended", "join comparisons by `and` or `or`")
        if join.text.lower() == "or":
            cases.append([])
    return ReviewPolicy(tuple(map(tuple, cases)))


def checked_name(name: object) -> str:
    """Return the name of a policy. Raises UsageError if it cannot be a name."""
    if not is_policy_name(name):
        raise UsageError(f"the name of a policy is 1 to {MOST_CHARACTERS:,} characters that can be printed, not {name!r:.80}")
    return str(name)


def is_policy_name(name: object) -> bool:
    """Tell whether a value can be the name of a policy.

    >>> is_policy_name("of the night"), is_policy_name(" "), is_policy_name(7)
    (True, False, False)
    """
    return isinstance(name, str) and name.isprintable() and 0 < len(name) <= MOST_CHARACTERS and name == name.strip()


class _Token(NamedTuple):
    """A sign, a word or a quoted text; the end of the text is a token without a kind."""

    at: int
    kind: str
    text: str

    def __str__(self) -> str:
        return repr(self.text) if self.kind else "the end"


def _comparison(text: str, asked: _Token, sign: _Token, value: _Token) -> Comparison:
    if asked.kind != "word" or asked.text not in OPERATORS:
        advice = "write cases, joined by `or`" if asked.text[:1] == "(" else f"ask for one of {', '.join(OPERATORS)}"
        _fail(text, asked, f"{asked} is nothing that can be asked of a pair", advice)
    if sign.kind != "sign" or sign.text not in OPERATORS[asked.text]:
        _fail(text, sign, f"{sign} does not compare a {asked.text}", f"choose one of {', '.join(OPERATORS[asked.text])}")
    return Comparison(asked.text, sign.text, _value(text, asked.text, value))


def _value(text: str, asked: str, value: _Token) -> float | str:
    if value.kind not in ("word", "quoted"):
        _fail(text, value, f"{value} is no value", f"give a {asked} to compare with")
    if asked == "confidence":
        if not _NUMBER.fullmatch(value.text) or float(value.text) > 1:
            _fail(text, value, f"{value} is no confidence", "give a number from 0 to 1")
        return float(value.text)
    if asked == "kind" and value.text not in KINDS:
        _fail(text, value, f"{value} is no kind of review", f"choose one of {', '.join(KINDS)}")
    return value.text


def _fail(text: str, token: _Token, what: str, advice: str) -> NoReturn:
    raise UsageError(f"policy {text!r}, character {token.at + 1}: {what}; {advice}, as in {_EXAMPLE!r}")


def _tokens_of(text: str) -> list[_Token]:
    tokens = []
    for found in _TOKEN.finditer(text):
        name = str(found.lastgroup)
        at = found.start(name) - (name in ("double", "single"))
        tokens.append(_Token(at, {"double": "quoted", "single": "quoted"}.get(name, name), found[name]))
    return tokens


def _spelt(value: float | str) -> str:
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if _PLAIN.fullmatch(value) and value.lower() not in _JOINS:
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'
