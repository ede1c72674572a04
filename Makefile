# SPDX-License-Identifier: GPL-2.0
#
# Everything a developer types; "make help" lists it.  The module's own rules
# are in Kbuild.

SHELL := /bin/bash
VM := tools/vm
PREFIX ?= /usr
DESTDIR ?=
# Only the running kernel is installed for; all supported ones are built for.
INSTALL_KVER = $(or $(KVER),$(shell uname -r))

CC := gcc
CFLAGS ?= -O2 -g
CTL_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -Wno-missing-field-initializers \
	-Iinclude/uapi -Isrc
# Static, so that it runs in any guest.
CTL_LDFLAGS ?= -static
# What knows images is the module's own, and pure logic.
CTL_SOURCES = $(wildcard tools/containerctl/*.c src/image/*.c)
CTL_HEADERS = $(wildcard tools/containerctl/*.h src/image/*.h include/uapi/container/*.h)

.DEFAULT_GOAL := all
.PHONY: all module modules tools deps demo vm check check-vm check-style \
	check-unit check-differential fuzz bench install uninstall clean help

all: modules tools

help:
	@echo 'make                     the module for all supported kernels, and the tools'
	@echo 'make KVER=VERSION        the module for one kernel (see tools/vm/kernel list)'
	@echo 'make demo                show it, in a virtual machine'
	@echo 'make vm [KVER=]          a root shell in a virtual machine with the module'
	@echo 'make check               all tests, on all kernels'
	@echo 'make check-vm KVER=VERSION|debug [TESTS="pid/*"] [MODES="host contained"]'
	@echo '                         the kernel tests on one kernel'
	@echo 'make check-differential [KVER=] [TESTS="linux/pidfd/*"]'
	@echo "                         the kernel's own selftests, against a pid namespace"
	@echo 'make check-unit          the unit tests'
	@echo 'make fuzz [SECONDS=600]  libFuzzer at what reads images'
	@echo 'make check-style         checkpatch, sparse, shellcheck'
	@echo 'make bench               measure'
	@echo 'make install [KVER=]     the module, containerctl, its manual and completion;'
	@echo '                         for the running kernel; honours DESTDIR and PREFIX'
	@echo 'make uninstall [KVER=]   and away with it'
	@echo 'make deps                install all Debian packages that the above need'
	@echo 'make clean               remove what was built (not the cache of kernels)'

deps:
	@$(VM)/deps build vm debug check differential fuzz

ifdef KVER
modules: module
else
modules:
	@$(VM)/deps build
	@set -e; for kver in $$($(VM)/kernel list); do \
		$(MAKE) --no-print-directory module KVER=$$kver; \
	done
endif

module:
	@$(if $(KVER),,$(error module: say for which kernel: KVER=...))$(VM)/build-module $(KVER)

tools: build/containerctl

build/containerctl: $(CTL_SOURCES) $(CTL_HEADERS) Makefile
	@$(VM)/deps build
	@mkdir -p build
	$(CC) $(CTL_CFLAGS) $(CFLAGS) -o $@ $(CTL_SOURCES) $(CTL_LDFLAGS) $(LDFLAGS)

demo: tools
	@$(VM)/run $(if $(KVER),--kernel $(KVER)) --in tools/demo -- bash /in/demo.sh

vm: tools
	@$(VM)/run $(if $(KVER),--kernel $(KVER)) --interactive --timeout 0

bench: modules tools
	tools/bench/run

check: tools
	@selftests/run all

check-vm: tools
	@selftests/run vm $(KVER)

check-differential:
	@selftests/run differential $(KVER)

check-unit:
	@selftests/run unit

fuzz:
	@selftests/run fuzz $(SECONDS)

check-style:
	@selftests/run style

install: build/containerctl
	$(VM)/build-module $(INSTALL_KVER)
	$(MAKE) -C "$$($(VM)/kernel build-dir $(INSTALL_KVER))" M=$(CURDIR)/build/$(INSTALL_KVER) \
		INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates modules_install
	depmod $(if $(DESTDIR),-b $(DESTDIR)) $(INSTALL_KVER)
	install -D -m 755 build/containerctl $(DESTDIR)$(PREFIX)/bin/containerctl
	install -D -m 644 tools/containerctl/containerctl.8 \
		$(DESTDIR)$(PREFIX)/share/man/man8/containerctl.8
	install -D -m 644 tools/containerctl/containerctl.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/containerctl

uninstall:
	rm -f $(DESTDIR)/lib/modules/$(INSTALL_KVER)/updates/container.ko*
	[ ! -d $(DESTDIR)/lib/modules/$(INSTALL_KVER) ] || \
		depmod $(if $(DESTDIR),-b $(DESTDIR)) $(INSTALL_KVER)
	rm -f $(DESTDIR)$(PREFIX)/bin/containerctl \
		$(DESTDIR)$(PREFIX)/share/man/man8/containerctl.8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/containerctl

clean:
	rm -rf build
