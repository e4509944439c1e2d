"""The strategies of `memproc.testing`: what they draw is what they say."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from enum import Enum
from importlib import import_module
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, field_validator

import memproc
from memproc import testing
from memproc.testing import batches, emotions, exports, memories, relations
from tests.conftest import ROOT
from tests.waiting import LIMIT_SECONDS


class Sort(Enum):
    """Two sorts."""

    GOOD, BAD = "good", "bad"


class Note(memproc.Memory):
    """A class with fields of many types, and rules."""

    mood: int | None = Field(default=None, ge=0, le=10)
    score: Annotated[float, Ge(0.5)] = 1.0
    sort: Sort
    side: Literal["left", "right"] = "left"
    code: str = Field(default="a1", pattern=r"^[a-z]\d$")
    anything: Any = None
    more: dict[str, Any] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    words: list[str] = Field(default_factory=list)
    pair: tuple[int, str] = (0, "")
    importance: float | None = Field(default=None, ge=1, le=9)

    @field_validator("content")
    @classmethod
    def is_not_of_coffee(cls, content: str) -> str:
        """Refuse one of the seeds."""
        if "coffee" in content:
            raise ValueError("is of coffee")
        return content


@pytest.mark.costly
@settings(max_examples=25)
@given(memories(Note))
def test_memories_of_a_class_obey_its_types_ranges_and_rules(note):
    """Whatever it adds or declares anew."""
    assert type(note) is Note
    assert "coffee" not in note.content
    assert note.mood is None or 0 <= note.mood <= 10
    assert note.importance is None or 1 <= note.importance <= 9
    assert note.score >= 0.5
    assert isinstance(note.sort, Sort)
    assert memproc.validate(note, schema=Note).ok


@pytest.mark.costly
def test_every_field_of_a_class_is_drawn_at_some_time():
    """And left out at others, if it has a default."""
    seen, bare = set(), set()

    @settings(max_examples=100)
    @given(memories(Note))
    def look(note):
        seen.update(note.model_fields_set)
        bare.update(Note.model_fields.keys() - note.model_fields_set)

    look()
    own = Note.model_fields.keys() - memproc.Memory.model_fields.keys()
    assert own <= seen
    assert own - bare == {"sort"}


@given(memories(Note, content=st.just("Signed /A"), mood=st.just(3)))
def test_a_field_may_be_given_a_strategy_of_ones_own(note):
    """For rules that no type tells."""
    assert (note.content, note.mood) == ("Signed /A", 3)


def test_a_name_that_is_no_field_is_refused():
    """As is a format without files."""
    with pytest.raises(memproc.UsageError, match="moood"):
        memories(Note, moood=st.none())
    with pytest.raises(memproc.UsageError, match="chatgpt"):
        exports("nonsense")


@given(st.from_type(memproc.Memory), st.from_type(Note), st.from_type(memproc.Relation), st.from_type(memproc.EmotionalContext))
def test_from_type_draws_memories_and_their_parts(memory, note, relation, emotion):
    """Of any class."""
    assert (type(memory), type(note), type(relation)) == (memproc.Memory, Note, memproc.Relation)
    assert memproc.validate({"content": "x", "relations": [relation.model_dump()], "emotion": emotion.model_dump()}).ok


def test_a_class_that_is_defined_later_is_known_too():
    """And one that is defined of it."""

    class Later(Note):
        depth: int = Field(ge=5)

    @given(st.from_type(Later))
    def look(later):
        assert type(later) is Later
        assert later.depth >= 5

    look()


def test_the_package_names_what_hypothesis_calls():
    """As an entry point of its group."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["hypothesis"]["memproc"]
    module, _, name = named.partition(":")
    assert getattr(import_module(module), name) is testing.register


ASKS = """
import sys
import {first}
assert "hypothesis" not in sys.modules or "{first}" != "memproc"
from hypothesis import given, settings, strategies as st
import memproc
class Mine(memproc.Memory):
    mood: int
@settings(max_examples=3, database=None)
@given(st.from_type(memproc.Memory), st.from_type(Mine))
def look(one, other):
    assert type(one) is memproc.Memory and type(other) is Mine
look()
"""


@pytest.mark.slow
@pytest.mark.parametrize("first", ["memproc", "hypothesis", "memproc.testing", "memproc.records"])
def test_from_type_works_where_only_hypothesis_is_imported(tmp_path, first):
    """Whichever comes first; `import memproc` alone imports nothing of Hypothesis."""
    about = tmp_path / "memproc_entry-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: memproc-entry\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[hypothesis]\nmemproc = memproc.from_type:register\n")
    paths = os.pathsep.join((str(ROOT), str(tmp_path)))
    given_to = {**os.environ, "PYTHONPATH": paths}
    asked = subprocess.run(
        [sys.executable, "-c", ASKS.format(first=first)],
        env=given_to,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert (asked.returncode, asked.stderr) == (0, "")


@pytest.mark.costly
@settings(max_examples=8)
@given(batches())
def test_what_becomes_of_a_batch_is_known(batch):
    """Of each record by itself, and of all together."""
    with memproc.open("sqlite://") as store:
        assert [store.add(record).outcome for record in batch.records] == batch.outcomes
    with memproc.open("sqlite://") as store:
        report = memproc.ingest(batch.records, store)
        assert {name: getattr(report, name) for name in batch.counts} == batch.counts


@given(relations(), emotions())
def test_parts_are_valid(relation, emotion):
    """As models of their own."""
    assert isinstance(relation, memproc.Relation)
    assert isinstance(emotion, memproc.EmotionalContext)
