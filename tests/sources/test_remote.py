"""Sources that are in no file: where a job goes on, whatever became of them meanwhile."""

from __future__ import annotations

import pytest

import memproc
from memproc.errors import SourceEndedError
from memproc.ingestion.pipeline import ingest
from memproc.sources.items import Item
from memproc.sources.remote import Marked, Remote, RemoteStream, Visit, told

SMALL = memproc.Settings(batch_size=3)


class Shelf:
    """A remote source that stands in memory: rows by their numbers, which are its marks."""

    def __init__(self, rows, *, label="shelf", breaks_at=None, is_followed=False, is_table=True):
        self.rows, self.label, self.breaks_at, self.is_followed = dict(rows), label, breaks_at, is_followed
        self.is_table = is_table
        self.identity, self.format_name = [label], None
        self.from_start, self.column_of_change = False, None
        self.asked = []  # the marks from which it was read

    def remarks(self, _visit):
        """Tell nothing."""
        return ()

    def found(self, behind, _visit=None):
        """Yield the rows behind a number."""
        self.asked.append(behind)
        for number in sorted(self.rows):
            if behind is not None and number <= behind:
                continue
            if number == self.breaks_at:
                raise ConnectionResetError("the other side hung up")
            yield Marked(Item(self.rows[number], b"{}"), number)

    def next_start(self, mark):
        """Begin with the last one once more."""
        return mark - 1


def rows(*numbers):
    """Return a row for each number."""
    return {number: {"content": f"Keeps {number} hens"} for number in numbers}


def texts(store):
    """Return what a store remembers."""
    return sorted(memory.content for memory in store.find(limit=100))


def test_a_shelf_is_a_remote_source():
    """Else the tests below would read it as an iterable."""
    assert isinstance(Shelf({}), Remote)


def test_a_remote_source_is_read_on_behind_the_last_committed_record(fresh):
    """What was removed before that does not matter, and what was added behind it is read."""
    shelf = Shelf(rows(*range(1, 30)), breaks_at=25)
    with fresh() as store:
        first = ingest(shelf, store, settings=SMALL)
        assert (first.status, first.read) == ("failed", 24)
        assert "failed: shelf could not be read to its end: ConnectionResetError: the other side hung up" in first.notes
        shelf.rows = rows(*range(10, 35))
        shelf.breaks_at, shelf.asked = None, []
        again = ingest(shelf, store, settings=SMALL, resume=True)
        assert (again.status, again.job, again.read) == ("done", first.job, 34)
        assert shelf.asked == [None, 24]  # to see what it is, then to read it
        assert len(texts(store)) == 34


def test_a_remote_source_that_is_followed_is_read_on_by_the_next_job(fresh):
    """Also where the last job found nothing."""
    shelf = Shelf(rows(1, 2, 3), is_followed=True)
    with fresh() as store:
        assert ingest(shelf, store).read == 3
        for more, read in (({4, 5}, 3), ((), 1), ({6}, 2)):
            shelf.rows.update(rows(*more))
            report = ingest(shelf, store)
            assert (report.status, report.read) == ("done", read)
            assert (report.stored, report.duplicate) == (read - 1, 1)
        assert len({job.number for job in store.jobs()}) == 4
        assert store.doctor() == ()


def test_a_job_that_follows_goes_on_where_it_was_cut_off(fresh):
    """Without being asked to."""
    shelf = Shelf(rows(*range(1, 10)), is_followed=True, breaks_at=8)
    with fresh() as store:
        first = ingest(shelf, store, settings=SMALL)
        assert (first.status, first.read) == ("failed", 7)
        shelf.breaks_at = None
        again = ingest(shelf, store, settings=SMALL)
        assert (again.status, again.job, again.read, again.stored) == ("done", first.job, 9, 9)


def test_a_rehearsal_of_a_followed_source_reads_what_is_new_and_takes_nothing_over(fresh):
    """The next job reads the same."""
    shelf = Shelf(rows(1, 2, 3), is_followed=True)
    with fresh() as store:
        ingest(shelf, store)
        shelf.rows.update(rows(4))
        assert ingest(shelf, store, dry_run=True).read == 2
        assert ingest(shelf, store).read == 2


def test_several_sources_with_one_that_is_followed_are_refused(fresh):
    """Where each ended would have to be kept."""
    with fresh() as store, pytest.raises(memproc.UsageError, match="ingest it by itself"):
        ingest([Shelf(rows(1), is_followed=True), Shelf(rows(2), label="other")], store)


def test_a_remote_source_that_breaks_stops_none_behind_it(fresh):
    """Who resumes the job begins with it."""
    one, other = Shelf(rows(1, 2, 3), breaks_at=2), Shelf(rows(5, 6), label="other")
    with fresh() as store:
        first = ingest([one, other], store)
        assert (first.status, texts(store)) == ("failed", ["Keeps 1 hens", "Keeps 5 hens", "Keeps 6 hens"])
        one.breaks_at, one.asked, other.asked = None, [], []
        assert ingest([one, other], store, resume=True).read == 5
        assert (one.asked, other.asked) == ([None, 1], [None, 6])


def test_nothing_is_done_where_a_remote_source_cannot_be_read_at_all(tmp_path):
    """The message names it."""
    with pytest.raises(memproc.SourceError, match="shelf cannot be read: ConnectionResetError"):
        ingest(Shelf(rows(1), breaks_at=1), tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()


def test_marks_are_forgotten_once_they_are_passed():
    """So that a long reading keeps few of them."""
    stream = RemoteStream(Shelf(rows(*range(1, 10))), Visit())
    items = stream.items(None)
    for _ in range(6):
        next(items)
    assert (stream.mark_behind(0), stream.mark_behind(4), stream.mark_behind(4)) == (None, 4, 4)
    assert len(stream._marks) == 2


def test_rows_that_are_messages_are_the_same_wherever_a_job_goes_on(fresh):
    """They have no turn, which could not be counted on from the middle, and a conversation that does not hang on the first ones."""
    said = {1: {"role": "user", "content": "I moved to Lima"}, 2: {"role": "assistant", "content": "How is it?"}}
    shelf = Shelf(said, breaks_at=2)
    with fresh() as store:
        ingest(shelf, store)
        shelf.breaks_at = None
        ingest(shelf, store, resume=True)
        whole = [memory.id for memory in store.find(limit=9)]
    with fresh() as store:
        ingest(shelf, store)
        assert [memory.id for memory in store.find(limit=9)] == whole


def test_what_ends_a_reading_early_is_told_as_it_was_said():
    """A message of memproc needs no name of its class."""
    assert told(SourceEndedError("429 for too long")) == "429 for too long"
    assert told(ValueError("x")) == "ValueError: x"
