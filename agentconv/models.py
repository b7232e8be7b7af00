"""Models: a maker's name for one, read from any program's spelling and written in the target's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from agentconv.containers import Node
from agentconv.model import Model
from agentconv.patterns import pattern
from agentconv.reading.context import CURLY, UNSAID, Bad, Context, is_text, not_text
from agentconv.reading.jstext import as_text
from agentconv.spec import Field, Spec, load_data

DATED = re.compile(r"[-@](20\d{6}|20\d\d-\d\d-\d\d)$")
BEDROCK = pattern(r"^(?:[a-z]{2,6}\.)?anthropic\.([a-z0-9-]+?)-v\d+(?::\d+)?$")  # us.anthropic.claude-…-v1:0
PARAMETERS = pattern(r"\[[^\[\]]*\]$")  # `[1m]`, `[effort=high]`: of the model's use, and only its own program's
DECORATION = re.compile(r"\s*\([\w. -]+\)$|\[[^\[\]]*\]$", re.I)


def read_models(node: Node, row: Field, ctx: Context) -> Any:
    """One model or a list in order of preference."""
    texts = _model_texts(node, row, ctx)
    if texts is None:
        return ()
    # blanks around a name are a slip of the author's, and of the name to most programs
    kept = not ctx.author and (ctx.spec.models.get("blanks_kept") or row.fact("blanks") == "kept")
    alone = kept and row.fact("blanks") == "kept"  # nothing but blanks is a model, too
    texts = [t if kept else t.strip() for t in texts if t.strip() or (alone and t)]
    texts = [_unquoted(t, node, row, ctx) for t in texts]
    inherit = ctx.spec.models.get("inherit")
    known = {str(inherit).lower()} if inherit else set()
    if ctx.author:
        known.add("inherit")
    texts = [t for t in texts if t.lower() not in known]
    if not texts:
        return UNSAID
    return tuple(model_of(t) for t in texts)


def _model_texts(node: Node, row: Field, ctx: Context) -> list[str] | None:
    """The texts of a value, checked as the program does it; ``None`` for an empty list that says something."""
    if row.fact("scalars") == "value" and not ctx.author and (made := as_text(node)) is not None:
        if made and not made.strip() and row.fact("blank"):
            raise Bad("is blank")
        return [made]
    if node.kind == "list":
        texts = [i.text for i in node.items if i.kind == "scalar"]
        if not texts and row.fact("empty"):
            return None
        if not_text(node.items, row):
            raise Bad("must hold text only", tuple(model_of(t) for t in texts) or UNSAID)
        if not ctx.spec.models.get("list"):
            raise Bad("must be one model", tuple(model_of(t) for t in texts) or UNSAID)
        return texts
    if node.kind == "map":
        raise Bad("must be a model name")
    problem = "must be a map" if row.fact("shape") == "map" else ""
    if not problem and not is_text(node, row, ctx):
        problem = f"is {node.text}, which is no text"
    if problem:
        raise Bad(problem, (model_of(node.text),) if node.text.strip() else UNSAID)
    if not node.text.strip() and row.fact("blank"):
        raise Bad("is blank")
    if ctx.spec.models.get("commas"):
        return [one.strip() for one in node.text.split(",") if one.strip()]
    return [node.text]


def _unquoted(text: str, node: Node, row: Field, ctx: Context) -> str:
    """The name between the quotes of a word processor, which no program takes for quotes."""
    bare = text.strip(CURLY).strip()
    if not ctx.author or bare == text or not bare:
        return text
    said = f"{ctx.spec.program} does not know `{text}` in these quotes; read as `{bare}`"
    ctx.say("R007", said, row.field or row.key, node, effect="info")
    return bare


@lru_cache(maxsize=4096)
def model_of(text: str) -> Model:
    """What a spelling means; only the text where nobody knows it."""
    bare = DECORATION.sub("", text.strip())
    if cloud := BEDROCK.match(bare.rsplit("/", 1)[-1]):
        bare = cloud[1]
    tails = [bare, bare.rsplit("/", 1)[-1], DATED.sub("", bare.rsplit("/", 1)[-1]), bare.rsplit(":", 1)[-1]]
    names = _spellings()
    for tail in tails:
        if id := names.get(_fold(tail)):
            facts = load_data("models")[id]
            if facts.get("floating"):
                return Model(text, None, str(facts.get("tier", id)), facts.get("maker"))
            return Model(text, id, facts.get("tier"), facts.get("maker"))
    return Model(text)


def _fold(text: str) -> str:
    return re.sub(r"[\s_.]+", "-", text.strip().lower())


@lru_cache(maxsize=1)
def _spellings() -> Mapping[str, str]:
    out: dict[str, str] = {}
    for id, facts in load_data("models").items():
        for name in (id, facts.get("title"), facts.get("dotted"), *facts.get("dated", ()), *facts.get("aka", ())):
            if name:
                out.setdefault(_fold(str(name)), str(id))
    return out


def spell(model: Model, spec: Spec) -> tuple[str | None, str]:
    """The target's spelling and how it was found: exact, tier, same, or why there is none."""
    table = spec.models
    if not table:
        return None, "no model in the file"
    makers = table.get("makers")
    if model.id is None and model.tier is None:
        return None, "unknown"
    if makers and model.maker and model.maker not in makers:
        return None, "maker"
    if model.id is not None:
        catalogue = table.get("catalogue")
        if (not catalogue or model.id in catalogue) and (text := _format(model.id, spec)):
            return text, "exact"
        if model.tier is None:
            return None, "catalogue"
    tiers = table.get("tiers") or {}
    word = tiers.get(model.tier)
    if word is None:
        return None, "catalogue" if model.id is not None else "tier"
    return (str(model.tier) if word is True else str(word)), ("tier" if model.id or word is not True else "exact")


def retired(text: str, spec: Spec) -> str:
    """The tier whose model the program runs in place of this one: of names as the maker spells them, dated or not."""
    id = model_of(text).id
    tier = (spec.models.get("retired") or {}).get(id)
    if (
        id is None
        or tier is None
        or PARAMETERS.sub("", text.strip()) not in (id, *load_data("models")[id].get("dated", ()))
    ):
        return ""
    return str(tier)


def _format(id: str, spec: Spec) -> str | None:
    facts = load_data("models").get(id)
    template = spec.models.get("spell")
    if not template or facts is None:  # an id that a file gives its model, and nobody knows
        return None
    exceptions: Mapping[str, Any] = spec.models.get("spellings") or {}
    if id in exceptions:
        return str(exceptions[id])
    words = {
        "id": id,
        "dotted": facts.get("dotted", id),
        "title": facts.get("title"),
        "provider": (spec.models.get("providers") or {}).get(facts.get("maker")),
    }
    needed = re.findall(r"\{(\w+)\}", template)
    if any(words.get(n) is None for n in needed):
        return None
    return str(template).format(**words)
