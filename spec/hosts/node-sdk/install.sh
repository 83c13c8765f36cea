#!/bin/sh
# Installs the versions pinned in package-lock.json, unless they are installed.
set -eu
cd "$(dirname "$0")"
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  npm ci --no-progress --loglevel=error
  touch "$installed"
fi
