"""Strings that do harm where they are shown as they are, by what they attack; and a CI runner."""

from __future__ import annotations

import re

PAYLOADS = {
    "clear screen": "\x1b[2J\x1b[H",
    "window title": "\x1b]0;owned\x07",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "device answer": "\x1b[6n\x1bP$q\"p\x1b\\",
    "c1 controls": "\x9b31m\x9d0;owned\x9c\x90\x85",
    "backspaces": "fail\x08\x08\x08\x08pass",
    "carriage return": "not passed\rpassed",
    "delete and bell": "\x7f\x07\x00",
    "newlines": "a\nb\r\nc\x0bd\x0ce\x1cf\x85g\u2028h\u2029i",
    "bidi": "\u202egnp.yaced\u202c \u2066x\u2069 \u200f \u061c",
    "zero width": "pas\u200bsed\u200c\u200d\u2060\ufeff\u00ad",
    "blanks": "\u3164\u115f\u1160\uffa0\u2800\u00a0\u3000\u034f",
    "tags": "\U000e0041\U000e0042\U000e007f",
    "combining flood": "z" + "\u0301\u0300\u0489" * 60,
    "lone surrogates": "a\ud800b\udfffc",
    "private use": "\ue000\U0010fffd\uffff",
    "command": "::error file=x,line=1::owned",
    "command after text": "text\n  ::error::owned",
    "command after colons": ":::error::owned ::::notice::owned",
    "command in the middle": "word " * 30 + "::stop-commands::token",
    "command after a long word": "x" * 211 + "::warning::owned",
    "old command": "text ##[error]owned",
    "old command with data": "###[set-env name=PATH;]/tmp",
    "azure command": "##vso[task.setvariable variable=x]owned",
    "percent": "%0A::error::owned%0D%25%3A%2C 100%",
    "property": "a,line=7,title=b::owned",
    "markdown link": "[a](javascript:alert(1)) [b][c] [c]: http://evil.example",
    "markdown image": "![a](http://evil.example/x.png)",
    "markdown html": "<img src=x onerror=alert(1)> <!-- <details><summary>",
    "code span": "`a` ``b`` ```\nc\n``` ~~~",
    "table": "| a | b |\n|---|---|",
    "table of one column": ":---:",
    "heading": "# h",
    "setext": "===",
    "rule": "---",
    "list": "- a",
    "numbered list": "1. a",
    "other list": " 12) a",
    "plus list": "+ a",
    "quote": "> a",
    "task": "- [x] a",
    "indented code": "    [a](b)",
    "emphasis": "*a* __b__ ~~c~~ _d_",
    "alert": "> [!CAUTION]\n> owned [^1]",
    "mention": "@torvalds @org/team a@b",
    "reference": "#1 owner/name#2 GH-3 gh-4",
    "autolink": "https://evil.example www.evil.example HTTP://EVIL.EXAMPLE <http://x>",
    "mail": "a@evil.example mailto:a@evil.example xmpp:a@evil.example/b",
    "entity": "&lt;b&gt; &#60;i&#62; &amp;",
    "backslash": "\\<b> \\",
    "math": "$\\unicode{x}$ $$x$$ ``$x$``",
    "script": "</script><script>alert(1)</script>",
    "attribute": "\" onmouseover=\"alert(1)\" x='y' ' onload='alert(1)",
    "style": "</style><style>*{display:none}</style>",
    "svg": "<svg/onload=alert(1)><math><mi xlink:href='data:x'>",
    "template": "{{ 7*7 }} {% raw %} ${7*7} #{7*7}",
    "xml end": "]]> <![CDATA[ <?x ?> <!DOCTYPE a [<!ENTITY b 'c'>]> &b;",
    "xml controls": "\x01\x0b\x0c\x1f\ufffe\uffff",
    "formula": "=HYPERLINK(\"http://evil.example\",\"x\")",
    "formula plus": "+1+cmd|' /C calc'!A0",
    "formula minus": "-1+1",
    "formula at": "@SUM(1+1)",
    "formula after tab": "\t=1+1",
    "formula after return": "\r=1+1",
    "formula after space": "  =1+1",
    "formula of full width": "\uff1d1+1",
    "formula after a semicolon": "a;=1+1; @x",
    "csv": "a\",\"=1+1\n\"=2",
    "format": "{0} {x} %s %(a)s",
    "empty": "",
    "very long": "A" * 1_000_000,
    "very long controls": "\x1b" * 100_000,
    "very long markup": "[" * 100_000,
}  # fmt: skip

HARMLESS = (
    "plain text",
    "‖dh[3]‖ = 1,5·10⁻¹² (órdenes de magnitud)",
    "bptt_norm.py:12: dh[::-1] :: 50 % of h_t",
    "層 слой e\u0301tat 🙂",
)

COMMANDS = frozenset(
    {"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
     "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"}
)  # fmt: skip


def obeyed(output: str) -> list[tuple[str, dict[str, str], str]]:
    """Return the commands that GitHub's runner would obey in what a step prints.

    A restatement of `ActionCommand.TryParseV2` and `TryParse` of actions/runner, line by line.
    """
    parsed = (_second(line) or _first(line) for line in re.split(r"\r\n|\r|\n", output))
    return [command for command in parsed if command is not None]


def _second(line: str) -> tuple[str, dict[str, str], str] | None:
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, properties = line[2:end].partition(" ")
    escapes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    return _command(name, (properties.strip(), ",", escapes), line[end + 2 :])


def _first(line: str) -> tuple[str, dict[str, str], str] | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, properties = line[start + 3 : end].partition(" ")
    escapes = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%"}
    return _command(name, (properties, ";", escapes), line[end + 1 :])


def _command(
    name: str, properties: tuple[str, str, dict[str, str]], data: str
) -> tuple[str, dict[str, str], str] | None:
    if name.lower() not in COMMANDS:
        return None
    text, separator, escapes = properties
    pairs = (part.split("=", 1) for part in text.split(separator) if part)
    of_data = {code: sign for code, sign in escapes.items() if separator == ";" or sign in "\r\n%"}
    return (
        name.lower(),
        {p[0].lower(): _unescaped(p[1], escapes) for p in pairs if len(p) == 2 and p[1]},
        _unescaped(data, of_data),
    )


def _unescaped(text: str, escapes: dict[str, str]) -> str:
    for code, sign in escapes.items():
        text = text.replace(code, sign)
    return text
