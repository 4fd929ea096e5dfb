# Conformance with the public suite of HTTP caches. Included by the Makefile of the project, from its root.
#
#   hc-proxy             the caching reverse proxy that is tested
#   hc-proxy-check       tests of that proxy itself, over both of its ways to the origin
#   conformance          the suite, as a shared and as a private cache; what changed against the kept verdicts
#   conformance-fetch    the same with hc_fetch in place of the proxy's own way to the origin
#   conformance-renamed  the same with another name for all that is the suite's own
#   conformance-accept   keeps today's verdicts

CONF := tests/conformance
CONF_OUT := build/conformance
CONF_SOURCES := $(wildcard $(CONF)/*.c)
CONF_OBJECTS := $(CONF_SOURCES:$(CONF)/%.c=$(CONF_OUT)/%.o)
CONF_PROXY := $(CARGO_TARGET_DIR)/hc-proxy
CONF_SUITE := $(CONF_OUT)/node_modules/http-cache-tests
CONF_CFLAGS ?= -g -O2
CONF_RUN = node $(CONF)/run.mjs $(CONF_SUITE) $(abspath $(CONF_PROXY))

.PHONY: hc-proxy hc-proxy-check conformance conformance-fetch conformance-renamed conformance-accept

# The library is linked by name: it may be newer than the program without any harm.
hc-proxy: library ## the caching reverse proxy for conformance suites, in target/
	@$(MAKE) --no-print-directory $(CONF_PROXY)

$(CONF_OUT)/%.o: $(CONF)/%.c $(wildcard $(CONF)/*.h) include/httpcache.h
	@mkdir -p $(@D)
	@$(CC) -std=c99 $(CONF_CFLAGS) -Wall -Wextra -Wpedantic -Werror $(HTTPCACHE_CFLAGS) -c $< -o $@

$(CONF_PROXY): $(CONF_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(CONF_CFLAGS) $^ -o $@ $(HTTPCACHE_LIBS) -lpthread

# The suite's dependency on npm itself serves its authors' scripts; package-lock.json leaves it out.
$(CONF_SUITE): $(CONF)/package.json $(CONF)/package-lock.json
	@mkdir -p $(CONF_OUT)
	@cp $^ $(CONF_OUT)
	@cd $(CONF_OUT) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

hc-proxy-check: hc-proxy ## tests of that proxy itself
	@node $(CONF)/check_proxy.mjs engine $(CONF_PROXY)
	@node $(CONF)/check_proxy.mjs fetch $(CONF_PROXY)

conformance: hc-proxy $(CONF_SUITE) ## the public suite of HTTP caches, compared with the kept verdicts
	@$(CONF_RUN)

conformance-fetch: hc-proxy $(CONF_SUITE) ## the same through hc_fetch
	@$(CONF_RUN) --path fetch

conformance-renamed: hc-proxy $(CONF_SUITE) ## the same with other names for the suite's own fields
	@$(CONF_RUN) --renamed $(CONF_OUT)/renamed/node_modules/http-cache-tests

conformance-accept: hc-proxy $(CONF_SUITE) ## keeps today's verdicts
	@$(CONF_RUN) --accept
