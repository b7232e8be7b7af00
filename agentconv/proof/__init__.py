"""The output read back as the target's program reads it, and what may be said once that is done."""
