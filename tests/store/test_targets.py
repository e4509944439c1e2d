"""Where a store is: a path is a path, a URL holds "://", a temporary store is said in full, and what is wrong is told."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import memproc
from memproc.store.sql.urls import url_of
from tests.command_line import run_memproc

EMPTY = ("", " ", "\t\n", "sqlite:///", "sqlite:/// ", "sqlite+pysqlite:///", "sqlite:///?mode=rw")
IN_MEMORY = (":memory:", "sqlite:///:memory:", "sqlite+pysqlite:///:memory:")
NO_TARGET = (None, 5, 1.5, True, b"m.db", ["m.db"], {"path": "m.db"})
NAMES = (
    "a?b=c.db",
    "report%20final.db",
    "x.db?mode=memory",
    "a#b.db",
    "a;b.db",
    "a&b.db",
    "über ähre 日本.db",
    "a b.db",
    "-x.db",
    "100%.db",
    "a+b.db",
    "file:m.db",
    "file:m.db?mode=memory&cache=shared",
    "sqlite:m.db",
    "'a'.db",
    'a"b.db',
    "a\\b.db",
    "a\nb.db",
    "m",
    "~m.db",
    "$HOME.db",
    "a@b:c.db",
    "\udcff.db",
)
DRIVERS = {
    "postgresql+asyncpg://ann@h/db": r"postgresql\+asyncpg is not served.*postgresql://ann@h/db",
    "postgresql+psycopg2://ann@h/db": r"postgresql\+psycopg2 is not served.*postgresql://ann@h/db",
    "postgresql+psycopg_async://ann@h/db": "is not served.*postgresql://ann@h/db",
    "sqlite+aiosqlite:///m.db": r"sqlite\+aiosqlite is not served.*sqlite:///m.db",
    "mysql+aiomysql://ann@h/db": r"mysql\+aiomysql is not served.*mysql://ann@h/db",
    "mysql+mysqldb://ann@h/db": "is not served.*mysql://ann@h/db",
    "mariadb+asyncmy://ann@h/db": "is not served.*mariadb://ann@h/db",
    "oracle://h/db": "'oracle' is not served.*sqlite, postgresql",
    "mongodb+srv://h/db": "is not served|is no database URL",
    "https://h/m.db": "'https' is not served",
    "file:///m.db": "'file' is not served",
    "://m.db": "is no database URL",
    "postgresql://h:port/db": "is no database URL",
    "postgresql://ann:p@ss@h/db": "write an @ in a password as %40",
    "sqlite://m.db": "three slashes",
    "sqlite://h/m.db": "three slashes",
    "sqlite:///m.db?mode=ro&uri=true": r"takes no options \(mode, uri\)",
    "sqlite:///file:m.db?mode=memory&cache=shared&uri=true": "takes no options",
    "sqlite:///m.db?timeout=5": r"takes no options \(timeout\)",
}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    """Let each test run in a folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))


def made():
    """Return what lies in the folder."""
    return sorted(file.name for file in Path().iterdir())


@pytest.mark.parametrize("where", EMPTY)
def test_an_unset_variable_is_no_temporary_store(where):
    """All that was read would be gone at the end, and the command would say "done"."""
    for call in (memproc.open, lambda into: memproc.ingest([{"content": "x"}], into)):
        with pytest.raises(memproc.UsageError, match=r"empty \(an unset variable\?\).*sqlite://|takes no options"):
            call(where)
    Path("a.jsonl").write_text('{"content": "Prefers tea"}\n')
    for command in (["ingest", "a.jsonl", "--into", where], ["stats", where], ["doctor", where], ["export", where, "--to", "o"]):
        code, out, told = run_memproc(*command)
        assert (code, out) == (2, "")
        assert "unset variable" in told or "takes no options" in told
    assert made() == ["a.jsonl"]


@pytest.mark.parametrize("where", IN_MEMORY)
def test_a_store_in_memory_is_said_in_full(where):
    """A path is a path, and no file is called so by people."""
    with pytest.raises(memproc.UsageError, match="sqlite:// for a temporary store"):
        memproc.open(where)
    assert made() == []


@pytest.mark.parametrize("where", ["sqlite://", "sqlite+pysqlite://", "SQLite://"])
def test_a_temporary_store_lasts_until_it_is_closed(where):
    """And leaves nothing behind."""
    with memproc.open(where) as store:
        store.add({"content": "Prefers tea"})
        folder = store._opened.database.file.parent
        assert store.count() == 1
    assert not folder.exists()
    assert made() == []


@pytest.mark.parametrize("where", NO_TARGET, ids=repr)
def test_what_is_no_path_is_refused(where):
    """By its type, whatever it holds."""
    with pytest.raises(memproc.UsageError, match="give a path or a URL"):
        memproc.open(where)
    with pytest.raises(memproc.UsageError, match="give a path or a URL"):
        memproc.ingest([{"content": "x"}], where)
    assert made() == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [str, Path], ids=["text", "Path"])
