"""Our classes of values against those of the standard library: the same in all that the project uses."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from agentconv.records import FEW, dataclass

BODY = {
    "__annotations__": {"a": int, "b": str, "c": list, "d": str, "e": int},
    "__module__": __name__,
    "b": "x",
    "c": field(default_factory=list, compare=False),
    "d": field(default="", repr=False),
    "e": field(default=0, kw_only=True),
}


def made(decorator: Any, name: str, slots: bool = True, **how: Any) -> Any:
    return decorator(slots=slots, **how)(type(name, (), {**BODY, "__qualname__": name}))


def more(decorator: Any, of: Any) -> Any:
    """A class on top of another, with a field that stands before the keyword of its base."""
    return decorator(slots=True)(type("More", (of,), {"__annotations__": {"f": int}, "f": 7, "__module__": __name__}))


Plain, Fixed = made(dataclass, "Plain"), made(dataclass, "Fixed", frozen=True)
Open = made(dataclass, "Open", slots=False, frozen=True)
Itself = made(dataclass, "Itself", slots=False, frozen=True, eq=False)
TWINS = [
    (Plain, made(dataclasses.dataclass, "Plain")),
    (Fixed, made(dataclasses.dataclass, "Fixed", frozen=True)),
    (Open, made(dataclasses.dataclass, "Open", slots=False, frozen=True)),
]


@pytest.mark.parametrize(("ours", "standard"), TWINS)
def test_they_are_what_the_standard_library_makes(ours: Any, standard: Any) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((1,), {}), ((1, "y", [2]), {}), ((1,), {"d": "z", "e": 3}), ((2,), {"c": [1]}), ((2,), {"c": [2]}),
    ]  # fmt: skip
    one, other = ([cls(*args, **given) for args, given in calls] for cls in (ours, standard))
    assert [repr(v) for v in one] == [repr(v) for v in other]
    assert [dataclasses.asdict(v) for v in one] == [dataclasses.asdict(v) for v in other]
    assert [[a == b for b in one] for a in one] == [[a == b for b in other] for a in other]
    assert one[0] != other[0] and one[0].c is not ours(1).c
    assert dataclasses.replace(one[1], a=5) == ours(5, "y", [2])
    assert ours.__match_args__ == standard.__match_args__
    assert getattr(ours, "__slots__", None) == getattr(standard, "__slots__", None)
    with pytest.raises(TypeError):
        ours()
    with pytest.raises(TypeError):
        ours(1, "x", [], "", 3)  # the last is a keyword


def test_the_first_values_are_made_as_later_ones_are() -> None:
    class Few:
        a: int
        b: list[int] = field(default_factory=list)
        c: str = "c"
        d: int = field(default=0, kw_only=True)

    cls: Any = dataclass(slots=True)(Few)
    wrong: list[tuple[tuple[int, ...], dict[str, int]]] = [
        ((), {}), ((1, 2, 3, 4, 5), {}), ((1,), {"a": 2}), ((1,), {"f": 2}), ((), {"b": 1}),
    ]  # fmt: skip
    for _ in range(3 * FEW):
        assert repr(cls(1, c="x", d=5)) == "Few(a=1, b=[], c='x', d=5)".replace("Few", cls.__qualname__)
        assert cls(a=1) == cls(1, []) and cls(1).b is not cls(1).b
    for args, given in wrong:
        errors = []
        for number in (0, 2 * FEW):  # before a method was written, and after it
            cls = made(dataclass, "Wrong")
            for _ in range(number):
                cls(1)
            with pytest.raises(TypeError) as error:
                cls(*args, **given)
            errors.append(str(error.value))
        assert errors[0] == errors[1]


def test_a_class_may_be_made_on_top_of_another() -> None:
    ours, standard = more(dataclass, Plain), more(dataclasses.dataclass, TWINS[0][1])
    assert repr(ours(1, "x", [], "", 5, e=3)) == repr(standard(1, "x", [], "", 5, e=3))
    assert ours(1, f=2) != ours(1) and ours(1) == ours(1)


def test_no_default_is_shared_by_all_values() -> None:
    class Shared:
        a: list[int] = []  # noqa: RUF012

    with pytest.raises(TypeError, match="default_factory"):
        dataclass(slots=True)(Shared)


@pytest.mark.parametrize("cls", [Fixed, Open])
def test_frozen_ones_stay_and_have_a_hash(cls: Any) -> None:
    one = cls(1, c=[1])
    assert {one: "found"}[cls(1, c=[2])] == "found"
    for name in ("a", "new"):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, 2)
    with pytest.raises(FrozenInstanceError):
        del one.a
    with pytest.raises(TypeError):
        hash(Plain(1))


def test_one_that_is_itself_equals_no_other() -> None:
    one, standard = Itself(1), made(dataclasses.dataclass, "Itself", slots=False, frozen=True, eq=False)(1)
    assert one == one and one != Itself(1) and {one: 1} and repr(one) == repr(standard)
    with pytest.raises(FrozenInstanceError):
        one.a = 2
    assert vars(one) == vars(standard)


@pytest.mark.parametrize("cls", [Plain, Fixed, Open])
def test_they_can_be_sent_to_another_process(cls: Any) -> None:
    one = cls(1, "y", [2], e=4)
    for twin in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):
        assert twin == one and twin.c == [2]
