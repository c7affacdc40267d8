"""Silence about what a submission makes a library warn of."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator

_ALONE = threading.RLock()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Ignore every warning inside.

    Which warnings are shown is a setting of the whole process: two threads that change it and
    restore it crosswise would leave it changed, hence one at a time.
    """
    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
