"""`forget`: all of a namespace or of a subject, with a receipt."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from memproc.errors import UsageError
from memproc.flows.step import At, Options, Step, Switch, Text
from memproc.flows.steps.writing import write_json


class Forget(Options):
    """Remove all of a namespace, of a subject, or of a subject within a namespace, for good."""

    do: Literal["forget"]
    namespace: Text | None = Field(None, description="Of this namespace.")
    subject: Text | None = Field(None, description="Of this subject.")
    note: str = Field("", max_length=400, description="Why; it is kept.")
    dry_run: Switch = Field(False, description="Only count what would be removed.")
    to: Text | None = Field(None, description="The file that the receipt is written to, as JSON.")


def forget(options: Forget, at: At) -> dict[str, Any]:
    """Remove it, and give the receipt, after a kill too, though there is nothing left to count then."""
    if options.namespace is None and options.subject is None:
        raise UsageError(f"{options.id}: say of whom: give namespace, subject, or both")
    namespace, subject = options.namespace, options.subject
    receipt = asdict(at.store.forget(namespace=namespace, subject=subject, dry_run=True))
    if not options.dry_run:
        if at.noted and not receipt["observations"] and not receipt["quarantine"]:
            receipt = dict(at.noted)
        else:
            at.note(receipt)
            receipt = asdict(at.store.forget(namespace=namespace, subject=subject, note=options.note))
    if options.to is not None:
        write_json(at.path(options.to), receipt)
    counts = ("memories", "observations", "reviews", "quarantine", "expired")
    return {**{name: receipt[name] for name in counts}, "unclear": len(receipt["unclear"]), "made_at": receipt["made_at"]}


STEP = Step(Forget, forget)
