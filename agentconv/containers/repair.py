"""Headers that are not valid YAML, repaired entry by entry.

217 of 5,521 headers in the wild are broken, nearly all of them by one value without quotes. Every entry that can be
read alone is kept as it stands; only the offending value is put in quotes. A line that begins with a known field is
never taken for the text of the value above it: a lost ``tools:`` would widen the agent.
"""

from __future__ import annotations

import re

from agentconv.containers import ContainerError, Node, Pair, Places, Remark, check_header
from agentconv.containers.entries import Entry, split_entries
from agentconv.containers.quotes import unquote
from agentconv.containers.yamlnodes import compose_all
from agentconv.output.edit import edit_text
from agentconv.output.scalars import yaml_flow, yaml_scalar
from agentconv.patterns import pattern

_INNER = pattern(r"([ \t]*(?:-[ \t]+)*)([A-Za-z_][\w./-]*:[ \t]+)?(\S.*?)[ \t]*\Z")
_BLOCK = pattern(r"[|>][-+]?[0-9]?[-+]?[ \t]*(?:#.*)?\Z")
_ALIAS = pattern(r"(?:\A|[\r\n])[^\r\n:]*:[ \t]+\*([\w-]+)[ \t]*(?=[\r\n]|\Z)")
# what dialogues of an <example> block begin their lines with
_SPEECH = {"user", "assistant", "human", "context", "example", "examples", "commentary", "system", "note", "response"}
_WORD = pattern(r"""["']?[\w./*:@()+-]+["']?""")
# possessive: what is a word and what stands between words could else be told apart in 2 to the power of n ways
_WORDS = pattern(r"""(?:["']?[\w./*:@()+-]++["']?(?:[ \t]*+(?:[,\[\]]|[\r\n]|\Z))++|[\s,\[\]]++|-[ \t]++)*+""")


def repair(
    text: str,
    start: int,
    end: int,
    error: ContainerError,
    known_keys: frozenset[str],
    controls: frozenset[str] = frozenset(),
) -> tuple[Node, list[Remark]]:
    """The header between two offsets as a map, and what was repaired; ``error`` is what strict reading said."""
    check_header(text[start:end], error.line, broken=True)
    worker = _Repair(text, start, end, error, known_keys, controls)
    return worker.run(), worker.remarks


