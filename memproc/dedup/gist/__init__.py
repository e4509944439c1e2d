"""The gist of a fact: its tokens without what does not change what is remembered."""
