"""Modules that hand a definition over in a call: what is read is what the function gives, and nothing of it is run."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given

from agentconv import registry
from agentconv.containers import ContainerError, Document, registering
from agentconv.output.scalars import json_line
from agentconv.output.script import script_value
from agentconv.output.templates import template
from tests.test_literals import TEXTS, VALUES

CALLS = {"of": "register", "made": {"create": "definition"}, "through": ["early"], "quiet": ["log"], "listed": "all"}


def read(text: str) -> Document:
    return registering.read(text, CALLS)


def given_by(body: str, top: str = "") -> Any:
    document = read(f"{top}export default function (api: API) {{\n{body}\n}}\n")
    assert document.header is not None
    return document.header.data()


@given(VALUES)
def test_what_is_written_is_read(value: object) -> None:
    text = script_value({"a": value})
    assert given_by(f"api.register({text})") == {"a": value}
    assert given_by(f"api.register({{ b: api.create({text}).definition }})") == {"b": {"a": value}}
    assert given_by("api.register({ a: value })", f"const value = {script_value(value)}\n") == {"a": value}


@given(TEXTS, TEXTS)
def test_no_text_leaves_the_comment(key: str, label: str) -> None:
    """Behind a line separator a comment of JavaScript has ended, and the rest of it would be run."""
    rows = {"key": key, "label": label, "agent": {"extends": "medium"}}
    first = template("amp", "typescript").render(rows=rows).split("\n")[0]
    found = re.fullmatch(r"// @amp-agent-mode (\{.*\})", first)
    assert found and first.isascii() and json.loads(found[1]) == {"key": key, "label": label}
    assert json_line({"key": key}).isprintable()


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("const a = 'x'\n api.register({ a: a })", {"a": "x"}),
        ("const a = api.create({ b: 1 })\n api.register({ a: a.definition, })", {"a": {"b": 1}}),
        ("const a = api.create({ b: 1 }).definition\n api.register({ a: a });", {"a": {"b": 1}}),
        ("api.early.register({ a: api\n.early\n.create({ b: 1 })\n.definition })", {"a": {"b": 1}}),
        ("const a = ['x'] as const\n api.register({ a: [...a, ...['y'], 'z'] })", {"a": ["x", "y", "z"]}),
        ("api.register({ a: ['x', 'y'].join('\\n') })", {"a": "x\ny"}),
        ("api.register({ a: ['x', `y`].join() })", {"a": "x,y"}),
        ("const a = 'x' + 'y'\n api.register({ a: a + 'z' })", {"a": "xyz"}),
        ("const a = 1\n api.register({ a, b: { a } })", {"a": 1, "b": {"a": 1}}),
        ("if (!api.early) return;\n api.register({})", {}),
        ("if (!api.early?.create) { api.log.say('x'); return }\n api.register({})", {}),
        ("api.log.say('x', 1)\n api.register({})", {}),
        ("api.register({ a: 1 })\n api.register({ a: 2 })", {"all": [{"a": 1}, {"a": 2}]}),
        ("api.create({ a: 1 })".replace("api", "const b = api") + "\n api.register({})", {}),
    ],
)
def test_what_is_known_without_a_run(body: str, value: object) -> None:
    assert given_by(body) == value


@pytest.mark.parametrize(
    "body",
    [
        "api.register({ a: api.create({}) })",
        "const a = api.create({})\n api.register({ a: a })",
        "const a = api.create({})\n const b = a\n api.register({ a: b })",
        "api.register({ a: api.create({}).other })",
        "api.register({ a: api.other({}).definition })",
        "api.late.register({})",
        "if (!api.late) return\n api.register({})",
        "if (!api.early) return api.register({})",
        "if (!api.early) { return } else { api.on() }\n api.register({})",
        "if (api.early) return\n api.register({})",
        "api.log.say(api.on())\n api.register({})",
        "api.log.say(b)\n api.register({})",
        "api.log('x')\n api.register({})",
        "api.log.say('x').then()\n api.register({})",
        "api.register({ a: other.create({}).definition })",
        "api.register({}, {})",
        "api.register([])",
        "api.register(...a)",
        "api.register({ a: ['x', b].join('') })",
        "api.register({ a: ['x'].join(b) })",
        "api.register({ a: ['x', 1].join('') })",
        "api.register({ a: ['x'].join('').trim() })",
        "api.register({ a: [...'xy'] })",
        "api.register({ a: `${b}` })",
        "api.register({ a })",
        "api.on('x', () => {})\n api.register({})",
        "if (x) api.register({})",
        "if (x) return\n api.register({})",
        "return api.register({})",
        "await api.register({})",
        "for (const a of [1]) api.register({ a: a })",
        "const a = { b: 1 }\n a.b = 2\n api.register(a)",
        "const a = { b: 1 }\n delete a.b\n api.register(a)",
        "const { a } = api\n api.register({})",
        "const a = api\n a.register({})",
        "let a = 1\n a++\n api.register({ a: a })",
        "function a() {}\n api.register({})",
        "api.register({}).unsubscribe()",
        "api.register({}), api.other()",
        "/x/.test('')\n api.register({})",
    ],
)
def test_what_would_have_to_be_run_is_an_error(body: str) -> None:
    with pytest.raises(ContainerError) as raised:
        given_by(body)
    assert raised.value.line >= 1 and raised.value.message


@pytest.mark.parametrize(
    "module",
    [
        "export default api => { api.register({}) }",
        "export default async (api) => { api.register({}) }",
        "export default async function plugin(api: API): Promise<void> { api.register({}) }",
        "import type { API } from 'x'\nexport default function (api: API,) { api.register({}) }\nexport const a = 1",
    ],
)
def test_functions_of_any_form(module: str) -> None:
    document = read(module)
    assert document.header is not None and document.header.data() == {}


@pytest.mark.parametrize(
    "module",
    [
        "api.register({})",
        "export default { register(a) {} }",
        "export default function () { api.register({}) }",
        "export default function (api, b) { api.register({}) }",
        "export default function ({ register }) { register({}) }",
        "export function plugin(api) { api.register({}) }",
        "export default function (api) { api.register({}) }\nexport default 1",
        "export default function (api) { api.register({}) }\nconsole.log(1)",
        "export default function (api) { api.register({})",
        "export default function (api) {} // register(",
    ],
)
def test_other_modules_are_an_error(module: str) -> None:
    with pytest.raises(ContainerError):
        read(module)


def test_a_module_without_such_a_call_is_no_agent() -> None:
    for module in ("", "export default function (api) { api.on('x') }", "const a = 'register'", "/* register( */"):
        assert read(module).status == "skipped"


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"const a{n + 1} = [{', '.join([f'a{n}'] * 9)}]\n" for n in range(40)),
        "".join(f"const a{n + 1} = [a{n}]\n" for n in range(5000)),
        "".join(f"const a{n + 1} = [...a{n}, ...a{n}]\n" for n in range(60)),
        "".join(f"const a{n + 1} = [a{n}, a{n}].join('')\n" for n in range(60)),
        "const b0 = 'xxxxxxxxxx'\n" + "".join(f"const b{n + 1} = [b{n}, b{n}].join('')\n" for n in range(60)),
        f"const b = '{'x' * 10**6}'\n" + "const c = b + 'x'\n" * 5000,
        "api.register({ a: " + "[" * 50000,
        "api.register({ a: " + "api.create({ a: " * 20000,
        "api" + ".early" * 50000,
        "api.register" + " " * 100000,
        "const b: " + "A<" * 50000,
        "api.register({ a: ['x']" + ".join('')" * 20000,
    ],
    ids=range(12),
)
def test_no_module_takes_long(body: str) -> None:
    start = time.process_time()
    with pytest.raises(ContainerError):
        given_by(f"const a0 = ['{'x' * 100}']\n{body}\n api.register({{ a: a40 }})")
    assert time.process_time() - start < 4


@pytest.mark.parametrize(
    "head",
    [
        "function" + " " * 10**5,
        "(api" + " " * 10**5,
        "(api: " + "A<" * 10**5,
        "async" + " " * 10**5,
        "function a(" * 10**5,
    ],
    ids=range(5),
)
def test_no_function_takes_long(head: str) -> None:
    start = time.process_time()
    with pytest.raises(ContainerError):
        read(f"export default {head} register(")
    assert time.process_time() - start < 4


def test_the_description_says_the_calls() -> None:
    calls = registry.load("amp").container["calls"]
    assert calls["of"] and calls["listed"] == registry.load("amp").container["maybe_entries"]
