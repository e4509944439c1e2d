"""The options by which `ingest` is told what enriches records."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from typer import Option

from memproc.cli.rest_options import header_of
from memproc.config import OnFailure
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.enrichment.given import Enrich


class Enriching(NamedTuple):
    """What enriches records, and on which terms."""

    enrich: Annotated[
        str | None,
        Option("--enrich", metavar="MODULE:NAME", help="A function, or an enrichment made in Python, that adds to records."),
    ] = None
    enrich_url: Annotated[
        str | None, Option("--enrich-url", metavar="URL", help="An endpoint that is sent records, and answers fields.")
    ] = None
    enrich_name: Annotated[
        str | None, Option("--enrich-name", metavar="NAME", help="By this and its version, results are kept.")
    ] = None
    enrich_version: Annotated[
        str | None, Option("--enrich-version", metavar="TEXT", help="A new version asks anew; 1 by default.", show_default=False)
    ] = None
    enrich_sets: Annotated[
        list[str] | None,
        Option(
            "--enrich-sets", metavar="FIELD", help="A field that it may set, once for each; by default tags, importance and more."
        ),
    ] = None
    enrich_reads: Annotated[
        list[str] | None,
        Option("--enrich-reads", metavar="FIELD", help="A field that the URL is sent, once for each; by default all."),
    ] = None
    enrich_batch: Annotated[
        int | None, Option("--enrich-batch", metavar="N", min=1, help="Records of a call; 50 by default.", show_default=False)
    ] = None
    enrich_at_once: Annotated[
        int | None,
        Option("--enrich-at-once", metavar="N", min=1, help="Calls of the URL at once; 4 by default.", show_default=False),
    ] = None
    enrich_per_second: Annotated[
        float | None, Option("--enrich-per-second", metavar="N", help="Call the URL at most so often.", show_default=False)
    ] = None
    enrich_per_day: Annotated[
        int | None, Option("--enrich-per-day", metavar="N", min=1, help="Records a day (UTC), of all jobs.", show_default=False)
    ] = None
    enrich_seconds: Annotated[
        float | None,
        Option("--enrich-seconds", metavar="SECONDS", help="How long an answer may take; 120 by default.", show_default=False),
    ] = None
    enrich_retry_seconds: Annotated[
        float | None,
        Option("--enrich-retry-seconds", metavar="SECONDS", help="How long a call is tried again; 120.", show_default=False),
    ] = None
    enrich_header: Annotated[
        list[str] | None, Option("--enrich-header", metavar="NAME=VALUE", help="A header for the URL; ENV:VARIABLE names a key.")
    ] = None
    enrich_private: Annotated[
        bool, Option("--enrich-private", help="Let the URL be at an address that is not public, or on this machine.")
    ] = False
    on_enrich_failure: Annotated[
        OnFailure | None,
        Option("--on-enrich-failure", help="keep: the record goes on without it (the default).", show_default=False),
    ] = None


def enrich_of(said: Enriching) -> Enrich | None:
    """Return what enriches records. Raises UsageError if the options do not fit together, or what they name is not there."""
    if said.enrich is not None and said.enrich_url is not None:
        raise UsageError("--enrich and --enrich-url: give one of them")
    terms: dict[str, Any] = {
        "name": said.enrich_name,
        "version": said.enrich_version,
        "sets": said.enrich_sets or None,
        "batch_size": said.enrich_batch,
        "records_per_day": said.enrich_per_day,
        "on_failure": said.on_enrich_failure,
    }
    web: dict[str, Any] = {
        "reads": said.enrich_reads or None,
        "concurrency": said.enrich_at_once,
        "requests_per_second": said.enrich_per_second,
        "response_seconds": said.enrich_seconds,
        "retry_seconds": said.enrich_retry_seconds,
        "headers": dict(map(header_of, said.enrich_header)) if said.enrich_header else None,
        "allow_private": said.enrich_private or None,
    }
    given = {name: value for name, value in terms.items() if value is not None}
    of_web = {name: value for name, value in web.items() if value is not None}
    if said.enrich_url is not None:
        from memproc.enrichment.http import HttpEnrichment

        return HttpEnrichment(said.enrich_url, **given, **of_web)
    if of_web:
        raise UsageError(f"{', '.join(of_web)}: such options of --enrich-... go with --enrich-url")
    if said.enrich is None:
        if given:
            raise UsageError(f"{', '.join(given)}: such options of --enrich-... go with --enrich or --enrich-url")
        return None
    return _made(_named(said.enrich), said.enrich, given)


def _made(found: Any, by: str, given: dict[str, Any]) -> Enrich:
    from memproc.enrichment.functions import FunctionEnrichment
    from memproc.enrichment.terms import Terms

    if not isinstance(found, Terms):
        return FunctionEnrichment(found, **{"name": by.replace(":", "."), **given})
    if given:
        raise UsageError(f"{', '.join(given)}: --enrich {by} has its own terms; set them where it is made")
    return found  # type: ignore[return-value]


def _named(by: str) -> Any:
    """Return what MODULE:NAME names, which may be in a module of the current folder."""
    from importlib import import_module

    module, _, name = by.partition(":")
    if not module or not name:
        raise UsageError(f"--enrich {by}: give MODULE:NAME, as in app.memories:enrich")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it; an installed command does not
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        raise UsageError(f"--enrich {by}: importing {module} raised {type(error).__name__}: {error}") from error
    if found is None:
        raise UsageError(f"--enrich {by}: {module} has nothing named {name}")
    return found
