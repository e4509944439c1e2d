"""What is written in the shape of another system is read back, and written again the same."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import memproc
from memproc.config import Shape
from memproc.folders import written_folder
from memproc.formats import own_note
from memproc.formats.draft import Context
from memproc.formats.generic import TABLE
from memproc.formats.notes import FORMAT as NOTES
from memproc.formats.okf import FORMAT as OKF
from memproc.formats.okf import TRUST
from memproc.formats.writers import FILES, FOLDERS, GRAPHS, markdown, markdown_daily
from memproc.formats.writers import okf as okf_writer
from memproc.formats.writers import table as csv_writer
from tests.command_line import as_json, run_memproc
from tests.exports import exported
from tests.formats.reading import draft, faults

FIXTURES = Path(__file__).parents[2] / "fixtures"
SUFFIXES = {"csv": ".csv", "mem0": ".json", "langgraph": ".json", "mcp": ".jsonl", "markdown": "", "markdown-daily": "", "okf": ""}
READ_AS = {
    "csv": "csv",
    "mem0": "mem0",
    "langgraph": "langgraph",
    "mcp": "mcp-memory",
    "markdown": "markdown",
    "markdown-daily": "markdown",
    "okf": "okf",
}
CONTEXT = Context(fields=frozenset(memproc.Memory.model_fields))
WHOLE = ("csv", "markdown-daily", "okf")  # shapes that have a place for all of a memory
ODD = {
    "content": 'Said: "never", twice;\r\n\n- [ ] a, b #tag [[x]]\n---\n{"a": 1}\n<!-- relations -->\n=1+1\u2028Évora 😀 ',
    "namespace": "ann, b",
    "subject": "Ann: 'the' \"one\"",
    "conversation": "c[1]",
    "kind": "preference",
    "source": "a, b",
    "id": "12",
    "created_at": "2025-01-03T08:15:00.000001Z",
    "updated_at": "2025-01-04T08:15:00Z",
    "valid_from": "2025-01-01",
    "valid_to": "2026-01-01",
    "tags": ["a;b", "tea", "[x]", "\x85"],
    "importance": 0.25,
    "emotion": {"label": "joy", "valence": 0.5, "source": "user"},
    "relations": [
        {"type": "about", "target": "Tea|x", "target_kind": "entity"},
        {"type": "see", "target": "8", "weight": 0.5},
        {"type": "a [[b]]", "target": "c", "target_kind": "external"},
    ],
    "metadata": {"n": [1, {"a": None}], "text": "\u2028x", "title": "A title", "content": {"a": "b"}, "kind": "x"},
}


def rewritten(source: Any, shape: Shape, folder: Path, **options: Any) -> tuple[Path, list[dict[str, Any]]]:
    """Ingest into a new store and write that in a shape; return where, and the memories without what depends on the store."""
    report = memproc.ingest(source, f"{folder}.db", **options)
    assert report.quarantined == 0 or folder.name == "first", report.patterns
    with memproc.open(f"{folder}.db") as store:
        to = folder.with_suffix(SUFFIXES[shape])
        written = store.export_as(to, shape)
        assert written.memories == store.count()
        return to, [memory_without_place(line) for line in exported(store)]


def memory_without_place(line: dict[str, Any]) -> dict[str, Any]:
    """Return the memory of a line of an export."""
    return {name: value for name, value in line.items() if name not in ("id", "observations", "memproc_version")}


def without_trust(memory: dict[str, Any]) -> dict[str, Any]:
    """Return a memory without what a concept of OKF says of who said and confirmed it."""
    metadata = {name: value for name, value in memory.get("metadata", {}).items() if name not in TRUST}
    rest = {name: value for name, value in memory.items() if name != "metadata"}
    return {**rest, "metadata": metadata} if metadata else rest


def sources_in(written: Path) -> list[Path]:
    """Return the files to ingest."""
    return sorted(written.iterdir()) if written.is_dir() else [written]


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return [path.name for path in folder.iterdir()]


def said_in(written: Path) -> object:
    """Return what was written, whatever its order: the order is that of the ids of memories, which are the store's own."""
    if written.is_dir():
        return {path.name: path.read_bytes() for path in written.iterdir()}
    if written.suffix == ".csv":
        with closing(io.StringIO(written.read_bytes().decode(), newline="")) as text:
            return sorted(csv.reader(text))
    return sorted(line.rstrip(b",") for line in written.read_bytes().split(b"\n"))


