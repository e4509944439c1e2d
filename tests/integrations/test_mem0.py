"""The shape of mem0: names and results as the real package has them, and what memproc has beside."""

from __future__ import annotations

import inspect

import pytest

import memproc
from memproc.integrations.mem0 import Memory

METHODS = ("add", "get", "get_all", "search", "update", "delete", "delete_all", "history", "reset", "close")
ITEM = {"id", "memory", "hash", "metadata", "created_at", "updated_at"}  # of mem0's MemoryItem, without the score
STEP = {
    *("id", "memory_id", "old_memory", "new_memory", "event", "created_at", "updated_at", "is_deleted", "actor_id", "role"),
}


@pytest.fixture
def memory(fresh_file):
    """Give an empty one."""
    with fresh_file() as store:
        yield Memory(store)


def texts(found):
    """Return what the results of a call say."""
    return [item["memory"] for item in found["results"]]


@pytest.mark.parametrize("name", METHODS)
def test_the_parameters_are_those_of_mem0(name):
    """By name, order and kind; also the defaults, but that of `infer`, which needs a model."""
    real = pytest.importorskip("mem0.memory.main", exc_type=ImportError).Memory
    ours, theirs = (inspect.signature(getattr(one, name)).parameters.values() for one in (Memory, real))
    assert [(one.name, one.kind) for one in ours] == [(one.name, one.kind) for one in theirs]
    own = [one.name for one, other in zip(ours, theirs, strict=True) if one.default != other.default]
    assert own in ([], ["expiration_date"]) or (name, own) == ("add", ["infer"])  # a mark of each package for "not given"


def test_an_item_has_the_fields_of_mem0():
    """Those that its class names, and the score where there is one."""
    configs = pytest.importorskip("mem0.configs.base", exc_type=ImportError)
    assert {*configs.MemoryItem.model_fields} == {*ITEM, "score"}


def test_what_is_added_is_got_listed_and_found(memory):
    """Each result in its shape, with whose it is beside."""
    [added] = memory.add("Prefers green tea", user_id="ann", metadata={"sure": 0.9, "user_id": "bob"})["results"]
    assert added == {"id": added["id"], "memory": "Prefers green tea", "event": "ADD", "actor_id": None, "role": "user"}
    item = memory.get(added["id"])
    assert item.keys() == {*ITEM, "score", "user_id", "role"}
    assert (item["memory"], item["user_id"], item["metadata"], item["score"]) == ("Prefers green tea", "ann", {"sure": 0.9}, None)
    [listed] = memory.get_all(filters={"user_id": "ann"})["results"]
    assert {**listed, "score": None} == item
    memory.add("Has a cat", user_id="ann")
    assert texts(memory.get_all(filters={"user_id": "ann"})) == ["Has a cat", "Prefers green tea"]
    assert texts(memory.get_all(filters={"user_id": "ann"}, top_k=1)) == ["Has a cat"]
    [found] = memory.search("Which tea?", filters={"user_id": "ann"}, explain=True)["results"]
    assert found == {**listed, "score": 0.5, "score_details": {"words": ["tea"]}}
    assert texts(memory.search("which green tea", filters={"user_id": "ann"}, threshold=0.7)) == []
    assert memory.get("0" * 32) is None


def test_messages_are_kept_by_who_speaks(memory):
    """Not those of the system; what two people say is never one memory."""
    said = [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "I like tea", "name": "ann"},
        {"role": "assistant", "content": "I like tea"},
    ]
    found = memory.add(said, user_id="u")["results"]
    assert [(one["role"], one["actor_id"], one["event"]) for one in found] == [("user", "ann", "ADD"), ("assistant", None, "ADD")]
    for wrong in (7, [{"role": "user"}], [{"role": "user", "content": [{"type": "image_url"}]}]):
        with pytest.raises(memproc.UsageError, match="messages: "):
            memory.add(wrong, user_id="u")


