"""Quality gates: rules on what a source holds and on what a job did with it, and whether they are met. Pure but for `files`."""
