"""Arrow files and streams that were cut or damaged: the rows before that are kept, and the job does not say that it is done."""

from __future__ import annotations

import pyarrow as pa
import pytest

import memproc

BATCHES, ROWS = 10, 20
MARK = b"\xff\xff\xff\xff"


def written(*, is_file):
    """Return some batches as Arrow, and where each of their messages begins."""
    schema, sink, starts = pa.schema([("content", pa.string())]), pa.BufferOutputStream(), []
    with (pa.ipc.new_file if is_file else pa.ipc.new_stream)(sink, schema) as out:
        for number in range(BATCHES):
            rows = [f"Has been to town {number * ROWS + row}" for row in range(ROWS)]
            out.write_batch(pa.record_batch([rows], schema=schema))
            starts.append(sink.tell())
    return sink.getvalue().to_pybytes(), starts


def spoilt_mark(raw, start):
    """Return a file with the mark of a message set to zero."""
    assert raw[start : start + 4] == MARK
    return raw[:start] + bytes(4) + raw[start + 4 :]


CASES = {
    "a file cut between two messages": (True, lambda raw, at: raw[: at[4]], "without a footer", 5),
    "a file cut within a message": (True, lambda raw, at: raw[: at[4] + 30], "within a message", 5),
    "a file without its last bytes": (True, lambda raw, _: raw[:-3], "without a footer", 10),
    "a file with a mark of zeros": (True, lambda raw, at: spoilt_mark(raw, at[1]), "10 batches, and 2 were found", 2),
    "a file whose footer has no length": (True, lambda raw, _: raw[:-10] + bytes(4) + raw[-6:], "footer is broken", 10),
    "a stream with a mark of zeros": (False, lambda raw, at: spoilt_mark(raw, at[1]), "no message begins", 2),
    "a stream that ends in its midst": (
        False,
        lambda raw, at: raw[: at[1]] + MARK + bytes(4) + raw[at[1] :],
        "behind its end mark",
        2,
    ),
    "a stream cut within a message": (False, lambda raw, at: raw[: at[4] + 5], "within a message", 5),
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_cut_or_damaged_is_not_done(name, tmp_path):
    """What came before is stored, and the report tells why there is no more."""
    is_file, spoil, told, batches = CASES[name]
    (tmp_path / "a.arrow").write_bytes(spoil(*written(is_file=is_file)))
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "a.arrow", store)
        assert (report.status, report.stored) == ("failed", batches * ROWS)
        assert told in str(report)


@pytest.mark.parametrize("is_file", [True, False])
def test_what_is_whole_is_done(is_file, tmp_path):
    """With nothing to remark."""
    (tmp_path / "a.arrow").write_bytes(written(is_file=is_file)[0])
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "a.arrow", store)
        assert (report.status, report.stored) == ("done", BATCHES * ROWS)
        assert not any("end" in note.split() for note in report.notes)


def test_a_stream_without_an_end_mark_is_remarked(tmp_path):
    """Writers may leave it out, so nobody can know whether it was cut behind a message."""
    raw, starts = written(is_file=False)
    (tmp_path / "a.arrow").write_bytes(raw[: starts[4]])
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "a.arrow", store)
        assert (report.status, report.stored) == ("done", 5 * ROWS)
        assert any("no end mark" in note for note in report.notes)
