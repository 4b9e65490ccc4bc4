# Copyright (C) The ngx_gemini_router authors

# `make help` lists the targets.

SHELL = /bin/bash
MAKEFLAGS += --no-print-directory

MODULE = build/ngx_http_gemini_router_module.so

# what `asan` of `make test`, valgrind and compat run: each mechanism once
CORE_TESTS = $(wildcard t/request.t t/body.t t/failover.t t/stream.t \
             t/select.t t/reload.t t/final.t t/queue.t)
TESTS = $(sort $(wildcard t/*.t))

PROVE = prove -j2 -It/lib
FUZZ_SECONDS = 30

# of Debian, or directories with sources of nginx, for compat
SUITES = trixie sid

FUZZ_FLAGS = -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
    -artifact_prefix=build/fuzz/ \
    $(patsubst %,-dict=%,$(wildcard t/fuzz/gemini.dict))

BENCH = $(addprefix build/bench-, streams turns.so pick scan)

ROUTER = ngx_gemini_router
CORE = $(ROUTER)/core

CORE_SRCS = $(sort $(wildcard $(CORE)/*.c))
GLUE_SRCS = $(sort $(wildcard $(ROUTER)/*.c))
UNIT_SRCS = $(sort $(wildcard t/unit/*.c))
FUZZ_SRCS = $(sort $(wildcard t/fuzz/fuzz_*.c))
BENCH_SRCS = $(sort $(wildcard bench/*.c))
SOURCES = $(CORE_SRCS) $(GLUE_SRCS) $(UNIT_SRCS) $(FUZZ_SRCS) t/fuzz/replay.c \
          $(BENCH_SRCS)
HEADERS = $(sort $(wildcard $(CORE)/*.h $(ROUTER)/*.h t/unit/*.h t/fuzz/*.h \
          bench/*.h))

UNIT = $(UNIT_SRCS:t/unit/%.c=build/unit/%)
REPLAY = $(FUZZ_SRCS:t/fuzz/%.c=build/unit/%)
FUZZ = $(FUZZ_SRCS:t/fuzz/%.c=build/fuzz/%)
UNIT_OBJS = $(CORE_SRCS:$(CORE)/%.c=build/unit/obj/%.o)
FUZZ_OBJS = $(CORE_SRCS:$(CORE)/%.c=build/fuzz/obj/%.o)

NGX = /usr/share/nginx/src/src
NGX_INCS = $(addprefix -isystem , build/objs $(NGX)/core $(NGX)/event \
           $(NGX)/event/modules $(NGX)/os/unix)
HTTP_INCS = $(addprefix -isystem , $(NGX)/http $(NGX)/http/modules \
            $(NGX)/http/v2)
INCS = -I$(CORE) -It/unit $(NGX_INCS)

WARN = -Wall -Wextra -Wpointer-arith -Wno-unused-parameter -Werror
LINT = $(WARN) -Wdeclaration-after-statement -Wvla -Wshadow \
       -Wmissing-prototypes -Wstrict-prototypes

SANITIZE = -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer \
           -fno-sanitize-recover=undefined -DNGX_HAVE_NONALIGNED=0

FUZZ_CC = -O1 -g -fsanitize=fuzzer,address,undefined \
          -fno-sanitize-recover=undefined -DNGX_HAVE_NONALIGNED=0

ASAN_ENV = TEST_NGINX_BINARY=$(CURDIR)/build/asan/nginx TEST_NGINX_MODULE= \
    ASAN_OPTIONS=detect_odr_violation=0:detect_leaks=0:abort_on_error=1 \
    UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1

.PHONY: module help run test check unit asan valgrind fuzz-smoke compat deb \
        bench bench-instr clean
.DELETE_ON_ERROR:
.SECONDARY:


module: ## build the module against the installed nginx (default)
	@util/embed
	@util/build module

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' \
	    $(firstword $(MAKEFILE_LIST))

run: ## start the gateway on 127.0.0.1:8080, with keys or with a fake Gemini
	@util/run

test: ## everything that .ci/run wants: check, unit, t/, its core under ASan
	@util/deps test
	@util/sdk > /dev/null
	@util/browser > /dev/null
	@$(MAKE) check
	@$(MAKE) module
	@$(MAKE) -j2 unit
	@util/build asan
	$(ASAN_ENV) $(PROVE) $(CORE_TESTS)
	$(PROVE) $(TESTS)

check: build/objs/Makefile ## style, log formats, strict warnings, cppcheck
	@echo ngx-style
	@util/ngx-style $(SOURCES) $(HEADERS)
	@echo ngx-logfmt
	@util/ngx-logfmt $(SOURCES)
	@echo $(CC) -fsyntax-only
	@$(CC) -fsyntax-only $(LINT) $(INCS) -I$(ROUTER) $(HTTP_INCS) $(SOURCES)
	@echo cppcheck
	@cppcheck -q -j2 --std=c89 --enable=warning,portability --inline-suppr \
	    --suppress=unknownMacro --suppress=zerodivcond \
	    --error-exitcode=1 $(CORE_SRCS) $(GLUE_SRCS)

unit: $(UNIT) $(REPLAY) ## C tests and the fuzz corpora, under ASan and UBSan
	@prove $(UNIT) $(REPLAY)

asan: ## all of t/ on nginx and module under ASan and UBSan
	@util/deps test
	@util/sdk > /dev/null
	@util/browser > /dev/null
	@util/build asan
	$(ASAN_ENV) $(PROVE) $(TESTS)

valgrind: module ## the core of t/ under valgrind
	@util/deps valgrind
	TEST_NGINX_VALGRIND=leak $(PROVE) $(CORE_TESTS)

fuzz-smoke: ## each fuzz target for FUZZ_SECONDS (30)
	@util/deps fuzz
	@$(MAKE) -j2 $(FUZZ)
	@for target in $(FUZZ); do \
	    name=$${target##*/fuzz_}; \
	    mkdir -p build/fuzz/corpus/$$name; \
	    echo "$$target, $(FUZZ_SECONDS) s"; \
	    $$target $(FUZZ_FLAGS) build/fuzz/corpus/$$name \
	        t/fuzz/corpus/$$name 2> build/fuzz/$$name.log \
	    || { tail -n 100 build/fuzz/$$name.log; exit 1; }; \
	    grep "^Done" build/fuzz/$$name.log; \
	done

compat: ## build for other versions of nginx, run the core of t/ on each
	@util/deps compat
	@CORE_TESTS="$(CORE_TESTS)" PROVE="$(PROVE)" util/compat $(SUITES)

deb: module ## pack the module as a package of this Debian, in build/
	@util/deb

bench: ## side by side with plain nginx and others; LOADS=small,sse ROUNDS=7
	@util/deps bench
	@$(MAKE) module $(BENCH)
	@bench/run $(if $(LOADS),--loads=$(LOADS)) $(if $(ROUNDS),--rounds=$(ROUNDS))

bench-instr: ## user instructions a request alone, by callgrind
	@$(MAKE) bench LOADS=instr

clean: ## remove build/
	rm -rf build


build/bench-%.so: bench/%.c
	@mkdir -p $(@D)
	@echo CC $@
	@$(CC) $(WARN) -O2 -fPIC -shared -o $@ $< -ldl

build/bench-streams: bench/streams.c bench/streams.h
	@mkdir -p $(@D)
	@echo CC $@
	@$(CC) $(WARN) -O2 -o $@ $<

build/bench-%: bench/%.c $(CORE_SRCS) $(HEADERS) | build/objs/Makefile
	@echo CC $@
	@$(CC) $(WARN) -O2 -g $(INCS) -o $@ $< $(CORE_SRCS) \
	    -lyajl -lpthread

build/objs/Makefile: config
	@util/build objs

build/unit/obj/%.o: $(CORE)/%.c | build/objs/Makefile
	@mkdir -p $(@D)
	@echo CC $@
	@$(CC) $(WARN) $(SANITIZE) $(INCS) -MMD -MP -c -o $@ $<

build/unit/fuzz_%: t/fuzz/replay.c t/fuzz/fuzz_%.c $(UNIT_OBJS)
	@echo CC $@
	@$(CC) $(WARN) $(SANITIZE) $(INCS) -MMD -MP -MF $@.d \
	    -DNGX_GEMINI_CORPUS='"t/fuzz/corpus/$*"' -o $@ $^ -lyajl

build/unit/%: t/unit/%.c $(UNIT_OBJS)
	@mkdir -p $(@D)
	@echo CC $@
	@$(CC) $(WARN) $(SANITIZE) $(INCS) -MMD -MP -MF $@.d -o $@ $^ -lyajl

build/fuzz/obj/%.o: $(CORE)/%.c | build/objs/Makefile
	@mkdir -p $(@D)
	@echo clang $@
	@clang -w $(FUZZ_CC) $(INCS) -MMD -MP -c -o $@ $<

build/fuzz/fuzz_%: t/fuzz/fuzz_%.c $(FUZZ_OBJS)
	@echo clang $@
	@clang -w $(FUZZ_CC) $(INCS) -MMD -MP -MF $@.d -o $@ $^ -lyajl

-include $(UNIT_OBJS:.o=.d) $(UNIT:=.d) $(REPLAY:=.d)
-include $(FUZZ_OBJS:.o=.d) $(FUZZ:=.d)
