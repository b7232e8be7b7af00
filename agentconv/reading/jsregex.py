"""Whether a text is a regular expression in JavaScript, told with Python's engine."""

from __future__ import annotations

import re
import warnings

from agentconv.patterns import pattern

# what JavaScript has and Python spells otherwise; a letter without a meaning stands for itself there
_OTHER = pattern(r"\\(?P<escape>[a-zA-Z])|\(\?<(?P<name>[A-Za-z_$][\w$]*)>|(?P<any>\[\^\])|(?P<none>\[\])|\\.", re.S)
_KNOWN = frozenset("bBdDsSwWtrnvf")
# what Python has and JavaScript has not
_FOREIGN = pattern(r"(?<!\\)\(\?(?:P[<=>]|#|>|\(|[aiLmsux]+\))")
_FINE = ("look-behind requires fixed-width pattern", "redefinition of group name", "unknown group name")


def is_js_regex(text: str) -> bool:
    """An approximation: what Python refuses after the spellings that differ were changed."""
    if _FOREIGN.search(text):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(_OTHER.sub(_python, text))
    except (re.error, OverflowError, RecursionError) as error:
        return str(error).startswith(_FINE)
    return True


def _python(found: re.Match[str]) -> str:
    if letter := found["escape"]:
        return found[0] if letter in _KNOWN else "x"
    if found["name"]:
        return f"(?P<{found['name'].replace('$', '_')}>"
    if found["any"]:
        return r"[\s\S]"
    return "(?!)" if found["none"] else found[0]
