# prism-tui: plain, non-recursive, generated dependencies.  `make help` prints this table:
#
#@ all          build/prism-tui and build/prism-sandbox (default)
#@ demo         the client on a fresh sandbox; leaves nothing behind
#@ check        every test that is quick: unit api screen pty story, short fuzz, lint
#@ unit api screen pty story fuzz-short lint
#@              one tier of it; T=word narrows to programs whose path holds the word
#@ check-slow   check, asan, valgrind, fuzz
#@ asan         unit, api, screen and pty under the address and undefined sanitizers
#@ valgrind     unit under memcheck
#@ fuzz         every target under libFuzzer (clang), FUZZ_SECONDS=60 each
#@ bench        numbers through a pty of 120x40: a table, and build/bench.json
#@ golden       rewrites the screens that the screen tests compare with
#@ fmt          clang-format on every source file; fmt-check only complains
#@ man          rewrites the generated sections of prism-tui.1
#@ deps         names and installs the packages of all targets
#@ install uninstall   PREFIX=/usr/local, DESTDIR=
#@ tags clean help
#@
#@ B=build            where everything goes
#@ SANITIZE=a,b       passed to -fsanitize= (own build directory: build-san)
#@ DEVELOPER=1        warnings as errors (CI does; a newer compiler may know others)
#@ JOBS=2 T=word V=1  test programs at a time, a selection, a line for each

VERSION := 0.1.0
, := ,
PREFIX ?= /usr/local
datadir = $(PREFIX)/share/prism-tui
CC ?= cc
AR ?= ar
PKG_CONFIG ?= pkg-config
PROTOC_C ?= protoc-c
SANITIZE ?=
B ?= $(if $(SANITIZE),build-san,build)
DEVELOPER ?=
O ?= 2

# As many jobs as there are processors, unless told.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

base_pkgs := libcjson
net_pkgs := libcurl libnghttp2 openssl libzip libssh2
core_pkgs := libprotobuf-c libpcre2-8
tui_pkgs := ncursesw
sandbox_pkgs := libmicrohttpd sqlite3 libprotobuf-c libnghttp2
test_pkgs := cmocka vterm
client_pkgs := $(tui_pkgs) $(core_pkgs) $(net_pkgs) $(base_pkgs)
sandbox_all_pkgs := $(sandbox_pkgs) $(net_pkgs) $(base_pkgs)

warnings := -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wundef -Wvla -Wformat=2 -Wno-format-nonliteral \
	-Wwrite-strings -Wno-unused-parameter -Wno-missing-field-initializers
CFLAGS ?= -g -O$(O)
all_cflags := -std=c11 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	-DPRISM_VERSION='"$(VERSION)"' -DPRISM_DATADIR='"$(datadir)"' -I. -I$(B)/gen -include base/banned.h \
	-fno-strict-aliasing -fstack-protector-strong -ffunction-sections -fdata-sections \
	$(warnings) $(if $(DEVELOPER),-Werror) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined -fno-omit-frame-pointer) \
	$(CFLAGS)
link_gc := $(if $(filter Darwin,$(shell uname)),-Wl$(,)-dead_strip,-Wl$(,)--as-needed -Wl$(,)--gc-sections)
all_ldflags := $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(link_gc) -pthread $(LDFLAGS)

