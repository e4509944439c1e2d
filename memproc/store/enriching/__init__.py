"""Enrichment of records on their way into a store, and the results that the store keeps."""
