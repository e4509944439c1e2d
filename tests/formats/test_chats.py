"""Chats of any program: messages in all their wrappings become events, and nothing of them is hidden, joined or read twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

import memproc
from memproc import Store
from memproc.formats import chats, detect
from memproc.formats.draft import Broken, Context, Draft, LeftOut
from memproc.ingestion import places
from memproc.sources.items import Place
from tests.formats.reading import draft, drafts, faults, left_out, read

FIXTURES = Path(__file__).parents[2] / "fixtures"
TALKS, SHAREGPT, PAIRS, SESSIONS = orjson.loads((FIXTURES / "chats.json").read_bytes())


def said(found: list[Draft]) -> list[tuple[object, object]]:
    """Give who said what."""
    return [(one.fields.get("subject"), one.fields["content"]) for one in found]


def test_messages_are_events_of_their_speakers():
    """With the conversation, its owner, its title and its time."""
    found = drafts(chats.CHATS, TALKS)
    assert said(found) == [
        ("user", "We want to see the Alps in June."),
        ("assistant", "Huts open in the middle of June."),
        ("user", "This is our route."),
    ]
    shared = {"kind": "message", "namespace": "ann", "conversation": "talk-1", "created_at": "2025-06-01T08:00:00Z"}
    assert all(shared.items() <= one.fields.items() for one in found)
    assert found[0].fields["metadata"] == {"title": "Holiday plans", "created_at_from": "conversation"}
    assert [one.is_identity for one in found] == [True] * 3


def test_what_no_speaker_says_is_counted():
    """System and tool messages, thoughts, images, and messages without words."""
    assert left_out(chats.CHATS, TALKS) == {"system": 1, "tool": 2, "thinking": 1, "other_parts": 1, "empty": 1}
    assert left_out(chats.CHATS, SHAREGPT) == {"system_prompts": 1}


def test_it_is_read_on_request_beside_the_words():
    """So the ids of the words stay the same."""
    usual = drafts(chats.CHATS, TALKS)
    more = drafts(chats.CHATS, TALKS, "system", "tool", "thinking")
    assert [one.fields["id"] for one in more if one in usual] == [one.fields["id"] for one in usual]
    assert ("assistant", "June is early.") in said(more)
    assert ("tool", "12 degrees") in said(more)
    assert ("assistant", 'weather\n{"place": "Chamonix"}') in said(more)
    assert len({one.fields["id"] for one in more}) == len(more) == len(usual) + 4


def test_sharegpt_has_its_roles_and_the_id_of_the_sample():
    """The id may be a number."""
    found = drafts(chats.CHATS, SHAREGPT)
    assert said(found) == [("human", "Does risotto need cream?"), ("gpt", "No, butter and cheese are enough.")]
    assert {one.fields["conversation"] for one in found} == {"7"}


def test_a_pair_is_two_messages():
    """Each has the time of the pair; the subject is the name of the field."""
    found = drafts(chats.CHATS, PAIRS)
    assert said(found)[:2] == [("user", "My sister moved to Graz."), ("bot", "When did she move?")]
    assert [one.fields["created_at"][14:16] for one in found] == ["00", "00", "01", "01"]
    assert len({one.fields["id"] for one in found}) == 4


@pytest.mark.parametrize("bot", ["bot", "ai", "assistant", "response", "answer"])
def test_the_other_half_of_a_pair_has_many_names(bot):
    """As programs call it."""
    assert said(drafts(chats.MESSAGES, {"user": "Is it late?", bot: "Half past ten."}))[1] == (bot, "Half past ten.")


def test_each_session_is_a_conversation():
    """An object with a list of messages, or the list."""
    found = drafts(chats.CHATS, SESSIONS)
    assert said(found) == [("Ann", "The boiler is broken again."), ("Tom", "I will call the plumber.")]
    assert found[0].fields["conversation"] == "s1"
    assert len({one.fields["conversation"] for one in found}) == 2


def test_the_ids_and_times_of_messages_are_kept():
    """As are fields without a place of their own; embeddings are dropped and counted."""
    item: dict[str, Any] = {
        "id": "t",
        "messages": [{"id": 5, "role": "user", "text": "Hello", "createdAt": "2025-01-01T00:00:00Z", "mood": "good"}],
    }
    item["messages"][0]["vector"] = [0.5] * 40
    (found,) = drafts(chats.CHATS, item)
    assert found.fields == {
        "content": "Hello",
        "kind": "message",
        "id": "5",
        "subject": "user",
        "conversation": "t",
        "created_at": "2025-01-01T00:00:00Z",
        "metadata": {"mood": "good"},
    }
    assert left_out(chats.CHATS, item) == {"embeddings": 1}


def test_what_stands_beside_the_messages_is_kept_or_counted():
    """Short values go to the metadata; lists and long texts are counted."""
    item = {"model": "m1", "tools": [{"name": "weather"}], "notes": "x" * 500, "messages": [{"role": "user", "content": "Hello"}]}
    (found,) = drafts(chats.CHATS, item)
    assert found.fields["metadata"] == {"model": "m1"}
    assert left_out(chats.CHATS, item) == {"unknown_fields": 2}


def test_a_message_with_its_words_under_another_name_is_a_fault():
    """With the fragment; its neighbours are read."""
    odd = {"role": "user", "words": "Hello"}
    item = {"messages": [odd, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Good day"}, "loose"]}
    broken = [part for part in read(chats.CHATS, item) if isinstance(part, Broken)]
    assert [part.raw for part in broken] == [odd, "loose"]
    assert len(drafts(chats.CHATS, item)) == 2
    wrong = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}, 5]}]}
    assert faults(chats.CHATS, wrong) == [("messages.0.content", "string_type")]
    assert faults(chats.CHATS, {"other": 1}) == [("messages", "missing")]
    assert read(chats.CHATS, {"messages": []}) == [LeftOut("empty_conversations")]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"author": "Ann", "text": "Off to bed", "created_at": "2025-01-01T10:00:00Z"}, ("Ann", "Off to bed")),
        ({"author": "Ann", "body": "Off to bed", "timestamp": 1735725600, "id": 7}, ("Ann", "Off to bed")),
        ({"from": "Ann", "to": "Bob", "body": "Off to bed", "date": "2025-01-01"}, ("Ann", "Off to bed")),
    ],
)
def test_what_an_author_says_at_a_time_is_a_message(item, said):
    """As is what goes from one to another."""
    assert chats.MESSAGES.matches(item, frozenset())
    (found,) = drafts(chats.MESSAGES, item)
    assert (found.fields["subject"], found.fields["content"], found.fields["kind"]) == (*said, "message")


@pytest.mark.parametrize(
    "item",
    [
        {"author": "Ann", "text": "A rose is a rose"},
        {"author": "notes app", "content": "Likes tea", "created_at": "2025-01-01"},
        {"author": "Ann", "text": "Likes tea", "created_at": "2025-01-01", "tags": ["drinks"]},
        {"author": "Ann", "title": "Tea", "text": "All of it", "date": "2025-01-01"},
        {"from": "Ann", "to": "Bob", "subject": "Tea", "body": "All of it", "date": "2025-01-01"},
        {"from": "Graz", "to": "Faro", "text": "by train"},
        {"from": "import", "text": "Likes tea", "created_at": "2025-01-01"},
        {"name": "Ann", "role": "engineer", "content": "Likes tea"},
        {"role": "engineer", "text": "Likes tea"},
        {"role": "user", "content": "Likes tea", "importance": 0.9},
        {"speaker": "Ann", "text": "Likes tea"},
        {"user": "ann", "content": "Likes tea", "answer": "yes"},
        {"question": "Tea?", "answer": "Yes"},
        {"user": "ann", "bot": None},
        {"messages": ["Likes tea"]},
        {"messages": {"count": 3}},
        {"history": [{"year": 2020, "city": "Graz"}]},
        {"conversation": "c1", "content": "Likes tea"},
    ],
)
def test_what_is_no_chat_is_not_taken_for_one(item):
    """A role that is a profession, a name in a column, a list of another kind."""
    assert not any(known.matches(item, frozenset()) for known in (chats.CHATS, chats.MESSAGES))


def test_a_field_of_the_schema_is_no_author():
    """Who has a field `role` knows what it is."""
    item = {"role": "user", "content": "Likes tea"}
    assert detect([item], frozenset()) is chats.MESSAGES
    assert detect([item], frozenset(("role", "content"))) is not chats.MESSAGES


def test_a_message_by_itself_has_its_place_from_the_file():
    """Its own conversation goes first; without a place it has neither conversation nor id."""
    item = {"role": "user", "content": "Hello"}
    (found,) = chats.MESSAGES.read(item, Context(place=Place("c1", 3)))
    assert isinstance(found, Draft)
    assert found.fields["conversation"] == "c1"
    assert found.fields["id"].startswith("3-")
    assert draft(chats.MESSAGES, **item).fields == {"content": "Hello", "kind": "message", "subject": "user", "metadata": {}}


def test_a_bare_list_of_messages_is_one_conversation(tmp_path):
    """Nothing said twice is lost, nothing of one speaker is joined with the other's; reading again adds nothing."""
    with Store(tmp_path / "m.db") as store:
        report = memproc.ingest(FIXTURES / "messages.json", store)
        assert report.format == "messages"
        found = store.find(limit=10)
        assert sorted((one.subject, one.content) for one in found) == [
            ("assistant", "I gave up coffee."),
            ("assistant", "Since when?"),
            ("user", "I gave up coffee."),
            ("user", "ok"),
            ("user", "ok"),
        ]
        assert len({one.conversation for one in found}) == 1
        memproc.ingest(FIXTURES / "messages.json", store)
        assert len(store.find(limit=10)) == 5


