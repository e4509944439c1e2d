"""Files that are no memories, or not in the way that was said: each is refused with what to do, and nothing is stored."""

from __future__ import annotations

import json

import pytest

import memproc
from memproc.errors import SourceError

REFUSED = {
    "table.csv": ("id,user_input,ai_output\n7,Hi,Hello\n", "has id, user_input, ai_output: try --map"),
    "pages.csv": ("Name,Tags\nPrefers rail,travel\n", "try --map content=Name"),
    "pointer.json": ("version https://git-lfs.github.com/spec/v1\noid sha256:59d\nsize 6\n", "git lfs pull"),
    "twice.json": (json.dumps(json.dumps([{"content": "Prefers tea"}])), "decode it once"),
    "twice.jsonl": (json.dumps('{"content": "a"}') + "\n" + json.dumps('{"content": "b"}') + "\n", "decode it once"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_list_of_memories_is_refused(tmp_path, name):
    """With the way out."""
    text, told = REFUSED[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError) as refused:
        memproc.ingest(tmp_path / name, tmp_path / "m.db")
    assert told in str(refused.value)
    assert not (tmp_path / "m.db").exists()


RECORDS = [{"text": "Prefers tea", "when": "2025-01-02", "who": {"name": "Ann"}}] * 30


def test_a_mapping_that_finds_nothing_is_refused_with_the_nearest_names(tmp_path):
    """In a table too; what only some of the first thousand records have is found."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(RECORDS))
    for mapping, near in (({"created_at": "whenn"}, "Did you mean when?"), ({"subject": "who.nam"}, "Did you mean who.name?")):
        with pytest.raises(SourceError, match="none of the first 30 records") as refused:
            memproc.ingest(path, tmp_path / "m.db", mapping=mapping)
        assert near in str(refused.value)
    with pytest.raises(SourceError, match=r"has text, when, who\.name"):
        memproc.ingest(path, tmp_path / "m.db", mapping={"namespace": "zzz"})
    (tmp_path / "a.csv").write_text("content,whose\nPrefers tea,ann\n")
    with pytest.raises(SourceError, match="Did you mean whose"):
        memproc.ingest(tmp_path / "a.csv", tmp_path / "m.db", mapping={"namespace": "who"})
    path.write_text(json.dumps([*RECORDS, {"text": "Sails", "boat": "Maria"}]))
    assert memproc.ingest(path, tmp_path / "m.db", mapping={"subject": "boat"}).stored == 2


@pytest.mark.parametrize("redact", [False, True])
def test_a_name_near_a_usual_one_is_told(tmp_path, redact):
    """If no record has the field that it may be meant for; with `redact` no name is shown."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"text": "Sings", "usr_id": "ann", "timestmp": "2025-01-02", "session": "1"}]))
    notes = memproc.ingest(path, tmp_path / "m.db", settings=memproc.Settings(redact=redact)).notes
    told = [
        "usr_id was not taken for the namespace: --map namespace=usr_id takes it",
        "timestmp was not taken for the created_at: --map created_at=timestmp takes it",
        "session was not taken for the conversation: --map conversation=session takes it",
    ]
    assert [note for note in notes if "was not taken" in note] == ([] if redact else told)
    path.write_text(json.dumps([{"text": "Sings", "usr_id": "ann", "user": "ann", "time": "2025-01-02", "timestmp": 5}]))
    assert not any("was not taken" in note for note in memproc.ingest(path, tmp_path / "m.db").notes)


@pytest.mark.costly
@pytest.mark.parametrize("name", ["customer_id", "accountId", "Email", "Name", "client", "member", "owner id"])
def test_a_column_that_may_say_whose_memories_these_are_is_told(tmp_path, name):
    """However few there are, if it has several values and nothing else says it; with `redact` no name is shown."""
    table = tmp_path / "a.csv"
    table.write_text(f"{name},content,Fact\nann,Prefers tea,A\nbob,Prefers tea,B\n")
    option = f"'namespace={name}'" if " " in name else f"namespace={name}"
    told = f"{name} has 2 values in the first 2 records, and was not taken for whose memories these are: --map {option} does that"
    assert memproc.ingest(table, tmp_path / "m.db").notes == [told]
    assert memproc.ingest(table, tmp_path / "n.db", mapping={"content": "Fact"}).notes == [told]
    assert memproc.ingest(table, tmp_path / "r.db", settings=memproc.Settings(redact=True)).notes == []
    mapped = memproc.ingest(table, tmp_path / "o.db", mapping={"namespace": name})
    assert (mapped.stored, mapped.notes) == (2, [])
    table.write_text(f"{name},content\nann,Prefers tea\nann,Has a dog\n")
    assert memproc.ingest(table, tmp_path / "m.db").notes == []
    table.write_text(f"{name},content,user\nann,Prefers tea,1\nbob,Has a dog,1\n")
    assert memproc.ingest(table, tmp_path / "m.db").notes == []


@pytest.mark.parametrize(
    ("name", "raw"),
    [("a.csv", b"content\nCaf\xe9\n"), ("a.jsonl", b'{"content": "Caf\xe9"}\n'), ("a.txt", b"- Tea\n- Caf\xe9\n")],
)
def test_text_that_is_no_utf8_is_told_to_have_its_encoding_given(tmp_path, name, raw):
    """In the fault of each record, and where the head of a table cannot be read; then it is read."""
    (tmp_path / name).write_bytes(raw)
    memproc.ingest(tmp_path / name, tmp_path / "m.db")
    with memproc.open(tmp_path / "m.db") as store:
        [rejected] = store.quarantine()
    assert "give its encoding, as in --encoding cp1252" in rejected.faults[0].hint
    assert memproc.ingest(tmp_path / name, tmp_path / "n.db", encoding="cp1252").quarantined == 0
    (tmp_path / "b.csv").write_bytes(b"content,caf\xe9\nTea,1\n")
    with pytest.raises(SourceError, match="give its encoding, as in --encoding cp1252"):
        memproc.ingest(tmp_path / "b.csv", tmp_path / "m.db")


@pytest.mark.parametrize("date", ["25/12/2024", "25.12.2024"])
def test_a_date_that_cannot_be_read_can_be_left_out(tmp_path, date):
    """As its advice says."""
    (tmp_path / "a.csv").write_text(f"content,date\nPrefers tea,{date}\n")
    assert "--map created_at=none" in memproc.validate({"content": "Prefers tea", "created_at": date}).errors[0].hint
    assert memproc.ingest(tmp_path / "a.csv", tmp_path / "m.db").quarantined == 1
    assert memproc.ingest(tmp_path / "a.csv", tmp_path / "n.db", mapping={"created_at": "none"}).stored == 1


def test_files_of_other_kinds_are_named(tmp_path):
    """With what to do instead; a table under the name of a text is read with the option that is proposed."""
    (tmp_path / "a.html").write_text("<html><p>Prefers tea")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n%\xe2\xe3\n")
    for name, what in {"a.html": "HTML, which memproc does not read", "a.pdf": "PDF, which"}.items():
        with pytest.raises(SourceError, match=what):
            memproc.ingest(tmp_path / name, tmp_path / "m.db")
    table = tmp_path / "a.txt"
    table.write_text("content;user_id\nPrefers tea;ann\nHas a dog;bob\n")
    with pytest.raises(SourceError, match="if it is a table, give --delimiter ';'; else name --format text"):
        memproc.ingest(table, tmp_path / "m.db")
    assert memproc.ingest(table, tmp_path / "m.db", delimiter=";").stored == 2


def test_a_field_is_left_out_on_request(tmp_path):
    """Importance on another scale stays in the metadata, and the report says how."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"content": "Prefers tea", "importance": 7}]))
    report = memproc.ingest(path, tmp_path / "m.db")
    assert "--map importance=none" in str(report)
    assert memproc.ingest(path, tmp_path / "m.db", mapping={"importance": "none"}).stored == 1
    with memproc.open(tmp_path / "m.db") as store:
        assert [memory.metadata for memory in store] == [{"importance": 7}]


@pytest.mark.parametrize(
    "text",
    [
        '["Prefers tea", "Has a dog", {"content": "Has a dog"}]',
        '"Prefers tea"\n"Has a dog"',
        '{"data": {"memories": ["Prefers tea", "Has a dog"]}}',
    ],
)
def test_a_list_of_texts_is_a_list_of_memories(tmp_path, text):
    """The simplest one."""
    (tmp_path / "a.json").write_text(text)
    assert memproc.ingest(tmp_path / "a.json", tmp_path / "m.db").stored == 2
    with memproc.open(tmp_path / "m.db") as store:
        assert sorted(memory.content for memory in store) == ["Has a dog", "Prefers tea"]


def test_a_list_in_the_answer_of_a_service_is_found(tmp_path):
    """One level deeper, beside other lists; where there is none, the object itself is the record."""
    path = tmp_path / "a.json"
    answer = {
        "ok": True,
        "data": {"total": 1, "memories": [{"content": "Sails"}], "other": [{"a": 1}]},
        "items": [{"content": "Sings"}],
    }
    path.write_text(json.dumps(answer, indent=1))
    report = memproc.ingest(path, tmp_path / "m.db")
    assert (report.stored, report.quarantined, dict(report.left_out)) == (2, 0, {"in the list 'other'": 1})
    path.write_text(json.dumps({"content": "Knits", "data": {"a": [1], "b": {"c": {}}}}, indent=1))
    memproc.ingest(path, tmp_path / "whole.db")
    with memproc.open(tmp_path / "whole.db") as store:
        assert [memory.metadata for memory in store] == [{"data": {"a": [1], "b": {"c": {}}}}]
    path.write_text(json.dumps(answer, indent=1)[:90])
    assert memproc.ingest(path, tmp_path / "cut.db").quarantined == 1


def test_the_head_of_a_joined_table_is_told_and_no_memory(tmp_path):
    """Also with a byte order mark in front of it."""
    (tmp_path / "a.csv").write_text("content,at\nSails,1\ncontent,at\nSings,2\n\ufeffcontent,at\nKnits,3\n")
    report = memproc.ingest(tmp_path / "a.csv", tmp_path / "m.db")
    assert report.stored == 3
    assert "the table holds its head 2 times more, as joined tables do: left out" in report.notes
