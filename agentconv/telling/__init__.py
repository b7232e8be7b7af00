"""What people and programs are told: terminal, reports, lists, comparisons."""
