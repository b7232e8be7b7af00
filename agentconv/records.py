"""Classes of plain values: what ``dataclasses`` makes of them, at a tenth of its cost.

One conversion defines some fifty. The standard decorator asks of each of their fields whether it is one, and writes up
to six methods of each as text and compiles them: a quarter of all instructions of a start. Here fields are what they
look like, and one method is written, ``__init__``, of those classes of which there are many values; the others are the
same for all classes. To type checkers and to the functions of ``dataclasses`` nothing differs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any

FEW = 30  # values that a class makes without a method of its own: to write one costs as much as a hundred of them

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, slots: bool = False, frozen: bool = False, eq: bool = True) -> Callable[[type], type]:
        """The decorator, with what the project uses of the standard one."""
        return lambda cls: _completed(_with_fields(cls, slots), slots, frozen, eq)


def _with_fields(cls: Any, slots: bool) -> Any:
    """The class with what ``dataclasses`` keeps of its fields, and with slots for them. Each name that has a type is a
    field: there are no class variables among them."""
    fields: dict[str, Field[Any]] = {}
    for base in cls.__mro__[-1:0:-1]:
        fields |= getattr(base, "__dataclass_fields__", {})
    for name, kind in cls.__annotations__.items():
        said = cls.__dict__.get(name, MISSING)
        one: Any = said if isinstance(said, Field) else dataclasses.field(default=said)
        one.name, one.type, one._field_type = name, kind, dataclasses._FIELD  # type: ignore[attr-defined]
        one.kw_only = one.kw_only is True
        if one.default.__class__.__hash__ is None:  # one list for all values
            raise TypeError(f"{cls.__qualname__}.{name}: a default that can change; use default_factory")
        fields[name] = one
        if one is said and one.default is MISSING:
            delattr(cls, name)
        elif one is said:
            setattr(cls, name, one.default)
    cls.__dataclass_fields__ = fields
    cls.__match_args__ = tuple([name for name, one in fields.items() if not one.kw_only])  # type: ignore[misc]
    return _with_slots(cls, fields) if slots else cls


def _with_slots(cls: Any, fields: Mapping[str, Any]) -> Any:
    """The class anew: slots cannot be given to one that is there."""
    above = {name for base in cls.__mro__[1:-1] for name in base.__dict__.get("__slots__", ())}
    own = {name: value for name, value in cls.__dict__.items() if name not in fields}
    own["__slots__"] = tuple([name for name in fields if name not in above])
    own.pop("__dict__", None)
    own.pop("__weakref__", None)
    made = type(cls)(cls.__name__, cls.__bases__, own)
    made.__qualname__ = cls.__qualname__
    return made


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


def _init(cls: Any, fields: tuple[Field[Any], ...], slots: bool, frozen: bool) -> Any:
    """Makes the first few values with what is here anyway; then one is written, which takes a quarter of the time for
    each value. What does not fit the fields has it written at once, for its error is the one that anybody knows."""
    ordered = sorted(fields, key=attrgetter("kw_only"))
    places = len([one for one in ordered if not one.kw_only])
    rows = [(one.name, one.default, one.default_factory) for one in ordered]
    left = FEW

    def first(self: Any, /, *values: Any, **named: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0 or len(values) > places or not _set(self, rows, values, named):
            written = _written(cls, fields, slots, frozen)
            if cls.__init__ is first:
                cls.__init__ = written
            written(self, *values, **named)

    return first


_put = object.__setattr__  # a frozen class has another one


def _set(self: Any, rows: list[tuple[str, Any, Any]], values: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Whether the arguments are a value for each field, which it has then."""
    at = 0
    for value in values:
        _put(self, rows[at][0], value)
        at += 1
    left = len(named)
    for name, usual, make in rows[at:]:
        if name in named:
            _put(self, name, named[name])
            left -= 1
        elif usual is not MISSING:
            _put(self, name, usual)
        elif make is not MISSING:
            _put(self, name, make())
        else:
            return False
    return not left


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
