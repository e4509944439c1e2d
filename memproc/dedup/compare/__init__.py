"""Compares two facts: their differences, the confidence that they say the same, and the reason shown to people."""
