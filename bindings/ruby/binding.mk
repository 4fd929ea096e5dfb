# The Ruby binding. Included by the Makefile of the project, from its root.
#
#   test-ruby      all its tests (RUBY_TESTS="open fork": only these)
#   lint-ruby      rubocop
#   polyglot-ruby  what $(POLYGLOT_ruby) needs

RUBY ?= ruby
RUBOCOP ?= rubocop
RUBY_BINDING := bindings/ruby
RUBY_TESTS ?= $(patsubst $(RUBY_BINDING)/test/test_%.rb,%,$(wildcard $(RUBY_BINDING)/test/test_*.rb))
RUBY_ENVIRONMENT = HTTPCACHE_LIBRARY=$(abspath $(LIB))/libhttpcache.so \
	ORIGIN=$(abspath $(CARGO_TARGET_DIR))/debug/examples/origin
RUBY_FLAGS := -w -I $(RUBY_BINDING)/lib -I $(RUBY_BINDING)/test

POLYGLOT_ruby = env $(RUBY_ENVIRONMENT) $(RUBY) $(RUBY_BINDING)/polyglot/polyglot.rb

.PHONY: test-ruby lint-ruby polyglot-ruby

test-ruby: library ## the tests of the Ruby binding
	@cargo build --quiet --locked --example origin
	@$(RUBY_ENVIRONMENT) $(RUBY) $(RUBY_FLAGS) -e 'ARGV.each { |name| require "test_#{name}" }' $(RUBY_TESTS)

lint-ruby: ## the style of the Ruby binding
	@cd $(RUBY_BINDING) && $(RUBOCOP)

polyglot-ruby: library
