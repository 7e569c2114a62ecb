#!/bin/sh
# Make .venv where it is missing, then install the given lock files into it.
# Use: sh tests/environment.sh [requirements.lock]
set -eu

UV=0.13.9
PYTHON=.venv/bin/python

say() { echo "environment: $*" >&2; }

stop() {
    say "$*"
    exit 1
}

need_python() {
    if python3.11 -c "import ensurepip" 2>/dev/null; then
        return
    fi
    advice="Python 3.11 with its venv module is needed; on Debian 12: apt-get install python3.11-venv"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        stop "$advice"
    fi
    say "Python 3.11 with its venv module is missing: installing Debian's python3.11-venv."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || say "apt-get update failed, trying with the lists there are."
    apt-get install -qq -y --no-install-recommends python3.11-venv >/dev/null || stop "$advice"
}

if [ "$("$PYTHON" -m uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV" ]; then
    need_python
    say "making .venv"
    python3.11 -m venv .venv
    "$PYTHON" -m pip install --quiet --disable-pip-version-check "uv==$UV"
fi

for lock in "$@"; do
    say "installing $lock"
    "$PYTHON" -m uv pip install --quiet --python "$PYTHON" --require-hashes -r "$lock"
done
