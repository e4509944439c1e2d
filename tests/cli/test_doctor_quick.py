"""`doctor` as a health check: quick, and with an exit code for what is worth one."""

from __future__ import annotations

import json
from contextlib import closing
from sqlite3 import connect


def test_a_well_store_exits_with_0(memproc_in):
    """And one that is not there with 2."""
    memproc_in("add", "m.db", "Prefers tea")
    code, out, _ = memproc_in("doctor", "m.db", "--quick", "--json")
    assert (code, json.loads(out)) == (0, {"status": "ok", "findings": []})
    assert memproc_in("doctor", "gone.db", "--quick")[0] == 2


def test_a_warning_fails_only_who_asks_for_it(memproc_in, tmp_path):
    """Views for people are missing: the store works."""
    memproc_in("add", "m.db", "Prefers tea")
    with closing(connect(tmp_path / "m.db")) as connection:
        connection.execute("DROP VIEW memproc_memories")
    code, out, _ = memproc_in("doctor", "m.db", "--quick", "--json")
    assert (code, json.loads(out)["status"]) == (1, "warning")
    assert memproc_in("doctor", "m.db", "--quick", "--fail-on", "error")[0] == 0


def test_an_error_fails_always(memproc_in, tmp_path):
    """A table is gone."""
    memproc_in("add", "m.db", "Prefers tea")
    with closing(connect(tmp_path / "m.db")) as connection:
        connection.execute("DROP TABLE memproc_decisions")
    code, out, _ = memproc_in("doctor", "m.db", "--quick", "--fail-on", "error", "--json")
    assert (code, json.loads(out)["status"]) == (1, "error")


def test_quick_reads_no_memories(memproc_in, tmp_path):
    """What only a whole check finds is not found."""
    memproc_in("add", "m.db", "Prefers tea")
    with closing(connect(tmp_path / "m.db")) as connection:
        connection.execute("UPDATE memproc_observations SET record = replace(record, 'tea', 'gin')")
        connection.commit()
    assert memproc_in("doctor", "m.db", "--quick")[0] == 0
    assert memproc_in("doctor", "m.db", "--fail-on", "error")[0] == 1
