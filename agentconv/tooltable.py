"""The ``tools:`` table of a description with its inverses: names, groups and patterns, and how tools of MCP servers
are spelt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from agentconv.model import Rule, Tool
from agentconv.namepatterns import fixed_part, matching, template_regex
from agentconv.records import dataclass
from agentconv.rows import Name

LITERAL = {"star": "?[", "signs": "["}  # words of `wildcards`: what is no sign of a pattern there
MOST_SAY = frozenset(("is", "also", "listed"))  # facts of most names: of all others nothing has to be asked


@dataclass(frozen=True, eq=False)
class ToolTable:
    """The ``tools:`` table. It is itself and no other, so that what was found out about it can be kept by it."""

    data: Mapping[str, Any]

    def when(self, name: Name) -> str:
        """Under which condition the program has the tool, in words; empty: it always has it."""
        return str(((self.fact("names") or {}).get(name.name) or {}).get("when") or "")

    def fact(self, key: str, default: Any = None) -> Any:
        """One word of the table."""
        return self.data.get(key, default)

    @cached_property
    def control(self) -> str:
        """list, map, groups, switch or none."""
        return str(self.data.get("control", "none"))

    @cached_property
    def enforced(self) -> str:
        """yes, no or unknown (YAML reads bare yes/no as booleans)."""
        value = self.data.get("enforced", True)
        return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)

    @property
    def servers_ask(self) -> bool:
        """Whether a list of sets can say that the tools of an MCP server ask, all of them or none."""
        sets = self.fact("sets") or {}
        asks = "ask" in (sets.get("policies") or {}).values()
        return bool(sets.get("members")) and asks and any(one.get("server") for one in sets["words"].values())

    @property
    def server_switches(self) -> Mapping[str, Any]:
        """Keys with one of which there are other MCP servers than those of the file itself."""
        return dict(self.mcp.get("own_unless") or {})

    @property
    def server_keys(self) -> frozenset[str]:
        """Keys of the program's own that say which MCP servers there are: the rules for tools hold what they say."""
        only = self.mcp.get("only")
        return frozenset((*self.server_switches, *([str(only)] if only else ())))

    @cached_property
    def names(self) -> dict[str, Name]:
        """Single tools and groups by name."""
        out: dict[str, Name] = {}
        for name, facts in (self.data.get("names") or {}).items():
            facts = facts or {}
            if facts.keys() <= MOST_SAY:
                out[str(name)] = Name(str(name), tuple(facts.get("is", ())), tuple(facts.get("also", ())))
                continue
            out[str(name)] = Name(
                str(name),
                tuple(facts.get("is", ())),
                tuple(facts.get("also", ())),
                scope=facts.get("scope", ""),
                plain=bool(facts.get("plain", False)),
                keep=tuple((facts.get("keep") or {}).items()),
                off=bool(facts.get("off", False) or facts.get("only_by") or facts.get("set_up")),
                set_up=bool(facts.get("set_up", False)),
                key=str(facts.get("only_by") or facts.get("through") or ""),
                through=str(facts.get("through", "")),
                needs=str(facts.get("needs", "")),
                never=bool(facts.get("never", False)),
                closed=facts.get("default") == "deny",
                named=bool(facts.get("named", False)),
                deny_with=words(facts.get("deny_with")),
                bracketed=str(facts.get("bracketed", "")),
            )
        for group, facts in (self.data.get("groups") or {}).items():
            facts = facts or {}
            members = tuple(facts.get("members", ()))
            meant = [m for m in members if m in out and m not in words(facts.get("beside"))]
            union = tuple(dict.fromkeys(c for m in meant for c in out[m].gives))
            caps = tuple(facts.get("is") or union)
            also = tuple(dict.fromkeys([*facts.get("also", ()), *(c for c in union if c not in caps)]))
            out[str(group)] = Name(
                str(group),
                caps,
                tuple(c for c in also if c not in caps),
                members,
                scope=facts.get("scope", ""),
                off=bool(facts.get("off", False) or facts.get("alone", False)),  # never written: its members are
                alone=bool(facts.get("alone", False)),
            )
        return out

    @cached_property
    def twins(self) -> dict[str, tuple[str, ...]]:
        """Names that are written beside a name."""
        facts = (self.data.get("names") or {}).items()
        return {str(n): words(one["twins"]) for n, one in facts if one and "twins" in one}

    @cached_property
    def apart(self) -> dict[str, tuple[str, ...]]:
        """A name that a tool of a server may bear as well -> those of the same tool that none does."""
        return {str(n): words(one) for n, one in (self.data.get("apart") or {}).items()}

    @cached_property
    def starts_with(self) -> dict[str, str]:
        """Name -> the one without which no agent that has it is started."""
        facts = (self.data.get("names") or {}).items()
        return {str(n): str(one["starts_with"]) for n, one in facts if one and "starts_with" in one}

    @cached_property
    def singles(self) -> dict[str, Name]:
        """Names that are no group whose members are listed: the units of the program's rights."""
        return {n: name for n, name in self.names.items() if not name.members}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Other spellings that work in the program."""
        return {str(k): str(v) for k, v in (self.data.get("aliases") or {}).items()}

    @cached_property
    def dead(self) -> dict[str, tuple[str, ...]]:
        """Names that mean nothing to the program, with what their authors mean."""
        return {str(k): words(v) for k, v in (self.data.get("dead") or {}).items()}

    @cached_property
    def folded(self) -> dict[str, str]:
        """Lower-cased spelling -> the name it stands for."""
        out: dict[str, str] = {}
        for name in self.names:
            out.setdefault(name.lower(), name)
        for alias, name in self.aliases.items():
            out.setdefault(alias.lower(), name)
        return out

    def own(self, token: str) -> Name | None:
        """The name as the program itself would find it."""
        exact = self.names.get(token) or self.names.get(self.aliases.get(token, ""))
        if exact or self.data.get("case", "sensitive") == "sensitive":
            return exact or self._by_pattern(token)
        name = self.folded.get(token.lower())
        return self.names[name] if name is not None else self._by_pattern(token)

    def _by_pattern(self, token: str) -> Name | None:
        """A name of a family (`discovered_tool_…`)."""
        known = (self.data.get("patterns") or {}).items()
        caps = next((caps for pattern, caps in known if re.fullmatch(str(pattern), token)), None)
        return None if caps is None else Name(token, words(caps), off=True)

    def covers(self, token: str) -> frozenset[str]:
        """The single names that a token of a rule reaches in the program."""
        if token == self.data.get("star_key", "*"):
            return frozenset(self.singles)
        name = self.own(token)
        if name is not None:
            return frozenset(self.expand(name.name)) if name.name in self.names else frozenset()
        return frozenset(self.matching(token))

    def matching(self, token: str) -> list[str]:
        """The single names that a pattern matches, where the program takes patterns."""
        if not self.data.get("wildcards"):
            return []
        fold, literal = self.data.get("case", "sensitive") == "insensitive", LITERAL.get(self.data["wildcards"], "")
        return matching(token, self.singles, fold=fold, regex=str(self.data.get("regex") or ""), literal=literal)

    @cached_property
    def sentinels(self) -> frozenset[str]:
        """Names that the program takes and that give nothing: they keep a list from being empty, or shut out MCP."""
        form = self.data.get("no_tools")
        found = {str(n) for n in form} if isinstance(form, list) else set()
        found -= set(self.names)  # a real name that gives no right may stand for none, too, and is read as itself
        return frozenset(found | {str(n) for n in words(self.mcp.get("shut"))})

    def named(self, name: str) -> Tool | None:
        """The tool behind a name of the tables: of the program itself, or of MCP servers."""
        return self.names[name].tool() if name in self.names else self.mcp_tool(name)

    def expand(self, name: str) -> list[str]:
        """A group's single names; a single name is itself."""
        found = self.names[name]
        if not found.members:
            return [name]
        return [single for member in found.members if member in self.names for single in self.expand(member)]

    def shutting(self, token: str) -> frozenset[str]:
        """The single names that go when a token is denied."""
        gone = set(self.covers(token))
        gone |= {n for n, name in self.singles.items() if gone & set(name.deny_with)}
        return frozenset(gone)

    @cached_property
    def mcp(self) -> Mapping[str, Any]:
        """Spellings of MCP tools."""
        return self.data.get("mcp") or {}

    @cached_property
    def _mcp_patterns(self) -> list[tuple[str, re.Pattern[str], bool]]:
        out: list[tuple[str, re.Pattern[str], bool]] = []  # text in all it spells, its pattern, whether it is one tool
        last = self.mcp.get("split_at") == "last"
        for key in ("tool", "also_tool"):
            for template in words(self.mcp.get(key)):
                out.append((fixed_part(template), template_regex(template, last), True))
        for key in ("server", "also_server"):
            for form in words(self.mcp.get(key)):
                out.insert(0, (fixed_part(form), template_regex(form, last, self.tool_separator), False))
        return out

    def reached(self, rules: Iterable[Rule], servers: Iterable[str]) -> Iterator[tuple[Rule, str]]:
        """Words for all tools of a server that reach another one, which no word is for: names of tools begin so."""
        if not str(self.mcp.get("server") or "").endswith("*"):
            return
        named = [rule for rule in rules if rule.tool.server]
        spoken = {self._mcp_name(str(rule.tool.server)) for rule in named}
        for rule in named:
            if rule.effect == "allow" and rule.tool.server != "*" and not rule.tool.member:
                before = self._mcp_name(str(rule.tool.server)) + self.tool_separator
                yield from (
                    (rule, s) for s in servers if (name := self._mcp_name(s)) not in spoken and name.startswith(before)
                )

    def _mcp_name(self, server: str) -> str:
        clean = self.mcp.get("clean")
        return re.sub(str(clean), "_", server) if clean else server

    @property
    def tool_separator(self) -> str:
        """What stands between a server and its tool: where the server's own form ends with the name, no part of it."""
        template = str(self.mcp.get("tool") or "")
        return template.split("{server}", 1)[1][:1] if "{server}" in template and "__" not in template else ""

    def mcp_tool(self, token: str) -> Tool | None:
        """A token that names tools of an MCP server, as the program spells them; a dead name is none."""
        if token in self.dead:
            return None
        if self.mcp.get("every") is not None and token == self.mcp["every"]:
            return Tool(token, server="*")
        for fixed, pattern, one in self._mcp_patterns:
            found = pattern.fullmatch(token) if fixed in token else None
            if (
                found
                and not (found.start("server") == 0 and self._is_set(found["server"]))
                and not any(fnmatchcase(found["server"], one) for one in self.mcp.get("no_servers", ()))
                and not self._is_pattern(found["server"], one and found["tool"])
                and self._spellable(found["server"], one and found["tool"])
            ):
                server = self._servers.get(found["server"], found["server"])
                return Tool(token, server=server, member=found["tool"] if one else None)
        return None

    def _is_pattern(self, server: str, member: str | bool | None) -> bool:
        """No server is called `jira?`: a pattern is meant, as with `*`. An address may have the sign."""
        if self.signs and self.signs.search(f"{server}{member or ''}"):
            return True
        return "?" in str(member) or ("?" in server and "server_pattern" not in self.mcp)

    @cached_property
    def signs(self) -> re.Pattern[str] | None:
        """More signs that make a name in the list a pattern for tools of servers."""
        signs = self.mcp.get("patterns")
        return re.compile(f"[{re.escape(signs)}]") if isinstance(signs, str) else None

    def is_pattern(self, token: str) -> bool:
        """Whether a token begins as tools of servers do, and is a pattern to the program, by whatever sign."""
        begins = str(self.mcp.get("tool") or "").partition("{")[0]
        return bool(begins and token.startswith(begins) and self.signs and self.signs.search(token))

    @cached_property
    def _servers(self) -> dict[str, str]:
        """Other names of a server -> the one it is written by."""
        known = self.mcp.get("servers") or {}
        return {alias: name for name, aliases in known.items() for alias in words(aliases)}

    def _is_set(self, name: str) -> bool:
        """`read/x` is an unknown tool of the set `read`, not a tool of a server of that name. Where a sign stands
        before the server (`@aws`, `mcp__aws`), a tool of its name is something else."""
        return name in self.names or name in self.aliases

    @property
    def mcp_is_loose(self) -> bool:
        """Any name with the separator looks like a tool of a server (``{server}_{tool}``)."""
        templates = (*words(self.mcp.get("tool")), *words(self.mcp.get("also_tool")))
        return any(t.startswith("{server}") and "/" not in t for t in templates) and "server_pattern" not in self.mcp

    def spell_mcp(self, server: str, member: str | None) -> str | None:
        """How the program writes a server's tools, ``None`` where it cannot."""
        if server == "*":
            every = self.mcp.get("every")
            return None if every is None else str(every)
        template = self.mcp.get("tool" if member else "server")
        if template is None:
            return None
        if clean := self.mcp.get("clean"):  # characters outside the class become `_` in the program
            if member and any(sign in member for sign in "*?"):
                return None  # `get_*` would be the name of a tool that nobody has
            server = re.sub(clean, "_", server)
            member = re.sub(clean, "_", member) if member else member
        if not self._spellable(server, member) or self.own_member(member):
            return None
        return str(template).format(server=server, tool=member)

    def own_behind(self, token: str) -> Name | None:
        """The same of a token with a server in front, whatever that is called."""
        behind = token.rpartition(self.tool_separator)[2] if self.mcp.get("own_members") else token
        return self.own_member(behind) if behind != token else None

    def own_member(self, member: str | None) -> Name | None:
        """The program's own tool that it takes a server's tool of that name for."""
        if not member or member.lower() not in self.mcp.get("own_members", ()):
            return None
        return self.own(member) or self.own(self.folded.get(member.lower(), ""))

    def _spellable(self, server: str, member: str | bool | None) -> bool:
        """Whether the program takes such a server and tool apart as they are meant."""
        at_blanks = self.fact("split") in ("comma-space", "comma-or-space")
        split = r"[\s,;\"'\[\]()]" if at_blanks else r"[,;\r\n\"'\[\]()]|\A\s|\s\Z"
        if any(isinstance(name, str) and re.search(split, name) for name in (server, member)):
            return False  # in a list of names it would be two, or lose an end
        whole, part = self.mcp.get("server_pattern"), self.mcp.get("tool_pattern")
        if whole and not re.fullmatch(str(whole), server):
            return False
        return not (part and member) or re.fullmatch(str(part), str(member)) is not None

    def spell_denied(self, server: str, member: str | None) -> str | None:
        """How the deny-list names a server's tools, ``None`` where it cannot."""
        if member is None and "deny_server" in self.mcp:
            template = self.mcp["deny_server"]
            return None if template is None else str(template).format(server=server)
        return self.spell_mcp(server, member)

    def denied_tool(self, token: str) -> Tool | None:
        """A token of the deny-list that names tools of MCP servers."""
        forms = [self.mcp.get("deny_server")]
        if self.mcp.get("deny_prefix"):  # that all its tools begin so
            forms.append(str(self.mcp.get("tool") or "").replace("{tool}", "*"))
        for form in forms:
            found = template_regex(str(form), False).fullmatch(token) if form else None
            if found and not self._is_pattern(found["server"], None):
                return Tool(token, server=found["server"])
        return self.mcp_tool(token)


def words(value: Any) -> tuple[str, ...]:
    """One word, several or none, as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
