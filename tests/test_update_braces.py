"""An object in braces changed by place: what is asked for is there, and nothing else has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconv.containers import Document, literals
from agentconv.containers import json as json_container
from agentconv.output.edit import edit_text
from agentconv.output.script import script_value
from agentconv.output.update_braces import in_braces

KEYS = ["alpha", "beta", "gamma", "delta"]
VALUES: list[Any] = [1, "x", "it's, a // text", "a\nb", [1, "/* no */"], {"in": {"deep": [True]}}, None]
COMMENTS = ["", "  // of the key, with 'quotes'", " /* {a comma,} */"]


def changed(
    document: Document, text: str, values: dict[str, Any], gone: set[str], new: dict[str, Any], js: bool
) -> str:
    assert document.header is not None
    said = script_value if js else json.dumps
    rows = [f"{key if js else json.dumps(key)}: {said(value)}" for key, value in new.items()]
    texts = {key: said(value) for key, value in values.items()}
    return edit_text(text, in_braces(text, document.header, texts, gone, rows, document.newline))


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[str]]:
    """A module, what it exports, and the comments that stand behind the keys."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
    held = {key: draw(st.sampled_from(VALUES)) for key in keys}
    in_lines, ends_so = draw(st.booleans()), draw(st.booleans())
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    rows, comments = [], []
    for n, key in enumerate(keys):
        comma = "," if n + 1 < len(keys) or ends_so else ""
        kind = draw(st.sampled_from(["", " as const", " satisfies Odd<A>"]))
        before = draw(st.sampled_from(["", " "]))
        comment = draw(st.sampled_from(COMMENTS if in_lines else COMMENTS[::2]))
        comment = comment.replace("of the key", f"of {key}").replace("a comma", f"of {key}")
        comments.append(comment)
        rows.append(f"{key}: {script_value(held[key], 2)}{kind}{before}{comma}{comment}")
    sep = newline if in_lines else " "
    pad = draw(st.sampled_from(["  ", "\t"])) if in_lines else ""
    inner = "".join(f"{sep}{pad}{row}" for row in rows)
    lead = draw(st.sampled_from(["", "// mine\n", "import type { A } from './a'\n"])).replace("\n", newline)
    return f"{lead}export default {{{inner}{sep}}}{newline}", held, comments


@given(objects(), st.data())
def test_the_result_holds_what_was_asked_for(made: tuple[str, dict[str, Any], list[str]], data: st.DataObject) -> None:
    text, held, comments = made
    document = literals.read(text)
    assert document.header is not None and document.header.data() == held
    gone = data.draw(st.sets(st.sampled_from(list(held)))) if held else set()
    values = {key: data.draw(st.sampled_from(VALUES)) for key in held if key not in gone and data.draw(st.booleans())}
    new = {key: data.draw(st.sampled_from(VALUES)) for key in ("fresh", "other") if data.draw(st.booleans())}
    after = changed(document, text, values, gone, new, js=True)
    again = literals.read(after)
    assert again.header is not None
    assert again.header.data() == {**{k: values.get(k, v) for k, v in held.items() if k not in gone}, **new}, after
    if held.keys() - gone:
        for key, comment in zip(held, comments, strict=True):
            assert key in gone or comment.strip() in after, after
    assert after.startswith(text[: document.header.start]) and after.endswith(text[document.header.end :])
    if not (gone or values or new):
        assert after == text


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2}', '{\n  "a": 1,\n  "b": 2\n}\n', '{\n\t"a": 1, "b": 2\n}', "{}", "{\n}"]
)
@pytest.mark.parametrize("gone", [set(), {"a"}, {"b"}, {"a", "b"}], ids=str)
@pytest.mark.parametrize("new", [{}, {"c": [1]}, {"c": [1], "d": "x"}], ids=str)
def test_json_stays_json(text: str, gone: set[str], new: dict[str, Any]) -> None:
    held = json.loads(text)
    document = json_container.read(text)
    after = changed(document, text, {}, gone & held.keys(), new, js=False)
    assert json.loads(after) == {**{k: v for k, v in held.items() if k not in gone}, **new}, after