@pytest.mark.sampled(4)
def test_a_path_is_a_path_with_whatever_in_its_name(name, kind):
    """The file is made under this very name, and no other; and the store's URL leads to it."""
    with memproc.open(kind(name)) as store:
        store.add({"content": "Prefers tea"})
        url = store.url
    assert made() == [name]
    with closing(sqlite3.connect(Path(name).absolute())) as connection:
        assert connection.execute("SELECT count(*) FROM memproc_observations").fetchone() == (1,)
    if "\udcff" in name:
        return  # bytes that are no text can stand in no URL
    assert url_of(url) == url_of(kind(name))
    with memproc.open(url) as store:
        assert store.count() == 1
    code, _, told = run_memproc("stats", f"./{name}")
    assert (code, told) == (0, "")


def test_a_path_object_is_never_a_url():
    """Nor a word for memory."""
    Path("sqlite:").mkdir()
    for path, file in ((Path("sqlite:///m.db"), "sqlite:/m.db"), (Path(":memory:x"), ":memory:x")):
        with memproc.open(path) as store:
            assert store._opened.database.file == Path(file).absolute()


def test_a_url_is_read_as_one():
    """What stands for a character by % is that character, as SQLAlchemy has it; a path has none of this."""
    assert url_of("sqlite:///report%20final.db").database == str(Path("report final.db").absolute())
    assert url_of("sqlite:///a%3Fb.db").database == str(Path("a?b.db").absolute())
    assert url_of("report%20final.db").database == str(Path("report%20final.db").absolute())
    assert url_of("sqlite:////srv/m.db").database == "/srv/m.db"


@pytest.mark.parametrize("where", ["~/m.db", Path("~/m.db"), "sqlite:///~/m.db"], ids=repr)
def test_a_tilde_is_the_home_folder(where):
    """Shells do not expand it in `--into=~/m.db`, nor in quotes."""
    memproc.open(where).close()
    assert (Path.home() / "m.db").is_file()
    assert made() == []


def test_a_link_is_followed(tmp_path):
    """SQLite keeps its log beside the file that it leads to."""
    (tmp_path / "there").mkdir()
    memproc.open(tmp_path / "there" / "m.db").close()
    Path("link.db").symlink_to(tmp_path / "there" / "m.db")
    Path("folder").symlink_to(tmp_path / "there")
    for where in ("link.db", "folder/m.db", "folder/../there/m.db"):
        with memproc.open(where) as store:
            assert store._opened.database.file == tmp_path / "there" / "m.db"
    Path("loop.db").symlink_to("loop.db")
    with pytest.raises(memproc.UsageError, match="cannot be the path of a file"):
        memproc.open("loop.db")


def test_a_store_stays_where_it_was_opened(tmp_path, monkeypatch):
    """A process may change its folder, and connections are opened later."""
    store = memproc.open("m.db")
    monkeypatch.chdir(tmp_path)
    with store:
        store._opened.database.engine.dispose()
        store.add({"content": "Prefers tea"})
    assert not (tmp_path / "m.db").exists()


@pytest.mark.parametrize(("where", "told"), DRIVERS.items(), ids=DRIVERS)
def test_a_url_that_is_not_served_is_told_with_what_to_give_instead(where, told):
    """By name; nothing is made."""
    with pytest.raises(memproc.UsageError, match=told):
        memproc.open(where)
    code, _, said = run_memproc("stats", where)
    assert code == 2
    assert "Traceback" not in said
    assert made() == []


def prepare(kind):  # noqa: PLR0911 - one for each kind
    """Return a path that can be no store, of one kind."""
    path = Path("wrong")
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("some notes that are long enough to be read as the header of a database, by who does not look " * 9)
    elif kind == "short text":
        path.write_text("x")
    elif kind == "picture":
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5_000))
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        return Path("/dev/null")
    elif kind == "in a file":
        path.write_text("x")
        return path / "m.db"
    elif kind == "in no folder":
        return path / "deeper" / "m.db"
    elif kind == "nul":
        return "a\0b.db"
    elif kind == "too long":
        return "x" * 300
    elif kind == "slash":
        return "wrong/"
    return path


WRONG = {
    "folder": "is a folder",
    "text": "is no SQLite database",
    "short text": "is no SQLite database",
    "picture": "is no SQLite database",
    "pipe": "is a pipe, a device",
    "device": "is a pipe, a device",
    "in a file": "is no folder",
    "in no folder": "there is no folder",
    "nul": "cannot be the path of a file",
    "too long": "cannot be the path of a file",
    "slash": "is a folder",
}


