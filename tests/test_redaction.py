"""With `redact`, nothing that a record holds is told: neither values nor names, by any way in, in any message."""

from __future__ import annotations

import csv
import io
import re
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import pytest
from loguru import logger
from pydantic import Field

import memproc
from memproc.ingestion.opening import Asked
from memproc.ingestion.reading import read_file
from memproc.store.changes import landing
from memproc.store.changes.group_commit import GroupCommit, _Pending
from memproc.store.reviews.reviewing import Reviewer
from memproc.validation import fault, redacted
from tests.command_line import run_memproc

SECRET = "hush-mara@clinic"  # what must not be told
LEAK = re.compile(r"hush|mara|clinic|(?<![0-9a-f])(?<!\d\.)4711(?![0-9a-f])", re.IGNORECASE)  # no digits of a time or a hash
QUIET = memproc.Settings(redact=True, tracebacks=True, on_error="continue")


class Clinic(memproc.Memory):
    """A memory with mappings whose names come with the record, and fields of several kinds."""

    details: dict[str, int] = Field(default_factory=dict)
    nested: dict[str, dict[str, list[int]]] = Field(default_factory=dict)
    either: int | list[int] | None = None


class Spiteful(dict[str, Any]):
    """A mapping that says what it holds when it fails."""

    def __iter__(self) -> Any:
        """Fail."""
        raise RuntimeError(SECRET)


# A record with the secret in each place that a record has: as a value of each field, as a name, nested, as a date, as an id.
RECORDS: list[Any] = [
    *({"content": "x", field: SECRET} for field in Clinic.model_fields if field not in ("id", "content", "namespace", "source")),
    *({"content": "x", field: {SECRET: SECRET}} for field in Clinic.model_fields),
    *({"content": "x", field: [SECRET, {SECRET: 4711}]} for field in Clinic.model_fields),
    {SECRET: 1},
    {"content": "x", SECRET: SECRET},
    {"content": SECRET + "\0", "id": SECRET + "\0", "namespace": SECRET + "\0", "tags": [SECRET + "\0"]},
    {"content": SECRET, "metadata": {SECRET: {1: SECRET}}},
    {"content": "x", "emotion": {"source": SECRET, SECRET: 1, "valence": SECRET}},
    {"content": "x", "relations": [{"type": SECRET, SECRET: SECRET}, SECRET]},
    {"content": "x", "details": {SECRET: SECRET, "4711": "a"}},
    {"content": "x", "nested": {SECRET: {"4711": [SECRET]}}},
    {"content": "x", "importance": 4711, "created_at": "4711", "updated_at": 4711, "valid_to": 4711.4711},
    {"content": "x", None: [SECRET]},
    {"content": "x", 4711: SECRET},
    {"mapping": {SECRET: SECRET, "a": {"message": SECRET}, "b": {"message": {"author": SECRET}}}},
    {"chat_messages": [{"uuid": "a", "content": SECRET, "attachments": {SECRET: 1}}, SECRET]},
    {"conversation": {"session_1": [SECRET, {"text": SECRET}], "session_2": SECRET}, "observation": {f"session_{SECRET}": SECRET}},
    {"observation": {"session_1_observation": {SECRET: [{SECRET: 1}]}}, "conversation": {"session_1": [], "speaker_a": SECRET}},
    {"project_memories": {SECRET: 4711}, "memory_files": [{SECRET: SECRET}]},
    {"mapping": {SECRET: {"message": {"author": {}, "content": {SECRET: SECRET}}}}},
    {"title": SECRET, "time": SECRET, "products": ["Gemini"], "safeHtmlItem": [SECRET, {SECRET: SECRET}]},
    {"whatsapp": SECRET, "sender": {SECRET: 1}, "said": SECRET, "turn": 1, "day_first": True},
    {"note": f"---\n{SECRET}:\n  {SECRET}: {SECRET}\n---\n- [{SECRET}] {SECRET}", "name": [SECRET]},
    {"part": f"---\nid: {SECRET}\ncreated_at: {SECRET}\n---\n{SECRET}"},
    {"bullet": {SECRET: 1}, "section": SECRET},
    {"docs": [SECRET, {SECRET: 1}], "prompt_template": {SECRET: 1}, "creator": {"uuid": [SECRET]}},
    {"memory": {SECRET: SECRET}, "data": [SECRET], "hash": SECRET},
    {"text": {SECRET: 1}, "links": SECRET, "schema_version": 0},
    {"decision": SECRET, "keys": [SECRET]},
    {"content": "x", "memproc": {"observation": SECRET, "as_of": SECRET}},
    Spiteful(content="x"),
    [SECRET],
    SECRET,
]
FORMATS = [
    None,
    "memproc",
    "json",
    "chatgpt",
    "claude",
    "claude-memories",
    "claude-projects",
    "gemini",
    "markdown",
    "mem0-plugin",
    "text",
    "whatsapp",
    "locomo",
    "mem0",
    "memproc-v0",
]
MERGING = ["Mara takes 5 mg of hush every morning", "Well, Mara takes 5 mg of hush every morning."]
REVIEWED = ["Mara takes 6 mg of hush every morning", "Mara takes 5 mg of hush every evning"]


