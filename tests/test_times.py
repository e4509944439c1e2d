"""Times: every way of writing one is the same moment, and what is none is never replaced by "now"."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.times import EPOCH, from_micros, is_assumed, parse_time, says_none, to_micros, to_text
from tests.odd_values import NaTType

SAME = [
    ("epoch seconds", 1692633600, "2023-08-21T16:00:00"),
    ("epoch seconds as a float", 1736616594.24054, "2025-01-11T17:29:54.240540"),
    ("epoch milliseconds", 1692633600123, "2023-08-21T16:00:00.123"),
    ("epoch milliseconds as a float", 1692633600123.0, "2023-08-21T16:00:00.123"),
    ("epoch microseconds", 1692633600123456, "2023-08-21T16:00:00.123456"),
    ("epoch nanoseconds", 1692633600123456789, "2023-08-21T16:00:00.123456"),
    ("epoch digits", "1692633600", "2023-08-21T16:00:00"),
    ("epoch digits with a fraction", "1692633600.25", "2023-08-21T16:00:00.25"),
    ("epoch millisecond digits", "1692633600123", "2023-08-21T16:00:00.123"),
    ("the first epoch second that is one", 315532800, "1980-01-01T00:00:00"),
    ("the last epoch nanosecond that is one", 4102444800 * 10**9, "2100-01-01T00:00:00"),
    ("a date in digits, as a number", 20240131, "2024-01-31T00:00:00"),
    ("a date in digits, as a column with holes has it", 20240131.0, "2024-01-31T00:00:00"),
    ("a date in digits, as text with a fraction", "20240131.0", "2024-01-31T00:00:00"),
    ("a date and minutes in digits", 202401311530, "2024-01-31T15:30:00"),
    ("a date and minutes in digits, as text", "202401311530", "2024-01-31T15:30:00"),
    ("a date and seconds in digits", 20240131153059, "2024-01-31T15:30:59"),
    ("a date and seconds in digits, as text", "20240131153059", "2024-01-31T15:30:59"),
    ("a birthday in digits", 19590705, "1959-07-05T00:00:00"),
    ("ISO with Z", "2025-01-15T10:00:00Z", "2025-01-15T10:00:00"),
    ("ISO with an offset", "2024-07-20T01:30:36.275141-07:00", "2024-07-20T08:30:36.275141"),
    ("ISO without a zone", "2025-04-01T03:47:27", "2025-04-01T03:47:27"),
    ("ISO with a space", "2025-04-01 03:47:27+02:00", "2025-04-01T01:47:27"),
    ("ISO basic", "20250401T034727Z", "2025-04-01T03:47:27"),
    ("ISO date", "2025-04-01", "2025-04-01T00:00:00"),
    ("ISO basic date", "20230508", "2023-05-08T00:00:00"),
    ("ISO week", "2025-W14-2", "2025-04-01T00:00:00"),
    ("space around", "  2025-04-01T03:47:27Z\n", "2025-04-01T03:47:27"),
    ("slashes with weekday", "2023/05/20 (Sat) 02:21", "2023-05-20T02:21:00"),
    ("slashes with a weekday of another language", "2023/05/20 (Sáb) 02:21", "2023-05-20T02:21:00"),
    ("slashes without weekday", "2023/05/20 02:21:07", "2023-05-20T02:21:07"),
    ("slashes, date alone", "2023/5/2", "2023-05-02T00:00:00"),
    ("spoken", "1:56 pm on 8 May, 2023", "2023-05-08T13:56:00"),
    ("spoken at noon", "12:05 pm on 8 May, 2023", "2023-05-08T12:05:00"),
    ("spoken at midnight", "12:05 am on 8 May, 2023", "2023-05-08T00:05:00"),
    ("spoken, in capitals", "1:56 PM ON 8 MAY, 2023", "2023-05-08T13:56:00"),
    ("spoken date", "25 December, 2023", "2023-12-25T00:00:00"),
    ("spoken short date", "3 Sep 2023", "2023-09-03T00:00:00"),
    ("UTC in letters", "2023-04-22 08:18:59 UTC", "2023-04-22T08:18:59"),
    ("as Go prints", "2025-10-21 11:48:45.123456789 +0200 CEST", "2025-10-21T09:48:45.123456"),
    ("as Go prints in UTC", "2025-10-21 11:48:45 +0000 UTC", "2025-10-21T11:48:45"),
    ("as mails have it", "Tue, 21 Oct 2025 11:48:45 GMT", "2025-10-21T11:48:45"),
    ("as mails have it, with an offset", "Tue, 21 Oct 2025 11:48:45 -0730", "2025-10-21T19:18:45"),
    ("as browsers print", "Tue Oct 21 2025 11:48:45 GMT+0200 (Central European Summer Time)", "2025-10-21T09:48:45"),
    ("the month first", "May 19, 2026", "2026-05-19T00:00:00"),
    ("the month first, with a time", "May 19, 2026 10:00 AM", "2026-05-19T10:00:00"),
    ("the month first, with a time and a narrow space", "May 19, 2026, 12:07:30\u202fPM", "2026-05-19T12:07:30"),
    ("the month short, at a time", "Sep. 3, 2026 at 12:07 a.m.", "2026-09-03T00:07:00"),
    ("ISO with half a day", "2026-05-19 10:00 PM", "2026-05-19T22:00:00"),
    ("half a day, a zone and an offset", "2025-03-31 08:47:27 PM PDT-0700", "2025-04-01T03:47:27"),
    ("as C prints", "Thu Oct  2 11:48:45 2025", "2025-10-02T11:48:45"),
    ("as `date` prints", "Tue Oct 21 11:48:45 UTC 2025", "2025-10-21T11:48:45"),
    ("as web servers log", "10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36"),
    ("as mails had it, with a zone in letters", "Tue, 21 Oct 2025 11:48:45 EST", "2025-10-21T16:48:45"),
    ("as mails have it, with a comment", "Tue, 21 Oct 2025 11:48:45 +0000 (UTC)", "2025-10-21T11:48:45"),
    ("the month short between dashes", "06-Nov-1994 08:49:37", "1994-11-06T08:49:37"),
    ("the month first, with dashes", "May-19-2026", "2026-05-19T00:00:00"),
    ("the year first, the month in letters", "2023-May-19", "2023-05-19T00:00:00"),
    ("a day with a point", "24. Feb 2021", "2021-02-24T00:00:00"),
    ("a day with letters", "February 24th, 2021", "2021-02-24T00:00:00"),
    ("a month in German", "25. Dezember 2024 10:00", "2024-12-25T10:00:00"),
    ("a month with an accent", "12 März 2024", "2024-03-12T00:00:00"),
    ("a month in French, with its weekday", "mardi 12 mars 2024", "2024-03-12T00:00:00"),
    ("a month in Spanish, as it is said", "3 de mayo de 2024", "2024-05-03T00:00:00"),
    ("a month in Italian", "1 gennaio 2024", "2024-01-01T00:00:00"),
    ("a month in Dutch", "4 mei 2024", "2024-05-04T00:00:00"),
    ("a month that is cut, with dots", "5. nov. 2025", "2025-11-05T00:00:00"),
    ("a day of a month", "24th of February 2021 at 10:00", "2021-02-24T10:00:00"),
    ("the time first", "10:00 AM, May 19, 2026", "2026-05-19T10:00:00"),
    ("the time first, on a day", "10:00 on 19 May 2026", "2026-05-19T10:00:00"),
    ("an hour without minutes", "May 19, 2026 at 10 PM", "2026-05-19T22:00:00"),
    ("the year first, with points", "2021.02.24 10:00:00", "2021-02-24T10:00:00"),
    ("the year first, with slashes and a zone", "2021/02/24 10:00:00 UTC", "2021-02-24T10:00:00"),
    ("the year first, not padded", "2021-2-4 9:05", "2021-02-04T09:05:00"),
    ("the year first, in East Asia", "2026年5月19日 14:30", "2026-05-19T14:30:00"),
    ("as browsers say in words", "Wednesday, June 5, 2024 at 3:07:09\u202fPM Coordinated Universal Time", "2024-06-05T15:07:09"),
    ("leap day", "2024-02-29", "2024-02-29T00:00:00"),
    ("aware datetime", datetime(2025, 1, 15, 12, tzinfo=timezone(timedelta(hours=2))), "2025-01-15T10:00:00"),
    ("naive datetime", datetime(2025, 1, 15, 12), "2025-01-15T12:00:00"),  # noqa: DTZ001 - naive on purpose
    ("date", date(2025, 1, 15), "2025-01-15T00:00:00"),
    ("text with invisible ends", "\u200b2025-01-15T12:00:00Z\ufeff", "2025-01-15T12:00:00"),
    ("a subclass of datetime", type("Stamp", (datetime,), {})(2025, 1, 15, 12, tzinfo=UTC), "2025-01-15T12:00:00"),
    ("a subclass of text", type("Word", (str,), {})("2025-01-15"), "2025-01-15T00:00:00"),
    ("a subclass of int", type("Number", (int,), {})(1692633600), "2023-08-21T16:00:00"),
    ("datetime64 in nanoseconds", np.datetime64("2025-01-15T12:00:00.5", "ns"), "2025-01-15T12:00:00.5"),
    ("datetime64 of a day", np.datetime64("2025-01-15"), "2025-01-15T00:00:00"),
    ("int64", np.int64(1692633600), "2023-08-21T16:00:00"),
    ("float64", np.float64(1692633600.5), "2023-08-21T16:00:00.5"),
]


FAR_EAST, FAR_WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
NO_TIME = [
    *[0, 0.0, -0.0, "0", "0.0"],
    *["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00.000000+00:00", "0001-01-01", "00010101", "0001/01/01"],
    *["0001-01-01 00:00:00 +0000 UTC", "0001-01-01T00:00:00-05:00", "0001-01-01T00:00:00+14:00", " 0001-01-01T12:30:00.1234567Z"],
    *["9999-12-31", "99991231", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31 23:59:59.999999-05:00"],
    *["9999-12-31T00:00:00+14:00", "9999/12/31 23:59", "99991231235959", 99991231, 99991231235959],
    *[-62135596800, -62135596800000, -62135596800 * 10**6, -62135596800 * 10**9, -62135596800.0, "-62135596800"],
    *[253402300799, 253402300799.999, 253402300799999, 253402300799999999, 253402300800, 253402214400, "253402300799"],
    *[253402300799 - 5 * 3600, -62135596800 + 5 * 3600, float("nan"), np.datetime64("NaT", "us"), np.float64("nan")],
    *[datetime.min, datetime.max, date.min, date.max, NaTType(2024, 1, 1)],  # noqa: DTZ901 - naive, as they are used
    *[datetime(9999, 12, 31, 23, tzinfo=FAR_WEST), datetime(1, 1, 1, tzinfo=FAR_EAST)],
]

# A number that is no time, and what its advice speaks of.
MAY_BE = [
    *[(2024, "a year"), ("2024", "a year"), (1999.0, "a year"), (202401, "a year and a month"), ("202401", "a year and a month")],
    *[(45321.5, "spreadsheet"), (45321, "spreadsheet"), ("45321.5", "spreadsheet")],
    *[(11.06, "a day and a month"), ("11.06", "a day and a month"), (31, "a day"), ("12", "a day")],
    *[(-1, "neither"), (86_400, "neither"), (315532799, "neither"), (4102444801, "neither"), (253402300799 + 10**6, "neither")],
    *[(20241301, "neither"), (20240230, "neither"), (202401312460, "neither"), (20240131.5, "neither"), (10101010, "neither")],
    *[(13350000000000000, "neither"), (10**400, "neither"), (1e300, "neither")],
]

NOT_A_TIME = [
    "",
    "   ",
    "now",
    "today",
    "yesterday",
    "soon",
    "null",
    "2025-13-01",
    "2025-02-30",
    "2023-02-29",
    "2025-01-15T25:00:00Z",
    "2023/13/01",
    "2023/02/30 (Thu) 02:21",
    "2023/05/20 (Sat) 24:21",
    "1:56 pm on 31 June, 2023",
    "1:76 pm on 8 May, 2023",
    "99:00 pm on 8 May, 2023",
    "8 Foo 2023",
    "8 Mayhem 2023",
    "8 Decoy 2023",
    "Foo 8, 2023",
    "Sunday 8, 2023",
    "May 32, 2026",
    "May 19, 2026 13:00 PM",
    "May 19, 2026 10:00 PDT",
    "2026-05-19 10:00 +99:00",
    "2026-02-30 10:00 PM",
    "05/08/2023",
    "25/12/2024",
    "03.04.2024",
    "1-2-2024 10:00",
    "06-Nov-94",
    "May 2024",
    "24 Feb",
    "2024.13.01",
    "2021/2/30",
    "2023-04-22 08:18:59 EST",
    "13:00 PM 8 May 2023",
    "10 AM",
    "8 May 2023 8 May 2023",
    "1" * 99 + "/1/2024",
    "may " * 10_000,
    "10:00 " * 10_000 + "2024",
    "1692633600 seconds",
    "9" * 30,
    10**20,
    10**400,
    1e300,
    float("inf"),
    float("-inf"),
    True,
    False,
    None,
    [],
    {},
    b"2025-01-01",
    np.bool_(True),
    np.array(["2024-01-01"], "datetime64[D]"),
    *[value for value, _ in MAY_BE],
]

MICROS = st.integers(to_micros("1990-01-01T00:00:00.000000Z"), to_micros("2100-01-01T00:00:00.000000Z"))
MOMENTS = st.datetimes(timezones=st.just(UTC))
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(("value", "expected"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_a_form_is_read_as_an_aware_moment_in_utc(value, expected):
    """Whatever the machine's zone."""
    found = parse_time(value)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("value", NO_TIME, ids=lambda value: repr(value)[:40])
