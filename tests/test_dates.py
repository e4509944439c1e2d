"""Dates with two readings, or none: read as the caller says, by every way into a store, and refused with advice otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.dates import Dates, RefusedDates, form_of
from memproc.times import parse_time
from tests.command_line import as_json, run_memproc

DAY, MONTH = Dates(day_first=True), Dates(day_first=False)
# How dates are said to be written, a date, and how it is read; None where it stays a fault.
READ = [
    (DAY, "03/04/2024", "2024-04-03T00:00:00"),
    (MONTH, "03/04/2024", "2024-03-04T00:00:00"),
    (DAY, "25/12/2024", "2024-12-25T00:00:00"),
    (MONTH, "25/12/2024", None),
    (MONTH, "12/25/2024", "2024-12-25T00:00:00"),
    (DAY, "12/25/2024", None),
    (DAY, "3.4.2024", "2024-04-03T00:00:00"),
    (DAY, "3. 4. 2024 9:05", "2024-04-03T09:05:00"),
    (DAY, "3-4-2024", "2024-04-03T00:00:00"),
    (DAY, "03/04/2024 2:05 PM", "2024-04-03T14:05:00"),
    (DAY, "03/04/2024, 14:05:06", "2024-04-03T14:05:06"),
    (DAY, "03/04/2024T14:05:06+02:00", "2024-04-03T12:05:06"),
    (DAY, " 03/04/2024\u200b", "2024-04-03T00:00:00"),
    (DAY, "31/02/2024", None),
    (DAY, "00/00/2024", None),
    (DAY, "03/04/24", None),
    (DAY, "03/04-2024", None),
    (DAY, "2024-04-03", "2024-04-03T00:00:00"),
    (DAY, 1692633600, "2023-08-21T16:00:00"),
    (Dates(), "03/04/2024", None),
    (Dates(), "25/12/2024", None),
    (Dates(("%d.%m.%y",)), "03.04.24", "2024-04-03T00:00:00"),
    (Dates(("%d.%m.%y", "%m/%d/%Y")), "03/04/2024", "2024-03-04T00:00:00"),
    (Dates(("%Y-%d-%m",)), "2024-03-04", "2024-04-03T00:00:00"),
    (Dates(("%Y%m",)), 202404, "2024-04-01T00:00:00"),
    (Dates(("%Y",)), "2024", "2024-01-01T00:00:00"),
    (Dates(("%d/%m/%Y %H:%M %z",)), "03/04/2024 10:00 +0200", "2024-04-03T08:00:00"),
    (Dates(("%d.%m.%y",), day_first=True), "03/04/2024", "2024-04-03T00:00:00"),
]


@pytest.mark.parametrize(("said", "value", "expected"), READ)
def test_a_date_is_read_as_it_is_said_to_be_written(said, value, expected):
    """And as nothing else: no day is taken for a month that there is not."""
    if expected is None:
        with pytest.raises(ValueError, match="not a date"):
            parse_time(said.read(value))
    else:
        assert parse_time(said.read(value)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(st.dates(datetime(1000, 1, 1).date()), st.sampled_from("/.-"), st.booleans())  # noqa: DTZ001 - a date
def test_the_two_orders_are_mirror_images(day, mark, day_first):
    """Whatever the day."""
    parts = (day.day, day.month) if day_first else (day.month, day.day)
    read = parse_time(Dates(day_first=day_first).read(f"{parts[0]}{mark}{parts[1]}{mark}{day.year}"))
    assert read is None or read.date() == day


@given(st.text() | st.integers() | st.none() | st.booleans(), st.none() | st.booleans())
def test_what_is_not_written_so_stays_as_it_is(value, day_first):
    """The same object."""
    assert Dates(("%d.%m.%Y %H:%M:%S",), day_first).read(value) is value


def test_the_advice_of_two_readings_names_both_options():
    """And of none, the format."""
    for date in ("03/04/2024", "25/12/2024", "03.04.24"):
        [fault] = memproc.validate({"content": "x", "created_at": date}).errors
        assert (fault.code, "--day-first or --month-first" in fault.hint) == ("date_unparsable", True)
    [fault] = memproc.validate({"content": "x", "created_at": "2024-13"}).errors
    assert "--date-format" in fault.hint
    for number in (45000, "45000"):
        [fault] = memproc.validate({"content": "x", "created_at": number}).errors
        assert "--date-format" not in fault.hint


@pytest.mark.parametrize(
    ("date", "form"),
    [
        ("25/12/2024", "%d/%m/%Y"),
        ("12/25/2024", "%m/%d/%Y"),
        ("25.12.24", "%d.%m.%y"),
        ("25-12-2024 9:05", "%d-%m-%Y %H:%M"),
        ("25. 12. 2024", "%d. %m. %Y"),
    ],
)
def test_the_format_that_is_proposed_reads_the_date(date, form):
    """With its own mark, and a year of as many digits."""
    [fault] = memproc.validate({"content": "x", "created_at": date}).errors
    assert f"--date-format '{form}'" in fault.hint
    assert isinstance(Dates((form,)).read(date), datetime)


@pytest.mark.parametrize(
    "wrong",
    [
        {"date_format": "%d.%m."},
        {"date_format": "d.m.y"},
        {"date_format": "%Y %Q"},
        {"date_format": "%Y %Y"},
        {"date_format": 5},
        {"date_format": [None]},
        {"day_first": "yes"},
        {"day_first": 1},
    ],
)
def test_a_wrong_setting_is_refused(wrong):
    """Before anything is read."""
    with pytest.raises(memproc.UsageError, match=next(iter(wrong))):
        memproc.Settings(**wrong)


RECORDS = [
    {"content": "a", "created_at": "03/04/2024"},
    {"content": "b", "created_at": "04.05.24"},
    {"content": "c", "relations": [{"type": "about", "target": "d", "valid_from": "03/04/2024"}]},
    {"content": "d", "created_at": "2024-04-03T00:00:00Z"},
]
SAID = memproc.Settings(date_format="%d.%m.%y", day_first=True)


def test_every_way_into_a_store_obeys(tmp_path):
    """`ingest` of objects and files, `add`, and reading without a store; the text stays beside the time."""
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, RECORDS)))
    for what in (RECORDS, path):
        with memproc.open("sqlite://", settings=SAID) as store:
            assert memproc.ingest(what, store).stored == 4
            found = {memory.content: memory for memory in store}
            assert [found[name].created_at.isoformat()[:10] for name in "abd"] == ["2024-04-03", "2024-05-04", "2024-04-03"]
            assert found["c"].relations[0].valid_from.isoformat()[:10] == "2024-04-03"
            assert found["a"].metadata == {"created_at_raw": "03/04/2024"}
    with memproc.open("sqlite://", settings=SAID) as store:
        assert [store.add(record).outcome for record in RECORDS] == ["stored"] * 4
        with pytest.raises(memproc.UsageError, match="as_of"):
            memproc.ingest(RECORDS, store, as_of="03/04/2024", settings=memproc.Settings())
        assert memproc.ingest(RECORDS, store, as_of="03/04/2024").quarantined == 0


def test_a_format_may_hold_a_zone(tmp_path):
    """Then it is none of the assumed ones."""
    report = memproc.ingest(
        [{"content": "Prefers tea", "created_at": "24.12.2023 10:00 +0200"}],
        tmp_path / "m.db",
        settings=memproc.Settings(date_format="%d.%m.%Y %H:%M %z"),
    )
    assert report.stored == 1
    with memproc.open(tmp_path / "m.db") as store:
        assert [memory.created_at.hour for memory in store] == [8]


def test_a_format_goes_before_what_needs_none():
    """On the quick way of usual records too."""
    records = [{"content": "a", "created_at": 20240304}, {"content": "b", "created_at": "2024-03-04T00:00:00Z"}]
    settings = memproc.Settings(date_format=("%Y%d%m", "%Y-%d-%mT%H:%M:%SZ"))
    with memproc.open("sqlite://", settings=settings) as store:
        memproc.ingest(records, store)
        assert [memory.created_at.isoformat()[:10] for memory in store] == ["2024-04-03"] * 2


def test_quarantine_keeps_how_dates_were_said_to_be_written(tmp_path):
    """A record that is mended later is read as it would have been; what is said at the replay goes first."""
    records = [{"content": text, "created_at": "03/04/2024", "importance": 7} for text in ("tea", "coffee")]
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(day_first=False)) as store:
        assert memproc.ingest(records, store).quarantined == 2

    def mended(value):
        return {**value, "importance": 1}

    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(date_format="%Y")) as store:
        assert store.replay(1, transform=mended).stored == 1
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(day_first=True)) as store:
        assert store.replay(2, transform=mended).stored == 1
        days = {memory.content: memory.created_at.isoformat()[:10] for memory in store}
    assert days == {"tea": "2024-03-04", "coffee": "2024-04-03"}


def test_a_job_with_other_dates_is_another_job(tmp_path):
    """Resuming goes on with what was said before only where it is said again."""
    path, store = tmp_path / "a.jsonl", tmp_path / "m.db"
    path.write_text("\n".join(map(json.dumps, RECORDS)))
    first = as_json(run_memproc("ingest", path, "--into", store, "--day-first", "--json"))
    assert (first["stored"], first["dates_refused"]) == (3, {"99.99.99": 1})
    again = as_json(run_memproc("ingest", path, "--into", store, "--day-first", "--resume", "--json"))
    assert again["job"] == first["job"]
    other = as_json(run_memproc("ingest", path, "--into", store, "--month-first", "--resume", "--json"))
    assert other["job"] != first["job"]
    mended = as_json(run_memproc("retry", store, "--date-format", "%d.%m.%y", "--json"))
    assert (mended["stored"], mended["quarantined"]) == (1, 0)


def test_refused_forms_are_told_with_a_command_to_try(tmp_path):
    """In the report, and by `inspect`, which tells the forms that were read too."""
    path = tmp_path / "a.csv"
    path.write_text('content,date\na,03/04/2024\nb,25/12/2024\nc,"May 19, 2026 10:00 AM"\nd,someday\n')
    report = memproc.ingest(path, "sqlite://")
    assert report.dates_refused == {"99/99/9999": 2}
    [told] = [note for note in report.notes if note.startswith("dates refused")]
    assert told.startswith(
        "dates refused: 2 of 99/99/9999: --day-first or --month-first says which it is (1 can only be --day-first)"
    )
    assert told.endswith("memproc retry DB --code date_unparsable --day-first")
    seen = as_json(run_memproc("inspect", path, "--json"))
    assert (seen["date_forms"], seen["dates_refused"]) == ({"A 99, 9999 99:99 A": 1}, {"99/99/9999": 2})
    assert seen["next"][0].endswith("--dry-run --day-first")
    assert as_json(run_memproc("inspect", path, "--day-first", "--json"))["records"] == 3
    assert as_json(run_memproc("validate", path, "--day-first", "--json"), code=1)["invalid"] == 1
    hidden = memproc.ingest(path, "sqlite://", settings=memproc.Settings(redact=True))
    assert hidden.dates_refused == {}


def test_forms_that_were_read_are_told(tmp_path):
    """In the report, by `validate` and by `migrate`, with those that were refused; over all runs of a job, and by workers."""
    path, store = tmp_path / "a.csv", tmp_path / "m.db"
    rows = ["03/04/2024", "05/04/2024", "May 19, 2026 10:00 AM", "2024-01-31 10:00", "2024-01-31T10:00:00Z", "99.99.99"]
    path.write_text("content,date\n" + "".join(f'note {at},"{date}"\n' for at, date in enumerate(rows)))
    read = {"99/99/9999": 2, "A 99, 9999 99:99 A": 1, "9999-99-99 99:99": 1}
    settings = memproc.Settings(day_first=True, batch_size=2)
    with memproc.open(store, settings=settings) as opened:
        first = memproc.ingest(path, opened, limit=2)
        assert (first.dates_read, first.dates_refused) == ({"99/99/9999": 2}, {})
    with memproc.open(store, settings=settings) as opened:
        report = memproc.ingest(path, opened, resume=True)
        assert (report.read, report.dates_read, report.dates_refused) == (6, read, {"99.99.99": 1})
        assert "dates read: 2 of 99/99/9999, 1 of A 99, 9999 99:99 A, 1 of 9999-99-99 99:99" in str(report)
        assert memproc.ingest([*opened], opened).dates_read == {}
    assert memproc.ingest(path, "sqlite://", settings=settings, engine="threads").as_dict()["dates_read"] == read
    checked = as_json(run_memproc("validate", path, "--day-first", "--json"), code=1)
    assert (checked["dates_read"], checked["dates_refused"]) == (read, {"99.99.99": 1})
    told = run_memproc("validate", path, "--day-first")[1]
    assert "dates read: 2 of 99/99/9999" in told
    assert "dates refused: 1 of 99.99.99: --date-format FORMAT" in told
    moved = memproc.migrate(path, tmp_path / "n.db", settings=settings)
    assert (moved.report.dates_read, moved.report.dates_refused) == (read, {"99.99.99": 1})


def test_plain_forms_alone_are_not_told(tmp_path):
    """Nor is what memproc's own export says of dates that were read before."""
    path, store = tmp_path / "a.jsonl", tmp_path / "m.db"
    path.write_text('{"content": "a", "created_at": "2024-01-31 10:00"}\n')
    assert memproc.ingest(path, store).dates_read == {}
    path.write_text('{"content": "b", "created_at": "May 19, 2026"}\n')
    assert memproc.ingest(path, store).dates_read == {"A 99, 9999": 1}
    with memproc.open(store) as opened:
        opened.export(tmp_path / "out.jsonl")
    again = memproc.ingest(tmp_path / "out.jsonl", tmp_path / "n.db")
    assert (again.stored, again.dates_read) == (2, {})


def test_of_very_many_forms_some_are_kept():
    """All are counted."""
    refused = RefusedDates()
    for at in range(200):
        refused.note(f"'{'/'.join('x:'[at >> bit & 1] for bit in range(8))} 2024'")
    assert len(refused.forms) == 101
    assert refused.forms.total() == 200
    assert form_of("x" * 100 + "1") == "A"


def test_a_chat_whose_dates_go_both_ways_is_read_as_is_said(tmp_path):
    """Instead of naming one of the two formats."""
    path = tmp_path / "_chat.txt"
    path.write_text("[03/04/2024, 10:00:00] Ann: The choir meets in the mill\n[03/04/2024, 10:01:00] Bob: On which evening?\n")
    with pytest.raises(memproc.SourceError, match="the day or the month"):
        memproc.ingest(path, "sqlite://")
    for day_first, day in ((True, "2024-04-03"), (False, "2024-03-04")):
        with memproc.open("sqlite://") as store:
            assert memproc.ingest(path, store, settings=memproc.Settings(day_first=day_first)).stored == 2
            assert {memory.created_at.isoformat()[:10] for memory in store} == {day}
