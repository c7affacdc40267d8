"""Stand-ins for plotting libraries, in the child that records: a picture is no arithmetic."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import types
from pathlib import Path
from typing import Any


class Stub(types.ModuleType):
    """Stands in for plotting: nothing in a picture is arithmetic."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - anything
        if name.startswith("__"):
            raise AttributeError(name)
        return Stub(name)

    def __call__(self, *args: Any, **_: Any) -> Any:  # noqa: ANN401 - anything
        """Answer with another stub; a figure that is saved becomes an empty file."""
        if self.__name__ == "savefig" and args and isinstance(args[0], (str, os.PathLike)):
            Path(args[0]).touch()
        return Stub("answer")

    def __iter__(self) -> Any:  # noqa: ANN401 - fig, ax = plt.subplots()
        return iter((Stub("figure"), Stub("axes")))

    def __enter__(self) -> Stub:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __getitem__(self, _: object) -> Stub:
        return Stub("item")

    def __setitem__(self, key: object, value: object) -> None:
        return None


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a stub for every module of a plotting library."""

    NAMES = frozenset({"matplotlib", "mpl_toolkits", "seaborn", "plotly"})

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:  # noqa: ANN401, ARG002 - importlib's
        """Take charge of plotting libraries."""
        if name.partition(".")[0] in self.NAMES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:  # noqa: ANN401 - importlib's
        """Return the stub."""
        return Stub(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Do nothing: a stub is complete as it is."""
