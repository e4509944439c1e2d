"""The check-up of a store: each kind of damage is found by its own code, what it advises mends it, and a good store has none."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import orjson
import pytest
from sqlalchemy import create_engine, event, select, update

import memproc
from benchmarks.corpus import make_corpus
from memproc.dedup.keys import key_of
from memproc.records import encode
from memproc.store.checkup.doctor import examine, examine_at
from memproc.store.checkup.findings import FINDINGS
from memproc.store.jobs.jobs import sealed as place_of
from memproc.store.sql import tables
from memproc.store.sql.database import Database
from memproc.store.sql.seals import seal_of
from memproc.store.sql.urls import url_of
from memproc.store.sql.versions import OLDEST
from memproc.store.store import Store
from tests.command_line import run_memproc
from tests.databases import VARIABLES, named, reason_to_skip
from tests.waiting import LIMIT_SECONDS

TEXT = "The recipe from Aisha needs 84 grams of pistachios and some {} sandwiches on the side of the plate"


def records():
    """Return about two hundred records of all kinds: repeats, typos, versions, events, broken ones."""
    made = [{"content": entry.content, "metadata": {"n": at}} for at, entry in enumerate(make_corpus(records=200, seed=7))]
    made += [{"content": TEXT.format(word), "created_at": "2025-01-01"} for word in ("cucumber", "cucmuberz", "tomatoes")]
    made += [{"content": TEXT.replace("84", number).format("olive"), "created_at": f"20{number}-01-01"} for number in ("19", "21")]
    made += [
        {"id": "7", "content": f"Lives in {place}", "updated_at": f"202{at}-01-01"} for at, place in enumerate(("Rome", "Paris"))
    ]
    made += [{"id": "8", "content": f"Works in {place}"} for place in ("Oslo", "Kyiv")]
    made += [{"content": f"She works in the {word}", "namespace": "ann"} for word in ("kithcen", "kitchen", "Kithcen")]
    made += [{"content": "Thanks!", "kind": "message", "conversation": talk, "created_at": "2025-02-01"} for talk in ("a", "b")]
    made.append({"content": "Thanks!", "kind": "message", "conversation": "c"})  # without a date, so that no rule lets it expire
    made += [{"content": f"Likes {thing}", "importance": 7} for thing in ("tea", "milk", "jam")]
    return [*made, {"content": ""}]


def live(store):
    """Give a store a history: two readings, decisions of every kind, some taken back, something forgotten, a rebuild."""
    memproc.ingest(records(), into=store, settings=memproc.Settings(batch_size=40))
    memproc.ingest(records()[:50], into=store)
    for review, verdict in zip(store.reviews(), ("merge", "distinct", "supersedes", "merge"), strict=False):
        store.resolve(review, verdict if verdict in review.verdicts else "distinct", note="seen by a person")
    merged = next(memory for memory in store if len(store.trace(memory.id).observations) > 2)
    first, second, *_ = store.trace(merged.id).observations
    store.withdraw(store.unmerge(first.observation))
    store.unmerge(second.observation, note="two things")
    store.forget(store.find(text="tomatoes")[0].id)
    store.forget(store.add({"content": "Likes jam"}).memory.id)  # and what is in quarantine of it
    store.forget(second.observation)  # what is decided on it stays
    store.rebuild(settings=memproc.Settings(dedup="exact"))
    store.rebuild(settings=memproc.Settings(dedup="near"))
    store.unmerge_job(1)
    store.expire(older_than="1mo", kind="message")
    store.expire(older_than="1d", name="of the night")
    store.restore_expired("of the night")
    store.expire(past_valid_to=True)
    store.set_retention([memproc.RetentionRule(older_than="2y")])
    tea, milk, *_ = [kept.number for kept in store.quarantine() if "Likes" in kept.raw.decode()]
    store.replay(tea, transform=lambda record: {**record, "importance": 1.0})
    store.discard(milk)
    store.add({"content": "She really took a long walk along the old river this morning"})
    store.add({"content": "She took a long walk along the old river this morning"})


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Give the path of a good store with a rich history, which nobody writes to."""
    path = tmp_path_factory.mktemp("good") / "good.db"
    with memproc.open(path) as store:
        live(store)
    return path