@pytest.mark.parametrize(
    "name",
    ["okf.md", "memories.jsonl", "memories.csv", "mem0.json", "langgraph.json", "mcp-memory.jsonl", "note.md", "messages.json"],
)
@pytest.mark.parametrize("shape", READ_AS)
@pytest.mark.sampled(4)
def test_what_is_written_is_read_back_and_written_again_the_same(shape, name, tmp_path):
    """From a store, into an empty one, and out again."""
    first, before = rewritten(FIXTURES / name, shape, tmp_path / "first")
    again, after = rewritten(sources_in(first), shape, tmp_path / "again")
    assert said_in(first) == said_in(again)
    assert len(before) == len(after) or shape == "mcp"  # where an entity is told each text once
    if shape in WHOLE:
        assert sorted(map(orjson.dumps, map(without_trust, before))) == sorted(map(orjson.dumps, map(without_trust, after)))


@pytest.mark.parametrize("shape", READ_AS)
def test_odd_texts_and_names_come_through(shape, tmp_path):
    """Quotes, line ends of any kind, what looks like a head or a list, and what separates."""
    first, before = rewritten([ODD], shape, tmp_path / "first")
    again, after = rewritten(sources_in(first), shape, tmp_path / "again", format=READ_AS[shape])
    assert said_in(first) == said_in(again)
    assert [one["content"] for one in before] == [one["content"] for one in after] == [ODD["content"]]
    if shape in WHOLE:
        assert [*map(without_trust, before)] == [*map(without_trust, after)]
    if shape == "markdown":
        (memory,) = after
        assert memory.pop("relations") == [
            {"target": "8", "target_kind": "memory", "type": "see"},
            {"target": "Tea|x", "target_kind": "entity", "type": "about"},
        ]
        assert memory == {name: value for name, value in before[0].items() if name != "relations"}


def test_an_own_id_stays_where_it_is_an_identity(tmp_path):
    """In its own system; elsewhere, and where several records are one memory, it is the id of the memory."""
    first, _ = rewritten(FIXTURES / "mem0.json", "mem0", tmp_path / "first")
    given = {one["id"] for one in json.loads((FIXTURES / "mem0.json").read_bytes())["results"]}
    assert {one["id"] for one in json.loads(first.read_bytes())["results"]} == given
    other, _ = rewritten(FIXTURES / "mem0.json", "langgraph", tmp_path / "other")
    assert all(re.fullmatch("[0-9a-f]{32}", one["key"]) for one in json.loads(other.read_bytes()))
    own, _ = rewritten(FIXTURES / "langgraph.json", "langgraph", tmp_path / "own")
    assert {(*one["namespace"], one["key"]) for one in json.loads(own.read_bytes())} == {
        ("memories", "mara", "7c1d02ea"),
        ("memories", "mara", "7c1d02eb"),
        ("profiles", "mara", "profile"),
    }


def test_fields_without_a_place_go_along(tmp_path):
    """In one object, from which they are read back."""
    record = {"content": "Likes tea", "subject": "ann", "kind": "message", "importance": 0.5, "tags": ["a"]}
    first, before = rewritten([record], "mem0", tmp_path / "first", namespace="n")
    (item,) = json.loads(first.read_bytes())["results"]
    assert item["metadata"] == {"memproc": {"subject": "ann", "kind": "message", "importance": 0.5}}
    assert (item["user_id"], item["categories"]) == ("n", ["a"])
    _, after = rewritten(first, "mem0", tmp_path / "again")
    assert after == [{**before[0], "source": "mem0"}]