def lines_of(records: list[Any]) -> bytes:
    """Give records as JSON lines; those that JSON cannot say are left out."""
    written = []
    for record in records:
        with suppress(TypeError):
            written.append(orjson.dumps(record))
    return b"\n".join(written) + b"\n"


@pytest.fixture
def logged():
    """Collect what is logged."""
    told: list[str] = []
    sink = logger.add(told.append, level=0, format="{message} {exception}")
    logger.enable("memproc")
    yield told
    logger.disable("memproc")
    logger.remove(sink)


def told_by(store: memproc.Store) -> str:
    """Give all that a store says of what it could not take, but for the bytes."""
    kept = [str(replace(one, raw=b"")) for status in ("open", None) for one in store.quarantine(status=status)]
    return "\n".join([*kept, str(store.patterns()), str(store.jobs()), str(store.doctor())])


def assert_quiet(*told: object) -> None:
    """Fail where something was told of what a record holds."""
    for one in told:
        found = LEAK.search(str(one))
        assert found is None, str(one)[max(found.start() - 200, 0) : found.end() + 100]


@pytest.mark.costly
@pytest.mark.parametrize("schema", [memproc.Memory, Clinic])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.sampled(7)
def test_no_message_tells_what_a_record_holds(tmp_path, logged, format, schema):
    """Of an iterable, one by one, and when it is replayed; by its format or another's."""
    seen: list[object] = []
    path = tmp_path / "m.db"
    with memproc.open(path, settings=QUIET, schema=schema) as store:
        report = memproc.ingest(RECORDS, store, format=format, schema=schema, settings=QUIET, on_event=seen.append)
        assert report.quarantined > 3
        added = []
        for record in RECORDS:
            with suppress(memproc.UsageError):
                answer = store.add(record, format=format)
                added.append((answer.outcome, answer.reason, answer.faults))
        replayed = [store.replay(), store.replay(format="memproc"), store.replay(transform=lambda value: {SECRET: value})]
        replayed.append(store.replay(transform=lambda _: int(SECRET)))
        assert_quiet(report, report.as_dict(), *seen, *added, *replayed, told_by(store))
        assert any(SECRET.encode() in one.raw for one in store.quarantine())
    assert_quiet(*logged)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["some.jsonl", "some.json", "wrapped.json", "torn.jsonl", "some.csv", "bytes.csv"])
