#!/bin/sh
# Finds a Python that fits and has it do the set-up: sh tools/setup.sh [PYTHON] [OPTION...]
# An empty PYTHON stands for the one of .venv, or else the first of the PATH that is 3.11 or 3.12.
asked=$1
[ $# -gt 0 ] && shift
if [ -z "$asked" ] && .venv/bin/python -c '' 2>/dev/null; then
    exec .venv/bin/python tools/setup.py "$@"
fi
found=
for python in "$asked" python3.12 python3.11 python3 python; do
    [ -n "$asked" ] && [ "$python" != "$asked" ] && continue
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
        continue
    found="${found:+$found, }$version"
    case $version in
        3.11 | 3.12) exec "$python" tools/setup.py "$@" ;;
    esac
done
echo "Aidline needs Python 3.11 or 3.12, and ${asked:-the PATH} has ${found:-none}:" \
    "install one of them and name it, for example: make PYTHON=python3.12" >&2
exit 2
