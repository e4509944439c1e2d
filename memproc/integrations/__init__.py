"""Adapters to other packages, each of which is an extra and is imported when its module is."""