@pytest.fixture
def path(good, tmp_path):
    """Give the path of a copy of the good store."""
    return shutil.copy(good, tmp_path / "m.db")


class Connection(sqlite3.Connection):
    """A connection of SQLite's own, for statements that name tables without their prefix."""

    def execute(self, statement, *values):
        """Execute a statement."""
        return super().execute(named(statement), *values)


@contextmanager
def database(path):
    """Give a connection of SQLite's own, committed and closed in the end."""
    with closing(sqlite3.connect(path, factory=Connection)) as connection:
        yield connection
        connection.commit()


def ask(path, query, *values):
    """Return the first column of a query."""
    with database(path) as connection:
        return [row[0] for row in connection.execute(query, values)]


def change(statement, *values):
    """Return damage by one statement of SQL, which must change something."""

    def inflict(path):
        with database(path) as connection:
            assert connection.execute(statement, values).rowcount != 0

    return inflict


def sealed(inflict, table):
    """Return damage to the rows of a table under seals that fit, so that it is found by what the rows say."""

    def inflict_and_seal(path):
        inflict(path)
        with closing(create_engine(f"sqlite:///{path}").connect()) as connection, connection.begin():
            key, *more = table.primary_key.columns
            for row in connection.execute(select(table)).all():
                own = [column == row._mapping[column] for column in (key, *more)]
                connection.execute(update(table).where(*own).values(seal=seal_of(table, row._asdict())))

    return inflict_and_seal


def errors_of(findings):
    """Return the codes of errors."""
    return {finding.code for finding in findings if finding.severity == "error"}


def codes_of(findings):
    """Return all codes."""
    return {finding.code for finding in findings}


@pytest.mark.slow
def test_a_good_store_with_a_rich_history_has_no_finding(good):
    """Whatever was merged, undone, forgotten, rebuilt and rejected; and it holds all that the checks are about."""
    assert examine_at(good) == ()
    for table in (
        "merged",
        "typo_links",
        "decisions",
        "reviews",
        "forgotten",
        "expired",
        "quarantine",
        "quarantine_parts",
        "segments",
    ):
        assert ask(good, f"SELECT count(*) FROM {table}") > [0], table
    with memproc.open(good) as store:
        assert store.doctor() == ()
        store.add({"content": "Prefers tea"})
        assert store.doctor() == ()  # its own job is running, and its process lives
        with store.rehearsal():
            store.add({"content": "Prefers milk"})
            assert store.doctor() == ()
    with memproc.open("sqlite://") as store:
        assert store.doctor() == ()


@pytest.mark.costly
@pytest.mark.parametrize("dedup", ["off", "exact", "near"])
def test_a_good_store_of_each_kind_has_no_finding(fresh, dedup):
    """What is indexed and linked differs; with more than one version of each thing, and under another `recall`."""
    with fresh(dedup) as store:
        memproc.ingest(records(), into=store, settings=memproc.Settings(batch_size=17))
        assert store.doctor() == ()
        store.rebuild(settings=memproc.Settings(recall="high"))
        assert store.doctor() == ()


@pytest.mark.costly
def test_a_store_made_from_a_full_export_has_no_finding(good, fresh, tmp_path):
    """Decisions and tombstones that came without what they speak of are no damage."""
    with memproc.open(good) as store, fresh() as other:
        store.export(tmp_path / "full.jsonl", full=True)
        memproc.ingest(tmp_path / "full.jsonl", into=other)
        assert other.doctor() == ()


PORTABLE = {
    "DELETE FROM typo_links": {"typo_links"},
    "UPDATE merged SET namespace = 1": {"memories"},
    "UPDATE observations SET length = length + 1 WHERE number = 5": {"keys"},
    "UPDATE batches SET records = records + 1 WHERE number = 2": {"conservation", "seals"},
    "UPDATE ledger SET amount = amount WHERE number = 1": set(),
    "UPDATE ledger SET made_at = '2020' WHERE number = 1": {"seals"},
    "UPDATE observations SET times_seen = times_seen + 1 WHERE number = 5": {"arrival"},
    "DELETE FROM ledger WHERE number = 2": {"gaps", "arrival"},
    "DELETE FROM segments": {"index_missing"},
    "DELETE FROM quarantine_parts WHERE quarantine = 1": {"quarantine"},
    "UPDATE store SET rejected = 0": {"counters"},
    "DELETE FROM observations WHERE number = 1": {"conservation", "index_extra", "index_missing"},
}


