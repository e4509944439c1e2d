"""What the tools are given: a model each, from which the schema of its input is made. All sizes are bounded."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from memproc.config import Verdict

LONGEST_TEXT, LONGEST_NAME, MOST_TAGS = 100_000, 1_000, 100
LARGEST_OBJECT_BYTES = 100_000
MOST_ON_A_PAGE = 100


def _small(given: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(orjson.dumps(given))
    except orjson.JSONEncodeError as error:
        raise ValueError(f"cannot be kept: {error}") from error
    if size > LARGEST_OBJECT_BYTES:
        raise ValueError(f"has {size:,} bytes: give at most {LARGEST_OBJECT_BYTES:,}")
    return given


def _cursor_like(pattern: str) -> AfterValidator:
    def checked(given: str) -> str:
        if not re.fullmatch(pattern, given):
            raise ValueError("this is no cursor: give that of the page before, or none to begin")
        return given

    return AfterValidator(checked)


_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
_Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
_Time = Annotated[str, Field(max_length=100, description="A time, such as 2025-01-31 or 2025-01-31T12:00:00Z.")]
_Object = Annotated[dict[str, Any], AfterValidator(_small)]
_Id = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, description="The id of a memory, as the other tools give it.")]
_Note = Annotated[str, Field(max_length=LONGEST_NAME, description="Why. It is kept: write nothing in it that must be forgotten.")]
_Namespace = Annotated[
    _Name, Field(description="Whose memories. Left out where the server keeps to one namespace; else none means `default`, or all.")
]
_Limit = Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE, description="How many at most.")]
_AnyCursor = Annotated[str, Field(max_length=100, description="The `cursor` of the page before: go on behind it.")]
_Cursor = Annotated[_AnyCursor, _cursor_like(r"(-?[0-9]{1,18})?\.[0-9a-f]{32}")]
_ReviewCursor = Annotated[_AnyCursor, _cursor_like(r"[0-9]{1,18}")]


class _Given(BaseModel):
    """The arguments of a tool: no others are taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Add(_Given):
    """One memory to add."""

    content: Annotated[_Text, Field(description="What it says, in one or a few sentences.")]
    namespace: _Namespace | None = None
    subject: Annotated[_Name, Field(description="Of whom or what it speaks.")] | None = None
    conversation: _Name | None = None
    kind: Annotated[_Name, Field(description="`fact`, or `message` or `event` for what happened once.")] = "fact"
    created_at: _Time | None = None
    valid_to: _Time | None = None
    tags: Annotated[list[_Name], Field(max_length=MOST_TAGS)] = []
    importance: Annotated[float, Field(ge=0, le=1)] | None = None
    metadata: _Object = {}


class Find(_Given):
    """Which memories: those that match all of it, the newest first."""

    text: Annotated[_Name, Field(description="Part of what it says; case does not matter.")] | None = None
    namespace: _Namespace | None = None
    subject: _Name | None = None
    conversation: _Name | None = None
    kind: _Name | None = None
    tag: _Name | None = None
    since: _Time | None = None
    until: _Time | None = None
    limit: _Limit = 20
    cursor: _Cursor | None = None


class Get(_Given):
    """One memory, by its id; with a source by the id that its record has there."""

    id: _Id
    source: Annotated[_Name, Field(description="The id is that of a record of this source.")] | None = None
    namespace: _Namespace | None = None


class History(_Given):
    """One memory, by its id."""

    id: _Id


class Update(_Given):
    """What to change of a memory: fields, or back to what it said before."""

    id: _Id
    changes: Annotated[_Object, Field(description='New values of fields, as in {"content": "..."}; null takes one out.')] = {}
    revert: Annotated[bool, Field(description="Let it say again what it said before, in place of changes.")] = False
    note: _Note = ""

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if bool(self.changes) == self.revert:
            raise ValueError("give changes, or revert")
        return self


class Reviews(_Given):
    """A page of pairs that wait for a decision."""

    limit: _Limit = 20
    cursor: _ReviewCursor | None = None


class Resolve(_Given):
    """A decision on a pair."""

    review: Annotated[int, Field(ge=1, le=2**63 - 1, description="The number of the review.")]
    verdict: Annotated[
        Verdict,
        Field(description="`merge`: both say the same. `distinct`: they do not. `supersedes`: the later replaces the other."),
    ]
    note: _Note = ""


class Unmerge(_Given):
    """What to separate from the rest of its memory."""

    id: Annotated[_Id, Field(description="An observation in a memory, as `history` gives it, or a memory.")]
    undo: Annotated[bool, Field(description="Take an earlier unmerge back.")] = False
    note: _Note = ""


class Forget(_Given):
    """What to remove: a memory, or all about a subject within a namespace."""

    id: _Id | None = None
    subject: Annotated[_Name, Field(description="Remove all about this subject, in place of an id.")] | None = None
    namespace: _Namespace | None = None
    confirm: Annotated[bool, Field(description="False only tells what would be removed. True removes it for good.")] = False
    note: _Note = ""

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.id is None) == (self.subject is None):
            raise ValueError("give an id or a subject")
        return self
