"""Texts and their tokens: what can be computed from a single text."""
