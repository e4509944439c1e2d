"""The command that writes documents by template."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Annotated

from typer import Exit, Option

from memproc.amounts import bytes_of
from memproc.cli.app import FAILED, Database, Json, app, show, tell
from memproc.cli.option_groups import grouped
from memproc.cli.output import fields_of, target
from memproc.cli.stores import opened
from memproc.cli.which import Which
from memproc.config import Bundle, Per

if TYPE_CHECKING:
    from memproc.documents.rendering import DocumentsRendered

TELL_SECONDS = 2.0
MAX_BYTES, MAX_SECONDS = "10MiB", 10.0


@app.command()
@grouped
def render(
    database: Database,
    which: Which,
    template: Annotated[
        str, Option(metavar="FILE", help="A template of Jinja2, or one that ships: profile, diary, context.", show_default=False)
    ],
    to: Annotated[
        str, Option(metavar="TARGET", help="A new or empty folder, an archive (.zip), or one file; - for standard output.")
    ],
    per: Annotated[Per, Option(help="What there is a document for.")] = "memory",
    form: Annotated[
        Bundle | None, Option("--as", help="What is written, whatever the target is called.", show_default=False)
    ] = None,
    query: Annotated[
        list[str] | None, Option("--query", metavar="TEXT", help="With --per query: a document of what says this; may be repeated.")
    ] = None,
    text: Annotated[str | None, Option(help="Part of what it says; case does not matter.")] = None,
    max_seconds: Annotated[float, Option(metavar="SECONDS", help="The longest that a document may take.")] = MAX_SECONDS,
    max_bytes: Annotated[str, Option(metavar="SIZE", help="How large a document may become, as in 10MiB.")] = MAX_BYTES,
    as_json: Json = False,
) -> None:
    """Write a document for each memory, subject, day, namespace or query, by a template. Exit with 1 if one fails."""
    from memproc.documents.rendering import render_documents
    from memproc.documents.templates import DocumentLimits

    with opened(database) as store:
        rendered = render_documents(
            store,
            template,
            target(to),
            per=per,
            queries=query or (),
            form=form,
            limits=DocumentLimits(max_seconds, bytes_of(max_bytes, "--max-bytes")),
            on_event=_Told().hear,
            text=text,
            **which._asdict(),
        )
    values = {**fields_of(rendered), "failures": [fields_of(failure) for failure in rendered.failures], "to": to}
    show(values, str(rendered), as_json=as_json, to=to)
    if rendered.failed:
        raise Exit(FAILED)


class _Told:
    """What is told of the course, on a terminal: a line every two seconds."""

    def __init__(self) -> None:
        self._told_at = monotonic()

    def hear(self, event: DocumentsRendered) -> None:
        """Tell how far it is."""
        if sys.stderr.isatty() and monotonic() - self._told_at > TELL_SECONDS:
            self._told_at = monotonic()
            tell(f"{event.documents + event.failed:,}" + (f" of {event.total:,}" if event.total else "") + " documents")
