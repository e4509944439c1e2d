"""What all kinds of enrichment have in common: a name and a version, what it may set, and the bounds of its calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import get_args

from memproc.arguments import maybe_number, whole_number
from memproc.config import OnFailure
from memproc.dedup.keys import Key, key_of
from memproc.errors import UsageError
from memproc.records import encode

USUAL_FIELDS = ("subject", "tags", "importance", "emotion", "relations", "metadata")
NEVER_SET = ("id", "namespace", "source")  # they say whose a record is and where it comes from
_NAME = re.compile(r"[\w.:/+@-]{1,100}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms of an enrichment.

    By `name` and `version` its results are kept: a result is asked for once, and a new version asks anew. `sets` are the fields
    that it may set. One call takes up to `batch_size` records, and at most `records_per_day` are asked for between two midnights
    (UTC) by all jobs on the store together. A record that fails goes on without it (`on_failure="keep"`) or to quarantine. After
    `failures_to_open` calls that failed one after the other no call is made for `open_seconds`, and records fail at once; then
    one call tries whether it works again. None never stops calling. `cost_per_record` is added up in the report.
    """

    name: str = ""
    version: str = "1"
    sets: Sequence[str] = USUAL_FIELDS
    batch_size: int = 50
    on_failure: OnFailure = "keep"
    records_per_day: int | None = None
    failures_to_open: int | None = 5
    open_seconds: float = 30.0
    cost_per_record: float = 0.0

    def check_terms(self) -> None:
        """Raise UsageError if a term is not valid."""
        for what in ("name", "version"):
            if not isinstance(value := getattr(self, what), str) or not _NAME.fullmatch(value):
                raise UsageError(f"{what}={value!r}: give 1 to 100 letters, digits or marks of . : / + @ - _, as in 'emotions'")
        if isinstance(self.sets, str) or not self.sets or not all(isinstance(one, str) and one for one in self.sets):
            raise UsageError(f"sets={self.sets!r}: give the names of fields, as in sets=['tags', 'importance']")
        if refused := [one for one in self.sets if one in NEVER_SET]:
            raise UsageError(f"sets={refused[0]!r}: an enrichment never sets {', '.join(NEVER_SET)}, which say whose a record is")
        if self.on_failure not in get_args(OnFailure):
            raise UsageError(f"on_failure={self.on_failure!r}: give {' or '.join(get_args(OnFailure))}")
        whole_number("batch_size", self.batch_size)
        maybe_number("records_per_day", self.records_per_day)
        maybe_number("failures_to_open", self.failures_to_open)
        check_numbers(self, "open_seconds")
        check_numbers(self, "cost_per_record", least=0.0)

    @property
    def key(self) -> Key:
        """The key of its name and version."""
        return key_of(encode([self.name, self.version]))

    @property
    def name_key(self) -> Key:
        """The key of its name, whatever the version."""
        return key_of(encode([self.name]))


def check_numbers(terms: object, *names: str, least: float | None = None) -> None:
    """Raise UsageError if one of the attributes is no number above 0, or of at least `least`; None is not checked."""
    for name in names:
        value = getattr(terms, name)
        if value is None:
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf
        if not is_number or (value <= 0 if least is None else value < least):
            raise UsageError(f"{name}={value!r}: give a number {'above 0' if least is None else f'of at least {least:g}'}")
