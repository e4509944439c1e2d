"""Policies: many pairs decided at once, undone as one, and never against what a person said."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from itertools import combinations
from random import Random

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import memproc
from memproc.store.changes import policies
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.testing import bridges, records, waiting
from tests.databases import all_text, work_of
from tests.events import batches
from tests.exports import export_of
from tests.test_laws import PulledPlugError, acts, exported, live_through

ALL = "confidence >= 0"
# Three texts of which each pair waits, and two pairs by themselves.
RIVER = [f"My sister loves the {word} restaurant near the river" for word in ("little", "small", "tiny")]
APART = [f"She keeps her {word} in the garden shed" for word in ("bicycle", "bike")]
HOME = [f"He plays {music} at home" for music in ("Bach and Satie", "Satie and Bach")]


def ingest(store, what, **options):
    """Ingest texts or records; whatever is alike waits."""
    source = [{"content": one} if isinstance(one, str) else one for one in what]
    settings = memproc.Settings(review_at=0.0, accept_at=options.pop("accept_at", None))
    return memproc.ingest(source, store, settings=settings, **options)


def texts(pair):
    """Return the texts of a review."""
    return {pair.one.content, pair.other.content}


def review_of(store, *said):
    """Return the number of the review on two texts."""
    return next(pair.number for pair in store.reviews() if texts(pair) == {*said})


def memory_of(store, text):
    """Return the id of the memory in which a text was said."""
    with store._opened.transactions.reading() as tx:
        found = tx.execute(tables.observations.select()).all()
    (key,) = [row.key.hex() for row in found if json.loads(row.record)["content"] == text]
    return store.get(key).id


def counts(applied):
    """Return how many pairs a policy decided, in how many memories these are, and how many it left to a person."""
    return applied.decided, applied.memories, applied.held


def named(store):
    """Return the policies that decided, each with how many of its decisions hold."""
    return [(policy.name, policy.decisions) for policy in store.policies()]


def dump(store):
    """Return both exports, byte for byte but for what tells of arrival, and what waits."""
    return (
        exported(store),
        exported(store, full=True),
        [replace(pair, one=None, other=None, verdicts=()) for pair in store.reviews()],
    )


def test_pairs_are_merged_and_undone_as_one(fresh):
    """As if the policy had never been; what it says in another spelling names it too."""
    with fresh() as store:
        ingest(store, [*RIVER, *APART, *HOME])
        before = dump(store)
        done = store.decide_all("confidence>=0.0 and kind == 'similar'", note="the night's run")
        name = "confidence >= 0 and kind == similar"
        assert (done.policy, done.verdict, *counts(done)) == (name, "merge", 4, 3, 0)
        assert store.count() == 3
        assert {decision.policy for decision in store.decisions()} == {name}
        assert named(store) == [(name, 4)]
        assert {(one.verdict, one.policy) for one in store.settled_reviews()} == {("merge", name)}
        assert [one.number for one in store.settled_reviews()] == sorted(done.reviews)
        assert (store.reviews(), store.doctor(), store.rebuild()) == ([], (), (0, 0))
        told = [entry.reason for entry in store.trace(memory_of(store, APART[0])).ledger if entry.kind == "decision"]
        assert told == [f"merge: by the policy {name}, the night's run"]
        taken = store.withdraw_policy("confidence >= 0 and kind == similar  ")
        assert {decision.policy for decision in taken} == {name}
        assert (store.decisions(), store.policies(), store.settled_reviews()) == ([], [], [])
        assert (dump(store), store.doctor()) == (before, ())
        with pytest.raises(memproc.NotFoundError, match="no policy has decided anything"):
            store.withdraw_policy(name)
        assert store.decide_all(ALL).decided == 4, "what was undone as one can be decided anew"


def test_a_policy_may_have_a_name_of_its_own(fresh):
    """Under which it is undone, whatever it said; others stay."""
    with fresh() as store:
        ingest(store, [*APART, *HOME])
        store.decide_all(ALL, name="first", limit=1)
        store.decide_all(ALL, name="second")
        assert named(store) == [("first", 1), ("second", 1)]
        with pytest.raises(memproc.NotFoundError, match="named 'third': there is 'first', 'second'"):
            store.withdraw_policy("third")
        store.withdraw_policy("first")
        assert (named(store), store.count()) == ([("second", 1)], 3)
        for name in ("", " x", "a\0"):
            with pytest.raises(memproc.UsageError, match="name of a policy"):
                store.decide_all(ALL, name=name)
        for wrong in ({"limit": 0}, {"verdict": "perhaps"}, {"job": "1"}):
            with pytest.raises(memproc.UsageError):
                store.decide_all(ALL, **wrong)


def test_the_surest_come_first(fresh):
    """And no more than the limit says."""
    with fresh() as store:
        ingest(store, [*APART, *HOME, "The old cat sleeps on the warm sofa", "The old dog sleeps on the warm sofa"])
        waiting_ones = store.reviews()
        assert len(waiting_ones) == 3
        done = store.decide_all(ALL, limit=2)
        assert done.reviews == tuple(pair.number for pair in waiting_ones[:2])
        assert [pair.number for pair in store.reviews()] == [waiting_ones[2].number]


def test_a_dry_run_tells_what_the_run_does_and_writes_nothing(fresh):
    """The same counts, the same pairs."""
    with fresh() as store:
        ingest(store, [*RIVER, *APART])
        store.resolve(review_of(store, *RIVER[:2]), "distinct")
        before = dump(store)
        epoch = all_text(store)
        told = store.decide_all(ALL, dry_run=True)
        assert (dump(store), all_text(store)) == (before, epoch)
        assert store.decide_all(ALL) == told
        assert told.decided == 2


def test_only_what_is_meant_is_decided(fresh):
    """By kind, namespace and the job that found it."""
    with fresh() as store:
        ingest(store, APART, namespace="ann")
        later = ingest(store, HOME, namespace="bob lee")
        assert store.decide_all("kind == undated").decided == 0
        assert store.decide_all("kind != similar").decided == 0
        assert store.decide_all("confidence > 1").decided == 0
        assert store.decide_all('namespace == "bob lee"', dry_run=True).decided == 1
        assert store.decide_all("namespace != ann", job=later.job - 1).decided == 0
        assert store.decide_all("namespace != ann", job=later.job).decided == 1
        assert [texts(pair) for pair in store.reviews()] == [{*APART}]


def test_what_is_one_memory_by_now_needs_no_decision(fresh):
    """Of three pairs of three texts two decisions make one memory; the third is not counted."""
    with fresh() as store:
        ingest(store, RIVER)
        assert len(store.reviews()) == 3
        done = store.decide_all(ALL)
        assert (done.decided, done.memories, done.held) == (2, 1, 0)
        assert (store.reviews(), store.stats()["open_reviews"]) == ([], 0)
        assert counts(store.decide_all(ALL)) == (0, 0, 0)
        store.withdraw([store.decisions()[0]])
        assert len(store.reviews()) == 2, "the pairs between what fell apart wait again, the one not counted among them"


@pytest.mark.parametrize(("one", "other"), [*combinations(RIVER, 2)])
def test_a_chain_stops_at_what_a_person_held_distinct(fresh, one, other):
    """With A and C held distinct, of A~B and B~C the surer is merged, and the other is left to a person."""
    with fresh() as store:
        ingest(store, RIVER)
        store.resolve(review_of(store, one, other), "distinct", note="two places")
        first, second = store.reviews()
        done = store.decide_all(ALL)
        assert (done.reviews, done.held) == ((first.number,), 1)
        assert [pair.number for pair in store.reviews()] == [second.number]
        assert memory_of(store, one) != memory_of(store, other)
        assert store.doctor() == ()
        assert counts(store.decide_all(ALL)) == (0, 0, 1)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_what_was_made_one_is_apart_from_all_that_each_part_was(fresh, at):
    """Of four texts two pairs are held distinct, in each of the three ways: no chain joins them, in whatever order it grows."""
    four = [*RIVER, RIVER[0].replace("little", "large")]
    first, second = {four[0], four[at]}, {*four} - {four[0], four[at]}
    with fresh() as store:
        ingest(store, four)
        assert len(store.reviews()) == 6
        for apart in (first, second):
            store.resolve(review_of(store, *apart), "distinct")
        assert store.decide_all(ALL).decided == 2
        assert all(len({memory_of(store, text) for text in apart}) == 2 for apart in (first, second))
        assert store.doctor() == ()


def test_what_another_policy_said_stands(fresh):
    """It came with a full export, so the review is open: it is closed by the same word, and left to a person by another."""
    with fresh() as store:
        ingest(store, APART)
        keys = sorted(key_of(store, text) for text in APART)
        line = {"decision": "distinct", "keys": keys, "policy": "night"}
        memproc.ingest([line], store, format="memproc-full", trust_decisions=True)
        assert counts(store.decide_all(ALL)) == (0, 0, 1)
        assert counts(store.decide_all(ALL, verdict="distinct")) == (0, 0, 0)
        assert [(one.verdict, one.policy) for one in store.settled_reviews()] == [("distinct", "night")]
        store.withdraw_policy("night")
        assert (store.decisions(), len(store.reviews())) == ([], 1)


def test_what_another_policy_said_in_vain_stands(fresh):
    """Of its two merges one does not hold, as a person held distinct what both would join; that pair is left to a person."""
    with fresh() as store:
        ingest(store, RIVER)
        store.resolve(review_of(store, RIVER[0], RIVER[2]), "distinct")
        ends = ((RIVER[0], RIVER[1]), (RIVER[1], RIVER[2]))
        lines = [{"decision": "merge", "keys": sorted(key_of(store, text) for text in both), "policy": "night"} for both in ends]
        memproc.ingest(lines, store, format="memproc-full", trust_decisions=True)
        assert store.count() == 2
        assert counts(store.decide_all(ALL, verdict="distinct")) == (0, 0, 1)


def test_memories_of_which_parts_are_held_distinct_are_not_merged(fresh):
    """Also where the pair itself has nothing to do with it."""
    with fresh() as store:
        ingest(store, [*APART, *RIVER])
        store.resolve(review_of(store, *RIVER[:2]), "merge")
        lines = [{"decision": "distinct", "keys": sorted([key_of(store, RIVER[0]), key_of(store, RIVER[2])])}]
        memproc.ingest(lines, store, format="memproc-full", trust_decisions=True)
        done = store.decide_all(ALL)
        assert [done.decided, done.held] == [1, 2]
        assert memory_of(store, RIVER[0]) == memory_of(store, RIVER[1]) != memory_of(store, RIVER[2])


def key_of(store, text):
    """Return the node in which a text was said."""
    with store._opened.transactions.reading() as tx:
        (node,) = [row.node for row in tx.execute(tables.observations.select()) if json.loads(row.record)["content"] == text]
    return node.hex()


@pytest.mark.parametrize("verdict", ["merge", "distinct"])
def test_what_a_person_took_back_is_left_to_them(fresh, verdict):
    """Be it their own decision or that of a policy."""
    with fresh() as store:
        ingest(store, APART)
        (pair,) = store.reviews()
        decision = store.resolve(pair, verdict) if verdict == "distinct" else store.decide_all(ALL) and store.decisions()[0]
        store.withdraw([decision])
        assert [one.number for one in store.reviews()] == [pair.number]
        assert counts(store.decide_all(ALL)) == (0, 0, 1)
        assert store.policies() == []


def test_what_a_person_said_on_top_of_a_policy_stays(fresh):
    """Unmerged by a person, then the policy undone: the pair is held distinct, and that is all; taken back, it waits."""
    with fresh() as store:
        ingest(store, APART)
        store.decide_all(ALL, name="night")
        (apart,) = store.unmerge(memory_of(store, APART[0]))
        assert store.count() == 2
        store.withdraw_policy("night")
        assert store.decisions() == [apart]
        assert [(one.verdict, one.policy) for one in store.settled_reviews()] == [("distinct", "")]
        assert store.reviews() == []
        store.withdraw([apart])
        assert (store.decisions(), len(store.reviews()), store.count()) == ([], 1, 2)


def test_what_a_person_took_back_below_stays_back(fresh):
    """A person takes back their own word on top of a policy's: the policy's holds again, and the review says so."""
    with fresh() as store:
        ingest(store, APART)
        store.decide_all(ALL, name="night")
        apart = store.unmerge(memory_of(store, APART[0]))
        store.withdraw(apart)
        assert store.count() == 1
        assert [(one.verdict, one.policy) for one in store.settled_reviews()] == [("merge", "night")]


def test_pairs_may_be_held_distinct(fresh):
    """Each pair, though several reviews may be on it; undone as one they wait."""
    with fresh() as store:
        ingest(store, [*RIVER, *APART])
        before = dump(store)
        done = store.decide_all(ALL, verdict="distinct", name="apart")
        assert (done.decided, done.memories, done.held) == (4, 5, 0)
        assert store.reviews() == []
        assert counts(store.decide_all(ALL)) == (0, 0, 0)
        store.withdraw_policy("apart")
        assert dump(store) == before


def test_the_later_may_supersede_where_dates_tell(fresh):
    """Rents that rose; what has no date waits for a person."""
    rents = [
        {"content": f"Pays {sum_} euros of rent", "created_at": f"2025-0{at}-01"} for at, sum_ in enumerate((640, 680, 720), 1)
    ]
    with fresh() as store:
        ingest(store, [*rents, *APART])
        done = store.decide_all(ALL, verdict="supersedes", name="rents")
        assert done.held == 1
        assert {memory.content for memory in store} == {rents[2]["content"], *APART}
        assert store.doctor() == ()
        store.withdraw_policy("rents")
        assert store.count() == 5


@pytest.mark.parametrize("later", [0, 1, 2])
def test_what_supersedes_is_as_late_as_its_latest_part(fresh, later):
    """Of three of which two have one date, those two need no decision of their own once the third is later than both."""
    dated = [{"content": text, "created_at": f"2025-0{1 + (at == later)}-01"} for at, text in enumerate(RIVER)]
    with fresh() as store:
        ingest(store, dated)
        assert store.decide_all(ALL, verdict="supersedes").decided == 2
        assert [memory.content for memory in store] == [RIVER[later]]


def test_a_version_that_was_replaced_is_not_what_was_compared(fresh):
    """The pair was alike as it was; what the identity says now is another thing."""
    with fresh() as store:
        ingest(store, [{"content": APART[0], "id": "1", "source": "app", "updated_at": "2025-01-01"}, APART[1]])
        (pair,) = store.reviews()
        newer = {"content": "He sold everything he had", "id": "1", "source": "app", "updated_at": "2025-02-01"}
        ingest(store, [newer])
        assert counts(store.decide_all(ALL)) == (0, 0, 1)
        assert [one.number for one in store.reviews()] == [pair.number]


def test_undated_versions_are_decided_by_their_observations(fresh):
    """As a person decides on them."""
    with fresh() as store, fresh() as by_hand:
        for one in (store, by_hand):
            memproc.ingest([{"content": f"Has {count} hens", "id": "1", "source": "app"} for count in (3, 4)], one)
        assert store.decide_all("kind == undated").decided == 1
        by_hand.resolve(by_hand.reviews()[0], "merge")
        assert exported(store) == exported(by_hand)
        assert [(*one.keys, one.verdict) for one in store.decisions()] == [(*one.keys, one.verdict) for one in by_hand.decisions()]


to_decide = st.builds(
    lambda *parts: [record for part in parts for record in part],
    st.lists(records(), min_size=3, max_size=10),
    bridges(),
    waiting(["changed"]),
    waiting(),
    st.lists(st.sampled_from([*RIVER, *APART, *HOME]).map(lambda text: {"content": text}), min_size=2, max_size=7),
)


@pytest.mark.costly
@given(to_decide, acts, st.sampled_from(("merge", "distinct", "supersedes")), st.integers(1, 4), st.lists(records(), max_size=8))
def test_after_any_history_a_policy_is_undone_as_one(fresh, source, history, verdict, batch, later):
    """What it decided holds, a run again decides nothing, batches do not matter, and undone it leaves the store as it was."""
    with fresh() as store, fresh() as other:
        ingest(store, source)
        live_through(store, history)
        before, said = dump(store), store.decisions()
        whole, policies.PAIRS_AT_ONCE = policies.PAIRS_AT_ONCE, batch
        try:
            done = store.decide_all(ALL, verdict=verdict, name="night")
        finally:
            policies.PAIRS_AT_ONCE = whole
        event(f"{verdict}: {'some' if done.decided else 'none'}")
        assert [one for one in store.decisions() if one.policy != "night"] == said
        for decision in store.decisions():
            if decision.policy == "night":
                is_one = store.get(decision.a.hex()).id == store.get(decision.b.hex()).id
                assert is_one is (verdict != "distinct") or verdict == "supersedes"
        lines = exported(store, full=True)
        memproc.ingest(lines, other, trust_decisions=True)
        assert (exported(other, full=True), exported(other)) == (lines, exported(store))
        assert store.decide_all(ALL, verdict=verdict).decided == 0
        assert store.rebuild() == (0, 0)
        assert store.recount().is_whole
        if done.decided:
            store.withdraw_policy("night")
        assert dump(store) == before
        assert [entry for entry in store.doctor() if entry.code != "decisions_contradict"] == []
        if later:
            ingest(store, later)
            assert store.rebuild() == (0, 0)


@pytest.mark.costly
@pytest.mark.parametrize("statements", range(1, 8))
def test_who_is_cut_off_runs_it_again(fresh, monkeypatch, statements):
    """Whole batches are there or not at all; the rest gives what an undisturbed run would have given."""
    monkeypatch.setattr(policies, "PAIRS_AT_ONCE", 2)
    with fresh() as store, fresh() as undisturbed:
        for one in (store, undisturbed):
            ingest(one, [*RIVER, *APART, *HOME])
        undisturbed.decide_all(ALL)
        left, update = [statements], Tx.update_rows

        def cut_off(tx, table, *rest, **named):
            update(tx, table, *rest, **named)
            left[0] -= 1
            if left[0] == 0:
                raise PulledPlugError

        with monkeypatch.context() as cutting:
            cutting.setattr(Tx, "update_rows", cut_off)
            try:
                store.decide_all(ALL)
                event("not cut off")
            except PulledPlugError:
                assert len(store.decisions()) < 4
        with store._opened.transactions.reading() as tx:
            settled = [row for row in tx.execute(tables.reviews.select()) if row.status == "merge"]
        assert len(settled) == len(store.decisions())
        assert store.doctor() == ()
        store.decide_all(ALL)
        assert dump(store) == dump(undisturbed)


def test_what_is_decided_meanwhile_is_not_counted(fresh):
    """A review that a person decides between two batches, or between choosing and deciding, is theirs."""
    with fresh() as store:
        ingest(store, [*APART, *HOME])
        numbers = [pair.number for pair in store.reviews()]
        order = policies.Order(policy=policies.parse_policy(ALL), verdict="merge", name="x", note="", limit=None, job=None)
        store.resolve(numbers[0], "distinct")
        decide = partial(policies._decide, order=order, numbers=numbers, limit=None)
        assert store._opened.transactions.write(decide) == ([numbers[1]], 0)


def test_a_full_export_names_the_policy(fresh):
    """In the copy it is undone as one; a person's word there wins over it, and what a policy said does not come twice."""
    with fresh() as store, fresh() as copy:
        ingest(store, [*APART, *HOME])
        store.decide_all(ALL, name="night")
        lines = exported(store, full=True)
        assert [line["policy"] for line in lines if "decision" in line] == ["night", "night"]
        for _ in range(2):
            memproc.ingest(lines, copy, trust_decisions=True)
            assert exported(copy, full=True) == lines
            assert named(copy) == [("night", 2)]
        spoken = [{"decision": "distinct", "keys": line["keys"]} for line in lines if "decision" in line][:1]
        memproc.ingest(spoken, copy, format="memproc-full", trust_decisions=True)
        assert copy.count() == 3
        memproc.ingest(lines, copy, trust_decisions=True)
        assert copy.count() == 3
        assert copy.withdraw_policy("night")
        assert [decision.verdict for decision in copy.decisions()] == ["distinct"]


