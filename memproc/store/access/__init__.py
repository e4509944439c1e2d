"""Who may ask a store that is served, and what was asked and answered."""
