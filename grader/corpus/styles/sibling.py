"""Imports the forward pass of its sibling lab, and a gru.py beside it."""

from grader.corpus.model import Edit, Style

LAB_02 = "../13-rnn-forward/rnn.py"
STYLE = Style("sibling", siblings=(("rnn.py", LAB_02),))

RNN_PULL = 'return params["W_hh"].T @ (d * (1 - h**2))'
HEAD = 'dh[n] = params["W_ho"].T @ (softmax(lab02.readout(params, h[n])) - y)'
NORM = "float(np.linalg.norm(v)) for v in dh[:T]"

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, RNN_PULL.replace(".T @", " @")),),
    "rnn-tanh-missing": ((RNN_PULL, 'return params["W_hh"].T @ d'),),
    "rnn-tanh-of-h": ((RNN_PULL, RNN_PULL.replace("h**2", "np.tanh(h) ** 2")),),
    "head-no-onehot": ((HEAD, 'dh[n] = params["W_ho"].T @ softmax(lab02.readout(params, h[n]))'),),
    "norm-squared": ((NORM, "float(v @ v) for v in dh[:T]"),),
    "list-off-by-one": ((NORM, "float(np.linalg.norm(v)) for v in dh[1:]"),),
}
