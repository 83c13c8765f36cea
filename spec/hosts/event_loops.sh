#!/bin/sh
# The examples for hosts with their own event loop, each run in its host. Needs the builds of 5.4, 5.3
# and LuaJIT.
cd "$(dirname "$0")/../.." && exec spec/with 5.4 busted spec/hosts/event_loops.lua
