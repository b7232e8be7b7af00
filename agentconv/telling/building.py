"""What a person reads after a build: what ``convert`` says of each target, then what only a build does."""

from __future__ import annotations

from typing import IO, Literal

from agentconv.building.build import BuildRun
from agentconv.notes import NoteEffect
from agentconv.telling import terminal
from agentconv.telling.escape import github_data, github_property, one_line, visible
from agentconv.telling.report import github_line
from agentconv.telling.uptodate import up_to_date

LISTED = 25  # outputs by name in a list
DIFFS = 3  # kept files whose difference is shown
LINES = 60  # of the differences that --check shows


def summary(run: BuildRun, seconds: float, stream: IO[str], check: bool, code: int) -> str:
    """The whole text after a build."""
    agents = len({(r.source, r.name) for r in run.results if r.name})
    if not run.stale and not run.took_back and not troubled(run):
        return up_to_date(agents, run.plan.targets, seconds)
    text = terminal.summary(run, seconds, stream)
    more = besides(run).strip("\n")
    if check:
        more = "\n".join(part for part in (more, _checked(run)) if part)
    text = f"{text}\n\n{more}" if more else text
    return f"{text}\nexit {code}" if code and f"exit {code}" not in text else text


def troubled(run: BuildRun) -> bool:
    """Whether something did not become what it should."""
    return any(r.status in ("failed", "kept", "refused") for r in run.results) or any(
        one.note.effect == "error" for one in run.remarks
    )


def besides(run: BuildRun) -> str:
    """What was deleted, kept without a source, taken back; and how kept files differ."""
    lines: list[str] = []
    for text in run.took_back:
        lines.append(f"  {'would be taken' if run.plan.dry else 'taken'} into the source: {one_line(text)}")
    verb = "would be deleted" if run.plan.dry else "deleted"
    gone = run.removed.gone
    for path, _, after in gone[:LISTED]:
        what = "its entry" if after else "nothing stands behind it any more"
        lines.append(f"  {verb if not after else verb.replace('deleted', 'taken out')}  {one_line(path)}   ({what})")
    if len(gone) > LISTED:
        lines.append(f"  … {len(gone) - LISTED} more {verb}")
    for _, one in (*run.removed.kept, *run.removed.failed):
        lines.append(f"  {'kept' if one.effect == 'info' else 'FAILED'}  {one_line(one.message)}   {one.code}")
        lines += [f"      {part}" for part in visible(one.help).split("\n") if part]
    foreign = [path for path, result in run.differing if result.status == "kept"]
    if len(foreign) > DIFFS:
        lines.append("  not agentconv's, and different:")
        lines += [f"      {one_line(path)}" for path in sorted(foreign)[:LISTED]]
        if len(foreign) > LISTED:
            lines.append(f"      … {len(foreign) - LISTED} more")
    if len(run.kept_texts) <= DIFFS:
        for path, parts in run.kept_texts:
            lines += ["", f"  {one_line(path)} (−) and what a build would write (+):"]
            lines += [f"    {visible(part)}" for part in parts]
    return "\n".join(lines) + "\n" if lines else ""


def github_besides(run: BuildRun, check: bool) -> list[str]:
    """The same for a CI service, and for ``--check`` each output that is not as its source has it: what the exit code
    is about stands in the annotations."""
    lines = [github_line(one, "") for _, one in (*run.removed.kept, *run.removed.failed)]
    if not check:
        return lines
    stale = [path for path, _, _ in (*run.changes, *run.removed.gone)]
    if not stale and run.lock_changed:
        stale = [run.lock_name]
    text = github_data("this is not what the sources give: agentconv build, and commit what it writes")
    return lines + [f"::error file={github_property(path)},title=agentconv build --check::{text}" for path in stale]


def _checked(run: BuildRun) -> str:
    """--check: what is not as the sources have it, and a short difference."""
    from agentconv.building.outputs import short_diff

    count = len(run.changes) + len(run.removed.gone)
    lines: list[str] = []
    shown = 0
    for path, before, after in (*run.changes, *run.removed.gone):
        name = f"  {one_line(path)}" + (" (not there)" if before is None else "")
        parts = [] if before is None else short_diff(before.encode(), after.encode(), path)
        if shown + len(parts) > LINES or len(lines) > LINES + LISTED:
            lines.append("  … more: agentconv build --diff")
            break
        shown += len(parts)
        lines += [name, *(f"    {visible(part)}" for part in parts)]
    if count:
        many = "outputs are" if count != 1 else "output is"
        lines.append(f"{count} {many} not as the sources have it: agentconv build, and commit what it writes")
    elif run.lock_changed:
        lines.append(f"{run.lock_name} is not what a build would write: agentconv build, and commit it")
    return "\n".join(lines)


def exit_of(run: BuildRun, fail_on: NoteEffect | Literal["never"] = "never", check: bool = False) -> int:
    """As for a conversion; an edited output without a source counts as kept, and ``check`` on what is stale."""
    code = terminal.exit_of(run, fail_on)
    if run.removed.failed:
        return 3
    return max(code, int(bool(run.removed.kept) or (check and run.stale)))
