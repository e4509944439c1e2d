"""What memproc promises under attack, one check each: by counts and texts, never by seconds.

A check works on places for stores of its own, in a folder of its own, and raises AssertionError where the promise is broken.
Whether it would notice that is not believed but tried: `faults.breakers` breaks each promise, and the check must find it out.
"""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import orjson
from loguru import logger

import memproc
from faults.child import CONTEXT, LONGEST_SECONDS
from faults.points import Moment, Point, Trap, Verb, listening
from faults.stores import NewStore, exported, is_file
from memproc.dedup import keys, preparing
from memproc.dedup.columns import Columns
from memproc.dedup.preparing import Accepted
from memproc.formats import own
from memproc.intake import intake
from memproc.store.checkup.doctor import examine
from memproc.store.sql.tables import PREFIX

MANY: Final = 1_000  # times that a face stands in a text
LIMIT_BYTES: Final = 1_000
BATCH: Final = 10
RECORDS: Final[tuple[dict[str, Any], ...]] = tuple({"content": f"She has been to town number {n}"} for n in range(30))
FACES: Final = (
    ":)", ":(", ";)", ":-)", "<3", "()", "((", "))", "[]", "[[", "]]", "{}", "{{", "}}", '"', "'", "“”", "«", "`", ",", ", ", '","',
    "},{", "\\", '\\"', ":", "(:", "a)", "(a", "'s", "n't ", "-", "/", ".", "…", "!?", "&", "%", "@", "#",
)  # fmt: skip
HUSH: Final = "hush-mara"  # what must be told nowhere
LOOK_IN: Final = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM sqlite_master').fetchall(); c.close()"
)


class Room(NamedTuple):
    """Where a check works: what makes places for stores, and a folder for files."""

    new_store: NewStore
    folder: Path

    def written(self, name: str, raw: bytes) -> Path:
        """Return the path of a file that holds these bytes."""
        path = self.folder / name
        path.write_bytes(raw)
        return path


class Check(NamedTuple):
    """A promise: what tries it, and whether it is one about the files of SQLite."""

    run: Callable[[Room], None]
    is_of_files: bool = False


class DiedError(BaseException):
    """Ends a job as the death of its process would; no `except Exception` swallows it."""


def keep(new_store: NewStore, folder: Path, names: Iterable[str] | None = None) -> list[str]:
    """Try promises, all of them or those named, and return the names of those that were kept; on a server those about files are
    left out. Raises AssertionError, with a note of which it is, at the first that is broken.
    """
    kept = []
    of_files = is_file(new_store())
    for name in CHECKS if names is None else names:
        check = CHECKS[name]
        if check.is_of_files and not of_files:
            continue
        room = folder / f"{len([*folder.iterdir()])} {name}"
        room.mkdir()
        try:
            check.run(Room(new_store, room))
        except BaseException as error:
            error.add_note(f"the promise: {name}")
            raise
        kept.append(name)
    return kept


def _all_is_read(room: Room) -> None:
    """Check that each record is in the store, once, whatever shape it came in."""
    for name, raw in _in_all_shapes(RECORDS).items():
        _check_taken(room, room.written(name, raw), RECORDS)
    _check_taken(room, [*RECORDS], RECORDS)
    _check_taken(room, iter(RECORDS), RECORDS)


def _long_strings(room: Room) -> None:
    """Check that a string that is too long costs its own record and no other."""
    settings = memproc.Settings(max_record_bytes=LIMIT_BYTES)
    long = {"content": '"},{' * LIMIT_BYTES}
    for name, raw in _in_all_shapes([*RECORDS[:5], long, *RECORDS[5:]]).items():
        report = _check_taken(room, room.written(name, raw), RECORDS, quarantined=1, settings=settings)
        assert report.errors == {"resource": 1}, report


