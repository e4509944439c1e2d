"""Values of drivers as JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from uuid import UUID

import pytest

import memproc
from memproc.sources.databases.cells import BINARY, item_of
from memproc.sources.databases.marks import from_json, to_json

VECTOR = [at / 7 for at in range(40)]
CELLS = [
    ("tea", "tea"),
    (7, 7),
    (True, True),
    (None, None),
    (0.25, 0.25),
    (float("nan"), None),
    (float("inf"), "inf"),
    (2**70, str(2**70)),
    (Decimal("0.80"), 0.8),
    (Decimal(12), 12),
    (Decimal(10) ** 30, "1" + 30 * "0"),
    (Decimal("12345678901234567890.12"), "12345678901234567890.12"),
    (Decimal("NaN"), None),
    (date(2024, 5, 1), "2024-05-01"),
    (datetime(2024, 5, 1, 12, 30, tzinfo=UTC), "2024-05-01T12:30:00+00:00"),
    (time(12, 30), "12:30:00"),
    (timedelta(hours=1), "1:00:00"),
    (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (ip_address("10.0.0.1"), "10.0.0.1"),
    (b"tea", "tea"),
    (memoryview(b"tea"), "tea"),
    (["tea", Decimal("0.5")], ["tea", 0.5]),
    ({"a": [date(2024, 5, 1)]}, {"a": ["2024-05-01"]}),
    ("[1, 2]", "[1, 2]"),
    ("[a, b]", "[a, b]"),
    ([1, 2], [1, 2]),
]


@pytest.mark.parametrize(("value", "shown"), CELLS, ids=lambda value: repr(value).split(" at ")[0])
def test_a_value_becomes_json(value, shown):
    """As a table or a line of JSON would have it."""
    assert item_of({"cell": value}).value == {"cell": shown}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"photo": b"\xff\xd8"}, BINARY),
        ({"embedding": [0.1, 0.2]}, "embeddings"),
        ({"anything": VECTOR}, "embeddings"),
        ({"anything": str(VECTOR)}, "embeddings"),
        ({"embedding": "[0.1,0.2]"}, "embeddings"),
    ],
)
def test_what_is_no_text_is_left_out_and_counted(row, kind):
    """An embedding too, as a list or as pgvector writes it."""
    item = item_of({"content": "Prefers tea", **row})
    assert (item.value, item.left_out) == ({"content": "Prefers tea"}, {kind: 1})
    assert item.raw == b'{"content":"Prefers tea"}'


def test_what_is_left_out_is_in_the_report(file_app, fresh_file):
    """By name; bytes in the place of the text are no memory."""
    file_app.make("id INTEGER PRIMARY KEY, content, photo BLOB")
    file_app.add(*({"id": at, "content": f"Keeps {at} hens", "photo": b"\xff"} for at in range(3)))
    file_app.add({"id": 9, "content": b"\xff", "photo": None})
    with fresh_file() as store:
        report = memproc.ingest(memproc.SqlTable(file_app.path, file_app.name), store)
        assert (report.stored, report.quarantined, report.left_out) == (3, 1, {BINARY: 4})


def test_text_that_is_no_utf8_is_rejected(file_app, fresh_file):
    """And those behind it are read."""
    file_app.make("id INTEGER PRIMARY KEY, content TEXT")
    file_app.do("INSERT INTO T VALUES (1, CAST(x'ff41' AS TEXT)), (2, 'Prefers tea')")
    with fresh_file() as store:
        report = memproc.ingest(memproc.SqlTable(file_app.path, file_app.name), store)
        assert (report.status, report.stored, report.quarantined) == ("done", 1, 1)


@pytest.mark.parametrize(
    "value",
    ["tea", 5, True, None, 0.5, 2**80, Decimal("1.50"), date(2024, 5, 1), datetime(2024, 5, 1, tzinfo=UTC), UUID(int=5), b"\xff"],
    ids=repr,
)
def test_a_value_of_a_key_comes_back_as_what_it_was(value):
    """With its type, by which the database compares it."""
    again = from_json(to_json(value))
    assert (again, type(again)) == (value, type(value))


@pytest.mark.parametrize("value", [timedelta(1), float("nan"), "\udcff", [1]], ids=ascii)
def test_a_value_by_which_no_place_can_be_kept_is_refused(value):
    """The message says what to do."""
    with pytest.raises(memproc.SourceError, match="name another column"):
        to_json(value)
