"""Finding: by what a memory is and holds, a page at a time, and by ids of the caller's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import memproc
from memproc.dedup.text.canonical import canonical
from memproc.store.rows import finding
from memproc.store.rows.memories import to_memory
from tests.databases import work_of

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def fill(store, count, namespace="ann", **fields):
    """Ingest records of different days, every fifth without a date, and every third told twice."""
    records = []
    for at in range(count):
        date = {} if at % 5 == 0 else {"created_at": (FIRST + timedelta(days=at // 3)).isoformat()}
        record = {"content": f"Bought item {at} of the list", "namespace": namespace, **date, **fields}
        records += [record, {**record, "tags": ["again"]}] if at % 3 == 0 else [record]
    memproc.ingest(records, store)


def pages(store, size, between=lambda: None, **which):
    """Return what pages of a size give, one after the other."""
    found = page = store.find(limit=size, **which)
    while page:
        between()
        page = store.find(limit=size, after=page[-1], **which)
        found = found + page
    return found


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_give_all_once_in_the_order_of_one_listing(fresh, size):
    """The newest first, those without a date last; also where many are of one date."""
    with fresh() as store:
        fill(store, 40)
        fill(store, 5, namespace="bob")
        whole = store.find(namespace="ann", limit=None)
        dates = [memory.created_at for memory in whole if memory.created_at]
        assert len(whole) == 40
        assert dates == sorted(dates, reverse=True)
        assert [memory.created_at for memory in whole[len(dates) :]] == [None] * 8
        assert pages(store, size, namespace="ann") == whole
        assert [memory.id for memory in pages(store, size)] == [memory.id for memory in store.find(limit=None)]


def test_pages_stay_right_while_others_write(fresh):
    """What was there and stays is given once, whatever comes, changes or goes meanwhile."""
    with fresh() as store:
        fill(store, 20)
        before = store.find(namespace="ann", limit=None)
        gone = before[-1]
        numbers = iter(range(100))

        def write():
            at = next(numbers)
            store.add({"content": f"Sold thing {at} to somebody", "namespace": "ann", "created_at": "2025-01-01"})
            if at == 0:
                store.forget(gone.id)

        found = pages(store, 3, write, namespace="ann")
        assert [memory for memory in found if memory in before] == before[:-1]


def test_a_cursor_is_text(fresh):
    """For a page that another process asks for; what is none is refused."""
    with fresh() as store:
        fill(store, 6)
        whole = store.find()
        for at, memory in enumerate(whole):
            assert store.find(after=store.cursor(memory)) == whole[at + 1 :]
        for wrong in ("", "1.2", "x." + "0" * 32, "0" * 32):
            with pytest.raises(memproc.UsageError, match="give the last memory of the page before"):
                store.find(after=wrong)


def test_find_asks_for_every_kind_of_thing(fresh):
    """Names, tags, labels, targets, times and words, each by itself and together."""
    said = {
        "content": 'Told Leo about the "Fest" in Köln',
        "namespace": "ann",
        "subject": 'The "Chef"',
        "conversation": "c/1",
        "kind": "message",
        "created_at": "2024-05-01T12:00:00Z",
        "tags": ["50%_off", "fest"],
        "emotion": {"label": "joy"},
        "relations": [{"type": "about", "target": "leo\\1", "target_kind": "entity"}],
    }
    which = {
        "namespace": "ann",
        "subject": 'The "Chef"',
        "conversation": "c/1",
        "kind": "message",
        "tag": "50%_off",
        "emotion": "joy",
        "relation": "leo\\1",
        "text": "KÖLN",
        "since": "2024-05-01T12:00:00Z",
        "until": "2024-05-01T12:00:01Z",
    }
    others = {
        "tag": "fes",
        "emotion": "Joy",
        "relation": "leo",
        "text": "Bonn",
        "since": "2024-05-02",
        "until": "2024-05-01T12:00:00Z",
    }
    with fresh() as store:
        store.add({"content": "Likes tea in the garden", "namespace": "bob"})
        memory = store.add(said).memory
        for name, value in which.items():
            assert store.find(**{name: value}) == [memory], name
            assert store.find(**{name: others.get(name, "x")}) == [], name
        assert store.find(**which) == [memory]


@pytest.mark.costly
def test_find_of_a_small_namespace_does_not_read_the_large_one(fresh_file):
    """Its steps are counted."""
    with fresh_file() as store:
        fill(store, 20)
        store.find(namespace="ann")
        with work_of(store) as before:
            small = store.find(namespace="ann")
        fill(store, 1_500, namespace="bob")
        with work_of(store) as after:
            assert store.find(namespace="ann") == small
        assert after.steps < before.steps * 2


def test_get_takes_the_ids_of_the_caller(fresh):
    """With their source and namespace, whether the source was named or is that of the format, in a conversation too."""
    with fresh() as store:
        tea = store.add({"id": "7", "content": "Likes tea", "source": "app"}).memory
        said = store.add({"id": "7", "content": "Hello there", "source": "app", "namespace": "bob", "kind": "message"}).memory
        chat = store.add(
            {"id": "8", "content": "Hello again", "source": "app", "namespace": "bob", "kind": "message", "conversation": "c"}
        ).memory
        plain = store.add({"id": "9", "content": "Sings in a choir"}).memory
        store.add({"id": "9", "content": "Plays the piano", "source": "app"})
        assert store.get("7", source="app") == store.get("7", namespace="default") == tea
        assert store.get("7", source="app", namespace="bob") == said
        assert store.get("8", source="app", namespace="bob") == chat
        assert store.get("9", source="json") == plain
        assert store.get("9", source="other") is None
        with pytest.raises(memproc.UsageError, match="several memories of namespace 'default' have the id '9'"):
            store.get("9", namespace="default")


@pytest.mark.costly
def test_an_id_is_completed(fresh):
    """From any beginning that no other id has."""
    with fresh() as store:
        ids = [store.add({"content": f"Item {at} of it"}).memory.id for at in range(40)]
        every = {*ids, *(seen.observation for one in ids for seen in store.trace(one).observations)}
        for one in ids[:5]:
            length = next(at for at in range(1, 33) if is_one(every, one[:at]))
            assert store.full_id(one[:length]) == store.full_id(one[: length + 1]) == store.full_id(one.upper()[:31]) == one
        with pytest.raises(memproc.UsageError, match="begins several ids"):
            store.full_id(next(digit for digit in "0123456789abcdef" if sum(one.startswith(digit) for one in ids) > 1))
        with pytest.raises(memproc.NotFoundError):
            store.full_id("0" * 31)


def is_one(ids, beginning):
    """Tell whether one id alone begins so."""
    return len({one for one in ids if one.startswith(beginning)}) == 1


def test_namespaces_are_listed_by_name(fresh):
    """Each once, however much is in it; one of which all is forgotten is gone, and one of which all has expired is not."""
    with fresh() as store:
        assert store.namespaces() == []
        for at in range(12):
            store.add({"content": f"Bought item {at}", "namespace": f"n{at % 5}", "created_at": "2020-01-01"})
        store.add({"content": "Prefers tea", "namespace": "ключ/ 50%"})
        store.forget(namespace="n3")
        store.expire(older_than="1d", namespace="n4")
        assert store.namespaces() == ["n0", "n1", "n2", "n4", "ключ/ 50%"]


SPELLINGS = (
    "Reads THE Times",
    "reads the times\nat noon",
    'says "the times" are C:\\new\\Temp',
    "The\u00a0Times of \u212aiel",  # a sign for kelvin is a k
    "\uff34\uff28\uff25 \uff34\uff29\uff2d\uff25\uff33",  # full width
    "\u0130stanbul times",
    "Ma\u00dfe of time",
    "10\u2075 times",
    "it\u2019s time",
    "it`s time 100%_",
    "TIMES",
    "tImEs/New",
)
ASKED = (
    "the times",
    "TIMES",
    "kiel",
    "it's",
    'says "the',
    "times at",
    "\\new",
    "100%_",
    "i",
    "\u0130",
    "ma\u00dfe",
    "10^5",
    "!!",
    "e_",
    "times/New",
)


@pytest.mark.parametrize("text", ASKED)
def test_the_database_leaves_out_no_text_that_would_be_found(fresh, text):
    """What is found is what has the canonical text in its own, as reading all of them tells."""
    with fresh() as store:
        memproc.ingest([{"content": content, "kind": "message", "id": str(at)} for at, content in enumerate(SPELLINGS)], store)
        held = [memory.content for memory in store.find(limit=None) if canonical(text) in canonical(memory.content)]
        assert [memory.content for memory in store.find(text=text)] == held


def test_a_text_is_looked_for_by_the_database(fresh, monkeypatch):
    """So that of a large namespace only what is likely is read."""
    read = []
    monkeypatch.setattr(finding, "to_memory", lambda *given: read.append(given) or to_memory(*given))
    with fresh() as store:
        fill(store, 40)
        store.add({"content": "Keeps a giraffe", "namespace": "ann"})
        assert [memory.content for memory in store.find(namespace="ann", text="GIRAFFE")] == ["Keeps a giraffe"]
        assert len(read) == 1


def test_a_text_that_is_too_long_for_a_pattern_is_found(fresh):
    """SQLite takes none of more than 50,000 bytes."""
    long = "a" * 60_000
    with fresh() as store:
        for text in (long, f"{long}b"):
            store.add({"content": text, "kind": "message"})
        assert len(store.find(text=f"{long}b")) == 1
        assert store.find(tag=long) == []


@pytest.mark.parametrize("name", ["text", "tag", "namespace", "subject"])
def test_what_is_no_unicode_is_nowhere(name, fresh):
    """Nor is it what stands for it where it is looked for."""
    with fresh() as store:
        store.add({"content": "?", "tags": ["?"], "namespace": "?", "subject": "?"})
        assert store.find(**{name: "\udcff"}) == []