def test_what_is_said_twice_is_kept_once(memory):
    """Which the event tells; a merge can be undone in the store."""
    events = []
    for text in ("Prefers green tea", "prefers green tea.", "Prefers green tea"):
        [added] = memory.add(text, user_id="ann")["results"]
        events.append(added["event"])
    assert events == ["ADD", "UPDATE", "NONE"]
    assert len(memory.get_all(filters={"user_id": "ann"})["results"]) == 1
    seen = next(one.observation for one in memory.store.trace(added["id"]).observations if one.outcome == "merged")
    memory.store.unmerge(seen)
    assert len(memory.get_all(filters={"user_id": "ann"})["results"]) == 2


def test_whose_it_is_is_kept_apart(memory):
    """A user, an agent and a run of one name are three, and what a run of a user holds is also the user's."""
    for ids in ({"user_id": "x"}, {"agent_id": "x"}, {"run_id": "x"}, {"user_id": "x", "run_id": "r"}, {"user_id": "y"}):
        assert memory.add("Prefers tea", **ids)["results"][0]["event"] == "ADD"
    memory.add("Prefers tea", user_id="x", agent_id="a", run_id="r")

    def owners(**filters):
        kept = ("user_id", "agent_id", "run_id")
        return [{name: item[name] for name in kept if name in item} for item in memory.get_all(filters=filters)["results"]]

    both = {"user_id": "x", "agent_id": "a", "run_id": "r"}
    assert owners(user_id="x") == [both, {"user_id": "x", "run_id": "r"}, {"user_id": "x"}]
    assert owners(agent_id="x") == [{"agent_id": "x"}]
    assert owners(run_id="x") == [{"run_id": "x"}]
    assert owners(run_id="r") == [both, {"user_id": "x", "run_id": "r"}]
    assert owners(agent_id="a", user_id="x") == [both]
    memory.delete_all(run_id="r", user_id="x", agent_id="a")
    assert owners(user_id="x") == [{"user_id": "x", "run_id": "r"}, {"user_id": "x"}]
    memory.delete_all(user_id="x")
    assert (owners(user_id="x"), owners(user_id="y"), owners(agent_id="x")) == ([], [{"user_id": "y"}], [{"agent_id": "x"}])


FILTERS = [
    ({"sure": {"gte": 0.5}}, ["b"]),
    ({"kind": {"in": ["x", "z"]}}, ["a"]),
    ({"kind": {"nin": ["x"]}}, ["b"]),
    ({"kind": {"icontains": "Y"}}, ["b"]),
    ({"sure": "*"}, ["b", "a"]),
    ({"OR": [{"kind": "x"}, {"kind": "y"}]}, ["b", "a"]),
    ({"NOT": [{"kind": "x"}]}, ["b"]),
    ({"AND": [{"kind": "x"}, {"sure": {"lt": 1}}]}, ["a"]),
    ({"memory": {"contains": "b"}}, ["b"]),
    ({"kind": {"ne": "x"}, "sure": {"eq": 0.9}}, ["b"]),
]


@pytest.mark.parametrize(("wanted", "found"), FILTERS, ids=str)
def test_filters_compare_as_those_of_mem0(memory, wanted, found):
    """By what the metadata holds."""
    memory.add("a", user_id="u", metadata={"kind": "x", "sure": 0.1})
    memory.add("b", user_id="u", metadata={"kind": "y", "sure": 0.9})
    assert texts(memory.get_all(filters={"user_id": "u", **wanted})) == found


def test_a_change_is_history_and_a_deletion_is_told(memory):
    """What was said before stands in the history; of a deleted memory only that it was deleted."""
    [added] = memory.add("Lives in Rome", user_id="ann", metadata={"a": 1})["results"]
    assert memory.update(added["id"], "Lives in Oslo", metadata={"b": 2}) == {"message": "Memory updated successfully!"}
    assert memory.update(added["id"], data="Lives in Bergen")
    item = memory.get(added["id"])
    assert (item["memory"], item["metadata"]) == ("Lives in Bergen", {"a": 1, "b": 2})
    steps = memory.history(added["id"])
    assert [(one["event"], one["old_memory"], one["new_memory"]) for one in steps] == [
        ("ADD", None, "Lives in Rome"),
        ("UPDATE", "Lives in Rome", "Lives in Oslo"),
        ("UPDATE", "Lives in Oslo", "Lives in Bergen"),
    ]
    assert all(one.keys() == STEP for one in steps)
    assert memory.delete(added["id"]) == {"message": "Memory deleted successfully!"}
    [gone] = memory.history(added["id"])
    assert (gone["event"], gone["is_deleted"], gone["old_memory"], gone.keys()) == ("DELETE", True, None, STEP)
    assert memory.history("0" * 32) == []
    assert memory.add("Lives in Bergen", user_id="ann")["results"][0]["event"] == "ADD"
    for call in (memory.delete, lambda one: memory.update(one, "x")):
        with pytest.raises(memproc.UsageError, match="there is no memory with the id"):
            call("0" * 32)


