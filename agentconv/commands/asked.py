"""What the command line asks for, as a plan and the sources that it is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agentconv.commands.own_formats import known
from agentconv.project.nearby import is_file, is_there

if TYPE_CHECKING:
    from agentconv.lowering.lowered import Options
    from agentconv.project.config import Config
    from agentconv.project.planning import Plan
    from agentconv.project.sources import Source

LOOKED_AT = 20  # files of a folder that might hold agents


class NoAgents(click.ClickException):
    """F004."""

    exit_code = 3

    def __init__(self, src: tuple[str, ...], targets: tuple[str, ...] = ()) -> None:
        if src:
            super().__init__(f"F004 {_in_named(src)}")
            return
        context = click.get_current_context(silent=True)
        of_user = bool(context is not None and context.params.get("user"))
        where = f"in the known places of {'your home folder' if of_user else f'this project{_root_of_project()}'}"
        if targets and (own := _of_targets()):
            where = f"{where} but for the targets' own"
            advice = f"`agentconv convert {own} --to …` takes those as sources."
        else:
            advice = _where_else() or "Name a file or a folder; `agentconv formats` lists the places."
        super().__init__(f"F004 no agents found {where}. {advice}")


def _in_named(src: tuple[str, ...]) -> str:
    """What was looked for in the files and folders that were named, and what can be done."""
    from agentconv.project.nearby import is_folder, is_missing
    from agentconv.reading.deciding import no_agents_of

    for one in src:
        if one != "-" and not is_there(Path(one)):
            message, help = is_missing(Path(one))
            return f"no agents found: `{one}` is {message}; {help}"
    where = " and ".join("standard input" if one == "-" else f"`{one}`{_called(one)}" for one in src)
    told = (no_agents_of(f"{(Path.cwd() / one).resolve().as_posix()}/") for one in src)
    if other := next(filter(None, told), None):
        return f"no agents found in {where}. What lies there is {other['is']}; {other['do']}."
    looked = "no file there" if any(is_folder(Path(one)) for one in src) else "nothing there"
    advice = "--from ID takes what is there for that format; `agentconv formats` lists the formats and their places."
    return f"no agents found in {where}: {looked} is an agent file of a format that agentconv knows. {advice}"


def _called(one: str) -> str:
    """The name of a folder that was named without it."""
    name = "" if one.strip("./") else Path(one).resolve().name
    return f" (the folder `{name}`)" if name else ""


def _root_of_project() -> str:
    """Where the project begins, for who stands somewhere below it."""
    from agentconv.project import finding, sources

    here = Path.cwd()
    root = finding.find_root(here, sources.place_marks())
    return "" if root == here else f" (`{'/'.join(['..'] * len(here.relative_to(root).parts))}`)"


def _of_targets() -> str:
    """A folder whose agents are no sources, because it is where one of the targets lies."""
    from agentconv.project import finding, sources

    listed = sources.listed_places(finding.find_root(Path.cwd(), sources.place_marks()))
    return next((one.place for one in map(sources.taken, listed) if one is not None), "")


def _where_else() -> str:
    """What there is in place of agents: a plugin, files that their program gave up, those of a program that has no
    description and writes the form of another."""
    from agentconv.registry import heads, manifests

    here = Path.cwd()
    if any(is_file(here / place) for place in manifests()):
        return "This is the folder of a plugin: name it, `.`, and its agents are taken."
    for head in heads().values():
        places = head.get("places") or {}
        for glob in places.get("legacy", ()):
            if any(here.glob(glob)):
                folder = glob.rpartition("/")[0]
                return f"{head['program']} reads `{folder}` no longer: name the folder, and its files are taken."
        for place, whose in (places.get("alike") or {}).items():
            if is_file(here / place):
                return f"`{place}` is {whose}'s, in the form of {head['program']}: name it, and it is read as that."
    if near := named_only(here):
        return f"`{near[0]}` holds files for {near[1]}: name the folder, and they are taken."
    return ""


def named_only(root: Path) -> tuple[str, str] | None:
    """A folder with agents that is no place of a program: what lies there is taken where it is named. And whose."""
    from agentconv.containers import MAX_BYTES
    from agentconv.project import sources
    from agentconv.registry import heads

    for head in heads().values():
        write = str((head.get("places") or {}).get("write") or "")
        folder = write.split("{")[0].rpartition("/")[0]
        if not folder or not (root / folder).is_dir():
            continue
        for source in islice(sources.listed([folder], root, None, MAX_BYTES), LOOKED_AT):
            known = sources.taken(source)
            if known is not None and known.format is not None and _holds_agents(known, known.format):
                return folder, str(heads()[known.format]["program"])
    return None


def _holds_agents(source: Source, format: str) -> bool:
    """Whether an agent comes of the file, too: settings of others have its name, and texts without a header."""
    from agentconv.reading.engine import read_author
    from agentconv.registry import load

    return source.text is not None and bool(read_author(load(format), source.text, source.path).agents)


def split_words(values: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Repeated and comma-separated options as one list. An option without a word is no missing option: `--only "$NAME"`
    with an empty variable does not mean all."""
    words = tuple(dict.fromkeys(w.strip() for v in values for w in v.split(",") if w.strip()))
    if values and not words:
        raise click.UsageError(f"{option} is there without a word")
    return words


