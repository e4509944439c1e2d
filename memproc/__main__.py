"""`python -m memproc` is the command line."""

from memproc.cli.main import main

main()
