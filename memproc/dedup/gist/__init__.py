"""The gist of a fact: its tokens without differences that do not change what is remembered."""
