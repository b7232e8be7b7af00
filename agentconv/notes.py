"""Notes: what a reader or a writer has to say, as data.

A note has a code, an effect, a place and a remedy; whether it is printed, grouped, counted or put
into a report is decided elsewhere. Codes are named after the problem and never reused; the texts of
``agentconv explain`` are in data/notes.yaml (a test keeps both in step).
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, Literal, get_args

from agentconv.records import dataclass

NoteEffect = Literal["info", "approximate", "lost", "narrows", "inherits", "widens", "error"]
EFFECTS: tuple[NoteEffect, ...] = get_args(NoteEffect)
RANK = {effect: rank for rank, effect in enumerate(EFFECTS)}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing worth saying. ``path`` is the place in the model (``tools[2]``)."""

    code: str
    effect: NoteEffect
    message: str
    path: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    help: str = ""
    cause: str = field(default="", compare=False)  # equal causes are grouped on a terminal

    def as_json(self) -> dict[str, Any]:
        """The note as the report holds it (the field for the file is called ``file``)."""
        return {
            "code": self.code,
            "effect": self.effect,
            "path": self.path,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "help": self.help,
        }

    def elsewhere(self, file: str) -> Note:
        """The same note of another file; of ten thousand files each has some."""
        return Note(
            self.code, self.effect, self.message, self.path, file, self.line, self.column, self.help, self.cause
        )

    def moved(self, **changes: Any) -> Note:
        """The same note with other fields."""
        return replace(self, **changes)


