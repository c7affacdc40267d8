"""The lab's three constraints: no framework, no training, the same inputs for both nets.

All of it is read off the scripts' text: nothing here runs them. What the text leaves open is a
question for a person, never an accusation.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from grader.model import KINDS, STEPS, Finding, Kind, LoadedFile, Material, Outcome, Value
from grader.scripts.names import integer
from grader.scripts.scan import (
    KEPT,
    Import,
    Road,
    Script,
    imports,
    reached,
    read_all,
    written,
)
from grader.scripts.training import names_used, updates

DEEP_LEARNING = """
    torch torchvision torchaudio functorch fastai lightning pytorch_lightning ignite skorch
    transformers accelerate tensorflow tf_keras tensorflow_probability keras sonnet jax jaxlib flax
    haiku equinox optax objax trax diffrax numpyro pyro mlx mxnet chainer paddle mindspore oneflow
    megengine jittor nnabla cntk caffe caffe2 dynet flashlight lasagne theano pytensor aesara
    tinygrad needle
"""
DIFFERENTIATION = "autograd autodidact micrograd tangent casadi ad adolc algopy minpy"
FRAMEWORKS = frozenset(f"{DEEP_LEARNING} {DIFFERENTIATION}".split())
TOOLS = """
    numpy scipy matplotlib mpl_toolkits seaborn pandas sympy mpmath PIL imageio plotly bokeh altair
    tqdm rich click numba cupy numdifftools sklearn yaml jsonschema pytest hypothesis IPython psutil
"""
FAMILIAR = frozenset(TOOLS.split()) | sys.stdlib_module_names
ENTRY = "bptt_norm.py"
MOST_RUN = 5  # scripts manifest.json may name under "run"
MOST_TOLD = 50  # findings of one weight
MOST_NAMED = 5
KNOWN_BY_ROAD: dict[Road, tuple[str, Outcome]] = {
    "import": ("framework", Outcome.FAIL),
    "dynamic": ("hidden_framework", Outcome.FAIL),
    "look-up": ("looked_up", Outcome.MANUAL),
}


def _files(material: Material) -> dict[str, LoadedFile]:
    files = {**material.submission.scripts}
    if ENTRY in material.submission.files:
        files.setdefault(ENTRY, material.submission.files[ENTRY])
    return files


def _parsed(material: Material) -> dict[str, Script]:
    """Return the scripts that can be parsed, by file name."""
    return read_all(_files(material))[0]


def _running(material: Material, scripts: Mapping[str, Script]) -> tuple[str, ...]:
    """Return the names of the scripts that are run, or brought in by one that is."""
    named = material.manifest.document.get("run") if material.manifest else None
    entries = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    return reached(scripts, (ENTRY, *entries[:MOST_RUN]))


def _unreadable(material: Material, scripts: Mapping[str, Script]) -> Iterator[Finding]:
    """Name the scripts that were not read: no Python (the rerun says why), or too long."""
    files = _files(material)
    long = read_all(files)[1]
    if ENTRY in files and ENTRY not in (*scripts, *long):
        yield Finding("unreadable", Outcome.NOT_ASSESSED, file=ENTRY)
    if long:
        data: dict[str, Value] = {"names": long[:MOST_NAMED]}
        yield Finding("too_long", Outcome.NOT_ASSESSED, data, file=long[0])


def framework(material: Material) -> Iterator[Finding]:
    """No framework computes the gradients: none is imported, by any road.

    An import counts wherever it stands, inside `try` or a function too: what is imported can be
    used, and the text can't show that it isn't. Only `if TYPE_CHECKING:` never runs.
    """
    scripts = _parsed(material)
    yield from _unreadable(material, scripts)
    running = _running(material, scripts)
    for name in sorted(scripts):
        yield from _first_ones(_of_script(material, scripts[name], runs=name in running))
    yield from _numerical(material)


def _first_ones(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first findings of each weight; one script can hold ten thousand."""
    told: Counter[Outcome] = Counter()
    for finding in findings:
        told[finding.outcome] += 1
        if told[finding.outcome] <= MOST_TOLD:
            yield finding


def _of_script(material: Material, script: Script, *, runs: bool) -> Iterator[Finding]:
    seen: set[tuple[str, int | None]] = set()
    for road in sorted(imports(script), key=lambda road: (road.line, road.module)):
        own = (
            f"{_top(road)}.py" in material.submission.scripts and f"{_top(road)}.py" != script.name
        )
        finding = _road(script.name, road, own=own, runs=runs)
        if finding is not None and (finding.kind, finding.line) not in seen:
            seen.add((finding.kind, finding.line))
            yield finding


def _numerical(material: Material) -> Iterator[Finding]:
    """Ask about a bptt that evaluates as many states as differences of `step` take."""
    for kind in KINDS:
        facts = material.probe.get(kind)
        if facts is not None and facts.numerical:
            states = round(facts.states_per_token * STEPS)
            data: dict[str, Value] = {"states": states, "length": STEPS, "width": facts.d_hidden}
            yield Finding("numerical", Outcome.MANUAL, data, model=kind, file=ENTRY)


def _top(road: Import) -> str:
    return road.module.partition(".")[0]


