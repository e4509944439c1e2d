"""Orders that a service works on. One is written before it is placed: whoever is killed in between finds it by its mark."""

from __future__ import annotations

from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import select

from memproc.dedup.keys import Key
from memproc.enrichment.terms import Terms
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

_orders = tables.enrichment_orders.c


class Order(NamedTuple):
    """An order: the mark that it is found by, and the name that the service gave it, None until that is known."""

    mark: Key
    ticket: str | None


def open_orders(tx: Tx, terms: Terms) -> list[Order]:
    """Return the orders of an enrichment whose results are not kept yet, the oldest first."""
    query = select(_orders.mark, _orders.ticket).where(_orders.enricher == terms.key).order_by(_orders.ordered_at, _orders.mark)
    return [Order(mark, ticket) for mark, ticket in tx.execute(query)]


def begin_order(tx: Tx, terms: Terms) -> Order:
    """Write that an order is about to be placed."""
    order = Order(uuid4().bytes, None)
    row = {"mark": order.mark, "enricher": terms.key, "ticket": None, "ordered_at": to_micros(tx.now)}
    tx.insert_rows(tables.enrichment_orders, [row])
    return order


def name_order(tx: Tx, order: Order, ticket: str) -> Order:
    """Write the name that the service gave an order."""
    tx.update_rows(tables.enrichment_orders, [{"mark": order.mark, "ticket": ticket}])
    return Order(order.mark, ticket)


def end_order(tx: Tx, order: Order) -> None:
    """Remove an order whose results are kept, or that was never placed."""
    tx.delete_by_keys(tables.enrichment_orders.c.mark, [order.mark])
