"""Object literals of TypeScript: what is read is what JavaScript has, and what would have to be run is an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconv.containers import ContainerError, literals
from agentconv.output.script import script_key, script_value

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    [
        "`",
        "${x}",
        "$",
        "\\",
        "a\nb",
        "`${`\n",
        "\r\n",
        "\r",
        "\u2028",
        "\0",
        "'\"",
        "\\\n",
        "*/",
        "//",
        "\ufeff",
        "\x7f\n",
    ]
)
KEYS = TEXTS.filter(lambda key: key != "__proto__")
VALUES = st.recursive(
    TEXTS | st.booleans() | st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_is_written_is_read(value: dict[str, object]) -> None:
    for module in ("export default {}", "const a: T = {}\n\nexport default a\n", "module.exports = {};"):
        text = module.replace("{}", script_value(value))
        document = literals.read(text)
        assert document.header is not None and document.header.data() == value
        assert text[document.header.start : document.header.end] == script_value(value)


@given(VALUES)
def test_json_is_a_literal(value: object) -> None:
    document = literals.read(f"export default {{ a: {json.dumps(value)} }}")
    assert document.header is not None and document.header.data() == {"a": value}


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("0x1F", 31),
        ("0b101", 5),
        ("0o17", 15),
        ("1_000", 1000),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-1", -1),
        ("+2", 2),
        ("'\\x41\\u0042\\u{43}\\0\\v'", "ABC\0\v"),
        ("'\\q\\\n'", "q"),
        ("`a\r\nb\rc`", "a\nb\nc"),
        ("'\\ud83d\\ude00'", "😀"),
        ("(('x'))", "x"),
        ("'x' as const", "x"),
        ("'x' + /* a */ \"y\" +\n`z` as const", "xyz"),
        ("('x' + 'y') + 'z'", "xyz"),
        ("[1, /* a */ 2, // b\n]", [1, 2]),
        ("{ 1: 'a', 'b-c': null, $d: true, é: {} } satisfies Foo<Bar>[]", {"1": "a", "b-c": None, "$d": True, "é": {}}),
    ],
)
def test_values(literal: str, value: object) -> None:
    document = literals.read(f"export default {{ a: {literal} }}")
    assert document.header is not None and document.header.data() == {"a": value}


@pytest.mark.parametrize(
    "module",
    [
        "import { a, type B } from './c'\nimport d, { e } from \"f\"\nimport * as g from 'h'\nexport default {};",
        "import 'i'\nexport default {}",
        "import type { A } from 'b'; export const c: A = {} as const satisfies A; export default c",
        "const A = 'x'\nlet b = {}\nexport default b",
        "/* x */ export default ({}) // y",
    ],
)
def test_modules(module: str) -> None:
    document = literals.read(module)
    assert document.header is not None and document.header.data() == {}


@pytest.mark.parametrize(
    "module",
    ["export const x = 1", "type A = {}", "export default function () {}", "export default class {}"],
)
def test_modules_without_an_object(module: str) -> None:
    assert literals.read(module).status == "skipped"


@pytest.mark.parametrize(
    "value",
    [
        "b",
        "b.c",
        "f()",
        "[1].join()",
        "'x' + y",
        "'x' + 1",
        "1 + 'x'",
        "'x' + ['y']",
        "'x' + 'y'.trim()",
        "'x' + +'1'",
        "'x' +",
        "`${b}`",
        "...b",
        "!b",
        "-b",
        "1 + 1",
        "b => 1",
        "(b)",
        "new B()",
        "true ? 1 : 2",
        "1n",
        "01",
        "1_",
        "0x",
        "'\\1'",
        "'\\u{110000}'",
        "'\\ud83d'",
        "'a\nb'",
        "[1,,2]",
        "{ b }",
        "{ b() {} }",
        "{ get b() { return 1 } }",
        "{ [b]: 1 }",
        "{ *b() {} }",
        "{ async b() {} }",
        "{ __proto__: {} }",
        "{ '__proto__': 1 }",
        "function* () {}",
        "/x/",
        "`a`.trim()",
        "tag`a`",
        "{} as { b: 1 }",
        "1, 'b'",
        "",
    ],
)
def test_what_would_have_to_be_run_is_an_error(value: str) -> None:
    text = f"export default {{\n  a: {value}\n}}"
    with pytest.raises(ContainerError) as raised:
        literals.read(text)
    assert raised.value.line >= 2 and raised.value.code in ("R005", "R017", "R087")


@pytest.mark.parametrize(
    "module",
    [
        "export default f({})",
        "export default a",
        "export default {}.a",
        "export default {} || a",
        "export default {}\n(f)()",
        "export default a\nconst a = {}",
        "const a = {}\na.b = 1\nexport default a",
        "export default {}\nexport default {}",
        "function f() {}\nexport default {}",
        "export const id = 'a'",
        "export default []",
        "export default 'a'",
        "export default {} as",
        "const a = b => ({})\nexport default a",
        "export default { a: 1 b: 2 }",
        "export default {",
    ],
)
def test_a_program_is_no_definition(module: str) -> None:
    with pytest.raises(ContainerError):
        literals.read(module)


@pytest.mark.parametrize(
    "code",
    [
        "function* () { yield 'a' }",
        "function* a({ b, c: [d] }: E, f = ')') { /* } */ }",
        "function*(): G<A, { b: 1 }, C[]> { }",
        "function* () { const a = `}${`{${'}'}`}` }",
        "async function () { return '}' // }\n }",
    ],
)
def test_a_function_is_its_source(code: str) -> None:
    document = literals.read(f"export default {{ steps: {code}, a: 1 }}", ["steps"])
    assert document.header is not None and document.header.data() == {"steps": code, "a": 1}


@pytest.mark.parametrize(
    "code",
    ["function* () { return /}/ }", "function* () {}()", "function* () { ( }", "function* () { `${ }", "() => 1"],
)
def test_a_function_whose_end_is_in_doubt_is_an_error(code: str) -> None:
    with pytest.raises(ContainerError):
        literals.read(f"export default {{ steps: {code}, a: 1 }}", ["steps"])


def test_what_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no key"):
        script_key("__proto__")
    with pytest.raises(ValueError, match="surrogate"):
        script_value("\ud83d")