def _check_output(output: str | None) -> None:
    if output == "":
        raise click.UsageError("--output is there without a word")
    if output and (blank := re.search(r"\{(?!id\}|name\}|plugin\})[a-z_]*\}", output)):
        raise click.UsageError(f"--output knows no `{blank[0]}`: {{id}}, {{name}} and {{plugin}} are filled in")


def asked(src: tuple[str, ...], to: tuple[str, ...], given: dict[str, Any]) -> tuple[Plan, Iterator[Source]]:
    """The plan and the sources of the command line."""
    from agentconv.project import finding, sources
    from agentconv.project.planning import OneFile, Plan, named_file

    words, from_ = split_words(to, "--to"), given["from_"]
    _check_output(given["output"])
    out = given["output"] if given["output"] is not None or src != ("-",) else "-"
    targets = targets_of(words, out)
    if from_ is not None:
        known(from_)
    cwd = Path.cwd()
    if len(targets) > 1 and "{id}" not in (out or "") and (name := named_file(out, cwd, targets)):
        raise click.UsageError(str(OneFile(name, "one format")))
    around = Path.home() if given["user"] else finding.find_root(cwd, sources.place_marks())
    config = None if src or given["user"] else settings_of(cwd)
    settled = config is not None and bool(config.sources)
    root = config.root if config is not None and settled else around
    if root == Path.home() and not given["user"] and out is None:
        raise click.UsageError("this is the home folder, no project: --user converts your own agents, -o names a place")
    plan = Plan(
        cwd if out is not None and out != "-" and not given["user"] else root,
        targets,
        options_of(given),
        output=out,
        flat=given["flat"],
        force=given["force"],
        update=given["update"],
        in_place=given["in_place"],
        dry=given["dry_run"] or given["show_diff"] or given["check"],
        suffix=given["on_collision"] == "suffix",
        only=split_words(given["only"], "--only"),
        exclude=split_words(given["exclude"], "--exclude"),
        found=not src,
        all=words == ("all",),
        everything=not src and words == ("all",),
        texts=given["show_diff"],
        jobs=given["jobs"],
    )
    if src:
        return plan, _followed(sources.listed(src, cwd, from_, given["max_bytes"]), given)
    if config is not None and settled:
        from agentconv.project import configured

        found = iter(configured.sources(config, given["max_bytes"]))
    else:
        closed = () if from_ is not None or plan.everything else targets
        places = sources.listed_places(around, closed, given["user"], given["max_bytes"])
        found = (s for s in _followed(places, given) if from_ is None or from_ in s.among)
    return plan, (s for s in found if from_ is None or _is_of(s, from_))


def _is_of(source: Source, format: str) -> bool:
    """Whether a file is of the format. It is read only where others have the same place: of ten thousand the texts
    would all be held at once."""
    from agentconv.project import sources

    if source.among == (format,):
        return True
    before = source.format
    found = (sources.taken(source) or source).format
    sources.forget(source, before)
    return found == format


