"""What the published schema of Amazon Q's agents, which Kiro CLI 2 reads too, makes of a project's JSON agents.

Kiro CLI itself is closed and in no package index. What its manual adds to the schema is added here: the keys that only
it has, the file's stem as the name of an agent without one, resources that are no files. A prompt ``file://…`` is the
text of that file, and a missing one an error, as in the source of Amazon Q (15cc8f3).
"""

import json
import pathlib
import sys

import jsonschema

KIRO_ONLY = {"includeMcpJson", "includePowers", "keyboardShortcut", "welcomeMessage", "toolSchema"}
KIRO, AMAZON_Q = ".kiro/agents", ".amazonq/cli-agents"


def distinct(pairs):
    """The program's parser refuses a key that is there twice."""
    keys = [key for key, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"duplicate field `{twice}`")
    return dict(pairs)


def read(path, check):
    """The agent of a file; what is wrong with it raises."""
    agent = json.loads(path.read_text("utf-8"), object_pairs_hook=distinct)
    if not isinstance(agent, dict):
        raise ValueError("not an object")
    tested = dict(agent)
    if KIRO in path.as_posix():
        tested = {"name": path.stem, **{key: value for key, value in agent.items() if key not in KIRO_ONLY}}
        if isinstance(tested.get("resources"), list):
            tested["resources"] = [r for r in tested["resources"] if isinstance(r, str) and r.startswith("file://")]
    wrong = [f"{'/'.join(map(str, e.absolute_path)) or '(top)'}: {e.message}" for e in check.iter_errors(tested)]
    if wrong:
        raise ValueError("; ".join(wrong)[:400])
    prompt = agent.get("prompt")
    if prompt is not None and prompt.startswith("file://"):
        prompt = (path.parent / prompt.removeprefix("file://")).read_text("utf-8")
    return {
        "name": agent.get("name", path.stem),
        "description": agent.get("description"),
        "prompt": prompt,
        "tools": agent.get("tools", []),
        "model": agent.get("model"),
    }


def main():
    program, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    check = jsonschema.Draft7Validator(json.loads((program / "schema.json").read_text("utf-8")))
    agents, errors = [], []
    for folder in (KIRO, AMAZON_Q):
        for path in sorted((root / folder).glob("*.json")):
            file = path.relative_to(root).as_posix()
            try:
                agents.append({**read(path, check), "file": file})
            except (ValueError, OSError) as problem:
                errors.append({"file": file, "message": str(problem)})
    version = "agent-v1.json, " + (program / "version").read_text("utf-8").strip()
    out = {"client": "amazonq", "version": version, "agents": agents, "errors": errors}
    print(json.dumps(out, indent=1, ensure_ascii=False))


main()
