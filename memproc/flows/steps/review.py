"""`review`: a person decides, or a policy, before the flow goes on."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from memproc.config import Verdict
from memproc.flows.expressions import is_true
from memproc.flows.step import Ask, At, Options, Step, StepError, Taken, Text, Whole


class Review(Options):
    """Wait until a person decided: what is asked, or the pairs of the store that wait. A policy may decide first."""

    do: Literal["review"]
    ask: Text | None = Field(
        None, description="A question: the flow waits until it was answered by `memproc flow resume --approve`, or `--reject`."
    )
    approve_when: Text | None = Field(
        None, description="A condition in JMESPath, without `${}`: where it is true, nobody is asked."
    )
    policy: Text | None = Field(
        None, description="A policy that decides pairs that wait, as in `confidence >= 0.97 and kind == similar`."
    )
    verdict: Verdict = Field("merge", description="What the policy decides.")
    open_at_most: Whole | None = Field(None, description="How many pairs may wait where the flow goes on.")


def review(options: Review, at: At) -> Taken:
    """Let the policy decide, and ask a person what is left. What was decided is not open any more, so nothing is decided twice."""
    name = f"flow {at.flow}, run {at.run}, {options.id}"  # by which its decisions can be taken back together
    if options.policy is not None:
        at.store.decide_all(options.policy, verdict=options.verdict, name=name)
    decided = sum(one.decisions for one in at.store.policies() if one.name == name)
    known: dict[str, Any] = {"decided": decided, "open": len(at.store.reviews())}
    if options.open_at_most is not None and known["open"] > options.open_at_most:
        told = f"{known['open']} pairs wait, and at most {options.open_at_most} may: decide them by `memproc review`, then resume"
        return Ask(told, known)
    if options.ask is None:
        return {**known, "approved": True, "by": None}
    if options.approve_when is not None and is_true(options.approve_when, at.data):
        return {**known, "approved": True, "by": "the flow"}
    if at.answer is None:
        return Ask(options.ask, known)
    if not at.answer["approved"]:
        why = f": {at.answer['note']}" if at.answer["note"] else ""
        raise StepError(f"{at.answer['by']} said no{why}")
    return {**known, **at.answer}


STEP = Step(Review, review)