def _early_ends(room: Room) -> None:
    """Check that a job is not done whose source ends before its end; what was read before is in the store."""
    many = [{**record, "conversation": "x" * 40_000} for record in RECORDS]
    settings = memproc.Settings(max_record_bytes=LIMIT_BYTES)
    for head in (b"[", b'{"total": 9, "memories": ['):
        start = b'{"content": "' + b"x" * 2 * LIMIT_BYTES
        raw = head + b",".join([*map(orjson.dumps, RECORDS[:5]), start, *map(orjson.dumps, RECORDS[5:])])
        path = room.written("lost.json", raw)
        _check_taken(room, path, RECORDS[:5], quarantined=1, status="failed", settings=settings)
    for name, raw in _in_all_shapes(many).items():
        path = room.written(name, raw)

        def shorten(event: memproc.Event, path: Path = path) -> None:
            if isinstance(event, memproc.BatchLanded):
                os.truncate(path, min(path.stat().st_size, 900_000))

        with memproc.open(room.new_store()) as store:
            report = memproc.ingest(path, store, settings=memproc.Settings(batch_size=5), on_event=shorten)
            assert (report.status, store.jobs()[-1].status) == ("failed", "failed"), f"{name}: {report}"
            assert 0 < report.read < len(many), report
            _check_counts(store, report)

    def ended() -> Iterator[dict[str, Any]]:
        yield from RECORDS[:5]
        raise ConnectionError("the source is gone")

    with memproc.open(room.new_store()) as store:
        with suppress(ConnectionError):
            memproc.ingest(ended(), store)
            raise AssertionError("what ended the iterable is not told")
        assert [job.status for job in store.jobs()] == ["failed"]
        assert _contents(store) == Counter(record["content"] for record in RECORDS[:5])


