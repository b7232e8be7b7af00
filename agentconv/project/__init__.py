"""The edge to the disk: where agents lie, what may be overwritten, and a run over many of them."""
