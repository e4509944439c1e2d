"""The limits that keep bad input from taking more than its share: each has its setting or its rule, its code and its advice."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
from typing import Annotated

import pytest
from loguru import logger
from pydantic import StringConstraints

import memproc
from memproc.records.fields import CONTENT_LIMIT_CHARS
from memproc.records.storable import METADATA_DEPTH_LIMIT
from memproc.sources.sniffing import SNIFFED_LINES
from memproc.validation.advice import HINTS
from memproc.validation.faults import EXCERPT_CHARS, MESSAGE_CHARS, MOST_FAULTS
from tests.test_linear import MOST_TIMES, times

LINE = b'{"content": "Prefers tea"}\n'
SECRET = "hunter2 swordfish"


def faults_of(what, tmp_path, **settings):
    """Ingest and return the faults of what was quarantined."""
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(**settings)) as store:
        memproc.ingest(what, store)
        return [fault for one in store.quarantine() for fault in one.faults]


def nested(depth):
    """Return lists in each other."""
    value = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("extra", [-1, 0])
def test_metadata_is_nested_to_the_limit_and_no_deeper(extra):
    """The object itself is the first level."""
    verdict = memproc.validate({"content": "x", "metadata": {"deep": nested(METADATA_DEPTH_LIMIT + extra)}})
    assert [fault.code for fault in verdict.errors] == ([] if extra < 0 else ["nested_too_deep"])


def test_content_is_as_long_as_the_limit_and_no_longer():
    """A subclass may want less."""

    class Brief(memproc.Memory):
        content: Annotated[str, StringConstraints(max_length=10)]

    assert memproc.validate({"content": "x" * CONTENT_LIMIT_CHARS}).ok
    assert memproc.validate({"content": "x" * (CONTENT_LIMIT_CHARS + 1)}).errors[0].code == "string_too_long"
    assert memproc.validate({"content": "x" * 11}, schema=Brief).errors[0].hint == HINTS["string_too_long"]


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.jsonl", LINE + b'{"content": "' + b"x" * 200 + b'"}\n' + LINE),
        ("a.json", b"[" + LINE + b',{"content": "x", "metadata": [' + b"1," * 100 + b"1]}," + LINE + b"]"),
        ("a.csv", b"content\nPrefers tea\n" + b"x" * 200 + b"\nPrefers tea\n"),
        ("a.tsv", b"content\tnote\nPrefers tea\t1\nPrefers milk\t" + b"x" * 5_000 + b"\nPrefers tea\t1\n"),
    ],
)
def test_a_record_that_is_too_long_is_told_and_takes_no_neighbour(tmp_path, name, raw):
    """As a line, an element or a row; its start is kept."""
    path = tmp_path / name
    path.write_bytes(raw)
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(max_record_bytes=100)) as store:
        report = memproc.ingest(path, store)
        (bad,) = store.quarantine()
    assert (report.read, report.stored, report.duplicate, report.quarantined) == (3, 1, 1, 1)
    assert (bad.category, bad.faults[0].code) == ("resource", "record_too_long")
    assert "longer than 100" in bad.faults[0].message
    assert 0 < len(bad.raw) <= 101


def test_an_open_quote_before_a_line_that_is_too_long_takes_no_neighbour(tmp_path):
    """The rows that were read for it are read again, the long one once."""
    path = tmp_path / "a.csv"
    path.write_bytes(b'content\n"Tea\n' + b"x" * 500 + b"\nMilk\nBread\n")
    faults = faults_of(path, tmp_path, max_record_bytes=100)
    assert [fault.code for fault in faults] == ["record_too_long", "record_too_long"]
    with memproc.open(tmp_path / "m.db") as store:
        assert sorted(memory.content for memory in store) == ["Bread", "Milk"]


def test_long_lines_are_looked_at_one_at_a_time(tmp_path):
    """Telling lines from one object keeps none of them."""
    path = tmp_path / "a.json"
    path.write_bytes(LINE * (SNIFFED_LINES + 1))
    assert memproc.ingest(path, tmp_path / "m.db").read == SNIFFED_LINES + 1


def test_a_memory_has_at_most_so_many_fields(tmp_path):
    """At all levels; of records in any source."""
    many = {"content": "many", "metadata": {"a": [{"b": 1, "c": 2}], "d": 3}}  # with namespace, source and kind nine names
    for limit, codes in ((8, ["too_many_fields"]), (9, [])):
        (folder := tmp_path / str(limit)).mkdir()
        found = faults_of([many], folder, max_fields=limit)
        assert [fault.code for fault in found] == codes
        assert all("has 9 names" in fault.message and "max_fields=8" in fault.message for fault in found)
        assert all(fault.hint == HINTS["too_many_fields"] for fault in found)


@pytest.mark.parametrize("depth", [1, 2, 99])
def test_metadata_is_nested_as_deep_as_the_settings_allow(tmp_path, depth):
    """Of records in any source; what the schema itself nests, such as relations, does not count."""
    fine = {"content": "x", "relations": [{"type": "likes", "target": "tea"}], "metadata": {"deep": nested(depth - 1)}}
    assert faults_of([fine], tmp_path, max_depth=depth) == []
    (found,) = faults_of([{"content": "y", "metadata": {"deep": nested(depth)}}], tmp_path, max_depth=depth)
    assert (found.path, found.code) == ("metadata", "nested_too_deep")
    assert f"max_depth={depth}" in found.message
    assert "raise max_depth" in found.hint


def slow_to_try_again(n):
    """Return texts of about n characters at which an expression that tries again and again would not end."""
    texts = [f"{'a' * n}!", f"{' ' * n}x", f"{'1' * n}a", "'" * n, f"{'-' * n}5"]
    return texts + [
        part * (n // len(part)) for part in ("\"'", "not a date: '", "2024-", "a.b/", "@", "https://", "twenty-", "don't ")
    ]


@pytest.mark.parametrize("field", ["content", "created_at", "subject", "kind"])
@pytest.mark.slow
def test_no_text_makes_an_expression_try_for_ever(field):
    """Time grows with the length of a text, whatever it repeats; so it does where faults are grouped."""

    def take(texts):
        with memproc.open("sqlite://") as store:
            report = memproc.ingest([{"content": f"x {at}", field: text} for at, text in enumerate(texts)], store)
        assert report.read == len(texts)

    assert times(take, slow_to_try_again(10_000), slow_to_try_again(40_000)) < MOST_TIMES


def test_a_record_that_was_refused_for_its_fields_is_replayed_under_another_limit(tmp_path):
    """As the advice says."""
    many = {"content": "many", "metadata": {"a": 1, "b": 2}}
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(max_fields=3)) as store:
        assert store.add(many).faults[0].code == "too_many_fields"
    with memproc.open(tmp_path / "m.db") as store:
        assert store.replay().stored == 1


def zipped(raw):
    """Return bytes as an archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("memories.jsonl", raw)
    return stream.getvalue()


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zipped])
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a"])
def test_what_is_compressed_is_read_up_to_a_limit(tmp_path, name, compress):
    """So nothing small becomes very large here, whatever the file is called."""
    path = tmp_path / name
    path.write_bytes(compress(LINE * 100))
    assert memproc.ingest(path, tmp_path / "m.db").read == 100
    few = memproc.Settings(max_decompressed_bytes=100)
    with pytest.raises(memproc.SourceError, match="becomes more than 100 bytes when it is decompressed"):
        memproc.ingest(path, tmp_path / "other.db", settings=few)
    assert not (tmp_path / "other.db").exists()


