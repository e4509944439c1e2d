"""No password is shown: in no message, log, report, table or repr, whatever is done and whatever fails."""

from __future__ import annotations

import os
import traceback
from contextlib import suppress

import pytest
from loguru import logger

import memproc
from memproc.masking import masked, secrets_of, without
from memproc.store.checkup.doctor import examine_at
from memproc.store.sql.urls import url_of
from tests.command_line import run_memproc
from tests.databases import VARIABLES, reason_to_skip

SECRET = "Tig3r-in-t4nk"
pytestmark = pytest.mark.filterwarnings("ignore:'passwd' is deprecated")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("memories.db", "memories.db"),
        ("sqlite:///memories.db", "sqlite:///memories.db"),
        ("postgresql://ann@h:5432/db?sslmode=require", "postgresql://ann@h:5432/db?sslmode=require"),
        (f"postgresql://ann:{SECRET}@h/db", "postgresql://ann:***@h/db"),
        (f"postgresql://ann:{SECRET}%40%2F%3A@h/db", "postgresql://ann:***@h/db"),
        (f"postgresql://ann:{SECRET}@{SECRET}@h/db", "postgresql://ann:***@h/db"),
        (f"postgresql://ann:a/{SECRET}?@h/db", "postgresql://ann:***@h/db"),
        (f"postgresql://h/db?user=ann&password={SECRET}", "postgresql://h/db?password=***&user=ann"),
        (f"postgresql://h/db?pasword={SECRET}", "postgresql://h/db?pasword=***"),
        (f"postgresql://h/db?%70assword={SECRET}&sslpassword={SECRET}", "postgresql://h/db?password=***&sslpassword=***"),
        (f"postgresql://h/db?passfile=/{SECRET}", "postgresql://h/db?passfile=***"),
        (f"mysql://h/db?passwd={SECRET}&ssl_key=/{SECRET}&charset=utf8", "mysql://h/db?charset=utf8&passwd=***&ssl_key=***"),
        (f"mysql://h/db?password={SECRET}&password={SECRET}", "mysql://h/db?password=***"),
        (f"postgresql://ann:{SECRET}", "postgresql://***"),  # without a host it would be the port
        (f"postgresql://ann:{SECRET}@h:port/db", "postgresql://***"),
        (f"{SECRET}:no scheme://x", "***://***"),
        (f"host=h user=ann password={SECRET}", "host=h user=ann password=***"),
        (f"host=h password='{SECRET} and more' user=ann", "host=h password=*** user=ann"),
    ],
)
def test_a_url_is_shown_without_secrets(given, told):
    """Before the host, in the query part under any name, and where it cannot be read."""
    assert masked(given) == told


def test_a_text_is_shown_without_secrets():
    """As they are and as they are written in a URL; a short one only where it stands by itself."""
    secrets = secrets_of(url_of("postgresql://ann:a%40b%20c@h/db?sslpassword=x"))
    assert (
        without(secrets, 'no "a@b c", no a%40b%20c, no a%40b+c and no x, but extra')
        == 'no "***", no ***, no *** and no ***, but extra'
    )


PORT = "1"  # nobody listens there
REFUSED = {
    "postgresql": [
        f"postgresql://nobody:{SECRET}@{{at}}/test",
        f"postgresql://postgres:{SECRET}@{{at}}/nowhere",
        f"postgresql://postgres:{SECRET}@127.0.0.1:{PORT}/test",
        f"postgresql://postgres:{SECRET}@no-host.invalid/test",
        f"postgresql://{{at}}/test?user=nobody&password={SECRET}",
        f"postgresql://{{at}}/test?user=nobody&passfile=/{SECRET}",
        f"postgresql://{{at}}/test?user=nobody&sslmode=require&sslkey=/{SECRET}",
        f"postgresql://{{at}}/test?user=nobody&gssencmode={SECRET}",
        f"postgresql://postgres:{SECRET}@{{at}}/test?no_such_option={SECRET}",
        f"postgresql://postgres:{SECRET}@{SECRET}@{{at}}/test",
        f"postgresql+asyncpg://postgres:{SECRET}@{{at}}/test",
        f"postgresql+nothing://postgres:{SECRET}@{{at}}/test",
        f"postgresql://postgres:{SECRET}",
    ],
    "mysql": [
        f"mysql://root:{SECRET}@{{at}}/test",
        f"mysql://nobody:{SECRET}@{{at}}/test",
        f"mysql://root:{SECRET}@127.0.0.1:{PORT}/test",
        f"mysql://root:{SECRET}@no-host.invalid/test",
        f"mysql://root:{SECRET}@..no..host../test",
        f"mysql://{{at}}/test?user=root&password={SECRET}",
        f"mysql://{{at}}/test?user=root&passwd={SECRET}",
        f"mysql://root@{{at}}/test?ssl_key=/{SECRET}&ssl_cert=/{SECRET}&ssl_ca=/nothing",
        f"mysql://root:{SECRET}@{{at}}/test?no_such_option={SECRET}",
        f"mysql+aiomysql://root:{SECRET}@{{at}}/test",
    ],
    "sqlite": [
        f"sqlite://ann:{SECRET}@h/m.db",
        f"sqlite:///m.db?password={SECRET}",
        f"sqlite+aiosqlite:///m.db?password={SECRET}",
        f"oracle://ann:{SECRET}@h/db",
        f"host=h user=ann password={SECRET}",
    ],
}
COMMANDS = [
    *(["ingest", "a.jsonl", "--into", "DB", *more] for more in ([], ["--json"], ["--dry-run"], ["--resume"])),
    *(
        [command, "DB", *more]
        for command in ("stats", "doctor", "jobs", "quarantine", "retry", "review", "rebuild", "recall")
        for more in ([], ["--json"])
    ),
    *([command, "DB", "00"] for command in ("trace", "unmerge", "forget")),
    ["export", "DB", "--to", "out.jsonl"],
    ["backup", "DB", "copy.db"],
    ["calibrate", "DB", "a.jsonl"],
]