@pytest.mark.parametrize(("kind", "message"), WRONG.items(), ids=WRONG)
@pytest.mark.sampled(3)
def test_each_wrong_path_has_its_own_message(kind, message):
    """On opening, ingesting and every command; it names the path, and nothing is made or changed."""
    where = prepare(kind)
    before = {name: Path(name).stat().st_size for name in made()}
    Path("../a.jsonl").write_text('{"content": "Prefers tea"}\n')
    for call in (memproc.open, lambda into: memproc.ingest([{"content": "x"}], into)):
        with pytest.raises(memproc.UsageError, match=message) as caught:
            call(where)
        assert repr(str(where))[1:-1].rstrip("/").split("/")[-1] in str(caught.value)
    if kind != "nul":  # no process can be given that
        commands = [
            ["ingest", "../a.jsonl", "--into"],
            ["stats"],
            ["doctor"],
            ["jobs"],
            ["quarantine"],
            ["review"],
            ["rebuild"],
            ["recall"],
        ]
        for command in [*commands, ["backup", "copy.db"], ["ingest", "../a.jsonl", "--dry-run", "--into"]]:
            given = [command[0], where, *command[1:]] if command[0] == "backup" else [*command, where]
            code, out, told = run_memproc(*given)
            assert (code, out) == (2, ""), (command, told)
            assert message in told
            assert "--resume" not in told
    assert {name: Path(name).stat().st_size for name in made()} == before


@pytest.mark.parametrize("content", [None, b"", "application", "older", "other prefix"], ids=str)
def test_what_is_there_instead_of_a_store_is_told(content):
    """No file, an empty one, another database, a store of an older memproc, and one under another prefix: by every command."""
    path = Path("m.db")
    if content == b"":
        path.touch()
    elif content == "other prefix":
        memproc.open(path, settings=memproc.Settings(table_prefix="app_")).close()
    elif content is not None:
        columns = "id, epoch, schema_version, scheme, policy" if content == "older" else "name"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"CREATE TABLE store ({columns})")
            connection.execute("CREATE TABLE jobs (name)")
            connection.execute(f"INSERT INTO store VALUES ({'1, 1, 3, 1, 1' if content == 'older' else '1'})")
            connection.commit()
    told_by = {
        None: (2, "no such file"),
        b"": (2, "the file is empty"),
        "application": (2, "with the tables jobs, store"),
        "older": (1, r"older memproc \(schema 3\).*export --full"),
        "other prefix": (2, "there is one under app_"),
    }
    wanted, message = told_by[content]
    before = path.read_bytes() if path.exists() else None
    for command in ("stats", "doctor", "jobs", "quarantine", "retry", "review", "rebuild", "recall"):
        code, out, told = run_memproc(command, path)
        assert (code, out) == (wanted, "")
        assert re.search(message, told), told
    assert (path.read_bytes() if path.exists() else None) == before
    assert made() == ([] if content is None else ["m.db"])


def test_an_older_store_is_not_taken_for_an_empty_database():
    """A new one beside it would look as if all were lost."""
    with closing(sqlite3.connect("m.db")) as connection:
        connection.execute("CREATE TABLE store (id, epoch, schema_version, scheme, policy)")
        connection.execute("INSERT INTO store VALUES (1, 1, 3, 1, 1)")
        connection.commit()
    with pytest.raises(memproc.StoreError, match=r"older memproc \(schema 3\).*export --full"):
        memproc.open("m.db")


def test_a_store_of_a_newer_memproc_is_told_by_every_command():
    """The check-up tells it as a finding."""
    memproc.open("m.db").close()
    with closing(sqlite3.connect("m.db")) as connection:
        connection.execute("UPDATE memproc_store SET schema_version = 99")
        connection.commit()
    for command in ("stats", "jobs", "rebuild", "recall"):
        code, _, told = run_memproc(command, "m.db")
        assert (code, "newer memproc (schema 99)" in told) == (1, True)
    code, out, _ = run_memproc("doctor", "m.db")
    assert (code, "tables of a newer memproc" in out) == (1, True)


@pytest.mark.parametrize("name", ["other.db", "other.db-wal", "link"])
def test_no_other_store_is_written_over(tmp_path, name):
    """By whatever writes a file but a backup, which may replace one: its memories would be gone, or those of its last hours."""
    (tmp_path / "a.jsonl").write_text('{"content": "Prefers tea"}\n')
    (tmp_path / "link").symlink_to("other.db")
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest([{"content": "Has a cat"}, {"content": ""}], store)
    shutil.copy(tmp_path / "m.db", tmp_path / "other.db")
    (tmp_path / "other.db-wal").write_bytes(b"what was committed last")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("other*")}
    own = tmp_path / "m.db"
    commands = [("transform", tmp_path / "a.jsonl", "--to"), ("export", own, "--to"), ("export", own, "--full", "--to")]
    for command in [*commands, ("export", own, "--as", "mem0", "--to"), ("quarantine", own, "--export")]:
        code, _, told = run_memproc(*command, tmp_path / name)
        assert (code, "SQLite database" in told) == (2, True), (command, told)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("other*")} == before
