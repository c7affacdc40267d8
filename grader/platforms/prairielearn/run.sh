#!/usr/bin/env bash
# The entry point of a PrairieLearn external grader: reads /grade/student, writes /grade/results.
set -euo pipefail
root="${GRADE_ROOT:-/grade}"
python="${VANGRAD_PYTHON:-/opt/vangrad/bin/python}"
results="$root/results/results.json"
mkdir -p "$root/results"
rm -f "$results"
cd "$root/results"

options=()
[ ! -f "$root/tests/vangrad.toml" ] || options+=(--config "$root/tests/vangrad.toml")
status=0
said="$("$python" -I -m grader "$root/student" "${options[@]}" --format prairielearn --output "$results" 2>&1)" || status=$?
if [ "$status" -eq 2 ] && [ ! -e "$results" ]; then
  printf '%s' "$said" | "$python" -I -c 'import json, sys; print(json.dumps({"gradable": False, "format_errors": [sys.stdin.read(2000)]}))' > "$results"
fi
[ -e "$results" ] || exit 3
