"""Text to agents: a file taken apart through its format's tables, as its author means it and as its program does."""
