"""What is laid out without Jinja comes out as Jinja lays it out, and what could come out otherwise is not taken."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconv import registry
from agentconv.output.plainlayout import PlainLayout, plain_layout
from agentconv.output.templates import FILTERS, by_jinja, environment, template, template_text
from tests.conftest import ROOT
from tests.strategies import LINE, TRAPS

PLAIN = {"frontmatter", "yaml", "toml", "json", "typescript", "cursor"}
OTHER = {"sections", "codebuff", "amp"}  # by Jinja; `report.html.j2` is no layout of a format


def by_both(text: str, **names: Any) -> tuple[Any, Any]:
    """What comes out, or what is raised: without Jinja and with it."""
    plain = plain_layout(text, FILTERS)
    assert plain is not None, text
    return outcome(plain, names), outcome(environment().from_string(text), names)


def outcome(layout: Any, names: dict[str, Any]) -> Any:
    try:
        return layout.render(**names)
    except (ValueError, TypeError) as error:
        return type(error), str(error)


def test_every_template_is_known_to_be_plain_or_not() -> None:
    found = {path.stem for path in (ROOT / "templates").glob("*.j2")} - {"report.html"}
    assert found == PLAIN | OTHER
    taken = {name for name in found if plain_layout((ROOT / f"templates/{name}.j2").read_text("utf-8"), FILTERS)}
    assert taken == PLAIN


@pytest.mark.parametrize("id", registry.targets())
def test_a_format_has_the_template_that_jinja_finds(id: str) -> None:
    spec = registry.load(id)
    if spec.many and spec.syntax != "sections":  # entries of a shared file, put there by place
        assert template_text(spec.id, spec.syntax) is None or spec.syntax in PLAIN
        return
    found = by_jinja(spec.id, spec.syntax)
    assert found.filename is not None
    assert template_text(spec.id, spec.syntax) == Path(found.filename).read_text("utf-8")
    assert isinstance(template(spec.id, spec.syntax), PlainLayout) is (Path(found.filename).stem in PLAIN)


KEYS = st.sampled_from(["name", "a.b", "a b", "yes", "---", "{{ x }}", "items", "x" * 1001, "é", ""]) | LINE
SCALARS = (
    LINE | st.booleans() | st.integers() | st.floats() | st.none() | st.sampled_from(["\ud83d", "a\nb", "a\r\nb", " x"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
ROWS = st.dictionaries(KEYS, VALUES, max_size=4)
PROMPTS = st.lists(st.sampled_from([*TRAPS, "\n", "\r\n", "\r", "{%", "%}", "{{", "}}", "{#", "#}"]), max_size=8).map(
    "".join
)


@pytest.mark.parametrize("name", sorted(PLAIN))
@given(rows=ROWS, prompt=PROMPTS)
def test_a_plain_template_gives_what_jinja_gives(name: str, rows: dict[str, Any], prompt: str) -> None:
    ours, jinjas = by_both((ROOT / f"templates/{name}.j2").read_text("utf-8"), rows=rows, prompt=prompt)
    assert ours == jinjas


HEADS = [
    "{% for key, value in rows.items() %}", "{% for key, item in rows.items() if item is mapping %}",
    "{% for key, item in rows.items() if item is not mapping %}", "{% for inner, value in item.items() %}",
    "{% for inner, item in item.items() if item is mapping %}",
    "{% for key, item in rows.items() if rows is mapping %}",
]  # fmt: skip
TAKEN = [
    "", "text", "{{ prompt }}", "a {{ prompt }} b", "{{ rows | json_value }}", "{{ prompt | yaml }}{{ prompt }}",
    "{# said #}", "{{ key | yaml_key }}:{{ item | yaml_value }}", "{{ key }}", "{{ item }}", "{{ key }}{{ value }}",
    "{{ value | toml_value }}", "{{ inner }}", "\x0c", "\x85",
]  # fmt: skip
ODD = [
    "  text", "{# {{ prompt }} #}", "  {# said #}", "{# said #} x", "{#- said -#}", "{# said", "#}", "}}",
    "%}", "{", "}",
    "{% for key, key in rows.items() %}", "{% for rows, loop in rows.items() %}",
    "  {% for key, value in rows.items() %}",
    "{%- for key, value in rows.items() %}", "{% for key, value in rows.items() %} x", "  {% endfor %}",
    "{% for key, value in rows.items() if x is mapping %}", "{% endfor -%}", "{% endfor %} x", "{% else %}",
    "{{ value | upper }}", "{{ value | yaml | yaml }}", "{{ agent }}", "{{ rows.name }}", "{{ rows['name'] }}",
    "{{ 1 }}", "{{ prompt|yaml }}", "{{- prompt -}}", "{{{ prompt }}}", "{{ prompt }", "{{ prompt }}}", "{{\nprompt }}",
    "{{ loop }}", "{% raw %}", "{% endraw %}", "{% if rows %}", "{% endif %}", "{% include 'x' %}", "{% set key = 1 %}",
    "\r",
]  # fmt: skip


BLOCKS = st.recursive(
    st.sampled_from(TAKEN * 3 + ODD).map(lambda line: [line]),
    lambda inner: st.builds(
        lambda head, blocks: [head, *chain(*blocks), "{% endfor %}"],
        st.sampled_from(HEADS),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)


@given(
    st.lists(BLOCKS, max_size=3).map(lambda blocks: "\n".join(chain(*blocks))),
    st.dictionaries(
        st.sampled_from(["a", "items", "b c"]), st.just("v") | st.dictionaries(st.just("k"), st.just({"i": 1}))
    ),
)
def test_any_template_that_is_taken_gives_what_jinja_gives(text: str, rows: dict[str, Any]) -> None:
    if plain_layout(text + "\n", FILTERS):
        ours, jinjas = by_both(text + "\n", rows=rows, prompt="said {{ x }}\n")
        assert ours == jinjas


LOOP = "{% for key, value in rows.items() %}\n"


@pytest.mark.parametrize(
    "text",
    [
        "{{ agent }}", "{{ spec }}", "{{ name }}", "{{ key }}", "{{ rows.name }}", "{{ prompt | upper }}",
        "{{ prompt | yaml | yaml }}", "{{ prompt | yaml() }}", "{{- prompt }}", "{{ prompt -}}", "{{ prompt + '' }}",
        "{{{ prompt }}}", "{{ prompt }", "{{\nprompt }}", "{# said #} x\n", " {# said #}\n", "{#- said #}\n", "{# said",
        "{# said #}", "{% raw %}\n{% endraw %}\n", "a\r\nb", "a }} b", "{% endfor %}\n", LOOP, LOOP + "{% endfor %}",
        LOOP + "x\n {% endfor %}\n", LOOP + "x\n{%- endfor %}\n", LOOP + "{% else %}\n{% endfor %}\n",
        LOOP + "{{ loop.index }}\n{% endfor %}\n", LOOP + "{{ item }}\n{% endfor %}\n",
        LOOP + "{% for inner, item in value.items() %}\n{% endfor %}\n{% endfor %}\n",  # nothing says that it is a map
        LOOP + "{% endfor %}\n{{ key }}\n",
        *(
            LOOP.replace(old, new) + "{% endfor %}\n"
            for old, new in [
                ("value", "key"), ("key", "loop"), ("key", "rows"), ("rows", "prompt"), (" %}", " if value %}"),
                (" %}", " if agent is mapping %}"), (" %}", " if value is string %}"),
            ]
        ),
    ],
)  # fmt: skip
def test_what_says_more_than_lines_is_not_taken(text: str) -> None:
    assert plain_layout(text, FILTERS) is None


def test_a_template_in_a_folder_may_be_either(tmp_path: Path) -> None:
    (tmp_path / "tern.j2").write_text("{{ prompt | upper }}\n", "utf-8")
    (tmp_path / "gull.j2").write_text("gull\r\n{{ prompt }}\r\n", "utf-8")
    given: dict[str, Any] = {"rows": {}, "prompt": "Fly."}
    assert template("tern", "yaml", str(tmp_path)).render(**given) == "FLY.\n"
    assert template("gull", "yaml", str(tmp_path)).render(**given) == "gull\nFly.\n"
    assert isinstance(template("gull", "yaml", str(tmp_path)), PlainLayout)
    assert isinstance(template("puffin", "yaml", str(tmp_path)), PlainLayout), "the one of its container"


def test_a_link_out_of_the_folder_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "formats").mkdir()
    (tmp_path / "outside.j2").write_text("outside\n", "utf-8")
    (tmp_path / "formats/tern.j2").symlink_to(tmp_path / "outside.j2")
    found = template_text("tern", "yaml", str(tmp_path / "formats"))
    assert found == (ROOT / "templates/yaml.j2").read_text("utf-8")
