"""Where a diagnosis points: scripts of any length are handed to it."""

from grader.diagnosis.locate import Script
from grader.scripts.scan import MAX_SOURCE


def test_script_beyond_what_is_read_is_not_searched_and_the_first_one_still_is():
    sources = {"bptt_norm.py": b"def bptt():\n    pass\n", "a.py": b"def step():\n    pass\n"}
    assert Script(sources).line_of("step") == ("a.py", 1)
    sources["a.py"] += b"#" * MAX_SOURCE
    assert Script(sources).line_of("step") is None
    assert Script(sources).line_of("bptt") == ("bptt_norm.py", 1)
