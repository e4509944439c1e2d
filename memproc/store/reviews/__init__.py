"""The pairs that wait for a person."""
