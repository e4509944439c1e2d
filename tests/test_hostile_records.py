"""Whatever stands in a text, and whatever class its values are of: nothing raises out of the pure part, and nothing is lost.

The texts are made of every symbol and of many words that the code names: of the literals in its modules and of its word lists.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import memproc
from memproc import dedup
from memproc.config import Policy
from memproc.dedup.changes.frame import frame_of
from memproc.dedup.columns import Columns
from memproc.dedup.compare.compare import compare
from memproc.dedup.compare.confidence import model_of, side_of
from memproc.dedup.decide import decide
from memproc.dedup.neighbourhood import Neighbourhood
from memproc.dedup.preparing import prepare
from memproc.dedup.text import word_classes, words, written_forms
from memproc.formats import FORMATS, detect
from memproc.formats.draft import Context
from memproc.intake import Intake
from memproc.sources.items import Item
from memproc.sources.iterables import of_iterable
from memproc.validation import OF_MEMPROC, validate

PACKAGE = Path(dedup.__file__).parent
NOTHING = Neighbourhood({}, {}, ())


@cache
def symbols() -> tuple[str, ...]:
    """Return every character that is no letter or digit in a literal of the pure part or in its lists, and some of each script."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(node.value)
    for path in PACKAGE.rglob("*.txt"):
        found.update(path.read_text("utf-8"))
    return tuple(sorted(mark for mark in found if not (mark.isascii() and mark.isalnum()) and mark != "\0"))


@cache
def spoken() -> tuple[str, ...]:
    """Return words that rules look for, some of each list."""
    lists = [
        word_classes.fillers(),
        written_forms.full_forms(),
        written_forms.spellings(),
        word_classes.negations(),
        word_classes.units(),
        word_classes.bare_nouns(),
    ]
    lists += [
        word_classes.letter_labels(),
        word_classes.verbs_after_would(),
        words.foreign_words(),
        words.english_words(),
        word_classes.cue_kinds(),
    ]
    some = {word for listed in (*lists, *word_classes.word_classes().values()) for word in sorted(listed)[::7]}
    return (
        *sorted(some),
        "kithcen",
        "Definately",
        "becaus",
        "tea",
        "B12",
        "5mg",
        "1,000",
        "Anna",
        "Marie-Luise",
        "the",
        "a",
        "she",
    )


PIECES = st.sampled_from((*symbols(), *symbols(), *spoken(), " ", " ", "\n"))
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join)
REPEATED = st.builds(lambda text, times, end: text * times + end, TEXTS, st.sampled_from([1, 2, 1_000, 5_000]), TEXTS)
FACES = ['":)" ' * 500, ":)" * 5_000, ":(" * 5_000, ";)" * 5_000, "(" * 5_000, ")" * 5_000 + ":", "'\"" * 5_000, '"i ' * 5_000]


def prepared(text: str, **fields: Any) -> Any:
    """Return what a text becomes."""
    record = {"content": text, "namespace": "n", "kind": "fact", **fields}
    return prepare(record, is_identity="id" in record, as_of=None, policy=Policy())


def check(text: str) -> None:
    """Take a text through all of the pure part, and beside a like one."""
    if not validate({"content": text}).ok:
        return
    dated = [
        prepared(text, created_at="2024-01-01T00:00:00.000000Z"),
        prepared(f"{text}!", created_at="2024-01-02T00:00:00.000000Z"),
    ]
    dated += [prepared(f"Well, {text} teas", id="1", source="s"), prepared(f"{text} tea", id="1", source="s")]
    plan = decide(Columns.of(dated), set(), NOTHING)
    assert len(plan.fresh) + len(plan.repeated) == len(dated)
    frame_of(dated[0].text)
    if len(text) < 2_000:
        compare(side_of(dated[0].text), side_of(dated[2].text), model_of(Policy().model))


@pytest.mark.parametrize("text", FACES, ids=lambda text: text[:6])
def test_a_long_row_of_faces_is_read(text):
    """However many there are, one behind the other: there is no recursion over a text."""
    check(text)
    check(f"She likes tea {text}")
    with memproc.open("sqlite://") as store:
        assert store.add({"content": f"She likes tea {text}"}).outcome == "stored"
        assert memproc.ingest([{"content": f"He likes tea {text}"}], store).stored == 1


