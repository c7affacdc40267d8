"""What protected this machine while the submission's code ran."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Isolation:
    """Under which protection the submission's code ran, everything by name.

    Parameters
    ----------
    tier : str
        "A" to "E", or "none" where nothing was run.
    layers, missing : tuple of str
        What protects, and what this tier does not protect.
    failed : tuple of str
        Why a stronger tier could not be had.
    warnings : tuple of str
        What a reader has to be warned of.
    landlock_abi : int
        Version of the kernel's Landlock; 0 where the tier has none.
    """

    tier: str
    layers: tuple[str, ...]
    missing: tuple[str, ...]
    failed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    landlock_abi: int = 0
