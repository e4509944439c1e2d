"""Collections of Chroma on a server, by its web API.

Facts: version 2 of the API gives a collection by its name, and records by number and count in the order in which they were first
written; it knows no "behind this one". A database of a tenant has the collections. A key goes in a header.

Rules: pages overlap by one record. Where that is no longer the one that it was, records before it were deleted, and it is looked
for by ids alone; where it is gone, all are read again: what was read is a duplicate, and nothing is passed over. Documents are
metadata of the name that they have on disk. Embeddings are not asked for. A mark is the number of a record, and its id.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import quote

import orjson

from memproc.errors import SourceError
from memproc.sources.databases.cells import item_of
from memproc.sources.live.address import Address, shown
from memproc.sources.live.chroma import DOCUMENT
from memproc.sources.remote import Mark, Marked

OPTIONS = frozenset(("tenant", "database"))
PAGE = 300  # the most that Chroma's own cloud gives at once
TOKEN = "CHROMA_TOKEN"  # noqa: S105 - the name of the environment variable
_SECONDS = (30.0, 300.0, 120.0)  # of a connection or a read, of an answer, of all attempts
_MOST_BYTES = 1 << 28


def _json_in(body: Any) -> Any:
    with closing(body):
        return orjson.loads(body.whole())


class _Api:
    """The records of a collection, as its server gives them."""

    def __init__(self, client: Any, root: str, address: Address, collection: str) -> None:
        self._client = client
        tenant, database = (quote(address.options.get(name) or f"default_{name}", safe="") for name in ("tenant", "database"))
        base = f"{root}/api/v2/tenants/{tenant}/databases/{database}/collections"
        told = self._asked(f"{base}/{quote(collection, safe='')}", None)
        number = told.get("id")
        if not isinstance(number, str):
            raise SourceError(f"{shown(address)} is no server of Chroma")
        self._records = f"{base}/{quote(number, safe='')}/get"

    def _asked(self, url: str, content: Mapping[str, Any] | None) -> dict[str, Any]:
        posted = None if content is None else orjson.dumps(content)
        told = self._client.get(url, _json_in, posted)
        return told if isinstance(told, dict) else {}

    def page(self, start: int, include: Sequence[str] = ("metadatas", "documents")) -> list[tuple[str, Any, Any]]:
        """Return the records from a number on: the id, the metadata and the document of each, as far as they are included."""
        told = self._asked(self._records, {"limit": PAGE, "offset": start, "include": [*include]})
        ids = told.get("ids") or []
        empty = [None] * len(ids)
        return [*zip(ids, told.get("metadatas") or empty, told.get("documents") or empty, strict=True)]

    def number_of(self, name: str) -> int | None:
        """Return the number of a record, None if there is none of this id."""
        start = 0
        while ids := [one[0] for one in self.page(start, ())]:
            if name in ids:
                return start + ids.index(name)
            start += len(ids)
        return None


def read(address: Address, collection: str, behind: Mark | None) -> Iterator[Marked]:
    """Yield the records of a collection. Raises SourceError if the package is missing, SourceEndedError where the server fails."""
    try:
        from memproc.sources.rest.client import Client, RequestRefusedError  # noqa: PLC0415 - they need an extra
        from memproc.sources.rest.gate import Outside  # noqa: PLC0415
        from memproc.sources.rest.patience import Bounds, Pace  # noqa: PLC0415
    except ImportError as error:
        raise SourceError(f"{shown(address)} needs a package: pip install 'memproc-sdk[rest]'") from error
    from memproc.sources.rest.addresses import host_of  # noqa: PLC0415
    from memproc.sources.rest.secrecy import Secrets  # noqa: PLC0415

    root = f"{address.backend.partition('+')[2]}://{address.where.rstrip('/')}"
    headers = {"accept": "application/json", "content-type": "application/json", "accept-encoding": "gzip", "user-agent": "memproc"}
    headers |= {"x-chroma-token": f"ENV:{TOKEN}"} if os.environ.get(TOKEN) else {}
    bounds = Bounds([host_of(root)], True, *_SECONDS, _MOST_BYTES, None)
    secrets = Secrets({TOKEN: os.environ[TOKEN]} if os.environ.get(TOKEN) else {})
    with closing(Client(headers, secrets, bounds, Pace(), Outside())) as client:
        try:
            api = _Api(client, root, address, collection)
        except RequestRefusedError as error:
            advice = f"no collection {collection!r}? give it as in ?collection=NAME"
            raise SourceError(f"{shown(address)} cannot be read: {error} ({advice})") from None
        yield from _read(api, behind)


def _read(api: _Api, behind: Mark | None) -> Iterator[Marked]:
    at: Mark | None = behind
    while True:
        page = api.page(0 if at is None else at[0])
        if at is not None:
            if not page or page[0][0] != at[1]:
                number = api.number_of(at[1])
                at = None if number is None else [number, at[1]]
                continue
            page = page[1:]
        if not page:
            return
        first = 0 if at is None else at[0] + 1
        for number, (name, metadata, document) in enumerate(page, first):
            payload = {**(metadata or {}), **({} if document is None else {DOCUMENT: document})}
            at = [number, name]
            yield Marked(item_of({"id": name, "payload": payload}), at)