def test_no_export_brings_back_a_policy_that_was_undone(fresh):
    """Read again, as no re-ingestion undoes an undo."""
    with fresh() as store:
        ingest(store, APART)
        store.decide_all(ALL, name="night")
        lines = exported(store, full=True)
        store.withdraw_policy("night")
        memproc.ingest(lines, store, trust_decisions=True)
        assert (store.decisions(), store.count()) == ([], 2)


@pytest.mark.parametrize("name", [7, None, " ", "a\u0000", ["night"], "n" * 2_000])
def test_a_full_export_with_a_name_that_is_none_is_told(fresh, name):
    """As a line that is no decision."""
    with fresh() as store:
        line = {"decision": "merge", "keys": ["ab" * 16, "cd" * 16], "policy": name}
        report = memproc.ingest([line], store, format="memproc-full", trust_decisions=True)
        assert (report.quarantined, store.decisions()) == (1, [])


@pytest.mark.costly
def test_many_pairs_take_their_time_and_no_more(fresh):
    """Four times as many take no more statements for each: none is asked for by itself."""
    asked, letters = [], Random(1)
    for count in (50, 200):
        said = [" ".join("".join(letters.sample("abcdefghijklmnopqrstuvwxyz", 7)) for _ in range(9)) for _ in range(count)]
        with fresh() as store:
            ingest(store, [text + end for text in said for end in (" again", " today")])
            with work_of(store) as work:
                assert store.decide_all(ALL, dry_run=True).decided >= count
            asked.append(work.statements)
    assert asked[1] < asked[0] * 2


