"""What a rule can be about: a table of measures.

Facts: a measure counts records, or is a number, or the age of a date. A count of records may be bounded as a share too: of outcomes
the share of the records read, of fields that of the accepted ones.

Rules: `grows` measures never fall while records are read, so one that is above its upper bound can no longer be met. The age of the
newest date never rises. All others may go either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["records", "number", "days"]


class Measure(NamedTuple):
    """A measure: what it is called in words, its kind, whether it is about a field (and which one, if none is named), whether it
    never falls, whether it is known only of a job, which other keys it takes (one of these it needs), and what to do if a rule on
    it is not met.
    """

    told: str
    kind: Kind
    advice: str
    has_field: bool = False
    field: str = ""
    grows: bool = True
    of_job: bool = False
    takes: tuple[str, ...] = ()


_FEWER = "compare the source with the one before: a part of it may be missing, or be there twice"
_MAP = "map the field from where the source has it (--map FIELD=PATH), or have it filled in there"
_MEND = "look at some of them with memproc find, and mend the source, or widen the rule if the values are right"

MEASURES: Mapping[str, Measure] = {
    "read": Measure("records read", "records", _FEWER),
    "quarantined": Measure(
        "records quarantined", "records", "memproc validate FILE, or quarantine DB --patterns, tells the faults"
    ),
    "stored": Measure("new memories", "records", "see in the report what the others are: known, merged or rejected", of_job=True),
    "duplicate": Measure("duplicates", "records", "the source may be one that was read before, or hold records twice", of_job=True),
    "merged": Measure(
        "records merged", "records", "memproc report DB --job N shows the merges; --dedup exact makes none", of_job=True
    ),
    "review": Measure(
        "pairs for review", "records", "memproc review DB decides them; a higher --review-at finds fewer", of_job=True
    ),
    "missing": Measure("without {field}", "records", _MAP, has_field=True),
    "out_of_range": Measure("with {field} out of range", "records", _MEND, has_field=True, takes=("low", "high")),
    "not_allowed": Measure("with {field} that is none of those allowed", "records", _MEND, has_field=True, takes=("values",)),
    "not_matching": Measure("with {field} that does not match", "records", _MEND, has_field=True, takes=("pattern",)),
    "distinct": Measure("different values of {field}", "number", _FEWER, has_field=True),
    "mean_length": Measure("characters of {field} on average", "number", _FEWER, has_field=True, field="content", grows=False),
    "age": Measure(
        "days since the newest {field}", "days", "export the source anew", has_field=True, field="created_at", grows=False
    ),
}
OUTCOMES = ("read", "quarantined", "stored", "duplicate", "merged", "review")
"""The measures that the counters of a job give."""
