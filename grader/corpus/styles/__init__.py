"""The hands: sources under submissions/, and the exact places where mistakes can be planted."""

from types import ModuleType

from grader.corpus.model import Edit, Style
from grader.corpus.styles import (
    classes,
    columns,
    concat,
    flat,
    float32,
    fused,
    layers,
    rows,
    sibling,
    spanish,
)

_MODULES: tuple[ModuleType, ...] = (
    columns,
    rows,
    fused,
    concat,
    float32,
    classes,
    flat,
    spanish,
    sibling,
    layers,
)
STYLES: dict[str, Style] = {module.STYLE.name: module.STYLE for module in _MODULES}
PLANTS: dict[str, dict[str, tuple[Edit, ...]]] = {
    module.STYLE.name: module.PLANTS for module in _MODULES
}
