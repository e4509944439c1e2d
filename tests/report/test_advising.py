"""Which settings suit a source: each advice where it helps, and none where it does not."""

from __future__ import annotations

import tomllib

import pytest

from memproc.config import Settings
from memproc.report.advising import Facts, Machine, advised
from memproc.report.prediction import Estimate, Prediction

MIB = 1 << 20
MACHINE = Machine(cores=4, memory_bytes=8_192 * MIB)
NOTHING = Facts({}, {}, ())


def prediction(*, seconds=100.0, share=0.6, memory=200, duplicates=0.1):
    """Return a prediction with such figures."""
    one = Estimate(0.0, 0.0, 0.0)
    likely = [Estimate(0.0, each, 0.0) for each in (seconds, memory * MIB)]
    outcomes = {"stored": 1 - duplicates, "duplicate": duplicates}
    return Prediction(50_000, 5_000, likely[0], one, likely[1], one, outcomes, share, 0, None)


def settings_advised(facts=NOTHING, settings=None, machine=MACHINE, **figures):
    """Return what is advised, by setting; what is no option is TOML that settings take."""
    found = advised(facts, prediction(**figures), settings or Settings(), machine)
    assert all(one.why for one in found)
    told = {one.setting: one.paste for one in found}
    for paste in told.values():
        assert paste.startswith("--") or tomllib.loads(paste)
    return told


@pytest.mark.parametrize(
    ("machine", "figures", "is_advised"),
    [
        (MACHINE, {}, True),
        (MACHINE._replace(cores=1), {}, False),
        (MACHINE, {"share": 0.1}, False),  # deciding and writing is nearly all of it
        (MACHINE, {"seconds": 5.0}, False),  # over before the workers have started
    ],
)
def test_processes_are_advised_where_they_gain(machine, figures, is_advised):
    """By the cores, by what workers can take, and by how long it takes."""
    assert settings_advised(machine=machine, **figures) == ({"engine": "--engine processes"} if is_advised else {})


def test_memory_is_advised_near_the_limit():
    """More of it where the limit is a setting and the machine has it, else what there is."""
    tight = Settings(max_memory=220 * MIB, max_workers=1)
    assert settings_advised(settings=tight) == {"max_memory": 'max_memory = "241MiB"'}
    small = Machine(cores=1, memory_bytes=280 * MIB)
    assert settings_advised(machine=small) == {"max_memory": 'max_memory = "224MiB"'}


def test_what_the_source_holds_is_seen():
    """Secrets, dates, and that nothing repeats."""
    quick = {"share": 0.0}
    secret = Facts({"jwt": 2}, {}, ())
    assert settings_advised(secret, **quick) == {"secrets": 'secrets = "redact"'}
    assert settings_advised(secret, Settings(secrets="tag"), **quick) == {}
    assert settings_advised(Facts({}, {"99/99/9999": 3}, ["--month-first"]), **quick) == {"day_first": "day_first = false"}
    assert settings_advised(Facts({}, {"99.99.99": 3}, ()), **quick) == {"date_format": 'date_format = "%d.%m.%y"'}
    assert settings_advised(duplicates=0.0, **quick) == {"dedup": 'dedup = "exact"'}
    assert settings_advised(settings=Settings(dedup="exact"), duplicates=0.0, **quick) == {}


def test_what_costs_time_for_nothing_is_told():
    """A size of batches that a person chose, and a sync of each of them."""
    slow = Settings(batch_size=10, durability="full")
    assert settings_advised(settings=slow, share=0.0) == {
        "batch_size": 'batch_size = "auto"',
        "durability": 'durability = "normal"',
    }
