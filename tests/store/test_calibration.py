"""Calibration: what a person says of pairs changes how sure the store is, from the next rebuild on."""

from __future__ import annotations

import pytest

import memproc
from memproc.dedup.compare.confidence import shipped_model

_WORDS = (
    "anchor basket candle drawer engine feather garden hammer island jacket kettle ladder mirror needle orange pencil quartz "
    "ribbon saddle temple urchin velvet walnut yellow zipper barrel copper dragon eraser flower guitar helmet insect jungle "
    "kitten lantern marble napkin office pepper rocket shovel tunnel violin window wagon yarn zebra bottle carpet desert empire"
)
WORDS = _WORDS.split()
SHOPS = ["on sale", "brand new", "gift wrapped", "second hand", "limited offer", "ships today", "top rated"]
THINGS = [" ".join(WORDS[(7 * at + step * (at + 1)) % len(WORDS)] for step in range(4)) for at in range(40)]


def titles() -> list[dict[str, str]]:
    """Return two titles each of forty things, one with a shop's words around it."""
    plain = [{"id": f"a{at}", "content": f"The {text}"} for at, text in enumerate(THINGS)]
    sold = [{"id": f"b{at}", "content": f"{SHOPS[at % 7]}: the {text}, {SHOPS[at % 5]}"} for at, text in enumerate(THINGS)]
    return plain + sold


def labels() -> list[tuple[str, str, bool]]:
    """Say of each title which is the same thing, and of its neighbours that they are not."""
    numbered = range(len(THINGS))
    neighbours = [(at, (at + step) % len(THINGS)) for at in numbered for step in (1, 2)]
    same = [(f"a{at}", f"b{at}", True) for at in numbered]
    other = [(f"{one}{at}", f"{two}{to}", False) for at, to in neighbours for one, two in (("a", "b"), ("a", "a"), ("b", "b"))]
    return same + other


def test_a_store_learns_from_labels_and_counts_on_it_after_a_rebuild(fresh):
    """The model is fitted to every second pair and judged by the others; before the rebuild nothing changes."""
    with fresh() as store:
        surer = memproc.Settings(review_at=0.4)
        memproc.ingest(titles(), store, settings=surer)
        before = {(review.one.id, review.other.id) for review in store.reviews()}
        found = memproc.calibrate(store, sorted(labels()))
        assert (found.pairs, found.merged, found.merge_precision) == (280, 0, 1.0)
        assert found.calibration_error < 0.3
        assert found.recall_at_99 > 0.9
        assert not found.refuses_to_merge
        assert store.policy.model == ""
        assert {(review.one.id, review.other.id) for review in store.reviews()} == before
        store.rebuild(settings=surer)
        assert store.policy.model
        after = [(review.one.content.lower(), review.other.content.lower()) for review in store.reviews()]
        right = sum(one in other or other in one for one, other in after)
        assert right >= len(THINGS) // 2
        assert right >= len(after) * 9 // 10 > len(before)
        assert store.rebuild() == (0, 0)
    with memproc.open(store.place) as again:
        assert again.policy == store.policy


SAME = ("She likes tea", "She really likes tea")
WRITTEN = [
    ("Buys bread and jam in town.", "Buys bread and jam in town!"),
    ("Takes 5mg at night", "Takes 5 mg at night"),
]


def merged(store, pairs, verdict):
    """Add pairs of texts to a store and return a label on the observations of each."""
    found = []
    for texts in pairs:
        ids = [seen.observation for text in texts for seen in store.trace(store.add({"content": text}).memory.id).observations]
        found.append((*list(dict.fromkeys(ids))[:2], verdict))
    return found


@pytest.mark.costly
def test_merges_that_are_too_often_wrong_are_refused(fresh):
    """Then a rebuild parts all that merged by likeness, by case and marks too, and it waits for a person; equal texts stay one."""
    with fresh() as store:
        memproc.ingest(titles(), into=store)
        wrong = merged(store, [SAME, *WRITTEN], verdict=False)
        store.add({"content": "she LIKES tea"})
        count = store.count()
        found = store.calibrate([*sorted(labels()), *wrong])
        assert (found.merged, found.merge_precision, found.refuses_to_merge) == (3, 0.0, True)
        store.rebuild()
        assert store.count() == count + 4
        assert store.policy.merge_at == 0.8
        waiting = {(review.one.content, review.other.content) for review in store.reviews()}
        assert {pair for pair in waiting if pair in WRITTEN} == set(WRITTEN)
        assert store.add({"content": "She actually likes tea"}).outcome == "stored"
        assert store.add({"content": "SHE LIKES TEA"}).outcome == "stored"
        assert store.add({"content": "She  likes tea"}).outcome == "duplicate"
        assert store.rebuild() == (0, 0)
    with memproc.open(store.place) as again:
        assert again.policy == store.policy


