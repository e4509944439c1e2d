"""Speed and correctness of memproc beside a floor and a tutorial recipe, on a labelled corpus."""