@pytest.mark.sampled(9)
def test_no_message_tells_what_a_file_holds(tmp_path, logged, format, name):
    """Whatever of it can be read, through the functions and the command line; broken JSON and tables among it."""
    values = [orjson.loads(line) for line in lines_of(RECORDS).splitlines()]
    table = io.StringIO()
    csv.writer(table).writerows(
        [["content", "created_at", SECRET], [SECRET, SECRET, SECRET], [SECRET] * 5, ["x", SECRET + "\0", ""]]
    )
    bytes_of = {
        "some.jsonl": lines_of(RECORDS),
        "some.json": orjson.dumps(values),
        "wrapped.json": orjson.dumps({"exported_at": SECRET, "results": values}),
        "torn.jsonl": lines_of(RECORDS).replace(b"}\n", b"\n") + f'{{"{SECRET}": 1, "{SECRET}": 2}}\n'.encode(),
        "some.csv": table.getvalue().encode(),
        "bytes.csv": f'content,note\n\xff{SECRET},b\n"{SECRET}'.encode("latin-1"),
    }[name]
    path = tmp_path / name
    path.write_bytes(bytes_of)
    told: list[object] = []
    with memproc.open(tmp_path / "m.db", settings=QUIET) as store:
        try:
            told.append(memproc.ingest(path, store, format=format, settings=QUIET).as_dict())
        except memproc.MemprocError as error:
            told.append("".join(traceback.format_exception(error)).replace(str(tmp_path), ""))
        told.append(told_by(store))
    try:
        taken = read_file(path, Asked(format), settings=QUIET)
        told.extend(found.faults if isinstance(found, memproc.Rejected) else "" for found in taken)
    except memproc.MemprocError as error:
        told.append("".join(traceback.format_exception(error)))
    assert_quiet(*told, *logged)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("some.json", orjson.dumps([{SECRET: 1, f"{SECRET}-2": 2}])),
        ("head.csv", f"{SECRET},{SECRET}\na,b\n".encode()),
        ("wide.jsonl", orjson.dumps({SECRET: SECRET})),
    ],
)
def test_an_error_that_ends_it_tells_no_names(tmp_path, name, content):
    """Nor does what it came of; without `redact` it does, as that helps."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(memproc.SourceError) as quiet:
        memproc.ingest(path, tmp_path / "m.db", settings=QUIET)
    assert_quiet("".join(traceback.format_exception(quiet.value)))
    with pytest.raises(memproc.SourceError, match="hush"):
        memproc.ingest(path, tmp_path / "m.db")


@pytest.mark.costly
def test_the_command_line_tells_nothing_either(tmp_path):
    """By `ingest`, `validate`, `transform` and `retry`, as text and as JSON."""
    path = tmp_path / "some.jsonl"
    path.write_bytes(lines_of(RECORDS))
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(lines_of([record for record in RECORDS if not isinstance(record, dict) or "content" not in record]))
    store = str(tmp_path / "m.db")
    for more in ([], ["--json"]):
        done = [
            run_memproc("ingest", str(path), "--into", store, "--redact", *more),
            run_memproc("ingest", str(path), "--into", store, "--redact", "--dry-run", *more),
            run_memproc("validate", str(path), "--redact", *more),
            run_memproc("transform", str(path), "--redact", "--to", str(tmp_path / "out.jsonl"), *more),
            run_memproc("retry", store, "--redact", *more),
        ]
        assert_quiet(*done)
        assert all(out or err for _, out, err in done)


def test_what_was_rejected_before_is_told_quietly_too(tmp_path):
    """A pattern that this job meets again was written by one that told all."""
    records = [{"content": "x", "created_at": SECRET}, {"content": "x", SECRET: 1}]
    with memproc.open(tmp_path / "m.db") as store:
        assert "hush" in str(memproc.ingest(records, store, format="memproc"))
        assert_quiet(memproc.ingest(records, store, format="memproc", settings=QUIET).as_dict())
    with memproc.open(tmp_path / "m.db", settings=QUIET) as store:
        assert_quiet(store.replay().as_dict(), told_by(store))


def test_what_a_merge_differs_in_is_not_told(tmp_path):
    """Neither by a dry run nor by what adding one answers; the kind of the difference is."""
    with memproc.open(tmp_path / "m.db", settings=QUIET) as store:
        rehearsed = memproc.ingest([{"content": text} for text in MERGING + REVIEWED], store, settings=QUIET, dry_run=True)
        assert len(rehearsed.least_certain) == 1
        assert_quiet(rehearsed, rehearsed.as_dict())
        reasons = [store.add({"content": text}).reason for text in MERGING + REVIEWED]
        assert_quiet(*reasons)
        assert "differs in what is set around the text" in reasons
    with memproc.open(tmp_path / "n.db") as store:
        assert "Well" in store.add({"content": MERGING[0]}).reason + store.add({"content": MERGING[1]}).reason


def test_an_edited_export_is_refused_quietly(tmp_path):
    """The line that is none is named by its number."""
    path = tmp_path / "edited.jsonl"
    path.write_text(f'{{"{SECRET}": 1, "{SECRET}": 2}}\n')
    with memproc.open(tmp_path / "m.db", settings=QUIET) as store, pytest.raises(memproc.UsageError) as raised:
        store.replay(edited=path)
    assert_quiet("".join(traceback.format_exception(raised.value)))


@pytest.mark.parametrize("stage", ["landing", "looking"])
def test_a_run_is_quiet_in_a_store_that_is_not(tmp_path, logged, monkeypatch, stage):
    """What memproc breaks on is logged without the words of the error, and without the values in its traceback."""

    def breaks(*_given: object) -> None:
        raise KeyError(SECRET)

    if stage == "landing":
        monkeypatch.setattr(landing, "decide", breaks)
    else:
        monkeypatch.setattr(Reviewer, "find", breaks)
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest([{"content": f"Mara lives at 4711 Clinic Road, {SECRET}"}], store, settings=QUIET)
        assert [note for note in report.notes if "memproc itself broke" in note]
        assert_quiet(report, report.as_dict(), *logged, told_by(store))


def test_what_several_threads_add_is_not_told_in_the_log(logged):
    """Where it cannot be written together."""

    def write(wishes: Sequence[str]) -> Sequence[str]:
        if len(wishes) > 1:
            raise ValueError(SECRET)
        return wishes

    both = [_Pending[str, str](SECRET), _Pending[str, str](SECRET)]
    GroupCommit[str, str](write)._write_group(both)
    assert [tuple(one.results) for one in both] == [(SECRET,)] * 2
    assert [line for line in logged if "one by one" in line]
    assert_quiet(*logged)


@pytest.mark.costly
def test_what_cannot_travel_to_a_worker_is_not_told_in_the_log(tmp_path, logged):
    """The error of a pickler holds what it could not take."""

    class Local(memproc.Memory):
        """A class that no worker can find."""

    Local.__qualname__ = Local.__name__ = SECRET
    memproc.ingest([Local(content="x")], tmp_path / "m.db", settings=QUIET, engine="threads")
    memproc.ingest([Local(content="x")], tmp_path / "m.db", settings=QUIET, engine="processes")
    assert [line for line in logged if "prepared here" in line]
    assert_quiet(*logged)


@pytest.mark.parametrize(
    ("path", "fields", "kept"),
    [
        ("created_at", (), "created_at"),
        ("relations.12.weight", (), "relations.12.weight"),
        ("tags.3", (), "tags.3"),
        ("emotion.valence", (), "emotion.valence"),
        ("details.john@example.org", ("details",), "details"),
        ("details.4711", ("details",), "details"),
        ("details.john@example.org", (), ""),
        ("john@example.org", (), ""),
        ("metadata.john@example.org", (), "metadata"),
        ("metadata.content", ("metadata",), "metadata"),
        ("mapping.4711-abc.message", (), "mapping"),
        ("observation.session_1_observation.Mara.0", (), "observation.session_1_observation"),
        ("session_1.3", (), "session_1.3"),
        ("chat_messages.2.content.0", (), "chat_messages.2.content.0"),
    ],
)
def test_of_a_place_is_told_what_memproc_named_itself(path, fields, kept):
    """So that a person still knows where to look."""
    found = redacted(fault(path, "int_type", "got ", SECRET), fields)
    assert found.path == kept
    assert found.message == "int_type, redacted"
    assert found.value is None
    assert redacted(found, ()) == found


@pytest.mark.parametrize("url", ["postgresql://ann:PASSWORD@host/db", "mysql+x://host/db?password=PASSWORD"])
def test_a_url_where_a_file_belongs_is_not_shown(tmp_path, url):
    """Whatever it is given for: a password may be in it."""
    with memproc.open(tmp_path / "m.db") as store:
        for act in (lambda: memproc.ingest(url, store), lambda: memproc.ingest([url], store), lambda: store.export(url)):
            with pytest.raises(memproc.UsageError, match="a URL is no file") as raised:
                act()
            assert "PASSWORD" not in str(raised.value)
    for command in (("ingest", url, "--into", tmp_path / "m.db"), ("validate", url), ("export", tmp_path / "m.db", "--to", url)):
        code, out, error = run_memproc(*command)
        assert code == 2
        assert "PASSWORD" not in out + error
