"""Which nodes of a ChatGPT conversation were shown, and when its messages were written.

Facts: a regenerated answer or an edited message starts a branch; `current_node` is the leaf that was shown last, and may be missing
from the mapping. Times are epoch seconds, and any of them may be null. Some exports have no `children`, some other programs write
no `parent`.

Rules: the active branch goes from its root to `current_node`, or else to the newest leaf. Where no node has a parent there are no
branches: all nodes are read in the order of their times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from memproc.formats.draft import Item
from memproc.times import EPOCH, parse_time, says_none

Nodes = Mapping[str, Mapping[str, Any]]


def active_branch(nodes: Nodes, current: object) -> list[str]:
    """Return the keys from the root to the current node; a cycle ends where it closes."""
    parents = dict(_parents(nodes))
    if not parents:
        return _by_time(nodes)
    branch: dict[str, None] = {}
    key = current if isinstance(current, str) and current in nodes else _newest_leaf(nodes, parents)
    while key is not None and key not in branch:
        branch[key] = None
        key = parents.get(key)
    return list(branch)[::-1]


def time_of_talk(item: Item, nodes: Nodes) -> tuple[object, str]:
    """Return the time for messages without one, and where it comes from. The order of choice is stable across exports."""
    if not says_none(item.get("create_time")):
        return item["create_time"], "conversation"
    written = [value for node in nodes.values() if moment(value := _written_at(node)) is not None]
    if written:
        return min(written, key=lambda value: moment(value) or EPOCH), "earliest_message"
    return item.get("update_time"), "conversation_update"


def moment(value: object) -> datetime | None:
    """Return a value as a time; None if it is none."""
    try:
        return parse_time(value)
    except (ValueError, OverflowError):
        return None


def _parents(nodes: Nodes) -> Iterator[tuple[str, str]]:
    """Yield each node that has a parent among the nodes, with that: as the parent says, then as it says itself."""
    for key, node in nodes.items():
        children = node.get("children")
        for child in children if isinstance(children, list) else ():
            if isinstance(child, str) and child in nodes:
                yield child, key
    for key, node in nodes.items():
        parent = node.get("parent")
        if isinstance(parent, str) and parent in nodes:
            yield key, parent


def _by_time(nodes: Nodes) -> list[str]:
    """Return all keys in the order of their times; a node without one stays behind the node before it."""
    times: dict[str, datetime] = {}
    last = EPOCH
    for key, node in nodes.items():
        last = times[key] = moment(_written_at(node)) or last
    return sorted(nodes, key=times.__getitem__)


def _newest_leaf(nodes: Nodes, parents: Mapping[str, str]) -> str | None:
    """Return the key of the leaf with the latest message, the largest key among equals; None if there are no nodes."""
    inner = frozenset(parents.values())
    leaves = [key for key in nodes if key not in inner] or list(nodes)
    return max(leaves, key=lambda key: (moment(_written_at(nodes[key])) or EPOCH, str(key)), default=None)


def _written_at(node: Mapping[str, Any]) -> object:
    message = node.get("message")
    return message.get("create_time") if isinstance(message, dict) else None
