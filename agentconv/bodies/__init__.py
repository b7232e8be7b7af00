"""What prompts say of agents, tools, files and commands: found, shown, rewritten when asked.

``search`` and ``company`` work on plain strings; the rest is imported only where a body is parsed."""
