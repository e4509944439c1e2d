"""Expressions of flows: they read values, run nothing, and end."""

from __future__ import annotations

import pytest

from memproc.flows.expressions import ExpressionError, evaluated, filled, is_true, names_used, parsed

DATA = {"steps": {"load": {"stored": 3, "rate": 0.5, "kinds": ["a", "b"]}}, "parameters": {"who": "ann"}, "run": 7}


@pytest.mark.parametrize(
    ("condition", "is_so"),
    [
        ("steps.load.stored > `2`", True),
        ("steps.load.stored > `2` && parameters.who == 'bob'", False),
        ("!(steps.load.rate < `0.1`)", True),
        ("contains(steps.load.kinds, 'b')", True),
        ("steps.gone.stored > `2`", False),  # nothing compares with what is not there
    ],
)
def test_a_condition_holds_or_not(condition, is_so):
    """As JMESPath has it."""
    assert is_true(condition, DATA) is is_so


def test_a_condition_that_is_no_answer_is_refused():
    """A number is neither true nor false: it would be taken for one of them."""
    with pytest.raises(ExpressionError, match=r"gives a number, .*compare it, as in steps.load.stored > `0`"):
        is_true("steps.load.stored", DATA)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("steps.load.stored > 2", "numbers stand in backticks"),
        ("steps.load and run", "write && for and"),
        ("__import__('os').system('true')", "unknown function"),
        ("length(run)", "invalid type"),
        ("a." * 600 + "a", "at most 1,000 characters"),
        ("!" * 990 + "a", "nested too deeply"),
        ("[@,@][] | " * 40 + "@", "takes more than 100,000 steps"),
        ("[@,@] | " * 60 + "to_string(@)", "takes more than 100,000 steps"),
        ("[@,@] | " * 60 + "[@, [@[0], @[1]]] | [0] == [1]", "takes more than 100,000 steps"),
        ("[@,@] | " * 60 + "{a: @}", "takes more than 100,000 steps"),
        ("[@,@][] | " * 10 + "join('', [*].long) | " + "[@,@] | join('', @) | " * 30 + "@", "takes more than 100,000 steps"),
        ("join('', [" + ",".join(["to_string(@)"] * 60) + "])", "makes a text of more than"),
    ],
)
def test_what_cannot_be_evaluated_is_told(expression, told):
    """It is no expression, or would take too long or too much."""
    data = {**DATA, "long": "x" * 2_000} if "to_string" in expression or "long" in expression else DATA
    with pytest.raises(ExpressionError, match=rf"(?i){told}"):
        evaluated(expression, data)


def test_a_text_that_is_one_expression_keeps_the_kind_of_its_value():
    """Others become texts; what is a secret stays."""
    given = {"a": "${steps.load.stored}", "b": "n${steps.load.stored}-${parameters.who}", "c": ["${secrets.token}"], "d": 1}
    assert filled(given, DATA) == {"a": 3, "b": "n3-ann", "c": ["${secrets.token}"], "d": 1}
    with pytest.raises(ExpressionError, match="gives nothing, and in a text"):
        filled("x${steps.gone.stored}", DATA)


def test_the_names_that_an_expression_uses_are_known():
    """Not those within what it filters: these are of the elements."""
    used = set(names_used(parsed("(steps.load.errors[?steps == 'x'].code | [0]) || parameters.who")))
    assert used == {("steps", "load"), ("parameters", "who")}
