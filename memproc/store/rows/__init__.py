"""Observations, memories, decisions and the ledger as rows."""
