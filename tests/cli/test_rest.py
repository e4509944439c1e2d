"""A web API on the command line."""

from __future__ import annotations

import pytest

from tests.command_line import as_json, run_memproc
from tests.sources.rest.server import KINDS, Shelf, failing, memories, serving


@pytest.fixture(scope="module")
def running():
    """Give a server for the tests of this file."""
    with serving() as api:
        yield api


@pytest.fixture
def api(running):
    """Give the server with some records."""
    Shelf(running, memories(*range(1, 29)))
    running.seen.clear()
    running.headers_seen.clear()
    return running


def options_of(kind):
    """Return the options that ask for a kind of pages."""
    return ["--allow-private", *(part for name, value in KINDS[kind].items() for part in (f"--{name}", value))]


@pytest.mark.parametrize("header", ["Authorization=Bearer ENV:TOKEN", "Authorization: Bearer ENV:TOKEN"])
def test_pages_are_ingested_with_a_header_from_the_environment(api, tmp_path, monkeypatch, header):
    """And shown first, if that is wanted; the value is in the requests alone."""
    monkeypatch.setenv("TOKEN", "sesame-123")
    url, options = f"{api.root}/cursor", [*options_of("cursor"), "--header", header]
    code, out, told = run_memproc("ingest", url, *options, "--show", "2")
    assert (code, out.count("Keeps"), told) == (0, 2, "")
    report = as_json(run_memproc("ingest", url, *options, "--into", tmp_path / "m.db", "--json"))
    assert (report["read"], report["stored"]) == (28, 28)
    assert "sesame" not in str(report)
    assert {one["authorization"] for one in api.headers_seen} == {"Bearer sesame-123"}
    again = as_json(run_memproc("ingest", url, *options, "--into", tmp_path / "m.db", "--resume", "--json"))
    assert again["job"] == report["job"]


def test_all_limits_can_be_set(api, tmp_path):
    """Each reaches the source."""
    url = f"{api.root}/whole"
    given = ["--requests-per-second", "1000", "--retry-seconds", "1", "--host", "b.example", "--allow-private"]
    code, _, told = run_memproc("ingest", url, *given, "--max-response", "1kB", "--into", tmp_path / "m.db")
    assert code == 2
    assert "more than 1,000 bytes" in told
    assert as_json(run_memproc("ingest", url, *given, "--into", tmp_path / "m.db", "--json"))["read"] == 28


def test_a_followed_api_is_read_on(api, tmp_path):
    """With the field and the parameter."""
    options = [*options_of("whole"), "--cursor", "content", "--since-param", "since", "--into", tmp_path / "m.db", "--json"]
    as_json(run_memproc("ingest", f"{api.root}/whole", *options))
    as_json(run_memproc("ingest", f"{api.root}/whole", *options))
    assert api.seen[-1] == "/whole?since=Keeps+9+hens"


def test_each_command_that_reads_takes_an_api(api, tmp_path, monkeypatch):
    """With the options of `ingest`, of which the commands to run next have all."""
    monkeypatch.setenv("TOKEN", "sesame-123")
    url, options = f"{api.root}/cursor", [*options_of("cursor"), "--header", "X-Key=ENV:TOKEN"]
    seen = as_json(run_memproc("inspect", url, *options, "--json"))
    assert (seen["records"], len(seen["examples"])) == (28, 3)
    assert f"memproc ingest {url} --paging cursor:after=meta.next --header X-Key=ENV:TOKEN --allow-private" in seen["next"][0]
    assert "--records data.items" in seen["next"][0]
    assert as_json(run_memproc("validate", url, *options, "--json"))["valid"] == 28
    assert as_json(run_memproc("transform", url, *options, "--json"))["transformed"] == 28
    migrated = as_json(run_memproc("migrate", url, *options, "--retries", "3", "--into", tmp_path / "m.db", "--json"))
    assert (migrated["is_verified"], migrated["report"]["stored"]) == (True, 28)
    assert {one["x-key"] for one in api.headers_seen} == {"sesame-123"}


def test_a_limit_asks_for_no_more_pages_than_it_needs(api):
    """Each command reads the first records: seven pages of three are looked at to know the format."""
    url, options = f"{api.root}/cursor", [*options_of("cursor"), "--limit", "4", "--json"]
    seen = as_json(run_memproc("inspect", url, *options, "--show", "2"))
    assert (seen["records"], len(seen["examples"])) == (4, 2)
    assert any("limit=4" in note for note in seen["not_read"])
    assert as_json(run_memproc("validate", url, *options))["read"] == 4
    assert as_json(run_memproc("transform", url, *options))["transformed"] == 4
    assert len(api.seen) == 3 * (7 + 2)


def test_how_often_is_tried_again_is_one_option(api, tmp_path):
    """It reaches the API, and the settings of the store."""
    api.plans.extend([failing(503)] * 3)
    code, _, told = run_memproc("ingest", f"{api.root}/whole", "--allow-private", "--retries", "0", "--into", tmp_path / "m.db")
    assert (code, "given up after 1 attempt, as retries=0 (--retries)" in told) == (2, True)
    api.plans.clear()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["notes.json", "--header", "A=B", "--allow-private"], "--header, --allow-private: give the URL of a web API"),
        (["notes.json", "--cursor", "at"], "also with the URL of a web API"),
        (["https://api.example.org/v1", "notes.json"], "a web API is read by itself"),
        (["https://api.example.org/v1", "--header", "Authorization"], "--header: give NAME=VALUE"),
        (["https://api.example.org/v1", "--header", "Authorization=Bearer tiger"], "put it into an environment variable"),
        (["https://api.example.org/v1", "--header", "X-Api-Key=ENV:NO_SUCH"], "the environment variable NO_SUCH is not set"),
        (["https://api.example.org/v1", "--paging", "pages"], "paging='pages': give page:PARAM"),
        (["https://ann:tiger@api.example.org/v1"], "the URL holds a user or a password"),
        (["http://api.example.org/v1"], "give https"),
        (["http://127.0.0.1:9/v1"], "--allow-private"),
        (["https://api.example.org/v1", "--max-response", "much"], "--max-response much"),
    ],
)
def test_what_is_wrong_is_told_without_showing_a_key(tmp_path, arguments, told):
    """Before any work."""
    code, out, said = run_memproc("ingest", *arguments, "--into", tmp_path / "m.db")
    assert (code, out) == (2, "")
    assert told in said
    assert "tiger" not in said
    assert not (tmp_path / "m.db").exists()
