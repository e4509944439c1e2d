"""Enrichment: what a function, an endpoint or a model adds to records between their validation and their keys."""
