"""What each platform does with a report, restated: its parser, its limits, its arithmetic."""

from __future__ import annotations

import functools
import json
import math
import re
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema
import xmlschema

# The runner of GitHub Actions: ActionCommand.cs (both ways of writing a command), and the limits of
# ExecutionContext.cs.

COMMANDS = frozenset(
    {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "add-path", "set-env"}
    | {"set-output", "save-state", "stop-commands", "echo", "add-matcher", "remove-matcher"}
    | {"internal-set-repo-path"}
)
DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
SHOWN, LONGEST = 10, 4096


@dataclass
class Command:
    name: str
    data: str = ""
    properties: dict[str, str] = field(default_factory=dict)


def unescaped(text, pairs):
    for token, character in pairs:
        text = text.replace(token, character)
    return text


def command_of(line):
    """Return the command that the runner finds in a line of output, None where it finds none."""
    return _second_way(line) or _first_way(line)


def _second_way(line):
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, written = line[2:end].partition(" ")
    if name not in COMMANDS:
        return None
    pairs = [one.split("=", 1) for one in written.strip().split(",") if one]
    given = {p[0]: unescaped(p[1], PROPERTY) for p in pairs if len(p) == 2 and all(p)}
    return Command(name, unescaped(line[end + 2 :], DATA), given)


def _first_way(line):
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name = line[start + 3 : end].partition(" ")[0]
    return Command(name, line[end + 1 :]) if name in COMMANDS else None


def obeyed(output):
    """Return every command in an output that goes to the log of a job."""
    lines = re.split(r"\r\n|\r|\n", output)
    return [found for line in lines if (found := command_of(line))]


def units(text):
    return len(text.encode("utf-16-le")) // 2


# Autolab: saveAutograde and parseAutoresult.


def autolab_scores(output):
    """Return what Autolab writes into its grade book; raises where it gives no grade."""
    last = output.splitlines()[-1]
    quoted = re.sub(r"([a-zA-Z0-9]+):", r'"\1":', last)
    scores = json.loads(quoted)["scores"]
    if not scores:
        raise ValueError("Empty autoresult string")
    return scores


# GitHub Classroom: main.js, console-results.js, notify-classroom.js, test-helpers.js.


def classroom(result):
    """Return the points told, whether the job passes, and what is printed to the job's log."""
    results = json.loads(b64decode(result.strip(), validate=True).decode("utf-8"))
    log, total = [], 0
    for test in results["tests"]:
        line = "" if test["line_no"] == 0 else f" - line {test['line_no']}"
        if test["status"] == "pass":
            log.append(f"✅ {test['name']}{line}")
        elif test["status"] == "error":
            log.append(f"Error: {test['message'] or test['name']}\n")
        else:
            log.append(f"❌ {test['name']}{line}")
        if test["test_code"]:
            log.append(f"Test code:\n{test['test_code']}\n")
        total += test["score"]
    told = f"Points {total}/{results['max_score']}" if results["max_score"] else None
    return told, results["status"] not in ("fail", "error"), "\n".join(log), results


# Gradescope, PrairieLearn: the documented fields.

NUMBER = {"type": "number"}
TEXT = {"type": "string"}
VISIBLE = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}


def closed(properties, *required):
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


GRADESCOPE = closed(
    {
        "score": NUMBER,
        "execution_time": NUMBER,
        "output": TEXT,
        "output_format": FORMAT,
        "visibility": VISIBLE,
        "stdout_visibility": VISIBLE,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": closed(
                {
                    "score": NUMBER,
                    "max_score": NUMBER,
                    "status": {"enum": ["passed", "failed"]},
                    "name": TEXT,
                    "number": TEXT,
                    "output": TEXT,
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": TEXT},
                    "visibility": VISIBLE,
                    "extra_data": {"type": "object"},
                },
                "name",
            ),
        },
    }
)

PRAIRIELEARN = closed(
    {
        "gradable": {"type": "boolean"},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "message": TEXT,
        "output": TEXT,
        "format_errors": {"type": "array", "items": TEXT},
        "images": {"type": "array", "items": closed({"url": TEXT, "label": TEXT}, "url")},
        "tests": {
            "type": "array",
            "items": closed(
                {
                    "name": TEXT,
                    "description": TEXT,
                    "points": NUMBER,
                    "max_points": NUMBER,
                    "message": TEXT,
                    "output": TEXT,
                    "images": {"type": "array"},
                },
                "name",
                "points",
                "max_points",
            ),
        },
    },
    "gradable",
) | {
    "if": {"properties": {"gradable": {"const": True}}},
    "then": {"required": ["score", "tests"]},
    "else": {"required": ["format_errors"], "not": {"required": ["score"]}},
}


def _refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def strictly(text):
    """Parse JSON as the platforms do: without NaN and Infinity."""
    return json.loads(text, parse_constant=_refuse)


def valid(text, schema):
    """Return a JSON document that its platform accepts; raises where it does not."""
    document = strictly(text)
    jsonschema.Draft202012Validator(schema).validate(document)
    score = document.get("score", 0)
    if not math.isfinite(score):
        raise ValueError("score")
    return document


@functools.cache
def junit_schema():
    return xmlschema.XMLSchema10(Path(__file__).with_name("junit-10.xsd"))