TABLE = """session_id,role,content,timestamp
s1,user,Is the kiln free?,2025-03-01T10:00:00Z
s1,assistant,"Yes, from noon.",2025-03-01T10:00:05Z
s1,user,ok,2025-03-01T10:01:00Z
s1,user,ok,2025-03-01T10:02:00Z
s2,tool,{},2025-03-02T10:00:00Z
s2,human,ok,2025-03-02T10:00:00Z
"""


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_of_messages_is_a_chat(suffix, tmp_path):
    """Each row has its turn in its conversation; what no speaker says is counted."""
    path = tmp_path / f"chat{suffix}"
    table = TABLE.replace('"Yes, from noon."', "From noon.")
    path.write_text(table.replace(",", "\t") if suffix == ".tsv" else TABLE)
    with Store(tmp_path / "m.db") as store:
        report = memproc.ingest(path, store)
        assert (report.format, report.stored, report.left_out) == ("messages", 5, {"tool": 1})
        found = store.find(limit=10)
        assert {one.kind for one in found} == {"message"}
        assert sorted((one.conversation, one.subject) for one in found) == [
            ("s1", "assistant"),
            ("s1", "user"),
            ("s1", "user"),
            ("s1", "user"),
            ("s2", "human"),
        ]
        assert memproc.ingest(path, store).stored == 0


