"""Where a prompt names tools: as references, in backticks, as a call, with the word tool behind them.

Names of other programs' vocabularies count, too, where they are no words of any language: `run_in_terminal` in a file
that was copied from there. A name that is a word (`search`, `read`) counts where what stands around it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentconv.bodies.found import Mention, Words
from agentconv.bodies.parse import Parsed, Span, in_code
from agentconv.bodies.vocabulary import MARK, no_tools

TOOL_NOUN = re.compile(r"[`*_\"']*\s+(?:native\s+|mcp\s+)?tools?\b(?!\s*(?:box|kit|chain|s?et)\b)", re.I)
LISTED_TOOL = re.compile(
    r"[`*_\"']*(?:(?:,|\s+(?:or|and)|\s*/|,\s+(?:or|and))\s*(?:the\s+)?[`*_\"']*[\w./-]+[`*_\"']*){1,6}\s+tools?\b"
)
# a name in backticks counts as one character: the longer name of another program is as far away
SAID_BEFORE = re.compile(r"\btools?\b(?:`[^`\n]*`|[^.\n`]|`(?=[\w./-]*$)){0,30}$", re.I)
USED = re.compile(
    r"\b(?:us(?:e|es|ing)|call(?:s|ing)?|invok(?:e|es|ing)|prefer|fall back to|via|run)\s+"
    r"(?:the\s+)?(?:`[\w/.-]+`(?:,|/|\s+(?:and|or|then)|\s*\+)\s*){0,3}`?$",
    re.I,
)
NO_TOOL = re.compile(
    r"\s+(?:parameters?|arguments?|flags?|options?|fields?|propert(?:y|ies)|variables?|class(?:es)?|functions?|methods?|"
    r"commands?|mode|status|state|keys?|values?|skills?|agents?|sub-?agents?|sections?|tags?|labels?|types?|hooks?|"
    r"endpoints?|events?|actions?|permissions?|files?|folders?|director(?:y|ies)|packages?|CLI|binary|script)\b",
    re.I,
)
ONE_TOOL = re.compile(r" tool\b(?![- ]?(?:box|kit|chain|s?et)\b)")
THE = re.compile(r"\b(?:the|via|using|with) $", re.I)
DIRECTLY = re.compile(r"\b(?:use|uses|using|via|with|call|invoke)\s+$", re.I)
IN_A_ROW = re.compile(r"(?<![\w`])\w+(?:(?:,| and|, and)\s\w+)+(?![\w`(])")
SHELL = re.compile(r"ls|find|grep|rg|cat|sed|awk|bash|sh|git|jq|curl|tree|apply|exec|new|move|delete")
TAGGED = re.compile(r"<tool name=[\"']([^\"'\n]+)[\"']")
HASH = re.compile(r"#(?<![\w#&/(\[]#)(?P<tool>[A-Za-z][\w./-]*\w)")
SERVER = re.compile(r"`?(?<![\w/.-])((?:[A-Z]|(?<=`)[a-z])[\w.-]*(?: [A-Z][\w-]*)?)`? MCP\b(?! (?:or|and)\b)")
NO_SERVER = re.compile(
    r"(?:.|The|Test|Testing|Verify|Validate|Enhanced|New|"
    r"Use|Using|All|Any|An?|Via|With|No|Your|Each|Every|Available|When|If|For|Custom|Call|Run|This|These|Raw|Other|"
    r"Relevant|Optional|Required|External|Enable|Configure|Check|Query|Search|Build|Create|Add|Model|Remote|Local|Key)"
    r"(?: .*)?",
    re.I,
)
HEX = re.compile(r"[0-9A-Fa-f]{3,8}")
WHOLE = re.compile(r"[A-Za-z_][\w./-]*\w(?:/\*)?")
CALL = re.compile(r"([A-Za-z][\w/]*)\(")
WORD = re.compile(r"(?<![\w@/\\.#:$-])[A-Za-z]\w*(?:[/.-]\w+)*(?![/\\])")
ARGUMENT = re.compile(r"\(\s*(?:[a-z_]+\s*[=:]|[\"'`{*]|\))")


def named(name: str) -> bool:
    """A name that is no word of the language."""
    return bool(re.search(r"[_/\d]|[a-z][A-Z]", name)) or (name[:1].isupper() and not name.isupper())


def tool_references(parsed: Parsed, words: Words) -> Iterator[Mention]:
    """Forms that nothing else has: `#tool:x`, `mcp__s__t`."""
    text = parsed.text
    if words.tool_forms is not None:
        for found in words.tool_forms.finditer(text):
            start, end = found.span()
            known = words.tools.get(found["tool"])
            written = bool(words.reference) and found[0].startswith(words.reference)
            if not written and (known is None or text[start - 1 : start] == "("):
                continue  # a number, an anchor, a heading's mark
            code = in_code(parsed, start, end)
            yield Mention("tool", "reference", found[0], start, end, known or found["tool"], known is not None, code)
    if MARK in text:
        for found in words.mcp.finditer(text):
            start, end = found.span()
            yield Mention("tool", "mcp", found[0], start, end, found[0], False, in_code(parsed, start, end))
    yield from _hashes(parsed, words)


def _hashes(parsed: Parsed, words: Words) -> Iterator[Mention]:
    """`#name` as chat has it, in a file of whatever program; a colour, an anchor and a number are none."""
    text, others = parsed.text, words.others
    for found in HASH.finditer(text) if "#" in text else ():
        name, (start, end) = found["tool"], found.span()
        form = parsed.form(start, end)
        if form == "code" or HEX.fullmatch(name):
            continue
        span = parsed.at(start)
        known = name in others()
        if span is None:
            sure = known or _cue(text, start, end)
        else:
            sure = "_" in name or _cue(text, span.start, span.end)
        if sure or known:
            yield Mention("tool", "hash", found[0], start, end, name, name in words.tools, False, sure)


def tools(parsed: Parsed, words: Words) -> Iterator[Mention]:
    """All other forms."""
    text = parsed.text
    for span in parsed.spans:
        if span.kind == "code":
            yield from _in_backticks(parsed, span, words)
    for found in TAGGED.finditer(text) if "<tool " in text else ():
        if found[1] in words.tools and not in_code(parsed, found.start(), found.end()):
            yield Mention("tool", "tag", found[1], *found.span(1), words.tools[found[1]], True, False, True)
    own, others = words.tools, words.others()
    spelled = 0
    for found in WORD.finditer(text):
        token, start = found[0], found.start()
        if token in own or token in others:
            parts = [token]
        elif "/" in token:
            parts = token.split("/")
        else:
            continue
        for part in parts:
            if (part in own or part in others) and parsed.at(start) is None:
                spelled += 1
                yield from _spelled(text, part, start, words, alone=len(parts) == 1)
            start += len(part) + 1
    for row in IN_A_ROW.finditer(text) if spelled > 1 else ():
        yield from _in_a_row(parsed, row, words)


def _in_a_row(parsed: Parsed, row: re.Match[str], words: Words) -> Iterator[Mention]:
    """ "read_file, glob, grep_search"; "Read, Write, Edit": words, too, where they stand among their like."""
    own = [m for m in re.finditer(r"\w+", row[0]) if m[0] in words.tools]
    among = sum("_" in m[0] for m in own) > 1
    like = [m for m in own if (among and m[0].islower()) or m[0].istitle()]
    if not among and len(like) < 3:
        return
    for m in like:
        start = row.start() + m.start()
        if parsed.at(start) is None:
            yield Mention("tool", "bare", m[0], start, start + len(m[0]), words.tools[m[0]], True, False, True)


def servers(parsed: Parsed) -> Iterator[Mention]:
    """MCP servers by what people call them: "the Playwright MCP server", "`context7` MCP"."""
    text = parsed.text
    for found in SERVER.finditer(text) if "MCP" in text else ():
        name, start, end = found[1], *found.span(1)
        span = parsed.at(start)
        if NO_SERVER.fullmatch(name) or (span is not None and (span.kind != "code" or found[0][0] != "`")):
            continue
        yield Mention("tool", "server", name, start, end, name, False, False, True)


def _in_backticks(parsed: Parsed, span: Span, words: Words) -> Iterator[Mention]:
    text = parsed.text
    start, end = parsed.inside(span)
    whole = text[start:end]
    if call := CALL.match(whole):
        name = call[1]
        if name in words.tools and (named(name) or _cue(text, span.start, span.end)):
            yield Mention("tool", "call", name, start, start + call.end(1), words.tools[name], True, False, True)
        elif name in words.others():
            yield Mention("tool", "call", name, start, start + call.end(1), name, False, False, True)
    elif not WHOLE.fullmatch(whole) or NO_TOOL.match(text, span.end):
        return
    elif whole in words.tools:
        sure = named(whole) or _cue(text, span.start, span.end) or _used(text, whole, span)
        yield Mention("tool", "backticks", whole, start, end, words.tools[whole], True, False, sure)
    elif whole in words.others():
        yield Mention("tool", "backticks", whole, start, end, whole, False, False, True)
    elif TOOL_NOUN.match(text, span.end):
        yield Mention("tool", "backticks", whole, start, end, whole, False, False, not SHELL.fullmatch(whole))


def _spelled(text: str, name: str, start: int, words: Words, *, alone: bool) -> Iterator[Mention]:
    """A name in prose. "edit", "search" are words of the language there, and tools in "the edit tool" only."""
    end = start + len(name)
    own = name in words.tools
    if name in no_tools():
        return
    if name.isalpha() and name.islower():
        if own and ONE_TOOL.match(text, end) and THE.search(text, max(start - 8, 0), start):
            yield Mention("tool", "noun", name, start, end, words.tools[name], True, False, True)
        return
    meant = words.tools.get(name, name)
    form = "bare"
    if TOOL_NOUN.match(text, end) or (named(name) and LISTED_TOOL.match(text, end)):
        form, said, sure = "noun", True, True
    elif text[end : end + 1] == "(" and named(name) and ARGUMENT.match(text, end):
        form, said, sure = "call", True, "_" in name or "/" in name
    else:
        plain = "_" in name or ((own or not alone) and re.search("[a-z][A-Z]", name) is not None)
        used = own and name[0].isupper() and DIRECTLY.search(text, max(start - 20, 0), start) is not None
        said, sure = plain or (used and not NO_TOOL.match(text, end)), True
    if said:
        yield Mention("tool", form, name, start, end, meant, own, False, sure)


def _cue(text: str, start: int, end: int) -> bool:
    if TOOL_NOUN.match(text, end) or LISTED_TOOL.match(text, end):
        return True
    begin = max(text.rfind("\n", 0, start) + 1, start - 160)
    return SAID_BEFORE.search(text, begin, start) is not None


def _used(text: str, name: str, span: Span) -> bool:
    """ "Use `search` to find …": the program's own word, used; a command of the shell may be that."""
    begin = max(text.rfind("\n", 0, span.start) + 1, span.start - 80)
    return not SHELL.fullmatch(name) and USED.search(text, begin, span.start) is not None
