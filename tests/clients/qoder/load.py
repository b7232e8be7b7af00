import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

pkg, src = pathlib.Path(sys.argv[1], "node_modules/@qoder-ai/qodercli"), pathlib.Path(sys.argv[2])
version = json.loads((pkg / "package.json").read_text())["version"]
base = src / ".qoder" / "agents" if (src / ".qoder" / "agents").is_dir() else src


def ask(files):
    """One run of the real program over these files: [(name, model)], error count."""
    with tempfile.TemporaryDirectory() as tmp:
        proj, home = pathlib.Path(tmp, "p"), pathlib.Path(tmp, "h")
        home.mkdir()
        (proj / ".qoder" / "agents").mkdir(parents=True)
        for f in files:
            to = proj / ".qoder" / "agents" / f.relative_to(base)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(f, to)
        r = subprocess.run(
            [
                "env",
                "-i",
                "PATH=" + os.environ["PATH"],
                f"HOME={home}",
                "NO_COLOR=1",
                "timeout",
                "60",
                "node",
                str(pkg / "bundle" / "qodercli.js"),
                "agents",
                "list",
            ],
            cwd=proj,
            capture_output=True,
            text=True,
        )
        out = r.stdout + r.stderr
        m = re.search(r"^(\d+) errors? loading", out, re.M)
        sect = re.search(r"^Project:\n((?:  .*\n?)*)", out, re.M)
        got = [tuple(x.strip() for x in l.split(" · ", 1)) for l in (sect.group(1).splitlines() if sect else [])]
        return got, int(m.group(1)) if m else 0, out


def declared(f):
    m = re.match(r"^---\r?\n([\s\S]*?)\r?\n---", f.read_text("utf-8", "replace").lstrip("\ufeff"))
    n = re.search(r"^name:[ \t]*(.*?)\s*$", m.group(1), re.M) if m else None
    return n.group(1).strip("\"'") if n else None


def known():
    """The names of its tools: the longest list of constants in the bundle that holds these two of them."""
    code = (pkg / "bundle" / "qodercli.js").read_text("utf-8", "replace")
    texts = dict(re.findall(r'[,;{ ]([A-Za-z_$][\w$]{0,5})="([A-Za-z]+)"', code))
    lists = re.findall(r"[\[(]((?:[A-Za-z_$][\w$]{0,5},){12,}[A-Za-z_$][\w$]{0,5})[\])]", code)
    found = [[texts.get(word) for word in one.split(",")] for one in lists]
    tools = [one for one in found if {"EnterWorktree", "CronCreate"} <= set(one) and None not in one]
    return sorted(max(tools, key=len, default=[]))


# one run over everything (a run takes seconds), then as few runs as possible for the files it did not settle
files = sorted(p for p in base.rglob("*") if p.is_file())
names = [declared(f) for f in files]
listed = dict(ask(files)[0]) if files else {}
agents, errors, left = [], [], []
for f, n in zip(files, names, strict=False):
    if n and names.count(n) == 1 and n in listed:
        agents.append({"name": n, "model": listed[n], "file": str(f.relative_to(src))})
    else:
        left.append(f)


def settle(some):
    """What the program makes of each of these: together, and in halves as long as it lists one of them."""
    got, bad, _ = ask(some)
    if not got:
        said = "error loading agent config" if bad else "not listed (no frontmatter, wrong place or extension)"
        return [], [{"file": str(f.relative_to(src)), "message": f"qodercli: {said}"} for f in some]
    if len(some) == 1:
        rel = str(some[0].relative_to(src))
        return [{"name": n[0], "model": n[1] if len(n) > 1 else None, "file": rel} for n in got], []
    first, second = settle(some[: len(some) // 2]), settle(some[len(some) // 2 :])
    return first[0] + second[0], first[1] + second[1]


parts = [left[n::4] for n in range(4) if left[n::4]]
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    for more, wrong in pool.map(settle, parts):
        agents += more
        errors += wrong
errors.sort(key=lambda e: e["file"])
agents.sort(key=lambda a: a["file"])
said = {"client": "qoder", "version": version, "known": {"tools": known()}, "agents": agents, "errors": errors}
print(json.dumps(said, indent=1))
