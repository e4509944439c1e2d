"""Replacing a memory by a new record in the transaction, and by the one plan, that writes the record.

Facts: most updates are of a memory that nothing else meets, by a text that nothing else has. Then the new record and what it
replaces are all that the decisions concern, so they are decided together, where else the record lands first by itself and what the
decisions join is looked up and decided afterwards.

Rules: the result is that of landing first and deciding then: the record is `stored`, and the decisions join two memories.
"""

from __future__ import annotations

from dataclasses import replace

from memproc.dedup.columns import Columns
from memproc.dedup.decide import Plan, decide
from memproc.dedup.memory import memory_of_one
from memproc.dedup.neighbourhood import Neighbourhood
from memproc.store.changes.deciding import lines_on
from memproc.store.changes.landed import Landed, Replaced
from memproc.store.rows.decisions import write_decisions
from memproc.store.rows.ledger import moves, write_lines
from memproc.store.sql.tx import Tx


def can_replace_at_once(new: Columns, near: Neighbourhood, replaced: Replaced) -> bool:
    """Tell whether a new record and what it replaces meet nothing but each other, and that by the decisions alone."""
    rows = near.rows.values()
    return (
        len(new) == 1
        and bool(replaced.decisions)
        and near.rows.keys() == replaced.keys
        and all(row.speaks for row in replaced.rows)
        and not near.typo_links
        and not near.groups
        and new.node[0] not in {row.observation.node for row in rows}
        and new.content[0] not in {row.observation.content for row in rows}
    )


def plan_replacing(new: Columns, near: Neighbourhood, replaced: Replaced) -> Plan:
    """Return the plan by which a new record lands and replaces a memory."""
    pairs = {(made.a, made.b) for made in replaced.decisions}
    standing = [made for made in near.decisions if (made.a, made.b) not in pairs]
    # It is stored, and then joined: what a decision joins is not judged.
    plan = decide(new, set(), near._replace(decisions=sorted([*standing, *replaced.decisions])), judges=False)
    return replace(plan, changed=plan.changed._replace(joins=plan.changed.joins + 1))


def write_replaced(tx: Tx, plan: Plan, replaced: Replaced, landed: Landed) -> None:
    """Write the decisions of a plan, and what the ledger tells of them; note what the memory is now."""
    decided = [(made, made.verdict) for made in replaced.decisions]
    write_decisions(tx, decided, replaced.note)
    write_lines(tx, None, [*lines_on(decided, replaced.note), *moves(plan.changed)])
    home = plan.changed.membership.get(plan.fresh.key[0])
    if home is not None and home in plan.changed.memories:
        landed.has_replaced, landed.memory = True, memory_of_one(home.hex(), plan.changed.memories[home])