class _Repair:
    def __init__(
        self, text: str, start: int, end: int, error: ContainerError, known: frozenset[str], controls: frozenset[str]
    ) -> None:
        self.controls = controls
        self.text, self.start, self.stop, self.error, self.known = text, start, end, error, known
        self.places = Places(text)
        self.remarks: list[Remark] = []

    def run(self) -> Node:
        entries = split_entries(self.text, self.start, self.stop, self.known, self.controls, self.error)
        source = self.text[self.start : self.stop]
        for alias in _ALIAS.finditer(source):
            if f"&{alias[1]}" in source:  # entries with anchors cannot be read one by one
                raise self.error
        self.top = {entry.key for entry in entries}
        pairs: list[Pair] = []
        at = 0
        while at < len(entries):
            stop = at + 1
            while stop < len(entries) and not entries[stop].known:
                stop += 1
            for entry in self.region(entries[at:stop]):
                pairs += entry.pairs
            at = stop
        line, column = self.places.at(self.start)
        node = Node("map", self.start, pairs[-1].end, line, column, style="block", pairs=pairs)
        seen: set[str] = set()
        for pair in pairs:
            if pair.key.text in seen:
                self.say("R010", f"{pair.key.text!r} stands twice; the last one counts", pair.start, pair.key.text)
            seen.add(pair.key.text)
        return node

    def say(self, code: str, message: str, at: int, key: str, splice: tuple[int, int, str] | None = None) -> None:
        line, column = self.places.at(at)
        start, end, new = splice or (at, -1, "")
        self.remarks.append(Remark(code, message, line, column, key, start, end, new))

    def region(self, entries: list[Entry]) -> list[Entry]:
        """A field and the unknown keys below it, which may be its text."""
        for entry in entries:
            if entry is entries[-1] or entry.tab_below(self.text):
                for start, end in entry.trim(self.text):
                    self.say("R013", "a tab on an empty line", start, "", (start, end, ""))
        broken = [not self.alone(entry) for entry in entries]
        if not any(broken):
            return entries
        spill = any(bad and self.spills(entry) for bad, entry in zip(broken, entries, strict=True))
        if not spill and broken[0]:
            spill = any(e.key.lower() in _SPEECH or e.key[:1].isupper() for e in entries[1:])
        if spill and len(entries) > 1:
            owner = entries[0]
            for entry in entries[1:]:
                owner.lines += entry.lines
            owner.pairs = []
            self.fix(owner)
            return [owner]
        for bad, entry in zip(broken, entries, strict=True):
            if bad:
                entry.trim(self.text)
                self.fix(entry)
        return entries

    def spills(self, entry: Entry) -> bool:
        """Text at column 0 below the key."""
        return any(self.text[start] not in " \t#" for start, end in entry.lines[1:] if self.text[start:end].strip())

    def alone(self, entry: Entry) -> bool:
        return not entry.glued and not entry.odd and self.compose(entry, [])

    def compose(self, entry: Entry, splices: list[tuple[int, int, str]]) -> bool:
        """Read the entry with its splices; ``True`` where that gives its one pair."""
        start, end = entry.start, entry.end
        source = self.text[start:end]
        if splices:
            source = edit_text(source, [(a - start, b - start, new) for a, b, new in splices])
        if end < self.stop:
            source += "\n"  # the line break counts where the entry ends in a block of text
        try:
            composed = compose_all(source)
        except ContainerError as error:
            if error.code != "R005":
                raise
            return False
        node = composed.node
        if node is None or node.kind != "map" or [p.key.text for p in node.pairs] != [entry.key]:
            return False
        if composed.anchors:  # `key: &word more words`
            return False
        self.move(node, start, splices)
        entry.pairs = node.pairs
        return True

    def move(self, node: Node, start: int, splices: list[tuple[int, int, str]]) -> None:
        """Give the nodes of an edited entry their places in the file."""
        edges: list[tuple[int, int, int]] = []  # new start, new end, what to add behind it
        shift = start
        for begin, end, new in sorted(splices):
            at = begin - shift
            edges.append((at, at + len(new), end))
            shift += (end - begin) - len(new)
        moved: set[int] = set()

        def old(position: int) -> int:
            result = position + start
            for at, stop, end in edges:
                if position >= stop:
                    result = end + position - stop
                elif position > at:
                    return end
            return result

        def walk(inner: Node) -> None:
            if id(inner) in moved:
                return
            moved.add(id(inner))
            inner.start, inner.end = old(inner.start), old(inner.end)
            inner.line, inner.column = self.places.at(inner.start)
            for item in inner.items:
                walk(item)
            for pair in inner.pairs:
                walk(pair.key)
                walk(pair.value)

        walk(node)

    def fix(self, entry: Entry) -> None:
        if entry.odd:
            plain = (entry.start, entry.colon, f"{entry.key}: ")
            if self.compose(entry, [plain]):
                text = f"a character that one does not see, or a colon of another script, hides the field {entry.key!r}"
                self.say("R032", text, entry.start, entry.key, plain)
                return
            line, column = self.places.at(entry.start)
            raise ContainerError("R005", f"the field {entry.key!r} cannot be read", line, column, "type the line anew")
        if entry.glued:
            space = (entry.colon, entry.colon, " ")
            if self.compose(entry, [space]):
                self.say("R013", f"no space after the colon of {entry.key!r}", entry.start, entry.key, space)
                return
            entry.glued = False
        elif len(entry.lines) > 1 and self.compose(entry, []):
            return  # a quoted text over several lines
        if self.tabs(entry) or self.nested(entry) or self.bracket(entry) or self.words(entry):
            return
        self.as_text(entry)

    def tabs(self, entry: Entry) -> bool:
        splices = []
        for start, end in entry.lines[1:]:
            indent = re.match(r"[ \t]*", self.text[start:end])
            if indent and "\t" in indent[0]:
                splices.append((start, start + len(indent[0]), indent[0].replace("\t", "  ")))
        if not splices or not self.compose(entry, splices):
            return False
        for splice in splices:
            self.say("R013", f"tabs in the indentation of {entry.key!r}", splice[0], entry.key, splice)
        return True

    def nested(self, entry: Entry) -> bool:
        """A list or map below the key: put quotes around the values in it that need them."""
        first = self.text[entry.colon : entry.lines[0][1]].strip()
        if len(entry.lines) == 1 or (first and not first.startswith("#")) or self.spills_text(entry):
            return False
        splices: list[tuple[int, int, str]] = []
        for start, end in entry.lines[1:]:
            line = self.text[start:end]
            found = _INNER.match(line)
            if not found or line.lstrip().startswith("#"):
                continue
            value = found[3]
            if found[1].strip() == "" and not found[2]:
                continue
            if _composes(f"x: {value}") or _BLOCK.match(value) or (not found[2] and _composes(value)):
                continue
            at = start + found.start(3)
            splices.append((at, start + found.end(3), yaml_scalar(unquote(value))))
        if not splices or not self.compose(entry, splices):
            return False
        for splice in splices:
            self.say("R003", f"a value below {entry.key!r} needs quotes", splice[0], entry.key, splice)
        return True

    def spills_text(self, entry: Entry) -> bool:
        return any(self.text[start] not in " \t#-" for start, end in entry.lines[1:] if self.text[start:end].strip())

    def bracket(self, entry: Entry) -> bool:
        """``[a, b`` on one line."""
        value = self.text[entry.colon : entry.end].strip()
        close = {"[": "]", "{": "}"}.get(value[:1])
        if not close or close in value or len(entry.lines) > 1:
            return False
        splice = (entry.end, entry.end, close)
        if not self.compose(entry, [splice]):
            return False
        self.say("R003", f"the {value[0]} of {entry.key!r} is not closed", entry.colon, entry.key, splice)
        return True

    def words(self, entry: Entry) -> bool:
        """A list written twice or in two ways (``[a, b]`` and below it ``- c``): all of its names are meant."""
        start = entry.colon + len(self.text[entry.colon : entry.end]) - len(self.text[entry.colon : entry.end].lstrip())
        raw = self.text[start : entry.end].rstrip()
        if not re.search(r"[\[\]]|(?:\A|[\r\n])[ \t]*- ", raw) or not _WORDS.fullmatch(raw):
            return False
        if re.match(r"[\w-]+[ \t]*[\r\n]", raw):  # one word and then a list: the word is the value
            return False
        found = [m for m in _WORD.finditer(raw) if m[0] != "-"]
        new = yaml_flow([m[0].strip("\"'") for m in found])
        at_key, stop = self.places.at(entry.start), start + len(raw)
        key = Node("scalar", entry.start, entry.start + len(entry.key), *at_key, entry.key, "plain", entry.key)
        value = Node("list", start, stop, *self.places.at(start), style="flow")
        for m in found:
            name, at = m[0].strip("\"'"), start + m.start()
            value.items.append(Node("scalar", at, start + m.end(), *self.places.at(at), name, "quoted", name))
        entry.pairs = [Pair(key, value)]
        splice = (entry.colon, stop, " " + new)
        self.say("R009", f"the list of {entry.key!r} is written in several pieces", start, entry.key, splice)
        return True

    def as_text(self, entry: Entry) -> None:
        """The raw lines are the value."""
        while len(entry.lines) > 1 and self.text[entry.lines[-1][0] :][:1] == "#":
            entry.lines.pop()
        start = entry.colon
        while start < entry.end and self.text[start] in " \t":
            start += 1
        value, several = self.raw(entry, start)
        if not value:
            raise self.error
        self.hidden(entry)
        self.no_text(entry)
        stop = entry.lines[0][0] + len(self.text[entry.lines[0][0] : entry.end].rstrip())
        splice = (start, stop, ("" if start > entry.colon else " ") + yaml_scalar(unquote(value)))
        code = "R009" if several else "R003"
        what = "runs over several lines" if several else "needs quotes"
        self.say(code, f"the value of {entry.key!r} {what}", start, entry.key, splice)
        line, column = self.places.at(entry.start)
        key = Node("scalar", entry.start, entry.start + len(entry.key), line, column, entry.key, "plain", entry.key)
        line, column = self.places.at(start)
        text = unquote(value)
        entry.pairs = [Pair(key, Node("scalar", start, stop, line, column, text, "plain", text))]

    def raw(self, entry: Entry, start: int) -> tuple[str, bool]:
        first = self.text[start : entry.lines[0][1]].strip()
        rest = [self.text[a:b].rstrip() for a, b in entry.lines[1:]]
        if not rest:
            return first, False
        block = _BLOCK.match(first)
        margin = min((len(line) - len(line.lstrip()) for line in rest if line), default=0)
        if not block and margin and all(rest) and not any("<" in line for line in rest):
            return " ".join([first, *(line.strip() for line in rest)]).strip(), True  # as YAML folds a plain text
        if block and (lead := next((line for line in rest if line), "")):
            depth = len(lead) - len(lead.lstrip())  # a line further left is cut where its text begins
            rest = [line[min(depth, len(line) - len(line.lstrip())) :] for line in rest]
            margin = 0
        below = [line[margin:] for line in rest]
        return "\n".join(below if block or not first else [first, *below]).strip("\n"), True

    def no_text(self, entry: Entry) -> None:
        """What restricts does not run on into lines of text: it would be another value then."""
        if entry.key in self.controls:
            for begin, end in entry.lines[1:]:
                if self.text[begin:end].strip():
                    line, column = self.places.at(begin)
                    raise ContainerError(
                        "R005", f"this line does not belong to the value of {entry.key!r}", line, column,
                        "leave it out, or put it in the text that it belongs to",
                    )  # fmt: skip

    def hidden(self, entry: Entry) -> None:
        """A field that stands only inside of the text, indented, may be meant as a field."""
        for start, end in entry.lines[1:]:
            found = re.match(r"[ \t]+([A-Za-z_][\w.-]*)[ \t]*:(?=[ \t]|\Z)", self.text[start:end])
            if found and found[1] in self.known and found[1] not in self.top:
                line, column = self.places.at(start)
                raise ContainerError(
                    "R005", f"is {found[1]!r} a field, or text of {entry.key!r}?", line, column,
                    f"put the text of {entry.key!r} in quotes, or begin the line with {found[1]}",
                )  # fmt: skip


def _composes(source: str) -> bool:
    try:
        composed = compose_all(source)
    except ContainerError:
        return False
    return not composed.anchors
