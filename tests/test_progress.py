"""The progress of an ingestion: of all sources together, and of this run."""

from __future__ import annotations

import json
from itertools import pairwise
from zipfile import ZipFile

import pytest

import memproc
from tests.events import CutOffError, batches, only

BATCH = 10


def lines_of(count, start=0):
    """Return the lines of so many records, some of them bad, some told twice."""
    numbers = range(start, start + count)
    records = [{"content": "" if number % 7 == 3 else f"She keeps {number - (number % 5 == 4)} hens"} for number in numbers]
    return "".join(json.dumps(record) + "\n" for record in records)


def as_array(lines):
    """Return lines as an array."""
    return "[" + ",\n".join(lines.splitlines()) + "]"


def as_table(lines):
    """Return lines as a table."""
    return "content,kind\n" + "".join(f'"{json.loads(line)["content"]}",fact\n' for line in lines.splitlines())


SHAPES = {"jsonl": str, "json": as_array, "csv": as_table}


@pytest.fixture(params=SHAPES)
def files(request, tmp_path):
    """Give files of records, each larger than the one before."""
    paths = [tmp_path / f"{number}.{request.param}" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_text(SHAPES[request.param](lines_of(100 * (number + 1), 1000 * number)))
    return paths


def ingest(store, what, *, cut_off_after=None, on_start=str, **options):
    """Ingest in batches of ten and return what was seen of it, and the report; cut off after so many batches."""
    seen = []

    def note(progress):
        seen.append(progress)
        if len(seen) == cut_off_after:
            raise CutOffError

    def on_event(event):
        batches(note)(event)
        only(memproc.JobStarted, on_start)(event)

    settings = memproc.Settings(batch_size=BATCH)
    try:
        return seen, memproc.ingest(what, store, settings=settings, on_event=on_event, **options)
    except CutOffError:
        return seen, None


def check_counts(seen):
    """See that what became of the records adds up to those read."""
    for progress in seen:
        assert progress.read == progress.stored + progress.duplicate + progress.merged + progress.quarantined


@pytest.mark.costly
def test_the_share_is_of_all_files_together(fresh_file, files):
    """The total is the same from the first batch on, and is reached with the last."""
    total = sum(path.stat().st_size for path in files)
    with fresh_file() as store:
        seen, report = ingest(store, files)
    assert {progress.bytes_total for progress in seen} == {total}
    assert all(one.bytes_read <= other.bytes_read for one, other in pairwise(seen))
    assert seen[0].share <= files[0].stat().st_size / total
    assert seen[9].share <= files[0].stat().st_size / total < seen[10].share
    assert (seen[-1].share, seen[-1].seconds_left) == (1.0, memproc.SecondsLeft(0.0, 0.0))
    assert {progress.bytes_before for progress in seen} == {0}
    assert all(0 < progress.seconds_left.low < progress.seconds_left.high for progress in seen[:10])
    assert seen[-1].read == report.read == 600
    check_counts(seen)


@pytest.mark.costly
@pytest.mark.parametrize("cut", [3, 10, 15, 29])
@pytest.mark.parametrize("engine", ["sequential", "threads"])
@pytest.mark.sampled(15)
def test_a_resumed_run_tells_its_own_rate(fresh_file, files, cut, engine):
    """The share begins where the job goes on; rate and time left are of this run, the counts of all."""
    with fresh_file() as store:
        first, _ = ingest(store, files, cut_off_after=cut, engine=engine)
        seen, report = ingest(store, files, resume=True, engine=engine)
    assert len(seen) == 60 - cut
    total = sum(path.stat().st_size for path in files)
    for progress in seen:
        assert (progress.read_before, progress.bytes_total) == (BATCH * cut, total)
        assert progress.records_per_second == (progress.read - BATCH * cut) / progress.seconds
        assert progress.bytes_before == seen[0].bytes_before <= progress.bytes_read
    whole = sum(path.stat().st_size for path in files[: (cut >= 10) + (cut >= 30)])
    assert whole <= seen[0].bytes_before <= first[-1].bytes_read
    assert seen[0].share >= first[-1].share - 1 / 60
    assert seen[-1].share == 1.0
    assert report.records_per_second == pytest.approx((report.read - BATCH * cut) / report.seconds, rel=0.05)
    assert sum(worker["records"] for worker in report.workers) <= report.read - BATCH * cut + BATCH
    check_counts([*first, *seen])


def test_nothing_is_said_of_what_has_no_size(fresh_file):
    """As of an iterable; its rate is known."""
    with fresh_file() as store:
        seen, _ = ingest(store, map(json.loads, lines_of(30).splitlines()))
        assert {(progress.bytes_total, progress.share, progress.seconds_left) for progress in seen} == {(None, None, None)}
        assert all(progress.records_per_second > 0 for progress in seen)
        check_counts(seen)


def test_an_empty_file_has_no_share(fresh_file, tmp_path):
    """And none of the others is told wrong for it."""
    empty, full = tmp_path / "empty.jsonl", tmp_path / "full.jsonl"
    empty.touch()
    full.write_text(lines_of(20))
    with fresh_file() as store:
        seen, _ = ingest(store, [empty, full, empty])
        assert 0.5 < seen[0].share < 0.75
        assert [progress.share for progress in seen[1:]] == [1.0]
        assert ingest(store, [empty])[0] == []


@pytest.mark.costly
def test_the_share_never_goes_back_in_an_archive(fresh_file, files, tmp_path):
    """Where a member is closed as soon as its last byte is read, and its last records are still on their way."""
    with ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in files:
            archive.write(path, path.name)
    with fresh_file() as store:
        seen, _ = ingest(store, [tmp_path / "all.zip"])
    shares = [progress.share for progress in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(set(shares)) > 20


def test_a_limit_leaves_no_share(fresh_file, files):
    """It is not known how many bytes the first records are."""
    with fresh_file() as store:
        seen, _ = ingest(store, files, limit=30)
    assert {(progress.share, progress.seconds_left) for progress in seen} == {(None, None)}


@pytest.mark.costly
def test_what_is_about_to_be_read_is_told_first(fresh_file, files):
    """Once, before the first record; of a resumed job also how far it was."""
    told = []
    with fresh_file() as store:
        seen, _ = ingest(store, files, cut_off_after=3, on_start=lambda reading: told.append((reading, store.count())))
        ingest(store, files, resume=True, on_start=lambda reading: told.append((reading, store.count())))
        ingest(store, iter([{"content": "Has a dog"}]), on_start=lambda reading: told.append((reading, store.count())))
    (first, before), (second, _), (given, _) = told
    total = sum(path.stat().st_size for path in files)
    assert (first.sources, first.bytes_total, first.read_before, first.can_resume, before) == (3, total, 0, True, 0)
    assert (second.job, second.read_before) == (first.job, seen[-1].read)
    assert (given.sources, given.bytes_total, given.can_resume) == (1, None, False)
    assert len(first.formats) == 1


@pytest.mark.costly
def test_progress_tells_batch_size_and_memory(fresh_file, files):
    """As they are after each batch."""
    with fresh_file() as store:
        seen, _ = ingest(store, files)
    assert {progress.batch_size for progress in seen} == {BATCH}
    assert all(progress.rss_mb > 1 for progress in seen)


@pytest.mark.costly
def test_a_file_that_grows_is_read_to_no_more_than_all(fresh_file, tmp_path):
    """Its size is that of when it was opened."""
    path = tmp_path / "grows.jsonl"
    path.write_text(lines_of(100))

    def grow(progress):
        if progress.read == BATCH:
            with path.open("a") as stream:
                stream.write(lines_of(100, 200))
        seen.append(progress)

    seen = []
    with fresh_file() as store:
        memproc.ingest(path, store, settings=memproc.Settings(batch_size=BATCH), on_event=batches(grow))
    assert all(0 < progress.share <= 1 for progress in seen)
    assert all(progress.seconds_left.low >= 0 for progress in seen)
