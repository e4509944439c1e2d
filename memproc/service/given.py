"""What the service is given, beside memories: a model each. All sizes are bounded."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from memproc.config import OnError, QuarantineStatus, Secrets, ValidateWhen, Verdict
from memproc.store.queued import IfFailed, Priority

LONGEST_NAME = 1_000
MOST_ON_A_PAGE = 200
LARGEST_NUMBER = 2**53 - 1
_NUL = "\0"


def _without_nul(given: str) -> str:
    if _NUL in given:
        raise ValueError("holds a NUL character, which no database keeps: leave it out")
    return given


def _cursor_like(pattern: str) -> AfterValidator:
    def checked(given: str) -> str:
        if not re.fullmatch(pattern, given):
            raise ValueError("this is no cursor: give that of the page before, or none to begin")
        return given

    return AfterValidator(checked)


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_without_nul)]
Note = Annotated[
    str,
    Field(max_length=LONGEST_NAME, description="Why. It is kept: write nothing in it that must be forgotten."),
    AfterValidator(_without_nul),
]
_WHOSE = "Whose memories. Left out by a token of one namespace; else none means default, or all."
Namespace = Annotated[Name, Field(description=_WHOSE)]
Moment = Annotated[str, Field(max_length=100, description="A time, such as 2025-01-31 or 2025-01-31T12:00:00Z.")]
Limit = Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE, description="How many at most.")]
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
_CURSOR, _NUMBER_CURSOR = r"(-?[0-9]{1,18})?\.[0-9a-f]{32}", r"[1-9][0-9]{0,14}"
_BEHIND = "The cursor of the page before: go on behind it."
Cursor = Annotated[str, Field(max_length=100, description=_BEHIND, pattern=f"^{_CURSOR}$"), _cursor_like(_CURSOR)]
NumberCursor = Annotated[
    str, Field(max_length=15, description=_BEHIND, pattern=f"^{_NUMBER_CURSOR}$"), _cursor_like(_NUMBER_CURSOR)
]


class Given(BaseModel):
    """What is sent: no other fields are taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Search(Given):
    """Which memories: those that match all of it, the newest first."""

    text: Annotated[Name, Field(description="Part of what it says; case does not matter.")] | None = None
    namespace: Namespace | None = None
    subject: Name | None = None
    conversation: Name | None = None
    kind: Name | None = None
    tag: Name | None = None
    emotion: Name | None = None
    relation: Name | None = None
    since: Moment | None = None
    until: Moment | None = None
    at: Moment | None = None
    expired: bool = False
    limit: Limit = 50
    cursor: Cursor | None = None


class Rejected(Given):
    """Which rejected records: those that match all of it, in the order they came."""

    status: QuarantineStatus = "open"
    category: Name | None = None
    code: Name | None = None
    namespace: Namespace | None = None
    limit: Limit = 50
    cursor: NumberCursor | None = None


class Validate(Given):
    """A record to be checked, and not kept."""

    record: Any = Field(description="What may be a memory.")


class Revert(Given):
    """Why a memory is to say again what it said before."""

    note: Note = ""


class Unmerge(Given):
    """Separate a record from its memory, or take that back."""

    undo: bool = False
    note: Note = ""


class Decide(Given):
    """A decision on a pair."""

    verdict: Annotated[
        Verdict, Field(description="merge: both say the same. distinct: they do not. supersedes: the later replaces the other.")
    ]
    note: Note = ""


class Forget(Given):
    """Whom to forget: all of a namespace, of a subject in it."""

    namespace: Namespace | None = None
    subject: Name | None = None
    confirm: bool = Field(False, description="False only tells what would be removed. True removes it for good.")
    note: Note = ""

    @model_validator(mode="after")
    def _has_one(self) -> Forget:
        if self.namespace is None and self.subject is None:
            raise ValueError("say whom to forget: a namespace, a subject, or both")
        return self


class Replay(Given):
    """A rejected record to be read again: as it is, or as it was mended."""

    record: dict[str, Any] | None = Field(None, description="The record as it should be; none to read it as it is.")


class Discard(Given):
    """Why a rejected record is closed."""

    note: Note = ""


class SourceGiven(Given):
    """What a job reads: one of these."""

    upload: Annotated[Number, Field(description="The number of a file that was sent.")] | None = None
    path: Annotated[Name, Field(description="A file below a folder that the server lets jobs read.")] | None = None
    url: Annotated[str, Field(max_length=2_000, description="A web API on a host that the server lets jobs ask.")] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> SourceGiven:
        if sum(one is not None for one in (self.upload, self.path, self.url)) != 1:
            raise ValueError("give one of upload, path and url")
        return self


class JobSettings(Given):
    """How a job takes records: as the settings of the same names."""

    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_errors: Annotated[int, Field(ge=0, le=LARGEST_NUMBER)] | Annotated[float, Field(ge=0, le=1)] | None = None
    max_seconds: Annotated[float, Field(gt=0, le=1e9)] | None = None
    on_error: OnError | None = None
    validate_when: ValidateWhen | None = Field(default=None, alias="validate")
    secrets: Secrets | None = None
    redact: bool | None = None
    day_first: bool | None = None
    date_format: Annotated[list[Name], Field(max_length=20)] | None = None


class JobOptions(Given):
    """How a job reads its sources: as the arguments of `ingest` of the same names."""

    mapping: dict[Name, Any] | None = None
    include: Annotated[list[Name], Field(max_length=20)] | None = None
    as_of: Moment | None = None
    records: Name | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: Annotated[str, Field(max_length=50, pattern=r"^[A-Za-z0-9._-]+$")] | None = None
    limit: Number | None = None


class JobGiven(Given):
    """A job to be done by a worker: to read sources into the store."""

    sources: Annotated[list[SourceGiven], Field(min_length=1, max_length=100)]
    namespace: Namespace | None = None
    source: Name | None = None
    format: Name | None = None
    name: Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_without_nul)] = ""
    priority: Priority = "normal"
    after: Annotated[list[Number], Field(max_length=100, description="Jobs that have to end before.")] = []
    if_failed: Annotated[IfFailed, Field(description="What becomes of it if one of these fails.")] = "wait"
    at: Annotated[Moment, Field(description="Not before this time.")] | None = None
    deadline: Moment | None = None
    retries: Annotated[int, Field(ge=0, le=100)] = 0
    held: Annotated[bool, Field(description="Wait for a person, until it is released.")] = False
    settings: JobSettings = JobSettings()
    options: JobOptions = JobOptions()


class Asking(Given):
    """Why something is asked of a job."""

    why: Note = ""


class TasksAsked(Given):
    """Which page of the batches of a job, and of the records that it rejected."""

    limit: Limit = 50
    cursor: NumberCursor | None = None
    quarantined_cursor: NumberCursor | None = None


QueueStateName = Literal["waiting", "held", "running", "paused", "done", "failed", "cancelled", "skipped"]
