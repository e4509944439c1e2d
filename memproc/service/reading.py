"""What a job of the queue reads, as an ingestion takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memproc.records import Memory
from memproc.service.kept import kept_to
from memproc.sources.kept import source_kept
from memproc.sources.remote import Remote
from memproc.sources.rest.pages import RestPages

ONLY_NAMESPACE = "only_namespace"
_HTTPS = "https://"


def what_of(work: Mapping[str, Any]) -> list[str | Remote]:
    """Return the sources of a job: paths, what answers over https as pages of a web API, and what was kept."""
    return [_source(one, work["options"].get("records")) for one in work["sources"]]


def _source(one: str | Mapping[str, Any], records: str | None) -> str | Remote:
    if not isinstance(one, str):
        return source_kept(one)
    return RestPages(one, records) if is_of_web(one) else one


def is_of_web(one: object) -> bool:
    """Tell whether a source of a job is the URL of a web API."""
    return isinstance(one, str) and one.startswith(_HTTPS)


def options_of(work: Mapping[str, Any], schema: type[Memory]) -> dict[str, Any]:
    """Return the options of a job. One that keeps to its namespace takes no record that names another."""
    given = dict(work["options"])
    if any(map(is_of_web, work["sources"])):
        given.pop("records", None)
    keeps = given.pop(ONLY_NAMESPACE, False)
    return {**given, "schema": kept_to(schema, (work["namespace"],)) if keeps else schema}
