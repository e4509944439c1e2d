"""Keys: which records are one observation, one content, one thing, one group."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.config import Policy
from memproc.dedup.keys import identity_key, namespace_number, scope_number
from memproc.dedup.preparing import prepare
from memproc.records import Memory, encode, plain
from tests.groups import Merging, merging

NEAR = Policy()


def take(
    content: str = "She likes tea", *, policy: Policy = NEAR, is_identity: bool = False, as_of: str | None = None, **fields: Any
) -> Merging:
    """Prepare one record."""
    record = plain(Memory(content=content, **{"source": "app", **fields}))
    return merging(prepare(record, is_identity=is_identity, as_of=as_of, policy=policy), policy)


def message(content: str = "Thanks!", **fields: Any) -> Merging:
    """Prepare one event."""
    return take(content, kind="message", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "She likes  tea"},
        {"namespace": "alice"},
        {"source": "other"},
        {"id": "7"},
        {"subject": "Anna"},
        {"kind": "preference"},
        {"created_at": "2025-01-01"},
        {"updated_at": "2025-01-01"},
        {"valid_from": "2025-01-01"},
        {"valid_to": "2025-01-01"},
        {"conversation": "c1"},
        {"tags": ["a"]},
        {"importance": 0.0},
        {"emotion": {"label": "joy"}},
        {"relations": [{"type": "knows", "target": "Anna"}]},
        {"metadata": {"a": None}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_every_accepted_field_is_in_the_key_of_an_observation(fields):
    """So nothing that was said is taken for a repeat of something else."""
    assert take(**fields).observation.key != take().observation.key


def test_nothing_else_is_in_the_key_of_an_observation():
    """Not the order of names, not the date of the source."""
    one = take(id="7", metadata={"a": 1, "b": 2})
    assert take(id="7", metadata={"b": 2, "a": 1}).observation.key == one.observation.key
    assert take(id="7", metadata={"a": 1, "b": 2}, as_of="2025-01-01").observation.key == one.observation.key


def test_an_id_that_is_an_identity_makes_another_observation():
    """Else what the record is would depend on which of two readings came first."""
    one, other = take(id="7"), take(id="7", is_identity=True)
    assert one.observation.key != other.observation.key
    assert one.observation.content == other.observation.content


def test_a_policy_is_in_no_key_of_an_observation():
    """A store built otherwise knows the same observations."""
    keys = {take(policy=Policy(dedup=dedup)).observation.key for dedup in ("off", "exact", "near")}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "other"},
        {"id": "7"},
        {"created_at": "2025-01-01"},
        {"conversation": "c1"},
        {"kind": "preference"},
        {"tags": ["a"]},
        {"importance": 0.5},
        {"metadata": {"line": 3}},
        {"content": "  She likes\tte\u200ba"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_fact_is_the_same_wherever_it_is_said(fields):
    """Source, conversation, time and all that is said about it are not what it says."""
    one, other = take().observation, take(**fields).observation
    assert (one.content, one.node, one.group) == (other.content, other.node, other.group)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"namespace": "Alice"}, {"namespace": "alice"}),
        ({"namespace": "alice"}, {"namespace": "al ice"}),
        ({"namespace": "Alice"}, {"namespace": "Álice"}),
        ({"subject": "Anna"}, {"subject": "anna"}),
        ({"subject": "Anna"}, {}),
        ({"subject": "None"}, {}),
        ({"subject": "null"}, {}),
        ({"valid_from": "2016-01-01"}, {"valid_from": "2018-01-01"}),
        ({"valid_from": "2016-01-01"}, {}),
        ({"valid_from": "2016-01-01"}, {"valid_to": "2016-01-01"}),
        ({"namespace": "a", "subject": "b"}, {"namespace": "b", "subject": "a"}),
        ({"kind": "message"}, {}),
    ],
)
def test_whose_it_is_of_whom_and_when_valid_separate_facts(one, other):
    """Equal words are neither one content nor one group."""
    left, right = take(**one).observation, take(**other).observation
    assert left.content != right.content
    assert left.node != right.node
    assert left.group != right.group


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"conversation": "c1"}, {"conversation": "c2"}),
        ({"conversation": "c1"}, {}),
        ({"created_at": "2025-01-01T10:00:00Z"}, {"created_at": "2025-01-01T10:00:01Z"}),
        ({"subject": "Anna"}, {"subject": "Bob"}),
        ({"namespace": "alice"}, {"namespace": "bob"}),
        ({"id": "1", "is_identity": True}, {"id": "2", "is_identity": True}),
        ({"content": "Thanks!"}, {"content": "Thanks a lot!"}),
    ],
)
def test_an_event_is_the_same_only_when_it_is_the_same_event(one, other):
    """A word of thanks said in two talks is two."""
    left, right = message(**{"content": "Thanks!", **one}).observation, message(**{"content": "Thanks!", **other}).observation
    assert left.content != right.content
    assert left.node != right.node
    assert left.group != right.group


@pytest.mark.parametrize(
    "content", ["she likes tea", "SHE LIKES TEA", "She likes tea.", "“She likes tea”", "- She likes tea", "Note: she likes tea"]
)
def test_what_a_reader_can_see_makes_another_content_of_the_same_group(content):
    """Case, marks and dress: a merge that can be undone, and no duplicate."""
    one, other = take().observation, take(content).observation
    assert one.content != other.content
    assert one.group == other.group


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lives in Turkey", "Lives in turkey"),
        ("Ben owes Anna money", "Owes Anna money"),
        ("Mira, my sister, is ill", "My sister is ill"),
        ("They work with US", "They work with us"),
        ("Paid Bill on time", "Paid bill on time"),
        ("Config is in .env", "Config is in env"),
        ("Runs it with -v", "Runs it with v"),
        ("She says she is “fine”", "She says she is fine"),
        ("The password is secret.", "The password is secret"),
        ("Password is SunFlower", "Password is sunflower"),
        ("The code is: Open Sesame", "The code is: open sesame"),
        ("Hat in Moskau liebe Genossen", "Hat in Moskau Liebe genossen"),
    ],
)
def test_what_could_be_read_as_another_thing_is_another_group(one, other):
    """Though the words are the same."""
    assert take(one).observation.group != take(other).observation.group


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("She likes the Kitchen", "She likes the kitchen"),
        ("LIVES IN TURKEY", "lives in turkey"),
        ("She Likes The Turkey Best", "she likes the turkey best"),
        ("Bill paid the rent", "bill paid the rent"),
        ("Born in May", "born in may"),
        ("Has a key to the house.", "Has a key to the house"),
    ],
)
def test_what_tells_nothing_is_no_other_group(one, other):
    """A capital where no name is, at the start, at every word or at every letter; a key that opens a door."""
    assert take(one).observation.group == take(other).observation.group


@pytest.mark.parametrize(
    "content",
    [
        "Had a seizure today",
        "Lost her job last month",
        "Will pay Ben back on Friday",
        "Moved 3 days ago",
        "Exams are in a fortnight",
        "Se casa el mes que viene",
        "War gestern beim Arzt",
        "明天去医院",
    ],
)
def test_a_fact_of_a_day_is_bound_to_the_day_it_was_said(content):
    """In its content and its group; undated ones stay as they are, and so do those of the same day."""
    one, later = take(content, created_at="2025-01-01").observation, take(content, created_at="2025-03-01").observation
    assert one.content != later.content
    assert one.group != later.group
    assert take(content, created_at="2025-01-01T08:00:00Z").observation.content == one.content
    assert take(content).observation.content == take(content).observation.content


@pytest.mark.parametrize("content", ["Likes tea", "Meets Ann on Fridays", "Has yoga every Monday", "Is here to stay this way"])
def test_a_fact_of_no_day_is_the_same_whenever_it_is_said(content):
    """A habit is no event."""
    one, later = take(content, created_at="2025-01-01").observation, take(content, created_at="2025-03-01").observation
    assert one.content == later.content


def test_an_event_read_again_is_the_same_event():
    """Whatever else is said about it now."""
    first = message(conversation="c1", created_at="2025-01-01", subject="Anna").observation
    again = message("Thanks!", conversation="c1", created_at="2025-01-01", subject="Anna", tags=["new"], source="other").observation
    assert first.content == again.content
    assert first.node == again.node


def test_an_event_has_no_near_tier():
    """Its group is its content."""
    one = message("She really likes the tea")
    assert not one.prepared.is_near
    assert one.observation.group == one.observation.content
    assert one.typo_links == ()


def test_an_id_that_a_reader_derived_makes_no_identity():
    """Only one that the record carries itself."""
    assert take(id="7").observation.node == take(id="8").observation.node
    assert take(id="7", is_identity=True).observation.node != take(id="8", is_identity=True).observation.node


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"content": "She likes coffee"}, True),
        ({"subject": "Anna"}, True),
        ({"created_at": "2025-01-01"}, True),
        ({"valid_from": "2025-01-01"}, True),
        ({"namespace": "alice"}, False),
        ({"source": "other"}, False),
        ({"id": "8"}, False),
    ],
    ids=str,
)
def test_all_versions_of_an_identity_are_one_node(change, is_same):
    """Namespace, source and id make it."""
    base = {"id": "7", "content": "She likes tea"}
    one, other = take(**base, is_identity=True).observation, take(**{**base, **change}, is_identity=True).observation
    assert (one.node == other.node) == is_same


def test_the_identity_of_an_event_is_in_its_conversation():
    """Two exports of one talk agree, whatever they are called; two talks do not."""
    first = message(id="m1", conversation="c1", is_identity=True).observation
    assert message("Edited", id="m1", conversation="c1", source="other", is_identity=True).observation.node == first.node
    assert message(id="m1", conversation="c2", is_identity=True).observation.node != first.node
    assert message(id="m1", is_identity=True).observation.node != first.node


def test_nodes_of_identities_and_of_contents_do_not_meet():
    """Parts of keys are told apart, not strung together."""
    assert identity_key({"namespace": "a", "source": "bc", "id": "d"}) != identity_key(
        {"namespace": "ab", "source": "c", "id": "d"}
    )


def test_the_group_of_a_fact_is_its_gist():
    """Near repeats share it, and no content; a typo leads to it."""
    one, other, typo = take("She likes the kitchen"), take("She really likes the kitchen!"), take("She likes the kithcen")
    assert one.observation.group == other.observation.group != typo.observation.group
    assert one.observation.content != other.observation.content
    assert typo.typo_links == (one.observation.group,)


@pytest.mark.parametrize(
    "fields", [{"namespace": "alice"}, {"subject": "Anna"}, {"valid_from": "2025-01-01"}, {"valid_to": "2025-01-01"}]
)
def test_a_typo_leads_to_groups_of_its_own_scope_only(fields):
    """Of one namespace, subject and time."""
    hub = take("She likes the kitchen", **fields).observation
    assert take("She likes the kithcen", **fields).typo_links == (hub.group,)
    assert hub.group not in take("She likes the kithcen").typo_links


@pytest.mark.parametrize("text", ["She likes the Kithcen", "SHE LIKES THE KITHCEN", "Lyft is what she likes"])
def test_what_is_never_written_in_lower_case_is_a_name_and_no_typo(text):
    """A person, a place or a product may be one letter away from a word."""
    assert take(text).typo_links == ()


@pytest.mark.parametrize("name", ["lyft", "flickr", "fiverr", "tumblr"])
def test_a_known_name_is_no_typo_even_in_lower_case(name):
    """People write their favourite services as they like."""
    assert take(f"She likes the {name}").typo_links == ()


@pytest.mark.parametrize("text", ["Tea", "a", "ok", "no no", "😀", "Really tea", "\u200b"])
def test_a_text_that_says_too_little_merges_where_its_words_are_the_same(text):
    """However they are written; nothing is dropped from them."""
    one = take(text).observation
    assert one.group == take(f"{text}!").observation.group or text in ("😀", "\u200b")
    assert one.group != take(f"Not {text}").observation.group
    assert one.benign == ()


def test_texts_without_words_are_no_group():
    """Nor are two of other signs."""
    groups = [take(text).observation.group for text in ("\u200b", "\u00ad", "😀", "😢", "!", "?")]
    assert len({*groups}) == len(groups)


def test_a_text_too_far_from_its_gist_merges_exactly_only():
    """So that any two of a group are within `merge_at` of each other."""
    text = "She really just actually honestly clearly likes tea"
    assert take(text).observation.group == take("She likes tea").observation.group
    strict = Policy(merge_at=0.95)
    assert take(text, policy=strict).observation.group != take("She likes tea", policy=strict).observation.group
    assert take("She likes the kithcen", policy=strict).typo_links == ()


def test_exact_dedup_knows_contents_and_no_groups():
    """And identities."""
    exact = Policy(dedup="exact")
    one = take("She really likes tea", policy=exact)
    assert one.observation.group == one.observation.content == take("She really  likes tea", policy=exact).observation.content
    assert (
        take(id="7", is_identity=True, policy=exact).observation.node
        == take("New", id="7", is_identity=True, policy=exact).observation.node
    )


def test_without_dedup_each_observation_is_alone():
    """Only the very same record is a repeat."""
    off = Policy(dedup="off")
    one, other = take(policy=off).observation, take(tags=["a"], policy=off).observation
    assert one.key == one.node == one.content == one.group != other.content


def test_the_json_text_is_the_whole_record():
    """What the store keeps."""
    one = take(tags=["a"], metadata={"b": {"c": [1, None]}})
    assert one.prepared.json == encode(one.observation.record)


def test_a_text_of_invisible_characters_is_kept_as_it_is():
    """Its canonical text would be empty, and all such texts one."""
    assert take("\u200b").prepared.text == "\u200b"
    assert take("\u200b").observation.content != take("\u00ad").observation.content


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_numbers_of_two_namespaces_or_subjects_differ(one, other):
    """Within the range of a database's integer; the scope is of both."""
    assert -(2**63) <= namespace_number(one) < 2**63
    assert (namespace_number(one) == namespace_number(other)) == (one == other)
    left, right = {"namespace": one, "subject": other}, {"namespace": other, "subject": one}
    assert (scope_number(left) == scope_number(right)) == (one == other)
    assert scope_number({"namespace": one}) != scope_number(left)
