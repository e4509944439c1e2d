"""What is proposed where no record could be taken."""

from __future__ import annotations

import json

import pytest

from memproc.formats.naming import Names
from memproc.records import Rejected
from memproc.validation import fault

MISSING = fault("content", "missing", "has no text")


def advice(*records, found=MISSING, redact=False):
    """Return the advice on records that were rejected."""
    names = Names()
    names.note(Rejected("transform", (found,), json.dumps(record).encode()) for record in records)
    return names.advice(redact=redact)


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"key": "1", "body_text": "Likes tea"}, "body_text"),
        ({"noteText": "Likes tea", "by": "ann"}, "noteText"),
        ({"message_id": "m-1", "message_body": "Likes tea very much"}, "message_body"),
        ({"payload": {"body": {"text": "Likes tea"}}}, "payload.body.text"),
        ({"Description": "Likes tea"}, "Description"),
        ({"MESSAGE": "Likes tea"}, "MESSAGE"),
    ],
)
def test_a_name_like_one_of_a_text_is_proposed(record, name):
    """In any spelling, also in an object within; of several the one with the longest text."""
    assert f"--map content={name}, " in advice(record, record)


def test_without_such_a_name_all_are_told():
    """The person knows which it is."""
    assert advice({"q": "Likes tea", "n": 1}) == "what was read has q, n: try --map content=NAME, or name its format with --format"


def test_where_the_text_was_found_no_mapping_is_proposed():
    """What is wrong is something else; where it is one field alone, the format is not in doubt."""
    names = Names()
    for path in ("when", "tags"):
        raw = json.dumps({"content": "Likes tea", "when": "soon"}).encode()
        names.note([Rejected("transform", (fault(path, "date_unparsable", "not a date"),), raw)])
    told = "what was read has content, when: mend what is wrong with these, or name another format with --format"
    assert names.advice(redact=False) == told
    one = advice({"content": "Likes tea", "created_at": "soon"}, found=fault("created_at", "date_unparsable", "not a date"))
    assert one == "nothing but created_at is wrong in what was read: mend that"
    other = advice({"content": "Likes tea", "when": "soon"}, found=fault("when", "missing", "is no mapping"))
    assert other == told


def test_nothing_of_a_record_is_shown_where_it_should_not_be():
    """Its names included; and what holds none is not guessed at."""
    assert "john" not in advice({"john.smith@clinic": "is ill"}, redact=True)
    assert advice([1], "text") == "name its format with --format, or say where the fields are with --map FIELD=NAME"


def test_only_the_first_names_are_shown():
    """Long ones cut short."""
    told = advice({**{f"n{at}": 1 for at in range(50)}}, {"x" * 1_000: 1})
    assert "n7, ..." in told
    assert len(told) < 200
