"""The records that could not be taken."""
