"""Relations lead to memories when they are read: also to one that came later, and not into another namespace."""

from __future__ import annotations

import pytest

import memproc

HERE = {"namespace": "ann", "source": "app"}


def related(name, target, **fields):
    """Return a record that has one relation."""
    return {**HERE, "content": f"Said of {target}", "relations": [{"type": name, "target": target}], **fields}


def leads(store, text):
    """Return what the memory with a text leads to: the text of each, or None."""
    [memory] = store.find(text=text)
    return [one.memory and store.get(one.memory).content for one in store.related(memory.id)]


def dangling(store):
    """Return how many relations to memories there are, and how many dangle."""
    return store.stats()["relations"], store.stats()["dangling"]


def test_a_relation_leads_to_what_comes_later(fresh):
    """Until then it is counted as dangling; when that is forgotten it dangles again."""
    with fresh() as store:
        store.add(related("next", "b", id="a"))
        assert (leads(store, "said of b"), dangling(store)) == ([None], (1, 1))
        tea = store.add({**HERE, "id": "b", "content": "Likes tea"}).memory
        assert (leads(store, "said of b"), dangling(store)) == (["Likes tea"], (1, 0))
        store.rebuild()
        assert leads(store, "said of b") == ["Likes tea"]
        store.forget(tea.id)
        assert (leads(store, "said of b"), dangling(store)) == ([None], (1, 1))


def test_circles_are_allowed(fresh):
    """Also one of one memory."""
    with fresh() as store:
        store.add(related("next", "b", id="a"))
        store.add(related("back", "a", id="b"))
        store.add(related("self", "c", id="c"))
        assert (leads(store, "said of b"), leads(store, "said of a"), leads(store, "said of c")) == (
            ["Said of a"],
            ["Said of b"],
            ["Said of c"],
        )
        assert dangling(store) == (3, 0)


@pytest.mark.parametrize("source", [None, "app"])
def test_the_id_of_a_record_leads_to_its_memory_with_a_source_or_without(fresh, source):
    """Without one it is no identity, and leads somewhere if one memory has it alone."""
    with fresh() as store:
        records = [
            {"id": "1", "content": "Likes tea", "namespace": "ann"},
            {"content": "Said of it", "namespace": "ann", "relations": [{"type": "x", "target": "1"}]},
        ]
        memproc.ingest(records, into=store, source=source)
        assert leads(store, "said of it") == ["Likes tea"]
        memproc.ingest([{"id": "1", "content": "Has four hens in the yard", "namespace": "ann"}], into=store, source=source)
        assert dangling(store) == (1, 0 if source else 1)


def test_the_ids_that_a_store_gave_lead_there(fresh):
    """Of a memory, of an observation, and of what has merged into another since."""
    with fresh() as store:
        walk = store.add({**HERE, "content": "She took a long walk along the old river this morning"}).memory
        again = store.add({**HERE, "content": "She really took a long walk along the old river this morning"})
        assert again.outcome == "merged"
        trace = store.trace(walk.id)
        for name in {walk.id, again.memory.id, *(seen.observation for seen in trace.observations)}:
            store.add(related("x", name))
            assert leads(store, name) == [again.memory.content]
        assert dangling(store)[1] == 0


def test_a_message_leads_to_another_of_its_conversation(fresh):
    """The id of a message is one in its conversation."""
    with fresh() as store:
        talk = {**HERE, "kind": "message", "conversation": "c"}
        store.add({**talk, "id": "1", "content": "Hello"})
        store.add({**talk, "id": "1", "conversation": "d", "content": "Good morning"})
        store.add(related("reply", "1", **{**talk, "id": "2"}))
        assert leads(store, "said of 1") == ["Hello"]


def test_nothing_leads_into_another_namespace_or_source(fresh):
    """Nor to what is no memory."""
    with fresh() as store:
        tea = store.add({**HERE, "namespace": "ben", "id": "b", "content": "Likes tea"}).memory
        store.add({**HERE, "source": "other", "id": "b", "content": "Likes milk"})
        store.add(related("x", "b"))
        store.add(related("x", tea.id))
        store.add({**HERE, "content": "About b", "relations": [{"type": "x", "target": "b", "target_kind": "entity"}]})
        assert (leads(store, "said of b"), leads(store, tea.id), leads(store, "about b")) == ([None], [None], [None])
        assert dangling(store) == (2, 2)


def test_what_has_expired_is_still_led_to(fresh):
    """It is hidden, and not gone."""
    with fresh() as store:
        store.add({**HERE, "id": "b", "content": "Likes tea", "created_at": "2001-01-01"})
        store.add(related("x", "b"))
        store.expire(older_than="2y")
        assert leads(store, "said of b") == ["Likes tea"]


def test_an_unknown_memory_has_no_relations(fresh):
    """It is told."""
    with fresh() as store, pytest.raises(memproc.NotFoundError):
        store.related("00")
