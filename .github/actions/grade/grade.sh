#!/usr/bin/env bash
# Grades one submission in a GitHub Actions job. The grader is installed from the files of this action's own ref into
# an environment outside the workspace, and run in isolated mode from a folder that no student writes
# to: neither modules nor settings of the graded repository are ever found.
set -euo pipefail

case "${GITHUB_EVENT_NAME:-}" in
  pull_request | push | merge_group | workflow_dispatch) ;;
  *)
    # pull_request_target and the like would give a stranger's code a token that can write.
    echo "::error title=vangrad::run this on pull_request, push, merge_group or workflow_dispatch only"
    exit 3
    ;;
esac

# A job's environment may come from files of the repository; ours must not.
for name in $(compgen -e); do
  case "$name" in PYTHON* | PIP_CONFIG_FILE | PIP_REQUIRE_VIRTUALENV | PIP_TARGET | PIP_PREFIX | VANGRAD_LANG) unset "$name" ;; esac
done

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d "${RUNNER_TEMP:?}/vangrad.XXXXXX")"
mkdir "$work/neutral"
cd "$work/neutral"

"${INPUT_PYTHON:-python3}" -I -m venv "$work/venv"
python="$work/venv/bin/python"
[ -x "$python" ] || python="$work/venv/Scripts/python.exe"
# Building writes beside the sources, which a checkout shared with other steps may not want.
cp -R "$here/../../.." "$work/source"
"$python" -I -m pip install --quiet --disable-pip-version-check "$work/source" >&2

version="$("$python" -I -m grader --version)"
version="${version%$'\r'}" # Python ends lines so on Windows
if [ -n "${INPUT_VERSION:-}" ] && [ "$version" != "$INPUT_VERSION" ]; then
  echo "::error title=vangrad::version $INPUT_VERSION was expected; this ref of the action holds $version"
  exit 3
fi

options=(--colour never)
[ -z "${INPUT_LANGUAGE:-}" ] || options+=(--lang "$INPUT_LANGUAGE")
[ -z "${INPUT_MINIMUM_SCORE:-}" ] || options+=(--min-score "$INPUT_MINIMUM_SCORE")
[ -z "${INPUT_ISOLATION:-}" ] || options+=(--isolation "$INPUT_ISOLATION")
if [ -n "${INPUT_CONFIG:-}" ]; then
  printf '%s\n' "$INPUT_CONFIG" > "$work/vangrad.toml"
  options+=(--config "$work/vangrad.toml")
fi

report="$work/report.json"
status=0
"$python" -I -m grader "${GITHUB_WORKSPACE:?}/${INPUT_PATH:?}" "${options[@]}" --format json --output "$report" \
  --format html --output "$work/report.html" --format markdown --output "$work/summary.md" \
  --format github || status=$?

[ ! -f "$work/summary.md" ] || cat "$work/summary.md" >> "${GITHUB_STEP_SUMMARY:?}"
if [ -f "$report" ]; then
  "$python" -I - "$report" >> "${GITHUB_OUTPUT:?}" << 'OUTPUTS'
import json, sys
with open(sys.argv[1], encoding="utf-8") as stream:
    report = json.load(stream)
print("verdict=" + report["verdict"])
print("score=" + str((report["score"] or {}).get("points", "")))
print("report=" + sys.argv[1])
OUTPUTS
fi

if [ "${INPUT_COMMENT:-}" = true ] && [ -n "${PULL_REQUEST:-}" ] && [ -f "$work/summary.md" ]; then
  gh pr comment "$PULL_REQUEST" --repo "${GITHUB_REPOSITORY:?}" --edit-last --create-if-none \
    --body-file "$work/summary.md" > /dev/null ||
    echo "::warning title=vangrad::the comment could not be written (a pull request from a fork?); the summary of the job holds the report"
fi
exit "$status"