def test_what_a_shape_cannot_hold_is_counted(tmp_path):
    """By name."""
    with memproc.open(f"sqlite:///{tmp_path}/m.db") as store:
        memproc.ingest([ODD, {"content": "Has a cat", "source": "a", "relations": [{"type": "on\none", "target": "x"}]}], store)
        left = {shape: store.export_as(tmp_path / f"{shape}.json", shape).left_out for shape in READ_AS}
    assert left["csv"] == left["markdown-daily"] == left["okf"] == {}
    assert left["mem0"] == left["langgraph"] == {"source": 2}
    assert left["markdown"] == {"details of relations": 1, "relations": 2}
    assert left["mcp"] == {
        **dict.fromkeys(("conversation", "created_at", "details of relations", "emotion", "id", "importance", "kind"), 1),
        **dict.fromkeys(("metadata", "namespace", "tags", "updated_at", "valid_from", "valid_to"), 1),
        "source": 2,
    }


def test_a_graph_has_entities_by_subject(tmp_path):
    """Or by namespace, each with its type, and its relations behind all entities."""
    records = [
        {"content": "Likes tea", "namespace": "ann", "subject": "Ann", "metadata": {"entityType": "person"}},
        {"content": "Has a cat", "namespace": "ann", "subject": "Ann", "relations": [{"type": "owns", "target": "Tom"}]},
        {"content": "Rain is due", "namespace": "ann"},
    ]
    to, _ = rewritten(records, "mcp", tmp_path / "m")
    assert [json.loads(line) for line in to.read_text().splitlines()] == [
        {"type": "entity", "name": "Ann", "entityType": "person", "observations": ["Has a cat", "Likes tea"]},
        {"type": "entity", "name": "ann", "entityType": "entity", "observations": ["Rain is due"]},
        {"type": "relation", "from": "Ann", "to": "Tom", "relationType": "owns"},
    ]


@pytest.mark.parametrize("shape", sorted(FILES.keys() - GRAPHS))
def test_an_empty_store_is_an_empty_file_of_its_shape(shape):
    """Valid all the same."""
    with memproc.open("sqlite://") as store:
        stream = io.BytesIO()
        assert store.export_as(stream, shape) == memproc.Exported(0, {})
    assert {"mem0": b'{"results": [\n]}\n', "langgraph": b"[\n]\n", "mcp": b"", "csv": b"id,content\r\n"}[
        shape
    ] == stream.getvalue()


def test_notes_have_safe_and_steady_names(tmp_path):
    """No dots, no slashes, none twice, none too long; readable by their owner only."""
    texts = ["../../etc/passwd", "..", "CON", "ä" * 500, "\U00020000" * 500, "///", "Likes tea", "likes  tea?"]
    with memproc.open("sqlite://", settings=memproc.Settings(dedup="off")) as store:
        memproc.ingest([{"content": text} for text in texts], store)
        count = store.export_as(tmp_path / "vault", "markdown").memories
    names = names_in(tmp_path / "vault")
    assert len(names) == count == len(texts)
    assert all(re.fullmatch(r"[\w-]+-[0-9a-f]{16}\.md", name) and len(os.fsencode(name)) <= 200 for name in names)
    assert [*tmp_path.iterdir()] == [tmp_path / "vault"]
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700
    assert {stat.S_IMODE((tmp_path / "vault" / name).stat().st_mode) for name in names} == {0o600}


