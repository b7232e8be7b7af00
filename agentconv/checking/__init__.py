"""What a file asks for beside what each program makes of it: ``agentconv check``."""
