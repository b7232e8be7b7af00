import importlib.metadata
import json
import pathlib
import sys

from skills_ref import parser, validator

root = pathlib.Path(sys.argv[2])
agents, errors = [], []
for f in sorted(p for p in root.rglob("*") if p.name in ("SKILL.md", "skill.md")):
    rel = str(f.relative_to(root))
    try:
        bad = validator.validate(f.parent)
    except Exception as e:  # its YAML library fails at some control characters (0.1.1)
        errors.append({"file": rel, "message": repr(e)})
        continue
    errors += [{"file": rel, "message": m} for m in bad]
    try:
        meta, body = parser.parse_frontmatter(f.read_text("utf-8"))
        if not bad:
            agents.append({**meta, "file": rel, "prompt": body})
    except Exception as e:
        if not bad:
            errors.append({"file": rel, "message": str(e)})
print(
    json.dumps(
        {
            "client": "agent-skills",
            "version": "skills-ref " + importlib.metadata.version("skills-ref"),
            "agents": agents,
            "errors": errors,
        },
        indent=1,
        ensure_ascii=False,
    )
)
