"""Many records at once are cut and joined as the list of them would be, and objects are made of those alone that meet others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.config import Policy
from memproc.dedup.columns import Columns
from memproc.formats import generic
from memproc.intake import Intake
from memproc.records import encode
from memproc.taken import Taken

RECORDS = st.lists(st.booleans(), max_size=12)  # whether each is one
PLACES = st.integers(0, 14)


def taken(are_valid: list[bool]) -> Taken:
    """Return what becomes of so many records."""
    lines = [encode({"content": f"Has {at} hens"} if is_valid else {"hens": at}) for at, is_valid in enumerate(are_valid)]
    return Intake(generic.FORMAT, Policy(dedup="off")).take_all(lines).records


def listed(records: Taken) -> list[bytes]:
    """Return the bytes of each record, in order."""
    accepted = dict(zip(records.accepted.position, records.accepted.json, strict=True))
    found = accepted | {at: one.raw for at, one in records.rejected}
    assert [*found] == [*accepted, *(at for at, _ in records.rejected)]
    return [found[at] for at in range(len(records))]


@given(RECORDS, PLACES, PLACES)
def test_records_are_cut_as_a_list_is(are_valid: list[bool], start: int, stop: int) -> None:
    """Each keeps what it was, and gets a place among those that are left."""
    records = taken(are_valid)
    first, last = min(start, len(records)), min(max(start, stop), len(records))
    assert listed(records.cut(first, last)) == listed(records)[first:last]
    assert listed(records.cut(first)) == listed(records)[first:]
    assert records.sizes() == [*map(len, listed(records))]


@given(RECORDS, RECORDS)
def test_records_are_joined_as_lists_are(one: list[bool], other: list[bool]) -> None:
    """Who comes behind has the later places; what was added stays what it was."""
    joined, behind = taken(one), taken(other)
    joined.extend(behind)
    assert listed(joined) == listed(taken(one)) + listed(taken(other))
    assert listed(behind) == listed(taken(other))


@pytest.mark.parametrize("dedup", ["off", "exact"])
def test_no_object_is_made_of_what_meets_no_other(dedup, tmp_path, monkeypatch):
    """Of 40 records one is rejected, by the side, and none is looked at by itself."""
    monkeypatch.setattr(Columns, "at", lambda _self, _place: pytest.fail("an object was made"))
    records = [{"content": f"She has been to town number {number}", "id": f"n{number}"} for number in range(40)]
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(dedup=dedup)) as store:
        report = memproc.ingest([*records, {"content": ""}], store)
        assert (report.stored, report.quarantined, report.status) == (40, 1, "done")
        assert store.recount().is_whole