def test_a_day_has_its_memories_in_one_note(tmp_path):
    """In the order of their times; what has no date is in a note of its own."""
    records = [
        {"content": "Saw the sea", "created_at": "2025-01-03T18:00:00Z"},
        {"content": "Had porridge\n\n<!-- memproc {} -->\n", "created_at": "2025-01-03T08:00:00+01:00"},
        {"content": "Slept late -->", "subject": "Ann --> Bo", "created_at": "2025-01-04T09:00:00Z"},
        {"content": "Has a cat"},
    ]
    to, before = rewritten(records, "markdown-daily", tmp_path / "first")
    assert sorted(names_in(to)) == ["2025-01-03.md", "2025-01-04.md", "undated.md"]
    day = (to / "2025-01-03.md").read_text()
    assert day.index("Had porridge") < day.index("Saw the sea")
    assert day.startswith('---\nmemproc_day: "2025-01-03"\n---\n<!-- memproc {')
    again, after = rewritten(sources_in(to), "markdown-daily", tmp_path / "again")
    assert said_in(again) == said_in(to)
    assert sorted(map(orjson.dumps, after)) == sorted(map(orjson.dumps, before))


def test_a_note_of_a_day_may_be_edited(tmp_path):
    """A text without its comment is counted, one whose comment was broken is quarantined."""
    to, _ = rewritten([{"content": "Saw the sea", "created_at": "2025-01-03T18:00:00Z"}], "markdown-daily", tmp_path / "first")
    note = to / "2025-01-03.md"
    raw = note.read_text().replace("Saw the sea", "Saw the lake").replace("\n<!--", "\nA fine day.\n<!--", 1)
    note.write_bytes((raw + '<!-- memproc {"id" -->\nLost\n<!-- memproc {"id": "1"} -->\nLost too').replace("\n", "\r\n").encode())
    report = memproc.ingest(note, tmp_path / "m.db")
    assert (report.stored, report.quarantined, report.left_out) == (1, 2, {"paragraphs": 1})
    with memproc.open(tmp_path / "m.db") as store:
        assert [one.content for one in store] == ["Saw the lake"]


def test_a_long_day_goes_on_in_another_note(tmp_path):
    """So that each can be opened."""
    texts = [{"content": f"{at} " + "x" * 300_000, "created_at": "2025-01-03"} for at in range(5)]
    to, _ = rewritten(texts, "markdown-daily", tmp_path / "first", settings=memproc.Settings(dedup="exact"))
    assert sorted(names_in(to)) == ["2025-01-03-2.md", "2025-01-03.md"]


def test_a_concept_says_who_confirmed_it(tmp_path):
    """A person, a policy, or memproc where two systems said the same; what was taken back confirms nothing."""
    records = [
        {"content": "Likes green tea", "source": "app", "id": "1"},
        {"content": "likes green tea!", "source": "crm", "id": "2"},
        {"content": "Pays 640 euros of rent each month", "created_at": "2025-01-01"},
        {"content": "Pays 680 euros of rent each month", "created_at": "2025-06-01"},
    ]
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest(records, store)
        (review,) = store.reviews()
        store.resolve(review, "merge")
        first = concepts_of(store, tmp_path / "first")
        assert {who: [event["by"] for event in said["verified"]] for who, said in first.items()} == {
            "likes green tea!": ["process:memproc"],
            "Pays 640 euros of rent each month": ["human:reviewer"],
        }
        assert first["likes green tea!"]["sources"] == [{"resource": "app"}, {"resource": "crm"}]
    report = memproc.ingest(tmp_path / "first", tmp_path / "again.db")
    assert report.stored == 2
    with memproc.open(tmp_path / "again.db") as store:
        concepts_of(store, tmp_path / "again")
    assert said_in(tmp_path / "first") == said_in(tmp_path / "again")


def test_what_was_taken_back_or_never_decided_confirms_nothing(tmp_path):
    """Nor does one system that said the same twice; a policy is a process."""
    rent = [
        {"content": f"Pays {sum_} euros of rent each month", "created_at": f"2025-0{at}-01"} for at, sum_ in ((1, 640), (6, 680))
    ]
    twice = [{"content": text, "source": "app", "id": str(at)} for at, text in enumerate(("Has a dog", "has a dog!"))]
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest([*rent, *twice], store)
        policy = store.decide_all("confidence >= 0").policy
        made = next(entry.made_at for entry in store.trace(store.find(text="euros")[0].id).ledger if entry.kind == "decision")
        verified = [one["verified"] for one in concepts_of(store, tmp_path / "first").values()]
        assert sorted(map(len, verified)) == [0, 1]
        assert [{"by": "process:memproc", "at": made}] in verified
        store.withdraw_policy(policy)
        assert not any(one["verified"] for one in concepts_of(store, tmp_path / "again").values())
        store.resolve(store.reviews()[0], "merge")
        verified = [one["verified"] for one in concepts_of(store, tmp_path / "last").values() if one["verified"]]
        assert [[event["by"] for event in one] for one in verified] == [["human:reviewer"]]


