"""``--report FILE.html``: one static page that needs nothing else, no network and no JavaScript."""

from __future__ import annotations

from typing import Any

from agentconv import __version__
from agentconv.output.templates import sandbox
from agentconv.project.planning import Run
from agentconv.telling.escape import visible
from agentconv.telling.grouping import gain_words, gains_of, grouped, tail
from agentconv.telling.listing import LEGEND
from agentconv.telling.matrix import MEANS, matrix
from agentconv.telling.terminal import WORDS, rights_line


def as_html(run: Run) -> str:
    """The whole page. Every value is a stranger's: made visible, then escaped."""
    env = sandbox(autoescape=True, finalize=_shown)
    env.filters["names"] = tail
    found = matrix(run)
    removed = getattr(run, "removed", None)
    return env.get_template("report.html.j2").render(
        matrix=found,
        rights=rights_line(run.results, run),
        legend=LEGEND,
        words=WORDS,
        means=MEANS,
        remarks=run.remarks,
        groups=grouped([(r, n) for r in run.results for n in r.notes]),
        gains=lambda result, could: gain_words(gains_of(result), could),
        changes=[(path, before is None) for path, before, _ in run.changes],
        gone=[] if removed is None else [(path, bool(after)) for path, _, after in removed.gone],
        left=[] if removed is None else [one for _, one in (*removed.kept, *removed.failed)],
        dry=run.plan.dry,
        version=__version__,
    )


def _shown(value: Any) -> Any:
    from markupsafe import Markup

    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