@pytest.mark.slow
def test_damage_is_found_on_every_database(fresh):
    """The checks are of the rows, and the rows are the same everywhere."""
    with fresh() as store:
        memproc.ingest(records(), into=store, settings=memproc.Settings(batch_size=40))
        for statement, codes in PORTABLE.items():
            assert store.doctor() == ()
            with store._opened.database.write() as tx:
                tx.exec_driver_sql(named(statement))
                assert errors_of(examine(tx)) == codes
                tx.connection.rollback()


@pytest.mark.costly
def test_it_writes_nothing(path):
    """The file stays what it was, byte for byte, and only reading statements are sent."""
    before = path.read_bytes()
    assert examine_at(path) == ()
    assert path.read_bytes() == before
    said = []
    with Store(path) as store:
        event.listen(store._opened.database.engine, "before_cursor_execute", lambda *given: said.append(given[2].split()[0]))
        assert store.doctor() == ()
        assert set(said) <= {"BEGIN", "SELECT", "PRAGMA", "WITH"}
        store.add({"content": "Prefers tea"})  # and afterwards it can be written to


def altered(path):
    """Change the words of a record behind its key."""
    change("UPDATE observations SET record = replace(record, 'Paris', 'Milan') WHERE record LIKE '%Lives in Paris%'")(path)


def no_longer_valid(path):
    """Put into a record, with the right key, what validation does not accept."""
    with database(path) as connection:
        # What the ledger tells of its former key would be a finding too.
        unnamed = "key NOT IN (SELECT subject FROM ledger WHERE subject IS NOT NULL)"
        query = f"SELECT number, record FROM observations WHERE record LIKE '%Thanks!%' AND {unnamed} LIMIT 1"
        [(number, record)] = connection.execute(query)
        text = encode({**orjson.loads(record), "importance": 7})
        values = (text.decode(), key_of(text), number)
        connection.execute("UPDATE observations SET record = ?, key = ? WHERE number = ?", values)


def in_segment(edit):
    """Return damage to the bytes of a segment."""

    def inflict(path):
        with database(path) as connection:
            number, blob = connection.execute("SELECT number, bytes FROM segments ORDER BY number").fetchone()
            connection.execute("UPDATE segments SET bytes = ? WHERE number = ?", (edit(blob), number))

    return inflict


def one_more(blob):
    """Add an entry of an observation that there is not, at the end of the order."""
    return blob + (0xFFFFFFFF_00FFFFFF).to_bytes(8, "little")


def other_hash(blob):
    """Change a hash, and leave the entries in order."""
    return blob[:-4] + b"\xff\xff\xff\xff"


def contradiction(path):
    """Hold two apart that a chain of merges makes one."""
    with database(path) as connection:
        nodes = [row[0] for row in connection.execute("SELECT node FROM observations ORDER BY number DESC LIMIT 3")]
        (number,) = connection.execute("SELECT max(number) FROM decisions").fetchone()
        for at, (one, other, verdict) in enumerate(
            [(nodes[0], nodes[1], "merge"), (nodes[1], nodes[2], "merge"), (nodes[0], nodes[2], "distinct")], 1
        ):
            a, b = sorted((one, other))
            connection.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, '', '', '', 0)", (number + at, a, b, verdict))
    with Store(path, for_rebuild=True) as store:
        store.rebuild()


def of_old(path):
    """Make the store one of an earlier version, which lacked a column."""
    change("UPDATE store SET schema_version = 0")(path)
    change("ALTER TABLE jobs DROP COLUMN checkpoint")(path)


def of_another_scheme(path):
    """Make the keys some that another memproc gave."""
    change("UPDATE store SET scheme = '0'")(path)
    change("UPDATE observations SET length = length + 1")(path)


def place(job, landed):
    """Return a place to go on at, as a job has it after so many batches."""
    return place_of(job, landed, '["crm",[1,2],0,{}]')


