"""``python -m tests.clients odd ID``: files that nobody would write by hand before a real program.

Generated headers (``tests/rawheaders.py``: wrong types, names of other programs, broken values) are read by the
program and by our program reading of them; each difference is printed with its file. What is found becomes a case in
``fixtures/``. ``--matrix``: instead, each key of the format with a value of each type, one file for each pair.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from agentconv import registry
from agentconv.spec import Spec
from tests import goldens, rawheaders
from tests.clients import harness
from tests.clients.cases import READ, Case
from tests.clients.programs import Program

# one value of each type, and what is near to another one
VALUES: dict[str, str] = {
    "null": "null", "true": "true", "false": "false", "zero": "0", "number": "7", "negative": "-1", "half": "1.5",
    "date": "2026-01-01", "empty": '""', "blank": '" "', "word": "plain", "text-number": '"7"', "text-true": '"true"',
    "list": "[]", "list-of-text": "[alpha, beta]", "list-of-numbers": "[1]", "list-of-null": "[null]",
    "list-of-maps": "[{alpha: beta}]", "map": "{}", "map-of-text": "{alpha: beta}", "map-of-maps": "{alpha: {beta: 1}}",
}  # fmt: skip


def matrix(spec: Spec) -> dict[str, str]:
    """A file for each key and type: its name, and its text."""
    made = {}
    for key in spec.fields:
        for kind, value in VALUES.items():
            outer, *inner = key.split(".")
            said = f"{outer}: " + "".join("{" + f"{part}: " for part in inner) + value + "}" * len(inner)
            name = re.sub(r"[^a-z0-9]+", "-", f"m-{key}-{kind}".lower())
            needs = {k: f"{k}: {name if k == 'name' else 'Does it.'}" for k in ("name", "description")}
            lines = [line for k, line in needs.items() if k in spec.fields and k != outer]
            made[name] = "\n".join(["---", *lines, said, "---", "", "Do the work with care.", ""])
    return made


NAME = re.compile(r'(?m)^("?(?:name|display_name)"?\s*[:=]\s*)"reviewer"')


def texts(format: str, count: int, start: int) -> list[str]:
    """This many files, or as many of them as differ; the same ones for the same start."""
    made: list[str] = []

    @seed(start)
    @settings(
        max_examples=count, phases=[Phase.generate], deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(rawheaders.files(format))
    def gather(text: str) -> None:
        made.append(text)

    gather()
    return list(dict.fromkeys(made))


def cases(spec: Spec, made: list[str]) -> list[Case]:
    """Each in a file of its own, with a name of its own, as a program has only one of two agents with one name."""
    out = []
    for number, text in enumerate(made):
        name = f"odd-{number}"
        text = NAME.sub(lambda found, name=name: f'{found[1]}"{name}"', text, count=1)
        place = goldens.default_path(spec, name, spec.head["suffixes"][0])
        out.append(Case(name, READ, {place: text.encode()}, bound=True))
    return out


def cells(spec: Spec, chosen: slice) -> list[Case]:
    """Some files of the matrix."""
    suffix = spec.head["suffixes"][0]
    made = [(goldens.default_path(spec, name, suffix), name, text) for name, text in matrix(spec).items()]
    return [Case(name, READ, {place: text.encode()}, bound=True) for place, name, text in made[chosen]]


def compare(program: Program, count: int, start: int, whole: bool = False) -> int:
    """Print where program and reading differ; how many files differ. ``whole``: of the matrix, ``count`` files from
    the one of that number on."""
    found = 0
    for check in program.checks:
        spec = registry.load(check.target)
        if check.target != check.reads_as or spec.many:
            continue
        made = (
            cells(spec, slice(start - 1, start - 1 + count))
            if whole
            else cases(spec, texts(check.target, count, start))
        )
        with tempfile.TemporaryDirectory() as folder:
            rows = harness.compare(program, check, made, Path(folder))
        wrong = [(row, case) for row, case in zip(rows, made, strict=True) if row.faults]
        for row, case in wrong:
            print(f"--- {row.file}: {row.faults}\n{next(iter(case.files.values())).decode()}")
        print(f"{program.title} ({check.target}): {len(rows)} files, {len(rows) - len(wrong)} read the same")
        found += len(wrong)
    return found
