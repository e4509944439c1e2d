"""Enrichment by a function of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel

from memproc.enrichment.calling import Answer, Asked, NoAnswerError, result_of
from memproc.enrichment.terms import Terms
from memproc.errors import UsageError
from memproc.records import Fault, Memory
from memproc.validation import fault, in_one_line, restore
from memproc.values import UnreadableError, as_json, settled

Enrich = Callable[[Sequence[Memory]], Sequence[Mapping[str, Any] | None]]


@dataclass(frozen=True, eq=False)
class FunctionEnrichment(Terms):
    """Enrichment by a function: give it to `ingest` or `add` as `enrich`.

    The function gets a list of memories and returns a list as long: for each memory a mapping of fields to what they shall hold, or
    None for no change. It is called in the thread of the job. What it says of a memory must not depend on the others in the list.
    An OSError that it raises (a connection, a timeout) fails all records of the call, and counts for the circuit breaker; of any
    other exception the list is halved until the record is found that causes it. `name` is that of the function if none is given.
    """

    function: Enrich
    threads: ClassVar[int] = 0

    def __post_init__(self) -> None:
        """Check the function and the terms."""
        if not callable(self.function):
            raise UsageError(f"enrich={self.function!r}: give a function of a list of memories")
        if not self.name:
            module, name = getattr(self.function, "__module__", ""), getattr(self.function, "__qualname__", "")
            if "<" in name or not name:
                raise UsageError("the function has no name of its own: give memproc.FunctionEnrichment(function, name='...')")
            object.__setattr__(self, "name", f"{module}.{name}")
        self.check_terms()

    def caller(self, schema: type[Memory], seconds_left: Callable[[], float]) -> FunctionCaller:
        """Return what calls the function."""
        del seconds_left
        return FunctionCaller(self.function, schema)


class FunctionCaller:
    """Calls a function with memories of a schema."""

    def __init__(self, function: Enrich, schema: type[Memory]) -> None:
        self._function, self._schema = function, schema

    def ask(self, asked: Sequence[Asked]) -> Answer:
        """Return what the function says. Raises NoAnswerError if it raises."""
        memories = [restore(one.record, self._schema) for one in asked]
        try:
            results = list(self._function(memories))
        except OSError as error:
            raise NoAnswerError(_told(error)) from error
        except Exception as error:
            raise NoAnswerError(_told(error), is_of_records=True) from error
        return Answer([_kept(result) for result in results])

    def close(self) -> None:
        """Close nothing."""


def _told(error: Exception) -> str:
    return in_one_line(f"the function raised {type(error).__name__}: {error}")


def _kept(result: object) -> bytes | Fault:
    """Return a result as JSON text."""
    try:
        return result_of(as_json(settled(_plain(result))))
    except UnreadableError as error:
        return fault("", error.code, "an enrichment answers what JSON can say: ", str(error))
    except Exception as error:  # noqa: BLE001 - a value of the caller's may raise anything when it is read
        return fault("", "unreadable", "an enrichment's answer cannot be read: ", type(error).__name__)


def _plain(result: object) -> object:
    """Return a result with models of pydantic (an emotion, a relation) as mappings."""
    if not isinstance(result, Mapping):
        return result
    return {name: _of_model(value) for name, value in result.items()}


def _of_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, list | tuple):
        return [one.model_dump(mode="json", exclude_none=True) if isinstance(one, BaseModel) else one for one in value]
    return value
