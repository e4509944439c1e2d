"""The check-up of a store: finds damage, and advises how to repair it."""
