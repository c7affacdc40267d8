"""Two classes, five thin functions that use them, a manifest written by the script."""

from grader.corpus.model import Edit, Style

STYLE = Style("classes")

RNN_PULL = 'return self.w["hh"].T @ (delta * (1.0 - np.square(after)))'
DIRECT = "total = delta * (1.0 - update)"
CANDIDATE_PATH = "total += gated * reset"
RESET_PATH = 'total += self.w["reset_h"].T @ pre_reset'
UPDATE_PATH = 'total += self.w["update_h"].T @ pre_update'
PRE_CAND = "pre_cand = delta * update * (1.0 - cand**2)"
ERROR = 'return self.w["out"].T @ p'
NORM = "norms[kind] = np.linalg.norm(dh[:-1], axis=1).tolist()"

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, RNN_PULL.replace(".T @", " @")),),
    "rnn-tanh-missing": ((RNN_PULL, 'return self.w["hh"].T @ delta'),),
    "rnn-tanh-previous": ((RNN_PULL, RNN_PULL.replace("after", "before")),),
    "rnn-tanh-plus": ((RNN_PULL, RNN_PULL.replace("1.0 -", "1.0 +")),),
    "rnn-dz-for-dh": ((RNN_PULL, 'return (1.0 - before**2) * (self.w["hh"].T @ delta)'),),
    "loss-every-step": (
        (
            "delta = self.pull_back(tok, before, after, delta)",
            "delta = self.pull_back(tok, before, after, delta) + self.output_error(before, target)",
        ),
    ),
    "head-ones": (
        ("delta = self.output_error(states[-1], target)", "delta = np.ones(CFG.d_hidden)"),
    ),
    "head-no-onehot": (("        p[target] -= 1.0\n", ""),),
    "head-sign": ((ERROR, 'return -self.w["out"].T @ p'),),
    "gru-only-direct": ((DIRECT, "return delta * (1.0 - update)\n        " + DIRECT),),
    "gru-no-direct": ((DIRECT, "total = np.zeros_like(delta)"),),
    "gru-reset-ignored": ((CANDIDATE_PATH, "total += gated"), (RESET_PATH, "pre_reset *= 0")),
    "gru-reset-not-applied": ((CANDIDATE_PATH, "total += gated"),),
    "gru-hprev-for-r": ((CANDIDATE_PATH, "total += gated * before"),),
    "gru-z-swapped": (
        (DIRECT, "total = delta * update"),
        (PRE_CAND, "pre_cand = delta * (1.0 - update) * (1.0 - cand**2)"),
    ),
    "gru-candidate-prime-missing": ((PRE_CAND, "pre_cand = delta * update"),),
    "gru-overwritten": ((CANDIDATE_PATH, "total = gated * reset"),),
    "gru-r-path-missing": ((RESET_PATH, "pre_reset *= 0"),),
    "gru-z-path-missing": ((UPDATE_PATH, "pre_update *= 0"),),
    "gru-r-path-missing-closed": (
        (RESET_PATH, "pre_reset *= 0"),
        ("bias_update: float = -2.0", "bias_update: float = -4.0"),
    ),
    "norm-squared": ((NORM, "norms[kind] = [float(v @ v) for v in dh[:-1]]"),),
    "norm-l1": ((NORM, "norms[kind] = np.abs(dh[:-1]).sum(axis=1).tolist()"),),
    "norm-mean": ((NORM, "norms[kind] = np.abs(dh[:-1]).mean(axis=1).tolist()"),),
    "list-off-by-one": ((NORM, "norms[kind] = np.linalg.norm(dh[1:], axis=1).tolist()"),),
}