folders := base net core tui sandbox
$(foreach f,$(folders),$(eval $(f)_src := $(sort $(wildcard $(f)/*.c))))
$(foreach f,$(folders),$(eval $(f)_obj := $($(f)_src:%.c=$(B)/obj/%.o)))
protos := $(notdir $(basename $(sort $(wildcard core/proto/*.proto))))
gen_obj := $(protos:%=$(B)/obj/gen/%.pb-c.o)
tui_lib_obj := $(filter-out $(B)/obj/tui/main.o,$(tui_obj))
sandbox_lib_obj := $(filter-out $(B)/obj/sandbox/main.o,$(sandbox_obj))

libbase := $(B)/lib/libbase.a
libnet := $(B)/lib/libnet.a
libcore := $(B)/lib/libcore.a
libtui := $(B)/lib/libtui.a
libsandbox := $(B)/lib/libsandbox.a
libproto := $(B)/lib/libproto.a

.PHONY: all
all: $(B)/prism-tui $(B)/prism-sandbox

# pkg-config is asked once per build directory, and only when something is compiled.  What is
# missing is named; for demo and check, the two things a newcomer does first, it is installed.
pkgs_mk := $(B)/pkgs.mk
ifneq ($(filter-out clean help deps fmt fmt-check tags uninstall,$(or $(MAKECMDGOALS),all)),)
include $(pkgs_mk)
endif
$(pkgs_mk): Makefile .ci/deps
	@.ci/deps $(if $(filter demo check check-slow,$(MAKECMDGOALS)),,check)
	@mkdir -p $(@D)
	@{ echo "pkg_cflags := $$($(PKG_CONFIG) --cflags $(client_pkgs) $(sandbox_pkgs) $(test_pkgs))"; \
	   echo "client_libs := $$($(PKG_CONFIG) --libs $(client_pkgs))"; \
	   echo "core_libs := $$($(PKG_CONFIG) --libs $(core_pkgs) $(net_pkgs) $(base_pkgs))"; \
	   echo "sandbox_libs := $$($(PKG_CONFIG) --libs $(sandbox_all_pkgs))"; \
	   echo "test_libs := $$($(PKG_CONFIG) --libs $(test_pkgs))"; } > $@.tmp && mv $@.tmp $@

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(all_cflags) $(filter-out -D_XOPEN_SOURCE=% -D_DEFAULT_SOURCE,$(pkg_cflags)) -MMD -MP -c -o $@ $<

$(B)/obj/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -include base/banned.h -Werror,$(all_cflags)) $(filter-out -D_XOPEN_SOURCE=% -D_DEFAULT_SOURCE,$(pkg_cflags)) -w -MMD -MP -c -o $@ $<

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h: core/proto/%.proto
	@mkdir -p $(B)/gen
	$(PROTOC_C) -Icore/proto --c_out=$(B)/gen $<
.PRECIOUS: $(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h
$(core_obj) $(tui_obj) $(sandbox_obj): | $(protos:%=$(B)/gen/%.pb-c.h)

# Theme files as C strings: tui/theme_builtin.c.
themes := $(wildcard themes/*.theme)
$(B)/gen/themes.h: $(themes)
	@mkdir -p $(@D)
	@for f in $(themes); do \
		n=$$(basename $$f .theme | tr - _); \
		echo "static const char theme_$$n[] ="; \
		sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $$f; echo ';'; \
	done > $@.tmp && mv $@.tmp $@
$(B)/obj/tui/theme_builtin.o: $(B)/gen/themes.h
$(B)/obj/tui/theme.o: all_cflags += -DPRISM_THEME_DIR='"$(PREFIX)/share/prism-tui/themes"'

define archive
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^
endef
$(libbase): $(base_obj)
	$(archive)
$(libnet): $(net_obj)
	$(archive)
$(libcore): $(core_obj)
	$(archive)
$(libtui): $(tui_lib_obj)
	$(archive)
$(libsandbox): $(sandbox_lib_obj)
	$(archive)
$(libproto): $(gen_obj)
	$(archive)

client_archives := $(libtui) $(libcore) $(libproto) $(libnet) $(libbase)
sandbox_archives := $(libsandbox) $(libproto) $(libnet) $(libbase)

$(B)/prism-tui: $(B)/obj/tui/main.o $(client_archives)
	$(CC) $(all_ldflags) -o $@ $^ $(client_libs) -lm
$(B)/prism-sandbox: $(B)/obj/sandbox/main.o $(sandbox_archives)
	$(CC) $(all_ldflags) -o $@ $^ $(sandbox_libs) -lm

# Completions and the generated sections of the manual come out of the tables in the client.
completions := $(B)/completions/prism-tui.bash $(B)/completions/_prism-tui $(B)/completions/prism-tui.fish

# The compiled one of the sample algorithms.
samples := $(B)/samples/columns
$(B)/samples/%: sandbox/samples/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_DEFAULT_SOURCE -O2 $(warnings) -o $@ $< -lm
all: $(samples) $(completions)

include tests/tests.mk

.PHONY: demo
demo: all
	@sandbox/demo.sh $(B)

$(B)/completions/prism-tui.bash: $(B)/prism-tui
	@mkdir -p $(@D)
	$(B)/prism-tui --docgen bash >$@.tmp && mv $@.tmp $@
$(B)/completions/_prism-tui: $(B)/prism-tui
	@mkdir -p $(@D)
	$(B)/prism-tui --docgen zsh >$@.tmp && mv $@.tmp $@
$(B)/completions/prism-tui.fish: $(B)/prism-tui
	@mkdir -p $(@D)
	$(B)/prism-tui --docgen fish >$@.tmp && mv $@.tmp $@

.PHONY: man
man: $(B)/prism-tui
	.ci/generate $(B)/prism-tui prism-tui.1 $(wildcard README.md)

.PHONY: install uninstall
bindir = $(DESTDIR)$(PREFIX)/bin
mandir = $(DESTDIR)$(PREFIX)/share/man/man1
bashdir = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zshdir = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
fishdir = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
install: all $(completions)
	install -d "$(bindir)" "$(mandir)" "$(DESTDIR)$(datadir)/themes" "$(bashdir)" "$(zshdir)" "$(fishdir)"
	install -m 755 $(B)/prism-tui $(B)/prism-sandbox "$(bindir)"
	install -m 644 prism-tui.1 prism-sandbox.1 "$(mandir)"
	install -m 644 $(wildcard themes/*.theme) "$(DESTDIR)$(datadir)/themes"
	install -m 644 core/config.sample tui/keys.sample "$(DESTDIR)$(datadir)"
	install -m 644 $(B)/completions/prism-tui.bash "$(bashdir)/prism-tui"
	install -m 644 $(B)/completions/_prism-tui "$(zshdir)"
	install -m 644 $(B)/completions/prism-tui.fish "$(fishdir)"
uninstall:
	rm -f "$(bindir)/prism-tui" "$(bindir)/prism-sandbox" "$(mandir)/prism-tui.1" \
		"$(mandir)/prism-sandbox.1"
	rm -f "$(bashdir)/prism-tui" "$(zshdir)/_prism-tui" "$(fishdir)/prism-tui.fish"
	rm -rf "$(DESTDIR)$(datadir)"

.PHONY: deps help tags clean
deps:
	@.ci/deps full

help:
	@sed -n 's/^#@ \{0,1\}//p' Makefile

tags:
	ctags -R --languages=C base net core tui sandbox tests

clean:
	rm -rf build build-*

-include $(shell find $(B) -name '*.d' 2>/dev/null)
