"""A mapping file is proposed for rows that nobody has mapped: it can be read, and reads what a person would."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.formats.mapping import field_map_of, proposed
from tests.command_line import run_memproc

ROWS = [
    {
        "row_id": 7,
        "customer_ref": "ann",
        "body": "Prefers tea &amp; cafÃ©",
        "Made On": "24.12.2023",
        "labels": "tea;home",
        "stars": "1",
        "mood": "😀",
        "is_deleted": 0,
        "extra": '{"device": "phone"}',
    },
    {"row_id": 8, "customer_ref": "NULL", "body": "Likes milk", "Made On": "2024-01-01", "stars": "5", "is_deleted": 1},
]


def test_the_columns_are_told_by_names_and_values():
    """And what a person has to check has a comment."""
    lines = proposed(ROWS).splitlines()
    assert lines == [
        'blank = ["NULL"]',
        'json = ["extra"]',
        """leave_out = { "deleted rows" = "is_deleted == `1` || is_deleted == '1'" }""",
        "[fields]",
        'id = "row_id"',
        'content = { path = "body", repair = ["html", "mojibake"] }',
        'namespace = "customer_ref"',
        r"""created_at = "\"Made On\""  # some are no dates that memproc reads: name their form, as in date_format = '%d.%m.%Y'""",
        'tags = "labels"',
        'importance = { path = "stars", scale = [1, 5] }  # the ends of its scale: check them',
        'emotion = { path = "mood", values = { "😀" = "😀" } }  # write the words on the right',
    ]


def test_what_is_proposed_reads_the_rows():
    """But for a date in no known form."""
    mapping = tomllib.loads(proposed(ROWS))
    (bad,) = memproc.transform(ROWS[0], mapping=mapping)
    assert [fault.path for fault in bad.faults] == ["created_at"]
    (memory,) = memproc.transform({**ROWS[1], "is_deleted": 0}, mapping=mapping)
    assert (memory.content, memory.namespace, memory.importance) == ("Likes milk", "default", 1.0)
    assert memproc.transform(ROWS[1], mapping=mapping) == []


def test_without_a_text_the_column_is_left_to_a_person():
    """It says so."""
    assert proposed([{"a": 1, "b": "2"}]).splitlines() == ["[fields]", 'content = "NAME"  # of the column with the text']


VALUES = (
    st.none()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["NULL", "{}", "[1]", "&amp;", "24.12.2023", "Ã©"])
)


@given(st.lists(st.dictionaries(st.text() | st.sampled_from([*ROWS[0]]), VALUES, min_size=1), min_size=1, max_size=4))
def test_whatever_the_rows_hold_the_proposal_can_be_read(rows):
    """As TOML, and as a mapping."""
    field_map_of(tomllib.loads(proposed(rows)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "row_id,Bemerkung,stars\n1,Mag Tee am Morgen,5\n2,Wohnt in Gent,1\n"),
        ("a.json", '[{"row_id": 1, "Bemerkung": "Mag Tee am Morgen", "stars": 5}, {"Bemerkung": "Wohnt in Gent", "stars": 1}]'),
    ],
)
def test_inspect_proposes_a_file_that_ingest_takes(tmp_path, name, text):
    """For a table that is refused without."""
    (tmp_path / name).write_text(text)
    assert run_memproc("inspect", name, folder=tmp_path)[0] == 2
    code, out, _ = run_memproc("inspect", name, "--propose", folder=tmp_path)
    assert code == 0
    (tmp_path / "m.toml").write_text(out)
    assert run_memproc("migrate", name, "--into", "m.db", "--mapping", "m.toml", folder=tmp_path)[0] == 0
    with memproc.open(tmp_path / "m.db") as store:
        assert sorted(one.content for one in store) == ["Mag Tee am Morgen", "Wohnt in Gent"]


def test_what_holds_no_objects_has_no_mapping(tmp_path):
    """It is told."""
    (tmp_path / "a.json").write_text("[1, 2]")
    code, _, err = run_memproc("inspect", tmp_path / "a.json", "--propose")
    assert code == 2
    assert "a mapping is for objects and rows" in err