# code -> (default effect, headline). Families: R reading, T tools, M models, L other fields,
# C the target's limits and places, F files, V verification, P prompts, X bugs of agentconv itself.
CODES: dict[str, tuple[NoteEffect, str]] = {
    # reading
    "R001": ("error", "not UTF-8"),
    "R002": ("error", "the file is empty"),
    "R003": ("info", "header repaired: a value needed quotes"),
    "R004": ("error", "no header"),
    "R005": ("error", "the header cannot be read"),
    "R006": ("error", "wrong type"),
    "R007": ("approximate", "a value the program does not know"),
    "R008": ("info", "the file was wrapped in a code fence"),
    "R009": ("info", "header repaired: a value ran over several lines"),
    "R010": ("approximate", "the same key twice"),
    "R011": ("info", "the program reads this file differently"),
    "R012": ("info", "the program would not load this file"),
    "R013": ("info", "header repaired: tabs or indentation"),
    "R014": ("info", "literal \\n read as line breaks"),
    "R016": ("error", "not a file of this format"),
    "R017": ("error", "too large or too deep"),
    "R018": ("info", "no agent in this file"),
    "R019": ("info", "something in front of the header was left out"),
    "R020": ("info", "a key without a value"),
    "R021": ("info", "fields taken back that an earlier conversion carried"),
    "R022": ("info", "a carried field was not taken back"),
    "R023": ("info", "routing facts read from the prompt"),
    "R024": ("info", "agentconv's own sentence left out of the prompt"),
    "R030": ("info", "one entry of a shared file, by itself"),
    "R031": ("info", "a text that the program ends at a #"),
    "R032": ("info", "a field hidden by a character one does not see"),
    "R040": ("error", "the program does not see the header"),
    "R041": ("error", "the header is cut off at dashes inside of it"),
    "R042": ("error", "keys are lost in the header"),
    "R043": ("approximate", "a text is read otherwise"),
    "R085": ("approximate", "a key that the program does not know, read as one that it has"),
    "R086": ("approximate", "a limit under the key of another program"),
    "R087": ("error", "a definition that would have to be run"),
    "R060": ("lost", "a command that the source program does not start"),
    "R061": ("lost", "a permission mode that the source program passes over"),
    # tools
    "T001": ("info", "a tool name of another program"),
    "T002": ("info", "a tool name that means nothing to the program"),
    "T003": ("narrows", "the target has no such tool"),
    "T004": ("narrows", "a tool nobody knows"),
    "T005": ("approximate", "the nearest tool stands in"),
    "T006": ("narrows", "a scope the target cannot enforce"),
    "T007": ("narrows", "the target's tool would give more"),
    "T008": ("narrows", "MCP tools cannot be listed here"),
    "T009": ("approximate", "a control the source program does not enforce"),
    "T010": ("approximate", "the list overrides the user's own rules"),
    "T011": ("approximate", "a free shell contains the rest"),
    "T012": ("inherits", "the target gives every agent these tools"),
    "T013": ("narrows", "a denial takes the whole tool"),
    "T014": ("widens", "the target lets the agent do more"),
    "T015": ("widens", "an action that asked would run by itself"),
    "T016": ("info", "a value that is no wildcard here"),
    "T017": ("narrows", "no tool is left"),
    "T018": ("approximate", "it is not known whether the target's control holds"),
    "T020": ("approximate", "more of the same right comes along"),
    "T021": ("narrows", "another program at this place would give more"),
    "T022": ("narrows", "agents that may be called cannot be limited here"),
    "T024": ("info", "a word that can only be a tool of an MCP server"),
    "T030": ("lost", "words about a limit"),
    "T041": ("error", "a form of the tool list that means something else"),
    "T042": ("error", "a denial that does not hold"),
    "T043": ("error", "brackets that limit nothing"),
    "T044": ("error", "the agent may do more than its file says"),
    "T045": ("info", "another program has no such tool"),
    "T046": ("approximate", "no name of the tool list gives anything"),
    "T047": ("error", "a field that brings tools along"),
    "T048": ("approximate", "a name that is not found as it is written"),
    "T049": ("info", "rules that a later one undoes"),
    "T080": ("info", "tools that a subagent has only where its rules name them"),
    "T081": ("approximate", "a word for one MCP server that reaches another"),
    # models
    "M001": ("lost", "the model is not available in the target"),
    "M002": ("approximate", "a model of the same tier"),
    "M003": ("lost", "a model nobody knows"),
    "M004": ("approximate", "only the first model of a list is kept"),
    "M005": ("approximate", "effort changed to the nearest level"),
    "M007": ("info", "the user decided on the model"),
    "M060": ("approximate", "a model stands in where the target asks for one"),
    "M015": ("approximate", "a model nobody knows"),
    "M016": ("approximate", "a model of somebody else"),
    "M017": ("approximate", "another model runs in its place"),
    # other fields
    "L001": ("lost", "the target has no such field"),
    "L002": ("lost", "a value the target does not know"),
    "L003": ("widens", "a limit would be lost"),
    "L004": ("narrows", "a limit is held by fewer rights"),
    "L005": ("approximate", "required text taken from elsewhere"),
    "L006": ("lost", "a key of the source program only"),
    "L007": ("approximate", "a field the target accepts and does not apply"),
    "L008": ("lost", "hooks stay in their own family"),
    "L009": ("approximate", "a value changed to fit the target"),
    "L010": ("approximate", "only one of the programs at this place honours it"),
    "L011": ("approximate", "several texts became one prompt"),
    "L012": ("approximate", "the prompt replaces or joins another base prompt"),
    "L013": ("info", "fields kept for the way back"),
    "L014": ("approximate", "routing facts stand in the prompt"),
    "L017": ("approximate", "a text that the model was told beside the prompt"),
    "L040": ("error", "a limiting field that does nothing"),
    "L041": ("error", "a misspelt key"),
    "L085": ("approximate", "a key that has an effect only beside another one"),
    "L042": ("info", "a key of another program"),
    "L043": ("approximate", "a hand-off to nobody"),
    "L044": ("approximate", "a sub-agent that is not there"),
    "L045": ("approximate", "a skill that is not there"),
    "L046": ("approximate", "an MCP server that is not set up"),
    # the target's limits and places
    "C001": ("approximate", "the name was changed to be legal"),
    "C002": ("info", "a sentence at the head of the prompt states the limit"),
    "C003": ("error", "the text is longer than the target allows"),
    "C004": ("info", "another program reads this place too"),
    "C005": ("approximate", "the name is one of the program's own"),
    "C006": ("error", "two agents for one output"),
    "C007": ("approximate", "the program changes characters of the prompt when it loads"),
    "C008": ("info", "a disabled agent was not written"),
    "C011": ("approximate", "the program drops the white space around the prompt"),
    "C012": ("widens", "refused: the target would let the agent do more"),
    "C013": ("approximate", "the prompt was changed where the target would evaluate it"),
    "C014": ("info", "agents will show twice"),
    "C015": ("info", "what the program asks for before it shows an agent"),
    "C016": ("approximate", "the program's home is elsewhere"),
    "C017": ("info", "settings of an agent that is the program's own"),
    "C040": ("approximate", "a text longer than the program takes"),
    "C041": ("approximate", "a name of the program's own"),
    "C042": ("info", "name and file differ"),
    "C043": ("approximate", "two agents of one name"),
    "C044": ("info", "what a copy would mean in the target"),
    "C045": ("info", "what a conversion to the target gives"),
    "C046": ("error", "a place that is no longer searched"),
    "C060": ("info", "a value that looks like a key would be copied"),
    # files
    "F001": ("error", "cannot be read"),
    "F002": ("error", "cannot be written"),
    "F003": ("error", "the output exists"),
    "F004": ("error", "no agents found"),
    "F005": ("error", "unknown format"),
    "F006": ("error", "the format cannot be told"),
    "F007": ("error", "the output is the source"),
    "F008": ("error", "the shared file cannot be changed safely"),
    "F009": ("error", "outside the root"),
    "F010": ("error", "two formats hold the agent and differ"),
    "F011": ("error", "a setting that means nothing"),
    "F012": ("error", "a source outside the project"),
    "F013": ("info", "a copy that agentconv did not write"),
    "F014": ("info", "a copy that means the same was taken over"),
    "F015": ("error", "a source that holds no agent any more"),
    "F016": ("info", "an edited output without a source"),
    "F017": ("error", "the marks of a passage do not fit"),
    "F018": ("error", "a copy that would widen its source"),
    "F019": ("error", "a tool set that does not fit"),
    "F020": ("narrows", "an edit that takes rights from its source"),
    "F021": ("approximate", "the prompt is written out"),
    "F023": ("info", "the prompt stays in the source"),
    "F024": ("info", "tools taken from a named set"),
    "F025": ("info", "a file that only git has now"),
    "F040": ("info", "a format that the project itself brings"),
    "F041": ("error", "a description cannot be used"),
    "F030": ("error", "a link out of the folder"),
    "F031": ("error", "a link that was checked out as text"),
    "F042": ("lost", "a field that a layout never used"),
    # verification
    "V001": ("error", "the output does not read back as it should"),
    "V002": ("error", "the output is wider than the source"),
    "V003": ("error", "a loss without a note"),
    "V004": ("error", "another entry of the file changed"),
    "V005": ("error", "a tool name the target does not have"),
    # prompts
    "P001": ("approximate", "the prompt calls an agent by a name that it will not have"),
    "P002": ("info", "the prompt speaks of a place of the source's program"),
    "P003": ("approximate", "a word of the prompt was rewritten"),
    "P004": ("info", "a word that may be an agent was left"),
    "P005": ("info", "hand-overs taken from the prompt"),
    "P006": ("approximate", "a hand-over to an agent that is not there"),
    "P007": ("approximate", "a description was split at its examples"),
    "P008": ("info", "a skill that the target will not find"),
    "P009": ("info", "an MCP server that the target will not find"),
    "P010": ("info", "the prompt names an agent that is not there"),
    "P011": ("info", "the prompt names a tool that the program does not have"),
    "P012": ("info", "the prompt speaks of another program's place"),
    "P013": ("info", "the prompt tells to use a tool that the agent has not got"),
    "P014": ("info", "the prompt calls an agent by its file"),
    "P015": ("info", "a placeholder that nothing fills in"),
    "P016": ("info", "nothing was rewritten in the prompt"),
    "P017": ("lost", "more of the prompt lies in other files"),
    # own bugs
    "X001": ("error", "internal error"),
}


def note(code: str, message: str, *, effect: NoteEffect | None = None, **rest: Any) -> Note:
    """A note with the default effect of its code."""
    return Note(code, effect or CODES[code][0], message, **rest)


def worst(notes: list[Note]) -> NoteEffect:
    """The highest effect among them; ``info`` where there are none."""
    return max((n.effect for n in notes), key=lambda e: RANK[e], default="info")
