"""`Course`: how far a run is, as its rows tell it, and what expressions see of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from memproc.flows.flow import Flow
from memproc.store.flows.steps import FlowStep


class Course:
    """The rows of a run, by step."""

    def __init__(self, flow: Flow, run: int, parameters: Mapping[str, Any], rows: Sequence[FlowStep]) -> None:
        """Take the rows as they are now."""
        self._flow, self._run, self._parameters = flow, run, parameters
        self.of = {row.step: row for row in rows if row.part == 0}
        self.items: dict[str, list[FlowStep]] = {name: [] for name in self.of}
        for row in rows:
            if row.part:
                self.items[row.step].append(row)

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each step, by its id."""
        return {name: row.status for name, row in self.of.items()}

    def data(self, item: FlowStep | None = None) -> dict[str, Any]:
        """Return what expressions see; of what is done for an item, that too."""
        steps = {name: {"status": row.status, "error": row.error, **read(row.output)} for name, row in self.of.items()}
        data = {"parameters": self._parameters, "steps": steps, "run": self._run, "flow": self._flow.flow}
        if item is not None and item.part:
            data |= {"item": orjson.loads(item.item or "null"), "index": item.part - 1}
        return data


def read(text: str | None) -> dict[str, Any]:
    """Return a JSON object, empty where there is none."""
    return {} if text is None else orjson.loads(text)


def written(values: Any) -> str:
    """Return values as JSON."""
    return orjson.dumps(values, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS).decode()
