# Conformance with the public suite of HTTP caches. Included by the Makefile of the project, from its root.
#
#   hc-proxy             the caching reverse proxy that is tested

CONF := tests/conformance
CONF_OUT := build/conformance
CONF_OBJECTS := $(patsubst $(CONF)/%.c,$(CONF_OUT)/%.o,$(wildcard $(CONF)/*.c))
CONF_PROXY := $(CARGO_TARGET_DIR)/hc-proxy
CONF_CFLAGS ?= -g -O2

.PHONY: hc-proxy

hc-proxy: library ## the caching reverse proxy for conformance suites, in target/
	@$(MAKE) --no-print-directory $(CONF_PROXY)

$(CONF_OUT)/%.o: $(CONF)/%.c $(wildcard $(CONF)/*.h) include/httpcache.h
	@mkdir -p $(@D)
	@$(CC) -std=c99 $(CONF_CFLAGS) -Wall -Wextra -Wpedantic -Werror $(HTTPCACHE_CFLAGS) -c $< -o $@

$(CONF_PROXY): $(CONF_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(CONF_CFLAGS) $^ -o $@ $(HTTPCACHE_LIBS) -lpthread