ALONE = "(SELECT max(number) FROM observations WHERE memory IS NULL)"
EVENT = "(SELECT min(number) FROM observations WHERE record LIKE '%Thanks!%')"
REVIEWED = "(SELECT min(number) FROM ledger WHERE kind = 'review')"
ON_NOTHING = f"(SELECT max(number) + 1 FROM decisions), zeroblob(16), x'{'01' * 16}'"
MEMBER = "(SELECT min(number) FROM observations WHERE memory IS NOT NULL)"
BY_SQL = {
    "integrity": None,
    "unreachable": None,
    "unreadable": None,
    "wal_missing": None,
    "foreign_file": None,
    "schema": [change("DROP TABLE ledger"), change("ALTER TABLE reviews DROP COLUMN reason")],
    "older": [change(f"UPDATE store SET schema_version = {OLDEST}")],
    "version": [change("UPDATE store SET schema_version = 99"), of_old],
    "settings": [
        change("UPDATE store SET policy = '{'"),
        change("""UPDATE store SET policy = '{"dedup":"often"}'"""),
        change("""UPDATE store SET policy = '{"model":"none"}'"""),
        sealed(change("UPDATE store SET calibration = 'none'"), tables.store),
        change("DELETE FROM store"),
    ],
    "scheme": [change("UPDATE store SET scheme = '0'"), of_another_scheme],
    "values": [
        change("UPDATE observations SET position = 'first' WHERE number = 6"),
        change("UPDATE observations SET node = x'00' WHERE number = 6"),
        change("UPDATE ledger SET reason = x'00' WHERE number = 3"),
        change("UPDATE jobs SET fingerprint = 'none' WHERE number = 1"),
    ],
    "seals": [
        change("UPDATE store SET policy = replace(policy, '0.', '0.0')"),
        change("UPDATE decisions SET made_at = '2020-01-01' WHERE number = 1"),
        change("UPDATE quarantine_parts SET bytes = randomblob(length(bytes)) WHERE quarantine = 1"),
    ],
    "gaps": [change(f"DELETE FROM ledger WHERE number = {REVIEWED}")],
    "unwiped": [change("UPDATE store SET unwiped = 7")],
    "arrival": [
        change(f"UPDATE observations SET {wrong} WHERE number = 5")
        for wrong in (
            "times_seen = times_seen + 1",
            "last_batch = last_batch + 1",
            "confidence = 0.5",
            "as_of = 7",
            "as_of_seal = 7",
        )
    ]
    + [change(f"UPDATE observations SET number = 9999 WHERE number = {EVENT}")],
    "views": [change("DROP VIEW memories"), change("DROP VIEW error_patterns")],
    "indexes": [change("DROP INDEX observations_core")],
    "counters": [change(f"UPDATE store SET {name} = 0") for name in ("segments", "reviews", "rejected")],
    "records": [
        change("UPDATE observations SET record = '{\"content\":' WHERE number = 6"),
        change("UPDATE observations SET record = CAST(x'7b22ff227d' AS TEXT) WHERE number = 6"),
    ],
    "invalid_records": [no_longer_valid],
    "observation_keys": [altered],
    "keys": [
        change(f"UPDATE observations SET {column} = {wrong} WHERE number = 5")
        for column, wrong in (("node", "zeroblob(16)"), ("content", "zeroblob(16)"), ("core", 1), ("length", 1))
    ]
    + [change(f"UPDATE observations SET {column} = 1 WHERE number = 5") for column in ("namespace", "date")],
    "typo_links": [change("DELETE FROM typo_links"), change("INSERT INTO typo_links VALUES (1, 2)")],
    "memories": [
        change(f"UPDATE observations SET memory = NULL WHERE memory = (SELECT memory FROM observations WHERE number = {MEMBER})"),
        change(f"UPDATE observations SET memory = NULL WHERE number = {MEMBER}"),
        change(f"UPDATE observations SET memory = (SELECT min(id) FROM merged) WHERE number = {ALONE}"),
        change("UPDATE merged SET record = replace(record, 'e', 'i') WHERE id = (SELECT min(id) FROM merged)"),
        change("UPDATE merged SET namespace = 1 WHERE id = (SELECT min(id) FROM merged)"),
        change("DELETE FROM merged WHERE id = (SELECT min(id) FROM merged)"),
    ],
    "orphaned_memories": [change("INSERT INTO merged VALUES (zeroblob(16), 1, NULL, '{}')")],
    "conservation": [
        sealed(change("UPDATE batches SET records = records + 1 WHERE number = 2"), tables.batches),
        sealed(change("UPDATE batches SET first_position = first_position + 1 WHERE number = 2"), tables.batches),
        sealed(change("UPDATE batches SET known = '[[' WHERE number = 2"), tables.batches),
        change("UPDATE observations SET position = position - 1 WHERE number = 9"),
        change("UPDATE observations SET batch = 99 WHERE number = 9"),
        sealed(change("UPDATE ledger SET amount = amount + 1 WHERE kind = 'joins'"), tables.ledger),
        sealed(change("UPDATE batches SET stored = stored + 1, duplicate = duplicate - 1 WHERE number = 5"), tables.batches),
        change("UPDATE observations SET outcome = 'merged' WHERE number = 9"),
    ],
    "segments": [in_segment(lambda blob: blob[:-3]), in_segment(lambda blob: blob[8:] + blob[:8])],
    "index_missing": [change("DELETE FROM segments"), in_segment(lambda blob: blob[8:])],
    "index_extra": [in_segment(one_more)],
    "index_wrong": [in_segment(other_hash)],
    "search_index": [change("INSERT INTO searched VALUES (0, x'00')")],
    "orphaned_reviews": [
        sealed(change("UPDATE reviews SET one = zeroblob(16) WHERE number = (SELECT min(number) FROM reviews)"), tables.reviews)
    ],
    "orphaned_parts": [sealed(change("INSERT INTO quarantine_parts VALUES (99, 0, zeroblob(3), 0)"), tables.quarantine_parts)],
    "quarantine": [
        change("DELETE FROM quarantine_parts WHERE quarantine = 1"),
        sealed(change("UPDATE quarantine_parts SET bytes = zeroblob(1) WHERE quarantine = 1"), tables.quarantine_parts),
        sealed(change("UPDATE quarantine SET faults = '[' WHERE number = 1"), tables.quarantine),
    ],
    "quarantine_texts": [
        change("DELETE FROM quarantine_texts WHERE quarantine = 1"),
        change("UPDATE quarantine_texts SET text = zeroblob(16) WHERE rowid = (SELECT min(rowid) FROM quarantine_texts)"),
        change("UPDATE quarantine_texts SET quarantine = 99 WHERE rowid = (SELECT min(rowid) FROM quarantine_texts)"),
        change("INSERT INTO quarantine_texts VALUES (zeroblob(16), 1)"),
    ],
    "patterns": [
        change("UPDATE quarantine SET pattern = zeroblob(16) WHERE number = 1"),
        change("UPDATE quarantine SET message = 'well' WHERE status = 'discarded'"),
    ],
    "ledger": [sealed(change(f"UPDATE ledger SET subject = zeroblob(16) WHERE number = {REVIEWED}"), tables.ledger)],
    "expired": [
        change("DELETE FROM expired"),
        change("UPDATE expired SET name = 'other'"),
        change("UPDATE expired SET made_at = '2020-01-01T00:00:00.000000Z'"),
        change("INSERT INTO expired VALUES (1, zeroblob(16), 'x', '')"),
    ],
    "decisions": [
        sealed(change("UPDATE decisions SET verdict = 'perhaps' WHERE number = 1"), tables.decisions),
        sealed(change("UPDATE decisions SET a = b, b = a WHERE number = 1"), tables.decisions),
    ],
    "decisions_contradict": [sealed(contradiction, tables.decisions)],
    "decisions_on_nothing": [
        sealed(change(f"INSERT INTO decisions VALUES ({ON_NOTHING}, 'distinct', '', '', '', 0)"), tables.decisions)
    ],
    "jobs_missing": [change("DELETE FROM jobs"), change("DELETE FROM jobs WHERE number = 1")],
    "jobs_miscounted": [change("UPDATE jobs SET landed = landed + 1 WHERE number = 1")],
    "checkpoints": [
        sealed(change(f"UPDATE jobs SET status = 'failed', {wrong} WHERE number = 1"), tables.jobs)
        for wrong in (
            "checkpoint = 'nothing'",
            f"checkpoint = '{place(1, 9)}'",
            f"checkpoint = (SELECT replace('{place(1, 5)}', '[1', '[11'))",
            f"checkpoint = '{place(2, 5)}'",
            "checkpoint = NULL, identity = zeroblob(16)",
        )
    ]
    + [change(f"UPDATE jobs SET checkpoint = '{place(1, 5)}' WHERE number = 1")],
    "leases": [change("UPDATE jobs SET lease_until = 1 WHERE number = 1")],
    "jobs": [sealed(change("UPDATE jobs SET status = 'running' WHERE number = 1"), tables.jobs)],
}
CASES = [pytest.param(code, inflict, id=f"{code}-{at}") for code, ways in BY_SQL.items() for at, inflict in enumerate(ways or ())]
# What cannot be had without the other: a memory that nobody is in any more, a segment that is cut off, an entry out of place.
ALSO = {
    "memories": {"orphaned_memories"},
    "arrival": {"index_wrong", "memories"},
    "seals": {"quarantine_texts"},
    "conservation": {"arrival"},
    "segments": {"index_missing", "index_extra"},
    "index_extra": {"index_missing"},
}