def options_of(given: dict[str, Any]) -> Options:
    """How the agents are to be lowered."""
    from agentconv.lowering.lowered import Options

    widen = split_words((given["allow_widening"],), "--allow-widening") if given["allow_widening"] else ()
    for word in widen:
        _widening_word(word)
    return Options(
        allow_widening=frozenset(widen),
        skip_refused=given["skip_refused"],
        strict=given["strict"],
        approval="ask" if given["approval"] == "ask" else "",
        model_policy=given["model_policy"],
        model_map=_model_map(given["model_map"]),
        guard=not given["no_guard"],
        user=given["user"],
        carry=given["carry"],
        fold=given["fold"],
        rewrite=_rewrite(given["rewrite_body"]),
        in_code=given["in_code"],
        lift=given["lift"],
    )


def _followed(found: Iterable[Source], given: dict[str, Any]) -> Iterator[Source]:
    """Sources that with --allow-outside may be links out of their folder, and may name files there."""
    for source in found:
        source.outside = given["allow_outside"]
        yield source


def settings_of(cwd: Path) -> Config | None:
    """The settings of the project, where it has some."""
    from agentconv.project import config

    try:
        return config.find(cwd)
    except config.BadConfig as error:
        raise click.UsageError(str(error)) from error


def targets_of(words: tuple[str, ...], output: str | None) -> tuple[str, ...]:
    """The formats that the words name, where all of them can be written at once."""
    from agentconv import registry

    if output == "-" and (len(words) > 1 or words == ("all",)):
        raise click.UsageError("standard output takes one file: name one format, or a folder with -o 'FOLDER/{id}/'")
    if words == ("all",):
        found = [id for id in registry.for_all() if registry.trusted(id)]
        return tuple(found) if output is not None and "{id}" in output else primary(found)
    for word in words:
        target(word)
    places: dict[str, str] = {}
    for id in words:
        place = str((registry.heads()[id].get("places") or {}).get("write"))
        if place in places and (output is None or "{id}" not in output):
            raise click.UsageError(
                f"`{places[place]}` and `{id}` have one place ({place}): name one, or use -o '…/{{id}}/'"
            )
        places[place] = id
    return words


def primary(ids: list[str]) -> tuple[str, ...]:
    """Of formats that write to one place the one with more users."""
    from agentconv import registry

    found: dict[str, str] = {}
    for id in ids:
        place = (registry.heads()[id].get("places") or {}).get("write")
        if place:
            found.setdefault(str(place), id)
    return tuple(found.values())


def target(id: str) -> None:
    """Stop where nothing can be written in this format."""
    from agentconv import registry

    known(id)
    if id not in registry.targets():
        head = registry.heads()[id]
        raise click.UsageError(f"F005 `{id}` is read, not written: {head.get('readable_only') or head['title']}")


def _rewrite(words: tuple[str, ...]) -> frozenset[str]:
    legal = ("names", "tools", "paths")
    wanted = split_words(words, "--rewrite-body")
    for word in wanted:
        if word not in (*legal, "all"):
            raise click.UsageError(f"--rewrite-body knows no `{word}`: {', '.join(legal)}, all")
    return frozenset(legal if "all" in wanted else wanted)


def _widening_word(word: str) -> None:
    legal = ("*", "reads", "writes", "runs", "network", "delegates", "limits", "all")
    if word not in legal and not word.startswith("mcp:"):
        raise click.UsageError(
            f"--allow-widening knows no `{word}`: reads, writes, runs, network, delegates, mcp:SERVER, limits"
        )


def _model_map(pairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    out = []
    for pair in pairs:
        expression = pair[:1] == "="  # Agent Framework writes `=Env.MODEL`
        old, equals, new = pair.rpartition("=") if expression else pair.partition("=")
        if not equals or not old or not new:
            raise click.UsageError(f"--model-map takes FROM=TO, not `{pair}`")
        out.append((old, new))
    return tuple(out)
