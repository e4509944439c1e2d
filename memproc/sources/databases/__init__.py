"""Rows of databases as sources: tables and queries of any database that SQLAlchemy has a driver for.

Nothing is ever written there. A reading goes on behind the key of the last row, so it does not matter what was added or deleted
before that row since.
"""
