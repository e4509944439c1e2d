"""What a job of the queue reads, as an ingestion takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memproc.records import Memory
from memproc.service.kept import kept_to
from memproc.sources.rest.pages import RestPages

ONLY_NAMESPACE = "only_namespace"
_HTTPS = "https://"


def what_of(work: Mapping[str, Any]) -> Any:
    """Return the sources of a job: paths, and what answers over https as pages of a web API."""
    options = work["options"]
    sources = work["sources"]
    if not any(one.startswith(_HTTPS) for one in sources):
        return sources
    return [RestPages(one, options.get("records")) if one.startswith(_HTTPS) else one for one in sources]


def options_of(work: Mapping[str, Any], schema: type[Memory]) -> dict[str, Any]:
    """Return the options of a job. One that keeps to its namespace takes no record that names another."""
    given = dict(work["options"])
    if any(one.startswith(_HTTPS) for one in work["sources"]):
        given.pop("records", None)
    keeps = given.pop(ONLY_NAMESPACE, False)
    return {**given, "schema": kept_to(schema, (work["namespace"],)) if keeps else schema}
