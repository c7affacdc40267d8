"""The pipe to the grader: forged answers, garbage, silence."""

from tests.hostile.model import Attack

FORGE = """import json, os, struct
def forged(**header):
    text = json.dumps({'arrays': [], **header}).encode()
    return b'VGF1' + struct.pack('<IQ', len(text), 0) + text
def to_all(data):
    for number in range(64):
        try:
            os.write(number, data)
        except OSError:
            pass
"""
CLAIM = (
    "forged(id=2, exit_status=0, raised=None, "
    "functions=['make_sequence', 'init_params', 'step', 'loss', 'bptt'])"
)

ATTACKS: list[Attack] = [
    Attack(
        "forged-answer",
        "an answer to the request to run, on every descriptor, before the run has ended",
        f"{FORGE}to_all({CLAIM})",
    ),
    Attack(
        "forged-flood",
        "forged answers to a thousand requests to come",
        f"{FORGE}for number in range(2, 1000):\n    to_all(forged(id=number, verdict='passed'))",
    ),
    Attack("garbage", "bytes that are no frame", f"{FORGE}to_all(bytes(range(256)) * 16)"),
    Attack(
        "huge-frame",
        "a frame that announces an exabyte",
        f"{FORGE}to_all(b'VGF1' + struct.pack('<IQ', 100, 1 << 60))",
    ),
    Attack(
        "deep-header",
        "a header nested a hundred thousand deep",
        f"{FORGE}text = b'[' * 100_000\nto_all(b'VGF1' + struct.pack('<IQ', len(text), 0) + text)",
    ),
    Attack(
        "half-frame",
        "a frame whose end never comes",
        f"{FORGE}to_all(b'VGF1' + struct.pack('<IQ', 1000, 1000) + b'half')",
        timeout_s=4.0,
    ),
    Attack(
        "odd-answer",
        "an answer of the right form with things in it that nobody expects",
        f"{FORGE}to_all(forged(id=2, exit_status='0', raised=[1], functions={{'bptt': 1}}))",
    ),
    Attack(
        "odd-exception",
        "an exception that is told in the wrong types",
        f"{FORGE}to_all(forged(id=2, raised={{'type': ['x'], 'message': {{}}, 'line': 1e308,"
        "'file': '../../../../etc/passwd'}))",
    ),
    Attack(
        "closes-everything",
        "every descriptor is closed",
        "import os\nos.closerange(0, 256)",
        "main",
    ),
    Attack(
        "eats-requests",
        "it reads what the grader asks, so that the worker never hears it",
        """import os, select
for number in range(3, 64):
    try:
        if os.readlink(f'/proc/self/fd/{number}').startswith('pipe') and select.select(
            [number], [], [], 0.05)[0]:
            os.read(number, 1 << 20)
    except (OSError, ValueError):
        pass""",
        timeout_s=4.0,
    ),
]
