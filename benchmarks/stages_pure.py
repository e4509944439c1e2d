"""The stages that need no database, each beside a bare call, on what an ingestion would give them.

Rules
-----
- A stage and its bare call take turns, and of each the best counts: what disturbs the machine makes both slower, never quicker.
- *Cold* is from the first text on, with nothing kept of words and texts, as in a new process; *warm* knows the words, but none of
  the texts. A bare call is cold: where it is a function of memproc, it pays for words too.
- The garbage collector rests meanwhile. What it takes of an ingestion is in the rows that tell what is left.
"""

from __future__ import annotations

import gc
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import process_time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unittest.mock import patch

import numpy as np
import orjson
from pydantic import BaseModel

from benchmarks.database import batches
from memproc.config import Settings
from memproc.dedup import grouping, keys
from memproc.dedup.band_hashes import signed
from memproc.dedup.gist.gist import skim
from memproc.dedup.keys import Columns, Prepared, key_of
from memproc.dedup.minhash.minhash import band_hashes, signatures
from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.memo import Memo
from memproc.formats import LISTS, generic
from memproc.formats.draft import Context
from memproc.records import DEFAULT_NAMESPACE, Memory, encode, plain
from memproc.sources.items import item_of, open_file
from memproc.validation import validator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from memproc.config import Policy

CONTEXT: Final = Context(fields=frozenset(Memory.model_fields))


class Bare(BaseModel):
    """The fields of a memory with plain types and no rules."""

    id: str | None = None
    content: str
    namespace: str = DEFAULT_NAMESPACE
    source: str | None = None
    subject: str | None = None
    conversation: str | None = None
    kind: str = "fact"
    created_at: datetime | None = None
    updated_at: datetime | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    tags: tuple[str, ...] = ()
    importance: float | None = None
    emotion: dict[str, Any] | None = None
    relations: tuple[dict[str, Any], ...] = ()
    metadata: dict[str, Any] = {}


class Pair(NamedTuple):
    """A stage and its bare call, each over all records. `is_paid` tells whether an ingestion in one process pays it."""

    name: str
    bare: str
    run: Callable[[], object]
    run_bare: Callable[[], object]
    is_paid: bool = True


class Best(NamedTuple):
    """The least CPU seconds of several runs."""

    cold: float
    warm: float
    bare: float


@dataclass(frozen=True, slots=True)
class Material:
    """What the stages take, in the order of the file."""

    path: Path
    policy: Policy
    lines: list[bytes]
    values: list[dict[str, Any]]
    fields: list[dict[str, Any]]
    memories: list[Memory]
    records: list[dict[str, Any]]
    prepared: list[Prepared]
    key_calls: list[Callable[[], object]]
    key_bytes: list[bytes]
    chain_calls: list[Callable[[], object]]


def pure_pairs(path: Path, policy: Policy) -> list[Pair]:
    """Give the stages that a file goes through under a policy, in their order."""
    material = _material(path, policy)
    pairs = [*_record_pairs(material), *_text_pairs(material)]
    if any(one.is_near for one in material.prepared):
        pairs.append(_sign_pair(material))
    return [*pairs, _pickle_pair(material)]


def best_seconds(pair: Pair, rounds: int) -> Best:
    """Return the least CPU time of a stage, cold and warm, and of its bare call."""
    turns = ((pair.run, forget), (pair.run, forget_texts), (pair.run_bare, forget))
    times = [[_seconds(run, begin) for run, begin in turns] for _ in range(rounds)]
    return Best(*map(min, zip(*times, strict=True)))


def forget() -> None:
    """Empty what memproc keeps of words and texts, but for its word lists: as in a new process."""
    grouping.of_text.cache_clear()
    for memo in memos():
        memo.forget()


def forget_texts() -> None:
    """Empty what memproc keeps of whole texts."""
    grouping.of_text.cache_clear()
    for memo in memos():
        if memo.is_of_texts:
            memo.forget()


def memos() -> list[Memo[Any]]:
    """Return all that memproc keeps of words and texts."""
    modules = [module for name, module in sys.modules.items() if name.startswith("memproc.dedup.")]
    found = {id(one): one for module in modules for one in vars(module).values()}
    return [one for one in found.values() if isinstance(one, Memo)]


