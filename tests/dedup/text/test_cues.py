"""Cues: which token decides what is meant, of what kind it is, and that a difference in one is named and keeps two texts apart."""

from __future__ import annotations

import pytest

import memproc
from memproc.dedup.compare.compare import compare
from memproc.dedup.compare.confidence import shipped_model, side_of
from memproc.dedup.compare.reasons import kinds_of
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.text import words
from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.cues import SHAPES, cue_of, cues_of
from tests.databases import sql
from tests.test_linear import MOST_TIMES, growth

KINDS = {
    "e-mail": ["anna@example.org", "a.b+c@mail.example.co.uk"],
    "handle": ["@anna", "@anna.b_7"],
    "address": ["https://example.org/a", "www.example.org", "example.org", "sub-1.example.co.uk"],
    "path": ["/home/anna/a.txt", "~/notes", "C:\\temp\\a.txt", "docs/a.md", "./run", "../up"],
    "date": ["2024-05-01", "2024-05", "2024-05-01T10:00:00z", "5/6/2024", "31.12.2024", "1st", "22nd"],
    "time": ["10:25", "10:25:30", "8:30pm", "8h30"],
    "version": ["3.11.4", "1.0.0rc1", "v2", "v2.1"],
    "range": ["5-10", "16:9", "3/4", "1.5-2"],
    "number": ["16", "-5", ".5", "3.5", "1,500", "٥"],
    "identifier": ["b12", "T540p", "user_name", "0451x"],
    "currency": ["$", "€", "£", "₹"],
    "percent": ["%"],
    "negation": ["not", "never", "without"],
    "weekday": ["monday"],
    "month": ["october"],
    "unit": ["mg"],
    "quantifier": ["all"],
    "pole": ["love", "hates"],
    "": ["tea", "anna", "?", "😀", "茶", "y'all"],
}

# What differs, by kind: the texts are apart, and the reason says why.
DIFFERENCES = [
    ("number", "She has 16 hens on the farm", "She has 18 hens on the farm"),
    ("number", "She has two hens on the farm", "She has twenty-two hens on the farm"),
    ("date", "The visa ends on 2024-05-01 there", "The visa ends on 2024-05-10 there"),
    ("date", "He was born on the 1st there", "He was born on the 21st there"),
    ("time", "The train leaves at 10:25 there", "The train leaves at 10:52 there"),
    ("version", "She uses Python 3.11.4 here", "She uses Python 3.11.5 here"),
    ("range", "The shop needs 5-10 days for it", "The shop needs 5-12 days for it"),
    ("unit", "She takes 5 mg of it", "She takes 5 g of it"),
    ("unit", "It costs the club $50", "It costs the club €50"),
    ("percent", "The rent went up by 5 %", "The rent went up by 5"),
    ("e-mail", "Her address is anna@example.org now", "Her address is anna@example.com now"),
    ("handle", "He posts as @anna_b there", "He posts as @anna_c there"),
    ("address", "She reads https://example.org/a daily", "She reads https://example.org/b daily"),
    ("path", "The notes are in /home/anna/a.txt now", "The notes are in /home/anna/b.txt now"),
    ("identifier", "She has a T540p at work", "She has a T440s at work"),
    ("weekday", "She swims on Monday there", "She swims on Tuesday there"),
    ("month", "The visa ends in October there", "The visa ends in November there"),
    ("negation", "She does drink coffee there", "She does not drink coffee there"),
    ("negation", "She can drink coffee there", "She can't drink coffee there"),
    ("negation", "She works there", "She no longer works there"),
    ("quantifier", "All of them swim there", "None of them swim there"),
    ("quantifier", "She always takes the bus", "She sometimes takes the bus"),
    ("pole", "She loves the new house", "She hates the new house"),
    ("pole", "They want to increase the dose", "They want to decrease the dose"),
]


def token_kinds():
    """Give each token with the kind that it is."""
    return [(token, kind) for kind, tokens in KINDS.items() for token in tokens]


@pytest.mark.parametrize(("token", "kind"), token_kinds())
def test_a_token_is_a_cue_of_one_kind_or_none(token, kind):
    """By the list of words, or by its shape."""
    assert cue_of(token) == (f"{kind}:{token}" if kind else "")


def test_each_shape_has_an_example():
    """And nothing is told by a shape that no test has."""
    assert {kind for kind, _ in SHAPES} <= KINDS.keys()


@pytest.mark.parametrize(("kind", "one", "other"), DIFFERENCES)
def test_a_difference_in_a_cue_keeps_two_texts_apart_and_is_named(kind, one, other):
    """Also where the cue is in one of them only."""
    left, right = canonical(one), canonical(other)
    assert cues_of(gist_of(left).tokens) != cues_of(gist_of(right).tokens)
    assert gist_of(left).tokens != gist_of(right).tokens
    assert kind in kinds_of(compare(side_of(left), side_of(right), shipped_model()).differences)


@pytest.mark.slow
@pytest.mark.parametrize("nearly", ["a", "1", "a.", "a@", "/", "a1", "1-", "1.", "-"])
def test_a_long_token_is_told_in_no_time(nearly):
    """Whatever its shape nearly is, the time grows with its length and not with its square."""
    assert growth(lambda n: nearly * n + "!", cue_of) < MOST_TIMES


@pytest.mark.parametrize("row", words.benign(), ids=[row.kind for row in words.benign()])
def test_what_the_table_of_benign_differences_says_is_so(row):
    """Each example merges, differs in that kind, which alone is kept, and has its trust."""
    assert row.one != row.other
    assert row.reason
    assert 0 < row.trust < 1
    with memproc.open("sqlite://") as store:
        store.add({"content": row.one})
        found = store.add({"content": row.other})
        with store._opened.transactions.reading() as tx:
            kept = tx.execute(sql("SELECT reason FROM ledger WHERE kind = 'similar'")).scalar()
    assert (found.outcome, found.confidence) == ("merged", row.trust)
    assert row.kind == kept or row.kind in ("hyphen", "case of a short code", "unit behind its number", "thousands")
