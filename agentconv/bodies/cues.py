"""What stands around a word and says that an agent is meant, or that none is."""

from __future__ import annotations

import re

NOUN = r"(?:sub-?)?(?:agents?|subagents?|droids?|personas?|modes?|teammates?|chatmodes?)\b"
AFTER = re.compile(rf"[`*_\"']*(?:\s+|-(?=Agent))(?:custom\s+|specialist\s+)?{NOUN}", re.I)
AFTER_LIST = re.compile(
    rf"[`*_\"']*(?:(?:,|\s+(?:or|and)|\s*/)\s*(?:the\s+)?[`*_\"']*[\w.-]+[`*_\"']*){{1,4}}\s+{NOUN}", re.I
)
MODE = re.compile(r"[`*_\"']*\s+modes?\b", re.I)
ARROW = re.compile(
    r"(?:→|->|=>)\s*(?:(?:use|ask|see|run|escalate to|delegate to|hand off to|route to)\s+)?(?:the\s+)?[`*_\"'@]*$",
    re.I,
)
BEFORE = re.compile(rf"\b(?:{NOUN}:?\s+(?:called\s+|named\s+)?|(?:sub-?)?agents?\s+\()[`*_\"'@]*$", re.I)
VERB = re.compile(
    r"\b(?:(?:invok|launch|spawn|dispatch|delegat|escalat|consult|engag|handoff|hand(?:s|ed|ing)?[ -]?off|"
    r"hands? (?:it |this |over |back )+|rout(?:e|es|ed|ing)\b|defer|re-?assign|forward|collaborat|coordinat|partner|"
    r"sync with|work(?:s|ing)? (?:closely )?with|report(?:s|ing)? (?:back )?to|transfer|request|switch(?:es)? to|"
    r"ask)\w*|return\w*(?: [\w'()-]+){0,5} to)\b"
    r"(?:\s+(?!and\b|not\b)[\w'()-]+){0,4}?\s+(?:[`*_\"'@]*[\w.-]+[`*_\"']*(?:,|\s+(?:or|and)|\s*/)\s*){0,3}"
    r"(?:the\s+)?[`*_\"'@]*$",
    re.I,
)
OTHER = re.compile(
    r"[`*_\"']*\s+(?:instructions?\s+)?(?:skills?|commands?|files?|folders?|director(?:y|ies)|branch(?:es)?|labels?|packages?|scripts?|"
    r"fields?|tags?|tools?|workflows?|servers?|hooks?|plugins?|library|modules?)\b",
    re.I,
)
PERSON = re.compile(
    r"(?:^|[-‑_ .:])(?:\w*(?:er|or|ist|ian|ant)|expert|pro|architect|guru|lead|agent|reviewer|analyst|specialist|"
    r"master|coach|manager|auditor|admin|ops|dev|researcher|qa|assistant|executor|verifier|scout|guide|captain|owner|critic)$",
    re.I,
)
HANDS = re.compile(
    r"\b(?:(?:escalat|delegat|dispatch|defer|rout|re-?assign|transfer|forward|report|return|"
    r"hand(?:s|ed|ing)?[ -]?(?:off|over))\w*(?:\s[\w'-]+){0,3}?\s+(?:to|through|via)|"
    r"(?:invok|launch|spawn|consult|engag)\w*)\s+(?:the\s+)?$",
    re.I,
)
LONGER = re.compile(r"(?:^|\n)#[^\n]*$|(?:[\w,;:)]\s+[A-Z][\w-]{2,}|[A-Z]\w*-\w+)\s$")
ROLE = re.compile(r"\b(?:you are|you're|i am|act(?:s|ing)? as|as)\b[^.\n]{0,60}$", re.I)


def distinct(name: str) -> bool:
    """A name that is no word of the language: it has a hyphen, a dot, a digit or a capital inside."""
    return bool(re.search(r"[-‑_.\d:]|[a-z][A-Z]", name))


def said_to_be_an_agent(text: str, start: int, end: int) -> bool:
    """The word agent stands behind the name or in front of it."""
    if AFTER.match(text, end) or AFTER_LIST.match(text, end):
        return True
    return BEFORE.search(text, max(text.rfind("\n", 0, start) + 1, start - 40), start) is not None


def cue(text: str, start: int, end: int) -> bool:
    """That, or work is handed over to it."""
    if AFTER.match(text, end) or AFTER_LIST.match(text, end):
        return True
    begin = max(text.rfind("\n", 0, start) + 1, start - 90)
    before = text[begin:start]
    return any(pattern.search(before) for pattern in (ARROW, BEFORE, VERB))


def is_none(text: str, end: int) -> bool:
    """What is said to be a skill, a file, a tool."""
    return OTHER.match(text, end) is not None or MODE.match(text, end) is not None
