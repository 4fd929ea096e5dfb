#!/bin/sh
# Installs what cbuild/stage.sh made, or removes it. Called by make, which sets PREFIX, LIBDIR, INCLUDEDIR,
# DESTDIR, LIB, VERSION and ABI.
#
#   cbuild/install.sh install | uninstall
set -eu

shared=libhttpcache.so.$VERSION
soname=libhttpcache.so.$ABI
cmakedir=$LIBDIR/cmake/httpcache

case $PREFIX$LIBDIR$INCLUDEDIR in
    *'|'* | *' '*) echo 'install: no directory may have a space or a | in its name' >&2; exit 1 ;;
esac
for directory in "$PREFIX" "$LIBDIR" "$INCLUDEDIR"; do
    case $directory in
        /*) ;;
        *) echo "install: $directory does not begin with /" >&2; exit 1 ;;
    esac
done

# The way from a directory below PREFIX up to it ("../.."); fails for any other directory.
way_up() {
    case $1 in "$PREFIX"/*) ;; *) return 1 ;; esac
    echo "${1#"$PREFIX"/}" | sed 's|//*|/|g; s|/$||; s|[^/][^/]*|..|g'
}

# A directory as seen from the prefix, in the notation of pkg-config or CMake.
below() { # NOTATION DIRECTORY
    case $2 in
        "$PREFIX"/*) echo "$1${2#"$PREFIX"}" ;;
        *) echo "$2" ;;
    esac
}

description() {
    sed -n 's/^description = "\(.*\)"$/\1/p' Cargo.toml
}

# Fills in a template. A library outside the prefix gets its directories as they are.
fill() { # TEMPLATE TARGET
    pc_prefix=$PREFIX cmake_prefix=$PREFIX
    if up=$(way_up "$LIBDIR/pkgconfig"); then pc_prefix="\${pcfiledir}/$up"; fi
    # shellcheck disable=SC2016 # CMake's variable, not the shell's
    if up=$(way_up "$cmakedir"); then cmake_prefix="\${CMAKE_CURRENT_LIST_DIR}/$up"; fi
    native_libs=$(cat "$LIB/native-static-libs")
    sed -e "s|@prefix@|$pc_prefix|" \
        -e "s|@libdir@|$(below '${prefix}' "$LIBDIR")|" \
        -e "s|@includedir@|$(below '${prefix}' "$INCLUDEDIR")|" \
        -e "s|@cmake_prefix@|$cmake_prefix|" \
        -e "s|@cmake_libdir@|$(below '${_httpcache_prefix}' "$LIBDIR")|" \
        -e "s|@cmake_includedir@|$(below '${_httpcache_prefix}' "$INCLUDEDIR")|" \
        -e "s|@description@|$(description)|" \
        -e "s|@native_libs@|$native_libs|" \
        -e "s|@cmake_native_libs@|$(echo "$native_libs" | tr ' ' ';')|" \
        -e "s|@version@|$VERSION|" \
        -e "s|@abi@|$ABI|" \
        -e "s|@shared@|$shared|" \
        -e "s|@soname@|$soname|" \
        "$1" >"$DESTDIR$2"
    chmod 644 "$DESTDIR$2"
}

put() { # MODE FILE DIRECTORY
    install -m "$1" "$2" "$DESTDIR$3/"
    echo "$3/${2##*/}"
}

case ${1-} in
    install)
        install -d "$DESTDIR$LIBDIR/pkgconfig" "$DESTDIR$cmakedir" "$DESTDIR$INCLUDEDIR/httpcache"
        put 755 "$LIB/$shared" "$LIBDIR"
        put 644 "$LIB/libhttpcache.a" "$LIBDIR"
        put 644 include/httpcache.h "$INCLUDEDIR"
        put 644 bindings/cpp/include/httpcache.hpp "$INCLUDEDIR"
        for header in bindings/cpp/include/httpcache/*.hpp; do put 644 "$header" "$INCLUDEDIR/httpcache"; done
        ln -sf "$shared" "$DESTDIR$LIBDIR/$soname"
        ln -sf "$soname" "$DESTDIR$LIBDIR/libhttpcache.so"
        fill cbuild/httpcache.pc.in "$LIBDIR/pkgconfig/httpcache.pc"
        fill cbuild/httpcache-config.cmake.in "$cmakedir/httpcache-config.cmake"
        fill cbuild/httpcache-config-version.cmake.in "$cmakedir/httpcache-config-version.cmake"
        echo "$LIBDIR/pkgconfig/httpcache.pc"
        echo "$cmakedir/httpcache-config.cmake"
        ;;
    uninstall)
        rm -f "$DESTDIR$LIBDIR/$shared" "$DESTDIR$LIBDIR/$soname" "$DESTDIR$LIBDIR/libhttpcache.so" \
            "$DESTDIR$LIBDIR/libhttpcache.a" "$DESTDIR$INCLUDEDIR/httpcache.h" "$DESTDIR$INCLUDEDIR/httpcache.hpp" \
            "$DESTDIR$LIBDIR/pkgconfig/httpcache.pc" "$DESTDIR$cmakedir/httpcache-config.cmake" \
            "$DESTDIR$cmakedir/httpcache-config-version.cmake"
        for header in bindings/cpp/include/httpcache/*.hpp; do
            rm -f "$DESTDIR$INCLUDEDIR/httpcache/${header##*/}"
        done
        rmdir "$DESTDIR$cmakedir" "$DESTDIR$INCLUDEDIR/httpcache" 2>/dev/null || true
        ;;
    *)
        echo 'install: say install or uninstall' >&2
        exit 1
        ;;
esac
