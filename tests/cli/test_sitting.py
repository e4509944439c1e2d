"""Deciding pairs by keys: what each does, and that it can be taken back."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

import memproc
from memproc.cli.sitting import HELP, KEYS, Asking, Sitting

AMOUNTS = ((1, 640), (3, 680))
PAYERS = ("Ann", "Bob", "Cleo", "Dan")


@pytest.fixture
def store():
    """Give a store in which four pairs of one kind wait, all with dates."""
    with memproc.open("sqlite://") as opened:
        for payer in PAYERS:
            for month, amount in AMOUNTS:
                text = f"{payer} pays {amount} euros of rent each month to the landlord"
                opened.add({"content": text, "subject": payer, "created_at": f"2025-0{month}-01"})
        assert len(opened.reviews()) == len(PAYERS)
        yield opened


def sit(store, keys, *, lines=(), note=""):
    """Type keys, then `q`, and lines where one is asked for; return the sitting and what was shown."""
    shown = io.StringIO()
    typed, written = iter([*keys, "q"]), iter(lines)
    sitting = Sitting(store, Console(file=shown, width=100), store.reviews(), note)
    sitting.hold(Asking(lambda: next(typed), lambda _: next(written)))
    return sitting, shown.getvalue()


@pytest.mark.parametrize(
    ("keys", "decided", "memories"),
    [
        ("", 0, 8),
        ("m", 1, 7),
        ("d", 1, 8),
        ("l", 1, 7),
        ("xm", 1, 7),
        ("smdl", 3, 6),
        ("mu", 0, 8),
        ("mum", 1, 7),
        ("mmuu", 0, 8),
        ("smu", 0, 8),
        ("lu", 0, 8),
        ("du", 0, 8),
        ("u", 0, 8),
        ("?m", 1, 7),
        ("Mn", 0, 8),
        ("Myuy", 0, 8),
        ("dMyu", 1, 8),
    ],
)
def test_what_keys_do(store, keys, decided, memories):
    """Other keys do nothing, and `u` undoes whatever was last."""
    _, shown = sit(store, keys)
    assert shown.rstrip().endswith(f"{decided} decided, {len(PAYERS) - decided} wait")
    assert store.count() == memories
    assert store.recount().is_whole


@pytest.mark.parametrize(("key", "verdict", "memories"), [("M", "merge", 4), ("D", "distinct", 8)])
def test_one_key_decides_all_that_are_like_it(store, key, verdict, memories):
    """After the question how many; one policy, so that it is taken back as one, also later."""
    sitting, shown = sit(store, f"{key}y")
    assert f"{len(PAYERS)} pairs (confidence" in " ".join(shown.split())
    assert sitting.done[0].decided == len(PAYERS)
    assert (store.count(), store.reviews()) == (memories, [])
    [policy] = store.policies()
    assert {one.verdict for one in store.settled_reviews()} == {verdict}
    store.withdraw_policy(policy.name)
    assert (store.count(), len(store.reviews())) == (8, len(PAYERS))


def test_only_those_that_are_at_least_as_certain(store):
    """And of the same kind: the others go on waiting."""
    low = store.reviews()[-1].confidence
    store.add({"content": "Ann pays 640 euros of rent each month to the landlady", "subject": "Eve"})
    assert sit(store, "My")[0].done[0].decided == sum(1 for one in store.settled_reviews() if one.confidence >= low)


def test_a_note_is_kept_with_what_follows(store):
    """Until another one; an empty one ends that."""
    sit(store, "mnmnm", lines=["as she said ", ""], note="by hand")
    made = [entry.reason for one in store.find() for entry in store.trace(one.id).ledger if entry.kind == "decision"]
    assert sorted(made) == ["merge", "merge: as she said", "merge: by hand"]


def test_the_keys_are_explained(store):
    """Each of them."""
    _, shown = sit(store, "?")
    assert HELP in shown
    assert [line[0] for line in HELP.splitlines()] == list("mdlsMDnuq")
    assert set("mdlsMDnuq?") == set(KEYS)


def test_a_pair_that_is_settled_meanwhile_is_passed_over(store):
    """By another process, say."""
    pairs = store.reviews()
    shown = io.StringIO()
    sitting = Sitting(store, Console(file=shown, width=100), pairs, "")
    store.resolve(pairs[0], "distinct")
    typed = iter("mmq")
    sitting.hold(Asking(lambda: next(typed), input))
    assert "does not wait any more" in shown.getvalue()
    assert "1 decided, 2 wait" in shown.getvalue()
