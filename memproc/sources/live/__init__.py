"""The stores of other programs, read where they are: what each is, and how its items are found one after the other.

Rules: a store is only read, a page at a time and in the order of its keys, so that nothing is cut off as the list calls of its
program cut it off. An item looks as the format of that system has it; what it means is told there.
"""
