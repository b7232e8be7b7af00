"""The reports for people: Markdown for a pull request, and one static page, looked at in a real browser."""

from __future__ import annotations

import html.parser
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_build_life import Project, project

__all__ = ["project"]
TARGETS = ("vscode", "codex", "opencode", "gemini-cli", "cursor", "qwen-code", "kiro", "droid")
NASTY = '<script>alert(1)</script> "quoted" & <img src=x onerror=alert(2)> \u202e](javascript:x) | a'
HOSTILE = f"---\nname: nasty\ndescription: {NASTY!r}\ntools: ['Read', {NASTY!r}]\n---\n\nx\n"
BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)


def many(project: Project, count: int, targets: tuple[str, ...] = TARGETS) -> None:
    """Agents of all kinds: readers, writers, those with scopes, with tools that nobody knows."""
    dice = random.Random(1)
    kits = (
        "Read, Grep",
        "Read, Edit, Bash",
        "Read, Bash(git *)",
        "Read, WebFetch",
        "Read, NoSuchTool",
        "mcp__db__query, Read",
    )
    for n in range(count):
        project.agent(f"agent-{n:03}", tools=dice.choice(kits), description=f"Does the work of number {n}.")
    tables = "".join(f"[targets.{id}]\n" for id in targets)
    project.write("agentconv.toml", f'sources = ["agents"]\n{tables}')


class Page(html.parser.HTMLParser):
    """Tags, ids and links of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.shown = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        said = dict(attrs)
        assert not [name for name in said if name.startswith("on")], "an event handler"
        if said.get("id"):
            self.ids.add(str(said["id"]))
        if tag == "a":
            self.links.append(str(said.get("href")))

    def handle_data(self, data: str) -> None:
        self.shown += data


def test_the_page_holds_everything_and_nothing_runs(project: Project) -> None:
    many(project, 6)
    project.write("agents/nasty.md", HOSTILE)
    project.build("--report", "r.html", "-q", code=1)
    text = project.read("r.html")
    page = Page(text)
    assert "script" not in page.tags and "img" not in page.tags and page.tags["section"] == 7 * 8
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.links) == 2 * 7 * 8
    assert "<script>alert(1)</script>" in page.shown and "\u202e" not in text and "http" not in page.shown
    assert "default-src 'none'" in text
    assert "rights before" in page.shown and "could write files" in page.shown and "NoSuchTool" in page.shown
    for words in ("prefers-color-scheme: dark", "color-scheme: light dark"):
        assert words in text


def test_the_summary_begins_with_the_rights(project: Project) -> None:
    many(project, 6, ("vscode", "codex"))
    project.write("agents/nasty.md", HOSTILE)
    project.build("--report", "r.md", "-q", code=1)
    text = project.read("r.md")
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads[0] == "# agentconv: 7 agents → vscode, codex" and heads[1] == "## Rights"
    assert "| nasty | `R-----` | " in text and "⛔ not written" in text
    assert "<script>" not in text and "<img" not in text and "\u202e" not in text
    assert "\n- written: `.github/agents/nasty.agent.md`" in text
    (project.root / "agents/nasty.md").unlink()
    project.build("--report", "r.md", "-q", code=1)
    assert "\n- deleted: `.github/agents/nasty.agent.md`" in project.read("r.md")


@pytest.mark.skipif(not BROWSER, reason="no Chromium here (Debian: apt-get install chromium)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it(project: Project, tmp_path: Path, scheme: str, request: pytest.FixtureRequest) -> None:
    many(project, 20)
    project.build("--report", "r.html", "-q", code=1)
    page = project.root / "r.html"
    cell = next(id for id in sorted(Page(project.read("r.html")).ids) if id.startswith("c"))
    shots = {}
    for name, url in (("table", page.as_uri()), ("notes", f"{page.as_uri()}#{cell}")):
        shots[name] = shot(url, tmp_path / f"{name}-{scheme}.png", tmp_path / f"profile-{name}", scheme)
    table, notes = (pixels(path) for path in shots.values())
    background = table[(3, 3)]
    assert (sum(background) > 600) is (scheme == "light"), f"the page is not {scheme}: {background}"
    assert len(set(table.values())) > 6, "no colours"
    assert sum(table[at] != notes[at] for at in table) > len(table) // 8, "the notes of a cell do not show"


def shot(url: str, to: Path, profile: Path, scheme: str, size: str = "700,450") -> Path:
    dark = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    command = [
        BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        *dark, f"--user-data-dir={profile}", f"--window-size={size}", f"--screenshot={to}", url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert to.exists(), done.stderr[-2000:]
    return to


def pixels(path: Path, step: int = 7) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Every seventh pixel of a PNG with eight bits a channel."""
    import struct
    import zlib

    data = path.read_bytes()
    width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
    assert bits == 8 and kind in (2, 6)
    size = 3 if kind == 2 else 4
    at, packed = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += 12 + length
    raw = zlib.decompress(packed)
    before = bytearray(width * size)
    out = {}
    for y in range(height):
        start = y * (width * size + 1)
        row = bytearray(raw[start + 1 : start + 1 + width * size])
        unfilter(raw[start], row, before, size)
        if y % step == 3:
            for x in range(3, width, step):
                out[x, y] = (row[x * size], row[x * size + 1], row[x * size + 2])
        before = row
    return out


def unfilter(kind: int, row: bytearray, above: bytearray, size: int) -> None:
    for n in range(len(row)):
        left = row[n - size] if n >= size else 0
        up, corner = above[n], above[n - size] if n >= size else 0
        if kind == 1:
            add = left
        elif kind == 2:
            add = up
        elif kind == 3:
            add = (left + up) // 2
        elif kind == 4:
            guess = left + up - corner
            add = min((left, up, corner), key=lambda v: abs(guess - v))
        else:
            return
        row[n] = (row[n] + add) & 255
