"""Packages whose own file is run only when something is asked for that is none of their modules.

``transformers/__init__.py`` reads the files of all models to know which names they define, and so
does ``transformers/models/__init__.py``: half a second at the start of a job that uses one model.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from importlib.util import find_spec
from types import ModuleType
from typing import Any

OF_THE_PACKAGE = ("__all__", "__version__")
"""Names with underscores that are asked of a package itself; Python asks modules for others."""


class PostponedPackage(ModuleType):
    """Stands for a package, and becomes it when a name is asked for that is no module of it.

    Modules of the package can be imported as from the package itself.

    Args:
        name: package that can be imported.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = find_spec(name)
        self.__file__ = self.__spec__.origin
        self.__path__ = self.__spec__.submodule_search_locations
        self.__package__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in OF_THE_PACKAGE:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        if not name.startswith("_") and find_spec(module := f"{self.__name__}.{name}"):
            return import_module(module)
        return getattr(self._run(), name)

    def __dir__(self) -> Sequence[str]:
        return dir(self._run())

    def _run(self) -> ModuleType:
        """The package, its own file run; what it has imported of its modules stays imported."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
            try:
                package = import_module(self.__name__)
            except BaseException:
                sys.modules[self.__name__] = self
                raise
            for name, module in vars(self).items():
                if sys.modules.get(f"{self.__name__}.{name}") is module:
                    vars(package).setdefault(name, module)
        return sys.modules[self.__name__]


def postpone(*names: str) -> None:
    """Postpone the files of packages that are not imported yet.

    Args:
        names: packages, those that contain others first.
    """
    for name in names:
        if name in sys.modules:
            continue
        package = PostponedPackage(name)
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, package)
        else:
            # Modules of a package ask it for its version.
            package.__version__ = metadata.version(name)
        sys.modules[name] = package
