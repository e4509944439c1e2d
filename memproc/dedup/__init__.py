"""Which records say the same: pure functions from records and settings to keys, edges, clusters and memories."""
