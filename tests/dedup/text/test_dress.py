"""The dress of a text: what stands around it and says nothing, and what only looks so."""

from __future__ import annotations

import pytest

from memproc.dedup.gist.gist import bare_of
from memproc.dedup.text.dress import undressed
from memproc.dedup.text.telling import tells_a_secret

BARE = "Has a garden"


@pytest.mark.parametrize(
    "text",
    [
        "- Has a garden",
        "* Has a garden",
        "• Has a garden",
        "1. Has a garden",
        "2) Has a garden",
        "a) Has a garden",
        "> Has a garden",
        "✅ Has a garden",
        "**Has a garden**",
        "_Has a garden_",
        "Has a **garden**",
        "<p>Has a garden</p>",
        "<b>Has</b> a garden",
        "“Has a garden”",
        "Note: Has a garden",
        "User info: Has a garden",
        "- Fact: Has a garden",
        "By the way, Has a garden",
        "btw Has a garden",
        "Remember that Has a garden",
        "Has a garden, you know",
        "Has a garden 🌱",
        "Has a garden ☀️",
        "Has a garden [1]",
        "🌱 Has a garden 😀",
    ],
)
def test_it_goes(text):
    """From lists, pages, models and people."""
    assert " ".join(undressed(text).split()) == BARE


@pytest.mark.parametrize(
    "text",
    [
        "Ben owes Anna money",
        "Mira, my sister, is ill",
        "5. Mai ist ihr Geburtstag",
        "2. Platz im Rennen",
        "-v is the option",
        "#garden is her tag",
        ">5 people came",
        "Has 10^5",
        "Uses array[1]",
        "Uses __init__",
        "☐ Pay the rent",
        "❌ Eats meat",
        "She feels 😀",
        "Coffee 👎",
        "Mum's cooking 🤮",
        "Notes are on the table",
        "Right knee hurts",
        "Well water is what she drinks",
        "😀😀",
        "**",
    ],
)
def test_what_says_something_stays(text):
    """A name, a date, a tag, a power, a face that means something; a text that would be nothing else."""
    assert undressed(text) == text


@pytest.mark.parametrize("symbol", ["*", "_", "`", "- ", "[1]", "<b>", "&amp;", "“", "🌱"])
def test_it_takes_no_time(symbol):
    """However often it stands there."""
    assert isinstance(undressed(symbol * 20_000), str)


@pytest.mark.parametrize("text", ["- Her ｐａｓｓｗｏｒｄ is blue42", "* Ｔｈｅ ｋｅｙ is x9", "> Password: ｂｌｕｅ"])
def test_a_secret_in_letters_of_another_width_is_one(text):
    """As what is behind it counts as it is written, nothing is taken off the text."""
    assert tells_a_secret(text)
    assert bare_of(text) == text
