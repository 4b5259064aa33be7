"""torch without its compiler, whose import takes a third of the start of a job.

Nothing here is compiled. But modules of transformers decorate functions for ``torch.compile``,
and torch tells its compiler that results are to be deterministic, both of which import
``torch._dynamo`` with all that it needs (sympy, torch.distributed, torch.fx).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

COMPILER = ("torch._dynamo", "torch._inductor")


def _unchanged(function: Callable | None = None, *_: object, **__: object) -> Callable:
    """A decorator, with or without arguments, that returns the function itself."""
    return function if callable(function) else _unchanged


class _Later:
    """A function or class of the compiler, which is imported when it is first used.

    As a decorator it returns the function itself, since nothing is compiled; so does ``disable``,
    which exempts a function from being compiled.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __call__(self, *values: Any, **named: Any) -> Any:
        is_decorator = self._name == "disable" or (len(values) == 1 and not named)
        if is_decorator and values and callable(values[0]):
            return values[0]
        return getattr(import_module(self._module), self._name)(*values, **named)


class _Placeholder(ModuleType):
    """In place of a module of the compiler while other modules are imported."""

    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> _Later:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(self.__name__, name)


class _Placeholders:
    """Finds placeholders for the modules of the compiler."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        ours = any(f"{name}.".startswith(f"{package}.") for package in COMPILER)
        return ModuleSpec(name, self) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Placeholder(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextmanager
def compiler_left_out() -> Iterator[None]:
    """Imports in this context do not import the compiler; it can be imported afterwards."""
    if any(package in sys.modules for package in COMPILER):
        yield
        return
    placeholders, disable, package = _Placeholders(), torch.compiler.disable, vars(torch)
    sys.meta_path.insert(0, placeholders)
    torch.compiler.disable = _unchanged
    try:
        yield
    finally:
        torch.compiler.disable = disable
        sys.meta_path.remove(placeholders)
        for name in [name for name, one in sys.modules.items() if isinstance(one, _Placeholder)]:
            del sys.modules[name]
        for part in COMPILER:
            package.pop(part.rpartition(".")[2], None)


def compute_deterministically() -> None:
    """Use deterministic algorithms; a compiler that is imported later is not told so."""
    with compiler_left_out():
        torch.use_deterministic_algorithms(True)


class TensorsWithoutData(TorchFunctionMode):
    """A context in which a network of tensors without data is made without importing sympy.

    For some functions that are called while a network is made and gets its weights, torch works out
    the shape of the result in Python, with the classes of its compiler for symbolic shapes. None
    needs them: a draw changes nothing in a tensor without data, numbers in a row can be made with
    data, and the shape of a contiguous tensor is known.
    """

    def __torch_function__(
        self,
        function: Callable,
        types: Sequence[type],
        values: Sequence[Any] = (),
        named: dict[str, Any] | None = None,
    ) -> Any:
        named = named or {}
        if function in (torch.nn.init.normal_, torch.Tensor.normal_):
            tensor = values[0] if values else named["tensor"]
            if tensor.is_meta:
                return tensor
        elif function is torch.arange:
            device = torch.device(named.get("device") or torch.get_default_device())
            if device.type == "meta":
                return function(*values, **{**named, "device": "cpu"}).to(device)
        elif function is torch.empty_like and named.keys() == {"device"}:
            tensor = values[0]
            if tensor.is_meta and tensor.is_contiguous():
                return torch.empty(tensor.shape, dtype=tensor.dtype, **named)
        return function(*values, **named)