def concepts_of(store: memproc.Store, to: Path) -> dict[str, dict[str, Any]]:
    """Write concepts, and return the lists in the head of each by its title."""
    store.export_as(to, "okf")
    found = {}
    for path in to.iterdir():
        values = own_note.json_values(path.read_text().split("---\n")[1])
        found[values["title"]] = {"verified": [], **values}
    return found


def test_a_concept_that_came_from_okf_stays_what_it_was(tmp_path):
    """Its type, its title, who wrote and who confirmed it."""
    pytest.importorskip("yaml")
    memproc.ingest(FIXTURES / "okf.md", tmp_path / "m.db")
    with memproc.open(tmp_path / "m.db") as store:
        (concept,) = concepts_of(store, tmp_path / "vault").values()
    assert (concept["type"], concept["title"]) == ("Playbook", "Opening the greenhouse")
    assert concept["generated"] == {"by": "garden_agent/gemini-2.5-pro", "at": "2026-03-02T07:30:00Z"}
    assert [event["by"] for event in concept["verified"]] == ["human:maria", "process:weather-nightly"]
    assert concept["sources"][0] == {"id": "manual", "resource": "https://example.org/greenhouse"}
    assert concept["stale_after"] == "2027-03-01"


def test_a_folder_is_new_or_empty(tmp_path):
    """Otherwise nothing is written; a failure leaves nothing behind."""
    with memproc.open("sqlite://") as store:
        memproc.ingest([{"content": "Likes tea"}], store)
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "a.md").write_text("a")
        (tmp_path / "empty").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "empty")
        for to, why in (("full", "not empty"), ("full/a.md", "no folder"), ("none/in", "make its folder first")):
            with pytest.raises(memproc.UsageError, match=why):
                store.export_as(tmp_path / to, "markdown")
        with pytest.raises(memproc.UsageError, match="a folder of files"):
            store.export_as(io.BytesIO(), "markdown")
        with pytest.raises(memproc.UsageError, match="choose one of csv"):
            store.export_as(tmp_path / "x", "xml")  # type: ignore[arg-type]
        assert store.export_as(tmp_path / "link", "markdown").memories == 1
    assert names_in(tmp_path / "full") == ["a.md"]
    assert len(names_in(tmp_path / "empty")) == 1

    def failing() -> Iterator[tuple[str, bytes]]:
        yield "a.md", b"a"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        written_folder(tmp_path / "new", failing())
    assert not (tmp_path / "new").exists()
    for name in ("../x", "/x", "..", ""):
        with pytest.raises(ValueError, match="no name"):
            written_folder(tmp_path / "new", [(name, b"")])


def test_a_note_that_a_person_edited_is_still_one_memory():
    """As programs write heads: without quotes, with lists in lines, with names of their own."""
    text = "---\nmemproc_version: 1\nid: 7\nsubject: Ann: me\ntags:\n  - tea\n  - a b\naliases:\n  - x\n---\nLikes tea\n"
    report = memproc.validate(next(own_fields(text)))
    assert report.memory is not None
    assert (report.memory.content, report.memory.subject, report.memory.id) == ("Likes tea", "Ann: me", "7")
    assert (report.memory.tags, report.memory.metadata) == (("tea", "a b"), {"aliases": ["x"]})


def test_a_note_of_a_newer_version_is_refused():
    """As any line of such an export is."""
    assert faults(NOTES, {"note": "---\nmemproc_version: 2\nid: 7\n---\nx\n", "name": "n"}) == [
        ("memproc_version", "newer_version")
    ]


