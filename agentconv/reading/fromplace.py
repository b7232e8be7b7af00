"""What the place of a file says of its agent: its id, and fields that it decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from agentconv.spec import Spec


def forced_by(spec: Spec, path: str) -> Mapping[str, Any]:
    """Fields that the file's place decides, whatever the file says."""
    slashed = "/" + path.lstrip("/")
    for glob, fields in (spec.tables.get("forced") or {}).items():
        fixed = "/" + re.split(r"[*?\[]", glob, maxsplit=1)[0]  # looked for first: a pattern costs more
        if fixed in slashed and fnmatchcase(slashed, "*/" + glob):
            return dict(fields)
    return {}


def place_id(spec: Spec, path: str) -> str:
    """What the file's place says about the agent's id: its stem, or its path below the place."""
    folder = next((s for s in spec.head.get("suffixes") or () if s.startswith("/") and path.endswith(s)), "")
    bare = path.removesuffix(folder)  # the agent is called like its folder
    last = PurePosixPath(bare).name if bare[-1:] in ("", "/", ".") else bare.rsplit("/", 1)[-1]
    name = last if folder else stem(spec, last)
    if dashes := spec.identity.get("stem_dashes"):
        name = re.sub(dashes, "-", name)
    if spec.head.get("folder"):
        return PurePosixPath(bare).parent.name or name
    between = "/" if spec.identity.get("by") == "path" else spec.identity.get("folders")
    if not between:
        return name
    inside = _below_place(spec, bare.rpartition("/")[0])
    return f"{inside}/{name}".replace("/", between) if inside else name


@lru_cache(maxsize=256)  # the files of a folder follow each other
def _below_place(spec: Spec, folder: str) -> str:
    """The part of a folder's path that lies below the format's place."""
    parts = list(PurePosixPath(folder).parts)
    places = spec.head.get("places") or {}
    for glob in (*places.get("project", ()), *places.get("user", ())):
        fixed = [p for p in PurePosixPath(glob.split("*", 1)[0].lstrip("~/")).parts if p]
        for at in range(len(parts) - len(fixed) + 1):
            if fixed and parts[at : at + len(fixed)] == fixed:
                return "/".join(parts[at + len(fixed) :])
    return ""


def stem(spec: Spec, name: str) -> str:
    """A file name without the suffixes of the format."""
    for suffix in spec.head.get("suffixes") or [".md"]:
        if name.endswith(suffix) and name != suffix:
            return name[: -len(suffix)]
    return name.rsplit(".", 1)[0] if "." in name[1:] else name
