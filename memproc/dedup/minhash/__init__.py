"""Signatures of texts, and the index that finds those that share much."""
