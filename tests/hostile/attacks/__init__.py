"""The attacks, a family a module; `ALL` holds them with their family's name."""

from dataclasses import replace

from tests.hostile.attacks import (
    artefacts,
    deception,
    exhaustion,
    frames,
    injection,
    interpreter,
    kernel,
    network,
    parent,
    processes,
    reading,
    shadowing,
    surroundings,
    writing,
)
from tests.hostile.model import Attack

_MODULES = (
    reading,
    writing,
    processes,
    network,
    parent,
    kernel,
    exhaustion,
    artefacts,
    frames,
    interpreter,
    shadowing,
    surroundings,
    injection,
    deception,
)
ALL: tuple[Attack, ...] = tuple(
    replace(attack, family=module.__name__.rpartition(".")[2])
    for module in _MODULES
    for attack in module.ATTACKS
)
FAMILIES = tuple(module.__name__.rpartition(".")[2] for module in _MODULES)


def by_name(name: str) -> Attack:
    """Return one attack; raise KeyError where there is none of that name."""
    return {attack.name: attack for attack in ALL}[name]
