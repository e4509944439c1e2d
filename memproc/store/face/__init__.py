"""The public face of a store, by what it is asked for."""