def own_fields(text: str) -> Iterator[dict[str, Any]]:
    """Give the fields of a note."""
    read = own_note.read(text, frozenset(memproc.Memory.model_fields))
    assert isinstance(read, own_note.Draft)
    yield read.fields


@settings(max_examples=60)
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(lambda text: bool(text.strip())),
    st.lists(st.text(st.sampled_from("ab;,[]{}\"' #\n\x85"), min_size=1).map(str.strip).filter(bool), max_size=3, unique=True),
)
def test_any_text_and_tags_come_through_tables_and_notes(content, tags):
    """As they were."""
    memory = {**memproc.records.plain(memproc.Memory(content=content, tags=sorted(tags))), "id": "0" * 32, "source": "x"}
    ((_, note),) = markdown.notes(lambda: iter([memory]), _Nothing())
    (fields,) = own_fields(note.decode())
    assert {name: value for name, value in fields.items() if value != []} == memory
    head, _, row = b"".join(csv_writer.lines(lambda: iter([memory]), _Nothing())).partition(b"\r\n")
    item = dict(zip(head.decode().split(","), _cells(row), strict=True))
    read = memproc.validate(draft(TABLE, **item).fields).memory
    assert read is not None
    assert (read.content, read.tags) == (content, memproc.Memory(content=content, tags=sorted(tags)).tags)


@settings(max_examples=60)
@given(
    st.lists(
        st.text(st.sampled_from("a\\<!- mepcro>\n\r\x85{}"), min_size=1).filter(str.strip), min_size=1, max_size=3, unique=True
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip),
)
def test_any_texts_come_through_concepts_and_notes_of_a_day(texts, more):
    """Also those that look like what stands between them."""
    contents = [*texts, more, "<!-- memproc {} -->", "\\<!-- memproc x"]
    base = memproc.records.plain(memproc.Memory(content="x", tags=["tea"], metadata={"verified": "no", "-->": "-->"}))
    memories = [{**base, "content": text, "id": f"{at:032}", "source": "x"} for at, text in enumerate(dict.fromkeys(contents))]
    ((_, note),) = markdown_daily.days(lambda: iter(memories), _Nothing())
    fields = [part.fields for part in NOTES.read({"note": note.decode(), "name": "undated"}, CONTEXT)]
    assert fields == memories
    for memory, (_, concept) in zip(memories, okf_writer.concepts(lambda: iter(memories), _Nothing()), strict=True):
        item = {"note": concept.decode(), "name": "a"}
        assert OKF.matches(item, frozenset())
        (part,) = OKF.read(item, CONTEXT)
        assert part.fields == {**memory, "metadata": {**memory["metadata"], "sources": [{"resource": "x"}]}}


def _cells(row: bytes) -> list[str]:
    (cells,) = csv.reader(io.StringIO(row.decode(), newline=""))
    return cells


class _Nothing(dict[str, int]):
    """Counts that must stay empty."""

    def __setitem__(self, name: str, count: int) -> None:
        raise AssertionError(name)


def test_the_command_tells_what_is_left_out(tmp_path, monkeypatch):
    """And writes a file to standard output."""
    monkeypatch.chdir(tmp_path)
    run_memproc("ingest", FIXTURES / "mem0.json", "--into", "m.db")
    assert "left out, as mcp has no place for it" in run_memproc("export", "m.db", "--to", "x.jsonl", "--as", "mcp")[1]
    _, out, _ = run_memproc("export", "m.db", "--to", "-", "--as", "mem0")
    assert len(json.loads(out)["results"]) == 4
    told = as_json(run_memproc("export", "m.db", "--to", "vault", "--as", "markdown", "--json"))
    assert told == {"memories": 4, "expired": 0, "left_out": {}, "to": "vault"}


def test_each_shape_has_one_writer():
    """A file or a folder."""
    assert sorted([*FILES, *FOLDERS]) == sorted(get_args(Shape))
