"""The memory of a cluster: one rule a field, whatever the order of its observations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.config import Policy
from memproc.dedup.cluster import Cluster, clusters
from memproc.dedup.decision import pair
from memproc.dedup.memory import in_order, memory_of, memory_of_one
from memproc.dedup.observation import Observation
from memproc.dedup.preparing import prepare
from memproc.records import Memory, Plain, plain

ID = bytes(range(16))
EARLY, LATE, LATER = "2025-01-01T00:00:00.000000Z", "2025-01-02T00:00:00.000000Z", "2025-01-03T00:00:00.000000Z"


class Liked(Memory):
    """A memory with two fields more."""

    stars: int | None = None
    colour: str | None = None


def seen(content: str = "She likes tea", as_of: str | None = None, **fields: Any) -> Observation:
    """Make an observation."""
    record = plain(Liked(content=content, source=fields.pop("source", "test"), **fields))
    return prepare(record, is_identity=False, as_of=as_of, policy=Policy()).observation


def cluster_of(observations: Sequence[Observation]) -> Cluster:
    """Make one cluster of observations, by hand where no rule would."""
    merges = [pair(observations[0].node, other.node, "merge") for other in observations if other.node != observations[0].node]
    (found,) = clusters(observations, {}, merges)[0]
    return found._replace(id=ID)


def memory(*observations: Observation, history: tuple[Observation, ...] = ()) -> Plain:
    """Compute the memory, in every order of the observations."""
    found = [memory_of(cluster_of(order)._replace(history=history)) for order in permutations(observations)]
    assert all(list(one.items()) == list(found[0].items()) for one in found), "order matters"
    return found[0]


def test_the_longest_canonical_text_is_shown():
    """The longest as it is written is not always that."""
    assert (
        memory(seen("She likes tea"), seen("She really likes tea"), seen("She   likes \t tea       "))["content"]
        == "She really likes tea"
    )


@pytest.mark.parametrize("typo", ["She likes the kithcen", "She likes the kitchhen"])
def test_a_spelling_that_is_known_is_shown_before_a_typo(typo):
    """Be the typo longer, or earlier; where all have it, it is shown."""
    assert (
        memory(seen(typo, created_at=EARLY), seen("She likes the kitchen", created_at=LATE))["content"] == "She likes the kitchen"
    )
    assert memory(seen(typo), seen(f"{typo}!"))["content"].rstrip("!") == typo


def test_of_texts_of_equal_length_the_earliest_is_shown():
    """One without a date comes last."""
    assert (
        memory(seen("SHE likes tea"), seen("she LIKES tea", created_at=LATE), seen("she likes TEA", created_at=EARLY))["content"]
        == "she likes TEA"
    )


def test_of_equals_the_one_with_the_smaller_key_is_shown():
    """The keys of content and observation decide, and arrival never."""
    one, other = seen("SHE likes tea"), seen("she LIKES tea")
    assert memory(one, other)["content"] == min(one, other, key=lambda each: (each.content, each.key)).record["content"]


def test_what_belongs_to_a_text_comes_with_it():
    """Kind, conversation, source and emotion are those of the observation shown; another's emotion is not averaged in."""
    shown = seen(
        "She really likes tea", kind="preference", conversation="c1", source="app", emotion={"label": "joy", "valence": 0.5}
    )
    other = seen("She likes tea", kind="fact", conversation="c2", source="import", emotion={"label": "rage", "valence": -1.0})
    found = memory(other, shown)
    assert [found[name] for name in ("kind", "conversation", "source")] == ["preference", "c1", "app"]
    assert found["emotion"] == {"label": "joy", "valence": 0.5}
    assert "emotion" not in memory(other, seen("She really likes tea"))


def test_tags_are_united_and_sorted():
    """Each once."""
    assert memory(seen(tags=["b", "a"]), seen(tags=["c", "b"]), seen())["tags"] == ["a", "b", "c"]


def test_relations_are_united_and_sorted():
    """Each once; two that differ in anything are two."""
    knows = {"type": "knows", "target": "Anna", "target_kind": "entity"}
    likes = {"type": "likes", "target": "tea", "target_kind": "entity", "weight": 0.5}
    found = memory(seen(relations=[likes, knows]), seen(relations=[knows]), seen(relations=[{**likes, "weight": 0.25}]))
    assert found["relations"] == [knows, {**likes, "weight": 0.25}, likes]


