#!/usr/bin/env bash
# Runs once, when Gradescope builds the image of the assignment; the network is there.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
python="${VANGRAD_PYTHON:-python3}"
if ! "$python" -I -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
  apt-get update -q
  apt-get install -y -q python3.11 python3.11-venv
  python=python3.11
fi
"$python" -I -m venv "$root/venv"
"$root/venv/bin/python" -I -m pip install --quiet "$root"/source/vangrad-*.whl
"$root/venv/bin/python" -I -m grader --version
