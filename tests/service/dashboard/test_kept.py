"""What the dashboard keeps in a store and reads of it: sessions, and what landed by minute and by day."""

from __future__ import annotations

from memproc.service.worker import Worker
from memproc.store.access import sessions
from memproc.store.access.tokens import Wanted
from memproc.store.store import access_of
from tests.service.queues import RECORDS, jsonl

EARLIER, LATER = "2020-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"


def test_a_session_ends_with_its_time_and_its_token(fresh, monkeypatch):
    """And one that is over is deleted when another one begins."""
    with fresh() as store:
        access = access_of(store)
        names = (("over", EARLIER), ("revoked", LATER), ("valid", LATER))
        wanted = [Wanted(name=name, namespaces=None, scopes=["jobs:read"], expires_at=until) for name, until in names]
        over, revoked, valid = (access.create_token(one)[0].number for one in wanted)
        begun = {number: access.begin_session(number) for number in (over, revoked, valid)}
        access.revoke_token(revoked)
        assert [access.token_of_session(begun[number]) is not None for number in (over, revoked, valid)] == [False, False, True]
        access.end_session(begun[valid])
        assert access.token_of_session(begun[valid]) is None
        assert access.token_of_session("x") is None
        monkeypatch.setattr(sessions, "LASTS_SECONDS", 0)
        assert access.token_of_session(access.begin_session(valid)) is None
        assert store.doctor() == ()


def test_what_landed_is_told_of_whose_it_is(fresh, tmp_path):
    """By minute with the memory that was held, and by day with what became of it."""
    with fresh() as store:
        for name in ("ann", "bob"):
            store.submit(str(jsonl(tmp_path, name)), namespace=name)
        store.add({"content": "of no job of the queue"})
        Worker(store).work(until_empty=True)
        access = access_of(store)
        assert sum(one.records for one in access.minutes(EARLIER, ["ann"])) == RECORDS
        assert sum(one.records for one in access.minutes(EARLIER, None)) == 2 * RECORDS + 1
        assert all((one.rss_mb or 0) > 0 for one in access.minutes(EARLIER, ["bob"]))
        days = access.days(EARLIER, ["ann", "bob"])
        assert (sum(one.records for one in days), sum(one.stored for one in days)) == (2 * RECORDS, 2 * RECORDS)
        assert access.days(EARLIER, ["carl"]) == access.minutes(LATER, None) == access.days(LATER, None) == []
        pace = access.pace(store.queue()[0].number)
        assert (pace.batches, sum(one.records for one in pace.timeline)) == (1, RECORDS)
