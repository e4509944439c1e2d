"""Texts and their tokens: what is found out of a text without another one."""