@pytest.mark.parametrize(
    "table",
    [
        "role,content\nuser,Likes tea\nbaker,Likes bread\n",
        "role,content,kind\nuser,Likes tea,fact\n",
        "role,name,note\nuser,Ann,Likes tea\n",
        "sender,text\nann,Likes tea\n",
    ],
)
def test_another_table_with_roles_is_no_chat(table, tmp_path):
    """Of people, or of facts; nor is one that is mapped."""
    path = tmp_path / "table.csv"
    path.write_text(table)
    assert memproc.ingest(path, tmp_path / "m.db").format == "csv"
    path.write_text(TABLE)
    assert memproc.ingest(path, tmp_path / "mapped.db", mapping={"subject": "role"}).format == "csv"


def test_a_chat_that_went_on_adds_only_what_is_new(tmp_path):
    """Also as lines, in a wrapper, and from an iterable."""
    messages = orjson.loads((FIXTURES / "messages.json").read_bytes())
    first, longer, wrapped = tmp_path / "first.json", tmp_path / "longer.jsonl", tmp_path / "wrapped.json"
    first.write_bytes(orjson.dumps(messages[:5]))
    longer.write_bytes(b"\n".join(map(orjson.dumps, messages)))
    wrapped.write_bytes(orjson.dumps({"history": messages}))
    with Store(tmp_path / "m.db") as store:
        memproc.ingest(first, store)
        assert len(store.find(limit=10)) == 3
        for again in (longer, wrapped, messages):
            memproc.ingest(again, store)
            assert len(store.find(limit=10)) == 5


