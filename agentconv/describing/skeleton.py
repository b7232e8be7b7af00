"""A first description, with a word on every line: the start of a new format."""

from __future__ import annotations

import re

from agentconv.capabilities import DATA

ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


# of a file that is all header: the suffix and the schema of its values
BARE = {"json": (".json", "json"), "toml": (".toml", "toml"), "yaml": (".yaml", "core")}
SYNTAXES = ("frontmatter", *BARE)
PROMPT = "  prompt: {as: prompt, type: text, bad: refuse}   # the file has no text below a header\n"


def skeleton(id: str, parent: str | None, folder: str, today: str, syntax: str = "frontmatter") -> str:
    """The text of format.yaml for a new format, or for one that is like another."""
    name = "skeleton-extends" if parent else "skeleton"
    text = (DATA / f"{name}.yaml").read_text("utf-8")
    words = {"ID": id, "TITLE": id.replace("-", " ").title(), "FOLDER": folder, "TODAY": today, "PARENT": parent or ""}
    text = re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)
    return text if syntax == "frontmatter" or parent else _bare(text, syntax)


def _bare(text: str, syntax: str) -> str:
    """The same for a file without a text below its header."""
    suffix, schema = BARE[syntax]
    text = re.sub(r"^syntax: frontmatter ", f"syntax: {syntax} ", text, flags=re.M)
    text = re.sub(r"^(places:\n(?: .*\n)+suffixes: .*\n)", lambda m: m[1].replace(".md", suffix), text, flags=re.M)
    text = re.sub(r"^    (?:close|unclosed|parser): .*\n", "", text, flags=re.M)
    text = re.sub(r"^    schema: .*\n", f"    schema: {schema}\n", text, flags=re.M)
    text = re.sub(r"^    no_header: .*\n", "    no_header: refused\n", text, flags=re.M)
    text = text.replace("    body: trim\n", "    body: keep\n")
    return re.sub(r"^(  description: .*\n)", rf"\g<1>{PROMPT}", text, flags=re.M)