def test_the_earliest_creation_and_the_latest_change_are_kept():
    """From whichever observation has one."""
    found = memory(seen(created_at=LATE, updated_at=LATER), seen(created_at=EARLY), seen(updated_at=LATE))
    assert (found["created_at"], found["updated_at"]) == (EARLY, LATER)


def test_the_highest_importance_is_kept():
    """Also where it is nought."""
    assert memory(seen(importance=0.2), seen(importance=0.7), seen())["importance"] == 0.7
    assert memory(seen(importance=0.0), seen())["importance"] == 0.0
    assert "importance" not in memory(seen(tags=["a"]), seen())


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"created_at": EARLY}, {"created_at": LATE}),
        ({"created_at": LATE}, {"created_at": EARLY, "updated_at": LATER}),
        ({"as_of": EARLY}, {"as_of": LATE}),
        ({}, {"created_at": EARLY}),
        ({}, {"as_of": EARLY}),
    ],
)
def test_metadata_and_own_fields_are_the_newest_name_by_name(older, newer):
    """Newest by `updated_at`, else `created_at`, else the date of the source; what only the older has is kept."""
    found = memory(
        seen(metadata={"mood": "old", "place": "Oslo"}, stars=1, colour="red", **older),
        seen(metadata={"mood": "new"}, stars=2, **newer),
    )
    assert found["metadata"] == {"mood": "new", "place": "Oslo"}
    assert (found["stars"], found["colour"]) == (2, "red")


def test_of_equally_new_metadata_that_of_the_smaller_key_wins():
    """Ties are broken by data."""
    one, other = seen(metadata={"mood": "a"}, created_at=EARLY), seen(metadata={"mood": "b"}, created_at=EARLY)
    assert memory(one, other)["metadata"] == min(one, other).record["metadata"]


def test_history_does_not_speak():
    """An older version gives the memory nothing."""
    old = seen("She really likes green tea", tags=["old"], importance=1.0, created_at=EARLY, metadata={"old": True})
    now = seen("She likes tea", created_at=LATE)
    assert memory(now, history=(old,)) == memory(now)


def test_the_id_is_the_memorys_own():
    """As 32 hexadecimal digits; the callers' ids stay with the observations."""
    assert memory(seen(id="7"), seen(id="8"))["id"] == ID.hex()


def test_fields_stand_in_the_order_of_memory_then_by_name():
    """Those that say nothing are left out, those that say nought are not."""
    given_ = {
        "stars": 0,
        "colour": "red",
        "tags": [],
        "metadata": {},
        "importance": 0.0,
        "content": "x",
        "id": "7",
        "subject": None,
    }
    assert list(in_order(given_).items()) == [("id", "7"), ("content", "x"), ("importance", 0.0), ("colour", "red"), ("stars", 0)]


RELATIONS = st.fixed_dictionaries({"type": st.sampled_from(["knows", "likes"]), "target": st.sampled_from(["a", "b"])})
RECORDS = st.fixed_dictionaries(
    {"content": st.sampled_from(["She likes tea", "she likes TEA", "She really likes tea"])},
    optional={
        "created_at": st.sampled_from([EARLY, LATE]),
        "updated_at": st.sampled_from([LATE, LATER]),
        "tags": st.lists(st.sampled_from("abc"), max_size=3),
        "importance": st.sampled_from([0.0, 0.5, 1.0]),
        "relations": st.lists(RELATIONS, max_size=3),
        "metadata": st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=2),
        "stars": st.integers(0, 2),
        "as_of": st.sampled_from([None, EARLY, LATER]),
        "kind": st.sampled_from(["fact", "preference"]),
    },
)


@given(st.lists(RECORDS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_does_not_matter(records, random):
    """A memory is a function of a set."""
    observations = tuple({one.key: one for one in (seen(**record) for record in records)}.values())
    shuffled = tuple(random.sample(observations, len(observations)))
    assert memory_of(cluster_of(shuffled)) == memory_of(cluster_of(observations))


@given(RECORDS)
def test_the_memory_of_one_observation_is_that_of_a_cluster_of_one(record):
    """The short way gives what the long way gives, to the order of the fields."""
    one = seen(**record)
    assert list(memory_of_one(ID.hex(), one.record).items()) == list(memory_of(Cluster(ID, (one,), ())).items())
