"""The activity of Gemini is read as prompts and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

import memproc
from memproc.formats.gemini import FORMAT
from memproc.formats.html_text import text_of_html
from memproc.formats.local_times import local_time
from tests.formats.reading import drafts, faults, left_out

FIXTURES = Path(__file__).parents[2] / "fixtures"
DONE = orjson.loads((FIXTURES / "gemini.json").read_bytes())


def test_a_prompt_and_its_answer_are_two_events() -> None:
    """Without the word before the prompt and without markup; they have no id, for the file has none."""
    asked, answered = drafts(FORMAT, DONE[0])
    assert asked.fields == {
        "content": "Which tea keeps me awake least?",
        "kind": "message",
        "subject": "user",
        "created_at": "2026-03-04T05:06:07.890Z",
        "metadata": {"attachedFiles": ["shelf.jpg"]},
    }
    assert answered.fields["content"] == "Try rooibos & mint:\nno caffeine\nno sugar"
    assert answered.fields["subject"] == "assistant"
    assert not asked.is_identity


def test_the_word_before_a_prompt_is_in_the_language_of_the_account() -> None:
    """An empty answer is counted."""
    assert [draft.fields["content"] for draft in drafts(FORMAT, DONE[1])] == ["Ich ziehe nach Faro", "Wie schön!"]
    assert left_out(FORMAT, DONE[1]) == {"empty": 1}


def test_an_activity_without_an_answer_is_read_on_request() -> None:
    """It may be a prompt whose answer was deleted, and is mostly none."""
    assert left_out(FORMAT, DONE[2]) == {"activities": 1}
    assert [draft.fields["content"] for draft in drafts(FORMAT, DONE[2], "activities")] == ["Used an Assistant feature"]


def card(activity: str, *, product: str = "Gemini Apps") -> dict[str, Any]:
    """Make the item of a card."""
    head = f'<div class="header-cell"><p>{product}</p></div>'
    return {"activity": f'<div class="outer-cell">{head}<div class="content-cell">{activity}</div></div>'}


def test_the_html_is_read_as_the_json_is(tmp_path: Path) -> None:
    """Card by card: the time is where the prompt ends; the prompts of a conversation stand together, whatever its language."""
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(FIXTURES / "gemini.html", store)
        assert (report.format, report.stored, report.left_out) == ("gemini", 4, {"activities": 1, "other_products": 1})
        said = sorted((one.created_at.isoformat(), one.subject, one.content) for one in store)
        assert said == [
            ("2026-03-04T04:06:07+00:00", "assistant", "Try mint & parsley:\nlittle water"),
            ("2026-03-04T04:06:07+00:00", "user", "Which herb grows in the shade?\nIt is for a balcony."),
            ("2026-03-05T05:07:08+00:00", "assistant", "Ein Ahornblatt."),
            ("2026-03-05T05:07:08+00:00", "user", "Was ist das?"),
        ]
        assert {one.conversation for one in store} == {"7c1d02ea"}
        assert [one.metadata["attachedFiles"] for one in store if "attachedFiles" in one.metadata] == [["leaf.jpg"]]
        assert memproc.ingest(FIXTURES / "gemini.html", store).duplicate == 4


def test_cards_are_found_behind_a_long_style_and_in_any_piece(tmp_path: Path) -> None:
    """A card longer than a record is quarantined with its start, and the next is read; other HTML is refused."""
    style = "<style>" + "p{}\n" * 70_000 + "</style>"
    cards = [
        card(f"Prompted\xa0Note {number}<br>Mar 4, 2026, 5:06:07 AM UTC<br>Noted {number}")["activity"] for number in range(300)
    ]
    (tmp_path / "a.html").write_text(
        f"<!DOCTYPE html><html>{style}{''.join([*cards, cards[0] + 'x' * 5_000_000, cards[1]])}</html>"
    )
    report = memproc.ingest(tmp_path / "a.html", tmp_path / "m.db", settings=memproc.Settings(max_record_bytes=100_000))
    assert (report.read, report.stored, report.quarantined) == (603, 600, 1)
    (tmp_path / "page.html").write_text(f"<html>{style}<p>Hello</p></html>")
    with pytest.raises(memproc.SourceError, match="HTML, which memproc does not read"):
        memproc.ingest(tmp_path / "page.html", tmp_path / "m.db")


def test_a_card_is_found_wherever_a_piece_of_the_file_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the middle of where it begins."""
    cards = "".join(card(f"Prompted\xa0{at}<br>Mar 4, 2026, 5:06:07 AM UTC<br>Noted {at}")["activity"] for at in range(9))
    (tmp_path / "a.html").write_text(f"<html>{cards}</html>")
    for size in (7, 24, 25, 64):
        monkeypatch.setattr("memproc.sources.cards._READ_BYTES", size)
        assert memproc.ingest(tmp_path / "a.html", tmp_path / f"{size}.db").stored == 18


