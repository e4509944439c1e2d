"""`export`: memories of the store to a file."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Literal

from pydantic import Field

from memproc.dedup.memory import in_order
from memproc.errors import UsageError
from memproc.flows.step import At, Options, Step, Switch, Text, Whole
from memproc.flows.steps.writing import make_folder, write_lines
from memproc.records import Memory, plain

NAMED = ("namespace", "subject", "conversation", "kind", "tag", "since", "until")
OneFile = Literal["csv", "mem0", "langgraph", "mcp", "graphml", "graph"]


class Export(Options):
    """Write memories of the store to a file: all, or those that are described, or so many of these."""

    do: Literal["export"]
    to: Text = Field(description="The file to write.")
    full: Switch = Field(False, description="Write every observation in full, then the decisions.")
    as_: OneFile | None = Field(None, alias="as", description="The shape of another system, of those that are one file.")
    expired: Switch = Field(False, description="Write memories that have expired too.")
    namespace: Text | None = Field(None, description="Of this namespace only.")
    subject: Text | None = Field(None, description="Of this subject only.")
    conversation: Text | None = Field(None, description="Of this conversation only.")
    kind: Text | None = Field(None, description="Of this kind only.")
    tag: Text | None = Field(None, description="With this tag only.")
    since: Text | None = Field(None, description="From this time on.")
    until: Text | None = Field(None, description="Before this time.")
    sample: Whole | None = Field(None, description="Only so many, chosen by their ids and `seed`: always the same ones.")
    seed: Whole = Field(1, description="What the choice of a sample follows from.")


def export(options: Export, at: At) -> dict[str, Any]:
    """Write the file, which is replaced as a whole."""
    to = at.path(options.to)
    make_folder(to)
    wanted = {name: getattr(options, name) for name in NAMED if getattr(options, name) is not None}
    if not wanted and options.sample is None:
        if options.as_ is None:
            return {"path": str(to), "lines": at.store.export(to, full=options.full, expired=options.expired)}
        return {"path": str(to), "lines": at.store.export_as(to, options.as_, expired=options.expired).memories}
    if options.full or options.as_ is not None:
        raise UsageError(f"{options.id}: `full` and `as` write all memories: leave them out, or {', '.join([*wanted, 'sample'])}")
    found = at.store.find(**wanted, limit=None, expired=options.expired)
    if options.sample is not None:
        found = sorted(found, key=lambda one: _drawn(one, options.seed))[: options.sample]
    memories = (in_order(plain(one)) for one in sorted(found, key=lambda one: str(one.id)))
    return {"path": str(to), "lines": write_lines(to, memories)}


def _drawn(memory: Memory, seed: int) -> bytes:
    return blake2b(f"{seed} {memory.id}".encode(), digest_size=8).digest()


STEP = Step(Export, export)
