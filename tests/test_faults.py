"""The fault suites, short: `python -m faults` runs them at length. They begin many processes, so they stand behind a marker."""

from __future__ import annotations

import pytest

from benchmarks.corpus import write_corpus
from faults import __main__ as command
from faults import breakers, guided, promises
from faults.bad_rows import MOST_TIMES, measure
from faults.changing import CHANGES, change
from faults.clock import jump
from faults.connections import end_again_and_again
from faults.disk import fill_up
from faults.kills import kill_again_and_again, undisturbed, with_bad_lines
from faults.locked import wait_for_locks
from faults.points import MAKING, POINTS
from faults.queued import kill_workers, one_by_one
from faults.stores import stores
from faults.suites import SUITES
from faults.webhooks import tell_of_jobs
from faults.writers import write_at_once
from tests.databases import NAMES, VARIABLES, reason_to_skip, server_url

RECORDS = 1_000


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    """Give the name of every database that is at hand."""
    if reason := reason_to_skip(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture(scope="module")
def new_store(name, tmp_path_factory):
    """Give a function that makes a place for a store."""
    where = server_url(name) if name in VARIABLES else "sqlite"
    with stores(where, tmp_path_factory.mktemp("places")) as new:
        yield new


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Give a labelled corpus as a file, some of its lines bad."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(records=RECORDS, seed=5, path=folder / "corpus.jsonl")
    return with_bad_lines(folder / "corpus.jsonl", folder)


@pytest.fixture(scope="module")
def expected(new_store, source, tmp_path_factory):
    """Give what the store is when nobody disturbs it."""
    return undisturbed(new_store(), source, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def killed(new_store, expected):
    """Give what a round of kills found: one at each point, and two at random moments."""
    return kill_again_and_again(new_store, expected, len(POINTS) + 2, seed=7)


@pytest.fixture(scope="module")
def ended(name, new_store, expected):
    """Give what a round of ended connections found."""
    if name == "sqlite":
        pytest.skip("a file has no connections to end")
    return end_again_and_again(new_store, expected, len(POINTS), seed=7)


@pytest.mark.engine
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_nothing_is_lost_when_the_process_is_killed_at_a_point(killed, point):
    """After each kill the store adds up, and in the end it is that of nobody disturbed."""
    assert killed.hits[str(point)] >= 1


@pytest.mark.engine
def test_nothing_is_lost_when_the_process_is_killed_at_any_moment(killed):
    """And at least half of all kills found a part done."""
    assert killed.hits.total() == len(POINTS) + 2
    assert killed.partial.total() * 2 >= killed.hits.total()


@pytest.mark.engine
@pytest.mark.parametrize("point", [point for point in POINTS if point is not MAKING], ids=str)
def test_nothing_is_lost_when_the_connection_is_ended_at_a_point(ended, point):
    """What was begun is begun anew."""
    assert ended.hits[str(point)] >= 1


@pytest.mark.engine
def test_two_writers_make_the_store_of_one(new_store, source, tmp_path):
    """Also the store itself; and the quicker leaves the other its share of the lock."""
    written = write_at_once(new_store, source, tmp_path)
    assert sum(written.read) == RECORDS * 1.2
    assert written.slower_share > 1 / 3


@pytest.mark.engine
def test_a_lock_is_waited_for(new_store, source):
    """By the database, and by memproc where the database gives up at once."""
    assert len(wait_for_locks(new_store, source, 1.0)) == 2


@pytest.mark.engine
def test_a_clock_that_jumps_loses_nothing(new_store, source):
    """Nor does a live process that looks dead write beside the one that took over."""
    assert jump(new_store, source, RECORDS, kills=3, seed=7) >= 1


@pytest.mark.engine
def test_a_source_that_changes_is_noticed(name, new_store, tmp_path):
    """In each way on SQLite; on servers in one, as the source is no matter of theirs."""
    write_corpus(records=200, seed=6, path=tmp_path / "corpus.jsonl")
    ways = [*CHANGES] if name == "sqlite" else [*CHANGES][:1]
    assert set(change(new_store, tmp_path / "corpus.jsonl", 200, tmp_path, ways)) > set(ways)


@pytest.mark.slow
def test_each_promise_is_kept(name, new_store, tmp_path):
    """On every database; what is promised of files, on SQLite."""
    assert len(promises.keep(new_store, tmp_path)) == sum(
        not check.is_of_files or name == "sqlite" for check in promises.CHECKS.values()
    )


@pytest.mark.slow
@pytest.mark.parametrize("breaks", breakers.BREAKERS)
def test_each_promise_that_is_broken_is_found_out(tmp_path, breaks):
    """By its check, which is no check of nothing."""
    with stores("sqlite", tmp_path) as new:
        assert breakers.find_out(new, tmp_path, [breaks]) == {breaks: breakers.BREAKERS[breaks].found_by}


def test_for_each_promise_there_is_something_that_breaks_it():
    """Else its check might notice nothing."""
    assert {breaker.found_by for breaker in breakers.BREAKERS.values()} == {*promises.CHECKS}


def test_a_check_that_notices_nothing_is_a_failure(tmp_path, monkeypatch):
    """It is named with what it did not notice."""
    monkeypatch.setitem(breakers.BREAKERS, "nothing is broken", breakers.Breaker("what memproc breaks on is told", ()))
    with stores("sqlite", tmp_path) as new, pytest.raises(AssertionError, match="does not notice that nothing is broken"):
        breakers.find_out(new, tmp_path, ["nothing is broken"])


@pytest.mark.engine
def test_a_full_disk_stops_the_job_and_room_lets_it_go_on(source, tmp_path):
    """By pages, and by a file system where one may be mounted."""
    with stores("sqlite", tmp_path) as new:
        filled = fill_up(new, source, RECORDS, tmp_path)
    assert 0 < filled.by_pages < RECORDS
    assert filled.by_mount is None or 0 < filled.by_mount < RECORDS


@pytest.mark.engine
def test_refused_rows_cost_little(tmp_path):
    """One in a thousand less than twice a clean batch, three in ten less than five times."""
    with stores("sqlite", tmp_path) as new:
        seconds = measure(new)
    assert seconds.keys() == MOST_TIMES.keys()


def test_a_suite_that_cannot_run_says_so(capsys, monkeypatch):
    """And the command ends with 1."""
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    assert command.main(["connections", "--short"]) == 1
    assert "connections on sqlite, 0 s: CANNOT RUN: a file has no connections to end" in capsys.readouterr().out


def test_without_atheris_the_command_ends_with_1(capsys, monkeypatch):
    """It says how to install it."""
    monkeypatch.setattr(guided, "is_installed", lambda: False)
    assert command.main(["atheris"]) == 1
    assert "CANNOT RUN: atheris is not installed: pip install --group fuzz" in capsys.readouterr().out


def test_a_suite_that_finds_something_ends_with_1_and_the_others_still_run(capsys, monkeypatch):
    """With what it found."""

    def found(*_given):
        raise AssertionError("one record is gone")

    for name, suite in SUITES.items():
        monkeypatch.setitem(SUITES, name, suite._replace(run=found if name == "locked" else lambda *_given: "nothing"))
    assert command.main(["all", "--short", "--database", "sqlite"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert "locked on sqlite, 0 s: FAILED: AssertionError: one record is gone" in told
    assert [line.partition(",")[0].partition(" on ")[0] for line in told] == [*SUITES]


def test_when_nothing_is_found_the_command_ends_with_0(capsys, monkeypatch):
    """And tells what was done."""
    monkeypatch.setitem(SUITES, "fuzz", SUITES["fuzz"]._replace(run=lambda *_given: "nothing"))
    assert command.main(["fuzz", "--short"]) == 0
    assert capsys.readouterr().out == "fuzz on sqlite, 0 s: nothing\n"


@pytest.mark.slow
def test_a_served_store_answers_as_its_document_says(capsys):
    """Whatever it is asked."""
    assert command.main(["rest", "--records", "160", "--seed", "2"]) == 0
    assert "none failed or was answered otherwise than told" in capsys.readouterr().out


def test_killed_workers_of_a_queue_leave_the_store_of_reading_one_by_one(new_store, tmp_path):
    """Each of ten jobs has its effect once, however often its worker is killed."""
    write_corpus(records=200, seed=3, path=tmp_path / "corpus.jsonl")
    found = kill_workers(new_store, one_by_one(new_store(), tmp_path / "corpus.jsonl", tmp_path), kills=6, seed=2)
    assert found.hits.total() == 6
    assert found.queues


@pytest.mark.engine
def test_each_event_reaches_a_receiver_that_fails_and_is_down(new_store):
    """Under a signature that is right, of each job in order, though senders are killed."""
    told = tell_of_jobs(new_store, events=190, kills=2, down_seconds=0.5, seed=3)
    assert (told.jobs, told.kills) == (2, 2)
    assert told.events >= 190 + 6
    assert told.failed > 20