def _faces(room: Room) -> None:
    """Check that a mark said a thousand times, with a word or alone, is a text like others: nothing raises."""
    texts = [text for face in FACES for text in (face * MANY, f"tea {face * MANY} tea", f"{face} " * MANY)]
    with memproc.open(room.new_store()) as store:
        added = [store.add({"content": text}) for text in texts[:: len(texts) // 10]]
        assert all(one.outcome in set(memproc.Outcome) for one in added)
        report = memproc.ingest(({"content": text} for text in texts), store)
        assert (report.status, report.read) == ("done", len(texts)), report
        assert "internal" not in report.errors, report
        _check_counts(store, report)
        told = _contents(store, observations=True).keys() | {text.raw.decode() for text in store.quarantine()}
        missing = [text[:20] for text in texts if not any(text.strip() == one.strip() or text in one for one in told)]
        assert not missing, missing


def _breaks_alone(room: Room) -> None:
    """Check that a record on which memproc breaks is quarantined alone, with the traceback; the job is done, and told."""
    poison = {"content": "She drank the poison"}
    of_all = preparing.prepare_all  # it is broken behind its back

    def broken(accepted: Sequence[Accepted], *rest: Any) -> Columns:
        if any("poison" in record["content"] for record, *_ in accepted):
            raise RecursionError("too deep")
        return of_all(accepted, *rest)

    with patch.object(intake, "prepare_all", broken), memproc.open(room.new_store()) as store:
        report = memproc.ingest([*RECORDS[:7], poison, *RECORDS[7:]], store)
        _check_counts(store, report)
        assert (report.status, report.read, report.stored, report.errors) == ("done", 31, 30, {"internal": 1}), report
        assert any("memproc itself broke on 1 record" in note for note in report.notes), report
        added = store.add({**poison, "id": "again"})
        assert added.outcome == "quarantined", added
        for one in store.quarantine():
            assert (one.category, "RecursionError" in one.faults[0].traceback) == ("internal", True), one
            assert b"poison" in one.raw
        assert len(store.quarantine()) == 2
        assert _contents(store) == _contents_of(RECORDS)


def _decisions_act_on_nothing(room: Room) -> None:
    """Check that decisions in a file act only where they are trusted, and never across the namespace that was given."""
    texts = ["Ann keeps nine hens", "Ann works in Oslo", "Ann plays the cello"]
    url = room.new_store()
    with memproc.open(url) as store:
        for text in texts:
            store.add({"content": text}, namespace="ann")
        names = [str(memory.id) for memory in store]
        seen = [store.trace(name).observations[0].observation for name in names]
    before = exported(url)
    lines: list[dict[str, Any]] = [
        {"decision": "merge", "keys": names[:2]},
        {"decision": "distinct", "keys": names[:2]},
        {"decision": "supersedes", "keys": names[1:]},
        *({"decision": "forgotten", "keys": [key]} for key in (*seen, *names)),
        {"decision": "forgotten", "keys": [seen[2], names[2]]},
    ]
    full = room.written("full.jsonl", _lines([own.HEAD, *lines]))
    others = [room.written("lines.jsonl", _lines(lines)), room.written("array.json", orjson.dumps(lines)), lines]
    untrusted: list[tuple[Any, dict[str, Any]]] = [(full, {}), (full, {"format": "memproc-full"})]
    untrusted += [(other, options) for other in others for options in ({}, {"format": "memproc"}, {"trust_decisions": True})]
    for what, options in [*untrusted, (full, {"trust_decisions": True, "namespace": "mallory"})]:
        with suppress(memproc.SourceError):  # a file of nothing else is none of records
            memproc.ingest(what, url, **options)
        with memproc.open(url) as store:
            assert (store.decisions(), store.count()) == ([], 3), f"{what} under {options} acted"
        assert exported(url) == before, f"{what} under {options} acted"
    memproc.ingest(full, url, trust_decisions=True, namespace="ann")
    with memproc.open(url) as store:
        assert store.count() < 3, "trusted decisions did not act: what was tried above proves nothing"


def _policies_give_way(room: Room) -> None:
    """Check that a policy goes against nothing that a person said or took back, and is itself taken back as one."""
    texts = [f"My sister loves the {word} restaurant near the river" for word in ("little", "small", "tiny")]
    texts += [f"She keeps her {word} in the garden shed" for word in ("bicycle", "bike")]
    url = room.new_store()
    memproc.ingest([{"content": text} for text in texts], url, settings=memproc.Settings(review_at=0.0))
    with memproc.open(url) as store:
        shed = next(pair for pair in store.reviews() if "shed" in pair.one.content)
        store.withdraw([store.resolve(shed, "merge")])
        apart, *left = (pair.number for pair in store.reviews() if pair.number != shed.number)
        store.resolve(apart, "distinct")
    before = exported(url)
    with memproc.open(url) as store:
        done = store.decide_all("confidence >= 0")
        assert (done.reviews, done.held) == ((left[0],), 2), f"{done} goes beyond what a person said"
        store.withdraw_policy(done.policy)
        assert {pair.number for pair in store.reviews()} == {shed.number, *left}
    assert exported(url) == before, "what a policy did was not taken back"


def _one_hash(room: Room) -> None:
    """Check that of two records with one hash both are kept, or the second is told: it is never called the first."""
    true = keys.key_of
    twins = [{"content": "The twin who keeps hens"}, {"content": "A twin of hers sails to Porto"}]
    for start in (b"", b"{", b'["id"'):

        def weak(said: bytes, start: bytes = start) -> bytes:
            return b"\7" * keys.KEY_BYTES if b"twin" in said and said.startswith(start) else true(said)

        for at_once in (True, False):
            with patch.object(keys, "key_of", weak), memproc.open(room.new_store()) as store:
                given = (
                    [{**twin, "id": f"twin {n}", "source": "crm"} for n, twin in enumerate(twins)] if start == b'["id"' else twins
                )
                outcomes = [memproc.ingest(some, store) for some in ([given] if at_once else [[one] for one in given])]
                assert sum(report.duplicate for report in outcomes) == 0, outcomes
                assert store.recount().is_whole
                kept = _contents(store, observations=True).keys()
                told = b"".join(one.raw for one in store.quarantine()).decode()
                assert all(twin["content"] in kept or twin["content"] in told for twin in twins), f"{start!r}: {kept} {told}"
                assert store.add(given[1]).outcome != "duplicate" or twins[1]["content"] in kept


def _own_files(room: Room) -> None:
    """Check that a store's own files are refused, as source and target, before they are opened: no lock on them is lost."""
    path = Path(room.new_store())
    links = [room.folder / name for name in ("link", "hard link", "link to log")]
    with memproc.open(path) as store:
        store.add(RECORDS[0])
        log = Path(f"{path}-wal")
        links[0].symlink_to(path)
        links[1].hardlink_to(path)
        links[2].symlink_to(log)
        before = log.stat().st_ino
        for file in (path, log, *links):
            for reach in (_as_source, _as_one_of_several, memproc.Store.export, _as_backup):
                try:
                    reach(store, file)
                except memproc.UsageError as error:
                    assert "database in use" in str(error), f"{file} was opened: {error}"
                else:
                    raise AssertionError(f"{file} was taken")
        _look_in(path)
        assert log.exists(), "another process took itself for the last one: the locks are gone"
        assert log.stat().st_ino == before
    for link in links:
        link.unlink()
    process = CONTEXT.Process(target=adding_beside, args=(str(path),))
    process.start()
    process.join(LONGEST_SECONDS)
    assert process.exitcode == -signal.SIGKILL, f"the process ended with {process.exitcode}"
    with memproc.open(path) as store:
        assert _contents(store) == _contents_of(RECORDS)


def adding_beside(path: str) -> None:
    """Add a part of the records, be refused the store's own file, let another process look in, add the rest, and be killed."""
    store = memproc.open(path)
    for record in RECORDS[1:10]:
        store.add(record)
    with suppress(memproc.UsageError):
        memproc.ingest(path, store)
    _look_in(Path(path))
    for record in RECORDS[10:]:
        store.add(record)
    os.kill(os.getpid(), signal.SIGKILL)


def _loops_end(room: Room) -> None:
    """Check that a loop over a store ends, whatever is done to it in the loop."""
    with memproc.open(room.new_store()) as store:
        memproc.ingest([*RECORDS[:10], {"content": "Prefers tea"}, {"content": "Well, prefers tea."}], store)
        for turns, memory in enumerate(store):
            assert turns < 100, "the loop meets what is added in it"
            store.add({"content": f"Was met as number {turns}"})
            seen = store.trace(str(memory.id)).observations
            if len(seen) > 1:
                store.unmerge(seen[1].observation)
        assert len(store) > 20
        for turns, memory in enumerate(store):
            assert turns < 200, "the loop meets what was forgotten in it"
            if store.get(str(memory.id)) is not None:
                store.forget(str(memory.id))
        assert (store.count(), store.recount().is_whole) == (0, True)


def _forgotten_everywhere(room: Room) -> None:
    """Check that what was forgotten is in no file, neither while the store is open nor when it is closed."""
    path = Path(room.new_store())
    secret = "Ann has been ill since the ninth of May"  # noqa: S105 - a text
    with memproc.open(path) as store:
        memproc.ingest([*RECORDS, {"content": secret, "importance": 7}, {"content": f"Well, {secret}"}, {"content": secret}], store)
        for memory in store:
            if secret in memory.content:
                store.forget(str(memory.id))
        _check_in_no_file(path, secret)
        assert _contents(store) == _contents_of(RECORDS)
    _check_in_no_file(path, secret)


def _nothing_told(room: Room) -> None:
    """Check that no message shows a password nor, with `redact`, what a record holds."""
    told: list[object] = []
    for where in NO_STORES:
        try:
            memproc.open(where).close()
        except memproc.MemprocError as error:
            told.append(error)
        else:
            raise AssertionError("there is no such server")
    quiet = memproc.Settings(redact=True, tracebacks=True)
    records: list[Any] = [
        *({"content": "x", name: HUSH} for name in ("importance", "created_at", "emotion", HUSH)),
        {"content": "x", "metadata": {HUSH: {1: HUSH}}},
        {"content": f"{HUSH}\0", "tags": [f"{HUSH}\0"]},
        {HUSH: 1},
        HUSH,
    ]
    with _logged(told), memproc.open(room.new_store(), settings=quiet) as store:
        report = memproc.ingest(records, store, settings=quiet, on_event=told.append)
        assert report.quarantined > 4, report
        told += [report, store.patterns(), store.jobs(), store.doctor(), store]
        told += [replace(store.add(record), memory=None) for record in records]
        told += [replace(one, raw=b"") for one in store.quarantine()]
        try:
            memproc.ingest(room.written("a.json", orjson.dumps([{HUSH: 1}])), store, settings=quiet)
        except memproc.MemprocError as error:
            told.append(error)
    leaks = [one for one in told if HUSH in str(one) or HUSH in repr(one)]
    assert not leaks, leaks


NO_STORES: Final = (
    f"postgresql://ann:{HUSH}@127.0.0.1:1/app",
    f"mysql://ann:{HUSH}@127.0.0.1:1/app?ssl_key={HUSH}",
    f"postgresql://ann:{HUSH}@x@127.0.0.1:1/app",
    f"postgresql://ann:{HUSH}",
    f"no://ann:{HUSH}@host/app",
)


def _changed_by_hand(room: Room) -> None:
    """Check that the check-up notices a value that was changed behind memproc's back."""
    with memproc.open(room.new_store()) as store:
        likely = [{"content": "Prefers tea in the morning"}, {"content": "Well, prefers tea in the morning."}]
        memproc.ingest([*RECORDS, *likely, {"content": "Tea", "importance": 7}], store, settings=memproc.Settings(batch_size=BATCH))
        database = store._opened.database  # noqa: SLF001 - the values are changed behind its back
        assert not store.doctor()
        for statement in CHANGES:
            with database.write() as tx:
                assert tx.exec_driver_sql(statement.format(PREFIX)).rowcount != 0, statement
                assert examine(tx), f"not noticed: {statement}"
                tx.connection.rollback()


CHANGES: Final = (
    "UPDATE {}observations SET position = position + 1 WHERE number = 5",
    "UPDATE {}observations SET outcome = 'merged' WHERE number = 5",
    "UPDATE {}observations SET times_seen = times_seen + 1 WHERE number = 5",
    "UPDATE {}observations SET length = length + 1 WHERE number = 5",
    "DELETE FROM {}observations WHERE number = 1",
    "UPDATE {}ledger SET made_at = '2020' WHERE number = 1",
    "DELETE FROM {}ledger WHERE number = 1",
    "UPDATE {}batches SET records = records + 1 WHERE number = 2",
    "UPDATE {}batches SET committed_at = '2020' WHERE number = 2",
    "UPDATE {}jobs SET landed = landed + 1 WHERE number = 1",
    "UPDATE {}quarantine SET category = 'source' WHERE number = 1",
    "UPDATE {}store SET rejected = 0",
    "DELETE FROM {}segments",
)


def _statements_stay(room: Room) -> None:
    """Check that how many statements are sent does not grow with what is in the store."""
    sent: list[int] = []
    for rows in (20, 200):
        with memproc.open(room.new_store()) as store:
            rejected = [{"content": f"Prefers tea, said for the {n}th time", "importance": 7} for n in range(rows)]
            memproc.ingest([*RECORDS, *rejected], store)
            name = str(store.find(text="town number 7")[0].id)
            with _counted(store) as statements:
                store.forget(name)
            sent.append(len(statements))
    assert sent[0] == sent[1], f"forgetting sends {sent[0]} statements beside 20 rows of quarantine, {sent[1]} beside 200"
    with memproc.open(room.new_store()) as store:
        medians = []
        for first in (0, 150):
            one_text = [{"content": "Prefers tea in the morning", "metadata": {"n": first + n}} for n in range(9)]
            memproc.ingest([{**one_text[0], "metadata": {"m": first + n}} for n in range(first)], store)
            each = []
            for record in one_text:
                with _counted(store) as statements:
                    store.add(record)
                each.append(len(statements))
            medians.append(median(each))
    assert medians[0] >= medians[1] - 1, (
        f"an add sends {medians[0]} statements at first, {medians[1]} where its text is known 150 times"
    )


def _cut_off_between(room: Room) -> None:
    """Check that a job whose process dies behind each of its batches comes to what an undisturbed one comes to."""
    source, expected = _source_to_cut(room)
    url, batches = room.new_store(), 0
    while not _is_at_its_end(url, source):
        batches += 1
        assert batches < 20, "it never comes to its end"
    assert batches == -(-expected[0][0] // BATCH), f"cut off behind each, it took {batches} batches"
    assert _came_of(url) == expected, "cut off behind each batch, it came to another store"


def _cut_off_within(room: Room) -> None:
    """Check the same of one whose process dies in the middle of them."""
    source, expected = _source_to_cut(room)
    url, missed = room.new_store(), list[str]()
    for batch, point in enumerate(WITHIN):
        trap = Trap(point, 2 if batch else 1, _die)  # so one more is in at each
        with trap.watching(), suppress(DiedError):
            _go_on(url, source)
        missed += [] if trap.struck else [str(point)]
    _go_on(url, source)
    assert _came_of(url) == expected, "cut off within its batches, it came to another store"
    assert not missed, f"{missed} were not met"


def _source_to_cut(room: Room) -> tuple[Path, tuple[Any, ...]]:
    """Return a source of five batches, some of it known or faulty, and what an undisturbed job comes to."""
    records = [*RECORDS, *RECORDS[:5], {"content": "Tea", "importance": 7}, *RECORDS[5:12], {"id": "x"}]
    source, url = room.written("cut.jsonl", _lines(records)), room.new_store()
    _go_on(url, source)
    return source, _came_of(url)


WITHIN: Final = (
    Point(Verb.INGEST, "before the checkpoint", Moment.BEFORE, "update jobs set .*checkpoint="),
    Point(Verb.INGEST, "behind the checkpoint", Moment.BEHIND, "update jobs set .*checkpoint="),
    Point(Verb.INGEST, "before the rows", Moment.BEFORE, "insert into observations"),
    Point(Verb.INGEST, "before the batch's row", Moment.BEFORE, "insert into batches"),
    Point(Verb.INGEST, "before COMMIT", Moment.COMMIT, "insert into batches"),
)


def _came_of(url: str) -> tuple[Any, ...]:
    """Return what is in a store: counts, contents, quarantine. Raises AssertionError where it does not add up."""
    with memproc.open(url) as store:
        recount, findings = store.recount(), store.doctor()
        assert recount.is_whole, recount
        assert not findings, findings
        assert [job.status for job in store.jobs()] == ["done"]
        rejected = Counter(one.raw for one in store.quarantine())
        counts = (recount.read, recount.stored, recount.duplicate, recount.merged, recount.quarantined)
        return counts, _contents(store, observations=True), rejected, exported(url)


def _is_at_its_end(url: str, source: Path) -> bool:
    """Go on by one batch, behind which the process dies; tell whether there was none."""
    try:
        _go_on(url, source, lambda event: _die() if isinstance(event, memproc.BatchLanded) else None)
    except DiedError:
        return False
    return True


def _go_on(url: str, source: Path, on_event: Callable[[object], None] | None = None) -> None:
    memproc.ingest(source, url, resume=True, settings=memproc.Settings(batch_size=BATCH), on_event=on_event)


def _die() -> None:
    raise DiedError


def _check_taken(
    room: Room, what: Any, records: Sequence[Mapping[str, Any]], *, quarantined: int = 0, status: str = "done", **options: Any
) -> memproc.Report:
    """Ingest into a new store; check that it comes to hold these records, each once, and that the job ended so."""
    with memproc.open(room.new_store()) as store:
        report = memproc.ingest(what, store, **options)
        came = (report.status, store.jobs()[-1].status, report.read, report.stored, report.quarantined)
        assert came == (status, status, len(records) + quarantined, len(records), quarantined), f"{what}: {report}"
        assert _contents(store) == _contents_of(records), what
        _check_counts(store, report)
        return report


def _check_counts(store: memproc.Store, report: memproc.Report) -> None:
    recount = store.recount()
    assert report.read == report.stored + report.duplicate + report.merged + report.quarantined, report
    assert recount.is_whole, recount


def _contents(store: memproc.Store, *, observations: bool = False) -> Counter[str]:
    """Return what the memories of a store say, or all its observations, and how often."""
    if observations:
        return Counter(seen.record["content"] for memory in store for seen in store.trace(str(memory.id)).observations)
    return Counter(memory.content for memory in store)


def _contents_of(records: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(record["content"] for record in records)


def _in_all_shapes(records: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Return records as files, by their names."""
    table = io.StringIO()
    csv.writer(table).writerows([[*records[0]], *(record.values() for record in records)])
    array = orjson.dumps([*records])
    return {
        "array.json": array,
        "wrapped.json": b'{"total": 9, "memories": ' + array + b', "next": null}',
        "lines.jsonl": _lines(records),
        "table.csv": table.getvalue().encode(),
    }


def _lines(records: Iterable[object]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def _as_source(store: memproc.Store, file: Path) -> None:
    memproc.ingest(file, store)


def _as_one_of_several(store: memproc.Store, file: Path) -> None:
    first = file.with_name("first.jsonl")
    first.write_bytes(_lines(RECORDS))
    memproc.ingest([first, file], store, resume=True)


def _as_backup(store: memproc.Store, file: Path) -> None:
    store.backup(file, overwrite=True)


def _look_in(path: Path) -> None:
    """Let another process open and close the database."""
    subprocess.run([sys.executable, "-c", LOOK_IN, str(path)], check=True, timeout=LONGEST_SECONDS)


def _check_in_no_file(path: Path, text: str) -> None:
    files = [*path.parent.glob(f"{path.name}*")]
    assert path in files
    found = [file.name for file in files if text.encode() in file.read_bytes()]
    assert not found, f"what was forgotten is in {found}"


@contextmanager
def _logged(told: list[object]) -> Iterator[None]:
    """Collect what is logged."""
    sink = logger.add(told.append, level=0, format="{message} {exception}")
    logger.enable("memproc")
    try:
        yield
    finally:
        logger.disable("memproc")
        logger.remove(sink)


@contextmanager
def _counted(store: memproc.Store) -> Iterator[list[str]]:
    """Collect the statements that a store sends."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    with listening(store._opened.database.engine, "before_cursor_execute", note):  # noqa: SLF001 - behind its back
        yield sent


CHECKS: Final[dict[str, Check]] = {
    "all that is given is read": Check(_all_is_read),
    "a long string costs its own record": Check(_long_strings),
    "what ends early is not done": Check(_early_ends),
    "a thousand faces are a text": Check(_faces),
    "what memproc breaks on is told": Check(_breaks_alone),
    "decisions act where they are trusted": Check(_decisions_act_on_nothing),
    "a policy gives way and is taken back": Check(_policies_give_way),
    "two texts with one hash are two": Check(_one_hash),
    "the store's own files stay closed": Check(_own_files, is_of_files=True),
    "a loop over a store ends": Check(_loops_end),
    "what is forgotten is in no file": Check(_forgotten_everywhere, is_of_files=True),
    "nothing secret is told": Check(_nothing_told),
    "what is changed by hand is noticed": Check(_changed_by_hand),
    "statements do not grow with the store": Check(_statements_stay),
    "what is cut off between batches goes on": Check(_cut_off_between),
    "what is cut off within a batch goes on": Check(_cut_off_within),
}
