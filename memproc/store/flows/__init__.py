"""The rows of flows: which runs there are, whose they are, and how far their steps got."""
