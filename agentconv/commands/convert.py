"""``agentconv convert``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from agentconv.commands.own_formats import format_dir, known


def split_words(values: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Repeated and comma-separated options as one list. An option without a word is no missing option: `--only "$NAME"`
    with an empty variable does not mean all."""
    words = tuple(dict.fromkeys(w.strip() for v in values for w in v.split(",") if w.strip()))
    if values and not words:
        raise click.UsageError(f"{option} is there without a word")
    return words


class Jobs(click.ParamType[int]):
    """A number of processes, or ``auto`` (0)."""

    name = "jobs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        if value == "auto" or value == 0:
            return 0
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is neither a number of processes nor `auto`", param, ctx)
        return number


# how a run is told: the same for `convert` and `build`
FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["never", "approximate", "lost", "narrows", "inherits", "widens"]),
    default="never",
    help="Exit 1 on notes of this effect or worse.",
)
NOTES = click.option(
    "--notes",
    "notes_",
    type=click.Choice(["summary", "full", "json", "github"]),
    default="summary",
    help="How notes are printed.",
)
QUIET = click.option("-q", "--quiet", is_flag=True, help="The rights line only.")
REPORT = click.option(
    "--report", type=click.Path(dir_okay=False), metavar="FILE.json|.sarif|.md|.html", help="Everything, into a file."
)


@click.command()
@click.argument("src", nargs=-1)
@click.option("--to", "to", multiple=True, required=True, metavar="ID[,ID…|all]", help="Formats to convert to.")
@click.option("--from", "from_", metavar="ID", help="Format of the sources, where it is not plain.")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="A file, a folder (or a name ending in /), or - for standard output; {id} {name} {plugin} are filled in.",
)
@click.option("--flat", is_flag=True, help="With -o FOLDER: files straight below it.")
@click.option("--only", multiple=True, metavar="NAME", help="Convert these agents only.")
@click.option("--exclude", multiple=True, metavar="NAME", help="Leave these agents out.")
@click.option("--user", is_flag=True, help="The programs' places in the home folder, on both sides.")
@click.option("--in-place", is_flag=True, help="Allow a source to be overwritten by its own conversion.")
@click.option("--force", is_flag=True, help="Overwrite files that agentconv did not write.")
@click.option(
    "--update", is_flag=True, help="Set what the format knows in existing files; other keys and comments stay."
)
@click.option(
    "--on-collision",
    type=click.Choice(["error", "suffix"]),
    default="error",
    help="Two agents for one output: error (default) or a number behind the second.",
)
@click.option(
    "--allow-widening",
    is_flag=False,
    flag_value="*",
    metavar="[CLASS,…]",
    help="Write agents that gain these there: reads, writes, runs, network, delegates, mcp:*, limits; alone: all.",
)
@click.option("--skip-refused", is_flag=True, help="Refused agents are left out without exit 1.")
@click.option("--strict", is_flag=True, help="Refuse what the target's session adds to every agent, too.")
@click.option("--no-guard", is_flag=True, help="No sentence at the head of the prompt of a widened agent.")
@click.option(
    "--approval",
    type=click.Choice(["allow", "ask"]),
    default="allow",
    help="What is written where one word says both that a tool is there and that it runs.",
)
@click.option(
    "--model-policy",
    type=click.Choice(["map", "keep", "drop"]),
    default="map",
    help="Models: translate, keep the text, or leave out.",
)
@click.option("--model-map", multiple=True, metavar="FROM=TO", help="Write this model for that one.")
@click.option(
    "--carry", is_flag=True, help="Keep fields without a home in the output for the way back, and take them back."
)
@click.option("--fold", is_flag=True, help="Write routing facts and skills without a home into the prompt.")
@click.option(
    "--jobs",
    type=Jobs(),
    default="auto",
    metavar="N|auto",
    help="Processes; auto: several where there are enough files for it to pay.",
)
@click.option(
    "--rewrite-body",
    multiple=True,
    metavar="names|tools|paths|all",
    help="Rewrite in prompts what is certain: names of agents that changed, tools, places and links.",
)
@click.option("--in-code", is_flag=True, help="With --rewrite-body: in code blocks, too.")
@click.option("--lift", is_flag=True, help="Take hand-overs and examples from prompt and description into fields.")
@click.option("--dry-run", is_flag=True, help="Write nothing, say what would be.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing, print the changes.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where something would change.")
@FAIL_ON
@NOTES
@QUIET
@REPORT
@click.option("--allow-outside", is_flag=True, help="Follow links and file:// that lead out of the project.")
@click.option("--max-bytes", type=int, default=5_000_000, show_default=True, help="Largest file that is read.")
@format_dir
@click.pass_context
def convert(ctx: click.Context, /, src: tuple[str, ...], to: tuple[str, ...], **given: Any) -> None:
    """Convert agents to other programs.

    SRC: files, folders, or - for standard input. Without it: all agents in the known places of this project."""
    from agentconv.project import batch
    from agentconv.telling import terminal

    started = time.monotonic()
    _writable(given["report"])
    plan, sources = prepare(src, to, given)
    found = list(sources)
    with _progress(len(found) * len(plan.targets), given["quiet"]) as step:
        run = batch.run(plan, found, step)
    if not run.sources:
        raise NoAgents(src)
    output(run, given, time.monotonic() - started)
    code = terminal.exit_of(run, given["fail_on"])
    if given["check"] and run.changes:
        code = max(code, 1)
    ctx.exit(code)


