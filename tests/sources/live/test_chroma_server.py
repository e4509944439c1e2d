"""Collections of Chroma on a server are read whole, by pages; the real server is asked where MEMPROC_TEST_PROGRAMS has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import memproc
from memproc.sources.live import chroma_server
from tests.sources.live import written
from tests.sources.rest.server import serving

BASE = "/api/v2/tenants/default_tenant/databases/default_database/collections"


@pytest.fixture
def chroma():
    """Give a server that answers as Chroma's does, and its records, which a test may change: ids with payloads."""
    pytest.importorskip("httpcore2")
    records = {f"p-{number}": written.payload(f"Ann keeps {number} hens") for number in range(10)}

    def got(request, _query):
        asked = request.posted
        some = [*records.items()][asked["offset"] : asked["offset"] + asked["limit"]]
        payloads = [payload for _, payload in some] if "metadatas" in asked["include"] else None
        request.give({"ids": [name for name, _ in some], "metadatas": payloads, "documents": None, "embeddings": None})

    with serving() as api:
        api.answers[f"{BASE}/mem0"] = lambda request, _query: request.give({"id": "c-1", "name": "mem0"})
        api.answers[f"{BASE}/c-1/get"] = got
        api.answers[f"{BASE}/other"] = lambda request, _query: request.give({"error": "NotFoundError"}, 404)
        yield f"mem0+chroma+{api.root}", records


def test_a_collection_is_read_past_pages_and_goes_on_behind_any_record(chroma, fresh_file, monkeypatch):
    """A page begins with the record that the one before ended at."""
    address, records = chroma
    monkeypatch.setattr(chroma_server, "PAGE", 4)
    live = memproc.LiveStore(address)
    whole = [*live.found(None)]
    assert [one.mark for one in whole] == [[number, f"p-{number}"] for number in range(10)]
    assert whole[3].item.value == {"id": "p-3", "payload": records["p-3"]}
    for at in (0, 2, 3, 9):
        assert [*live.found(whole[at].mark)] == whole[at + 1 :]
    with fresh_file() as store:
        assert memproc.ingest(address, store).stored == 10


def test_what_is_deleted_meanwhile_lets_none_be_passed_over(chroma, monkeypatch):
    """The place is found again by the id; where that is gone, reading begins anew."""
    address, records = chroma
    monkeypatch.setattr(chroma_server, "PAGE", 4)
    live = memproc.LiveStore(address)
    del records["p-1"], records["p-2"]
    assert [one.mark for one in live.found([5, "p-5"])] == [[number - 2, f"p-{number}"] for number in range(6, 10)]
    del records["p-5"]
    assert [one.item.value["id"] for one in live.found([5, "p-5"])] == [f"p-{number}" for number in (0, 3, 4, 6, 7, 8, 9)]


def test_a_collection_that_is_not_there_and_plain_http_elsewhere_are_refused(chroma):
    """With what would be right."""
    address, _ = chroma
    with pytest.raises(memproc.SourceError, match=r"no collection 'other'\? give it as in \?collection=NAME"):
        [*memproc.LiveStore(f"{address}?collection=other").found(None)]
    with pytest.raises(memproc.UsageError, match="give https"):
        [*memproc.LiveStore("mem0+chroma+http://chroma.example:8000").found(None)]


WRITES = """
import sys, chromadb
client = chromadb.HttpClient(port=int(sys.argv[1]))
made = client.get_or_create_collection("mem0")
for start in range(0, 1000, 100):
    numbers = range(start, start + 100)
    payloads = [{"data": f"Ann keeps {n} hens", "hash": "0", "user_id": "ann", "farm": n} for n in numbers]
    made.add(ids=[f"p-{n}" for n in numbers], embeddings=[[0.5, 0.25]] * 100, metadatas=payloads)
made.delete(ids=["p-7"])
"""


@pytest.mark.slow
@pytest.mark.long
def test_the_real_server_is_read_whole(tmp_path, fresh_file):
    """Run from the Python of the programs."""
    from tests import waiting  # noqa: PLC0415
    from tests.sources.live.falkordb_server import free_port  # noqa: PLC0415

    python = Path(os.environ.get("MEMPROC_TEST_PROGRAMS", sys.executable))
    command = python.with_name("chroma")
    if not command.is_file():
        pytest.skip(f"{command} is not there: MEMPROC_TEST_PROGRAMS names a Python that has chromadb")
    port = free_port()
    server = subprocess.Popen([command, "run", "--path", tmp_path, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        write = [python, "-c", WRITES, str(port)]
        done = {}

        def is_written():
            done["code"] = subprocess.run(write, capture_output=True, timeout=waiting.LIMIT_SECONDS, check=False).returncode
            return done["code"] == 0 or server.poll() is not None

        waiting.until(is_written)
        assert done["code"] == 0
        with fresh_file() as store:
            report = memproc.ingest(f"mem0+chroma+http://127.0.0.1:{port}", store)
            assert (report.status, report.read, report.stored) == ("done", 999, 999)
            assert memproc.ingest(f"mem0+chroma+http://127.0.0.1:{port}", store).duplicate == 999
    finally:
        server.kill()
        server.wait(waiting.LIMIT_SECONDS)
