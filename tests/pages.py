"""Reports made by hand with everything a page can show, right, wrong and hostile."""

import io
import math
from dataclasses import replace

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grader.facts import Diagnosis
from grader.isolated import Isolation
from grader.model import (
    CheckResult,
    Evidence,
    Finding,
    Outcome,
    Series,
    StopCondition,
    Verdict,
)
from tests.toys import loaded, report

PAYLOADS = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "'-document.title='owned'-'",
    "{{ 7 * 7 }}{% raw %}",
    "</title></style></svg><svg onload=document.title='owned'>",
    "javascript:document.title='owned'",
    "]]><iframe src=//example.invalid></iframe>",
    "\u202e\x1b[31m\x00|`**[a](//example.invalid)**`\n# @someone #1",
    "x" * 400,
)
WORDS = ("type", "text", "module")
SETTING = {
    "width": 16, "scale": 0.14, "inputs": 0.04, "bias": 0.0, "scheme": "normal", "option": "A",
}  # fmt: skip


def series(kind="rnn", slope=-0.2, **changes):
    """Return the numbers behind the pictures of one model, right ones."""
    logs = tuple(round(slope * (50 - t), 4) for t in range(51))
    made = Series(
        kind,
        recorded=logs,
        differences=logs,
        error=(1e-12,) * 51,
        tolerance=(1e-9,) * 51,
        gate=(0.25, 0.5, 0.25, *[0.0] * 17) if kind == "gru" else (),
        setting=SETTING,
    )
    return replace(made, **changes)


BOTH = (series(), series("gru", -0.05))
MEASURED = {
    "rnn": {
        "orders_total": 9.8, "orders_per_10_steps": 2.0, "slope_per_step": 0.2, "length": 50,
        "chain_error": 1e-12, "chain_tolerance": 1e-9, "amplification": 50.0,
        "method": "richardson", "spectral_radius": 0.58, "spectral_norm": 1.04, "weight_std": 0.1,
    },
    "gru": {"gate_mean": 0.12, "gate_std": 0.03},
}  # fmt: skip


def passes(code, points=0):
    return CheckResult(code, Outcome.PASS, points, points, required=True)


def picture(shade=255, comment=""):
    """Return a PNG of stripes, with a comment in its metadata."""
    pixels = np.full((300, 400, 3), shade, np.uint8)
    pixels[::20] = 40
    info = PngInfo()
    info.add_text("Comment", comment)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


QUESTION = Finding(
    "why_steeper",
    Outcome.MANUAL,
    {"rnn_total": 11.5, "gru_total": 2.3, "rnn_slope": 0.2, "gru_slope": 0.1, "separation": 9.2},
)
STEPS = Finding(
    "every_step",
    data={"error": 1.0, "tolerance": 1e-9, "worst": math.inf, "count": 50, "length": 50,
          "later": 50, "seed": 42, "norm": 0.3, "next_norm": 0.4},
    model="rnn", file="bptt_norm.py", path="dh[49]", t=49,
)  # fmt: skip
NOTE = Finding("from_root", Outcome.NOTE, file="bptt_norm.py")
FAULT = Finding("grader_error", Outcome.GRADER_ERROR, {"error": "E: no", "place": "f:3"})
ENDS = {"rnn_first": 1e-11, "rnn_last": 0.3, "gru_first": 3e-3, "gru_last": 0.5}
UNSURE = Finding("unsure", Outcome.MANUAL, ENDS, file="decay.png")

TRANSPOSED = Diagnosis(
    model="rnn",
    explains="bptt",
    candidates=(("rnn-w-not-transposed",),),
    deviation=1e-15,
    tolerance=1e-12,
    tried=100,
    file="bptt_norm.py",
    line=105,
)
ASKED = CheckResult("stop.explain", Outcome.MANUAL, 0, 0, required=False, findings=(QUESTION,))


