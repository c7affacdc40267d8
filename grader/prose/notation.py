"""One notation for signs, powers and formulas, whatever a write-up uses: `10^-15`, `-`, `≈`."""

from __future__ import annotations

import re
import unicodedata

SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
SUBSCRIPT = re.compile(r"[₀₁₂₃₄₅₆₇₈₉₊₋ₜ]+")
SIGNS = str.maketrans(
    {
        **dict.fromkeys("−‒﹣－", "-"),
        **dict.fromkeys("’‘ʼ´", "'"),
        **dict.fromkeys("\u00a0\u2009\u202f\u2007\u2002\u2003", " "),
        **dict.fromkeys("≃≅≋∼〜", "≈"),
        "\u200b": None,
        "\u00ad": None,
        "½": " 1/2",
        "¼": " 1/4",
        "¾": " 3/4",
        "⁄": "/",
        "⋅": "·",
        "∙": "·",
    }
)
LATEX_SIGNS = {
    "approx": "≈", "simeq": "≈", "sim": "~", "times": "×", "cdot": "·", "rho": "ρ", "sigma": "σ",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "lt": "<", "gt": ">", "pm": "±", "sqrt": "√",
    "rightarrow": "→", "to": "→", "Rightarrow": "⇒", "implies": "⇒", "log": "log", "ln": "ln",
    "ll": "<", "gg": ">", "prod": "∏", "partial": "∂", "mid": "|", "lVert": "‖", "rVert": "‖",
    "quad": " ", "qquad": " ", "%": "%", "alpha": "α", "odot": "⊙", "top": "ᵀ", "epsilon": "ε",
    "varepsilon": "ε", "dots": "…", "ldots": "…", "cdots": "…", "eta": "η", "infty": "∞",
}  # fmt: skip
"""What a formula writes as a command and a text as a sign; other commands say how, not what."""
COMMAND = re.compile(r"\\([A-Za-z]+|%)")
FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]{1,60})\}\s*\{([^{}]{1,60})\}")
BRACED_POWER = re.compile(r"\^\s*+\{([^{}]{0,60})\}")
ADDRESS = re.compile(r"https?://\S{1,500}")
UNDERSCORED = re.compile(r"(?<=\w)_\s(?=\w)")


def latex(formula: str) -> str:
    r"""Return a formula as one would type it: `1{,}5\cdot10^{-12}` becomes `1,5·10^-12`."""
    text = formula.replace("{,}", ",").replace("{.}", ".").replace(r"\,", "")
    text = re.sub(r"_\s*\{(\w{1,12})\}", r"_\1", text)
    text = FRACTION.sub(r"\1/\2", _unbraced(text))
    text = re.sub(r"\\[;:! ]|\\\\|~|&", " ", text)
    text = COMMAND.sub(lambda found: LATEX_SIGNS.get(found[1], " "), text)
    return f" {re.sub(r'[{}]', '', text).strip()} "


def plain(text: str) -> str:
    """Return a text in one notation, without addresses, in one line."""
    text = ADDRESS.sub(" ", text).translate(SIGNS).replace("10**", "10^")
    text = _unbraced(text)
    text = SUPERSCRIPT.sub(lambda found: "^" + unicodedata.normalize("NFKC", found[0]), text)
    text = SUBSCRIPT.sub(_subscript, text).translate(SIGNS)
    return " ".join(UNDERSCORED.sub("_", text).split())


def _unbraced(text: str) -> str:
    return BRACED_POWER.sub(lambda found: f"^{found[1].strip()}", text)


def _subscript(found: re.Match[str]) -> str:
    """Return `_0` for a subscript; after `log` nothing, for there it is the base."""
    before = found.string[max(0, found.start() - 3) : found.start()].lower()
    digits = unicodedata.normalize("NFKC", found[0])
    return digits if before == "log" else f"_{digits}"