@pytest.mark.costly
def test_good_labels_lift_a_refusal_and_no_labels_leave_it(fresh):
    """The store then merges as it was set to; without a label on such a pair nobody knows better."""
    with fresh() as store:
        memproc.ingest(titles(), into=store)
        store.rebuild(settings=memproc.Settings(merge_at=0.85))
        pairs = merged(store, [SAME, *WRITTEN], verdict=False)
        count = store.count()
        store.calibrate([*sorted(labels()), *pairs])
        store.rebuild()
        assert store.calibrate(sorted(labels())).refuses_to_merge
        store.rebuild()
        assert store.count() == count + 3
        found = store.calibrate([*sorted(labels()), *((one, other, True) for one, other, _ in pairs)])
        assert (found.merged, found.merge_precision, found.refuses_to_merge) == (3, 1.0, False)
        store.rebuild()
        assert (store.count(), store.policy.merge_at, store.policy.refuses_to_merge) == (count, 0.85, False)


@pytest.mark.costly
def test_the_error_counts_the_confidence_that_was_reported(fresh):
    """A wrong merge by a typo counts .95 and not 1; the table shows where it stood."""
    with fresh() as store:
        memproc.ingest(titles(), into=store)
        typo = merged(store, [("Keeps bees in the kitchen garden", "Keeps bees in the kithcen garden")], verdict=True)
        before = store.calibrate(sorted(labels()))
        found = store.calibrate([*sorted(labels()), *typo])
        last, last_before = found.reliability[-1], before.reliability[-1]
        assert last.pairs == last_before.pairs + 1
        total = last.mean_confidence * last.pairs - last_before.mean_confidence * last_before.pairs
        assert total == pytest.approx(0.95)


@pytest.mark.costly
def test_what_a_person_parted_counts_as_a_wrong_merge(fresh):
    """The label is on what the texts are, not on the memories of the moment; and a merge by hand is not memproc's."""
    with fresh() as store:
        memproc.ingest(titles(), into=store, settings=memproc.Settings(review_at=0.0))
        ((one, other, _),) = merged(store, [SAME], verdict=False)
        store.unmerge(other)
        assert store.calibrate([*sorted(labels()), (one, other, False)]).refuses_to_merge
        by_hand = next(review for review in store.reviews() if review.kind == "similar")
        store.resolve(by_hand, "merge")
        ids = [seen.record["id"] for seen in store.trace(by_hand.one.id).observations]
        assert store.calibrate([*sorted(labels()), (*ids[:2], True)]).merged == 0


def test_wrong_labels_are_told(fresh):
    """Too few, of one kind only, of nothing, of an id that several records have; and nothing changes."""
    with fresh() as store:
        memproc.ingest([*titles(), {"id": "a1", "content": "She likes tea"}], into=store)
        for wrong, error, match in (
            (labels()[3:9], memproc.UsageError, "at least 20 pairs"),
            ([label for label in labels() if label[2] and label[0] != "a1"], memproc.UsageError, "the same and pairs that are not"),
            ([("a0", "nothing", True)], memproc.NotFoundError, "nothing"),
            ([("a0", "a1", True)], memproc.UsageError, "several records"),
        ):
            with pytest.raises(error, match=match):
                store.calibrate(wrong)
        store.rebuild()
        assert store.policy.model == ""


def test_the_shipped_model_is_what_a_new_store_uses(fresh):
    """Its confidence stands in the review."""
    with fresh() as store:
        memproc.ingest(titles()[:1] + titles()[len(THINGS) : len(THINGS) + 1], into=store, settings=memproc.Settings(review_at=0.0))
        for review in store.reviews():
            assert 0 < review.confidence < 1
    assert shipped_model().data
