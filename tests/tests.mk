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
$(test_obj) $(testlib_obj): | $(protos:%=$(B)/gen/%.pb-c.h)
.SECONDARY: $(test_obj)

$(B)/tests/%_test: $(B)/obj/tests/%_test.o $(test_archives)
	@mkdir -p $(@D)
	$(CC) $(all_ldflags) -o $@ $< $(test_archives) $(client_libs) $(sandbox_libs) $(test_libs) -lm

# JOBS: programs at a time.  T: narrows to programs whose path contains it (make unit T=json).
JOBS ?= 2
T ?=
pick = $(if $(T),$(foreach p,$(1),$(if $(findstring $(T),$(p)),$(p))),$(1))
run_tests = B=$(B) JOBS=$(JOBS) tests/run

.PHONY: $(test_tiers) tests check check-slow asan valgrind lint fuzz fuzz-short golden fmt fmt-check
tests: $(test_bin) $(fuzz_bin)
api screen pty story: all
$(foreach t,$(test_tiers),$(eval $(t): $(call pick,$($(t)_tests))))
$(test_tiers):
	@$(run_tests) $(call pick,$($@_tests))

# Fuzz targets: one file each, LLVMFuzzerTestOneInput.  In check they run under our own driver over
# a seed corpus and its deterministic mutations; `make fuzz` builds the same files for libFuzzer.
fuzz_src := $(sort $(wildcard tests/fuzz/*_fuzz.c))
fuzz_bin := $(fuzz_src:%.c=$(B)/%)
fuzz_driver := $(if $(LIBFUZZER),,$(B)/obj/tests/fuzz/driver.o)
.SECONDARY: $(fuzz_src:%.c=$(B)/obj/%.o) $(fuzz_driver)
$(fuzz_src:%.c=$(B)/obj/%.o): | $(protos:%=$(B)/gen/%.pb-c.h)
$(B)/tests/fuzz/%_fuzz: $(B)/obj/tests/fuzz/%_fuzz.o $(fuzz_driver) $(test_archives)
	@mkdir -p $(@D)
	$(CC) $(all_ldflags) $(if $(LIBFUZZER),-fsanitize=fuzzer) -o $@ $< $(fuzz_driver) $(test_archives) \
		$(client_libs) $(sandbox_libs) $(test_libs) -lm

FUZZ_SECONDS ?= 60
fuzz-short: $(call pick,$(fuzz_bin))
	@$(run_tests) $(call pick,$(fuzz_bin))
fuzz:
	@$(MAKE) --no-print-directory B=build-fuzz CC="$(if $(findstring clang,$(CC)),$(CC),clang)" SANITIZE=fuzzer-no-link,address,undefined \
		LIBFUZZER=1 fuzz-programs
.PHONY: fuzz-programs
fuzz-programs: $(call pick,$(fuzz_bin))
	@tests/fuzz/run $(FUZZ_SECONDS) $^

# Lint is a test: layers, symbols, banned words, tables against documents.
lint_checks := $(sort $(wildcard tests/lint/*.sh))
lint_needs := $(B)/tests/lint/core_alone
whole = $(if $(filter Darwin,$(shell uname)),-Wl$(,)-force_load$(,)$(1),-Wl$(,)--whole-archive $(1) -Wl$(,)--no-whole-archive)
$(B)/tests/lint/core_alone: $(B)/obj/tests/lint/core_alone.o $(libcore) $(libproto) $(libnet) $(libbase)
	@mkdir -p $(@D)
	-$(CC) $(filter-out -Wl$(,)--gc-sections,$(all_ldflags)) -o $@ $< $(call whole,$(libcore)) $(libproto) $(libnet) \
		$(libbase) $(core_libs) -lm
lint: all $(lint_needs)
	@$(run_tests) $(call pick,$(lint_checks))

# The slow programs first, so that the quick ones fill the other job.
check: all $(test_bin) $(fuzz_bin) $(lint_needs)
	@$(run_tests) $(call pick,$(story_tests) $(pty_tests) $(fuzz_bin) $(screen_tests) $(api_tests) \
		$(unit_tests) $(lint_checks))

# Benches: tests/bench/*_bench.c, one program each; the others there are what they compare with.
bench_src := $(sort $(wildcard tests/bench/*_bench.c))
bench_bin := $(bench_src:%.c=$(B)/%)
bench_tools := $(B)/tests/bench/ncfloor
$(bench_src:%.c=$(B)/obj/%.o): | $(B)/gen/agent.pb-c.h
.SECONDARY: $(bench_src:%.c=$(B)/obj/%.o) $(B)/obj/tests/bench/ncfloor.o
$(B)/tests/bench/%_bench: $(B)/obj/tests/bench/%_bench.o $(test_archives)
	@mkdir -p $(@D)
	$(CC) $(all_ldflags) -o $@ $< $(test_archives) $(client_libs) $(sandbox_libs) $(test_libs) -lm
$(B)/tests/bench/ncfloor: $(B)/obj/tests/bench/ncfloor.o
	@mkdir -p $(@D)
	$(CC) $(all_ldflags) -o $@ $< $(client_libs)
.PHONY: bench
bench: all $(call pick,$(bench_bin)) $(bench_tools)
	@B=$(B) tests/bench/run $(call pick,$(bench_bin))

asan:
	@$(MAKE) --no-print-directory SANITIZE=address,undefined DEADLINE=$(or $(DEADLINE),180) asan-run
.PHONY: asan-run
asan-run: all $(unit_tests) $(api_tests) $(screen_tests) $(pty_tests)
	@$(run_tests) $(call pick,$(pty_tests) $(screen_tests) $(api_tests) $(unit_tests))

valgrind: $(call pick,$(unit_tests))
	@WRAP='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' \
		PRISM_MEMCHECK=1 DEADLINE=900 $(run_tests) $(call pick,$(unit_tests))

check-slow: check
	@$(MAKE) --no-print-directory asan
	@$(MAKE) --no-print-directory valgrind
	@$(MAKE) --no-print-directory fuzz

golden_tests := $(screen_tests) $(B)/tests/unit/core/certcheck_modes_test
golden: $(golden_tests)
	@PRISM_GOLDEN=write $(run_tests) $(golden_tests)
	@git status --short tests/golden tests/screen

c_files = $(shell git ls-files '*.c' '*.h')
fmt:
	clang-format -i $(c_files)
fmt-check:
	@clang-format --dry-run -Werror $(c_files)
