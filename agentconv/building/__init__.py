"""The build step: what agentconv.toml says is made, kept in step, and known again by a lock file."""
