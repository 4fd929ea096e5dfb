# The Go binding. Included by the Makefile of the repository, and run from there.

GO ?= go
GO_BUILD := $(CURDIR)/build/go
POLYGLOT_go := build/go/polyglot

# What the library is to this binding is what it is to its users: a package that pkg-config finds. Here that is the
# tree's own, and all that Go keeps lies below build/.
GO_RUN := cd bindings/go && GOCACHE=$(GO_BUILD)/cache GOFLAGS=-buildvcs=false GOPROXY=off GO111MODULE=on CGO_ENABLED=1 \
	PKG_CONFIG_PATH=$(GO_BUILD)/pkgconfig

.PHONY: go-package test-go lint-go polyglot-go

go-package: library
	@mkdir -p $(GO_BUILD)/pkgconfig
	@sed -e 's|@prefix@|$(CURDIR)|' -e 's|@libdir@|$(CURDIR)/$(LIB)|' -e 's|@includedir@|$(CURDIR)/include|' \
		-e 's|@description@|of this tree|' -e 's|@version@|$(VERSION)|' -e '/^Libs.private/d' \
		-e 's|^Libs:.*|& -Wl,-rpath,$${libdir}|' cbuild/httpcache.pc.in >$(GO_BUILD)/pkgconfig/httpcache.pc

test-go: go-package
	@$(GO_RUN) sh ./test.sh $(GO)

lint-go: go-package
	@unformatted=$$(gofmt -l bindings/go) && [ -z "$$unformatted" ] || { echo "not formatted: $$unformatted" >&2; exit 1; }
	@$(GO_RUN) $(GO) vet ./...

polyglot-go: go-package
	@$(GO_RUN) $(GO) build -o $(CURDIR)/$(POLYGLOT_go) ./polyglot
