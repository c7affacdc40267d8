"""The words a write-up of this lab uses, in English and Spanish, as patterns."""

from __future__ import annotations

import re

from grader.model import Kind


def words(pattern: str) -> re.Pattern[str]:
    """Return a pattern that begins at the beginning of a word, in either case."""
    return re.compile(rf"(?<!\w)(?:{pattern})", re.IGNORECASE)


RNN = words(
    r"vanilla|vainilla|(?:simple |elman )?rnns?\b|elman|simple recurrent"
    r"|red(?:es)? (?:recurrentes? )?(?:simples?|b[aá]sicas?)"
    r"|(?:plain|simple|tanh|basic) (?:recurrent |tanh )?(?:net\w*|one|cell|model)\b"
    r"|(?:without|no) gates\b|sin puertas"
    r"|ungated|non-gated|red\s*:|red (?:line|curve|one)\b|(?:l[ií]nea|curva|la) roja"
)
GRU = words(
    r"grus?\b|gated (?:recurrent|one|net\w*|cell|unit|model|variant|rnn)|con puertas|blue\s*:"
    r"|blue (?:line|curve|one)\b|(?:l[ií]nea|curva|la) azul"
)
PATTERNS: dict[Kind, re.Pattern[str]] = {"rnn": RNN, "gru": GRU}

ORDERS = (
    r"(?:full |whole |solo )?(?:orders?|[oó]rden(?:es)?|decades?|d[eé]cadas?)\b"
    r"(?:[\s-]of[\s-]magnitude| de magnitud)?"
)
STEP = r"[\s-]*(?:time[\s-]*)?(?:steps?|pasos?|tokens?)\b"
COUNT = r"(?:\d{1,3}|ten|fifty|five|diez|cincuenta|cinco)"
EACH = r"(?:per|every|each|for every|for each|/|por cada|por|cada|a cada)"
WHOLE = r"(?:50|49|fifty|cincuenta)"
OVER = (
    r"(?:over|in|across|through|along|throughout|after|within|during|durante|en|tras|a lo largo de"
    r"|sobre|para|for)"
)
ARTICLES = r"(?:\s+(?:all|the|its|my|our|los|las|todos|unos))*\s*"
PERIOD = re.compile(
    rf"(?P<n>(?:{EACH}|(?:in|en)(?=\s*(?:10|ten|diez)\b))\s*(?P<count>{COUNT}){STEP})"
    rf"|(?P<total>{OVER}{ARTICLES}{WHOLE}{STEP}"
    r"|\b(?:in total|totals?\b|in the total|overall|altogether|in all\b|all in all|end to end"
    r"|all told|(?:whole|full|entire|across the|along the|all the) sequence|en total|en conjunto"
    r"|totales|a lo largo de la secuencia|(?:en )?(?:todo el trayecto|el trayecto completo)"
    r"|de extremo a extremo|toda la secuencia|secuencia completa|de punta a punta"
    r"|(?:from|between|entre|de|desde)\s+(?:g_?49|g_?50|t\s*=\s*(?:49|50))\s*"
    r"(?:to|and|down to|until|y|a|hasta)\s+(?:g_?0|t\s*=\s*0)"
    r"|(?:g_?|t\s*=\s*)(?:49|50)\s*(?:→|->|to|a)\s*(?:g_?|t\s*=\s*)0"
    r"|reach\w* (?:the first (?:state|step|token)|the (?:start|beginning)|t\s*=\s*0)"
    r"|(?:from|between) the last(?: \w+)? (?:to|and) the first(?: (?:step|state|one|token))?"
    r"|(?:del?|desde el|entre el) [uú]ltimo(?: paso)? (?:al?|hasta el|y el) primer[oa]?(?: paso)?)"
    rf"|{EACH}\s*{WHOLE}{STEP})"
    rf"|(?P<one>(?:{EACH}|a)\s*(?:un\s)?(?:time[\s-]*)?(?:step|paso)\b|each step|every step"
    r"|in (?:one|a single) step|en un (?:solo )?paso)",
    re.IGNORECASE,
)
"""Over how many steps orders of magnitude are lost: ten, one, another number, or all."""

DECAY = words(
    r"order|[oó]rden|decade|d[eé]cada|magnitud|factor|slope|pendiente|rate|tasa|ritmo|deca[eyií]"
    r"|vanish|desvanec|shr[iau]nk|ca[eií]|disminuy|drop|fall|fell|loses?\b|losing|pierd|perd"
    r"|per (?:10|ten|time|step)|cada|por paso|/ ?(?:10|ten|step)"
)


def nets(text: str) -> set[Kind]:
    """Return the nets that a text names."""
    return {kind for kind, pattern in PATTERNS.items() if pattern.search(text)}
