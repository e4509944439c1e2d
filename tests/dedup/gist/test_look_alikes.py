"""Forms of numbers, times, names and words that look benign and are not, beside the like that are: each was merged once."""

from __future__ import annotations

import pytest

import memproc

APART = [
    ("Sie läuft 1.500 m", "Sie läuft 1,5 m"),
    ("Sie nimmt 1.000 mg Magnesium", "Sie nimmt 1 mg Magnesium"),
    ("Toma 1.000 mg de vitamina C", "Toma 1 mg de vitamina C"),
    ("Er verdient 2.000 Dollar", "Er verdient 2 Dollar"),
    ("She earns 2.000 euros", "She earns 2 euros"),
    ("Verdient €2.000", "Verdient €2"),
    ("Er verdient 2.000 €", "Er verdient 2 €"),
    ("Toma la pastilla a las 12 de la noche", "Toma la pastilla a las 12 de la tarde"),
    ("Llegó a la 1 de la noche", "Llegó a la 1 de la tarde"),
    ("She does not work every Monday", "She does not work on Mondays"),
    ("He isn't home every Saturday", "He isn't home on Saturdays"),
    ("He picks up the kids at 3 o'clock", "He picks up the kids at 3 am"),
    ("He missed every Monday", "He missed on Mondays"),
    ("she loves usa", "she loves us"),
    ("Yesterday Anna was happy Tom called", "Anna was happy Tom called yesterday"),
    ("On Mondays she is glad Tom cooks", "She is glad Tom cooks on Mondays"),
    ("In 2015 he sold the house dad built", "He sold the house dad built in 2015"),
    ("In May she had surgery scheduled", "She had surgery scheduled in May"),
    ("He bought 4K monitors", "He bought 4000 monitors"),
    ("She runs 5k races", "She runs 5000 races"),
    ("The train leaves at five to nine", "The train leaves at 5-9"),
    ("She watched the twenty second clip", "She watched the 22nd clip"),
    ("Depositó 500 euros en el banco", "Deposito 500 euros en el banco"),
    ("Il a un iPhone neuf", "Il a un iPhone 9"),
    ("Her house was built in '25", "Her house was built in 2025"),
    ("Mira no come carne", "No come carne"),
    ("She owns Sony, LG", "She owns Sony"),
    ("She has 3 🐈", "She has 3 🐕"),
    ("She plays 🎸", "She plays 🎹"),
    ("> 18 years old", "18 years old"),
    ("Her GPA rose by 3.50", "Her GPA rose by 3:50"),
    ("She had 2 std tests", "She had 2 hour tests"),
    ("Er macht die Übungen 3,4", "Er macht die Übungen 3.4"),
    ("He pays rent per year", "He pays rent a year"),
    ("He spent 3 pounds of butter", "He spent £3 of butter"),
    ("Each text has 100-1000 words", "Each text has 1001000 words"),
]
SAME = [
    ("On Mondays she swims with Anna", "She swims with Anna on Mondays"),
    ("Every Monday she swims", "On Mondays she swims"),
    ("Lives in the USA", "Lives in the US"),
    ("Earns 50k a year", "Earns 50000 a year"),
    ("Pays $20 per hour", "Pays $20 an hour"),
    ("Wiegt 1500 g", "Wiegt 1,5 kg"),
    ("Takes 500 mg daily", "Takes 0.5 g daily"),
    ("Arbeitet 8 Std. am Tag", "Arbeitet 8 Stunden am Tag"),
    ("Cena a las 8 de la tarde", "Cena a las 20:00"),
    ("Works 9 to 5", "Works 9-5"),
    ("I love pasta 🍝", "I love pasta"),
    ("In 2019 he moved to Oslo", "He moved to Oslo in 2019"),
    ("Zahlt 1.500 € Miete", "Zahlt 1500 € Miete"),
    ("Call her at 555-0102", "Call her at 555 0102"),
    ("Born in '98", "Born in 1998"),
    ("She is twenty five", "She is 25"),
]


@pytest.fixture(scope="module")
def store():
    """Return one store: each pair has a namespace of its own."""
    with memproc.open("sqlite://") as store:
        yield store


def outcome_of(store, one, other):
    """Return what becomes of the second of two texts."""
    store.add({"content": one}, namespace=one + other)
    return store.add({"content": other}, namespace=one + other).outcome


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_may_be_another_thing_stays_apart(store, one, other):
    """Each pair by itself."""
    assert outcome_of(store, one, other) == "stored"


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_the_same_merges(store, one, other):
    """So that the rules are no wider than they have to be."""
    assert outcome_of(store, one, other) == "merged"