def _seconds(run: Callable[[], object], begin: Callable[[], object]) -> float:
    begin()
    with _no_collection():
        started = process_time()
        run()
        return process_time() - started


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _material(path: Path, policy: Policy) -> Material:
    lines = [*_read(path)]
    values: list[dict[str, Any]] = [*map(orjson.loads, lines)]
    fields = [{"namespace": DEFAULT_NAMESPACE, "source": generic.FORMAT.name, **value} for value in values]
    memories = [*map(Memory.model_validate, fields)]
    records = [*map(plain, memories)]
    calls: list[Callable[[], object]] = []
    chains: list[Callable[[], object]] = []
    hashed: list[bytes] = []
    with ExitStack() as stack:  # what `prepare` asks of these is what the stages are
        for name, noted in (("content_key", calls), ("chain_hashes", chains)):
            stack.enter_context(patch.object(keys, name, _noted_call(getattr(keys, name), noted)))
        stack.enter_context(patch.object(keys, "key_of", _noted_bytes(hashed)))
        prepared = [keys.prepare(record, is_identity=False, as_of=None, policy=policy) for record in records]
    calls += [partial(key_of, one.json) for one in prepared]
    return Material(path, policy, lines, values, fields, memories, records, prepared, calls, hashed, chains)


def _noted_call(function: Callable[..., object], calls: list[Callable[[], object]]) -> Callable[..., object]:
    def noted(*given: Any, **named: Any) -> object:
        calls.append(partial(function, *given, **named))
        return function(*given, **named)

    return noted


def _noted_bytes(hashed: list[bytes]) -> Callable[[bytes], bytes]:
    def noted(given: bytes) -> bytes:
        hashed.append(given)
        return key_of(given)

    return noted


def _read(path: Path) -> Iterator[bytes]:
    opened = open_file(path, lists=LISTS, limit_bytes=Settings().max_record_bytes)
    with opened.stream or nullcontext():
        yield from (piece for piece in opened.items if isinstance(piece, bytes))


def _iterated(path: Path) -> None:
    with path.open("rb") as lines:
        _consume(lines)


def _over(function: Callable[[Any], object], values: Iterable[object]) -> Callable[[], None]:
    """Return a run that calls the function with each value, and keeps nothing: room for results would be measured too."""
    return lambda: _consume(map(function, values))


def _consume(results: Iterable[object]) -> None:
    deque(results, maxlen=0)


def _record_pairs(of: Material) -> Iterator[Pair]:
    bare_check = Bare.__pydantic_validator__.validate_python
    yield Pair("read lines", "iterating the file", lambda: _consume(_read(of.path)), lambda: _iterated(of.path))
    yield Pair("decode", "orjson.loads", _over(item_of, of.lines), _over(orjson.loads, of.lines))
    yield Pair("format", "dict", _over(lambda value: _consume(generic.read(value, CONTEXT)), of.values), _over(dict, of.values))
    yield Pair("validate", "validate_python of a bare model", _over(validator(Memory), of.fields), _over(bare_check, of.fields))
    encoded = _over(lambda memory: encode(plain(memory)), of.memories)
    yield Pair("plain and encode", "orjson.dumps", encoded, _over(orjson.dumps, of.records))


def _text_pairs(of: Material) -> Iterator[Pair]:
    sides = [(one.is_near, record["content"]) for one, record in zip(of.prepared, of.records, strict=True)]
    for name, read, contents in (
        ("canonical text", canonical, [content for is_near, content in sides if not is_near]),
        ("canonical text and core", skim, [content for is_near, content in sides if is_near]),
    ):
        if contents:
            reading, lowering = _over(read, contents), _over(lambda content: " ".join(content.lower().split()), contents)
            yield Pair(name, "str.lower and split", reading, lowering)
    yield Pair("keys", "key_of", _over(_called, of.key_calls), _over(key_of, of.key_bytes))
    if of.chain_calls:
        chained = _over(key_of, [one.text.encode() for one in of.prepared])
        yield Pair("chain keys", "key_of", _over(_called, of.chain_calls), chained)


def _called(call: Callable[[], object]) -> object:
    return call()


def _sign_pair(of: Material) -> Pair:
    recall = of.policy.recall
    singles = [*batches(of.prepared)]
    firsts = [[*{one.core: one for one in reversed(chunk) if one.is_near}.values()] for chunk in singles]
    chunks = [*map(Columns.of, singles)]
    bare = [([one.text for one in first], np.array([one.scope for one in first], np.uint64)) for first in firsts]
    hashing = _over(lambda given: band_hashes(signatures(given[0]), given[1], recall), bare)
    return Pair("sign", "the NumPy function", _over(lambda chunk: signed(chunk, recall), chunks), hashing)


def _pickle_pair(of: Material) -> Pair:
    """Return what engines pay beside: lines go to a worker, and what was prepared comes back."""
    chunks = [signed(Columns.of(chunk), of.policy.recall) for chunk in batches(of.prepared)]
    travelling, raw = _over(_there_and_back, chunks), _over(_there_and_back, [*batches(of.lines)])
    return Pair("pickle there and back", "pickle of the raw lines", travelling, raw, is_paid=False)


def _there_and_back(value: object) -> object:
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - what was written the moment before
