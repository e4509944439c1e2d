"""Groups: by what facts merge, computed only for facts that meet others.

Facts: a fact whose core no other content has is a group by itself, and its gist is never needed: most talk is like that.

Rules: the group of a fact is its gist within its namespace, subject and validity, with what is telling in the way it is written
and, if it speaks of the day on which it was said, that day. If the gist is too short or too far from the text, the plain tokens
take its place; for an event, its content does. The groups that a content may stand for are those of all its observations together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import sqrt

from memproc.config import Policy
from memproc.dedup.columns import Columns
from memproc.dedup.gist.gist import plain_tokens, read
from memproc.dedup.keys import Key, day_of_telling, is_long_enough, key_of
from memproc.dedup.observation import Grouped, Observation
from memproc.dedup.preparing import merges_by_likeness
from memproc.dedup.text.benign import trust
from memproc.dedup.text.exact import exact_of
from memproc.dedup.text.telling import Telling
from memproc.records import Plain, encode, is_event

Link = tuple[int, int]  # a core that a text with an odd token may stand for, and its own

_KEPT = 6_000  # the latest: what meets others once does so again


def grouped(content: Key, record: Plain, policy: Policy) -> Grouped:
    """Return by what a record merges, under the policy of its store; `content` is its content key."""
    if is_event(record) or not merges_by_likeness(policy):
        return Grouped(content)
    whose = (record["namespace"], record.get("subject"), record.get("valid_from"), record.get("valid_to"))
    return of_text(exact_of(record), whose, day_of_telling(record), policy.merge_at) or Grouped(content)


def group_all(observations: Sequence[Observation], fresh: Columns, links: Collection[Link], policy: Policy) -> dict[Key, Grouped]:
    """Return by what stored and fresh observations merge, by content, if they meet another content by their core or a typo."""
    if not merges_by_likeness(policy):
        return {}
    first: dict[int, Key] = {}  # by core
    told = chain(((seen.core, seen.content) for seen in observations), zip(fresh.core, fresh.content, strict=True))
    meeting = {core for core, content in told if first.setdefault(core, content) != content}
    meeting.update(core for link in links if first.keys() >= {*link} for core in link)
    found: dict[Key, Grouped] = {}
    if meeting:
        for seen in observations:
            if seen.core in meeting and seen.content not in found:
                found[seen.content] = grouped(seen.content, seen.record, policy)
        for at, core in enumerate(fresh.core):
            if core in meeting and (content := fresh.content[at]) not in found:
                found[content] = fresh.grouped[at] or grouped(content, fresh.at(at).record, policy)
    return found


def in_group(seen: Observation, groups: Mapping[Key, Grouped]) -> Observation:
    """Return an observation with its group, if that was computed."""
    found = groups.get(seen.content)
    return seen if found is None else seen._replace(group=found.group, benign=found.benign)


@lru_cache(maxsize=_KEPT)
def of_text(seen: str, whose: tuple[str | None, ...], day: str | None, merge_at: float) -> Grouped | None:
    """Return by what a fact merges, given its exact text; None if it is its content alone."""
    reading = read(seen)
    gist = reading.gist
    least = sqrt(merge_at)  # two texts that are this close to one gist are within merge_at of each other
    if not is_long_enough(reading.text or seen) or not gist.is_long_enough or gist.confidence < least:
        tokens = plain_tokens(seen)
        return Grouped(_group_key(whose, tokens, reading.telling, day)) if tokens else None
    meant = reading.typo_links if trust()["typo"] >= least else ()
    group, *typo_links = [
        _group_key(whose, tokens, reading.telling, day) for tokens in (gist.tokens, *(link.tokens for link in meant))
    ]
    return Grouped(group, gist.dropped, tuple(typo_links))


def _group_key(whose: tuple[str | None, ...], tokens: tuple[str, ...], telling: Telling, day: str | None) -> Key:
    """Return the key of a group: facts of one subject with the same tokens and the same telling in their writing."""
    marks, is_of_a_day = telling
    return key_of(encode(["gist", *whose, " ".join(tokens), [*marks], day if is_of_a_day else None]))
