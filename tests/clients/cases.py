"""What is put before a program: our own output, and files as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentconv import convert, registry
from agentconv.project import sources
from agentconv.proof.merging import merge_results
from agentconv.reading import detect
from agentconv.spec import Spec
from tests import goldens
from tests.clients.programs import Check
from tests.conftest import find_shared

READ = "(read)"  # the status of a file that is put there as it is
EXAMPLES = goldens.FIXTURES / "examples"
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```$", re.S | re.M)


@dataclass
class Case:
    """Files of one agent definition, by their place in a project."""

    name: str
    status: str
    files: dict[str, bytes] = field(default_factory=dict)
    trouble: str = ""  # why there are none, where that is a fault of ours
    bound: bool = False  # the name is what it is about, so it stays
    beside: dict[str, bytes] = field(default_factory=dict)  # files that the definition names
    entry: str = ""  # which agent of a file that holds those of earlier cases, too


def converted(check: Check) -> Iterator[Case]:
    """The shared agents and the shipped examples, as the conversion writes them for a format."""
    options, spec = _options(check.target), registry.load(check.target)
    made: dict[str, str] = {}  # of formats with many agents in a file: each case adds its own

    def get(place: str) -> str | None:
        return made.get(place) if spec.many else None

    for path in goldens.agent_files():
        agent, source = goldens.load_agent(path), goldens.source_of(path)
        try:
            done = convert.convert_agent(agent, source, check.target, options)
            for place in done.files if spec.many else ():
                merge_results(spec, place, made.get(place), [done])
        except Exception as error:  # one that raises must not hide what the program makes of the others
            yield Case(path.stem, "-", trouble=f"the conversion raised {error!r}")
            continue
        yield _case(path.stem, [done], made)
    for path in sorted(EXAMPLES.iterdir()):
        source = sources.decided(sources.read(sources.Source(path.name, path)))
        assert source.text is not None and source.format is not None, f"{path.name}: {source.notes}"
        done = convert.convert_text(
            source.text, from_=source.format, to=check.target, path=path.name, options=options, get=get
        )
        yield _case(f"example {path.name.split('.')[0]}", done, made)


def _case(name: str, done: list[convert.Conversion], earlier: dict[str, str]) -> Case:
    failed = [n.message for made in done if made.status == "failed" for n in made.notes if n.effect == "error"]
    files = {place: data for made in done for place, data in made.files.items()}
    earlier.update({place: data.decode("utf-8") for place, data in files.items()})
    trouble = f"the conversion failed: {'; '.join(failed)}" if failed else ""
    return Case(name, "/".join(made.status for made in done), files, trouble, entry=done[0].entry if done else "")


def _options(target: str) -> convert.Options:
    """Where a program has no control at all every restricted agent is refused; to see them load, allow it."""
    if registry.load(target).tools.control == "none":
        return convert.Options(allow_widening=frozenset({"*"}))
    return convert.Options()


def written_by_hand(format: str) -> Iterator[Case]:
    """The reader cases of a format."""
    spec = registry.load(format)
    for case in goldens.read_cases():
        if case.parent.parent.name == format:
            data = goldens.case_input(case).read_bytes()
            yield Case(case.name, READ, {goldens.case_path(case): data}, bound=bound(spec, data))


def bound(spec: Spec, data: bytes) -> bool:
    """Whether the case is about the name, or the name is the folder's: then it stays."""
    reserved = {str(name) for key in ("reserved", "taken") for name in spec.identity.get(key) or ()}
    return bool(spec.head.get("folder")) or any(f"name: {name}\n".encode() in data for name in reserved)


# pages of the shared folder that describe a format under another name
PAGES = {"copilot": "copilot-cli"}


def of_page(format: str) -> Iterator[Case]:
    """The examples of the page on a format, where the shared folder is at hand."""
    shared = find_shared()
    page = shared / "reference/formats" / f"{PAGES.get(format, format)}.md" if shared else None
    if page is None or not page.exists():
        return
    spec = registry.load(format)
    for part in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.M)[1:]:
        if not re.match(r"[\d. ]*Examples?\b", part):
            continue
        for number, block in enumerate(FENCE.findall(part), 1):
            name = f"page-{number}"
            if spec.identity.get("by") == "folder" or spec.head.get("folder"):
                named = re.search(r"^name:\s*(\S+)", block, re.M)
                name = named[1] if named else name
            yield Case(
                f"page example {number}", READ, {goldens.default_path(spec, name, ".md"): block.encode()}, bound=True
            )


def recorded(program: str, format: str) -> Iterator[Case]:
    """The files that were made by hand to find out how a program reads, where the shared folder is at hand."""
    shared = find_shared()
    spec = registry.load(format)
    for root in sorted((shared / "clients" / program).glob("fixtures*")) if shared else ():
        places = [root, *(p for p in sorted(root.iterdir()) if p.is_dir() and not p.name.startswith("."))]
        for place in places:
            paths = {p.relative_to(place).as_posix(): p for p in sorted(place.rglob("*")) if p.is_file()}
            beside = {name: p.read_bytes() for name, p in paths.items() if "/prompts/" in name}
            for name, path in paths.items():
                if name.startswith(".") and format in detect.by_place(name) and path.suffix in spec.head["suffixes"]:
                    label = "/".join(["shared", *([place.name] if place != root else []), path.name])
                    yield Case(label, READ, {name: path.read_bytes()}, bound=True, beside=beside)
