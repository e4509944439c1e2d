"""What can go wrong with a process, a connection or a disk, done on purpose: ``python -m faults --help``."""
