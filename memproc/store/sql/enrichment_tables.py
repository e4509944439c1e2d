"""The tables of enrichment: results that were paid for, what they led to, and orders that a service works on."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from memproc.store.sql.columns import PREFIX, key, metadata, number, seal, text

enrichments = Table(
    f"{PREFIX}enrichments",
    metadata,
    key("key", primary_key=True),  # of the enrichment and what it was asked of
    key("enricher"),  # of its name and version
    key("read"),  # of the observation that the record would be as it was read
    number("namespace"),
    text("name"),
    text("version"),
    text("result"),  # what it answered, as JSON
    number("kept_at"),  # in microseconds since 1970
    seal(),
    Index(f"{PREFIX}enrichments_enricher", "enricher", "kept_at"),
    Index(f"{PREFIX}enrichments_read", "read"),
    Index(f"{PREFIX}enrichments_namespace", "namespace"),
)

enriched = Table(
    f"{PREFIX}enriched",
    metadata,
    key("became"),  # of the observation as it is with the result
    key("read"),
    seal(),
    PrimaryKeyConstraint("became", "read"),
    Index(f"{PREFIX}enriched_read", "read"),
)

enrichment_orders = Table(
    f"{PREFIX}enrichment_orders",
    metadata,
    key("mark", primary_key=True),  # by which the service finds it, also where its answer to the order was lost
    key("enricher"),
    text("ticket", nullable=True),  # the name that the service gave it; none until that is known
    number("ordered_at"),
    seal(),
    Index(f"{PREFIX}enrichment_orders_enricher", "enricher"),
)