def test_some_values_say_that_there_is_no_time(value):
    """Nought, the first day and the last, in any unit and any zone, and what is no value of NumPy's and pandas'."""
    assert parse_time(value) is None
    assert says_none(value)


@pytest.mark.parametrize(("value", "told"), MAY_BE, ids=lambda value: repr(value)[:40])
def test_a_number_that_is_no_time_is_told_what_it_may_be(value, told):
    """It is never taken for the nearest moment."""
    with pytest.raises(ValueError, match=r"^not a date: .+") as raised:
        parse_time(value)
    assert told in str(raised.value)
    assert len(str(raised.value)) < 200
    assert not says_none(value)


@pytest.mark.parametrize("value", NOT_A_TIME, ids=lambda value: repr(value)[:40])
def test_what_is_no_time_is_an_error(value):
    """Never "now", and never the nearest date that would do."""
    with pytest.raises(ValueError, match=r".+"):
        parse_time(value)


@given(MICROS)
def test_an_epoch_number_in_any_unit_is_the_same_moment(micros):
    """The unit is told by the magnitude."""
    moment = EPOCH + timedelta(microseconds=micros)
    milliseconds, seconds = micros // 1_000, micros // 1_000_000
    assert parse_time(micros) == parse_time(micros * 1_000) == parse_time(str(micros)) == moment
    assert parse_time(milliseconds) == moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
    assert parse_time(seconds) == parse_time(f"{seconds}") == parse_time(float(seconds)) == moment.replace(microsecond=0)
    assert abs(parse_time(micros / 1_000_000) - moment) <= timedelta(microseconds=1)


