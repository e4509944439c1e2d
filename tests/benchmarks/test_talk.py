"""Talk is what people said, and what was made of it is what its labels say."""

from __future__ import annotations

import difflib
import random
import re
from collections import Counter

import orjson
import pytest

import memproc
from benchmarks import labelled, retold
from benchmarks.corpus import Kind, Texts, make_corpus, write_corpus
from benchmarks.policy import joined_by, measure, text_table
from benchmarks.talk import way

RECORDS = 12_000
pytestmark = pytest.mark.usefixtures("locomo")


@pytest.fixture(scope="module")
def corpus():
    """Make one corpus for all tests, of which some is made of the sentences of others; none where LoCoMo is not at hand."""
    return make_corpus(records=RECORDS, seed=1, texts=Texts.TALK) if labelled.locomo() else ()


def of_kind(corpus, kind):
    """Give the text of each record of a kind, and the text it derives from."""
    return [(entry.content, corpus[entry.label.original].content) for entry in corpus if entry.label.kind is kind]


def stretches(one, other):
    """Give the stretches of words in which two texts differ, apart from their ends."""
    sides = [re.sub(r"[.!…?]+$", "", text).split() for text in (one, other)]
    opcodes = difflib.SequenceMatcher(None, *sides, autojunk=False).get_opcodes()
    return [(sides[0][i:j], sides[1][k:m]) for tag, i, j, k, m in opcodes if tag != "equal"]


@pytest.mark.slow
def test_the_seed_settles_everything(corpus):
    """The same again from the same, another from another."""
    small = make_corpus(records=300, seed=1, texts=Texts.TALK)
    assert small == make_corpus(records=300, seed=1, texts=Texts.TALK)
    assert small != make_corpus(records=300, seed=2, texts=Texts.TALK)
    assert len(corpus) == RECORDS


@pytest.mark.costly
def test_most_records_are_new_and_different(corpus):
    """A few per cent are repeats."""
    kinds = Counter(entry.label.kind for entry in corpus)
    assert kinds == {Kind.NEW: 9_406, Kind.NEAR: 1_440, Kind.EXACT: 720, Kind.TRAP: 434}
    assert len({entry.content for entry in corpus}) > 0.93 * RECORDS


def test_all_that_was_said_comes_before_what_is_made(corpus):
    """Of the speaker who said it, word by word."""
    said = {(memory.subject, memory.content.strip()) for memory in labelled.locomo()}
    new = [(entry.fields["subject"], entry.content) in said for entry in corpus if entry.label.kind is Kind.NEW]
    taken = new.index(False)
    assert 8_000 < taken < 8_500
    assert sum(new[taken:]) == 0


def test_what_is_made_is_of_the_words_of_its_speaker(corpus):
    """Sentences of one sample and one speaker, with a date of theirs, none of them most of a text."""
    voices = {}
    for memory in labelled.locomo():
        words = voices.setdefault((memory.namespace, memory.subject), [set(), set()])
        words[0].update(re.findall(r"\w+", memory.content))
        words[1].add(memory.created_at.isoformat())
    for entry in [entry for entry in corpus if entry.label.kind is Kind.NEW][-1_000:]:
        words, dates = voices[entry.fields["namespace"], entry.fields["subject"]]
        assert words.issuperset(re.findall(r"\w+", entry.content))
        assert entry.fields["created_at"] in dates


def test_repeats_have_the_fields_of_what_they_repeat(corpus):
    """And exact ones its very text."""
    for entry in corpus:
        if entry.label.original is not None:
            assert entry.fields == corpus[entry.label.original].fields
    assert all(content == original for content, original in of_kind(corpus, Kind.EXACT))


def test_near_repeats_change_little(corpus):
    """At most two stretches, and what stands before the text."""
    for content, original in of_kind(corpus, Kind.NEAR):
        assert content != original
        assert len(stretches(original, content)) <= 2


