"""Spanish names, plain functions of the author's own."""

from grader.corpus.model import Edit, Style

STYLE = Style("spanish", has_functions=False)

RNN_STEP = "dz = dh * (1 - h[t] ** 2)"
RNN_PULL = "dh = recurrente.T @ dz"
SUM = """dh = (dh * (1 - z) + d_rh * r
              + p["reiniciar_h"].T @ d_r
              + p["actualizar_h"].T @ d_z)"""
SUBTRACT = "prob[objetivo] -= 1"
RETURN_RNN = "return normas[::-1], radio"

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, "dh = recurrente @ dz"),),
    "rnn-tanh-missing": ((RNN_STEP, "dz = dh"),),
    "rnn-tanh-plus": ((RNN_STEP, "dz = dh * (1 + h[t] ** 2)"),),
    "head-no-onehot": ((SUBTRACT, "prob[objetivo] -= 0"),),
    "head-sign": ((SUBTRACT, SUBTRACT + "\n    prob = -prob"),),
    "gru-only-direct": ((SUM, "dh = dh * (1 - z)"),),
    "gru-z-path-missing": ((SUM, SUM.replace('\n              + p["actualizar_h"].T @ d_z', "")),),
    "gru-r-path-missing": ((SUM, SUM.replace('\n              + p["reiniciar_h"].T @ d_r', "")),),
    "list-reversed": ((RETURN_RNN, "return normas, radio"),),
}
