"""Stores of other programs, read where they are: all of it, without a change to a byte."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest
from sqlalchemy import create_engine, text

import memproc
from memproc.formats import format_named
from memproc.sources.live import chroma, qdrant
from memproc.sources.live.address import address_of, shown
from memproc.sources.live.systems import SYSTEMS
from memproc.sources.remote import Remote
from tests.databases import reason_to_skip, server_url
from tests.sources.live import written

MANY = 50  # as many as a page of mem0's lists has, but nothing cuts these off
HENS = {f"0000-{number:04}": written.payload(f"Ann keeps {number} hens", farm=number) for number in range(MANY)}


def mem0_on_qdrant(folder):
    """Write one and return its address."""
    return f"mem0://{written.qdrant_folder(folder / 'q', HENS)}"


def mem0_on_chroma(folder):
    """Write one and return its address."""
    return f"mem0+chroma://{written.chroma_folder(folder / 'c', HENS)}"


def langgraph(folder):
    """Write one and return its address."""
    items = {("users.ann.memories", f"{number:04x}-aa"): {"content": f"Ann keeps {number} hens"} for number in range(MANY)}
    return f"langgraph://{written.langgraph_file(folder / 'l.db', items)}"


def mcp_memory_service(folder):
    """Write one, with a deleted row, and return its address."""
    texts = {f"hash-{number}": f"Ann keeps {number} hens" for number in range(MANY + 1)}
    return f"mcp-memory-service://{written.mcp_memory_service_file(folder / 'm.db', texts, [f'hash-{MANY}'])}"


WRITERS = (mem0_on_qdrant, mem0_on_chroma, langgraph, mcp_memory_service)
OF_ALL = pytest.mark.parametrize("writes", WRITERS, ids=lambda one: one.__name__)


def contents(store):
    """Return what a store remembers, by namespace and text."""
    return sorted((memory.namespace, memory.content) for memory in store)


def files_in(folder):
    """Return a hash of each file in a folder."""
    return {path: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


@OF_ALL
def test_a_store_is_read_whole_and_left_as_it_is(writes, tmp_path, fresh_file):
    """Past the caps that the lists of its program have, and no file is made beside it; once more adds nothing."""
    (tmp_path / "there").mkdir()
    address = writes(tmp_path / "there")
    before = files_in(tmp_path / "there")
    for path in before:  # nobody has written there for a while
        os.utime(path, (1_800_000, 1_800_000))
    with fresh_file() as store:
        report = memproc.ingest(address, store)
        assert (report.status, report.read, report.stored) == ("done", MANY, MANY)
        assert (report.left_out, report.notes) == ({"deleted": 1} if writes is mcp_memory_service else {}, [])
        owner = "default" if writes is mcp_memory_service else "ann"
        assert contents(store) == sorted((owner, f"Ann keeps {number} hens") for number in range(MANY))
        assert memproc.ingest(memproc.LiveStore(address), store).duplicate == MANY
    assert files_in(tmp_path / "there") == before


def memori(folder):
    """Write one, with rows in five tables, and return its address."""
    return f"memori://{written.memori_file(folder / 'm.db')}"


@pytest.mark.parametrize("writes", [*WRITERS, memori], ids=lambda one: one.__name__)
def test_reading_goes_on_behind_any_item(writes, tmp_path):
    """A mark is JSON, and names the item that it stands behind."""
    live = memproc.LiveStore(writes(tmp_path))
    assert isinstance(live, Remote)
    all_of_them = list(live.found(None))
    for at in (0, 1, 3, len(all_of_them) // 2, len(all_of_them) - 1):
        assert list(live.found(all_of_them[at].mark)) == all_of_them[at + 1 :]


def test_what_stands_in_mem0_is_what_its_list_gives(tmp_path, fresh_file):
    """So who ingested an export of it finds nothing new in the store."""
    listed = [
        {"id": name, "memory": one["data"], "hash": one["hash"], "metadata": {"farm": one["farm"]}, "user_id": "ann"}
        | {"created_at": one["created_at"], "updated_at": one["updated_at"]}
        for name, one in HENS.items()
    ]
    with fresh_file() as store:
        memproc.ingest(listed, store, format="mem0")
        report = memproc.ingest(mem0_on_qdrant(tmp_path), store)
        assert (report.stored, report.duplicate, store.stats()["observations"]) == (0, MANY, MANY)


def test_a_damaged_or_foreign_pickle_is_quarantined_and_nothing_in_it_runs(tmp_path, fresh_file):
    """Its bytes are kept."""
    spoils = tmp_path / "spoilt"
    runs = f"cos\nsystem\n(S'touch {spoils}'\ntR.".encode()
    folder = written.qdrant_folder(tmp_path / "q", {"1": runs, "2": b"\x80\x04", "3": written.payload("Keeps bees"), "4": b""})
    with fresh_file() as store:
        report = memproc.ingest(f"mem0://{folder}", store)
        assert (report.read, report.stored, report.quarantined) == (4, 1, 3)
        assert sorted(one.raw for one in store.quarantine()) == sorted([runs, b"\x80\x04", b""])
    assert not spoils.exists()


def test_values_of_chroma_keep_their_types(tmp_path, fresh_file):
    """Text, numbers, truth values and lists are in tables and columns of their own."""
    given = written.payload("Keeps bees", hives=4, weight=2.5, sold=True, kinds=["a", "b"])
    address = f"mem0+chroma://{written.chroma_folder(tmp_path / 'c', {'1': given})}"
    with fresh_file() as store:
        memproc.ingest(address, store)
        [memory] = store
        assert memory.metadata == {"hives": 4, "weight": 2.5, "sold": True, "kinds": ["a", "b"]}


def test_a_langgraph_item_that_expires_is_true_until_then(tmp_path, fresh_file):
    """Times in its table are UTC, whatever they say."""
    file = written.langgraph_file(tmp_path / "l.db", {("users.ann", "aa-1"): {"text": "Is away"}})
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE store SET expires_at = '2026-04-01T10:00:00+00:00'")
    with fresh_file() as store:
        memproc.ingest(f"langgraph://{file}", store)
        [memory] = store
        assert (str(memory.created_at), str(memory.valid_to)) == ("2026-03-01 08:00:00+00:00", "2026-04-01 10:00:00+00:00")
        assert "created_at_raw" not in memory.metadata


def test_what_a_program_has_not_written_to_its_file_yet_is_read_too(tmp_path, fresh_file):
    """A log beside the file, of a program that is still running."""
    file = written.langgraph_file(tmp_path / "l.db", {("a", "aa-1"): {"text": "Rows"}})
    with closing(sqlite3.connect(file)) as connection, fresh_file() as store:
        with connection:
            connection.execute("INSERT INTO store (prefix, key, value) VALUES ('a', 'aa-2', '{\"text\": \"Swims\"}')")
        assert (tmp_path / "l.db-wal").stat().st_size
        before = file.read_bytes()
        assert memproc.ingest(f"langgraph://{file}", store).stored == 2
        assert file.read_bytes() == before


MEMORI = [
    ("bot", "Answers briefly", None, "fact"),
    ("ines", "Ines lives in Porto", "Ines", "fact"),
    ("ines", "Ines repairs  clocks!", None, "fact"),
    ("ines", "The clock is ready on Friday", None, "summary"),
    ("ines", "When is it ready?", "user", "message"),
]


def test_all_tables_of_memori_are_read(tmp_path, fresh_file):
    """Each row belongs to whom the application knows by that name."""
    with fresh_file() as store:
        report = memproc.ingest(f"memori://{written.memori_file(tmp_path / 'm.db')}", store)
        found = sorted((one.namespace, one.content, one.subject, one.kind) for one in store)
        assert (found, report.read, report.merged) == (MEMORI, 6, 1)
        [talk] = [one for one in store if one.kind == "message"]
        assert (talk.conversation, str(talk.created_at)) == ("u-4", "2026-02-01 08:00:00+00:00")


LETTA = [
    ("agent-1", "Teaches the cello", "human"),
    ("agent-1", "The recital is in the old hall!", None),
    ("agent-1", "When is the recital?", "user"),
    ("agent-2", "Teaches the cello", "human"),
]


def check_letta(store, address):
    """Check that a block is of each of its agents, a passage of the one of its archive, and that what was deleted stays out."""
    report = memproc.ingest(address, store)
    assert sorted((one.namespace, one.content, one.subject) for one in store) == LETTA
    assert (report.read, report.merged, report.left_out) == (5, 1, {"deleted": 1})


def test_the_tables_of_letta_are_read(tmp_path, fresh_file):
    """From its SQLite file."""
    with closing(sqlite3.connect(tmp_path / "letta.db")) as connection, connection:
        written.letta_tables(connection.execute)
    with fresh_file() as store:
        check_letta(store, f"letta+sqlite://{tmp_path / 'letta.db'}")


@pytest.fixture
def on_postgres():
    """Give an empty schema of a PostgreSQL server: what runs a statement in it, and what makes an address of it."""
    if reason := reason_to_skip("postgresql"):
        pytest.skip(reason)
    url = server_url("postgresql")
    name = f"live_{os.getpid()}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {name}"))
        connection.execute(text(f"SET search_path TO {name}"))
        rest = url.partition("://")[2]
        sign = "&" if "?" in rest else "?"
        yield (
            lambda statement: connection.exec_driver_sql(statement.replace("%", "%%")),
            lambda system: f"{system}://{rest}{sign}schema={name}",
        )
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.mark.server
def test_the_tables_of_letta_are_read_from_its_server(on_postgres, fresh_file):
    """As from a file."""
    run, address = on_postgres
    written.letta_tables(run)
    with fresh_file() as store:
        check_letta(store, address("letta"))


@pytest.mark.server
def test_a_langgraph_store_on_a_server_is_read(on_postgres, fresh_file):
    """By pages in the order of its key, where a value is JSON of the database."""
    run, address = on_postgres
    run("CREATE TABLE store (prefix text, key text, value jsonb, created_at timestamptz DEFAULT now(), PRIMARY KEY (prefix, key))")
    for number in range(30):
        run(f"INSERT INTO store VALUES ('users.ann.{'ab'[number % 2]}', 'k-{number:03}', '{{\"text\": \"Keeps {number} hens\"}}')")
    with fresh_file() as store:
        live = memproc.LiveStore(address("langgraph+postgresql"))
        assert memproc.ingest(live, store).stored == 30
        marks = [one.mark for one in live.found(None)]
        assert [one.mark for one in live.found(marks[19])] == marks[20:]


@pytest.mark.server
def test_a_collection_of_mem0_in_postgresql_is_read_without_its_vectors(on_postgres, fresh_file):
    """The type of its vectors, which an extension brings, is never asked for; here they are lists of numbers."""
    run, address = on_postgres
    run("CREATE TABLE farm (id uuid PRIMARY KEY, vector real[], payload jsonb)")
    for number in range(30):
        given = f'{{"data": "Keeps {number} hens", "hash": "x", "user_id": "ann"}}'
        run(f"INSERT INTO farm VALUES ('00000000-0000-0000-0000-{number:012}', '{{0.5,0.25}}', '{given}')")
    with fresh_file() as store:
        live = memproc.LiveStore(address("mem0+pgvector") + "&collection=farm")
        report = memproc.ingest(live, store)
        assert (report.stored, report.left_out) == (30, {})
        marks = [one.mark for one in live.found(None)]
        assert [one.mark for one in live.found(marks[28])] == marks[29:]


REFUSED = {
    "mem1://x": "a URL is no file",
    "mem0+redis://x": r"mem0\+redis:// is unknown: choose one of mem0\+qdrant://, mem0\+qdrant\+http://",
    "mem0://": "give where it is behind ://",
    "mem0:///nowhere?colection=x": "has no option 'colection': it has collection",
    "mem0:///nowhere?collection=../x": "give the name of a collection",
    "mem0:///nowhere": "/nowhere has no collection 'mem0': it is no folder of Qdrant's",
    "mem0+chroma:///nowhere": "chroma.sqlite3 does not exist",
    "langgraph:///nowhere.db": "nowhere.db does not exist",
}


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_leads_nowhere_is_refused_with_what_would_be_right(address, tmp_path):
    """Before a store is made."""
    with pytest.raises(memproc.UsageError, match=REFUSED[address]):
        memproc.ingest(address, tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()


def test_a_collection_that_is_not_there_is_told_with_those_that_are(tmp_path):
    """In Qdrant's folder and in Chroma's file."""
    written.qdrant_folder(tmp_path / "q", HENS, "farm")
    written.chroma_folder(tmp_path / "c", HENS)
    for address, names in (
        (f"mem0://{tmp_path / 'q'}", "it has farm"),
        (f"mem0+chroma://{tmp_path / 'c'}?collection=x", "mem0, other"),
    ):
        with pytest.raises(memproc.SourceError, match=names):
            memproc.ingest(address, tmp_path / "m.db")


def test_another_database_is_told_from_one_of_the_program(tmp_path):
    """By the table that it lacks."""
    written.memori_file(tmp_path / "m.db")
    with pytest.raises(memproc.SourceError, match="has no table store: is it the right database"):
        memproc.ingest(f"langgraph://{tmp_path / 'm.db'}", tmp_path / "o.db")


def test_no_message_shows_a_password():
    """Neither a label nor what is kept to find a job again."""
    live = memproc.LiveStore("langgraph+postgresql://ann:tiger@db.example/app?sslpassword=lion&schema=s")
    assert live.label == "langgraph+postgresql://ann:***@db.example/app?schema=s"
    said = f"{live!r} {live.identity}"
    assert "tiger" not in said
    assert "lion" not in said


def test_every_system_is_read_by_a_format_that_there_is():
    """The table names no other."""
    assert [format_named(system.format).name for system in SYSTEMS.values()] == [system.format for system in SYSTEMS.values()]


@pytest.mark.costly
def test_a_server_of_qdrant_is_scrolled_through_behind_a_point(monkeypatch):
    """By its own client, here on a collection in memory; a page begins with the point that the one before ended at."""
    qdrant_client = pytest.importorskip("qdrant_client")
    monkeypatch.setattr(qdrant, "PAGE", 7)
    client = qdrant_client.QdrantClient(":memory:")
    client.create_collection("mem0", vectors_config=qdrant_client.models.VectorParams(size=2, distance="Cosine"))
    points = [
        qdrant_client.models.PointStruct(id=number, vector=[0.5, 0.25], payload=written.payload(f"Keeps {number} hens"))
        for number in range(30)
    ]
    client.upsert("mem0", points)
    found = list(qdrant.scrolled(client, "mem0", None))
    assert [one.mark for one in found] == [*range(30)]
    assert found[4].item.value == {"id": 4, "payload": points[4].payload}
    assert list(qdrant.scrolled(client, "mem0", 13)) == found[14:]
    client.close()


@pytest.mark.parametrize("writes", [mem0_on_qdrant, mem0_on_chroma], ids=lambda one: one.__name__)
def test_records_with_numbers_below_one_are_read(writes, tmp_path):
    """As a file may hold that was written by another program."""
    address = writes(tmp_path)
    [file] = tmp_path.rglob("*.sqlite*")
    with closing(sqlite3.connect(file)) as connection, connection:
        if writes is mem0_on_qdrant:
            connection.execute("UPDATE points SET rowid = rowid - 5")
        else:
            for table in ("embeddings", "embedding_metadata", "embedding_metadata_array"):
                connection.execute(f"UPDATE {table} SET id = -id WHERE id < 4")
    whole = [*memproc.LiveStore(address).found(None)]
    assert len(whole) == MANY
    assert len([*memproc.LiveStore(address).found(whole[1].mark)]) == MANY - 2


@OF_ALL
def test_what_a_database_says_is_told_without_its_statement(writes, tmp_path):
    """In one line, and without a link."""
    address = writes(tmp_path)
    [file] = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in (".sqlite", ".sqlite3", ".db")]
    with closing(sqlite3.connect(file)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if name in ("points", "embeddings", "store", "memories"):
                connection.execute(f"DROP TABLE {name}")
                connection.execute(f"CREATE TABLE {name} (other)")
    with pytest.raises(memproc.SourceError) as told:
        [*memproc.LiveStore(address).found(None)]
    assert "sqlalche.me" not in str(told.value)
    assert "SELECT" not in str(told.value)


def test_of_large_records_of_chroma_only_a_few_are_held(tmp_path, monkeypatch):
    """And one that is too long is quarantined."""
    records = {f"0000-{number:04}": written.payload("x" * 1_000, farm=number) for number in range(9)}
    records["0000-0004"] = written.payload("x" * 5_000, farm=4)
    address = f"mem0+chroma://{written.chroma_folder(tmp_path / 'c', records)}"
    monkeypatch.setattr(chroma, "FILE_PAGE_BYTES", 3_500)
    monkeypatch.setattr(chroma, "LONGEST_BYTES", 4_000)
    held, payloads = [], chroma._payloads

    def noted(database, tables, numbers):
        held.append(len(numbers))
        return payloads(database, tables, numbers)

    monkeypatch.setattr(chroma, "_payloads", noted)
    found = [*memproc.LiveStore(address).found(None)]
    assert [one.item.fault.code for one in found if one.item.fault] == ["record_too_long"]
    assert (len(found), sum(held)) == (9, 8)
    assert max(held) <= 3


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("graphiti+neo4j://ann:se?cret@host", "graphiti+neo4j://ann:***"),
        ("graphiti+neo4j://ann:secret", "graphiti+neo4j://ann:***"),
        ("letta://ann:se/cret@host:1/d", "letta://ann:***@host:1/d"),
        ("graphiti+neo4j://host:7687", "graphiti+neo4j://host:7687"),
        ("mem0+postgresql://host:5432/db", "mem0+postgresql://host:5432/db"),
        ("mem0:///tmp/a:b", "mem0:///tmp/a:b"),
    ],
)
def test_a_password_is_not_shown_where_its_host_is_not_seen(given, told):
    """It may have a mark in it that ends what stands before it, or no host behind it."""
    assert shown(address_of(given)) == told
