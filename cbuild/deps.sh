#!/bin/sh
# Finds out what is missing to build, to demonstrate or to test, and says what it is needed for. As root,
# or with CI=true, it is installed from Debian's packages; no service is started by that.
#
#   cbuild/deps.sh build | demo | polyglot | bench | test
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

# Who needs it | how it is found | what for | Debian | Fedora | Alpine | Homebrew
table='
build | cargo      | cargo, at least the rust-version of Cargo.toml: the library is written in Rust | cargo | cargo | cargo | rust
build | cc         | a C compiler: LMDB is C, and so are the callers | gcc libc6-dev | gcc | gcc musl-dev | gcc
build | make       | GNU make: it runs everything | make | make | make | make
build | pkg_config | pkg-config: it finds libcurl, and programs find this library | pkg-config | pkgconf-pkg-config | pkgconf | pkgconf
build | libcurl    | libcurl 7.68 or later with its headers: hc_fetch is built on it | libcurl4-openssl-dev | libcurl-devel | curl-dev | curl
build | binutils   | ld, nm, objcopy: the static library shows no names but its own | binutils | binutils | binutils | binutils
demo  | server     | nginx or python3: the demo asks a web server that is not ours | nginx-light | nginx | nginx | nginx
polyglot | nginx   | nginx: a web server with entity tags, for the demo and for programs of all languages | nginx-light | nginx | nginx | nginx
polyglot | python  | python3 with venv and pip: the Python binding, the tests of all languages together, a server without entity tags | python3 python3-venv | python3 python3-pip | python3 py3-pip | python
polyglot | cxx     | a C++ compiler: the C++ binding, and the header is C++ too | g++ | gcc-c++ | g++ | gcc
polyglot | go      | Go 1.19 or later: the Go binding | golang-go | golang | go | go
polyglot | ruby    | Ruby 3.0 or later with the gems ffi and faraday: the Ruby binding | ruby ruby-ffi ruby-faraday | ruby rubygem-ffi rubygem-faraday | ruby ruby-ffi | ruby
test  | minitest   | minitest and rubocop: the tests of the Ruby binding | ruby-minitest rubocop | rubygem-minitest rubygem-rubocop | ruby-minitest ruby-rubocop | ruby
test  | clang      | clang++ and clang-format: the C++ binding is compiled by both compilers | clang clang-format | clang clang-tools-extra | clang clang-extra-tools | llvm
test  | node       | Node.js 18 or later with npm: the public suite of HTTP caches | nodejs npm | nodejs npm | nodejs npm | node
test  | rustfmt    | rustfmt: the style is checked | rustfmt | rustfmt | rustfmt | rustfmt
test  | clippy     | clippy: the style is checked | rust-clippy | clippy | rust-clippy | rust
test  | jansson    | Jansson: the C tests read scenarios, which are JSON | libjansson-dev | jansson-devel | jansson-dev | jansson
test  | sanitizers | the run-time of AddressSanitizer: misuse of memory is an error | gcc | libasan libubsan | gcc | gcc
bench | valgrind   | valgrind: misuse of memory is an error, and instructions are counted | valgrind | valgrind | valgrind | valgrind
test  | cmake      | CMake: the installed CMake package is tested | cmake | cmake | cmake | cmake
test  | git        | git: the committed files are checked | git | git | git | git
'

rust_version() {
    sed -n 's/^rust-version = "\([0-9]*\.[0-9]*\).*/\1/p' "$root/Cargo.toml"
}

has_cargo() {
    found=$(cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\.[0-9]*\).*/\1/p')
    [ -n "$found" ] && is_at_least "$found" "$(rust_version)"
}

# Two versions of the form major.minor.
is_at_least() {
    [ "${1%%.*}" -gt "${2%%.*}" ] || { [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -ge "${2#*.}" ]; }
}

# That a compiler is there does not mean that it finds its headers or its run-time.
compiles() {
    scratch=$(mktemp -d)
    printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$scratch/a.$2"
    status=0
    # shellcheck disable=SC2086 # several flags in one word
    $1 ${3-} -o "$scratch/a" "$scratch/a.$2" >/dev/null 2>&1 || status=1
    rm -rf "$scratch"
    return $status
}

