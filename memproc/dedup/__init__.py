"""Deduplication: pure functions from records and settings to keys, groups, clusters and memories."""
