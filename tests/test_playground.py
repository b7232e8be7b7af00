"""The playground in a real browser: built, loaded, typed into; nothing leaves the page."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from types import ModuleType

import pytest

from tests import browser
from tests.conftest import ROOT

PLACE = ROOT / "docs" / "playground"
SHOWN = "document.body.dataset.state === 'shown'"
READ_ONLY = "---\nname: a\ndescription: Reads.\ntools: Read\n---\n\nRead.\n"


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("playground_build", PLACE / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_same_input_gives_the_same_bytes() -> None:
    module = builder()
    assert module.site() == module.site()


def test_the_page_allows_itself_only() -> None:
    text = (PLACE / "index.html").read_text("utf-8")
    assert (
        "default-src 'none'" in text and "connect-src 'self'" in text and "http" not in text.replace("http-equiv", "")
    )
    scripts = "".join((PLACE / name).read_text("utf-8") for name in ("page.js", "worker.js"))
    assert "innerHTML" not in scripts and "http" not in scripts and "eval(" not in scripts


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[browser.Page, list[str]]]:
    if browser.chromium() is None:
        pytest.skip("no Chromium to show the page in")
    if shutil.which("npm") is None:
        pytest.skip("no npm to fetch Pyodide with")
    out = tmp_path_factory.mktemp("playground")
    try:
        builder().build(out)
    except Exception as error:
        pytest.skip(f"Pyodide cannot be fetched: {error}")
    with browser.served(out) as (url, asked), browser.page(f"{url}/index.html") as opened:
        opened.wait(SHOWN, 240)
        yield opened, asked


def typed(page: browser.Page, text: str, to: str = "vscode") -> None:
    page.run(f"delete document.body.dataset.state; document.getElementById('to').value = {json.dumps(to)}")
    page.run(f"document.getElementById('source').value = {json.dumps(text)}")
    page.run("document.getElementById('source').dispatchEvent(new Event('input'))")
    page.wait(SHOWN)


def shown(page: browser.Page, id: str) -> str:
    return str(page.run(f"document.getElementById({json.dumps(id)}).innerText"))


def test_it_converts_as_the_command_does(page: tuple[browser.Page, list[str]]) -> None:
    from agentconv import convert_text

    typed(page[0], READ_ONLY, "opencode")
    assert shown(page[0], "output").strip() == convert_text(READ_ONLY, from_="claude-code", to="opencode").text.strip()
    assert "Claude Code" in shown(page[0], "format") and "OpenCode" in shown(page[0], "programs")
    typed(page[0], READ_ONLY, "codex")
    assert "refused" in shown(page[0], "status") and shown(page[0], "output").strip() == ""
    assert "C012" in shown(page[0], "notes")


def test_bad_text_is_an_answer(page: tuple[browser.Page, list[str]]) -> None:
    typed(page[0], "no agent at all")
    assert "F006" in shown(page[0], "problem")
    typed(page[0], READ_ONLY.replace("Reads.", "<img src=x onerror=alert(1)>"))
    assert page[0].run("document.querySelectorAll('img').length") == 0
    assert "<img" in shown(page[0], "output")


def test_nothing_is_asked_for_but_the_page(page: tuple[browser.Page, list[str]]) -> None:
    before = len(page[1])
    typed(page[0], READ_ONLY.replace("Reads.", "Secret."))
    assert len(page[1]) == before and not any("Secret" in path for path in page[1])


def test_a_link_holds_the_agent(page: tuple[browser.Page, list[str]]) -> None:
    typed(page[0], READ_ONLY, "opencode")
    page[0].run("document.getElementById('share').click()")
    page[0].wait("location.hash.length > 20")
    page[0].run("document.getElementById('source').value = ''")
    assert page[0].run("location.hash.slice(1).match(/^[A-Za-z0-9_-]+$/) !== null")
    page[0].ask("Page.reload")
    page[0].wait("document.readyState === 'complete'")
    page[0].wait(SHOWN, 240)
    assert page[0].run("document.getElementById('source').value") == READ_ONLY
    assert page[0].run("document.getElementById('to').value") == "opencode"


def test_a_conversion_is_quick(page: tuple[browser.Page, list[str]]) -> None:
    """Under 100 ms; tests do not time on shared machines, so here only a tenfold slip is an error."""
    took = []
    for n in range(5):
        typed(page[0], READ_ONLY.replace("Reads.", f"Reads {n}."), "opencode")
        took.append(float(page[0].run("document.body.dataset.took")))
    print(f"a conversion takes {median(took):.0f} ms")
    assert median(took) < 1000


@pytest.mark.skipif("AGENTCONV_PICTURES" not in os.environ, reason="AGENTCONV_PICTURES names no folder for pictures")
def test_pictures_to_look_at(page: tuple[browser.Page, list[str]]) -> None:
    folder = Path(os.environ["AGENTCONV_PICTURES"])
    typed(page[0], READ_ONLY)
    page[0].picture(folder / "playground-wide.png", 1400, 1000)
    page[0].picture(folder / "playground-narrow-dark.png", 420, 1700, dark=True)
