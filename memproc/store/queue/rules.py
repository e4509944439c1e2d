"""The rules of a queue: in which order, how many at once, and when a worker begins nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args

import orjson

from memproc.arguments import whole_number
from memproc.errors import UsageError
from memproc.store.queued import Order

_LIMITS = ("at_once", "at_once_per_source", "at_once_per_namespace", "at_once_per_submitter")
_SECONDS = ("ageing_seconds", "retry_seconds", "share_seconds")
_MAPPINGS = ("weights", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """How a queue is worked off. None is no limit.

    - `order`: among jobs of one namespace, submitter and priority the oldest first (`fifo`) or the newest (`lifo`).
    - `ageing_seconds`: a job that has waited so long counts as one priority higher, and so on; so none waits for ever.
    - `at_once`: jobs that run at the same time in the whole store; the others for each source, namespace and submitter.
    - `max_memory_share`: no job begins while more than this share of the memory allowed is used, 0 to 1; `max_load` while more than
      so many processes a core want to run.
    - `weights`: by namespace how large its share of the workers' time is, 1 where none is named; it is counted over the last
      `share_seconds`. `memory`: by namespace the share of the memory allowed that one of its jobs may take, 0 to 1.
    - `most_losses`: a job whose worker is lost so often in a row, without a batch landing between, has failed.
    - `retry_seconds`: how long a failed job waits before its first retry; twice that before the next, at most an hour.
    """

    order: Order = "fifo"
    ageing_seconds: float = 600.0
    at_once: int | None = None
    at_once_per_source: int | None = None
    at_once_per_namespace: int | None = None
    at_once_per_submitter: int | None = None
    max_memory_share: float | None = 0.9
    max_load: float | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    memory: Mapping[str, float] = field(default_factory=dict)
    share_seconds: float = 600.0
    most_losses: int = 5
    retry_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Check every value. Raises UsageError."""
        if self.order not in get_args(Order):
            raise UsageError(f"order={self.order!r}: choose one of {', '.join(get_args(Order))}")
        for name in _LIMITS:
            if getattr(self, name) is not None:
                whole_number(name, getattr(self, name))
        whole_number("most_losses", self.most_losses)
        for name in _SECONDS:
            _check_positive(name, getattr(self, name))
        for name in ("max_memory_share", "max_load"):
            if getattr(self, name) is not None:
                _check_positive(name, getattr(self, name))
        for name in _MAPPINGS:
            given = getattr(self, name)
            if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
                raise UsageError(f"{name}={given!r}: give a number by the name of each namespace")
            for key, value in given.items():
                _check_positive(f"{name}[{key!r}]", value)
        for key, value in self.memory.items():
            if value > 1:
                raise UsageError(f"memory[{key!r}]={value!r}: give a share between 0 and 1")

    @classmethod
    def from_json(cls, text: str | None) -> QueueRules:
        """Return rules as a store keeps them; the defaults where it keeps none."""
        return cls(**orjson.loads(text)) if text else cls()

    def to_json(self) -> str:
        """Return the rules as a store keeps them."""
        return orjson.dumps(self.as_dict(), option=orjson.OPT_SORT_KEYS).decode()

    def as_dict(self) -> dict[str, Any]:
        """Return the rules as JSON values."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}

    def changed(self, **given: Any) -> QueueRules:
        """Return the rules with others in their place. Raises UsageError where there is no such rule."""
        known = [one.name for one in fields(self)]
        if unknown := [name for name in given if name not in known]:
            raise UsageError(f"{unknown[0]}: there is no such rule: choose among {', '.join(known)}")
        return replace(self, **given)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _check_positive(name: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise UsageError(f"{name}={value!r}: give a number above 0")
