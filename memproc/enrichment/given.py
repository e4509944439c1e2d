"""What a caller may give as `enrich`: a function, an enrichment, or several of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from memproc.enrichment.batches import BatchEnrichment
from memproc.enrichment.functions import FunctionEnrichment
from memproc.enrichment.http import HttpEnrichment
from memproc.enrichment.terms import Terms
from memproc.errors import UsageError

Enrichment = FunctionEnrichment | HttpEnrichment | BatchEnrichment
Enrich = Enrichment | Callable[..., Any] | Sequence[Enrichment | Callable[..., Any]]


def enrichments_of(given: Enrich | None) -> list[Enrichment]:
    """Return the enrichments that are given, in their order. Raises UsageError if one is none, or two have one name."""
    if given is None:
        return []
    several = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    found = [one if isinstance(one, Enrichment) else _of_function(one) for one in several]
    names = [one.name for one in found]
    if twice := next((name for at, name in enumerate(names) if name in names[:at]), None):
        raise UsageError(f"enrich names {twice!r} twice: give each a name of its own, by which its results are kept")
    return found


def _of_function(given: object) -> FunctionEnrichment:
    if isinstance(given, Terms) or not callable(given):
        raise UsageError(
            f"enrich={given!r}: give a function, memproc.HttpEnrichment, memproc.BatchEnrichment, or several in a list"
        )
    return FunctionEnrichment(given)


def identity_of(enrichments: Sequence[Enrichment]) -> list[object] | None:
    """Return what of enrichments decides what a record becomes, None if there are none."""
    return [[one.name, one.version, sorted(one.sets), one.on_failure] for one in enrichments] or None
