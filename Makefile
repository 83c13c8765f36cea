# Short commands for CMake and spec/run.
#   make LUA=luajit build     LUA: 5.5, 5.4 (default), 5.3, 5.2, 5.1 or luajit
#   make types                generates lua/cloudaudit/types.lua, doc/cloudaudit.1 and the tables of doc/command.md
#   make test                 the full test suite; `spec/run STEP...` runs single steps
LUA ?= 5.4
PREFIX ?= /usr/local
TIME ?= 60
SECONDS ?= 120
BUILD = build/$(LUA)
MAKEFLAGS += --no-print-directory

.PHONY: test-systems live bench types fuzz soak coverage build deps deps-test demo test install clean format lint

build: deps
	@cmake -S . -B $(BUILD) -DCLOUDAUDIT_LUA=$(LUA) $(CMAKE_FLAGS)
	@cmake --build $(BUILD) -j 2

deps:
	@.ci/deps build $(LUA)

deps-test:
	@.ci/deps build test 5.5 5.4 5.3 5.2 5.1 luajit

demo: build
	@LUA=$(LUA) bin/try examples/create_track.lua

test: deps-test
	@spec/run

# Debian 13 and 12, 32 bits and a big-endian machine; see spec/systems.sh. As root, for maintainers.
test-systems:
	@sh spec/systems.sh

types: build
	@spec/with $(LUA) lua -e 'require("gen.types").write() require("gen.command").write() require("gen.check").write()'

# Asks the live service the open questions with your credentials, see doc/live.md. LIVE_DRY=1 sends nothing.
live: build
	@spec/live/run $(LUA)

# Measures beside lower bounds and other clients; writes spec/bench/README.md and the performance chapter.
bench:
	@.ci/deps build test bench 5.4 luajit
	@spec/bench/run

# The folders below PREFIX depend on it (/usr/lib/TRIPLET on Debian), so it is configured. CMake
# prepends DESTDIR by itself. Folders are made as the umask says, files are not: under a root's umask of 077 nobody
# else could reach the files.
install: build
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX="$(PREFIX)" >/dev/null
	@umask 022 && DESTDIR="$(DESTDIR)" cmake --install $(BUILD)

# Fuzzes each target for TIME seconds, two at a time.
fuzz: deps-test
	@spec/run fuzz:$(TIME)

# Makes calls over TLS for SECONDS, with faults: memory must not grow and no create be duplicated.
soak: deps-test
	@spec/run build:5.4 soak:$(SECONDS)

coverage: deps-test
	@spec/run coverage

format: deps-test
	@spec/run format

lint: deps-test
	@spec/run lint build:5.4 tidy

clean:
	@rm -rf build build.luarocks
