"""Submissions that lean on a deep-learning framework, or train."""

from __future__ import annotations

from dataclasses import replace

from grader.corpus.model import Case, Edit
from grader.corpus.styles import columns, rows
from grader.corpus.wrong_documents import fails
from grader.corpus.wrong_runs import CANNOT_IMPORT, MAIN, SCRIPT, after_imports, swapped

SEEDED = "    token_ids, target_id = make_sequence(SEED, T)\n    params = init_params(kind, SEED)\n"
FRAMEWORK = fails("constraints.framework", verdict="not_passed")

FRAMEWORKS: dict[str, tuple[str, Edit]] = {
    "torch": ("import torch at the top", after_imports("import torch\n")),
    "torch-nn": ("from torch import nn", after_imports("from torch import nn\n")),
    "jax": ("from jax import numpy as jnp", after_imports("from jax import numpy as jnp\n")),
    "tensorflow": ("import tensorflow as tf", after_imports("import tensorflow as tf\n")),
    "keras": ("from keras import layers", after_imports("from keras import layers\n")),
    "autograd": (
        "autograd.numpy in place of numpy",
        after_imports("import autograd.numpy as anp\nfrom autograd import grad\n"),
    ),
    "torch-if-there": (
        "torch where it is installed",
        after_imports("try:\n    import torch\nexcept ImportError:\n    torch = None\n"),
    ),
    "torch-in-function": (
        "torch imported inside a function",
        (MAIN, MAIN.replace(":\n", ":\n    import torch as backend\n", 1)),
    ),
    "torch-importlib": (
        'importlib.import_module("torch")',
        after_imports('import importlib\nengine = importlib.import_module("torch")\n'),
    ),
    "torch-dunder-import": (
        '__import__("torch")',
        after_imports('engine = __import__("torch")\n'),
    ),
    "torch-assembled": (
        "the module's name is assembled at run time",
        after_imports('import importlib\nengine = importlib.import_module("tor" + "ch")\n'),
    ),
}


def _frameworks() -> list[Case]:
    cases = [
        Case(
            f"framework-{name}",
            f"deep-learning framework: {said}",
            columns.STYLE,
            FRAMEWORK,
            changes=(swapped(edit),),
        )
        for name, (said, edit) in FRAMEWORKS.items()
    ]
    missing = replace(CANNOT_IMPORT, absent=frozenset({"constraints.framework"}))
    helper = Case(
        "framework-in-helper",
        "torch imported by a helper module beside the script",
        columns.STYLE,
        FRAMEWORK,
        changes=(
            swapped(after_imports("import helper\n")),
            lambda folder: folder.write(
                "helper.py", "import torch\n\nGRAD = torch.autograd.grad\n"
            ),
        ),
    )
    return [
        *cases,
        helper,
        Case(
            "module-not-installed",
            "imports a module that is not installed: no framework, but it cannot run",
            columns.STYLE,
            missing,
            changes=(swapped(after_imports("import pandas_that_isnt as pd\n")),),
        ),
    ]


TRAIN = """    for epoch in range(20):
        dh = bptt(kind, params, token_ids, target_id)
        h = forward(kind, params, token_ids)
        if kind == "rnn":
            grad = sum(np.outer(dh[t] * (1 - h[t] ** 2), h[t - 1]) for t in range(1, T + 1))
            params["W_hh"] -= learning_rate * grad
        delta = softmax(params["W_ho"] @ h[-1] + params["b_o"])
        delta[target_id] -= 1.0
        params["W_ho"] -= learning_rate * np.outer(delta, h[-1])
"""
TRAIN_LATER = """

class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self, grads):
        for name, grad in grads.items():
            self.params[name] -= self.lr * grad


def train(epochs=10):
    optimizer = SGD(init_params('rnn', seed0), lr=0.05)
    toks, target = make_sequence(seed0, steps)
    for epoch in range(epochs):
        h = np.zeros(hidden)
        for tok in toks:
            h = step('rnn', optimizer.params, tok, h)
        err = np.exp(log_probs(optimizer.params, h.reshape(1, -1)))
        err[0, target] -= 1
        optimizer.step({'Wy': np.outer(h, err[0]), 'by': err})
        print('epoch', epoch, loss('rnn', optimizer.params, h, target))


if __name__ == '__main__':
    main()
    train()
"""


def _training() -> list[Case]:
    before = (SEEDED, SEEDED + "    learning_rate = 0.1\n" + TRAIN)
    after = ("\n\nif __name__ == '__main__':\n    main()\n", TRAIN_LATER)
    return [
        Case(
            "training-before-measuring",
            "twenty steps of gradient descent, then the norms of the trained net",
            columns.STYLE,
            fails("constraints.training", verdict="not_passed"),
            edits=((SCRIPT, before),),
        ),
        Case(
            "training-after-measuring",
            "an SGD loop after the measurement: nothing recorded depends on it, and whether it "
            "blocks is left to the rubric",
            rows.STYLE,
            fails("constraints.training"),
            edits=((SCRIPT, after),),
        ),
    ]


def cases() -> list[Case]:
    """Return the wrong submissions of this module."""
    return [*_frameworks(), *_training()]
