"""Clusters: a function of the set of observations and the set of decisions, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import md5
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.config import Policy
from memproc.dedup.cluster import Cluster, clusters
from memproc.dedup.columns import Prepared
from memproc.dedup.decision import Decision, pair
from memproc.dedup.keys import Key
from memproc.dedup.observation import Observation
from memproc.dedup.preparing import prepare
from memproc.dedup.versions import principal
from memproc.records import Memory, plain
from tests.groups import merging

GROUPS = 5
DAYS = [None, "2025-01-01T00:00:00.000000Z", "2025-01-02T00:00:00.000000Z", "2025-01-03T00:00:00.000000Z"]


def take(content: str, *, is_identity: bool = False, as_of: str | None = None, **fields: Any) -> Prepared:
    """Prepare one record."""
    record = plain(Memory(content=content, source="test", **fields))
    return prepare(record, is_identity=is_identity, as_of=as_of, policy=Policy())


def cluster(prepared: Sequence[Prepared], *decisions: Decision) -> list[Cluster]:
    """Cluster prepared records."""
    found = [*map(merging, prepared)]
    typo_links = {one.observation.group: one.typo_links for one in found if one.typo_links}
    return clusters([one.observation for one in found], typo_links, decisions)[0]


def memories(prepared: Sequence[Prepared], *decisions: Decision) -> set[frozenset[str]]:
    """Return the texts that speak, memory by memory."""
    return {frozenset(seen.record["content"] for seen in found.speaking) for found in cluster(prepared, *decisions)}


def texts(*groups: Iterable[str]) -> set[frozenset[str]]:
    """Return sets of texts, for comparison."""
    return {frozenset(group) for group in groups}


def apart(one: Prepared, other: Prepared) -> Decision:
    """Hold two records distinct."""
    return pair(one.observation.node, other.observation.node, "distinct")


def joined(one: Prepared, other: Prepared) -> Decision:
    """Merge two records by hand."""
    return pair(one.observation.node, other.observation.node, "merge")


TEA = take("She likes tea")
TEA_REALLY = take("She really likes tea")
TEA_VERY = take("She actually likes the tea")
COFFEE = take("She likes coffee")
MILK = take("She likes milk")


def test_one_gist_is_one_memory():
    """And another gist another."""
    assert memories([TEA, COFFEE, TEA_REALLY, TEA_VERY]) == texts(
        ["She likes tea", "She really likes tea", "She actually likes the tea"], ["She likes coffee"]
    )


def test_nothing_has_no_clusters():
    """Not even with decisions."""
    assert clusters([], {}, [apart(TEA, COFFEE), joined(TEA, MILK)]) == ([], [])


@pytest.mark.parametrize("order", list(permutations(["She moved in 2016", "She moved", "She moved in 2018"])))
def test_a_bridge_between_two_years_joins_neither(order):
    """Similarity would chain them: "moved in 2016", "moved", "moved in 2018"."""
    assert memories([take(text) for text in order]) == texts(*([text] for text in order))


@pytest.mark.parametrize(
    "order", list(permutations(["Works in the kitchen", "Works in the kithcen", "Really works in the ktichen"]))
)
def test_texts_with_a_typo_join_the_text_they_stand_for(order):
    """Two of them meet only through it."""
    assert memories([take(text) for text in order]) == texts(order)
    without = [text for text in order if text != "Works in the kitchen"]
    assert memories([take(text) for text in without]) == texts(*([text] for text in without))


@pytest.mark.parametrize("order", list(permutations(["Counts the wrods here", "Counts the words here", "Counts the woods here"])))
def test_a_typo_that_could_be_two_texts_joins_neither(order):
    """Nor do the two meet through it; with one of them alone it is that one."""
    assert memories([take(text) for text in order]) == texts(*([text] for text in order))
    for meant in ("Counts the words here", "Counts the woods here"):
        assert memories([take(text) for text in order if text in ("Counts the wrods here", meant)]) == texts(
            ["Counts the wrods here", meant]
        )


def test_distinct_keeps_two_apart_and_leaves_the_others_together():
    """The third stays with one of them."""
    found = memories([TEA, TEA_REALLY, TEA_VERY], apart(TEA, TEA_REALLY))
    assert len(found) == 2
    assert not any({"She likes tea", "She really likes tea"} <= group for group in found)


def test_who_is_distinct_from_all_others_is_a_memory_of_its_own():
    """As `unmerge` holds it; the others stay together."""
    found = memories([TEA, TEA_REALLY, TEA_VERY], apart(TEA, TEA_REALLY), apart(TEA, TEA_VERY))
    assert found == texts(["She likes tea"], ["She really likes tea", "She actually likes the tea"])


def test_distinct_on_a_typo_leaves_the_other_typos_where_they_are():
    """One of three texts taken out of the tree."""
    hub, one, other = take("Works in the kitchen"), take("Works in the kithcen"), take("Works in the ktichen")
    assert memories([hub, one, other], apart(hub, one), apart(one, other)) == texts(
        ["Works in the kitchen", "Works in the ktichen"], ["Works in the kithcen"]
    )


def test_a_typo_held_apart_from_its_word_leaves_the_others_with_the_word():
    """Whatever their keys, of which each order occurs: the word comes first, as it is nearest to the root."""
    orders = set()
    for verb in ("Works", "Sleeps", "Reads", "Cooks", "Sings", "Dances", "Waits", "Writes"):
        for typos in permutations(["kithcen", "ktichen", "kitchn", "kittchen"], 2):
            hub, one, other = (take(f"{verb} in the {word}") for word in ("kitchen", *typos))
            held, with_word = ([f"{verb} in the {word}"] for word in typos)
            assert memories([other, one, hub], apart(hub, one)) == texts(held, [f"{verb} in the kitchen", *with_word])
            ids = [taken.observation.node for taken in (hub, one, other)]
            orders.add(tuple(sorted(range(3), key=ids.__getitem__)))
    assert len(orders) == 6


@pytest.mark.parametrize("typos", list(combinations(["kithcen", "ktichen", "kitchn", "kittchen"], 2)))
def test_of_two_typos_held_distinct_the_one_with_the_smaller_key_stays(typos):
    """The text that both stand for has its place first."""
    hub, *both = (take(f"Works in the {word}") for word in ("kitchen", *typos))
    first, second = sorted(both, key=lambda one: one.observation.node)
    said = [one.observation.record["content"] for one in (hub, first, second)]
    assert memories([second, hub, first], apart(first, second)) == texts(said[:2], said[2:])


def test_a_merge_by_hand_joins_what_no_rule_would():
    """With all that is one with either."""
    assert memories([TEA, COFFEE, MILK, TEA_REALLY], joined(TEA, COFFEE)) == texts(
        ["She likes tea", "She really likes tea", "She likes coffee"], ["She likes milk"]
    )


@pytest.mark.parametrize("order", list(permutations([joined(TEA, COFFEE), joined(COFFEE, MILK)])))
def test_merges_by_hand_chain(order):
    """In whatever order they were said."""
    assert len(memories([TEA, COFFEE, MILK], *order)) == 1


@pytest.mark.parametrize("order", list(permutations([joined(TEA, COFFEE), joined(COFFEE, MILK), apart(TEA, MILK)])))
def test_distinct_is_stronger_than_a_chain_of_merges(order):
    """One of the two merges holds, and always the same."""
    found = memories([TEA, COFFEE, MILK], *order)
    assert found == memories([TEA, COFFEE, MILK], joined(TEA, COFFEE), joined(COFFEE, MILK), apart(TEA, MILK))
    assert len(found) == 2
    assert frozenset(["She likes coffee"]) not in found


def test_distinct_is_stronger_than_a_merge_of_the_same_two():
    """Both decisions stand; apart is the safe one."""
    assert len(memories([TEA, COFFEE], joined(TEA, COFFEE), apart(TEA, COFFEE))) == 2


def test_a_decision_taken_back_leaves_no_trace():
    """Clusters are a function of what is decided now."""
    assert cluster([TEA, TEA_REALLY]) == cluster([TEA_REALLY, TEA])
    assert cluster([TEA, TEA_REALLY], apart(TEA, TEA_REALLY)) != cluster([TEA, TEA_REALLY])


def test_the_newest_version_alone_speaks():
    """The older is history, and holds nothing together."""
    old = take("She likes tea", id="7", is_identity=True, created_at="2025-01-01")
    new = take("She likes coffee", id="7", is_identity=True, created_at="2025-01-02")
    found = {frozenset(seen.record["content"] for seen in one.speaking): len(one.history) for one in cluster([old, new, TEA])}
    assert found == {frozenset(["She likes coffee"]): 1, frozenset(["She likes tea"]): 0}


@pytest.mark.parametrize(("field", "day"), [("updated_at", "2025-02-01"), ("created_at", "2025-02-01")])
def test_a_version_is_as_new_as_it_was_last_changed(field, day):
    """`updated_at` before `created_at`."""
    old = take("She likes tea", id="7", is_identity=True, created_at="2025-01-05")
    new = take("She likes coffee", id="7", is_identity=True, **{"created_at": "2025-01-01", field: day})
    assert principal([old.observation, new.observation]) == new.observation
    assert principal([new.observation, old.observation]) == new.observation


def test_the_date_of_the_source_stands_in_for_a_missing_date():
    """And only for that."""
    old = take("She likes tea", id="7", is_identity=True, as_of=DAYS[1])
    new = take("She likes coffee", id="7", is_identity=True, as_of=DAYS[2])
    assert principal([old.observation, new.observation]) == new.observation


def test_versions_without_a_date_stay_visible_side_by_side():
    """And wait for a person."""
    one, other = (take(text, id="7", is_identity=True) for text in ("She likes tea", "She likes coffee"))
    found, undated = clusters([one.observation, other.observation], {})
    assert sorted(seen.record["content"] for memory in found for seen in memory.speaking) == ["She likes coffee", "She likes tea"]
    assert not any(memory.history for memory in found)
    assert [{pair.one.record["content"], pair.other.record["content"]} for pair in undated] == [
        {"She likes tea", "She likes coffee"}
    ]


def test_the_id_of_a_memory_is_that_of_its_earliest_node():
    """One without a date comes last."""
    early = take("She likes tea", created_at="2025-01-01")
    late = take("She really likes tea", created_at="2025-01-02")
    for order in permutations([early, late, TEA_VERY]):
        assert [found.id for found in cluster(order)] == [early.observation.node]


def test_a_pair_is_in_order_of_its_keys():
    """So that one decision has one form."""
    assert pair(b"b", b"a", "merge") == pair(b"a", b"b", "merge") == Decision(b"a", b"b", "merge")


def key(*parts: object) -> Key:
    """Return a key of 16 bytes."""
    return md5(repr(parts).encode()).digest()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Observation], dict[Key, list[Key]], list[Decision]]:
    """Make observations with versions, dated and undated, groups with typo links, and decisions."""
    groups = [key("group", number) for number in range(GROUPS)]
    group_of = draw(st.lists(st.sampled_from(groups), min_size=6, max_size=6))
    found = {}
    for _ in range(draw(st.integers(1, 9))):
        content, identity, day, variant = draw(
            st.tuples(st.integers(0, 5), st.sampled_from([None, None, 1, 2]), st.sampled_from(DAYS), st.integers(0, 1))
        )
        as_of = draw(st.sampled_from(DAYS))
        record = {"content": str(content), "namespace": "default", "variant": variant, "identity": identity}
        if day:
            record["created_at"] = day
        content_key = key("content", content)
        node = key("id", identity) if identity else content_key
        seen = Observation(key(record), node, content_key, group_of[content], bool(identity), as_of, content, (), record)
        found[seen.key] = seen
    typo_links = {
        group: draw(st.lists(st.sampled_from(groups[at + 1 :]), unique=True, max_size=3)) for at, group in enumerate(groups[:-1])
    }
    seen = list(found.values())
    nodes = {(one.node, other.node) for one in seen for other in seen if one.node != other.node}
    versions = {(one.key, other.key) for one in seen for other in seen if one.node == other.node and one.content != other.content}
    pairs = st.tuples(
        st.sampled_from(sorted(nodes | versions) or [(b"x", b"y")]), st.sampled_from(["merge", "distinct", "supersedes"])
    )
    return seen, typo_links, [pair(*ends, verdict) for ends, verdict in draw(st.lists(pairs, max_size=5))]


def handles_of(found: Cluster) -> list[frozenset[Key]]:
    """Return by which keys each version that speaks can be named."""
    return [frozenset([seen.node, seen.key]) for seen in found.speaking]


@given(worlds(), st.randoms(use_true_random=False))
def test_order_does_not_matter(world, random):
    """Of the observations, of the typo links, of the decisions."""
    observations, typo_links, decisions = world
    expected = clusters(observations, typo_links, decisions)
    shuffled = [random.sample(part, len(part)) for part in (observations, decisions)]
    turned = {group: random.sample(meant, len(meant)) for group, meant in reversed(typo_links.items())}
    assert clusters(shuffled[0], turned, shuffled[1]) == expected
    assert clusters(shuffled[0], turned, shuffled[1] * 2) == expected


@given(worlds())
def test_each_observation_is_in_exactly_one_memory(world):
    """Speaking or as history; memories are ordered by id, and no two have one id."""
    observations, typo_links, decisions = world
    found, _ = clusters(observations, typo_links, decisions)
    assert sorted(seen for one in found for seen in one.observations) == sorted(observations)
    assert all(one.speaking for one in found)
    ids = [one.id for one in found]
    assert ids == sorted(set(ids))


@given(worlds())
def test_what_is_held_distinct_is_in_no_memory_together(world):
    """Whatever else was decided."""
    observations, typo_links, decisions = world
    found, _ = clusters(observations, typo_links, decisions)
    for decision in decisions:
        for one in found:
            named = frozenset().union(*handles_of(one), [seen.node for seen in one.history])
            assert decision.verdict != "distinct" or not named.issuperset(decision.keys)


@given(worlds())
def test_without_a_decision_a_group_is_one_memory(world):
    """And what one memory holds is one tree of typos."""
    observations, typo_links, _ = world
    found, _ = clusters(observations, typo_links)
    homes: dict[Key, set[Key]] = {}
    for one in found:
        for seen in one.speaking:
            homes.setdefault(seen.group, set()).add(one.id)
    assert all(len(ids) == 1 for ids in homes.values())
    for one in found:
        groups = {seen.group for seen in one.speaking}
        roots = [group for group in groups if not groups & set(typo_links.get(group, ()))]
        assert len(roots) == 1


@given(worlds())
def test_a_decision_about_what_is_not_there_changes_nothing(world):
    """Of nothing, of one known thing, or of versions that no longer speak."""
    observations, typo_links, _ = world
    away = [
        pair(key("x"), key("y"), "merge"),
        pair(observations[0].node, key("y"), "distinct"),
        pair(observations[0].node, key("z"), "merge"),
    ]
    assert clusters(observations, typo_links, away) == clusters(observations, typo_links)


@given(worlds())
def test_a_merge_of_two_nodes_alone_joins_them(world):
    """Where nothing is held distinct."""
    observations, typo_links, decisions = world
    merges = [decision for decision in decisions if decision.verdict == "merge"]
    found, _ = clusters(observations, typo_links, merges)
    homes = {handle: one.id for one in found for handles in handles_of(one) for handle in handles}
    nodes = {seen.node for seen in observations}
    undated = {seen.node for seen in observations if seen.is_identity}
    for one, other in (decision.keys for decision in merges):
        if one in homes and other in homes and {one, other} <= nodes - undated:
            assert homes[one] == homes[other]


@given(worlds())
def test_of_what_supersedes_the_newest_speaks(world):
    """All of one memory that was said earlier than the latest date in it, and is of another tree, is history."""
    observations, typo_links, decisions = world
    found, _ = clusters(observations, typo_links, [decision for decision in decisions if decision.verdict == "supersedes"])
    alone = {seen.key: one for one in clusters(observations, typo_links)[0] for seen in one.observations}
    for one in found:
        parts = [*{alone[seen.key].id: alone[seen.key] for seen in one.observations}.values()]
        (newest,) = [part for part in parts if part.speaking == one.speaking]
        assert max(seen.date or "" for seen in newest.speaking) == max(seen.date or "" for part in parts for seen in part.speaking)
        assert one.id in {part.id for part in parts}


@given(worlds())
def test_of_each_identity_the_newest_version_speaks(world):
    """History is that than which another is surely newer; the rest speak, and wait for a person unless they are one memory."""
    observations, typo_links, decisions = world
    found, undated = clusters(observations, typo_links, [decision for decision in decisions if decision.verdict != "supersedes"])
    speaking = {seen.key for one in found for seen in one.speaking}
    for node in {seen.node for seen in observations if seen.is_identity}:
        versions = [seen for seen in observations if seen.node == node]
        ranks = {
            content: max((seen.date or "", seen.as_of or "") for seen in versions if seen.content == content)
            for content in {v.content for v in versions}
        }
        silent = {content for content in ranks if not speaking & {seen.key for seen in versions if seen.content == content}}
        assert silent == {one for one in ranks if any(is_surely_newer(ranks[other], ranks[one]) for other in ranks)}
        homes = {seen.content: memory.id for memory in found for seen in memory.observations if seen.node == node}
        told_apart = len({homes[content] for content in ranks if content not in silent})
        waiting = {frozenset((one.content, other.content)) for one, other in undated if one.node == node}
        assert told_apart == 1 or {content for pair in waiting for content in pair} <= ranks.keys() - silent
        assert bool(waiting) == (told_apart > 1)


def is_surely_newer(one, other):
    """Tell by the date and the date of the source of two versions whether the first is newer; none where nothing is said."""
    if not one[0] or not other[0]:
        return False
    return one[0] > other[0] or (one[0] == other[0] and bool(one[1] and other[1]) and one[1] > other[1])


def test_what_was_superseded_goes_with_what_superseded_it():
    """Also where that is as new as something else that it was held to supersede, of which each goes by itself."""
    homes = [take(f"Lives in {city}", created_at=date) for city, date in (("Rome", DAYS[1]), ("Oslo", DAYS[3]), ("Bonn", DAYS[3]))]
    for old, new, other in permutations(homes):
        if old.changed_at == homes[0].changed_at:
            said = [pair(new.node, other.node, "supersedes"), pair(old.node, new.node, "supersedes")]
            found = {frozenset(seen.node for seen in one.observations) for one in cluster(homes, *said)}
            assert found == {frozenset({old.node, new.node}), frozenset({other.node})}