def test_a_forgotten_memory_leaves_no_words_of_a_policy_in_the_ledger(fresh):
    """The note and the name go from the ledger; the decision keeps its name, so that it can be undone."""
    with fresh() as store:
        ingest(store, APART)
        store.decide_all(ALL, name="of the bicycles", note="a bike is a bicycle")
        store.forget(memory_of(store, APART[0]))
        assert named(store) == [("of the bicycles", 1)]
        with store._opened.transactions.reading() as tx:
            told = [row.reason for row in tx.execute(tables.ledger.select()) if row.kind == "decision"]
        assert told == ["merge"]
        store.withdraw_policy("of the bicycles")
        assert (store.policies(), store.doctor()) == ([], ())


def test_a_name_that_was_changed_by_hand_is_found(fresh_file):
    """By the seal of the decision."""
    with fresh_file() as store:
        ingest(store, APART)
        store.decide_all(ALL, name="night")
        with store._opened.database.write() as tx:
            tx.exec_driver_sql("UPDATE memproc_decisions SET policy = ''")
        assert [entry.code for entry in store.doctor()] == ["seals"]


def test_an_ingestion_may_accept_what_it_is_sure_of(fresh):
    """At its end, of the pairs that it found: not what waited before, and nothing that is added by itself."""
    with fresh() as store:
        ingest(store, APART)
        report = ingest(store, HOME, accept_at=0.0)
        assert (report.review, report.accepted, store.count()) == (1, 1, 3)
        assert named(store) == [("accept_at >= 0.0", 1)]
        assert "memproc review DB --undo --policy 'accept_at >= 0.0'" in report.notes[-1]
        assert [texts(pair) for pair in store.reviews()] == [{*APART}]
        assert ingest(store, HOME, accept_at=0.0).accepted == 0
        store.withdraw_policy("accept_at >= 0.0")
        assert store.count() == 4
        assert ingest(store, RIVER, accept_at=1.0).accepted == 0


