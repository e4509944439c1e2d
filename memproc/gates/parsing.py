"""Reads a gate from a dictionary, as TOML, YAML or JSON give it, and says what is wrong with it where it is.

Rules: no expression is evaluated: a rule has keys with plain values. A pattern is compiled by the engine of Rust's `regex`, which
takes linear time, and knows no look-around; a whole value has to match.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from memproc.errors import UsageError
from memproc.gates.measures import MEASURES, Measure
from memproc.gates.rule import DRIFT_IGNORES, DRIFT_JOBS, MOMENTS, Bound, Gate, Moment, Rule
from memproc.gates.tallies import matcher
from memproc.retention import checked_age, moment_before
from memproc.sources.hand_written import MisplacedError, unknown_name
from memproc.times import parse_time, to_text

RULES, REHEARSE = "rules", "rehearse"
TOP = (REHEARSE, RULES)
KEYS = (
    *("measure", "field", "least", "most", "drift", "jobs", "ignore", "values", "pattern", "low", "high"),
    *("when", "only_warns", "advice"),
)
_OF_DRIFT = ("jobs", "ignore")
_OF_MEASURES = ("values", "pattern", "low", "high")
MOST_RULES, MOST_JOBS, LONGEST_CHARS = 200, 100, 1_000
LARGEST = 10**18  # of a bound
SHOWN_CHARS = 100  # of a value that is wrong
_DAY_SECONDS = 86_400
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

Place = tuple[str, ...]


class GateError(MisplacedError):
    """A gate is wrong at `place`, the names that lead there."""


def gate_of(given: Any) -> Gate:
    """Return the gate that a dictionary holds. Raises GateError.

    >>> gate = gate_of({"rules": {"few-bad": {"measure": "quarantined", "most": "2%"}}})
    >>> gate.rules[0].told()
    'records quarantined: at most 2%'
    """
    if isinstance(given, Gate):
        return given
    if not isinstance(given, Mapping):
        raise GateError((), "a gate is a table with rules in it")
    _check_names((), given, TOP)
    rules = given.get(RULES)
    if not isinstance(rules, Mapping) or not rules:
        raise GateError((RULES,), "give a table with a rule under each name, as in [rules.few-bad]")
    if len(rules) > MOST_RULES:
        raise GateError((RULES,), f"a gate has at most {MOST_RULES} rules")
    rehearse = _choice((REHEARSE,), given.get(REHEARSE, False))
    return Gate(tuple(_rule(str(name), (RULES, str(name)), said) for name, said in rules.items()), rehearse, dict(given))


def _rule(name: str, place: Place, said: object) -> Rule:
    if not isinstance(said, Mapping):
        raise GateError(place, "give a table, as in measure = 'quarantined' and most = '2%'")
    _check_names(place, said, KEYS)
    measure = _text((*place, "measure"), said.get("measure", ""), MEASURES)
    of = MEASURES[measure]
    _check_fit(place, said, measure, of)
    field = _text((*place, "field"), said["field"]) if "field" in said else of.field
    rule = Rule(
        name=name,
        measure=measure,
        field=field,
        least=_bound((*place, "least"), said["least"], of) if "least" in said else None,
        most=_bound((*place, "most"), said["most"], of) if "most" in said else None,
        drift=_number((*place, "drift"), said["drift"], 0) if "drift" in said else None,
        jobs=_whole((*place, "jobs"), said.get("jobs", DRIFT_JOBS)),
        ignore=_share((*place, "ignore"), said.get("ignore", DRIFT_IGNORES)),
        values=_words((*place, "values"), said.get("values", ())),
        pattern=_pattern((*place, "pattern"), said.get("pattern", "")),
        low=_end((*place, "low"), said.get("low")),
        high=_end((*place, "high"), said.get("high")),
        when=_moments((*place, "when"), said["when"], of) if "when" in said else ("after",) if of.of_job else ("during", "after"),
        only_warns=_choice((*place, "only_warns"), said.get("only_warns", False)),
        advice=_text((*place, "advice"), said["advice"]) if "advice" in said else "",
    )
    if type(rule.low) is not type(rule.high) and None not in (rule.low, rule.high):
        raise GateError((*place, "high"), "give two numbers, or two dates")
    return rule


def _check_fit(place: Place, said: Mapping[Any, Any], measure: str, of: Measure) -> None:
    """Raise GateError where the keys of a rule do not go together."""
    if of.has_field and not of.field and "field" not in said:
        raise GateError(place, f"{measure} is about a field: name it, as in field = 'subject'")
    if "field" in said and not of.has_field:
        raise GateError((*place, "field"), f"{measure} is about no field")
    for key in _OF_MEASURES:
        if key in said and key not in of.takes:
            takers = [name for name, one in MEASURES.items() if key in one.takes]
            raise GateError((*place, key), f"belongs to {', '.join(takers)}, not to {measure}")
    if of.takes and not any(key in said for key in of.takes):
        raise GateError(place, f"{measure} needs {' or '.join(of.takes)}")
    if not any(key in said for key in ("least", "most", "drift")):
        raise GateError(place, "give a bound: least, most or drift")
    if "drift" not in said and (strange := next((key for key in _OF_DRIFT if key in said), None)):
        raise GateError((*place, strange), "belongs to drift, which is not given")


def _bound(place: Place, said: object, of: Measure) -> Bound:
    if of.kind == "days":
        return Bound(_days(place, said), written=str(said))
    may_be_share = of.kind == "records" and of is not MEASURES["read"]
    if isinstance(said, str) and said.strip().endswith("%") and may_be_share:
        try:
            share = float(said.strip()[:-1]) / 100
        except ValueError:
            raise GateError(place, f"{_shown(said)}: give a share, as in '2.5%'") from None
        if not 0 <= share <= 1:
            raise GateError(place, f"{_shown(said)}: a share lies between 0% and 100%")
        return Bound(share, is_share=True, written=said.strip())
    number = _number(place, said, 0, " or a share, as in '2.5%'" if may_be_share else "")
    if of.kind == "records" and number != int(number):
        raise GateError(
            place, f"{_shown(said)}: give a whole number of records" + (f", or '{100 * number:g}%'" if may_be_share else "")
        )
    return Bound(number)


def _days(place: Place, said: object) -> float:
    try:
        before = moment_before(to_text(_EPOCH), checked_age(said))
    except UsageError:
        raise GateError(place, f"{_shown(said)}: give an age, as in '36h', '7d', '6w' or '2y'") from None
    return (_EPOCH - datetime.fromisoformat(before)).total_seconds() / _DAY_SECONDS


def _end(place: Place, said: object) -> float | str | None:
    """Return an end of a range: a number, or a date as fixed-width text."""
    if said is None or _is_number(said):
        return said  # type: ignore[return-value]  # it is none, or a number
    try:
        moment = parse_time(said)
    except ValueError as error:
        raise GateError(place, f"{_shown(said)}: give a number or a date: {error}") from None
    if moment is None:
        raise GateError(place, f"{_shown(said)}: give a number or a date")
    return to_text(moment)


def _moments(place: Place, said: object, of: Measure) -> tuple[Moment, ...]:
    words = _words(place, said)
    for word in words:
        if word not in MOMENTS:
            raise GateError(place, f"{word!r} {unknown_name(word, MOMENTS)}")
    if not words:
        raise GateError(place, f"give some of {', '.join(MOMENTS)}")
    if "before" in words and of.of_job:
        raise GateError(place, f"{of.told} are known only of a job: leave out before")
    return tuple(moment for moment in MOMENTS if moment in words)


def _pattern(place: Place, said: object) -> str:
    text = _text(place, said) if said else ""
    try:
        matcher(text)
    except ValueError as error:
        raise GateError(place, f"{text!r} is no pattern: {error}") from None
    return text


def _number(place: Place, said: object, least: float, more: str = "") -> float:
    if not _is_number(said) or said < least:  # type: ignore[operator]  # it is a number
        raise GateError(place, f"{_shown(said)}: give a number of at least {least}{more}")
    return said  # type: ignore[return-value]  # as above


def _is_number(said: object) -> bool:
    return isinstance(said, int | float) and not isinstance(said, bool) and -LARGEST <= said <= LARGEST


def _shown(said: object) -> str:
    """Return a value as messages show it."""
    try:
        return f"{said!r:.{SHOWN_CHARS}}"
    except ValueError:  # Python tells no integers of thousands of digits
        return "a number of too many digits"


def _whole(place: Place, said: object) -> int:
    if isinstance(said, bool) or not isinstance(said, int) or not 1 <= said <= MOST_JOBS:
        raise GateError(place, f"{_shown(said)}: give 1 to {MOST_JOBS} jobs")
    return said


def _share(place: Place, said: object) -> float:
    if isinstance(said, str) and said.strip().endswith("%"):
        try:
            return _number(place, float(said.strip()[:-1]) / 100, 0)
        except ValueError:
            pass
    elif isinstance(said, float) and 0 <= said <= 1:
        return said
    raise GateError(place, f"{_shown(said)}: give a share as text, as in '5%'")


def _choice(place: Place, said: object) -> bool:
    if not isinstance(said, bool):
        raise GateError(place, f"{_shown(said)}: give true or false")
    return said


def _text(place: Place, said: object, known: Mapping[str, object] | None = None) -> str:
    if not isinstance(said, str) or (not said.strip() and known is None) or len(said) > LONGEST_CHARS:
        raise GateError(place, f"{_shown(said)}: give a text")
    if known is not None and said not in known:
        why = f"{_shown(said)} {unknown_name(said, [*known])}" if said else f"give one of {', '.join(known)}"
        raise GateError(place if said else place[:-1], f"measure: {why}" if not said else why)
    return said


def _words(place: Place, said: object) -> tuple[str, ...]:
    given = (said,) if isinstance(said, str) else said
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise GateError(place, f"{_shown(said)}: give a text, or a list of texts")
    return tuple(given)


def _check_names(place: Place, said: Mapping[Any, Any], known: Sequence[str]) -> None:
    for name in said:
        if name not in known:
            raise GateError((*place, str(name)), unknown_name(str(name), known))
