"""Ids that were given for unrelated texts."""

from __future__ import annotations

import pytest

import memproc
from memproc.dedup.compare.differences import have_nothing_in_common

RELATED = [
    ("Likes tea", "Likes coffee"),
    ("Has 3 hens", "Has four hens"),
    ("Is 30", "Is 31"),
    ("Works at Acme", "now works at Globex, in Porto"),
    ("Dentist on Tuesday", "DENTIST appointment: moved to Wednesday"),
    ("我喜欢茶", "我喜欢咖啡"),
]
UNRELATED = [
    ("Likes tea", "Meeting at noon with the board"),
    ("Ann pays by invoice", "Rain all day"),
    ("The cat sat on the mat", "Pay it on Monday"),
    ("我喜欢茶", "会议在中午开始"),
]


@pytest.mark.parametrize(("one", "other"), RELATED)
def test_an_edited_text_has_something_in_common(one, other):
    """A word, or most of its letters."""
    assert not have_nothing_in_common(one, other)
    assert not have_nothing_in_common(other, one)


@pytest.mark.parametrize(("one", "other"), UNRELATED)
def test_a_text_of_another_thing_has_not(one, other):
    """Small words that are everywhere do not count."""
    assert have_nothing_in_common(one, other)
    assert have_nothing_in_common(other, one)


def test_texts_of_any_length_are_compared_by_their_beginnings():
    """A comparison of a million characters with a million would not end."""
    assert have_nothing_in_common("tea " * 250_000, "x" * 1_000_000)


def ids_of(texts, **more):
    """Return a record for each text, three ids in turn."""
    return [{"id": at % 3, "content": text, **more} for at, text in enumerate(texts)]


TEXTS = [
    *(one for one, _ in UNRELATED[:3]),
    *(other for _, other in UNRELATED[:3]),
    "Nobody came",
    "Something else",
    "Paper is out",
]


@pytest.mark.parametrize("batch_size", [1, 2, 1_000])
def test_ids_of_another_thing_are_told_once(fresh, batch_size):
    """With their number and the first of them; the records stay versions, and nothing is told of texts that were edited."""
    settings = memproc.Settings(batch_size=batch_size)
    with fresh() as store:
        report = memproc.ingest(ids_of(TEXTS), store, source="crm", settings=settings)
        (note,) = report.notes
        assert note.startswith("3 ids were given for unrelated texts, the first '0': ")
        assert report.quarantined == 0
        assert memproc.ingest(ids_of(TEXTS), store, source="crm").notes == []  # all known
        edited = [{"id": 9, "content": text} for pair in RELATED[:1] for text in pair]
        assert memproc.ingest(edited, store, source="crm").notes == []
    with fresh() as store:
        assert memproc.ingest(ids_of(TEXTS), store).notes == []  # no source: no identities


def test_an_id_that_an_earlier_run_gave_for_another_text_is_told(fresh):
    """Two files of one source with ids of their own."""
    with fresh() as store:
        assert memproc.ingest(ids_of(TEXTS[:3]), store, source="crm").notes == []
        (note,) = memproc.ingest(ids_of(TEXTS[3:5]), store, source="crm").notes
        assert note.startswith("2 ids were given")
        (note,) = memproc.ingest(ids_of(TEXTS[6:7]), store, source="crm").notes
        assert note.startswith("1 id was given")


def test_nothing_but_the_number_is_told_where_records_are_not_shown(fresh):
    """An id may be a name."""
    records = [{"id": "john.smith", "content": text} for text in UNRELATED[0]]
    with fresh() as store:
        (note,) = memproc.ingest(records, store, source="crm", settings=memproc.Settings(redact=True)).notes
        assert "john" not in note
        assert note.startswith("1 id was given for unrelated texts: ")
