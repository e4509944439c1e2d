"""The corpus of the recombining kind really shares: half of each new text is one of 4,000 sentences."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from benchmarks.corpus import Kind, Texts, make_corpus
from benchmarks.recombining import SHARED_SENTENCES
from benchmarks.repeats import normal_form

RECORDS = 12_000


@pytest.fixture(scope="module")
def corpora():
    """Make a corpus of each kind that is made of templates."""
    return {texts: make_corpus(records=RECORDS, seed=3, texts=texts) for texts in (Texts.ORDINARY, Texts.RECOMBINING)}


def new_texts(corpus):
    """Give the texts that repeat nothing."""
    return [entry.content for entry in corpus if entry.label.kind is Kind.NEW]


def shared_halves(texts):
    """Give how many texts begin with each first sentence that more than one has."""
    firsts = Counter(text.split(". ")[0] for text in texts)
    return {first: count for first, count in firsts.items() if count > 1}


@pytest.mark.slow
def test_half_of_most_texts_is_that_of_others(corpora):
    """Of the ordinary kind next to none is."""
    texts = new_texts(corpora[Texts.RECOMBINING])
    shared = shared_halves(texts)
    assert sum(shared.values()) > len(texts) / 2
    assert len(shared) < SHARED_SENTENCES
    ordinary = new_texts(corpora[Texts.ORDINARY])
    assert sum(shared_halves(ordinary).values()) < len(ordinary) / 50


@pytest.mark.slow
def test_the_shared_part_is_half(corpora):
    """Of the characters."""
    texts = new_texts(corpora[Texts.RECOMBINING])
    halves = sum(len(text.split(". ")[0]) for text in texts)
    assert 0.4 < halves / sum(map(len, texts)) < 0.6


@pytest.mark.slow
def test_no_number_keeps_texts_apart(corpora):
    """Neither in the shared half nor in the other."""
    assert not [text for text in new_texts(corpora[Texts.RECOMBINING]) if re.search(r"\d", text)]


@pytest.mark.slow
def test_labels_are_as_ever(corpora):
    """The same shares of kinds, and no text of two entities."""
    kinds = [Counter(entry.label.kind for entry in corpus) for corpus in corpora.values()]
    assert kinds[0] == kinds[1]
    owners = {(normal_form(entry.content), entry.label.entity) for entry in corpora[Texts.RECOMBINING]}
    assert len({text for text, _ in owners}) == len(owners)
