"""The programs themselves write their stores, memproc reads them whole, and what it lists to delete is deleted by the programs.

`MEMPROC_TEST_PROGRAMS` names a Python in which their packages are, which may be another than this one; mcp-memory-service needs one
whose SQLite loads extensions. Last run with mem0ai 2.2.1, qdrant-client 1.20.0, chromadb 1.5.9, langgraph-checkpoint-sqlite 3.1.2,
mcp-memory-service 12.4.0 and memori 3.3.6.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

import pytest

import memproc
from tests.sources.live import programs
from tests.waiting import LIMIT_SECONDS

PYTHON = os.environ.get("MEMPROC_TEST_PROGRAMS", sys.executable)
pytestmark = [pytest.mark.slow, pytest.mark.long]


class Program(NamedTuple):
    """What has to be importable, the address of what is written into a folder, and how many items its list gives unasked."""

    needs: str
    address: str
    capped: int
    again: int = 2  # items that say what another says


PROGRAMS = {
    "mem0_qdrant": Program("mem0, qdrant_client", "mem0://{}/store", 20),
    "mem0_chroma": Program("mem0, chromadb", "mem0+chroma://{}/store", 20),
    "langgraph": Program("langgraph.store.sqlite", "langgraph://{}/store", 10),
    "mcp_memory_service": Program(
        "mcp_memory_service, sqlite3; sqlite3.Connection.enable_load_extension", "mcp-memory-service://{}/store", 10
    ),
    "memori": Program("memori, sqlalchemy", "memori://{}/store", 131, 1),
}


def run(*arguments):
    """Run the Python of the programs and return what it prints."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([PYTHON, *arguments], capture_output=True, text=True, env=clean, timeout=LIMIT_SECONDS, check=False)


@pytest.fixture(params=PROGRAMS)
def program(request, tmp_path):
    """Give a program whose packages are there, and what uses it on a folder: with calls on what it wrote."""
    known = PROGRAMS[request.param]
    if run("-c", f"import {known.needs}").returncode:
        pytest.skip(f"{PYTHON} cannot import {known.needs}: MEMPROC_TEST_PROGRAMS names a Python that can")

    def use(*calls):
        done = run(programs.__file__, request.param, str(tmp_path), *calls)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return known._replace(address=known.address.format(tmp_path)), use


def told_plainly(text):
    """Return a text as it is whatever its spelling is."""
    return " ".join(text.split()).casefold().rstrip(".").replace("five", "5")


def test_what_a_program_wrote_is_read_whole_and_cleaned(program, tmp_path):
    """All that is there and not deleted, past what its list gives; and once what is listed is deleted, nothing is listed."""
    known, use = program
    told = use()
    assert told["capped"] == known.capped
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(known.address, store)
        assert (report.status, report.read, report.quarantined) == ("done", told["read"], 0)
        assert {memory.content for memory in store} >= {*programs.HENS[:5], *programs.HENS[8:]}
    found = memproc.clean(known.address)
    assert len(found.removals) == known.again
    assert all(told_plainly(one.text) == told_plainly(one.stays_text) for one in found.removals)
    assert use(*(one.call for one in found.removals))["read"] == told["read"] - known.again
    assert memproc.clean(known.address).removals == ()