def test_two_chats_that_begin_alike_hide_nothing_of_each_other(tmp_path):
    """Their dates do not make one a version of the other."""
    start = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello!"}]
    lines = [
        {"created_at": f"2025-01-0{day}T00:00:00Z", "messages": [*start, {"role": "user", "content": told}]}
        for day, told in ((1, "My cat is ill."), (2, "I found a flat."))
    ]
    path = tmp_path / "chats.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    with Store(tmp_path / "m.db") as store:
        memproc.ingest(path, store)
        assert {"My cat is ill.", "I found a flat."} <= {one.content for one in store.find(limit=10)}


ALIKE = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello!"}]


def chats_alike(*endings):
    """Return chats without ids that begin with the same two messages."""
    return [{"messages": [*ALIKE, {"role": "user", "content": told}]} for told in endings]


def conversations(store):
    """Return what was said in each conversation, by its last words."""
    talks = {}
    for one in store.find(limit=100):
        talks.setdefault(one.conversation, set()).add(one.content)
    return sorted(min(said - {"hi", "Hello!"}) for said in talks.values())


@pytest.mark.parametrize("shape", ["array", "lines", "sessions", "iterable"])
def test_chats_of_a_file_that_begin_alike_are_several(shape, tmp_path):
    """Each is the same when the file is read again, also where others of it have gone on, or new ones stand behind."""
    first, more = chats_alike("My cat is ill.", "I found a flat."), chats_alike("My cat is ill.", "I found a flat.", "It snows.")
    more[0]["messages"].append({"role": "assistant", "content": "Poor thing."})

    def given(talks, name):
        if shape == "iterable":
            return talks
        path = tmp_path / f"{name}.{'jsonl' if shape == 'lines' else 'json'}"
        raw = {"array": talks, "sessions": {"sessions": talks}}.get(shape)
        path.write_bytes(b"\n".join(map(orjson.dumps, talks)) if raw is None else orjson.dumps(raw))
        return path

    with Store(tmp_path / "m.db") as store:
        assert memproc.ingest(given(first, "first"), store).stored == 6
        assert conversations(store) == ["I found a flat.", "My cat is ill."]
        assert memproc.ingest(given(first, "again"), store).stored == 0
        assert memproc.ingest(given(more, "more"), store).stored == 4
        assert conversations(store) == ["I found a flat.", "It snows.", "My cat is ill."]


def test_chats_that_began_at_other_times_are_several_in_any_files(tmp_path):
    """The time of a message says which it was, however it is written."""
    with Store(tmp_path / "m.db") as store:
        for at, time in enumerate(("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z", "2025-01-01T01:00:00+01:00")):
            path = tmp_path / f"{at}.json"
            path.write_bytes(orjson.dumps([{**one, "timestamp": time} for one in ALIKE]))
            memproc.ingest(path, store)
        assert len({one.conversation for one in store.find(limit=100)}) == 2
        assert store.count() == 4


