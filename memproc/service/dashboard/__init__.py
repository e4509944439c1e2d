"""Pages for people over what programs are served: the same routes are asked, and what they tell is shown as HTML."""
