"""Names: slugs, legal ids, and the place of an output."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from agentconv.fingerprints import sha256
from agentconv.patterns import pattern
from agentconv.spec import Spec

LONGEST = 120  # of a file name: with suffix and lock it has to fit where 143 bytes are the limit (eCryptfs)
WORDS = pattern(r"[a-z0-9]+")


LETTERS = str.maketrans({
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d",
    "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i",
})  # fmt: skip
"""Latin letters that are no other letter with a mark, which NFKD would take off."""


def slug(text: str) -> str:
    """``C# Expert`` -> ``csharp-expert``. Empty where nothing in it is a letter or digit we can write."""
    text = text.replace("#", "sharp").replace("+", "plus").replace("&", " and ")
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS)).encode("ascii", "ignore").decode().lower()
    return "-".join(WORDS.findall(plain))


def stand_in(text: str) -> str:
    """For a name in a script that is not ours to write: the same one for the same name, and another for another, so
    that two agents of a team that writes Japanese are two files."""
    mark = unicodedata.normalize("NFC", text).strip().encode("utf-8", "surrogatepass")
    return f"agent-{sha256(mark)[:6]}" if any(c.isalnum() for c in text) else "agent"


def legal(text: str | None, rules: dict[str, object] | None) -> bool:
    """Whether a name fits the description's rules."""
    if not text or not text.strip() or (not text.isprintable() and any(ord(c) < 32 for c in text)):
        return False
    if not rules:
        return True
    pattern, most = rules.get("pattern"), rules.get("max")
    if isinstance(most, int) and len(text) > most:
        return False
    return not isinstance(pattern, str) or re.fullmatch(pattern, text) is not None


@cache
def taken(spec: Spec) -> frozenset[str]:
    """Names, in lower case, that the program lets no agent have."""
    return frozenset(str(name).lower() for name in spec.identity.get("taken") or ())


@cache
def avoided(spec: Spec) -> frozenset[str]:
    """Names, in lower case, that no conversion writes."""
    return taken(spec) | {str(name).lower() for name in spec.identity.get("avoided") or ()}


DEVICES = re.compile(r"(?i)con|prn|aux|nul|com[0-9]|lpt[0-9]")
SAFE = re.compile(r"[a-z0-9][a-z0-9._-]*")


def file_id(id: str, spec: Spec) -> str:
    """The id as the target's place can hold it: kept where every file system agrees on it, else a slug."""
    rules = spec.identity.get("id")
    parts = [p for p in id.split("/") if p] if spec.identity.get("by") == "path" else [id]
    kept = [
        _no_device(p)
        if SAFE.fullmatch(p) and not p.endswith(".") and len(p) <= LONGEST
        else _no_device(slug(p)[:LONGEST])
        for p in parts
    ]
    made = "/".join(p for p in kept if p)
    if made and legal(made, rules):
        return made
    plain = "/".join(_no_device(s[:LONGEST]) for s in map(slug, parts) if s) or stand_in(id)
    if joint := spec.identity.get("joined"):
        plain = plain.replace("-", str(joint))
        return plain if legal(plain, rules) else f"agent{joint}{plain}"
    return plain


def _no_device(name: str) -> str:
    """On Windows `con` and its like are devices, with any ending."""
    stem, dot, ending = name.partition(".")
    return f"{stem}-agent{dot}{ending}" if DEVICES.fullmatch(stem) else name


def place(spec: Spec, id: str, user: bool = False) -> str:
    """Where a conversion writes the agent, below the root."""
    places = spec.head.get("places") or {}
    template = str(places.get("write_user" if user else "write") or "{id}.md")
    return template.replace("{id}", id)