def _road(name: str, road: Import, *, own: bool, runs: bool) -> Finding | None:
    known = _top(road) in FRAMEWORKS
    outside = not (own or known or road.road == "look-up" or _top(road) in FAMILIAR)
    if road.road == "file" or not (known or (runs and outside)):
        return None
    if known and (own or not runs):
        kind, outcome = ("own_module" if own else "not_reached"), Outcome.NOTE
    elif known:
        kind, outcome = KNOWN_BY_ROAD[road.road]
    else:
        kind = "unclear_import" if road.road == "unclear" else "outside_module"
        outcome = Outcome.MANUAL
    data = {"module": _top(road), "how": road.how}
    return Finding(kind, outcome, data, file=name, line=road.line)


def training(material: Material) -> Iterator[Finding]:
    """Nothing is trained: no weight is moved along a gradient."""
    scripts = _parsed(material)
    yield from _unreadable(material, scripts)
    running = [scripts[name] for name in _running(material, scripts)]
    called = frozenset[str]().union(*map(names_used, running))
    for script in running:
        yield from _first_ones(_changed(script, called))


def _changed(script: Script, called: frozenset[str]) -> Iterator[Finding]:
    for update in updates(script, called):
        kind = "training_loop" if update.sure else "maybe_training"
        outcome = Outcome.FAIL if update.sure else Outcome.MANUAL
        data = {"statement": update.text}
        yield Finding(kind, outcome, data, file=script.name, line=update.line)


def same_inputs(material: Material) -> Iterator[Finding]:
    """Both nets start from the same seed and read the same sequence."""
    seeds = {kind: probe.recorded_seed for kind, probe in material.probe.items()}
    rnn, gru = seeds.get("rnn"), seeds.get("gru")
    if rnn is not None and gru is not None:
        if rnn != gru:
            data = {"rnn_seed": rnn, "gru_seed": gru}
            yield Finding("different_seeds", Outcome.FAIL, data, file="decay.json")
        return
    yield from _declared_seeds(material)
    scripts = _parsed(material)
    for name in _running(material, scripts):
        yield from _written_seeds(scripts[name])


def _declared_seeds(material: Material) -> Iterator[Finding]:
    document = material.manifest.document if material.manifest else {}
    for place in (document.get("seed"), document.get("config"), document):
        if not isinstance(place, Mapping):
            continue
        lowered = {str(key).lower(): value for key, value in place.items()}
        found: list[int] = []
        for kind in KINDS:
            values = (lowered.get(key) for key in (kind, f"seed_{kind}", f"{kind}_seed"))
            found += [value for value in values if type(value) is int][:1]
        if len(found) == 2 and found[0] != found[1]:
            data = {"rnn_seed": found[0], "gru_seed": found[1]}
            yield Finding("two_seeds_declared", Outcome.MANUAL, data, file="manifest.json")


def _written_seeds(script: Script) -> Iterator[Finding]:
    """Ask where the code seeds what it calls the RNN and what it calls the GRU differently."""
    seeds = _seeds_by_net(script)
    if len(seeds["rnn"]) == len(seeds["gru"]) == 1 and seeds["rnn"].keys() != seeds["gru"].keys():
        data = {"rnn_seed": next(iter(seeds["rnn"])), "gru_seed": next(iter(seeds["gru"]))}
        line = next(iter(seeds["gru"].values()))
        yield Finding("two_seeds_written", Outcome.MANUAL, data, file=script.name, line=line)


@functools.lru_cache(maxsize=KEPT)
def _seeds_by_net(script: Script) -> Mapping[Kind, Mapping[int, int]]:
    """Return the literal seeds of calls that name one net only, each with its first line."""
    seeds: dict[Kind, dict[int, int]] = {"rnn": {}, "gru": {}}
    for node, nets in _with_context(script):
        seed = _seed(script, node)
        if seed is not None and len(nets) == 1:
            seeds[next(iter(nets))].setdefault(seed, node.lineno)
    return seeds


def _with_context(script: Script) -> Iterator[tuple[ast.Call, frozenset[Kind]]]:
    """Yield every call with the nets named around it: by its function, its target, its texts."""
    stack: list[tuple[ast.AST, frozenset[Kind], bool]] = [(script.tree, frozenset(), False)]
    while stack:
        node, nets, inside = stack.pop()
        if isinstance(node, ast.FunctionDef):
            nets, inside = _nets(node.name), False
        elif isinstance(node, ast.Assign):
            nets |= _nets(written(node.targets[0]))
        elif isinstance(node, ast.Call):
            # The text of a call holds that of the calls in it.
            nets |= frozenset() if inside else _nets(written(node))
            inside = True
            yield node, nets
        stack.extend((child, nets, inside) for child in ast.iter_child_nodes(node))


def _nets(text: str) -> frozenset[Kind]:
    return frozenset(kind for kind in KINDS if kind in text.lower())


def _seed(script: Script, call: ast.Call) -> int | None:
    """Return the literal seed a call is given, or None."""
    for keyword in call.keywords:
        if keyword.arg in {"seed", "random_state"}:
            return integer(keyword.value)
    function = script.names.dotted(call.func) or ""
    last = function.rpartition(".")[2]
    if last in {"default_rng", "RandomState", "seed", "PCG64", "MT19937"} and call.args:
        return integer(call.args[0])
    if last == "init_params" and len(call.args) == 2:
        return integer(call.args[1])
    return None
