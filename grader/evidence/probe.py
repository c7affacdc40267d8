"""Calls the five functions where the grader chooses, and measures what the derivatives are.

Two children hold the script's functions: one is asked for gradients, the other, never told of
them, for `step` and `loss`, point by point in random order. Seeds and lengths away from the
declared ones come from HMAC(key, hash of the scripts): a submission cannot know them, a report can
be repeated.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import numpy as np

from grader.evidence.prober import Prober
from grader.evidence.rerun import Session
from grader.evidence.seeds import Plan
from grader.facts import ProbeFacts
from grader.model import KINDS, Kind, Submission

FUNCTIONS = ("make_sequence", "init_params", "step", "loss", "bptt")


def secret_of(submission: Submission, key: bytes) -> bytes:
    """Return HMAC-SHA256(key, hash of the scripts), 32 bytes."""
    digest = hashlib.sha256()
    for name in sorted(submission.scripts):
        digest.update(f"{name}\0{submission.scripts[name].sha256}\0".encode())
    return hmac.new(key, digest.digest(), hashlib.sha256).digest()


def probe(session: Session, plan: Plan) -> dict[Kind, ProbeFacts]:
    """Probe both models; the order between them is part of what a submission cannot know."""
    missing = tuple(name for name in FUNCTIONS if name not in session.functions)
    if missing:
        facts = ProbeFacts("no-functions", missing_functions=missing, seed=plan.seed)
        return dict.fromkeys(KINDS, facts)
    rng = np.random.default_rng(list(plan.secret))
    found: dict[Kind, ProbeFacts] = {}
    for kind in (KINDS[i] for i in rng.permutation(len(KINDS))):
        if any(_is_death(facts) for facts in found.values()):
            # One model's end must not be blamed on the other: that one gets children of its own.
            session = replace(session, children=session.renewed())
        found[kind] = Prober(session, plan, kind, rng).run()
    return {kind: found[kind] for kind in KINDS}


def _is_death(facts: ProbeFacts) -> bool:
    return any(found.name in ("died", "timed_out") for found in facts.misbehaviours)
