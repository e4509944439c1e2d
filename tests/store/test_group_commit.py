"""What several threads add at once is written together, and each has the outcome that it would have by itself."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event

from memproc.errors import DatabaseError
from memproc.failures import Failure, Kind
from memproc.store.changes.group_commit import MOST_IN_GROUP, GroupCommit
from memproc.store.changes.writer import Writer
from tests.waiting import LIMIT_SECONDS, until


def at_once(works):
    """Do things in threads, and return what each gave or raised."""
    results = [None] * len(works)

    def run(at, work):
        try:
            results[at] = work()
        except BaseException as error:  # noqa: BLE001 - it is what the thread ended with
            results[at] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    return results


def while_locked(store, works):
    """Do things in threads that all come to wait for the store before the first of them is done."""
    with store._opened.transactions.lock:
        starter = threading.Thread(target=lambda: found.extend(at_once(works)))
        found = []
        starter.start()
        until(lambda: len(store._adder._group_commit._queue) >= len(works))
    starter.join(LIMIT_SECONDS)
    return found


def commits_of(store):
    """Count the writing transactions of a store from now on."""
    seen = []
    event.listen(store._opened.database.engine, "commit", lambda connection: seen.append(connection.get_execution_options()))
    name = "memproc_writes" if store._opened.database.file else "isolation_level"
    wanted = True if store._opened.database.file else "READ COMMITTED"
    return lambda: sum(options.get(name) == wanted for options in seen)


@pytest.mark.costly
def test_those_that_wait_are_written_in_one_transaction(fresh):
    """Each with a batch and an outcome of its own; they are all there."""
    with fresh() as store:
        store.add({"content": "She likes tea"})
        store._opened.merger.wait()
        commits = commits_of(store)
        records = [{"content": f"kestrel {number} saw {number + 1}"} for number in range(8)]
        records += [
            {"content": "She likes tea"},
            {"content": "She really likes tea"},
            {"content": ""},
            {"content": "She likes tea"},
        ]
        found = while_locked(store, [lambda record=record: store.add(record) for record in records])
        assert commits() == 1
        assert [one.outcome for one in found[:8]] == ["stored"] * 8
        assert [one.memory.content for one in found[:8]] == [record["content"] for record in records[:8]]
        assert [one.outcome for one in found[8:]] == ["duplicate", "merged", "quarantined", "duplicate"]
        assert found[10].faults
        assert store.count() == 9
        assert store.recount().is_whole
        assert store.doctor() == ()
        (job,) = store.jobs()
        assert (job.read, job.quarantined) == (13, 1)


def test_what_is_said_of_each_stays_its_own(fresh):
    """Its source, its namespace, its format."""
    with fresh() as store:
        works = [lambda who=who: store.add({"content": "Has a dog"}, namespace=who, source=f"from {who}") for who in ("ann", "bob")]
        works.append(lambda: store.add({"memory": "Likes tea", "user_id": "cyd", "hash": "1", "id": "m"}, format="mem0"))
        works.append(lambda: store.add({"content": 5}, namespace="dan", source="from dan"))
        found = while_locked(store, works)
        assert [one.memory.namespace for one in found[:3]] == ["ann", "bob", "cyd"]
        assert [one.memory.source for one in found[:2]] == ["from ann", "from bob"]
        (rejected,) = store.quarantine()
        assert rejected.source == "from dan"


def test_one_that_fails_takes_no_other_with_it(fresh, monkeypatch):
    """It is told to the thread that it belongs to."""
    with fresh() as store:
        write_batch = Writer._write_batch

        def failing(self, tx, claim, batch, there):
            if "poison" in str(batch.arrived):
                raise ZeroDivisionError
            return write_batch(self, tx, claim, batch, there)

        monkeypatch.setattr(Writer, "_write_batch", failing)
        records = [{"content": f"kestrel {number} saw {number + 1}"} for number in range(6)]
        records[3] = {"content": "poison"}
        found = while_locked(store, [lambda record=record: store.add(record) for record in records])
        assert isinstance(found.pop(3), ZeroDivisionError)
        assert [one.outcome for one in found] == ["stored"] * 5
        assert store.count() == 5
        assert store.recount().is_whole
        assert store.doctor() == ()


def test_reviews_that_were_not_found_are_looked_for_again(fresh, monkeypatch):
    """Where looking for those of an ingestion that was killed fails at the first record added, the next one tries again."""
    with fresh() as store:
        failures = [DatabaseError(Failure(Kind.CRITICAL, "the disk is full"), "")]
        catch_up, caught_up = Writer.catch_up, []

        def failing(self, claim, review_at=None):
            if failures:
                raise failures.pop()
            caught_up.append(claim.job)
            return catch_up(self, claim, review_at)

        monkeypatch.setattr(Writer, "catch_up", failing)
        with pytest.raises(DatabaseError):
            store.add({"content": "She likes tea"})
        with store.rehearsal():
            store.add({"content": "She has a cat"})
        assert [store.add({"content": f"She has {number} dogs"}).outcome for number in (1, 2)] == ["stored"] * 2
        assert caught_up == [1, 1]  # what the rehearsal found is undone
        assert [job.read for job in store.jobs()] == [2]


def test_a_rehearsal_takes_nothing_of_other_threads_with_it(fresh):
    """What they add while one rehearses lands when it is over."""
    with fresh() as store:
        found = []
        with store.rehearsal():
            other = threading.Thread(target=lambda: found.append(store.add({"content": "She likes tea"})))
            other.start()
            until(lambda: store._adder._group_commit._queue)
            store.add({"content": "She has a dog"})
            assert store.count() == 1
        other.join(LIMIT_SECONDS)
        assert [one.outcome for one in found] == ["stored"]
        assert [memory.content for memory in store] == ["She likes tea"]


def test_who_serves_and_is_interrupted_leaves_the_others_to_themselves():
    """They are served, once."""
    served, lock = [], threading.RLock()

    def write(wishes):
        if "interrupted" in wishes:
            raise KeyboardInterrupt
        served.extend(wishes)
        return wishes

    group_commit = GroupCommit(write)
    with lock:
        waiting = threading.Thread(
            target=lambda: found.extend(
                at_once([lambda wish=wish: group_commit.write(wish, lock, is_alone=lambda: False) for wish in ("a", "b", "c")])
            )
        )
        found = []
        waiting.start()
        until(lambda: len(group_commit._queue) == 3)
        with pytest.raises(KeyboardInterrupt):
            group_commit.write("interrupted", lock, is_alone=lambda: False)
    waiting.join(LIMIT_SECONDS)
    assert found == ["a", "b", "c"]
    assert sorted(served) == ["a", "b", "c"]


def test_a_database_that_is_away_is_waited_for_once():
    """Not for each that waits, one after the other."""
    attempts, lock = [], threading.RLock()
    lost = DatabaseError(Failure(Kind.TRANSIENT, "the connection was lost"), "")

    def write(wishes):
        attempts.append(len(wishes))
        raise lost

    group_commit = GroupCommit(write)
    with lock:
        found = []
        wait = threading.Thread(
            target=lambda: found.extend(at_once([lambda: group_commit.write(1, lock, is_alone=lambda: False)] * 5))
        )
        wait.start()
        until(lambda: len(group_commit._queue) == 5)
    wait.join(LIMIT_SECONDS)
    assert found == [lost] * 5
    assert attempts == [5]


def test_few_are_written_together():
    """So that nobody holds the database for long."""
    sizes, lock, found = [], threading.RLock(), []

    def write(wishes):
        sizes.append(len(wishes))
        return wishes

    group_commit = GroupCommit(write)
    with lock:
        works = [lambda at=at: group_commit.write(at, lock, is_alone=lambda: False) for at in range(MOST_IN_GROUP + 5)]
        wait = threading.Thread(target=lambda: found.extend(at_once(works)))
        wait.start()
        until(lambda: len(group_commit._queue) == len(works))
    wait.join(LIMIT_SECONDS)
    assert found == [*range(MOST_IN_GROUP + 5)]
    assert sorted(sizes) == [5, MOST_IN_GROUP]
