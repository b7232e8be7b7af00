"""What measures speed: ``python -m bench`` prints the table, ``--json`` and ``--curve`` keep it."""
