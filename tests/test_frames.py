"""What is filled into a header of plain lines reads as it does in the whole."""

from __future__ import annotations

from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentconv.building.settled import SettledMaker, plan_of
from agentconv.project import gaps
from agentconv.project.config import Config, TargetSetting
from agentconv.project.filling import new_kinds
from agentconv.project.making import Maker
from agentconv.project.planning import Plan
from agentconv.signs import Texts
from tests.test_alike import BODIES, LINES, ROOT, TARGETS, WORDS, kinds, made, targets_of


@cache
def framed() -> list[tuple[str, gaps.Output]]:
    """Outputs of all targets that are read back line by line."""
    found = []
    for tools in ("tools: Read, Bash", "tools: [Read]\nmodel: haiku", 'tools: "*"'):
        files = [
            (f"agents/agent-{k}.md", f"---\nname: agent-{k}\ndescription: {WORDS[k]}\n{tools}\n---\n\n{BODIES[k]}\n")
            for k in range(2)
        ]
        makers = [Maker(Plan(ROOT, TARGETS, output="out/"), kinds=new_kinds())]
        for id in TARGETS:  # a build, which says in a comment where the file comes from
            setting = TargetSetting(id)
            config = Config(ROOT, "agentconv.toml", targets=(setting,))
            makers.append(SettledMaker(plan_of(config, setting), setting, config, kinds=new_kinds()))
        for maker in makers:
            made(maker, files, "claude-code")
        for _, form in (one for maker in makers for one in kinds(maker)):
            for id, target in targets_of(form).items():
                found += [(id, out) for _, out in target.results if out is not None and out.frame is not None]
    return found


def test_most_targets_with_a_header_are_read_back_line_by_line() -> None:
    ids = {id for id, _ in framed()}
    assert {"opencode", "vscode", "gemini-cli", "claude-code", "qwen-code"} <= ids and len(ids) > 15
    commented = {id for id, out in framed() if out.frame is not None and out.frame.comments}
    assert {"opencode", "gemini-cli", "claude-code", "qwen-code"} <= commented and len(commented) > 10


NAMES = st.sampled_from(["x", "agent-9", "true", "1", "read", "all", "subagent", "2026-01-01", "inherit", "a: b", "-"])
SAID = st.one_of(
    NAMES, LINES, st.text(max_size=30), st.sampled_from(["Reads code: all", "a --- b", "Reads # x", "[a]"])
)


@settings(max_examples=500, deadline=None)
@example(name="x", said="agent-9", prompt="0\r0")  # some programs read another line end
@given(name=NAMES | st.text(min_size=1, max_size=8), said=SAID, prompt=SAID | st.sampled_from(BODIES))
def test_a_changed_line_reads_as_in_the_whole(name: str, said: str, prompt: str) -> None:
    texts = Texts(f"agents/{name}.md", name, name, name, said, prompt, prompt.encode())
    for _, output in framed():
        assert output.frame is not None
        try:
            pieces = [p if isinstance(p, str) else p.text(texts, texts) for p in output.pieces]
        except ValueError:
            continue
        parts = {"name": name, "slug": name, "stem": name, "description": said}
        if prompt and output.frame.holds(parts, prompt, pieces):
            document = gaps._opened(output.spec, "".join(pieces))
            assert document is not None and gaps._found(output.spec, document, texts, texts) == output.holds
