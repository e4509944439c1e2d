"""Two facts side by side: in what they differ, how sure it is that they say the same, and how that is told."""
