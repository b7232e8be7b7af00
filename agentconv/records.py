"""Classes of plain values: what ``dataclasses`` makes of them, at a third of its cost.

One conversion defines some fifty, and the standard decorator writes up to six methods of each as text and compiles
them: a quarter of all instructions of a start. Here one method is written, ``__init__``; the others are the same for
all classes. To type checkers and to the functions of ``dataclasses`` nothing differs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, slots: bool = False, frozen: bool = False, eq: bool = True) -> Callable[[type], type]:
        """The decorator, with what the project uses of the standard one."""
        standard = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)
        return lambda cls: _completed(standard(cls), slots, frozen, eq)


def _completed(cls: Any, slots: bool, frozen: bool, eq: bool) -> type:
    fields = dataclasses.fields(cls)
    key = attrgetter(*(f.name for f in fields if f.compare))

    def equal(self: Any, other: Any) -> bool:
        return bool(key(self) == key(other)) if other.__class__ is self.__class__ else NotImplemented

    cls.__init__, cls.__repr__ = _init(cls, fields, slots, frozen), _text
    if eq:
        cls.__eq__ = equal
        cls.__hash__ = (lambda self: hash(key(self))) if frozen else None
    if frozen:
        cls.__setattr__ = cls.__delattr__ = _refuse
        if slots:
            cls.__setstate__ = _restore
    if slots and len(fields) > 1 and not any(f.kw_only for f in fields):
        values = attrgetter(*(f.name for f in fields))
        # results travel between processes: by the arguments of a call, in half the time that slot after slot takes
        cls.__reduce__ = lambda self: (self.__class__, values(self))
    made: type = cls
    return made


def _init(cls: Any, fields: tuple[dataclasses.Field[Any], ...], slots: bool, frozen: bool) -> Any:
    """Written when the first value is made: of the classes that a run has, many make none."""

    def first(self: Any, /, *values: Any, **named: Any) -> None:
        written = _written(cls, fields, slots, frozen)
        if cls.__init__ is first:
            cls.__init__ = written
        written(self, *values, **named)

    return first


def _written(cls: type, fields: tuple[dataclasses.Field[Any], ...], slots: bool, frozen: bool) -> Any:
    """The only method that is written: with names for its arguments. A frozen class lets itself be set by its slots,
    or by what it has for them."""
    names: dict[str, Any] = {"MISSING": MISSING}
    arguments, lines = ["self"], []
    for field in sorted(fields, key=attrgetter("kw_only")):
        name, value = field.name, field.name
        if field.kw_only and "*" not in arguments:
            arguments.append("*")
        if field.default is not MISSING:
            names[f"{name}_default"] = field.default
            arguments.append(f"{name}={name}_default")
        elif field.default_factory is not MISSING:
            names[f"{name}_made"] = field.default_factory
            arguments.append(f"{name}=MISSING")
            value = f"{name}_made() if {name} is MISSING else {name}"
        else:
            arguments.append(name)
        if frozen and slots:
            names[f"{name}_set"] = getattr(cls, name).__set__
            lines.append(f" {name}_set(self, {value})")
        else:
            lines.append(f" self.__dict__[{name!r}] = {value}" if frozen else f" self.{name} = {value}")
    exec("\n".join([f"def __init__({', '.join(arguments)}):", *lines]), names)
    return names["__init__"]


def _text(self: Any) -> str:
    values = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(values)})"


def _refuse(self: Any, name: str, value: Any = None) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__qualname__}")


def _restore(self: Any, state: tuple[None, dict[str, Any]]) -> None:
    """For ``pickle`` and ``copy``, which would set one attribute after the other."""
    for name, value in state[1].items():
        object.__setattr__(self, name, value)
