# SPDX-License-Identifier: GPL-2.0-or-later
# The habits people have. meson and ninja do the building; this only calls them.

BUILD = build

.PHONY: all demo check bench install clean format packages

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	./configure --build-dir=$(BUILD)

# A Linux shell in an emulated RISC-V machine, starting from a bare Debian.
demo:
	scripts/demo

check:
	scripts/check

bench:
	scripts/bench

install: all
	meson install -C $(BUILD) --no-rebuild

# Guest files are kept: they are outside the tree (see scripts/guest-files).
clean:
	rm -rf $(BUILD) build-asan build-stress

format:
	git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

packages:
	scripts/install-packages build guest test bench