@pytest.mark.parametrize(
    "times", [100, pytest.param(1_000, marks=pytest.mark.slow), pytest.param(5_000, marks=[pytest.mark.slow, pytest.mark.long])]
)
def test_every_symbol_is_read_however_often_it_stands_there(times):
    """By itself, behind a word, and with a space behind it."""
    for mark in symbols():
        for text in (
            mark * times,
            f"tea{mark}" * times,
            f"She likes {mark} " * (times // 10),
            f"x{mark * times}x",
            f"5{mark * times}",
        ):
            if text.strip():
                prepared(text)


@pytest.mark.slow
@settings(max_examples=40)
@given(REPEATED)
def test_any_text_goes_through_the_pure_part(text):
    """Of all symbols and words that the rules look for."""
    check(text)


@settings(max_examples=60)
@given(TEXTS)
@example(":)" * 600)
def test_any_short_text_goes_through_the_pure_part(text):
    """As the long ones do."""
    check(text)


@settings(max_examples=60)
@given(TEXTS, st.sampled_from(FORMATS))
def test_any_text_in_any_place_is_read_by_every_format(text, known):
    """As a name, as a value, and in lists."""
    item = {"content": text, "text": text, "memory": text, text: text, "tags": [text], "created_at": text, "mapping": {text: text}}
    item |= {"chat_messages": [{"text": text, "sender": text}], "session_1": [{"text": text, "speaker": text}]}
    chunk = Intake(known, Policy(), context=Context(include=frozenset(known.options))).take_all([Item(item)])
    assert not any(fault.code in OF_MEMPROC for _, one in chunk.records.rejected for fault in one.faults)


def raising(*_arguments: object, **_named: object) -> Any:
    """Raise, whatever is asked."""
    raise RuntimeError("I lie")


LYING = (
    "__contains__",
    "__getitem__",
    "__iter__",
    "__len__",
    "get",
    "items",
    "keys",
    "values",
    "copy",
    "__eq__",
    "__hash__",
    "__bool__",
)


class Text(str):
    """A text that lies about itself."""

    __slots__ = ()
    __repr__ = __len__ = __iter__ = __getitem__ = __contains__ = strip = split = lower = encode = raising  # type: ignore[assignment]


class Moment(datetime):
    """A time that cannot be told."""

    astimezone = isoformat = utcoffset = replace = __repr__ = raising  # type: ignore[assignment]


class Zone(tzinfo):
    """A zone that raises."""

    utcoffset = dst = tzname = raising


class Number(int):
    """A number that cannot be shown or compared."""

    __repr__ = __str__ = __lt__ = __le__ = __gt__ = __ge__ = __abs__ = bit_length = raising  # type: ignore[assignment]


class Everything(Mapping):
    """A mapping that has whatever it is asked for, itself."""

    def __getitem__(self, name: object) -> object:
        """Return itself."""
        return self

    def __iter__(self) -> Iterator[str]:
        """Give two names."""
        return iter(("content", "id"))

    def __len__(self) -> int:
        """Return how many."""
        return 2


class OfNoClass:
    """An object that lies about its class, or raises when it is asked."""

    @property
    def __class__(self) -> Any:
        """Raise."""
        return raising()


class NaT:
    """As what some libraries have for no time: it is not equal to itself, and is no number."""

    def __eq__(self, _other: object) -> bool:
        """Never be equal."""
        return False

    __hash__ = object.__hash__
    __float__ = __int__ = isoformat = raising


class Lies(dict):
    """A dictionary; each subclass lies in one place."""


def lying(base: type, name: str) -> type:
    """Return a subclass that raises in one place."""
    return type(f"Lying{base.__name__}", (base,), {name: raising})


DEEP: list[Any] = []
for _ in range(20_000):
    DEEP = [DEEP]
OWN_SELF: dict[str, Any] = {"content": "tea"}
OWN_SELF["metadata"] = OWN_SELF
VALUES: list[Any] = [
    Text("tea"), Moment(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=Zone()), Number(5), Everything(), OfNoClass(), NaT(),
    DEEP, OWN_SELF, float("nan"), 10**400, b"\xff", object, {Text("a"): 1}, [OfNoClass()], {5}, "\ud800", complex(1),
    memoryview(b"a"), raising,
]  # fmt: skip
FIELDS = (*memproc.Memory.model_fields, "text", "memory", "mapping", "chat_messages", "session_1", "anything")
RECORDS: list[Any] = [
    *VALUES,
    *[lying(base, name)(content="tea") for base in (dict, Lies) for name in LYING],
    *[{"content": "tea", name: value} for name in FIELDS for value in VALUES],
]


class Loose(memproc.Memory):
    """A schema with a field that may be anything."""

    anything: Any = None
    names: ClassVar[tuple[str, ...]] = ()


@pytest.mark.costly
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pydantic says so of what raises while it asks
@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@pytest.mark.parametrize("schema", [memproc.Memory, Loose])
@pytest.mark.sampled(13)
def test_objects_that_lie_are_taken_or_told(known, schema):
    """Each gives a record, by every format, and takes no other with it."""
    detect(RECORDS, frozenset(schema.model_fields))
    good = {"content": "She likes coffee"}
    given_ = [one for record in RECORDS for one in (record, good)]
    intake = Intake(known, Policy(), schema, context=Context(include=frozenset(known.options)))
    chunk = intake.take_all([*of_iterable(given_).items])
    assert len(chunk.counts) == len(given_)
    assert all(chunk.counts) or chunk.left_out
    for _, one in chunk.records.rejected:
        assert one.faults
        assert one.faults[0].message
        assert one.raw is not None


@pytest.mark.costly
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pydantic says so of what raises while it asks
@pytest.mark.parametrize("schema", [memproc.Memory, Loose])
@pytest.mark.sampled(2)
def test_objects_that_lie_are_added_checked_and_transformed(schema):
    """Nothing raises, and the store adds up."""
    with memproc.open("sqlite://", schema=schema) as store:
        for record in RECORDS:
            verdict = memproc.validate(record, schema=schema)
            assert verdict.ok or verdict.errors
            assert isinstance(memproc.transform(record, schema=schema), list)
        report = memproc.ingest(RECORDS, store)
        assert (report.status, report.read) == ("done", len(RECORDS))
        for record in RECORDS[:60]:
            assert store.add(record).outcome in ("stored", "duplicate", "merged", "quarantined")
        store.replay()
        assert store.recount().is_whole


def calling_themselves(tree: ast.Module) -> set[str]:
    """Return the functions and methods of a module that name themselves."""
    found = set()
    for node in ast.walk(tree):
        methods = [inner for inner in node.body if isinstance(inner, ast.FunctionDef)] if isinstance(node, ast.ClassDef) else []
        for method in methods:
            own = [inner.value for inner in ast.walk(method) if isinstance(inner, ast.Attribute) and inner.attr == method.name]
            found |= {method.name for value in own if isinstance(value, ast.Name) and value.id == "self"}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            found |= {inner.id for inner in ast.walk(function) if isinstance(inner, ast.Name)} & {function.name}
    return found


@pytest.mark.costly
def test_no_function_of_the_package_calls_itself_over_what_it_is_given():
    """A text or a value may be of any length and depth: only what halves a batch, or stops at a depth, may do so."""
    trees = [ast.parse(path.read_text("utf-8")) for path in Path(memproc.__file__).parent.rglob("*.py")]
    found = set().union(*map(calling_themselves, trees))
    halves = {"_land", "_prepare_alone", "_land_accepted", "_try_rows", "_write_group", "_write"}
    stops = {
        "storable_json",
        "_look_into",
        "_plain_value",
        "settled",
        "_named",
        "_object",
        "_shown",
        "parse_time",
        "_of_stream",
        "_unwrapped",
        "_check_plain",
        "_hidden",
        "as_json",
        "_thrift_value",
        "_holds_nan",
        "json_of",
        "says_more",
        "_check_json",
        "_with_text_names",
        "_is_met",
        "names_in",
        "_moved",
        "hidden",
        "filled",
        "expressions_in",
        "names_used",
        "names_more",
        "weight",
        "_ungrouped",
        "_gathered",
        "given_in",
    }  # `_check_plain`, `_hidden` and `_holds_nan` by their callers
    assert found == halves | stops


def test_the_symbols_are_those_of_the_rules():
    """They are found where the code has them."""
    assert {":", ";", "(", "[", "^", "…", "、", "-", "\u2019"} <= set(symbols())
    assert len(symbols()) > 80
    assert len(spoken()) > 100
