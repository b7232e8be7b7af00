"""Hostile files by shape and size, and what reading them costs (``tests.security.hostile_table`` prints it).

Each case runs in a process of its own, so that its time and its memory are its own; seconds are those of the machine
where the limits were set.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection

from agentconv.convert import convert_text
from agentconv.registry import ids, load
from tests.machine import slowness

CPU = 2.0  # seconds for a file of the largest size that is read without --max-bytes
MEMORY = 300  # megabytes
SIZE = 4_999_000
Shape = Callable[[int], str]


def many(unit: str, size: int) -> str:
    """A text of about this size."""
    return unit * max(1, size // len(unit))


def numbered(unit: str, size: int) -> str:
    """Lines that differ by their number."""
    count = size // (len(unit) + 5)
    return "".join(unit.replace("#", str(n)) for n in range(count))


def header(inner: str) -> str:
    """A header with some text in it, and a short body."""
    return f"---\nname: a\ndescription: d\n{inner}\n---\nBody.\n"


def bomb(size: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60)]
    return header("\n".join(lines) + many("\n#", size))


HEADERS: dict[str, Shape] = {
    "deep lists": lambda n: header("x: " + "[" * n),
    "deep maps": lambda n: header("x: " + many("{a: ", n)),
    "deep dashes": lambda n: header("x:\n" + many("- ", n) + "x"),
    "deep indent": lambda n: header("".join(f"{' ' * d}a:\n" for d in range(int((2 * n) ** 0.5)))),
    "alias bomb": bomb,
    "aliases": lambda n: header("a: &a [1, 2]\nb: [" + many("*a, ", n) + "]"),
    "anchors": lambda n: header(numbered("k#: &a# x\n", n)),
    "merge loop": lambda n: header("a: &a\n  <<: *a\n" + many("  <<: *a\n", n)),
    "merges": lambda n: header("a: &a {x: 1}\n" + numbered("k#: {<<: *a}\n", n)),
    "tags": lambda n: header("x: !!python/object/apply:os.system [id]\n" + many("y: !t x\n", n)),
    "huge key": lambda n: header("k" * n + ": v"),
    "huge quoted key": lambda n: header('"' + "k" * n + '": v'),
    "huge value": lambda n: header("k: " + "v" * n),
    "many keys": lambda n: header(numbered("k#: v\n", n)),
    "one key many times": lambda n: header(many("k: v\n", n)),
    "colons to repair": lambda n: header(numbered("k#: a: b\n", n)),
    "colons in one line": lambda n: header("k: " + many("a: ", n)),
    "lines without key": lambda n: header(many("word word\n", n)),
    "lines to join": lambda n: header("description: x\n" + many("words go on here\n", n)),
    "tabs": lambda n: header(many("\tk: v\n", n)),
    "tab indents": lambda n: header("k:\n" + many("\t- v\n", n)),
    "open quote": lambda n: header('k: "' + many("a b\n", n)),
    "open single": lambda n: header("k: '" + many("it''s\n", n)),
    "quotes": lambda n: header("k: " + many('"a" ', n)),
    "quoted starts": lambda n: header(numbered('k#: "a" b\n', n)),
    "brackets": lambda n: header(numbered("k#: [a\n", n)),
    "braces": lambda n: header(many("k: {a: b\n", n)),
    "mixed indent": lambda n: header(numbered("k#:\n   a: b\n  c: d\n", n)),
    "block text": lambda n: header("k: |\n" + many("  text\n", n)),
    "block text badly": lambda n: header("k: |\n" + many("  text\ntext\n", n)),
    "folded": lambda n: header("k: >-\n" + many("  a\n\n", n)),
    "comments": lambda n: header(many("# c\n", n)),
    "percent": lambda n: header(many("%d x\n", n)),
    "stars": lambda n: header(numbered("k#: *star*\n", n)),
    "at signs": lambda n: header(numbered("k#: @x `y`\n", n)),
    "escapes": lambda n: header('k: "' + many("\\x41", n) + '"'),
    "bad escapes": lambda n: header(numbered('k#: "\\d"\n', n)),
    "tool list": lambda n: header("tools: [" + many("Read, ", n) + "Read]"),
    "tool text": lambda n: header("tools: " + many("Read, ", n) + "Read"),
    "tool lines": lambda n: header("tools:\n" + many("  - Read\n", n)),
    "tool scopes": lambda n: header("tools: " + many("Bash(git *), ", n) + "Read"),
    "tool parens": lambda n: header("tools: Bash" + "(" * n),
    "unknown tools": lambda n: header("tools: [" + numbered("tool#, ", min(n, 60_000)) + "x]" + many("\n#", n)),
    # of these about as many as there may be: 2,000 rules, 10,000 values
    "permission keys": lambda n: header("permission:\n" + numbered("  tool#: allow\n", min(n, 85_000))),
    "permission patterns": lambda n: header("permission:\n  bash:\n" + numbered("    x# *: deny\n", min(n, 30_000))),
    "permission turns": lambda n: header(
        "permission:\n  bash:\n    '*': allow\n" + numbered("    x# *: deny\n    y# *: allow\n", min(n, 30_000))
    ),
    "tool map": lambda n: header("tools:\n" + numbered("  tool#: true\n", min(n, 80_000))),
    "mcp tools": lambda n: header("tools: [" + numbered("mcp__s__t#, ", min(n, 30_000)) + "x]"),
    "mcp servers": lambda n: header("tools: [" + numbered("mcp__s#__t, ", min(n, 30_000)) + "x]"),
    "denied mcp tools": lambda n: header("disallowedTools: [" + numbered("mcp__s__t#, ", min(n, 30_000)) + "x]"),
    "server configurations": lambda n: header("mcpServers:\n" + numbered("  s#: {command: x}\n", min(n, 65_000))),
    "listed agents": lambda n: header("tools: [agent]\nagents: [" + numbered("a#, ", min(n, 15_000)) + "x]"),
    "hooks": lambda n: header("hooks:\n  Stop:\n" + numbered("    - {matcher: a#}\n", min(n, 80_000))),
    "scoped tools": lambda n: header("tools: [" + numbered('"Bash(x# *)", ', min(n, 30_000)) + "x]"),
    "long name": lambda n: header("").replace("name: a", "name: " + "a" * n),
    "long description": lambda n: header("").replace("description: d", "description: " + many("word ", n)),
    "odd breaks": lambda n: header("k: " + many("\u2028\x85", n)),
    "carriage returns": lambda n: header("k: v" + many("\rk: v", n)),
    "no end": lambda n: "---\nname: a\n" + many("k: v\n", n),
    "dashes": lambda n: many("---\n", n),
    "dashes in lines": lambda n: header(many("a --- b\n", n)),
    "fences": lambda n: many("```\n", n),
    "fences of words": lambda n: many("```chatagent\n---\n", n),
    "tildes": lambda n: many("~~~~\n", n),
    "blank": lambda n: many("\n", n),
    "blanks": lambda n: many(" ", n) + "\n---\nname: a\n---\n",
    "comment in front": lambda n: "<!--" + many(" -", n) + header(""),
    "marks": lambda n: many("\ufeff", n) + header(""),
    "headings": lambda n: many("## a\n", n),
    "carriers": lambda n: header("") + many("\n\n<!-- agentconv:carry {} -->", n) + "x",
    "carrier": lambda n: header("") + "\n\n<!-- agentconv:carry {" + many('"a":', n) + "} -->",
    "carried blanks": lambda n: header("") + "\n\n<!-- agentconv:carry {} -->" + many(" \n", n) + "x",
    "guards": lambda n: header("").replace("Body.", many("[agentconv: a]\n", n)),
    "sections": lambda n: header("") + many("\n## Capabilities\n\n- a\n", n),
    "expansions": lambda n: header("") + many("${a}", n),
    "open expansions": lambda n: header("") + many("${", n),
    "file references": lambda n: header("") + many("{file:a}", n),
    "body": lambda n: header("") + many("Some words of a prompt.\n", n),
    "one line": lambda n: header("") + "x" * n,
    "surrogates": lambda n: header("k: " + many("\\ud800", n)),
}
TOMLS: dict[str, Shape] = {
    "deep lists": lambda n: "x = " + "[" * n,
    "deep closed": lambda n: "x = " + "[" * (n // 2) + "]" * (n // 2),
    "deep tables": lambda n: "x = " + many("{a = ", n),
    "dotted key": lambda n: many("a.", n) + "a = 1",
    "dotted table": lambda n: "[" + many("a.", n) + "a]",
    "dotted quoted": lambda n: many('"a".', n) + "a = 1",
    "many keys": lambda n: numbered("k# = 1\n", n),
    "many tables": lambda n: numbered("[k#]\n", n),
    "lists of tables": lambda n: many("[[k]]\n", n),
    "inner lists": lambda n: "[[a]]\n" + many("[[a.b]]\n", n),
    "huge key": lambda n: "k" * n + " = 1",
    "huge text": lambda n: 'k = "' + "v" * n + '"',
    "open text": lambda n: 'k = """' + many('a""b', n),
    "open single": lambda n: "k = '''" + many("a''b", n),
    "numbers": lambda n: "k = " + "9" * n,
    "floats": lambda n: "k = 1." + "9" * n,
    "dates": lambda n: "k = [" + many("1979-05-27T07:32:00Z, ", n) + "]",
    "list": lambda n: "enabled_tools = [" + many('"read_file", ', n) + "]",
    "comments": lambda n: many("# c\n", n),
    "blank": lambda n: many("\n", n),
    "equals": lambda n: "k " + "=" * n,
    "escapes": lambda n: 'k = "' + many("\\u0041", n) + '"',
    "escaped ends": lambda n: 'k = """' + many("\\\n", n) + '"""',
    "body": lambda n: ROLE + many("Some words.\n", n) + '"""\n',
}  # fmt: skip
MODE = '{"slug": "a#", "name": "a", "roleDefinition": "x", "groups": []},'
ROLE = 'name = "a"\ndescription = "d"\ndeveloper_instructions = """\n'
JSONS: dict[str, Shape] = {
    "deep lists": lambda n: "[" * n,
    "deep maps": lambda n: many('{"a":', n),
    "deep closed": lambda n: '{"a":' + "[" * (n // 2) + "]" * (n // 2) + "}",
    "many keys": lambda n: "{" + numbered('"k#": 1,\n', n) + '"z": 1}',
    "one key many times": lambda n: "{" + many('"k": 1,', n) + '"z": 1}',
    "huge key": lambda n: '{"' + "k" * n + '": 1}',
    "huge text": lambda n: '{"k": "' + "v" * n + '"}',
    "open text": lambda n: '{"k": "' + "v" * n,
    "escapes": lambda n: '{"k": "' + many("\\u0041", n) + '"}',
    "bad escape": lambda n: '{"k": "' + many("\\\\", n) + '\\q"}',
    "halves": lambda n: '{"k": "' + many("\\ud800", n) + '"}',
    "numbers": lambda n: '{"k": ' + "9" * n + "}",
    "comments": lambda n: many("/* * / */", n) + "{}",
    "open comment": lambda n: "/*" + many("* ", n),
    "slashes": lambda n: many("//\n", n) + "{}",
    "blank": lambda n: " " * n + "{}",
    "list": lambda n: '{"name": "a", "tools": [' + many('"read", ', n) + '"read"]}',
    "entries": lambda n: '{"agent": {' + numbered('"a#": {"prompt": "x"},', n) + '"z": {}}}',
    "modes": lambda n: '{"customModes": [' + numbered(MODE, n) + "{}]}",
    "body": lambda n: json.dumps({"name": "a", "description": "d", "prompt": many("Some words.\n", n)}),
}  # fmt: skip
SHAPES = {"frontmatter": HEADERS, "toml": TOMLS, "json": JSONS}
YAMLS = {
    name: (lambda n, s=shape: s(n).removeprefix("---\n").replace("\n---\n", "\n")) for name, shape in HEADERS.items()
}
SHAPES["typescript"] = {
    **{name: (lambda n, s=shape: "export default " + s(n)) for name, shape in JSONS.items()},
    "imports": lambda n: "import " + many("a, ", n),
    "import of blanks": lambda n: "import" + " " * n,
    "templates": lambda n: "export default { handleSteps: function* () {" + many("`${", n),
    "open template": lambda n: "export default { a: `" + many("$", n),
    "types": lambda n: "const a: " + many("A<", n),
    "assertions": lambda n: "export default { a: 1 " + many("as A ", n) + "}",
    "steps": lambda n: "export default { handleSteps: function* () {" + many(" x", n) + "} }",
    "brackets": lambda n: "export default " + "(" * n,
    "statements": lambda n: many("const a = 1\n", n) + "export default { }",
}  # fmt: skip
SHAPES |= {"yaml": {**YAMLS, **{f"json {k}": v for k, v in JSONS.items()}}, "sections": HEADERS}


def cases(every: bool = True) -> Iterator[tuple[str, str]]:
    """Format and shape: every format, or the first of each syntax."""
    first: set[str] = set()
    for id in ids():
        syntax = load(id).syntax
        if every or syntax not in first:
            first.add(syntax)
            for name in SHAPES[syntax]:
                yield id, name


def read_and_convert(id: str, text: str) -> str:
    """What a run does with one file; how it ended."""
    results = convert_text(text, from_=id, to="vscode" if id != "vscode" else "opencode")
    return results[0].status if results else "nothing"


def work(pipe: Connection, id: str, name: str, size: int) -> None:
    """In the process of a case: convert it, say what it cost and how it ended."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    text = SHAPES[load(id).syntax][name](size)
    resource.setrlimit(resource.RLIMIT_CPU, (40, 41))
    started = time.process_time()
    try:
        ended = read_and_convert(id, text)
    except Exception as error:
        ended = f"{type(error).__name__}: {error}"[:100]
    cpu = time.process_time() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pipe.send((cpu / slowness(), after - before, ended))
    pipe.close()


def warm() -> None:
    """What a run reads once is no cost of a file."""
    sample = "---\nname: a\ndescription: d\ntools: Read, run_in_terminal, mcp__a__b, Nonsense\n---\nx\n"
    for target in ("vscode", "opencode"):
        convert_text(sample, from_="claude-code", to=target)


def measured(id: str, name: str, size: int) -> tuple[float, float, str]:
    """CPU seconds, megabytes more than at the start, and how it ended.

    Each case is a fork of a server that has only this module in it: a fork of the test process would have all of the
    suite in its memory, which hides what a file takes and makes each collection of garbage go through it.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.security.warm"])
    mine, theirs = context.Pipe(False)
    child = context.Process(target=work, args=(theirs, id, name, size))
    child.start()
    theirs.close()
    try:
        return mine.recv()  # type: ignore[no-any-return]
    except EOFError:
        return 40.0, 0.0, "killed"
    finally:
        child.join()
