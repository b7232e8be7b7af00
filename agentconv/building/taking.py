"""``--take theirs``: what copies say that no build wrote goes into the sources."""

from __future__ import annotations

from agentconv.conversion import Conversion
from agentconv.notes import Note, note
from agentconv.output.update import gained
from agentconv.project import batch
from agentconv.project.config import BadConfig, Config
from agentconv.project.planning import Plan
from agentconv.project.sources import listed
from agentconv.registry import load

MOST = 5_000_000


def take_back(config: Config, differing: list[tuple[str, Conversion]], dry: bool) -> list[str]:
    """Each copy into its source; what was done, in words. Nothing is done where one of them cannot be taken."""
    by_source: dict[tuple[str, str], list[tuple[str, Conversion]]] = {}
    for path, result in differing:
        by_source.setdefault((result.source, result.name), []).append((path, result))
    wrong = [_several(copies) for copies in by_source.values() if len(copies) > 1]
    single = [copies[0] for copies in by_source.values() if len(copies) == 1]
    wrong += [problem for path, result in single for problem in _taken(config, path, result, dry=True)]
    if wrong:
        raise BadConfig(wrong)
    if not dry:
        for path, result in single:
            if problems := _taken(config, path, result, dry=False):
                raise BadConfig(problems)
    return [f"{path} → {result.source}" for path, result in single]


def _several(copies: list[tuple[str, Conversion]]) -> Note:
    paths = " and ".join(path for path, _ in copies)
    result = copies[0][1]
    text = f"{paths} are copies of `{result.name}` and differ from {result.source}: which one is right?"
    help = "take one of them back: agentconv convert COPY --to FORMAT --update -o SOURCE"
    return note("F013", text, file=result.source, help=help, effect="error")


def _taken(config: Config, path: str, result: Conversion, dry: bool) -> list[Note]:
    """The copy converted into the source, and why that cannot be done."""
    only = (result.entry,) if result.entry else ()
    plan = Plan(config.root, (result.format,), output=result.source, update=True, only=only, dry=dry)
    made = batch.run(plan, list(listed([str(config.root / path)], config.root, result.target, MOST)))
    if any(r.failed or r.status == "kept" for r in made.results) or not made.results:
        told = [n for r in made.results for n in r.notes if n.effect in ("error", "widens")]
        reasons = [n.moved(help=f"--take ours, or {n.help}") if n.code == "F018" else n for n in told]
        return reasons or [note("F002", f"{path} cannot be taken for {result.source}", file=path)]
    wider = [w for _, before, after in made.changes if before for w in gained(load(result.format), before, after)]
    if not wider:
        return []
    text = f"{path} may do more than {result.source}: {', '.join(dict.fromkeys(wider))}"
    command = f"agentconv convert {path} --to {result.format} --update -o {result.source}"
    help = f"--take ours, or take it all the same: {command}"
    return [note("F018", text, file=path, help=help)]