def test_a_last_day_hides_what_is_over(memory):
    """The day itself still counts; it can be taken away."""
    [old] = memory.add("Was here", user_id="ann", expiration_date="2020-01-31")["results"]
    [new] = memory.add("Will be here", user_id="ann", expiration_date="2999-12-31")["results"]
    assert texts(memory.get_all(filters={"user_id": "ann"})) == ["Will be here"]
    assert texts(memory.search("here", filters={"user_id": "ann"}, show_expired=True)) == ["Will be here", "Was here"]
    assert memory.get(new["id"])["expiration_date"] == "2999-12-31"
    assert memory.store.get(old["id"]).valid_to.isoformat() == "2020-02-01T00:00:00+00:00"
    memory.update(old["id"], expiration_date=None)
    assert "expiration_date" not in memory.get(old["id"])
    assert len(memory.get_all(filters={"user_id": "ann"})["results"]) == 2


WRONG = {
    "infer=True: memproc has no model": lambda memory: memory.add("x", user_id="u", infer=True),
    "say whose the memories are": lambda memory: memory.add("x"),
    "give a name without white space": lambda memory: memory.add("x", user_id="a b"),
    "without invisible characters at its ends": lambda memory: memory.add("x", user_id="x\u200b"),
    "agent_id='\\\\u200b'": lambda memory: memory.delete_all(user_id="x", agent_id="\u200b"),
    "user_id='x\\\\u200b'": lambda memory: memory.delete_all(user_id="x\u200b"),
    "prompt: memproc has no model": lambda memory: memory.add("x", user_id="u", prompt="y"),
    "content: ": lambda memory: memory.add(" ", user_id="u"),
    "user_id: say it in filters": lambda memory: memory.get_all(user_id="u"),
    "say whose": lambda memory: memory.search("x", filters={"sure": 1}),
    "rerank: memproc has no model": lambda memory: memory.search("x", filters={"user_id": "u"}, rerank=True),
    "give at least one word": lambda memory: memory.search("?!", filters={"user_id": "u"}),
    "top_k=-1": lambda memory: memory.get_all(filters={"user_id": "u"}, top_k=-1),
    "threshold=2": lambda memory: memory.search("x", filters={"user_id": "u"}, threshold=2),
    "expiration_date='soon'": lambda memory: memory.add("x", user_id="u", expiration_date="soon"),
    "'near' compares nothing": lambda memory: memory.get_all(filters={"user_id": "x", "sure": {"near": 1}}),
    "OR: give a list of filters": lambda memory: memory.get_all(filters={"user_id": "x", "OR": {}}),
    "give a text, metadata or an expiration_date": lambda memory: memory.update(next(iter(memory.store)).id),
}


@pytest.mark.parametrize("told", WRONG)
def test_what_is_wrong_is_told_with_its_mend(memory, told):
    """As a ValueError, which mem0 raises too; and nothing is added."""
    memory.add("Was there", user_id="x")
    with pytest.raises(ValueError, match=told):
        WRONG[told](memory)
    assert memory.store.count() == 1


def test_what_a_store_has_already_is_there(tmp_path):
    """So an export of mem0 that was ingested is what the calls find; `reset` forgets all."""
    path = tmp_path / "m.db"
    memproc.ingest([{"id": "1", "memory": "Plays chess", "user_id": "ann", "run_id": "r1", "hash": "x"}], path, format="mem0")
    with Memory(path) as memory:
        [item] = memory.get_all(filters={"user_id": "ann"})["results"]
        assert (item["memory"], item["user_id"], item["run_id"]) == ("Plays chess", "ann", "r1")
        memory.reset()
        assert memory.store.count() == 0
    with pytest.raises(memproc.StoreError):
        memory.store.count()