def test_every_code_is_tested():
    """The table of damage is the table of codes."""
    assert BY_SQL.keys() == FINDINGS.keys()


@pytest.mark.costly
@pytest.mark.parametrize(("code", "inflict"), CASES)
@pytest.mark.sampled(32)
def test_each_kind_of_damage_is_found_by_its_own_code_and_mended_as_advised(code, inflict, path):
    """No other error is told; and after the command that is advised the finding is gone."""
    inflict(path)
    findings = examine_at(path)
    assert code in codes_of(findings)
    assert errors_of(findings) - {code} <= ALSO.get(code, set())
    found = next(finding for finding in findings if finding.code == code)
    assert found.how_many >= len(found.examples) > 0
    if "memproc rebuild" in found.advice:
        with Store(path, for_rebuild=True) as store:
            store.rebuild()
        assert examine_at(path) == ()
        with memproc.open(path) as store:
            assert store.recount().is_whole
            assert store.rebuild() == (0, 0)
            assert store.add({"content": "Likes coal", "importance": 7}).outcome == "quarantined"
            store.add({"content": TEXT.format("cucuumberz")})
            assert store.doctor() == ()
    elif "memproc forget" in found.advice:
        with memproc.open(path) as store:
            for example in found.examples:
                store.forget(example)
            assert store.doctor() == ()
    elif "unmerge DB ID --undo" in found.advice:
        with memproc.open(path) as store:
            named = found.examples[0].split()[0]
            store.withdraw([decision for decision in store.decisions(named) if decision.verdict == "distinct"])
            assert store.doctor() == ()
    elif "memproc stats" in found.advice:
        memproc.open(path).close()
        assert examine_at(path) == ()
    elif "store.withdraw" in found.advice:
        with memproc.open(path) as store:
            store.withdraw([decision for decision in store.decisions() if not any(decision.a)])
            assert store.doctor() == ()