def test_an_ingestion_that_stopped_accepts_nothing(fresh):
    """It may go on, and accepts at its end."""
    with fresh() as store:
        settings = memproc.Settings(review_at=0.0, accept_at=0.0, on_error="stop")
        report = memproc.ingest([*({"content": text} for text in HOME), {"content": ""}], store, settings=settings)
        assert (report.status, report.review, report.accepted) == ("stopped", 1, 0)
        assert store.policies() == []


def test_a_rehearsed_ingestion_accepts_nothing(fresh):
    """But tells what it would."""
    with fresh() as store:
        report = ingest(store, HOME, accept_at=0.0, dry_run=True)
        assert (report.accepted, store.count(), store.policies()) == (1, 0, [])


def test_a_record_added_by_itself_is_never_accepted(tmp_path):
    """Whatever the settings of the store say."""
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(review_at=0.0, accept_at=0.0)) as store:
        for text in HOME:
            store.add({"content": text})
        assert (len(store.reviews()), store.count()) == (1, 2)


def test_a_job_that_goes_on_accepts_what_all_its_runs_found(tmp_path):
    """Cut off behind a batch, it accepts at its end what was found before."""
    path = tmp_path / "source.jsonl"
    path.write_text("".join(json.dumps({"content": text}) + "\n" for text in [*APART, *HOME]))
    settings = memproc.Settings(review_at=0.0, accept_at=0.0, batch_size=2)

    def stop(progress):
        if progress.read == 2:
            raise KeyboardInterrupt

    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(KeyboardInterrupt):
            memproc.ingest(path, store, settings=settings, on_event=batches(stop))
        assert (len(store.reviews()), store.policies()) == (1, [])
        assert memproc.ingest(path, store, settings=settings, resume=True).accepted == 2
        assert store.count() == 2


def test_some_reviews_may_be_asked_for(fresh):
    """The first ones, or those of some numbers, as long as they wait."""
    with fresh() as store:
        ingest(store, [*RIVER, *APART, *HOME])
        whole = store.reviews()
        assert store.reviews(limit=2) == whole[:2]
        assert store.reviews(numbers=[whole[4].number, whole[1].number, 77]) == [whole[1], whole[4]]
        assert store.reviews(numbers=[]) == []
        store.resolve(whole[1], "distinct")
        assert store.reviews(numbers=[whole[4].number, whole[1].number]) == [whole[4]]
        assert export_of(store)