has_cc() { compiles "${CC:-cc}" c; }
has_cxx() { compiles "${CXX:-c++}" cc; }
has_sanitizers() { compiles "${CC:-cc}" c -fsanitize=address,undefined; }
has_make() { command -v make && make --version | grep -q GNU; }
has_pkg_config() { pkg-config --version; }
has_libcurl() { pkg-config --atleast-version=7.68.0 libcurl; }
has_binutils() { command -v ld && command -v nm && command -v objcopy; }
has_nginx() { command -v nginx || [ -x /usr/sbin/nginx ]; }
has_python() { python3 -c 'import http.server, venv, ensurepip'; }
has_go() {
    found=$(go version 2>/dev/null | sed -n 's/.* go\([0-9]*\.[0-9]*\).*/\1/p')
    [ -n "$found" ] && is_at_least "$found" 1.19
}
has_ruby() { ruby -e 'require "ffi"; require "faraday"; exit RUBY_VERSION.to_i >= 3'; }
has_minitest() { ruby -e 'require "minitest"' && rubocop --version; }
has_clang() { compiles clang++ cc && clang-format --version; }
has_node() { node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' && npm --version; }
has_server() { has_nginx || python3 -c 'import http.server'; }
has_rustfmt() { cargo fmt --version; }
has_clippy() { cargo clippy --version; }
has_jansson() { pkg-config --exists jansson; }
has_valgrind() { valgrind --version; }
has_cmake() { cmake --version; }
has_git() { git --version; }

# The rows of the table whose things are missing for a caller.
missing() {
    case $1 in
        build) callers=' build ' ;;
        demo) callers=' build demo ' ;;
        polyglot) callers=' build polyglot ' ;;
        bench) callers=' build bench ' ;;
        test) callers=' build polyglot bench test ' ;;
    esac
    printf '%s\n' "$table" | while IFS='|' read -r who what rest; do
        who=$(echo $who) what=$(echo $what)
        case $callers in *" $who "*) ;; *) continue ;; esac
        [ -z "$who" ] || "has_$what" >/dev/null 2>&1 || echo "$what |$rest"
    done
}

# The words of a column of the table, each once, on one line.
column() {
    echo "$1" | cut -d '|' -f "$2" | tr -s ' ' '\n' | awk 'NF && !seen[$0]++ { printf "%s%s", space, $0; space = " " }'
}

# With this the packages' own scripts start no service (exit status 101: not allowed by policy). What
# stood there before stands there again afterwards.
install_quietly() {
    policy=/usr/sbin/policy-rc.d
    kept=$(mktemp -d)
    if [ -e $policy ] || [ -L $policy ]; then mv $policy "$kept/policy"; fi
    trap 'rm -f $policy; if [ -e "$kept/policy" ] || [ -L "$kept/policy" ]; then mv "$kept/policy" $policy; fi; rm -rf "$kept"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    # nginx would otherwise run after the next start of the machine.
    case " $* " in *" nginx-light "*) update-rc.d nginx disable || true ;; esac
}

# Debian's Rust is often older than what the library needs; then its packages do not help.
debian_has_rust() {
    candidate=$(apt-cache policy cargo | sed -n 's/^ *Candidate: \([0-9]*\.[0-9]*\).*/\1/p')
    [ -n "$candidate" ] && is_at_least "$candidate" "$(rust_version)"
}

fail() {
    echo "deps: $1" >&2
    exit 1
}

if [ "${1-}" = --install ]; then
    shift
    install_quietly "$@"
    exit
fi

for_whom=${1-test}
case $for_whom in
    build | demo | polyglot | bench | test) ;;
    *) fail 'say build, demo, polyglot, bench or test' ;;
esac

rows=$(missing "$for_whom")
if [ -z "$rows" ]; then
    echo "deps: all that $for_whom needs is there"
    exit 0
fi

echo "deps: missing for $for_whom:"
echo "$rows" | sed 's/^[^|]*| *\([^|]*[^ |]\) *|.*/  \1/'

if ! command -v apt-get >/dev/null; then
    echo "deps: the packages are"
    echo "  Fedora:  $(column "$rows" 4)"
    echo "  Alpine:  $(column "$rows" 5)"
    echo "  macOS:   $(column "$rows" 6)"
    fail 'install them and come back'
fi

packages=$(column "$rows" 3)
if echo "$rows" | grep -Eq '^(cargo|rustfmt|clippy) ' && ! debian_has_rust; then
    fail "Debian's Rust is too old here: install Rust $(rust_version) or later with rustup and come back"
fi

if [ "$(id -u)" -eq 0 ]; then
    become=
elif [ "${CI-}" = true ] && sudo -n true 2>/dev/null; then
    become='sudo -n'
else
    fail "install them and come back: sudo apt-get install --no-install-recommends $packages"
fi

log=$(mktemp)
# shellcheck disable=SC2086 # several packages in one word
if ! $become sh "$0" --install $packages >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "installing failed: $packages"
fi
rm -f "$log"

rows=$(missing "$for_whom")
[ -z "$rows" ] || fail "still missing after installing $packages: $(column "$rows" 1)"
echo "deps: installed $packages"
