"""Lowering of models: the same model in the target's spelling, else one of the same tier, else none."""

from __future__ import annotations

import re
from dataclasses import replace

from agentconv import models
from agentconv.lowering.lowered import Lowered, Options
from agentconv.model import Agent, Extra, Model
from agentconv.notes import Note, note
from agentconv.spec import Spec

DEFAULT = "its default"
PLAIN_WORD = re.compile(r"[\w./:@+,%^=-]+", re.ASCII)  # what no shell takes apart


def lower_models(agent: Agent, src: Spec, dst: Spec, options: Options, out: Lowered) -> tuple[Model, ...] | None:
    """The models in the target's words; ``None`` leaves the choice to the program."""
    if not agent.model:
        return None
    if options.model_policy == "drop":
        out.say("M007", "models are left out, as asked", "model")
        return None
    asked = dict(options.model_map)
    written: list[str] = []
    missing: list[Note] = []
    for wished in agent.model:
        mapped = asked.get(wished.text) or (asked.get(wished.id) if wished.id else None)
        if mapped:
            out.say("M007", f"`{wished.text}` became `{mapped}`, as asked", "model")
            written.append(mapped)
            continue
        if options.model_policy == "keep" and dst.models:
            out.say("M007", f"`{wished.text}` is written as it stands, as asked", "model")
            written.append(wished.text)
            continue
        text, how = models.spell(wished, dst)
        alien = text is None and how == "tier"  # Claude's `sonnet` is no model of OpenCode, whoever wrote it there
        own = src.program == dst.program and dst.models and not alien
        if own and (text is None or _takes(wished.text, dst)):  # a provider that the user set up is known there only
            written.append(wished.text)
            continue
        if text is None:
            missing.append(_no_model(wished, how, dst))
            continue
        shorter = models.PARAMETERS.search(wished.text) and not models.PARAMETERS.search(text)
        if text != wished.text and (how == "tier" or shorter):
            out.say("M002", f"`{wished.text}` became `{text}`", "model")
        written.append(text)
    written = list(dict.fromkeys(written))
    if len(written) > 1 and not dst.models.get("list"):
        out.say("M004", f"{dst.program} takes one model; `{written[0]}` is kept", "model")
        written = written[:1]
    for text in written:
        if tier := models.retired(text, dst):
            said = f"`{text}` is retired: {dst.seen} runs today's {tier} in its place"
            out.say("M017", said, "model", help=_by_hand(models.model_of(text)))
    for one in missing:
        if written:  # another one of the source's list is there, so the program does not come to its default
            text = one.message.replace(f"; it uses {DEFAULT}", "; left out of the list")
            text = text.replace(f"{dst.program} uses {DEFAULT}", "it is left out of the list")
            one = replace(one, message=text, effect="approximate")
        out.notes.append(one)
    return tuple(models.model_of(t) for t in written) or None


def _takes(text: str, dst: Spec) -> bool:
    """Whether a model may be written so: one that another program was given may have a form that is none here."""
    row = dst.by_field.get("model")
    form = row.fact("pattern") if row is not None else None
    return form is None or re.fullmatch(str(form), text) is not None


def provider(written: tuple[Model, ...] | None, dst: Spec) -> tuple[Extra, ...]:
    """The key beside the model that names who serves it."""
    key = dst.models.get("provider_key")
    word = (dst.models.get("providers") or {}).get(written[0].maker) if written else None
    return (Extra(str(key), str(word), dst.id),) if key and word else ()


def _by_hand(model: Model) -> str:
    """The flag as a shell takes it: models of VS Code end in the name of a maker in brackets."""
    pair = f"{model.text}=NAME"
    if not PLAIN_WORD.fullmatch(pair):
        import shlex

        pair = shlex.quote(pair)
    return f"--model-map {pair} names one"


def _no_model(model: Model, how: str, dst: Spec) -> Note:
    if how == "no model in the file":
        return note("M001", f"{dst.program} has no model in the file (`{model.text}`)", path="model")
    if how == "unknown":
        text = f"`{model.text}` is no model that agentconv knows; {dst.program} uses {DEFAULT}"
        return note("M003", text, path="model", help=_by_hand(model))
    why = {"maker": "does not run models of that maker", "tier": "has no word for that tier"}.get(
        how, "is not known to have it"
    )
    text = f"{dst.program} {why} (`{model.text}`); it uses {DEFAULT}"
    return note("M001", text, path="model", help=_by_hand(model))
