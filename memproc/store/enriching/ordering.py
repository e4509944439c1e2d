"""Orders of one enrichment: places them, waits for them, and keeps their results.

Rules: an order that is open in the store is waited for before another one is placed, and its results are kept under the records
that they are of, whichever those of this batch are. A service that cannot be reached while it works on an order stops the job: the
order was paid for, and is found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic

from memproc.dedup.keys import Key
from memproc.enrichment.batches import BatchEnrichment, BatchRequest, BatchState
from memproc.enrichment.calling import Asked, result_of
from memproc.enrichment.http import narrowed
from memproc.errors import SourceEndedError
from memproc.records import Fault
from memproc.report.enriched import EnrichedSum
from memproc.store.enriching.kept import NewResult, keep
from memproc.store.enriching.meanwhile import Meanwhile, StoppedError
from memproc.store.enriching.orders import Order, begin_order, end_order, name_order, open_orders
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx
from memproc.telling import Waiting, tell

_HALF = 1 << 63  # the number of a namespace has a sign
_NAME = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})")


class Ordering:
    """The orders of one enrichment in a run."""

    def __init__(self, transactions: Transactions, enrichment: BatchEnrichment, total: EnrichedSum, meanwhile: Meanwhile) -> None:
        self._transactions, self._enrichment, self._sum, self._meanwhile = transactions, enrichment, total, meanwhile
        self.failures: dict[Key, str] = {}  # of records, by what they were read as

    def end_open(self) -> bool:
        """Wait for what was ordered before; return whether there was anything."""
        orders = self._transactions.read(lambda tx: open_orders(tx, self._enrichment))
        for order in orders:
            with self._reached("an earlier order is looked for"):
                ticket = order.ticket or self._enrichment.service.find(order.mark.hex())
            if ticket is None:  # it never came to be placed
                self._transactions.write(partial(end_order, order=order))
            else:
                self._ended(order, ticket)
        return bool(orders)

    def place(self, asked: Sequence[Asked], namespaces: Mapping[Key, int]) -> None:
        """Order results for records, given under what they were read as, and wait for them."""
        for at in range(0, len(asked), self._enrichment.batch_size):
            part = asked[at : at + self._enrichment.batch_size]
            reads = self._enrichment.reads
            requests = [BatchRequest(_name_of(one.key, namespaces[one.key]), narrowed(one.record, reads)) for one in part]
            order = self._transactions.write(lambda tx: begin_order(tx, self._enrichment))
            if (ticket := self._placed(requests, order)) is not None:
                self._ended(order, ticket)

    def _placed(self, requests: Sequence[BatchRequest], order: Order) -> str | None:
        """Place an order and write its name; None where it is refused."""
        try:
            ticket = self._enrichment.service.submit(requests, order.mark.hex())
        except (SourceEndedError, OSError) as error:
            if not hasattr(error, "status"):  # nobody knows whether it was placed
                raise StoppedError(f"an order of {self._enrichment.name} was not answered: {error}") from error
            self._transactions.write(partial(end_order, order=order))
            self.failures |= {named[0]: str(error) for one in requests if (named := _named(one.name)) is not None}
            return None
        self._transactions.write(partial(name_order, order=order, ticket=ticket))
        return ticket

    def _ended(self, order: Order, ticket: str) -> None:
        """Wait for an order, and keep its results."""
        began = monotonic()
        with self._reached(f"order {ticket} of {self._enrichment.name} is worked on"):
            state = self._waited(ticket)
            results, cost = self._fetched(ticket, state)

        def kept(tx: Tx) -> None:
            keep(tx, self._enrichment, results)
            end_order(tx, order)

        self._transactions.write(kept)
        self._sum.note_call(monotonic() - began, cost)

    def _waited(self, ticket: str) -> BatchState:
        why, told = f"order {ticket} of {self._enrichment.name} is worked on", -1
        while not (state := self._enrichment.service.poll(ticket)).is_ended:
            if state.done != told:
                told = state.done
                tell(Waiting(f"{why}: {told:,} records done"))
            self._meanwhile.wait(self._enrichment.poll_seconds, why)
        return state

    @contextmanager
    def _reached(self, why: str) -> Iterator[None]:
        """Stop the job where the service cannot be reached, or there is no more time."""
        try:
            yield
        except (SourceEndedError, OSError) as error:
            raise StoppedError(f"while {why}: {error}") from error

    def _fetched(self, ticket: str, state: BatchState) -> tuple[list[NewResult], float]:
        results, cost = list[NewResult](), 0.0
        if state.failure:
            self._sum.faults[state.failure] += 1
        for one in self._enrichment.service.fetch(ticket):
            if (named := _named(one.name)) is None:
                continue
            read, namespace = named
            cost += one.cost
            result = result_of(one.value)
            if one.failure:
                self.failures[read] = one.failure
            elif isinstance(result, Fault):
                self.failures[read] = result.message
            else:
                results.append(NewResult(read, namespace, result))
        return results, cost


def _name_of(read: Key, namespace: int) -> str:
    """Return the name under which the result for a record comes back, by which it is kept whoever fetches it."""
    return f"{read.hex()}-{namespace + _HALF:016x}"


def _named(name: str) -> tuple[Key, int] | None:
    """Return what a name says, None if it is none of these."""
    matched = _NAME.fullmatch(name)
    return None if matched is None else (bytes.fromhex(matched[1]), int(matched[2], 16) - _HALF)
