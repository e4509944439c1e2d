"""The index of near pairs, as it lies in the database."""
