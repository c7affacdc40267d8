"""Standing beside the worker in one interpreter: its objects, its libraries, its exits."""

from tests.hostile.model import Attack

WORKER = """import gc
def worker():
    return next(o for o in gc.get_objects() if type(o).__name__ == 'Worker')
"""

ATTACKS: list[Attack] = [
    Attack("exit-at-once", "os._exit(0) before anything", "import os\nos._exit(0)"),
    Attack("exit-when-written", "os._exit(0) after the files", "import os\nos._exit(0)", "written"),
    Attack(
        "exit-in-step",
        "os._exit(0) as soon as the grader asks",
        "import os, sys\nif sys._getframe(1).f_code.co_name != 'forward':\n    os._exit(0)",
        "step",
    ),
    Attack(
        "exit-in-bptt",
        "os._exit(0) in the second call of bptt",
        "import os, sys\nif sys._getframe(1).f_code.co_name != 'measure':\n    os._exit(0)",
        "bptt",
    ),
    Attack("abort", "SIGABRT", "import os\nos.abort()", "main"),
    Attack("segfault", "a pointer to nowhere", "import ctypes\nctypes.string_at(1)", "main"),
    Attack(
        "replaces-worker",
        "the worker's methods, found by gc, answer zeros to everything",
        WORKER + "worker().answer = lambda header, arrays: ({'verdict': 'passed'}, {})",
        "bottom",
    ),
    Attack(
        "says-all-is-well",
        "the worker's run, found on the stack, reports no exception and all functions",
        "import sys\nframe = sys._getframe()\nwhile frame and frame.f_code.co_name != 'run':\n"
        "    frame = frame.f_back\nframe.f_locals['answer']['exit_status'] = 0\n"
        "raise RuntimeError('nobody shall hear of this')",
        "bottom",
    ),
    Attack(
        "patches-comparisons",
        "NumPy finds everything equal",
        "np.allclose = np.array_equal = lambda *a, **k: True\nnp.linalg.norm = lambda *a, **k: 0.0",
        "bottom",
    ),
    Attack(
        "patches-libraries",
        "json, struct and the built-ins answer something else",
        "import builtins, json, struct\njson.dumps = lambda *a, **k: '{}'\n"
        "struct.pack = lambda *a: b'VGF1'\nbuiltins.isinstance = lambda *a: True\n"
        "builtins.getattr = lambda *a: None",
        "bottom",
    ),
    Attack(
        "swaps-after-first-use",
        "step and bptt are replaced once they were called",
        "import sys\nif sys._getframe(1).f_code.co_name != 'measure':\n"
        "    globals()['step'] = lambda *a: np.zeros(D)\n"
        "    globals()['bptt'] = lambda *a: np.zeros((T + 1, D))",
        "bptt",
    ),
    Attack(
        "traces",
        "a trace function that rewrites every local dh",
        "import sys\ndef look(frame, event, argument):\n    return look\nsys.settrace(look)",
        "bottom",
    ),
    Attack(
        "audits",
        "an audit hook that forbids everything from now on",
        "import sys\ndef forbid(event, arguments):\n"
        "    if event in ('open', 'compile', 'exec', 'import'):\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(forbid)",
        "bottom",
    ),
    Attack(
        "dies-at-the-end",
        "an object whose __del__ raises, and one that resurrects itself",
        "class Undead:\n    def __del__(self):\n        globals()['again'] = self\n"
        "        raise RuntimeError('still here')\nglobals()['again'] = Undead()",
    ),
    Attack(
        "odd-return",
        "bptt returns an object that is a different array at each look",
        "import sys\nif sys._getframe(1).f_code.co_name != 'measure':\n"
        "    class Odd:\n        def __array__(self, *a, **k):\n"
        "            raise KeyboardInterrupt\n    return Odd()",
        "bptt",
    ),
    Attack(
        "pokes-memory",
        "True and False trade places in the child",
        "import ctypes\nctypes.memmove(id(False) + 16, id(True) + 16, 16)",
        "bottom",
        timeout_s=5.0,
    ),
    Attack(
        "sets-limits",
        "its own limits set so low that nothing works any more",
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
        "bottom",
    ),
]