def test_of_too_many_chats_the_first_is_counted_anew(monkeypatch):
    """What is remembered has a bound; what is no object has no conversation."""
    monkeypatch.setattr(places, "MOST_CONVERSATIONS", 2)
    items = [*map(orjson.dumps, [*chats_alike("a", "b"), [1]])]
    items[1:1] = [orjson.dumps({"messages": [{"role": "user", "content": f"{at}"}] * 2}) for at in range(2)]
    assert not any(item.place for item in places.numbered(iter(items), chats.CHATS.made_ids))
    assert next(iter(list(places.numbered(iter([items[0], items[3]]), chats.CHATS.made_ids))[1:])).place.before == (1,)


def test_turns_are_counted_by_conversation(monkeypatch):
    """Where messages name theirs; of too many conversations the first is counted anew."""
    items = [orjson.dumps({"role": "user", "content": "a", "session_id": talk}) for talk in "xyxzx"]
    assert [item.place[:2] for item in places.placed(iter(items), "c", {})] == [("x", 0), ("y", 0), ("x", 1), ("z", 0), ("x", 2)]
    monkeypatch.setattr(places, "MOST_CONVERSATIONS", 2)
    assert [item.place[:2] for item in places.placed(iter(items), "c", {})][-1] == ("x", 0)
    assert [item.place[:2] for item in places.placed(iter([b"[broken", b"{}"]), "c", {})] == [("c", 0), ("c", 1)]


def long_chat(path, count):
    """Write a list of messages, as pretty JSON, of which the fourth has an unreadable date."""
    talk = [{"role": "user" if at % 2 else "assistant", "content": f"Line {at % 3}"} for at in range(count)]
    talk[3]["timestamp"] = "soon"
    path.write_bytes(orjson.dumps(talk, option=orjson.OPT_INDENT_2))
    return path


@pytest.mark.costly
def test_a_resumed_job_gives_each_message_its_turn(tmp_path):
    """Messages that are passed over are counted too."""
    path = long_chat(tmp_path / "chat.json", 30)
    with Store(tmp_path / "a.db") as whole, Store(tmp_path / "b.db") as store:
        memproc.ingest(path, whole)
        short = memproc.Settings(max_seconds=1e-9, batch_size=7)
        statuses = ["stopped"]
        while statuses[-1] == "stopped":
            statuses.append(memproc.ingest(path, store, settings=short, resume=True).status)
        assert len(statuses) > 3
        assert statuses[-1] == "done"
        assert {one.id for one in store.find(limit=100)} == {one.id for one in whole.find(limit=100)}
        assert store.count() == 29


@pytest.mark.costly
@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_messages_have_their_turns_whoever_prepares_them(engine, tmp_path):
    """In any number of chunks."""
    path = long_chat(tmp_path / "chat.json", 60)
    with Store(tmp_path / "a.db") as whole, Store(tmp_path / "b.db") as store:
        memproc.ingest(path, whole)
        memproc.ingest(path, store, engine=engine, settings=memproc.Settings(batch_size=10))
        assert {one.id for one in store.find(limit=100)} == {one.id for one in whole.find(limit=100)}


def test_what_cannot_be_read_of_a_bare_list_is_kept_as_it_stood(tmp_path):
    """The bytes of the element, with its spaces."""
    path = long_chat(tmp_path / "chat.json", 6)
    with Store(tmp_path / "m.db") as store:
        memproc.ingest(path, store)
        (waiting,) = store.quarantine()
        assert waiting.raw in path.read_bytes()
        assert orjson.loads(waiting.raw) == {"role": "user", "content": "Line 0", "timestamp": "soon"}


def test_a_chat_that_is_too_long_for_one_record_is_read_message_by_message(tmp_path):
    """With the same ids, conversation and owner."""
    path = tmp_path / "chat.json"
    path.write_bytes(orjson.dumps(TALKS))
    with Store(tmp_path / "m.db") as store:
        memproc.ingest(path, store)
        first = {one.id: one.namespace for one in store.find(limit=10)}
        report = memproc.ingest(path, store, settings=memproc.Settings(max_record_bytes=400))
        assert report.format == "messages"
        assert {one.id: one.namespace for one in store.find(limit=10)} == first
