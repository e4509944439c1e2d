"""`memproc ingest --enrich`: a function of a module, an endpoint, and what cannot be meant."""

from __future__ import annotations

import json
import sys

import pytest

from tests.command_line import run_memproc
from tests.enrichment.services import Endpoint
from tests.sources.rest.server import serving

MODULE = """
import memproc

def moods(memories):
    return [{"tags": ["calm"]} for _ in memories]

made = memproc.FunctionEnrichment(moods, name="made", version="7")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to a folder with a module and a source."""
    (tmp_path / "moods_of_mine.py").write_text(MODULE)
    (tmp_path / "teas.jsonl").write_text('{"content": "Likes tea"}\n{"content": "Likes green tea"}\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ingested(*options):
    """Return what the command tells as JSON."""
    code, out, told = run_memproc("ingest", "teas.jsonl", "--into", "m.db", "--json", *options)
    assert code == 0, told
    return json.loads(out)["enrichment"]


@pytest.mark.usefixtures("folder")
def test_a_function_or_an_enrichment_of_a_module():
    """Under the name of the module and its own, or with its own terms; again, nothing is asked for."""
    (told,) = ingested("--enrich", "moods_of_mine:moods", "--enrich-batch", "1")
    assert (told["name"], told["changed"], told["calls"]) == ("moods_of_mine.moods", 2, 2)
    (told,) = ingested("--enrich", "moods_of_mine:moods")
    assert (told["kept"], told["calls"]) == (2, 0)
    (told,) = ingested("--enrich", "moods_of_mine:made")
    assert (told["name"], told["version"]) == ("made", "7")
    code, out, _ = run_memproc("report", "m.db")
    assert (code, "| made | 7 |" in out) == (0, True)


@pytest.mark.usefixtures("folder")
def test_an_endpoint():
    """With what it is sent, and how."""
    seen = []
    with serving() as api:
        Endpoint(api, lambda record: seen.append(record) or {"importance": 0.5})
        options = ("--enrich-private", "--enrich-reads", "content", "--enrich-sets", "importance", "--enrich-header", "X-Mine: 5")
        (told,) = ingested("--enrich-url", f"{api.root}/enrich", *options)
        assert (told["changed"], seen[0], api.headers_seen[0]["x-mine"]) == (2, {"content": "Likes tea"}, "5")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--enrich", "moods_of_mine"), "give MODULE:NAME"),
        (("--enrich", "moods_of_mine:nothing"), "has nothing named nothing"),
        (("--enrich", "not_there:x"), "importing not_there raised ModuleNotFoundError"),
        (("--enrich", "moods_of_mine:made", "--enrich-batch", "5"), "has its own terms"),
        (("--enrich", "moods_of_mine:moods", "--enrich-url", "https://example.org"), "give one of them"),
        (("--enrich-name", "x"), "go with --enrich or --enrich-url"),
        (("--enrich", "moods_of_mine:moods", "--enrich-at-once", "2"), "go with --enrich-url"),
        (("--enrich-url", "http://example.org"), "give https"),
        (("--enrich", "moods_of_mine:moods", "--enrich-sets", "id"), "sets='id'"),
    ],
)
def test_wrong_use_exits_with_2(options, told):
    """And says what is right."""
    code, _, error = run_memproc("ingest", "teas.jsonl", "--into", "m.db", *options)
    assert (code, told in error) == (2, True), error


def test_without_its_package_nothing_is_begun(folder, monkeypatch):
    """And what is to be installed is told."""
    monkeypatch.delitem(sys.modules, "memproc.sources.rest.client", raising=False)
    monkeypatch.setitem(sys.modules, "httpcore2", None)
    code, _, told = run_memproc("ingest", "teas.jsonl", "--into", "m.db", "--enrich-url", "https://example.org")
    assert (code, told) == (2, "memproc: enrichment by an endpoint needs a package: pip install 'memproc-sdk[rest]'\n")
    assert not (folder / "m.db").exists()