def test_an_observation_that_is_gone_is_missed(path):
    """In the count, in the index and in the ledger."""
    change("DELETE FROM observations WHERE number = (SELECT min(number) FROM observations)")(path)
    assert {"conservation", "index_extra"} <= errors_of(examine_at(path))


def test_a_damaged_page_is_found(path):
    """By the database's own check; nothing that rests on it is looked at."""
    [page], [size] = (
        ask(path, "SELECT rootpage FROM sqlite_master WHERE name = 'memproc_observations_node'"),
        ask(path, "PRAGMA page_size"),
    )
    with path.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)
    assert codes_of(examine_at(path)) == {"integrity"}


def test_what_is_no_database_any_more_is_told(path):
    """As a finding, like everything else."""
    with path.open("r+b") as stream:
        stream.write(b"\xff" * 100)
    [finding] = examine_at(path)
    assert finding.code == "unreadable"
    assert "not a database" in finding.examples[0]


def broken_by(name, words):
    """Return an error of SQLite's as the driver gives it."""
    error = sqlite3.OperationalError(words)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_READONLY", "attempt to write a readonly database"),
        ("SQLITE_CANTOPEN", "unable to open database file"),
        ("SQLITE_IOERR_READ", "disk I/O error"),
        ("SQLITE_BUSY", "database is locked"),
        ("SQLITE_ERROR", "something else"),
    ],
)
@pytest.mark.parametrize("at", ["BEGIN", "SELECT"])
def test_a_database_that_cannot_be_read_and_is_not_damaged_needs_no_backup(path, monkeypatch, name, words, at):
    """Whatever the reason: to go back to a backup would lose what was taken since."""

    def refuse(_connection, _cursor, statement, *_rest):
        if statement.startswith(at):
            raise broken_by(name, words)

    def listened(*given):
        database = Database(*given)
        event.listen(database.engine, "before_cursor_execute", refuse)
        return database

    monkeypatch.setattr("memproc.store.checkup.doctor.Database", listened)
    [finding] = examine_at(path)
    assert (finding.code, finding.severity) == ("unreachable", "error")
    assert words in finding.examples[0]
    assert "backup" not in finding.advice


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
@pytest.mark.parametrize("change", [{"port": 1}, {"database": "nowhere"}, {"username": "nobody", "password": "secret"}], ids=str)
def test_a_server_that_refuses_is_no_damage(name, change):
    """It is down, or has no such database, or knows no such user."""
    if reason := reason_to_skip(name):
        pytest.skip(reason)
    where = url_of(os.environ[VARIABLES[name]]).set(**change).render_as_string(hide_password=False)
    [finding] = examine_at(where)
    assert finding.code == "unreachable"
    assert "backup" not in finding.advice
    assert "secret" not in str(finding)


