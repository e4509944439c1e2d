"""The check-up of a store: whether it is whole, and what mends it."""
