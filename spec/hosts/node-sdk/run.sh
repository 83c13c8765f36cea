#!/bin/sh
# Runs the official SDK against the emulator of the source tree.
set -eu
cd "$(dirname "$0")"
sh install.sh
node check.js