def test_every_way_of_writing_again_is_taken(corpus):
    """None is so rare that it goes missing."""
    pairs = of_kind(corpus, Kind.NEAR)
    changes = [change for content, original in pairs for change in stretches(original, content)]
    told = {(" ".join(one), " ".join(other)) for one, other in changes}
    assert {("It's", "It is"), ("", "really"), ("just", ""), ("", "•")} <= told
    assert any(content[0] == original[0].lower() != original[0] for content, original in pairs)
    assert any(content + "." == original for content, original in pairs)
    assert any(other in "23456789" for one, other in told if one in retold.NUMBERS)


def test_traps_change_one_thing(corpus):
    """A number, a name, a time or a negation; each kind often."""
    kinds = Counter(kind_of(*stretches(original, content)) for content, original in of_kind(corpus, Kind.TRAP))
    assert set(kinds) == {"name", "negation", "number", "time"}
    assert min(kinds.values()) > 20


def kind_of(change):
    """Give what a trap changes: one stretch of words."""
    one, other = (" ".join(side) for side in change)
    if any(name in other for name in retold.speakers()):
        return "name"
    times = (*retold.DAYS, *retold.UNITS, *map(str.lower, (*retold.MONTHS, *retold.WEEKDAYS)), "last", "next")
    if any(word in other.lower() for word in times):
        return "time"
    if any(re.search(rf"\d|{'|'.join(retold.NUMBERS)}", side.lower()) for side in (one, other)):
        return "number"
    return "negation" if "n't" in one + other or "not" in (one + other).lower() else f"{one} / {other}"


@pytest.mark.costly
@pytest.mark.parametrize("seed", range(5))
def test_the_first_text_can_become_many_traps(seed):
    """As nothing else is there to make them of, should they come at once."""
    rng = random.Random(seed)
    made = way(rng)
    first = made.compose(rng)
    assert len({made.trap(first, rng) for _ in range(1_000)}) > 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We adopted three dogs", "We adopted 3 dogs"),
        ("It is 20% off", "It is 20 percent off"),
        ("Born July 20 in a barn", "Born 20 July in a barn"),
    ],
)
def test_numbers_and_dates_in_another_form(text, expected):
    """Each of them the same number."""
    assert expected in {retold.near_repeat(text, random.Random(seed)) for seed in range(300)}


@pytest.mark.parametrize("text", ["It's been a while", "I'd never felt so", "Isn't it", "That is what I am."])
def test_nothing_is_written_out_that_nobody_would_say(text):
    """A short form may stand for several long ones."""
    found = {retold.near_repeat(text, random.Random(seed)) for seed in range(300)}
    assert not [new for new in found if re.search(r"is been|would never|is not it|I'm[.!…]", new, re.IGNORECASE)]


def test_a_typo_makes_no_other_word():
    """Of a word one swap away from another."""
    found = {retold.near_repeat("Those trials", random.Random(seed)) for seed in range(2_000)}
    assert {"Those tirals", "Those trials."} <= found
    assert not [new for new in found if "trails" in new]


def test_records_hold_their_fields(tmp_path):
    """As a store takes them."""
    path = tmp_path / "corpus.jsonl"
    write_corpus(records=50, seed=1, path=path, texts=Texts.TALK)
    records = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert all({"content", "namespace", "subject", "created_at", "metadata"} == record.keys() for record in records)


@pytest.mark.slow
def test_a_policy_is_measured():
    """No trap merges, most repeats do, and what is told adds up."""
    found = measure(records=1_000, seed=1)
    assert (found.merges.traps, found.merges.traps_merged) == (36, 0)
    assert 0.8 < found.merges.recall <= found.flagged.recall <= 1
    assert found.right <= found.reviews
    told = text_table(found, wrong=1)
    assert told.startswith("1,000 records of the talk kind, dedup near, seed 1\nmerges: precision 1.0000, recall 0.9")
    assert f"reviews: {found.reviews}, " in told


def test_reviews_join_what_they_name():
    """Through others too, and nothing else."""

    def review(one, other):
        return memproc.Review(1, "similar", 0.9, "", *(memproc.Memory(id=name, content=name) for name in (one, other)), ("merge",))

    joined = joined_by([review("a", "b"), review("c", "b"), review("a", "c")], ["a", "b", "c", "d", None])
    assert len(set(joined[:3])) == 1
    assert joined[3:] == ["d", None]
