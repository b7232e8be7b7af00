"""What agentconv.toml says of one target, at work on agents: which of them, with which options, and changed how."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agentconv import models
from agentconv import rights as counting
from agentconv.bodies.company import Company, gathered, member
from agentconv.conversion import BeforeAfter, Conversion
from agentconv.convert import convert_reading
from agentconv.lowering.lowered import Options
from agentconv.model import Agent, Extra, Rule, Tools
from agentconv.notes import Note, note
from agentconv.output.stamp import stamped
from agentconv.project.config import AgentSetting, BadConfig, Config, TargetSetting, matches, of_agent
from agentconv.project.filling import new_kinds
from agentconv.project.making import Maker, placed_below
from agentconv.project.planning import Plan, Remark, named_file
from agentconv.project.sources import Source
from agentconv.reading.context import Read, Reading
from agentconv.reading.toolnames import recognise
from agentconv.records import dataclass
from agentconv.registry import load
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.kinds import Kinds
    from agentconv.project.filling import Results as Filled

Results = dict[tuple[str, str, int], list[Conversion]]
READS = ("reads", "runs", "all")


def kinds_for(plan: Plan, setting: TargetSetting) -> Kinds[Filled] | None:
    """The kinds of agents, where neither the plan nor the settings make a difference between those of one."""
    of_some = setting.agents or setting.include or setting.exclude or setting.rewrite_body
    widening = any(agents != ("*",) for agents in setting.allow_widening.values())
    return None if of_some or widening or setting.body != "text" or plan.tells_apart else new_kinds()


@dataclass(frozen=True, slots=True)
class SettledMaker(Maker):
    """A target with its settings, at work on one source after the other."""

    setting: TargetSetting
    config: Config
    cache: Results | None = None  # results of earlier builds, where one process builds again and again

    def _results(self, source: Source, reading: Reading, dst: Spec) -> list[Conversion]:
        if self.cache is None:
            return list(self._stamped(source, reading, dst))
        # the text alone would not do: a prompt may stand in another file, and a file's agents may come in parts
        company = self.companies.get(dst.id)
        texts = (reading.text, repr([read.agent for read in reading.agents]), company.members if company else ())
        key = (dst.id, reading.path, hash(texts))
        if key not in self.cache:
            self.cache[key] = list(self._stamped(source, reading, dst))
        return [replace(r, notes=list(r.notes), gained=list(r.gained), files=dict(r.files)) for r in self.cache[key]]

    def _stamped(self, source: Source, reading: Reading, dst: Spec) -> Iterator[Conversion]:
        """The results, with the comment that names their source."""
        for result in self._fresh(source, reading, dst):
            if self.setting.stamp is not False and not dst.many:
                for path, data in result.files.items():
                    result.files[path] = stamped(data.decode("utf-8"), dst, path, result.source).encode("utf-8")
            yield result

    def _fresh(self, source: Source, reading: Reading, dst: Spec) -> Iterator[Conversion]:
        if not reading.agents:
            yield from Maker._results(self, source, reading, dst)
            return
        for n, read in enumerate(reading.agents):
            one = replace(reading, agents=[read], notes=reading.notes if n == 0 else [])
            said = of_agent(self.setting, called(read.agent))
            if said.skip or not self._wanted(read.agent):
                continue
            yield from self._one(source, one, dst, said)

    @property
    def needs_company(self) -> bool:
        """Whether a prompt may be rewritten by what becomes of other files."""
        return bool(self.plan.options.rewrite & {"names", "paths"})

    def company(self, readings: Iterable[tuple[Source, Reading]]) -> Company:
        """All agents of the project, with the names and places that they will have in this target."""
        dst = load(self.setting.id)
        members = []
        for source, reading in readings:
            for read in reading.agents:
                one = member(read.agent, reading.path, dst)
                comes = self._wanted(read.agent) and not of_agent(self.setting, called(read.agent)).skip
                path = placed_below(one.output, source, dst, self.plan, reading.spec.id)
                output = self._below(path, source.prefix, dst, one.becomes) if comes else ""
                members.append(replace(one, output=output, becomes=one.becomes if comes else ""))
        return gathered(members)

    def _wanted(self, agent: Agent) -> bool:
        names, tags = called(agent), agent.tags or ()
        setting = self.setting
        return (not setting.include or matches(setting.include, names, tags)) and not matches(
            setting.exclude, names, tags
        )

    def _one(self, source: Source, reading: Reading, dst: Spec, said: AgentSetting) -> Iterator[Conversion]:
        (read,) = reading.agents
        changed, notes, options = self._changed(read, reading.spec, dst, said, reading.path)
        if any(n.effect == "error" for n in notes):
            rights = BeforeAfter(counting.spelled(counting.of_agent(read.agent, reading.spec, program=False)), [])
            name = read.agent.id or read.agent.name or ""
            yield Conversion("failed", name, reading.path, reading.spec.id, dst.id, rights, notes=notes)
            return
        maker = Maker(replace(self.plan, options=options), companies=self.companies)
        if changed is read and not options.extra and not options.model_map:
            made = maker._results(source, reading, dst)
        else:  # no longer what stands in the file: written anew, in the same format, too
            company = self.companies.get(dst.id)
            made = convert_reading(replace(reading, agents=[changed]), dst, options, lambda _: None, company)
            maker.put(made, source, dst)
        for result in made:
            result.notes = [in_settings(one) for one in (*result.notes, *notes)]
            self._judge(result, said)
            if self.setting.body == "link" and result.files and not self._can_read(result):
                yield from self._whole(source, reading, dst, said)
                return
            yield result

    def _whole(self, source: Source, reading: Reading, dst: Spec, said: AgentSetting) -> Iterator[Conversion]:
        """An agent that cannot read files gets its prompt as text."""
        text = f"{dst.program} gives this agent no tool that reads files: its prompt is written out"
        inner = replace(self, setting=replace(self.setting, body="text"), cache=None)
        for result in inner._one(source, reading, dst, said):
            result.notes.append(note("F021", text, path="prompt", file=reading.path))
            yield result

    def _judge(self, result: Conversion, said: AgentSetting) -> None:
        if result.status == "refused" and said.refused == "skip":
            result.status = "skipped"
        elif result.status in ("exact", "lossy"):
            result.judge(result.status)

    def _can_read(self, result: Conversion) -> bool:
        return load(result.target).text_kind or any(word.split("(")[0] in READS for word in result.rights.after)

    # -- one agent ----------------------------------------------------------------------------

    def _changed(
        self, read: Read, src: Spec, dst: Spec, said: AgentSetting, path: str
    ) -> tuple[Read, list[Note], Options]:
        """The agent as the settings want it, and the options for it."""
        agent, notes = read.agent, list[Note]()
        if said.tool_set is not None:
            agent, problem = with_tool_set(agent, src, said.tool_set, self.config.tool_sets[said.tool_set], path)
            notes.append(problem)
        if said.description is not None:
            agent = replace(agent, description=said.description)
        mapped = dict(self.setting.model_map)
        if said.model is not None:
            if not agent.model:
                agent = replace(agent, model=(models.model_of(said.model),))
            mapped |= {m.text: said.model for m in agent.model or ()}
        if self.setting.body == "link":
            agent = replace(agent, prompt=link(path), prompt_parts=None)
            notes.append(note("F023", f"the prompt stays in {path}; this file points to it", path="prompt", file=path))
        extra = tuple(Extra(key, value, dst.id) for key, value in said.extra.items())
        wanted: dict[str, Any] = {
            "allow_widening": frozenset(said.allow_widening),
            "model_map": tuple(mapped.items()),
            "extra": extra,
        }
        options = replace(self.plan.options, **wanted)
        changed = read if agent is read.agent else replace(read, agent=agent)
        return changed, notes, options


def called(agent: Agent) -> list[str]:
    """The names by which the settings may speak of an agent."""
    return list(dict.fromkeys((agent.id, agent.name or agent.id, agent.id.rsplit("/", 1)[-1])))


def nobody(config: Config, known: Collection[str]) -> list[Remark]:
    """Names in the settings that no agent has: what is said of them holds for nobody, and would be missed."""
    said: dict[str, None] = {}
    for one in config.targets:
        asked = [*(name for name, _ in one.agents), *one.include, *one.exclude]
        asked += [name for agents in one.allow_widening.values() for name in agents]
        said |= dict.fromkeys(name for name in asked if not name.startswith("tag:") and not set(name) & set("*?["))
    found = []
    for name in said.keys() - set(known):
        near = difflib.get_close_matches(name, known, 1, 0.5)
        help = f"did you mean `{near[0]}`?" if near else "agentconv list shows the names"
        text = f"{config.file} speaks of `{name}`, and no agent is called so"
        found.append(Remark("", 0, note("F004", text, file=config.file, help=help)))
    return sorted(found, key=lambda one: one.note.message)


FLAGS = (
    (r"--model-map '([^']+)=NAME'", r'model-map = { "\1" = "NAME" }'),
    (r"--model-map (\S+)=NAME", r'model-map = { "\1" = "NAME" }'),
    (r"--allow-widening (\S+) writes it", r'allow-widening = "\1" writes it'),
    (r"--skip-refused leaves", 'refused = "skip" leaves'),
    (r"--approval ask", 'approval = "ask"'),
    (r"--on-collision suffix", 'on-collision = "suffix"'),
    (r"without --strict", "without strict = true"),
)


def in_settings(one: Note) -> Note:
    """A note whose help names flags of ``convert`` names the keys of the settings here."""
    help = one.help
    for flag, key in FLAGS if "--" in help else ():
        help = re.sub(flag, key, help)
    if help == one.help:
        return one
    classes = re.compile(r'allow-widening = "([^"]+)"')
    return one.moved(help=classes.sub(lambda m: f"allow-widening = {json.dumps(m[1].split(','))}", help))


def link(path: str) -> str:
    """The sentence that stands for a prompt."""
    return (
        f"Your instructions are in the file `{path}` of this project. Read it first, all of it, and do what it says "
        "below its header."
    )


def with_tool_set(agent: Agent, src: Spec, name: str, tools: tuple[str, ...], path: str) -> tuple[Agent, Note]:
    """The agent with a named set for its tools. A set never gives more than the file."""
    rules = []
    for n, token in enumerate(tools):
        found = recognise(token, src, author=True)
        if found.how == "unknown":
            text = f"the tool set `{name}` holds `{token}`, which is no tool that agentconv knows"
            return agent, note("F019", text, path="tools", file=path, help="`agentconv tools` lists them")
        rules.append(Rule("allow", found.tool, found.scope, at=f"tools[{n}]"))
    changed = replace(agent, tools=Tools("none", tuple(rules)))
    before = counting.of_agent(agent, src, program=False)
    gained = counting.gained(before, counting.of_agent(changed, src, program=False))
    if gained:
        words = ", ".join(counting.spelled(gained))
        text = f"the tool set `{name}` would give more than the file: {words}"
        return agent, note("F019", text, path="tools", file=path, help="widen the list in the file, or narrow the set")
    return changed, note("F024", f"its tools are those of the set `{name}`, as asked", path="tools", file=path)


# -- plans ------------------------------------------------------------------------------------


def plan_of(config: Config, setting: TargetSetting, **more: Any) -> Plan:
    """What the settings of a target mean for a conversion."""
    given: Mapping[str, Any] = {
        "strict": setting.strict,
        "approval": "ask" if setting.approval == "ask" else "",
        "model_policy": setting.model_policy,
        "guard": setting.guard,
        "carry": setting.carry,
        "fold": setting.fold,
        "rewrite": setting.rewrite_body,
    }
    place = setting.place
    return Plan(
        config.root,
        (setting.id,),
        Options(**given),
        output=place,
        flat=place is not None and place.endswith("/"),
        several=True,
        suffix=setting.on_collision == "suffix",
        **more,
    )


def check_targets(config: Config) -> None:
    """Rules between settings and descriptions: one place for one target, and no extras that agentconv sets itself: they
    would be a second word on rights and names."""
    wrong = []
    places: dict[str, str] = {}
    for setting in config.targets:
        dst = load(setting.id)
        place = (setting.place or str(dst.head["places"]["write"])).replace(
            "{id}", setting.id if setting.place else "{id}"
        )
        if not dst.many and named_file(setting.place, config.root, (setting.id,)):
            text = f"[targets.{setting.id}] place: `{setting.place}` is one file, and each agent has one"
            wrong.append(
                note("F011", text, file=config.file, help="'FOLDER/{name}.md' names each, 'FOLDER/' is a folder")
            )
        if place in places:
            text = f"`{places[place]}` and `{setting.id}` have one place ({place})"
            wrong.append(note("F011", text, file=config.file, help="give one of them another `place`, or leave it out"))
        places[place] = setting.id
        for where, extra in [("", setting.extra), *((name, said.extra) for name, said in setting.agents)]:
            for key in extra:
                row = dst.fields.get(key) or next(
                    (r for r in dst.fields.values() if r.key.split(".")[0] == key and r.field), None
                )
                if row is not None and row.field:
                    at = f"targets.{setting.id}" + (f".agents.{where}" if where else "")
                    text = f"[{at}] extra: `{key}` is a field that agentconv sets from the source"
                    wrong.append(note("F011", text, file=config.file, help="extra is for keys of the program's own"))
                elif row is None and dst.container.get("unknown_keys") in ("refused", "none"):
                    near = difflib.get_close_matches(key, dst.known_keys, 1, 0.5)
                    help = f"did you mean `{near[0]}`?" if near else ""
                    text = f"extra: {dst.program} takes no key `{key}`"
                    wrong.append(note("F011", text, file=config.file, help=help))
    if wrong:
        raise BadConfig(wrong)