@pytest.mark.costly
def test_a_log_that_was_removed_while_the_store_is_open_is_missed(path):
    """The newest commits are in it. On a closed store nothing is missed: there is none."""
    with memproc.open(path) as store:
        store.add({"content": "Prefers tea"})
        assert store.doctor() == ()
        copy = shutil.copy(path, path.with_name("copy.db"))
        shutil.copy(f"{path}-shm", f"{copy}-shm")
        path.with_name(f"{path.name}-wal").unlink()
        assert codes_of(store.doctor()) == {"wal_missing"}
    assert "wal_missing" in codes_of(examine_at(copy))


@pytest.mark.parametrize(
    ("end", "start"),
    [
        ("-journal", b"something else"),
        ("-wal", bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0])),  # no log, though of the right size of pages
        ("-wal", bytes([0x37, 0x7F, 0x06, 0x82, 0, 0, 0, 0, 0, 0, 0x02, 0])),  # the log of a database with other pages
    ],
)
def test_a_file_that_does_not_belong_to_it_is_found_before_it_is_read(path, end, start):
    """And after it was moved away the store is whole."""
    beside = path.with_name(path.name + end)
    beside.write_bytes(start + bytes(1_000))
    [finding] = examine_at(path)
    assert (finding.code, finding.examples) == ("foreign_file", (beside.name,))
    assert beside.exists()
    beside.unlink()
    assert examine_at(path) == ()


