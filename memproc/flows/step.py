"""What a step is: what may be said of it in a file, and what takes it.

Rules: what takes a step gets its options with all expressions filled, and what is around it (`At`). It gives small JSON values or
`Ask` where a person has to decide. It may be called again after a kill, so what it does has to be found done: files are replaced
whole, a job is found by its identity, and what it has to know for that it notes before it begins (`At.note`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from memproc.config import OnError
from memproc.errors import MemprocError
from memproc.flows.secrets import FlowSecrets
from memproc.records import Memory
from memproc.store.store import Store

MOST_ANSWER_BYTES = 16_384  # of what a step gives, as JSON

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
_Expression = Annotated[str, StringConstraints(pattern=r"^\$\{.*\}$", max_length=1_000)]
if TYPE_CHECKING:  # what takes a step sees values: each expression is filled by then
    Whole = int
    Switch = bool
    Texts = str | list[str]
else:
    Whole = int | _Expression
    Switch = bool | _Expression
    Texts = Text | list[Text]


class StepError(MemprocError):
    """A step did what it was to do, and the result is not what the flow asks for."""


class Part(BaseModel):
    """A part of a flow file: names that it does not know are wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Retry(Part):
    """How often a step that fails is tried again, and how long is waited before: each time longer by a factor."""

    times: int = Field(ge=1, le=100, description="How often it is tried again.")
    wait_seconds: float = Field(5.0, ge=0, le=3_600, description="How long to wait before the first time.")
    factor: float = Field(2.0, ge=1, le=10, description="By how much each wait is longer than the one before; at most an hour.")


class Options(Part):
    """What may be said of every step."""

    id: Name = Field(description="What it is called in expressions and in `needs`: letters, digits and _.")
    about: str | None = Field(None, max_length=200, description="What it is for; shown in pictures and lists.")
    needs: list[Name] | None = Field(
        None,
        description="The steps, further up, that have to be over before. It is skipped where all of them were. By default it comes "
        "after the step above it, whatever became of that; with an empty list, after none.",
    )
    when: Text | None = Field(
        None, description="A condition in JMESPath, without `${}`: where it is not true, the step is skipped."
    )
    after: Literal["success", "failure", "always"] = Field(
        "success", description="Whether it is taken while nothing has failed, only when something has, or in both cases."
    )
    for_each: Text | list[Any] | None = Field(
        None,
        description="A list, or an expression in JMESPath that gives one, without `${}`: the step is taken for each `item` of it.",
    )
    retry: Retry | None = Field(None, description="What to do where it fails, before it counts as failed.")
    on_error: OnError = Field(
        "stop", description="Whether the flow stops where it failed, but for steps after a failure, or goes on."
    )


class Allowed(NamedTuple):
    """What whoever starts a flow allows it: to run commands, and to fetch from addresses that are not public."""

    run: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class At:
    """Where a step is taken. `folder` is what paths are relative to, `work` where the run keeps its files. `noted` is what it noted
    before a kill; `is_again` tells that it was begun before. `note` keeps a small JSON object for the next time, `beat` tells
    others that the process is at work. `answer` is what a person said to what it asked.
    """

    store: Store[Memory]
    store_place: str | Path
    folder: Path
    work: Path
    flow: str
    run: int
    secrets: FlowSecrets
    allowed: Allowed
    data: Mapping[str, Any]
    is_again: bool = False
    noted: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    note: Callable[[Mapping[str, Any]], None] = lambda _noted: None
    beat: Callable[[], None] = lambda: None

    def path(self, given: str) -> Path:
        """Return a path of the flow as a whole one."""
        return self.folder / Path(given).expanduser()

    def place(self, given: str) -> str | Path:
        """Return a path as a whole one, and the URL of a database as it is."""
        return given if "://" in given else self.path(given)


class Ask(NamedTuple):
    """A person has to decide before the step is over: what is asked, and what is known of it so far."""

    question: str
    known: Mapping[str, Any]


Taken = Mapping[str, Any] | Ask


class Step(NamedTuple):
    """A kind of step: its options, what takes it, and which fields may hold secrets. `seconds` tells how long it may be silent."""

    options: type[Options]
    take: Callable[[Any, At], Taken]
    secret_fields: tuple[str, ...] = ()
    seconds: Callable[[Any], float] = lambda _options: 0.0


def rates(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the shares of what was read, as JMESPath cannot divide.

    >>> rates({"read": 8, "quarantined": 2})
    {'quarantined_rate': 0.25}
    """
    read = counts["read"]
    return {f"{name}_rate": count / read if read else 0.0 for name, count in counts.items() if name != "read"}