def test_what_is_compressed_in_other_ways_is_refused_with_advice(tmp_path):
    """As 7z is."""
    (tmp_path / "a.jsonl").write_bytes(b"7z\xbc\xaf" + LINE)
    with pytest.raises(memproc.SourceError, match="compressed data: decompress it first"):
        memproc.ingest(tmp_path / "a.jsonl", tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()


@pytest.mark.parametrize(
    ("name", "protocols"), [("a.pkl", range(6)), ("a.pickle", range(6)), ("a.jsonl", range(2, 6)), ("a", range(2, 6))]
)
@pytest.mark.parametrize("value", [[{"content": "Prefers tea"}], {"content": "Prefers tea"}, {}, [], "text"], ids=repr)
def test_a_pickle_is_refused_with_advice(tmp_path, name, protocols, value):
    """By its name or by its first bytes: it may run code."""
    for protocol in protocols:
        (tmp_path / name).write_bytes(pickle.dumps(value, protocol))
        with pytest.raises(memproc.SourceError, match=r"a pickle, which may run code when it is read.*or have the program"):
            memproc.ingest(tmp_path / name, tmp_path / "m.db")


@pytest.mark.parametrize("name", ["a.yaml", "a.YML"])
def test_yaml_is_refused_with_advice(tmp_path, name):
    """Nothing reads it."""
    (tmp_path / name).write_text("- content: Prefers tea\n")
    with pytest.raises(memproc.SourceError, match="YAML: convert it to JSON lines"):
        memproc.ingest(tmp_path / name, tmp_path / "m.db")


LONG = "secret " * 2_000
BAD = [
    {"content": "x", "created_at": LONG},
    {"content": "x", "importance": LONG},
    {"content": "x", LONG: 1},
    {"content": "x", "emotion": {LONG: 1}},
    {"content": "x", "kind": LONG, "tags": [LONG + "\0"]},
    {"content": LONG * 100, "emotion": {"source": LONG}},
    {"content": "x", "relations": [{LONG: LONG}]},
    {"content": "x", "metadata": {LONG: {1: 2}}},
]


def test_a_message_holds_a_short_excerpt_at_most(tmp_path):
    """Neither values nor names of fields are shown whole, in faults, in the log or in the report."""
    told = []
    number = logger.add(told.append, level="TRACE")
    logger.enable("memproc")
    try:
        with memproc.open(tmp_path / "m.db") as store:
            report = memproc.ingest(BAD, store, format="memproc")
            faults = [fault for one in store.quarantine() for fault in one.faults]
    finally:
        logger.disable("memproc")
        logger.remove(number)
    assert len({fault.code for fault in faults}) > 3
    assert all(len(fault.path) <= 2 * EXCERPT_CHARS and len(fault.message) <= MESSAGE_CHARS for fault in faults)
    shown = "secret " * (EXCERPT_CHARS // 7 * 2)
    assert not any(shown in text for fault in faults for text in (fault.path, fault.message))
    assert told
    assert not any(shown in text for text in [*told, str(report)])


def test_a_source_that_is_none_is_told_by_a_short_excerpt_at_most(tmp_path):
    """The names of its fields are cut short."""
    for name, raw in (("a.json", f'[{{"{LONG}": 1}}]'), ("a.csv", f"{LONG},{LONG}\n1,2\n")):
        (tmp_path / name).write_text(raw)
        with pytest.raises(memproc.SourceError) as caught:
            memproc.ingest(tmp_path / name, tmp_path / "m.db")
        assert "secret" in str(caught.value)
        assert len(str(caught.value)) < len(str(tmp_path)) + 300


def test_of_very_many_faults_the_first_are_told_and_how_many_more_there_are():
    """Each would be a row of JSON in quarantine."""
    *first, last = memproc.validate({"content": "x", "tags": [5] * 5_000}).errors
    assert len(first) == MOST_FAULTS
    assert (last.code, last.message) == ("more_faults", f"has {5_000 - MOST_FAULTS} more faults")
    assert last.hint == HINTS["more_faults"]


SECRETS = [
    {"content": "x", "created_at": SECRET},
    {"content": "x", "importance": SECRET},
    {"content": "x", SECRET: 1},
    {"content": "x", "emotion": {"source": SECRET, SECRET: 1}},
    {"content": SECRET, "metadata": {SECRET: {1: SECRET}}},
]


def test_redacted_messages_hold_nothing_of_the_record(tmp_path):
    """Place, code and advice stay, and quarantine keeps the bytes."""
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(redact=True, tracebacks=True)) as store:
        report = memproc.ingest(SECRETS, store, format="memproc")
        kept = store.quarantine()
        added = store.add(SECRETS[0], format="memproc")
        store.replay(transform=lambda _: int(SECRET))
        after = store.quarantine()
    assert report.quarantined == len(SECRETS)
    assert not any(word in str(fault) for one in [*kept, *after] for fault in one.faults for word in SECRET.split())
    assert SECRET not in added.reason + str(report)
    assert all(SECRET.encode() in one.raw for one in kept)
    assert {fault.path for one in kept for fault in one.faults} >= {"created_at", "importance", "", "emotion", "metadata"}
    assert all(fault.hint for one in kept for fault in one.faults)


def test_without_redaction_an_excerpt_helps(tmp_path):
    """As the default."""
    faults = faults_of(SECRETS[:1], tmp_path)
    assert SECRET in faults[0].message
