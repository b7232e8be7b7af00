"""What shows that an earlier conversion left something in a file. Few files have any of it, and taking it back is a
part of the code that the others need not load."""

from __future__ import annotations

from agentconv.model import Agent

KEY = "agentconv"  # the key, or the word of a comment, that fields without a home are carried under
GUARD = f"[{KEY}: "  # the sentence about a limit, at the head of a prompt
COMMENT = f"<!-- {KEY}:carry "
EXAMPLES = "## Examples (from the description of this agent)"  # a description that was too long
HEADING = "## Routing facts (from the definition of this agent)"
END = " of this agent)"  # of both headings


def any_in(agent: Agent, *, carried: bool) -> bool:
    """Whether there may be something; ``carried``: carried fields are to be taken back."""
    prompt = agent.prompt or ""
    if prompt.startswith(GUARD) or HEADING in prompt or EXAMPLES in prompt or (carried and COMMENT in prompt):
        return True
    return any(extra.key == KEY for extra in agent.extras)
