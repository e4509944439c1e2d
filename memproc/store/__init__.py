"""The store: a set of observations and a set of decisions in a database, and what is computed from them."""
