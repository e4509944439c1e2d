"""Which facts may have replaced which in the course of time."""
