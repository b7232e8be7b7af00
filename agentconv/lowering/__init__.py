"""An agent as the target can hold it; every step down leaves a note."""
