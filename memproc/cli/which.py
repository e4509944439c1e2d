"""The options that say which memories of a store are meant."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from typer import Option

from memproc.cli.retention import Kind, OfNamespace, Tag

Subject = Annotated[str | None, Option(help="Only those about this subject.")]
Expired = Annotated[bool, Option("--expired", help="Also what has expired or is past its valid_to.")]


class Which(NamedTuple):
    """Which memories, by the names of the arguments of `Store.find`."""

    namespace: OfNamespace = None
    subject: Subject = None
    conversation: Annotated[str | None, Option(help="Only those of this conversation.")] = None
    kind: Kind = None
    tag: Tag = None
    emotion: Annotated[str | None, Option(metavar="LABEL", help="Only those with this emotion.")] = None
    relation: Annotated[str | None, Option(metavar="TARGET", help="Only those with a relation to this target.")] = None
    since: Annotated[str | None, Option(metavar="TIME", help="Only those updated, else created, from then on.")] = None
    until: Annotated[str | None, Option(metavar="TIME", help="Only those updated, else created, before then.")] = None
    at: Annotated[str | None, Option(metavar="TIME", help="What was valid then, by valid_from and valid_to.")] = None
    expired: Expired = False
