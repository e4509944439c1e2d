"""Imported by the server that children are forked from: it loads here once what each of them would load on its first record."""

from __future__ import annotations

from contextlib import suppress

import memproc

with suppress(ImportError):
    import psycopg  # noqa: F401
with suppress(ImportError):
    import pymysql  # noqa: F401

_RECORDS = [{"content": "Prefers tea in the morning"}, {"content": "Prefers tea in the mornings", "importance": 7}]
memproc.ingest(_RECORDS, "sqlite://")