def _writable(report: str | None) -> None:
    """A report that cannot be written is said before the work, not after it."""
    if report and not Path(report).parent.is_dir():
        raise click.UsageError(f"--report: there is no folder {Path(report).parent}")


MANIFESTS = (".claude-plugin/plugin.json", "plugin.json")


class NoAgents(click.ClickException):
    """F004."""

    exit_code = 3

    def __init__(self, src: tuple[str, ...]) -> None:
        where = f"in {' '.join(src)}" if src else "in the known places of this project"
        advice = "Name a file or a folder; `agentconv formats` lists the places."
        if not src and any((Path.cwd() / place).is_file() for place in MANIFESTS):
            advice = "This is the folder of a plugin: name it, `.`, and its agents are taken."
        super().__init__(f"F004 no agents found {where}. {advice}")


def prepare(src: tuple[str, ...], to: tuple[str, ...], given: dict[str, Any]) -> tuple[Any, Any]:
    """The plan and the sources of the command line."""
    from agentconv import registry
    from agentconv.lowering.lower import Options
    from agentconv.project import batch, files, sources

    targets = _targets(split_words(to, "--to"), given["output"] or ("-" if src == ("-",) else None))
    from_ = given["from_"]
    if from_ is not None:
        _known(from_)
    cwd = Path.cwd()
    root = Path.home() if given["user"] else files.find_root(cwd, sources.place_marks())
    config = None if src or given["user"] else settings_of(cwd)
    if config is not None and config.sources:
        root = config.root
    if root == Path.home() and not given["user"] and given["output"] is None and src != ("-",):
        raise click.UsageError("this is the home folder, no project: --user converts your own agents, -o names a place")
    widen = given["allow_widening"]
    options = Options(
        allow_widening=frozenset(split_words((widen,), "--allow-widening")) if widen else frozenset(),
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
    for word in options.allow_widening:
        _widening_word(word)
    out = "-" if src == ("-",) and given["output"] is None else given["output"]
    if out is not None and out != "-" and not given["user"]:
        root = cwd
    plan = batch.Plan(
        root,
        targets,
        options,
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
        all=split_words(to, "--to") == ("all",),
        everything=not src and split_words(to, "--to") == ("all",),
        texts=given["show_diff"],
        jobs=given["jobs"],
    )
    if src:
        found = _followed(sources.listed(src, cwd, from_, given["max_bytes"]), given)
    elif config is not None and config.sources:
        from agentconv.project import configured

        found = iter(configured.sources(config, given["max_bytes"]))
        if from_ is not None:
            found = (s for s in found if (sources.taken(s) or s).format == from_)
    else:
        base = Path.home() if given["user"] else files.find_root(cwd, sources.place_marks())
        closed = () if from_ is not None or plan.everything else targets
        found = _followed(sources.listed_places(base, closed, given["user"], given["max_bytes"]), given)
        if from_ is not None:
            found = (s for s in found if from_ in s.among and (sources.taken(s) or s).format == from_)
    del registry
    return plan, found


def _followed(found: Any, given: dict[str, Any]) -> Any:
    """Sources that with --allow-outside may be links out of their folder, and may name files there."""
    for source in found:
        source.outside = given["allow_outside"]
        yield source


def settings_of(cwd: Path) -> Any:
    """The settings of the project, where it has some."""
    from agentconv.project import config

    try:
        return config.find(cwd)
    except config.BadConfig as error:
        raise click.UsageError(str(error)) from error


def _targets(words: tuple[str, ...], output: str | None) -> tuple[str, ...]:
    from agentconv import registry

    if output == "-" and (len(words) > 1 or words == ("all",)):
        raise click.UsageError("standard output takes one file: name one format, or a folder with -o 'FOLDER/{id}/'")
    if words == ("all",):
        found = [id for id in registry.targets() if registry.trusted(id)]
        return tuple(found) if output is not None and "{id}" in output else primary(found)
    for word in words:
        _target(word)
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


def _known(id: str) -> None:
    known(id)


def _target(id: str) -> None:
    from agentconv import registry

    _known(id)
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
        old, equals, new = pair.partition("=")
        if not equals or not old or not new:
            raise click.UsageError(f"--model-map takes FROM=TO, not `{pair}`")
        out.append((old, new))
    return tuple(out)


def _progress(total: int, quiet: bool) -> Any:
    """A bar on a terminal, after a second."""
    import contextlib

    @contextlib.contextmanager
    def bar() -> Any:
        if quiet or not sys.stderr.isatty():
            yield lambda n: None
            return
        started, count, shown = time.monotonic(), 0, 0.0

        def step(n: int) -> None:
            nonlocal count, shown
            count += n
            now = time.monotonic()
            if now - started > 1 and now - shown > 0.1:
                shown = now
                sys.stderr.write(f"\r{count} of {total} … ")
                sys.stderr.flush()

        yield step
        if shown:
            sys.stderr.write("\r\x1b[K")

    return bar()


def output(run: Any, given: dict[str, Any], seconds: float) -> None:
    """Results to standard output, notes to standard error, the report to its file."""
    from agentconv.telling import escape, overview, report, terminal

    if run.stdout is not None:
        escape.result(run.stdout)
    if given["show_diff"]:
        escape.result(diff_text(run.changes))
    if given["report"]:
        Path(given["report"]).write_text(_report(run, given["report"]), "utf-8")
    if given["notes_"] == "json":
        escape.say(report.as_json(run), nl=False, err=run.stdout is not None or given["show_diff"])
        return
    if given["notes_"] == "github":
        for line in report.github_lines(run):
            escape.say(line, commands=True)
        return
    if given["quiet"]:
        escape.say(terminal.rights_line(run.results, run), err=True)
        return
    many = overview.wanted(run)
    if given["notes_"] == "full" or (len({r.source for r in run.results}) == 1 and not many):
        escape.say(terminal.in_full(run), err=True)
        return
    told = overview.summary if many else terminal.summary
    escape.say(told(run, seconds, sys.stderr), err=True, color=terminal.colored(sys.stderr))


def _report(run: Any, name: str) -> str:
    """What the file is to hold, by its suffix."""
    if name.endswith(".html"):
        from agentconv.telling.page import as_html

        return as_html(run)
    if name.endswith(".md"):
        from agentconv.telling.summarymd import as_markdown

        return as_markdown(run)
    from agentconv.telling import report

    return report.as_sarif(run) if name.endswith(".sarif") else report.as_json(run)


def diff_text(changes: list[tuple[str, str | None, str]]) -> str:
    """The changes as a unified diff."""
    import difflib

    out: list[str] = []
    for path, before, after in changes:
        old = [] if before is None else before.splitlines(keepends=True)
        name = "/dev/null" if before is None else f"a/{path}"
        for line in difflib.unified_diff(old, after.splitlines(keepends=True), name, f"b/{path}"):
            out.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(out)
