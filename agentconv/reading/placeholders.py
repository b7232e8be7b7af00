"""A file that its program takes for a template as a whole, before it looks at a key: what stands in one of its
placeholders has to be declared in the file itself (``template``)."""

from __future__ import annotations

import re

from agentconv.containers import Node
from agentconv.reading.context import Context


def check_placeholders(ctx: Context, entry: Node | None) -> None:
    """Names that nothing in the file declares, each once: its program does not load it."""
    facts = ctx.spec.container["template"]
    if re.search(str(facts["unless"]), ctx.text):  # a statement may declare names of its own
        return
    table = entry.get(str(facts["in"])) if entry is not None and entry.kind == "map" else None
    entries = table.items if table is not None and table.kind == "list" else []
    said = [item.get(str(facts["by"])) for item in entries if item.kind == "map"]
    known = {*facts["known"], *(one.text for one in said if one is not None)}
    for found in re.finditer(str(facts["pattern"]), ctx.text):
        if (name := found[1]) not in known:
            known.add(name)
            line, column = ctx.place(found.start())
            at = Node("scalar", found.start(), found.end(), line, column)
            problem = f"nothing in the file declares `{{{{ {name} }}}}`"
            help = f"declare `{name}` under `{facts['in']}`, or write the braces apart: `{{ {{`"
            ctx.not_taken(problem, "prompt", at, help=help)