def test_a_card_without_a_time_that_can_be_read_is_broken() -> None:
    """It would put the answer into the mouth of the user."""
    assert faults(FORMAT, card("Prompted\xa0Hi<br>5. brumaire 2026, 1:34:47<br><p>Hey</p>")) == [("activity", "date_unparsable")]
    assert left_out(FORMAT, card("Prompted\xa0 <br>Mar 4, 2026, 5:06:07 AM UTC<br>x")) == {"empty": 1}
    assert left_out(FORMAT, card("Watched<br>Mar 4, 2026, 5:06:07 AM UTC<br>x", product="YouTube")) == {"other_products": 1}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Nov 5, 2025, 1:34:47\u202fPM CEST", "2025-11-05T13:34:47+02:00"),
        ("5 nov. 2025, 01:34:47 CET", "2025-11-05T01:34:47+01:00"),
        ("5. nov. 2025, 01:34:47 CEST", "2025-11-05T01:34:47+02:00"),
        ("5 de dez. de 2025, 01:34:47 BRT", "2025-12-05T01:34:47-03:00"),
        ("1 août 2025, 01:34:47 UTC+2", "2025-08-01T01:34:47+02:00"),
        ("05.11.2025, 01:34:47 MEZ", "2025-11-05T01:34:47+01:00"),
        ("2025/11/05 1:34:47 JST", "2025-11-05T01:34:47+09:00"),
        ("2025年11月5日 01:34:47 GMT+08:00", "2025-11-05T01:34:47+08:00"),
        ("5 Nov 2025, 01:34:47 IST", "2025-11-05T01:34:47"),
        ("12:34:47 AM, Nov 5, 2025", "2025-11-05T00:34:47"),
        ("11/05/2025, 01:34:47 UTC", None),
        ("5 lip 2025, 01:34:47 CEST", None),
        ("31 Feb 2025, 01:34:47 UTC", None),
        ("Meet me at 01:34:47 on 5 Nov 2025", None),
        ("5 Nov 2025", None),
    ],
)
def test_times_are_read_in_the_language_of_the_account(text: str, time: str | None) -> None:
    """What may mean two days, or is a sentence, is none."""
    assert local_time(text) == time


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<style>p {}</style><p>one</p><script>x</script>", "one"),
        ("<p>a &lt; b<p", "a < b<p"),
        ("</p></style>", ""),
    ],
)
def test_html_loses_its_markup(html: str, text: str) -> None:
    """Also where it is broken."""
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({}, ("title", "missing")),
        ({"title": "x", "safeHtmlItem": ["x"]}, ("safeHtmlItem.0.html", "string_type")),
    ],
)
def test_what_cannot_be_read_is_broken(item: dict[str, Any], fault: tuple[str, str]) -> None:
    """The fault names the place."""
    assert faults(FORMAT, item) == [fault]


def test_another_product_is_none_of_its() -> None:
    """Takeout has such a file for each product."""
    assert not FORMAT.matches({"header": "YouTube", "title": "Watched", "time": "2026", "products": ["YouTube"]}, frozenset())
