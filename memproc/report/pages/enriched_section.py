"""What enrichments did, and what that took. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from memproc.report.enriched import Enriched
from memproc.report.pages.parts import Column, Kind, Section, Table

_NUMBER: Kind = "number"


def enrichment(found: Sequence[Enriched]) -> Section:
    """Return what each enrichment did."""
    lines = (
        "Kept results were paid for before, or belong to an equal record. Failed got no answer, wrong one that did not pass.",
        "The time of calls is added up, also where several were under way at once; the cost is in the unit of the service.",
    )
    counts = ("records", "changed", "answered", "kept", "marked", "failed", "wrong", "forgotten", "calls")
    columns = (
        *(Column("enrichment"), Column("version"), *(Column(name, _NUMBER) for name in counts)),
        *(
            Column("time of calls", "seconds"),
            Column("a call", "seconds"),
            Column("cost"),
            Column("circuit opened", _NUMBER),
        ),
    )
    rows = tuple(
        (
            *(one.name, one.version, *(getattr(one, name) for name in counts)),
            *(one.seconds, one.seconds / one.calls if one.calls else 0.0, f"{one.cost:.6g}", one.opened),
        )
        for one in found
    )
    return Section("enrichment", "Enrichment", lines, tables=(Table("enrichment", "What was added to records", columns, rows),))
