"""Passwords that are named (`ENV:NAME`, `KEYRING:service/user`): they reach what needs them, and are shown nowhere."""

from __future__ import annotations

import sys
import traceback

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError
from sqlalchemy import create_engine, make_url, text

import memproc
from memproc.masking import masked
from memproc.sources.databases.urls import url_of as url_of_source
from memproc.sources.rest.pages import RestPages
from memproc.store.sql.urls import url_of as url_of_store
from tests.command_line import run_memproc
from tests.databases import reason_to_skip, server_url

SECRET = "Tig3r@in/t4nk"
PLACES = {"ENV:APP_PASSWORD": SECRET, "KEYRING:notes/ann@example.org": f"{SECRET}-kept"}


class FileKeyring(KeyringBackend):
    """A keyring in a folder: a file for each service and user."""

    priority = 1.0

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def set_password(self, service, username, password):
        """Keep a password."""
        (self.folder / f"{service}-{username}").write_text(password)

    def get_password(self, service, username):
        """Return a password, None where there is none."""
        file = self.folder / f"{service}-{username}"
        return file.read_text() if file.exists() else None

    def delete_password(self, service, username):
        """Delete nothing."""
        raise PasswordDeleteError(f"{service}-{username}")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Put a password into the environment and one into a keyring of a folder."""
    monkeypatch.setenv("APP_PASSWORD", SECRET)
    before = keyring.get_keyring()
    (tmp_path / "ring").mkdir()
    keyring.set_keyring(FileKeyring(tmp_path / "ring"))
    keyring.set_password("notes", "ann@example.org", PLACES["KEYRING:notes/ann@example.org"])
    yield
    keyring.set_keyring(before)


def written(reference):
    """Return a reference as it stands in a URL: an @ would end the password."""
    return reference.replace("@", "%40")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("reference", PLACES)
@pytest.mark.parametrize("url_of", [url_of_store, url_of_source])
def test_the_driver_gets_what_a_reference_names(url_of, reference):
    """As the password, and as a value of the query part; what only looks like one is a password."""
    given = f"postgresql://ann:{written(reference)}@h/db?sslpassword={written(reference)}"
    url = url_of(given)
    assert (url.password, url.query["sslpassword"]) == (PLACES[reference], PLACES[reference])
    assert url_of("postgresql://ann:MYENV:APP_PASSWORD@h/db").password == "MYENV:APP_PASSWORD"
    assert (
        masked(given)
        == f"postgresql://ann:{reference}@h/db?sslpassword={written(reference).replace(':', '%3A').replace('/', '%2F')}"
    )


@pytest.mark.usefixtures("kept")
def test_a_header_may_name_a_password_of_a_keyring():
    """Of REST sources, in headers and in the URL; what is shown is the name."""
    reference = "KEYRING:notes/ann@example.org"
    url = f"https://api.example.org/v1?api_key={reference}&user=ann"
    source = RestPages(url, "data", headers={"Authorization": f"Bearer {reference}"})
    assert source.label == url
    assert source._secrets().revealed(f"Bearer {reference}") == f"Bearer {PLACES[reference]}"


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("reference", PLACES)
def test_a_failure_tells_no_password(reference, tmp_path):
    """Of a store, of a table, and on the command line: no server is at that port."""
    url = f"postgresql://ann:{written(reference)}@127.0.0.1:1/db"
    (tmp_path / "one.jsonl").write_text('{"content": "Prefers tea"}\n')
    with pytest.raises(memproc.StoreError) as caught:
        memproc.open(url, settings=memproc.Settings(retries=0))
    told = "".join(traceback.format_exception(caught.value))
    with pytest.raises(memproc.SourceError) as caught:
        memproc.ingest(memproc.SqlTable(url, "notes", retries=0), into=tmp_path / "m.db")
    told += "".join(traceback.format_exception(caught.value)) + repr(memproc.SqlTable(url, "notes"))
    code, out, error = run_memproc("ingest", str(tmp_path / "one.jsonl"), "--into", url, "--retries", "0", folder=tmp_path)
    told += out + error
    assert code == 1
    assert "Tig3r" not in told


@pytest.mark.usefixtures("kept")
def test_what_is_not_there_is_wrong_use(monkeypatch):
    """A variable without a value, a password that the keyring does not hold, and no package for it."""
    with pytest.raises(memproc.UsageError, match="ENV:NO_SUCH: the environment variable NO_SUCH is not set"):
        memproc.open("postgresql://ann:ENV:NO_SUCH@h/db")
    with pytest.raises(memproc.UsageError, match=r"KEYRING:notes/bob: .* run `keyring set notes bob`"):
        memproc.SqlTable("mysql://bob:KEYRING:notes/bob@h/db", "notes")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(memproc.UsageError, match=r"pip install 'memproc-sdk\[keyring\]'"):
        memproc.open("postgresql://ann:KEYRING:notes/ann@h/db")


@pytest.mark.usefixtures("kept")
@pytest.mark.skipif(bool(reason_to_skip("postgresql")), reason="no server")
@pytest.mark.server
def test_what_is_named_is_in_no_row_of_a_store(tmp_path):
    """Neither where a table of a server was read nor where the store is on it: jobs keep what the source is."""
    server = make_url(server_url("postgresql")).set(password=None)
    url = server.render_as_string().replace(f"{server.username}@", f"{server.username}:ENV:APP_PASSWORD@")
    engine = create_engine(url_of_source(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE named_notes (id int PRIMARY KEY, content text)"))
        connection.execute(text("INSERT INTO named_notes VALUES (1, 'Prefers tea')"))
    try:
        report = memproc.ingest(memproc.SqlTable(url, "named_notes"), into=tmp_path / "m.db")
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE named_notes"))
        engine.dispose()
    assert report.stored == 1
    kept_there = b"".join(file.read_bytes() for file in tmp_path.glob("m.db*"))
    assert b"named_notes" in kept_there
    assert b"Tig3r" not in kept_there
