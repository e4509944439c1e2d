"""The memory of a cluster. It is always computed from the observations that speak for it, never from an earlier memory.

Rules:
- The text is the longest one (by canonical text), unless it has a typo that another one lacks; then that of the earliest
  observation, then of the smallest key. What belongs to a text (emotion, kind, conversation, source) comes with it.
- Tags and relations are united. `created_at` is the earliest, `updated_at` the latest, the importance the highest.
- If something was said again and no `updated_at` is as late, its `updated_at` is when it was said last. So a value that comes back
  is new again.
- In metadata and the fields of a subclass the newest value of each name wins; of equally new ones, that with the smaller key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from memproc.dedup.cluster import Cluster
from memproc.dedup.gist.gist import read
from memproc.dedup.observation import Observation
from memproc.dedup.text.exact import exact_of
from memproc.records import Memory, Plain, encode, last_changed

FIELDS = tuple(Memory.model_fields)
_NAMES = frozenset(FIELDS)
_OF_THE_TEXT = ("content", "namespace", "source", "subject", "conversation", "kind", "valid_from", "valid_to", "emotion")
_LAST = "~"  # sorts after every date
_NOTHING: tuple[object, ...] = (None, [], {}, ())


def memory_of(cluster: Cluster) -> Plain:
    """Return the plain memory of a cluster; its `id` is that of the cluster as 32 hexadecimal digits."""
    speaking = cluster.speaking
    records = [seen.record for seen in speaking]
    named = set().union(*records)  # most fields are in none of them
    shown = _shown(speaking)
    memory: Plain = {name: shown[name] for name in _OF_THE_TEXT if name in shown}
    memory["id"] = cluster.id.hex()
    for name, choose in _CHOSEN.items():
        if name in named:
            memory[name] = choose([record[name] for record in records if name in record])
    last = max(filter(None, map(last_changed, records)), default="")
    if last > max(memory.get("created_at", ""), memory.get("updated_at", "")):
        memory["updated_at"] = last
    extra = named - _NAMES
    if extra or "metadata" in named:
        of_equals_smaller_last = speaking[::-1]
        newest_last = [seen.record for seen in sorted(of_equals_smaller_last, key=attrgetter("rank"))]
        memory["metadata"] = {name: value for record in newest_last for name, value in record.get("metadata", {}).items()}
        memory |= {name: record[name] for record in newest_last for name in extra if name in record}
    return in_order(memory)


def memory_of_one(observation_id: str, record: Plain) -> Plain:
    """Return the memory of a single observation: the same as `memory_of`, but quicker."""
    memory = {**record, "id": observation_id}
    if "tags" in record:
        memory["tags"] = _sorted_tags([record["tags"]])
    if "relations" in record:
        memory["relations"] = _united([record["relations"]])
    return in_order(memory)


def in_order(record: Plain) -> Plain:
    """Return the fields that are set, in the order of `Memory`, then those of a subclass by name."""
    names = [*filter(record.__contains__, FIELDS)]
    if len(names) < len(record):
        names += sorted(record.keys() - _NAMES)
    return {name: value for name in names if (value := record[name]) or value not in _NOTHING}


def _sorted_tags(given: Iterable[Sequence[str]]) -> list[str]:
    return sorted({tag for tags in given for tag in tags})


def _united(given: Iterable[Sequence[Plain]]) -> list[Plain]:
    """Return the relations of all records, each once, in the order of their JSON text."""
    relations = {encode(relation): relation for some in given for relation in some}
    return [relations[text] for text in sorted(relations)]


_CHOSEN: dict[str, Callable[[list[Any]], Any]] = {
    "created_at": min,
    "updated_at": max,
    "importance": max,
    "tags": _sorted_tags,
    "relations": _united,
}


def _shown(speaking: tuple[Observation, ...]) -> Plain:
    """Return the record whose text is shown."""
    spelled = _without_typos(speaking) if len({seen.group for seen in speaking}) > 1 else speaking
    longest = max([seen.length for seen in spelled])
    return min([seen for seen in spelled if seen.length == longest], key=_began).record


def _without_typos(speaking: Sequence[Observation]) -> Sequence[Observation]:
    """Return the observations without those whose text is that of another one with a typo in it."""
    readings = {seen.content: read(exact_of(seen.record)) for seen in speaking}
    gists = {reading.gist.tokens for reading in readings.values()}
    typos = {content for content, reading in readings.items() if any(link.tokens in gists for link in reading.typo_links)}
    return [seen for seen in speaking if seen.content not in typos] or speaking


def _began(seen: Observation) -> tuple[str, bytes, bytes]:
    """Return a sort key of observations: the date of creation, none last, then the keys."""
    return seen.record.get("created_at", _LAST), seen.content, seen.key
