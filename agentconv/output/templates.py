"""Templates: where they lie, what they may call, and who lays them out."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentconv.output import scalars
from agentconv.output.plainlayout import Filters, PlainLayout, plain_layout

if TYPE_CHECKING:
    from jinja2 import Template, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment


def _script_value(value: Any, indent: int = 0) -> str:
    from agentconv.output.script import script_value  # few formats are written so

    return script_value(value, indent)


def _script_key(key: str) -> str:
    from agentconv.output.script import script_key

    return script_key(key)


FILTERS: Filters = {
    "yaml": scalars.yaml_scalar,
    "yaml_value": scalars.yaml_value,
    "yaml_below": scalars.yaml_below,
    "yaml_key": scalars.yaml_key,
    "toml_value": scalars.toml_value,
    "toml_key": scalars.toml_key,
    "json_value": scalars.json_value,
    "json_line": scalars.json_line,
    "line_value": scalars.line_value,
    "script_value": _script_value,
    "script_key": _script_key,
}


def template_folders() -> list[str]:
    """Where templates lie: inside the installed package, else beside it in a checkout."""
    here = Path(__file__).parent.parent  # the package
    return [str(p) for p in (here / "templates", here.parent / "templates") if p.is_dir()]


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """One environment for all templates of formats."""
    env = sandbox(autoescape=False, keep_trailing_newline=True)
    env.filters.update(FILTERS)
    return env


def sandbox(**more: Any) -> ImmutableSandboxedEnvironment:
    """Where templates run. Values are data: they are never evaluated as templates."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(template_folders()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **more,
    )


@cache
def template(id: str, syntax: str, folder: str = "") -> Template | PlainLayout:
    """The layout, ready to ``render``: by ourselves where it says nothing but lines, else by Jinja."""
    plain = plain_layout(template_text(id, syntax, folder) or "{", FILTERS)
    return plain or by_jinja(id, syntax, folder)


def template_text(id: str, syntax: str, folder: str = "") -> str | None:
    """The format's own template where it has one, else that of its container. ``folder``: of a description that is
    not built in."""
    for name in (f"{id}.j2", f"{syntax}.j2"):
        for where in (*((folder,) if folder else ()), *template_folders()):
            if (text := _inside(where, name)) is not None:
                return text
    return None


def _inside(folder: str, name: str) -> str | None:
    """A template of a folder; a link that leads out of it is none."""
    root = Path(folder).resolve()
    found = (root / name).resolve()
    return found.read_text("utf-8") if root in found.parents and found.is_file() else None


def by_jinja(id: str, syntax: str, folder: str = "") -> Template:
    """The same template by Jinja. One of a folder runs in the same sandbox and reads nothing outside of it."""
    names = [f"{id}.j2", f"{syntax}.j2"]
    if not folder:
        return environment().select_template(names)
    from jinja2 import ChoiceLoader, FunctionLoader

    built_in = environment().loader
    loaders = [FunctionLoader(lambda name: _inside(folder, name)), *([built_in] if built_in else [])]
    return environment().overlay(loader=ChoiceLoader(loaders)).select_template(names)


def jinja_error() -> type[TemplateError]:
    """What Jinja raises; loaded when something was raised, as ``except jinja_error()`` is looked at only then."""
    from jinja2 import TemplateError

    return TemplateError