@pytest.mark.parametrize(("name", "where"), [(name, where) for name, all_of in REFUSED.items() for where in all_of])
@pytest.mark.sampled(4)
def test_no_command_tells_a_password_when_it_fails(name, where, tmp_path):
    """Neither on standard output nor on standard error, nor in the log; and it fails as it should."""
    if reason := reason_to_skip(name):
        pytest.skip(reason)
    (tmp_path / "a.jsonl").write_text('{"content": "Prefers tea"}\n')
    logged = []
    sink = logger.add(logged.append, level="TRACE", format="{message}\n{exception}")
    logger.enable("memproc")
    try:
        for command in COMMANDS if "no-host" not in where else COMMANDS[:6]:  # a look-up may take its time
            given = [_at(name, where) if one == "DB" else one for one in command]
            if name == "sqlite" and "://" not in where and command[0] == "ingest":
                continue  # it is a path, and a file of that name would be made
            code, out, told = run_memproc(*given, folder=tmp_path)
            assert code in (1, 2), command
            assert "memproc: " in told or command[0] == "doctor"
            assert SECRET not in out + told, command
    finally:
        logger.disable("memproc")
        with suppress(ValueError):  # `ingest` begins its own log
            logger.remove(sink)
    assert SECRET not in "".join(map(str, logged))


@pytest.mark.parametrize(
    ("name", "where"), [(name, where) for name, all_of in REFUSED.items() for where in all_of if "://" in where]
)
def test_no_exception_tells_a_password(name, where):
    """Nor any other that it came from, as a traceback shows them."""
    if reason := reason_to_skip(name):
        pytest.skip(reason)
    place = _at(name, where)
    for call in (memproc.open, examine_at, lambda where: memproc.ingest([{"content": "x"}], where)):
        try:
            found = call(place)
        except memproc.MemprocError as error:
            found = "".join(traceback.format_exception(error)) + repr(error) + str(error.args)
        assert SECRET not in str(found).replace(place, "")


def test_a_store_shows_no_password(fresh):
    """Neither it nor its settings, its jobs or its report; what has no password in it is shown as it is."""
    with fresh() as store:
        known = url_of(store.place)
        if known.get_backend_name() == "sqlite":
            assert url_of(store.url) == known
            pytest.skip("a file has no password")
        if known.password:
            pytest.skip("this server asks for a password, and must be given the right one")
        query = {"mysql": {}, "postgresql": {"sslpassword": SECRET}}[known.get_backend_name()]
        place = known.update_query_dict(query)
        if known.get_backend_name() == "postgresql":  # whom the server trusts it asks for no password
            place = place.set(password=SECRET)
        with memproc.open(place.render_as_string(hide_password=False)) as other:
            report = memproc.ingest([{"content": "Prefers tea"}], other)
            seen = [other.url, repr(other), str(other), repr(other.settings), report, report.as_dict(), other.jobs(), other.stats()]
            assert SECRET not in str(seen)
            assert other.url.startswith(known.drivername)


def _at(name, where):
    server = url_of(os.environ[VARIABLES[name]]) if name in VARIABLES else None
    return where.replace("{at}", f"{server.host}:{server.port or {'postgresql': 5432, 'mysql': 3306}[name]}" if server else "")
