"""Tells what to delete and to update in the store of another program, with the proof, and changes nothing there.

Strategy: the store is ingested into one of memproc's. Where several of its items became one memory, one of them stays. Then the
other store is read once more: only what still is there, as it was, is listed, with the call by which its own program deletes it.
Pairs that wait for review are told apart from these: they are for a person.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from memproc.cleaned import Cleaning, Doubt, Removal, Update
from memproc.config import Settings
from memproc.dedup.text.exact import exact_of
from memproc.errors import SourceEndedError
from memproc.formats.draft import Context
from memproc.ingestion.opening import Asked, open_all
from memproc.ingestion.pipeline import ingest
from memproc.ingestion.reading import intake_of
from memproc.intake import Intake
from memproc.records import Memory, Plain
from memproc.report.ending import OnEvent
from memproc.report.report import Report
from memproc.sources.live.live_store import LiveStore
from memproc.store.answers import ObservationSeen, Review, Trace
from memproc.store.store import Store

_SAME, _DECIDED = "the same text", "decided to be the same"
_COMPARED = ("tags", "metadata", "relations", "importance", "emotion", "valid_from", "valid_to", "conversation")
_LINKS = frozenset(("similar", "version"))


class _Key(NamedTuple):
    """What tells an item of the other store, and that it has not changed."""

    namespace: str
    id: str
    content: str


def clean(
    what: str | LiveStore,
    into: str | Path | None = None,
    *,
    settings: Settings | None = None,
    include: Iterable[str] = (),
    on_event: OnEvent | None = None,
) -> Cleaning:
    """Return what to delete and to update in the store of another program, which is only read.

    `what` is its address, `into` a store of memproc's that keeps what was found (by default one that is deleted afterwards).
    `on_event` is called as by `ingest`, while it is read the first time. Raises
    SourceError or UsageError where it cannot be read, and SourceEndedError where not to its end: then nothing is proved.
    """
    live = what if isinstance(what, LiveStore) else LiveStore(what)
    included = tuple(include)
    with ExitStack() as stack:
        where = into or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "cleaning.db"
        store = stack.enter_context(Store(where, settings=settings))
        report = ingest(live, store, settings=settings, include=included, on_event=on_event)
        if report.status != "done":
            raise SourceEndedError(f"{live.label} was not read to its end, so nothing is listed: {'; '.join(report.notes)}")
        intake = intake_of(Context(include=frozenset(included)), settings or Settings())
        return _listed(live, store, intake, report)


def _listed(live: LiveStore, store: Store[Memory], intake: Intake, report: Report) -> Cleaning:
    """Return what the store that it was ingested into says of another one."""
    found, reviews = _Found([], {}), store.reviews()
    waiting = {one.id for review in reviews for one in (review.one, review.other)}
    for memory in _exported(store):
        _look_at(memory, found, store, waiting)
    wanted = {key for group in found.groups for key, _ in group.members} | {key for keys in found.keys.values() for key in keys}
    there = _there(live, intake, wanted)
    doubts = [doubt for review in reviews if (doubt := _doubt(review, found.keys, there)) is not None]
    steps, without_call = _steps(live, found.groups, there)
    steps.sort(key=lambda one: (one.namespace, one.stays if isinstance(one, Removal) else one.becomes, one.id))
    removals = tuple(one for one in steps if isinstance(one, Removal))
    updates = tuple(one for one in steps if isinstance(one, Update))
    return Cleaning(live.label, removals, updates, tuple(doubts), without_call, report)


class _Group(NamedTuple):
    """The observations of a memory with the ids of their items, and where they come from."""

    text: str
    members: Sequence[tuple[_Key, ObservationSeen]]
    trace: Trace[Memory]


class _Found(NamedTuple):
    """What the store holds: memories that several items became, and the items of memories that wait for review, by their id."""

    groups: list[_Group]
    keys: dict[str | None, list[_Key]]


def _exported(store: Store[Memory]) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryFile() as lines:
        store.export(lines)
        lines.seek(0)
        yield from map(orjson.loads, lines)


def _look_at(memory: dict[str, Any], found: _Found, store: Store[Memory], waiting: Collection[str | None]) -> None:
    """Add a memory, as a line of an export has it, to what was found, if there is something to do about it."""
    observations = memory["observations"]
    if memory["id"] in waiting:
        ids = [one["id"] for one in observations if one["id"] is not None]
        found.keys[memory["id"]] = [_Key(memory["namespace"], name, memory["content"]) for name in ids]
    if len(observations) > 1:
        trace = store.trace(memory["id"])
        members = [(key, seen) for seen in trace.observations if (key := _key_of(seen.record)) is not None]
        found.groups.append(_Group(memory["content"], members, trace))


def _key_of(record: Plain) -> _Key | None:
    return _Key(record["namespace"], record["id"], record["content"]) if record.get("id") else None


def _there(live: LiveStore, intake: Intake, wanted: set[_Key]) -> dict[_Key, Mapping[str, Any]]:
    """Return those of the wanted items that are in the other store now."""
    there: dict[_Key, Mapping[str, Any]] = {}
    if not wanted:
        return there
    with closing(open_all([live], live, intake, Asked())) as sources:
        reader = sources.all[0].intake
        for item, *_ in live.found(None):
            for memory in reader.draft(item):
                if isinstance(memory, Memory) and memory.id is not None:
                    key = _Key(memory.namespace, memory.id, memory.content)
                    if key in wanted and isinstance(item.value, Mapping):
                        there[key] = item.value
    return there


def _steps(
    live: LiveStore, groups: Sequence[_Group], there: Mapping[_Key, Mapping[str, Any]]
) -> tuple[list[Removal | Update], int]:
    """Return what to delete and to change, and how many items there is no call for."""
    steps: list[Removal | Update] = []
    without_call = 0
    for group in groups:
        members = sorted(((key, seen) for key, seen in group.members if key in there), key=lambda one: _rank(group.text, one[1]))
        if not members:
            continue
        (stays, kept), *rest = members
        others = {key: seen for key, seen in rest if key != stays}  # an item may have been read several times
        reasons = _reasons(group.trace, kept)
        if stays.content != group.text:
            update = _update(live, group, stays, there[stays], reasons)
            steps += [update] if update is not None else []
            without_call += update is None
        kept_call = live.deletion_of(there[stays])
        for key, seen in others.items():
            confidence, reason = reasons.get(seen.observation, (None, _DECIDED))
            if not seen.speaks and key.id != stays.id and live.marks_replaced():
                replacing = live.replacing_of(there[key], there[stays], _date_of(kept.record))
                if replacing is not None:
                    told = (key.id, key.content, key.namespace, stays.content, (stays.id,), confidence, reason)
                    steps.append(Update("supersede", *told, *replacing))
                continue
            call = live.deletion_of(there[key])
            if call is None or call == kept_call:  # what is written twice under one id would be deleted altogether
                without_call += 1
                continue
            proof = (key.id, key.content, key.namespace, stays.id, stays.content, confidence, reason)
            steps.append(Removal(*proof, _lost(seen.record, kept.record), *call))
    return steps, without_call


def _update(
    live: LiveStore,
    group: _Group,
    stays: _Key,
    item: Mapping[str, Any],
    reasons: Mapping[str, tuple[float | None, str]],
) -> Update | None:
    """Return how the one that stays gets the text of the memory, None if there is no call."""
    call = live.telling_of(item, group.text)
    if call is None:
        return None
    saying = [seen for seen in group.trace.observations if seen.record["content"] == group.text]
    rests_on = tuple(dict.fromkeys(str(seen.record.get("id") or seen.observation) for seen in saying))
    confidence, reason = next((reasons[one.observation] for one in saying if one.observation in reasons), (None, _DECIDED))
    return Update("update", stays.id, stays.content, stays.namespace, group.text, rests_on, confidence, reason, *call)


def _date_of(record: Plain) -> str:
    """Return since when a record holds."""
    return str(next(record[name] for name in ("valid_from", "updated_at", "created_at") if record.get(name)))


def _rank(text: str, seen: ObservationSeen) -> tuple[bool, bool, str, str]:
    """Return the sort key of an item; the first stays: one that speaks, has the text of the memory, and is the earliest."""
    record = seen.record
    return not seen.speaks, record["content"] != text, record.get("created_at") or "~", str(record.get("id"))


def _lost(record: Plain, stays: Plain) -> tuple[str, ...]:
    """Return the names of fields, and of metadata, that have a value in a record and another or none in the one that stays."""
    names = [name for name in _COMPARED if name != "metadata" and record.get(name) and record.get(name) != stays.get(name)]
    there = stays.get("metadata", {})
    inside = [f"metadata.{name}" for name, value in sorted(record.get("metadata", {}).items()) if there.get(name) != value]
    return (*names, *inside)


def _reasons(trace: Trace[Any], kept: ObservationSeen) -> dict[str, tuple[float | None, str]]:
    """Return why each observation says the same as the one that stays, and how sure that is: along the links between them."""
    links: defaultdict[str, list[tuple[str, float, str]]] = defaultdict(list)
    for entry in trace.ledger:
        if entry.kind in _LINKS and entry.subject and entry.other:
            confidence = 1.0 if entry.confidence is None else entry.confidence
            links[entry.subject].append((entry.other, confidence, entry.reason))
            links[entry.other].append((entry.subject, confidence, entry.reason))
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for seen in trace.observations:
        alike[exact_of(seen.record)].append(seen.observation)
    for same in alike.values():
        for one in same:
            links[one] += [(other, 1.0, _SAME) for other in same if other != one]
    found: dict[str, tuple[float, tuple[str, ...]]] = {kept.observation: (1.0, ())}
    waiting = deque(found)
    while waiting:
        at = waiting.popleft()
        sure, said = found[at]
        for other, confidence, reason in links[at]:
            if other not in found:
                found[other] = (min(sure, confidence), (*said, reason))
                waiting.append(other)
    return {name: (sure, _told(said)) for name, (sure, said) in found.items()}


def _told(reasons: Sequence[str]) -> str:
    """Return several reasons as one; that a text is the same says nothing beside others."""
    told = [*Counter(reason for reason in reasons if reason != _SAME)]
    return "; ".join(told) or _SAME


def _doubt(review: Review[Memory], keys: Mapping[str | None, Sequence[_Key]], there: Collection[_Key]) -> Doubt | None:
    """Return a pair that waits for review, None if one of the two is not in the other store."""
    pair = [next((key.id for key in keys.get(one.id, ()) if key in there), None) for one in (review.one, review.other)]
    if pair[0] is None or pair[1] is None:
        return None
    return Doubt(review.kind, (pair[0], pair[1]), (review.one.content, review.other.content), review.confidence, review.reason)
