"""Agents to text: layouts, scalars, and edits by place in files that hold other things."""
