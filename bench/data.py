"""Agents for measuring, made from the fixtures: distinct names, and the sizes that real files have.

Real files (763 of four public repositories): header median 330 characters, 99 of 100 below 800; body median 6.7 KB,
99 of 100 below 28 KB; about one in a hundred has a header that is no YAML. Most headers are name, description, tools
and model; the fixtures' odd ones stand for the rest.
"""

from __future__ import annotations

import json
import math
import random
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "fixtures" / "examples"
CASES = ROOT / "fixtures" / "claude-code" / "read"
HEADER = (330, 800)  # characters: half of the files below the first, 99 of 100 below the second
BODY = (6_700, 28_000)
TOOLS = (
    "Read, Grep, Glob", "Read, Write, Edit, Bash, Glob, Grep", "Read, Bash", "", "[Read, Write, Bash, WebFetch]", "*",
)  # fmt: skip
MODELS = ("sonnet", "opus", "haiku", "inherit", "")
ODD = 20  # one in so many has the header of a fixture instead: a repair, a refusal, a deny-list, hooks …
# How descriptions are written, and how many of a hundred so (87 agents of 40 public repositories): bare, in double
# quotes, in a block, folded, in quotes with examples, bare with literal line ends and examples (as Claude Code's own
# assistant wrote them for a year, which is no YAML), bare with a colon. One name in seven is a title.
FORMS = {"bare": 52, '"': 14, "|": 8, ">": 10, "examples": 6, "wizard": 5, "colon": 5}
TITLES = 7
NORMAL_99 = 2.326  # a normal distribution's 99th percentile, in standard deviations


def texts() -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Sentences, blocks of prompts, and whole files of the fixtures taken apart (header, body)."""
    files = [p.read_text("utf-8") for p in sorted(EXAMPLES.glob("*.md"))]
    bodies = [text.split("\n---\n", 1)[1] for text in files if "\n---\n" in text]
    blocks = [b for body in bodies for b in body.strip().split("\n\n") if "```" not in b]
    sentences = [
        s.strip() for b in blocks for s in re.split(r"(?<=[.!?])\s+", b) if re.fullmatch(r"[A-Z][\w ,']+\.", s)
    ]
    odd = []
    for case in sorted(CASES.iterdir()):
        data = (case / "input.md").read_bytes()
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if text.startswith("---\n") and "\n---\n" in text and "\ufffd" not in text:
            header, body = text[4:].split("\n---\n", 1)
            odd.append((header, body))
    return sentences, blocks, odd


def size(pick: random.Random, half: int, most: int) -> int:
    """A length as real files have it (log-normal)."""
    return round(math.exp(pick.gauss(math.log(half), math.log(most / half) / NORMAL_99)))


def agents(
    count: int,
    seed: int = 1,
    body: int | None = None,
    same_name: bool = False,
    plain: bool = False,
    varied: bool = False,
) -> list[tuple[str, str]]:
    """File stems and texts. ``body`` fixes the length of all prompts; ``same_name`` lets all names collide; ``plain``:
    no odd headers; ``varied``: descriptions and names as people write them."""
    pick = random.Random(seed)
    sentences, blocks, odd = texts()
    made = []
    for n in range(count):
        stem = f"agent-{n:05d}"
        name = "the-same-name" if same_name else stem
        if pick.randrange(ODD) == 0 and not plain:
            header = re.sub(r"(?m)^name:.*$", f"name: {name}", pick.choice(odd)[0])
        else:
            header = _header(pick, name, sentences, varied)
        made.append((stem, f"---\n{header}\n---\n\n{_body(pick, body or size(pick, *BODY), blocks, n)}"))
    return made


def _header(pick: random.Random, name: str, sentences: list[str], varied: bool) -> str:
    title = varied and pick.randrange(TITLES) == 0
    lines = [f"name: {name.replace('-', ' ').title() if title else name}"]
    rest = [f"{key}: {word}" for key, word in (("tools", pick.choice(TOOLS)), ("model", pick.choice(MODELS))) if word]
    rest = [line.replace(": *", ': "*"') for line in rest]
    left = size(pick, *HEADER) - sum(map(len, (*lines, *rest)))
    words = pick.choice(sentences)
    while len(words) < left:
        words += " " + pick.choice(sentences)
    form = pick.choices([*FORMS], [*FORMS.values()])[0] if varied else "bare"
    return "\n".join([*lines, f"description: {_spelled(words, form)}", *rest])


def _spelled(words: str, form: str) -> str:
    """A description as it stands in a file."""
    head, _, tail = words.partition(". ")
    said = f'{head}.\n\n<example>\nuser: "{tail}"\nassistant: "I will."\n</example>'
    match form:
        case '"':
            return f'"{words}"'
        case "|" | ">":
            return f"{form}\n  {head}.\n  {tail}".rstrip()
        case "examples":
            return json.dumps(said)
        case "wizard":
            return said.replace("\n", "\\n")
        case "colon":
            return f"Use this agent when: {words}"
    return words


def _body(pick: random.Random, length: int, blocks: list[str], n: int) -> str:
    out = [f"You are agent number {n}."]
    got = 0
    while got < length:
        out.append(pick.choice(blocks))
        got += len(out[-1]) + 2
    return "\n\n".join(out)[:length].rstrip() + "\n"


def write(folder: Path, count: int, **how: object) -> Path:
    """A project with so many agents of one program; the folder of its agents."""
    place = folder / ".claude" / "agents"
    place.mkdir(parents=True, exist_ok=True)
    for stem, text in agents(count, **how):  # type: ignore[arg-type]
        (place / f"{stem}.md").write_text(text, "utf-8")
    return place


if __name__ == "__main__":  # FOLDER COUNT [BODY [same] [plain] [varied]]
    write(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        body=int(sys.argv[3]) or None if len(sys.argv) > 3 else None,
        same_name="same" in sys.argv[4:],
        plain="plain" in sys.argv[4:],
        varied="varied" in sys.argv[4:],
    )