def right():
    """Return the report of a submission in which nothing is wrong."""
    checks = (passes("files.present", 3), passes("gradient.steps", 12), ASKED)
    return report(
        *checks,
        verdict=Verdict.PASSED, headline="passed", points=100, exit_status=0,
        series=BOTH, measurements=MEASURED, questions=(QUESTION,),
    )  # fmt: skip


def broken():
    """Return the report of a wrong gradient with a diagnosis, and of one that has two."""
    wrong = CheckResult("gradient.steps", Outcome.FAIL, 0, 12, required=True, findings=(STEPS,))
    skipped = CheckResult(
        "gradient.chain", Outcome.SKIPPED, 0, 6, required=True, skipped_because=("gradient.steps",)
    )
    either = replace(TRANSPOSED, model="gru", candidates=(("head-ones",), ("head-state",)))
    shown = series(predicted=BOTH[0].recorded[:50], differences=(-3.0,) * 51, error=(0.9,) * 51)
    return report(
        wrong, skipped, replace(passes("rerun.runs", 3), findings=(NOTE,)), ASKED,
        series=(shown, BOTH[1]), measurements=MEASURED, questions=(QUESTION,),
        diagnoses=(TRANSPOSED, either), points=62, not_assessed=4,
    )  # fmt: skip


def unsure():
    """Return a report that asks a person to look at the plot, both pictures at hand."""
    look = CheckResult("plot.curves", Outcome.MANUAL, 2, 2, required=False, findings=(UNSURE,))
    return report(
        look,
        files=(loaded("decay.png", picture(comment=PAYLOADS[0])),),
        fresh_plot=picture(230),
    )


def nothing_run():
    """Return the report of files alone."""
    evidence = (Evidence("rnn", "files", verified=False, reason="scope"),)
    return report(
        passes("files.present", 3), scope="files", points=None, evidence=evidence,
        isolation=Isolation("none", (), ()), verdict=Verdict.FILES_CONSISTENT,
        headline="files_consistent", exit_status=0,
        series=(Series("rnn", recorded=BOTH[0].recorded[:50]), Series("gru")),
    )  # fmt: skip


def fault():
    """Return the report where a check of ours broke off."""
    broke = CheckResult("plot.curves", Outcome.GRADER_ERROR, 0, 2, required=True, findings=(FAULT,))
    return report(
        broke, verdict=Verdict.GRADER_ERROR, headline="grader_error", points=None, exit_status=3
    )


def hostile():
    """Return a report whose every text of a student's is an attack."""
    raised = tuple(
        Finding(
            "raised", Outcome.STUDENT_ERROR, {"type": p, "text": p, "module": p}, file=p, path=p
        )
        for p in PAYLOADS
    )
    crashed = CheckResult("rerun.runs", Outcome.STUDENT_ERROR, 0, 3, required=True, findings=raised)
    seen = tuple(replace(finding, outcome=Outcome.NOTE) for finding in raised)
    noted = CheckResult("rerun.runs", Outcome.PASS, 3, 3, required=True, findings=seen)
    asked = tuple(replace(finding, outcome=Outcome.MANUAL) for finding in raised)
    manual = CheckResult("rerun.runs", Outcome.MANUAL, 3, 3, required=True, findings=asked)
    return report(
        crashed, noted, manual,
        name=PAYLOADS[0] + PAYLOADS[1],
        files=tuple(loaded(name, name) for name in PAYLOADS),
        diagnoses=(replace(TRANSPOSED, file=PAYLOADS[1]),),
        series=(series(recorded=(None,) * 50), series("gru", error=(None,) * 51)),
        stop_conditions=(StopCondition(1, Outcome.SKIPPED, ()),),
    )  # fmt: skip


PAGES = {
    "right": right,
    "broken": broken,
    "unsure": unsure,
    "nothing run": nothing_run,
    "fault": fault,
    "hostile": hostile,
    "empty": report,
}
