"""Preparing: from accepted records to columns with all their keys.

Facts that may merge share a *core* within their namespace and subject: a number that does not depend on the order of the tokens
(`text/core.py`), by which the store finds them. Whether they do merge, their groups tell (`grouping.py`). Where nothing merges by
likeness, the core is taken from the content key.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import iter_unpack

from xxhash import xxh3_64_intdigest

from memproc.config import Policy
from memproc.dedup.changes.chains import chain_hashes
from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.gist.gist import Skim, skim
from memproc.dedup.keys import content_key, identity_key, is_long_enough, namespace_number, observation_keys, scope_number
from memproc.dedup.text.benign import trust_in_writing
from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.exact import exact_of
from memproc.records import Plain, encode, is_event, last_changed
from memproc.times import to_micros

_CORE_BYTES = 8
# A record that passed validation: its plain form, the one JSON text of that, whether its id is an identity, and the date that its
# source gives for itself, as fixed-width UTC text.
Accepted = tuple[Plain, bytes, bool, str | None]


def prepare(record: Plain, *, is_identity: bool, as_of: str | None, policy: Policy) -> Prepared:
    """Return a plain record with its keys, under the policy of its store, still without band hashes."""
    return prepare_all([(record, encode(record), is_identity, as_of)], policy).at(0)


def prepare_all(accepted: Sequence[Accepted], policy: Policy) -> Columns:
    """Return records, one or more, with their keys, in their order, still without band hashes."""
    records, jsons, are_identities, as_of = map(list, zip(*accepted, strict=True))
    keys = observation_keys(jsons, are_identities)
    dates = [*map(last_changed, records)]
    skims: list[Skim | None] = [None] * len(records)
    contents, nodes, texts = keys, keys, [record["content"] for record in records]
    if policy.dedup != "off":
        exact = texts = [*map(exact_of, records)]
        if policy.dedup == "near":
            skims = [None if is_event(record) else skim(text) for record, text in zip(records, exact, strict=True)]
            texts = [(skimmed.text if skimmed else canonical(text)) or text for skimmed, text in zip(skims, exact, strict=True)]
        contents = [
            content_key(record, text, is_identity=is_identity, may_be_of_a_day=skimmed is None or skimmed.may_be_of_a_day)
            for record, text, is_identity, skimmed in zip(records, exact, are_identities, skims, strict=True)
        ]
        contents_of = zip(records, contents, are_identities, strict=True)
        nodes = [identity_key(record) if is_identity else content for record, content, is_identity in contents_of]
    columns = Columns(
        keys,
        [*nodes],
        [*contents],
        [core for core, _ in iter_unpack(">qq", b"".join(contents))],  # what a key begins with
        are_identities,
        as_of,
        jsons,
        texts,
        [namespace_number(record["namespace"]) for record in records],
        [0] * len(records),
        [None if date is None else to_micros(date) for date in dates],
        [*range(len(records))],
        *[[default] * len(records) for default in Prepared._field_defaults.values()],
    )
    if policy.dedup == "near":
        _into_near_tier(columns, records, skims, policy)
    return columns


def _into_near_tier(columns: Columns, records: Sequence[Plain], skims: Sequence[Skim | None], policy: Policy) -> None:
    """Fill in the columns by which facts are compared: scopes, chains, cores and typo links. `skims` has None for events."""
    merges = merges_by_likeness(policy)
    for at, (record, skimmed) in enumerate(zip(records, skims, strict=True)):
        scope = columns.scope[at] = scope_number(record)
        if skimmed is None:
            continue
        text = columns.text[at]
        is_near = columns.is_near[at] = is_long_enough(text)
        is_dated = is_near and (columns.changed_at[at] is not None or columns.as_of[at] is not None)
        columns.chains[at] = chain_hashes(text, scope, is_dated=is_dated)
        if merges:
            within = scope if not ("valid_from" in record or "valid_to" in record) else _scope_and_validity(record, scope)
            columns.core[at] = _scoped_core(skimmed.core, within)
            if is_near:
                columns.typo_links[at] = tuple([_scoped_core(core, within) for core in skimmed.typo_links])


def merges_by_likeness(policy: Policy) -> bool:
    """Tell whether a policy lets facts merge whose content keys differ."""
    return policy.dedup == "near" and not policy.refuses_to_merge and trust_in_writing() >= policy.merge_at


def _scoped_core(core: int, scope: int) -> int:
    """Return the core of a text as the store keeps it: a signed 64-bit integer that differs from scope to scope."""
    return xxh3_64_intdigest(core.to_bytes(_CORE_BYTES, "big"), scope) - 2**63


def _scope_and_validity(record: Plain, scope: int) -> int:
    return xxh3_64_intdigest(encode([record.get("valid_from"), record.get("valid_to")]), scope)
