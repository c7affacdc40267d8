"""Scripts without the five functions: recorded, cut at their hidden states, and verified.

What is judged is the committed list, which the unrecorded runs reproduced; the recording shows
where its numbers come from and must agree with those runs. Where any of this fails, the reason and
the line are kept, and nothing is called wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from grader.evidence.lifted_calls import LiftedCalls
from grader.evidence.lifted_prober import LiftedProber
from grader.evidence.recorder import NotRecorded, record
from grader.evidence.rerun import Terms
from grader.evidence.seeds import Plan
from grader.facts import Array, Diagnosis, NotLifted, ProbeFacts
from grader.facts import Place as RunPlace
from grader.lifting.claims import Vectors, belongs, find_elements, trace
from grader.lifting.graph import TooSlowError
from grader.lifting.passes import ForwardPass, find_passes, is_cut
from grader.lifting.recording import Ids, Recording
from grader.lifting.replay import NoWayError, Replay
from grader.lifting.targets import find_target, head_gradients
from grader.lifting.timing import aligned, head_of, runs_forward
from grader.model import KINDS, STEPS, Decay, Kind, LoadedFile, Submission
from grader.reading.normalise import read_decay
from grader.tolerances import recorded

SINGLE_LOWEST = float(np.finfo(np.float32).tiny) / float(np.finfo(np.float32).eps)
"""Norm below which components of a float32 gradient leave the range: they keep fewer digits."""

LIFT_S = 10.0
"""Longest search in one recording, in seconds of computing; scripts of the lab take one to four."""


class NotLiftedError(Exception):
    """The forward pass or the recorded numbers could not be found; carries the reason."""

    def __init__(self, reason: str, file: str = "", line: int = 0, what: str = "") -> None:
        super().__init__(reason)
        self.facts = NotLifted(reason, file, line, what)
        self.diagnoses: tuple[Diagnosis, ...] = ()


def lift(
    submission: Submission,
    scripts: Sequence[str],
    plan: Plan,
    terms: Terms,
    decay_file: bytes | None,
    place: RunPlace = "folder",
) -> Callable[[Kind], ProbeFacts]:
    """Verify models out of one recorded run.

    Parameters
    ----------
    submission : Submission
    scripts : sequence of str
        As they were run.
    plan : Plan
    terms : Terms
        How scripts are run.
    decay_file : bytes or None
        The decay.json that the unrecorded run wrote.
    place : {"folder", "root"}
        From where that run was started.

    Returns
    -------
    callable
        Of a kind, to facts of level "lifted" where that succeeds, else of status "no-functions"
        with the reason. The script is recorded at once, a model looked for when it is asked about.
    """
    try:
        lifter = _Lifter(plan, record(submission, scripts, terms, place), decay_file)
    except NotLiftedError as error:
        missed = _missed(plan, error.facts)
    except TooSlowError:
        missed = _missed(plan, NotLifted("too_slow"))
    else:
        return lambda kind: _model(lifter, kind)
    return lambda _: missed


def _model(lifter: _Lifter, kind: Kind) -> ProbeFacts:
    try:
        return lifter.model(kind)
    except NotLiftedError as error:
        return replace(_missed(lifter.plan, error.facts), diagnoses=error.diagnoses)
    except TooSlowError:
        facts = NotLifted("too_slow")
    except NoWayError as error:
        facts = NotLifted("no_way", error.file, error.line, error.what)
    return _missed(lifter.plan, facts)


def _missed(plan: Plan, facts: NotLifted) -> ProbeFacts:
    return ProbeFacts("no-functions", seed=plan.seed, not_lifted=facts)


class _Lifter:
    """Holds one recording and finds the models in it."""

    def __init__(
        self, plan: Plan, heard: Recording | NotRecorded, decay_file: bytes | None
    ) -> None:
        if isinstance(heard, NotRecorded):
            raise NotLiftedError(heard.reason, heard.file, heard.line)
        self.plan = plan
        self.recording: Recording = heard
        self.decay = _demand_same_run(heard, decay_file)
        self.replay = Replay(heard)
        self.replay.limit(LIFT_S)
        wrong = self.replay.check()
        if wrong is not None:
            raise NotLiftedError("forged", wrong.file, wrong.line, wrong.name)
        self.passes = find_passes(self.replay, STEPS)
        if not self.passes:
            raise self._lost("no_pass")

    def _lost(self, reason: str) -> NotLiftedError:
        """Return the error, with the first line where the thread was lost."""
        lost = self.recording.lost[0] if self.recording.lost else None
        if self.recording.stopped:
            return NotLiftedError("too_large")
        if lost is None:
            return NotLiftedError(reason)
        return NotLiftedError(reason, lost.file, lost.line, lost.what)

    def model(self, kind: Kind) -> ProbeFacts:
        """Verify one model."""
        numbers = self.decay.curves.get(kind, ())
        if len(numbers) != STEPS:
            raise NotLiftedError("no_list")
        rng = np.random.default_rng([*self.plan.secret, KINDS.index(kind)])
        elements = find_elements(self.replay, numbers)
        forward = self._pass_of(kind, elements)
        if not is_cut(self.replay, forward.states, rng):
            raise self._lost("no_cut")
        heads = head_gradients(self.replay, forward)
        computed = Vectors(self.replay, forward.states[0].size)
        target = find_target(self.replay, forward, heads, computed)
        if target is None:
            raise self._lost("no_target")
        try:
            calls = self._calls(kind, forward, elements, target, heads[target], computed)
        except NotLiftedError as error:
            nothing = LiftedCalls(kind, self.replay, forward, target, [None] * (STEPS + 1))
            alone = LiftedProber(nothing, self.plan, rng, single=not self.recording.exact)
            error.diagnoses = alone.explain_list()
            raise
        prober = LiftedProber(calls, self.plan, rng, single=not self.recording.exact)
        facts = prober.run()
        lost = [m for m in facts.misbehaviours if m.name == "lost"]
        if facts.status != "probed" or lost:
            raise self._lost("no_way")
        return facts

    def _pass_of(self, kind: Kind, elements: Ids | None) -> ForwardPass:
        """Return the pass that the recorded list comes from, else the only one of its kind."""
        if elements is not None:
            own = [one for one in self.passes if belongs(self.replay, elements, one.end)]
            if own:
                return own[-1]
        alike = [one for one in self.passes if self._is_rnn(one) == (kind == "rnn")]
        if len(alike) != 1:
            raise self._lost("no_pass")
        return alike[0]

    def _is_rnn(self, found: ForwardPass) -> bool:
        maker = int(self.replay.maker[found.states[-1][0]])
        return self.replay.operations[maker].name == "tanh"

    def _calls(
        self,
        kind: Kind,
        forward: ForwardPass,
        elements: Ids | None,
        target: int,
        head_gradient: Array,
        computed: Vectors,
    ) -> LiftedCalls:
        """Find the student's dL/dh_0 … dL/dh_T, by ids where there are any."""
        replay, states = self.replay, forward.states
        claimed = trace(replay, elements, states[0].size) if elements is not None else None
        rows: list[Ids | None] = list(claimed.vectors) if claimed else [None] * STEPS
        told = [row for row in rows if row is not None]
        if len(told) < STEPS:
            told = self._by_value(forward, target, rows, computed)
        if runs_forward(replay, told):
            told.reverse()
        hits = [ids for ids, _ in computed.all_equal(head_gradient)]
        head = head_of(replay, forward, told, hits, computed)
        vectors = aligned(replay, forward, told, head)
        calls = LiftedCalls(kind, replay, forward, target, vectors)
        if not calls.head_is_told():
            raise self._lost("no_head")
        middle = STEPS // 2
        for name, ids in (
            ("head", vectors[-1]),
            ("steps", vectors[middle]),
            ("recorded", elements[middle] if elements is not None else None),
        ):
            number = -1 if ids is None else int(np.max(replay.maker[ids]))
            if number >= 0:
                operation = replay.operations[number]
                calls.places[name] = operation.file, operation.line
        return calls

    def _by_value(
        self, forward: ForwardPass, target: int, rows: Sequence[Ids | None], computed: Vectors
    ) -> list[Ids]:
        """Look for vectors that equal the gradient where no number leads to one."""
        seed = np.zeros(forward.probabilities.size)
        seed[target] = -1.0 / self.replay.values[forward.probabilities[target]]
        adjoint = self.replay.adjoint(forward.probabilities, seed, forward.end + 1)
        found: list[Ids] = []
        for t, row in enumerate(rows):
            ids = row
            if ids is None:
                hit = computed.equal(adjoint.values[forward.states[t]])
                ids = hit[0] if hit is not None else None
            if ids is None:
                raise self._lost("no_vector")
            found.append(ids)
        return found


def _demand_same_run(heard: Recording, decay_file: bytes | None) -> Decay:
    """Demand that the recorded run gave what the unrecorded one gave; return its lists."""
    listened = _lists(heard.artefacts.get("decay.json"))
    unheard = _lists(decay_file)
    if listened is None or unheard is None:
        raise NotLiftedError("no_list")
    dtype = "<f8" if heard.exact else "<f4"
    for kind in KINDS:
        ours, theirs = (np.asarray(one.curves.get(kind, ())) for one in (listened, unheard))
        if ours.shape != theirs.shape:
            raise NotLiftedError("two_faced")
        allowed = recorded(dtype, 1024, STEPS) * np.abs(theirs)
        allowed += np.asarray(unheard.half_unit.get(kind, 0.0))
        if not np.all(np.abs(ours - theirs) <= allowed):
            low = not heard.exact and theirs.min() < SINGLE_LOWEST
            raise NotLiftedError("single" if low else "two_faced")
    return listened


def _lists(data: bytes | None) -> Decay | None:
    if data is None:
        return None
    return read_decay(LoadedFile("decay.json", data, ""))[0]
