"""What is taken out of the rows of a run that is over: the parameters that say who somebody is, wherever they stand."""

from __future__ import annotations

from typing import Any

import orjson

from memproc.flows.course import read, written
from memproc.flows.flow import Flow
from memproc.flows.secrets import FlowSecrets
from memproc.store.flows.journal import Journal
from memproc.store.flows.runs import FlowRun, RunClaim

_TEXTS = ("item", "notes", "answer", "output")  # as JSON


def without_personal(journal: Journal, claim: RunClaim, flow: Flow, run: FlowRun) -> dict[str, Any]:
    """Take personal parameters out of the steps of a run, and return what is written of the run itself."""
    parameters = read(run.parameters)
    names = [name for name, one in flow.parameters.items() if one.personal and parameters.get(name) is not None]
    if not names:
        return {}
    hidden = FlowSecrets.of_values([str(parameters[name]) for name in names]).hidden
    for row in journal.steps(claim.run):
        texts = {name: text for name in _TEXTS if (text := getattr(row, name)) is not None}
        changed = {name: written(hidden(orjson.loads(text))) for name, text in texts.items()}
        journal.change(claim, row, **changed, error=hidden(row.error))
    return {"parameters": written({**parameters, **dict.fromkeys(names)})}