def test_a_quick_check_of_an_open_store_reads_no_memories(tmp_path):
    """So it does not miss one, but a table; and it writes nothing, not even what became of a job."""
    path = tmp_path / "memories.db"
    with memproc.open(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as beside:
        store.add({"content": "Prefers tea"})
        beside.execute("DELETE FROM memproc_observations")
        beside.execute("UPDATE memproc_jobs SET status = 'running', owner = NULL")
        assert codes_of(store.doctor(quick=True)) == {"jobs"}
        assert errors_of(store.doctor())
        assert codes_of(store.doctor(quick=True)) == set()
        beside.execute("DROP TABLE memproc_typo_links")
        assert codes_of(store.doctor(quick=True)) == {"schema"}


@pytest.mark.costly
def test_a_store_that_was_killed_has_its_own_log(path):
    """A log that belongs to the database is no finding."""
    code = "import os, sys, memproc; memproc.open(sys.argv[1]).add({'content': 'x y z'}); os._exit(0)"
    subprocess.run([sys.executable, "-c", code, path], check=True, timeout=LIMIT_SECONDS)
    assert path.with_name(f"{path.name}-wal").stat().st_size
    assert codes_of(examine_at(path)) == {"jobs"}


class Rated(memproc.Memory):
    """Memories whose importance is told in stars, with a field of their own."""

    importance: float | None = None
    mood: str


@pytest.mark.slow
def test_a_record_of_another_class_of_memories_is_valid_where_its_store_is_open(fresh_file):
    """Who opens the store by the class of its records, or by a class that lacks its fields, is told nothing."""
    with fresh_file() as empty:
        path = empty._opened.database.file
    with memproc.open(path, schema=Rated) as store:
        store.add({"content": "Prefers tea", "importance": 5.0, "mood": "calm"})
        store.add({"content": "Prefers milk", "importance": 0.5, "mood": "calm"})
        assert store.doctor() == ()
    [finding] = examine_at(path)
    assert (finding.code, finding.severity, finding.how_many) == ("invalid_records", "warning", 1)


def test_examples_are_few_and_the_count_is_whole(path):
    """Five examples, however many there are; of observations they are ids that `trace` takes."""
    change("UPDATE observations SET length = length + 1")(path)
    [finding] = examine_at(path)
    assert (finding.how_many, len(finding.examples)) == (*ask(path, "SELECT count(*) FROM observations"), 5)
    with memproc.open(path) as store:
        assert all(store.trace(example).memory for example in finding.examples)


@pytest.mark.slow
def test_a_segment_of_several_parts_is_read_as_one(path, monkeypatch):
    """Order, length and number of the parts count across them."""
    monkeypatch.setattr("memproc.store.sql.tables.PART_BYTES", 800)
    with Store(path, for_rebuild=True) as store:
        store.rebuild()
    assert ask(path, "SELECT max(part) FROM segments") > [3]
    assert examine_at(path) == ()
    swapped = "(SELECT other.bytes FROM segments other WHERE other.number = segments.number AND other.part = 3 - segments.part)"
    for damage in (
        "UPDATE segments SET bytes = substr(bytes, 1, length(bytes) - 8) WHERE part = 1",
        f"UPDATE segments SET bytes = {swapped} WHERE part IN (1, 2)",
        "DELETE FROM segments WHERE part = 1",
    ):
        damaged = shutil.copy(path, path.with_name("damaged.db"))
        change(damage)(damaged)
        assert "segments" in codes_of(examine_at(damaged))


@pytest.mark.costly
def test_the_command_tells_what_is_wrong_and_exits_with_1(path):
    """JSON and text; 0 where nothing is wrong, also for what cannot be opened as a store; 2 where there is none."""

    def run(*arguments):
        return run_memproc(*arguments)[:2]

    assert run("doctor", path) == (0, "nothing is wrong\n")
    assert run("doctor", path, "--json") == (0, '{"status":"ok","findings":[]}\n')
    change("DELETE FROM typo_links")(path)
    code, told = run("doctor", path)
    assert code == 1
    assert told.startswith("error  typo_links (")
    assert "what mends it: run `memproc rebuild DB`" in told
    code, told = run("doctor", path, "--json")
    [finding] = json.loads(told)["findings"]
    assert (code, finding["code"], finding["severity"]) == (1, "typo_links", "error")
    assert finding.keys() == {"code", "severity", "message", "how_many", "examples", "advice"}
    assert run("rebuild", path)[0] == 0
    assert run("doctor", path)[0] == 0
    change("UPDATE store SET policy = '{'")(path)
    assert run("doctor", path)[0] == 1
    assert run("doctor", path.with_name("none.db"))[0] == 2


def test_a_source_that_gives_a_date_only_later_leaves_a_good_store(fresh):
    """Of a fact without a date no change is looked for; what it was indexed as before is no damage."""
    with fresh() as store:
        for as_of in (None, "2024-01-01"):
            memproc.ingest(
                [{"content": "She has 2 cats"}, {"content": "She has a dog and 3 hens"}], store, source="app", as_of=as_of
            )
            assert store.doctor() == ()
        assert store.rebuild() == (0, 0)
        assert store.doctor() == ()
