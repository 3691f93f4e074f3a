# Tests: what is built, how it is run.  Included by the Makefile after the archives are named.
#
#   tests/lib/*.c                helpers, one archive: build/lib/libtestlib.a
#   tests/<tier>/**/*_test.c     one program each; tiers: unit api screen pty story
#   tests/fuzz/*_fuzz.c          one program each, with the driver of tests/fuzz/driver.c
#   tests/lint/*.sh              one check each
#
# Every program links the client archives and the sandbox archives (both mains left out), the
# helpers, cmocka and libvterm; the linker takes what it needs.

test_tiers := unit api screen pty story
test_src := $(sort $(foreach t,$(test_tiers),$(wildcard tests/$(t)/*_test.c tests/$(t)/*/*_test.c)))
test_bin := $(test_src:%.c=$(B)/%)
$(foreach t,$(test_tiers),$(eval $(t)_tests := $(filter $(B)/tests/$(t)/%,$(test_bin))))
testlib_obj := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/lib/*.c)))
libtestlib := $(B)/lib/libtestlib.a
test_obj := $(test_src:%.c=$(B)/obj/%.o)

ifneq ($(testlib_obj),)
$(libtestlib): $(testlib_obj)
	$(archive)
testlib := $(libtestlib)
endif

test_archives := $(testlib) $(libtui) $(libcore) $(libsandbox) $(libproto) $(libnet) $(libbase)
$(test_obj) $(testlib_obj): | $(B)/gen/agent.pb-c.h
.SECONDARY: $(test_obj)

$(B)/tests/%_test: $(B)/obj/tests/%_test.o $(test_archives)
	@mkdir -p $(@D)
	$(CC) $(all_ldflags) -o $@ $< $(test_archives) $(client_libs) $(sandbox_libs) $(test_libs) -lm

# JOBS: programs at a time.  T: narrows to programs whose path contains it (make unit T=json).
JOBS ?= 2
T ?=
pick = $(if $(T),$(foreach p,$(1),$(if $(findstring $(T),$(p)),$(p))),$(1))
run_tests = B=$(B) JOBS=$(JOBS) tests/run

.PHONY: unit api screen pty story tests
tests: $(test_bin)
unit api screen: %: $(B)/prism-tui
$(foreach t,$(test_tiers),$(eval $(t): $(call pick,$($(t)_tests))))
unit api screen pty story:
	@$(run_tests) $(call pick,$($@_tests))