@given(MOMENTS, OFFSETS)
def test_an_offset_moves_no_moment(moment, zone):
    """As text and as a datetime, within the years 1 to 9999."""
    try:
        elsewhere = moment.astimezone(zone)
    except OverflowError:
        return
    if not {elsewhere.date(), moment.date()} & {date.min, date.max}:
        assert parse_time(elsewhere) == parse_time(elsewhere.isoformat()) == moment


@given(st.text() | st.integers() | st.floats() | st.datetimes() | st.from_regex(r"\d{1,4}[/:.\- ]\d{1,2}[/:.\- a-z]{1,8}\d{1,4}"))
def test_any_value_is_a_time_none_or_a_value_error(value):
    """No other exception, and always the same answer."""
    try:
        found = parse_time(value)
    except ValueError:
        return
    assert found is None or found.utcoffset() == timedelta(0)
    assert parse_time(value) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-15T10:00:00Z", False),
        ("2025-01-15T10:00:00+02:00", False),
        (" 2025-01-15T10:00:00Z ", False),
        ("2025-01-15T10:00:00", True),
        ("2025-01-15", True),
        ("1692633600", True),
        ("1:56 pm on 8 May, 2023", True),
        ("2023/05/20 (Sat) 02:21", True),
        ("no date", True),
    ],
)
def test_a_reading_that_assumes_something_is_told(text, expected):
    """A zone, a unit, or a form of its own: then the text is kept beside the time."""
    assert is_assumed(text) is expected


@given(MOMENTS, MOMENTS)
def test_the_texts_sort_as_the_times_do(one, other):
    """They all have one width."""
    assert (to_text(one) < to_text(other)) == (one < other)
    assert len(to_text(one)) == len("1970-01-01T00:00:00.000000Z")


@given(MOMENTS)
def test_a_text_is_read_back_as_the_moment_it_was_made_of(moment):
    """By way of microseconds too; but for the first day and the last, which mean none."""
    text = to_text(moment)
    assert from_micros(to_micros(text)) == text
    assert parse_time(text) == (None if moment.date() in (date.min, date.max) else moment)
