# Installing. `make install` installs what `make` built, and builds only if nothing is there, so that it
# works as a user who has no Rust.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include

INSTALL_ENV = PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' INCLUDEDIR='$(INCLUDEDIR)' DESTDIR='$(DESTDIR)' \
	LIB='$(LIB)' VERSION='$(VERSION)' ABI='$(ABI)'

.PHONY: install uninstall

install: ## install (PREFIX=/usr/local DESTDIR= LIBDIR=PREFIX/lib INCLUDEDIR=PREFIX/include)
	@[ -f $(LIB)/$(SHARED) ] || $(MAKE) --no-print-directory library
	@$(INSTALL_ENV) cbuild/install.sh install

uninstall: ## remove what install put there, with the same variables
	@$(INSTALL_ENV) cbuild/install.sh uninstall
