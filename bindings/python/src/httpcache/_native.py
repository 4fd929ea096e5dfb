"""The raw layer: the committed header, read as it is, and the library that it describes.

Nothing of the header is written down here a second time. What cffi cannot read of it, the lines of the
preprocessor, is left out.
"""

import ctypes
import os
import re
from pathlib import Path
from typing import Any

import cffi  # type: ignore[import-untyped]

HEADER = Path(__file__).with_name("httpcache.h").read_text(encoding="utf-8")


def declarations(header: str) -> str:
    """The header without what is for C++ and for the preprocessor."""
    header = re.sub(r"^#ifdef __cplusplus\n.*?^#endif\n", "", header, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^#.*\n", "", header, flags=re.MULTILINE)


def soname(header: str) -> str:
    """The name under which the system's loader knows the library of this header."""
    version = re.search(r'^#define HC_VERSION "(\d+)\.(\d+)\.\d+"', header, flags=re.MULTILINE)
    if version is None:
        raise ImportError("httpcache.h says no HC_VERSION")
    major, minor = version.groups()
    # Until 1.0 each minor version has an ABI of its own.
    return f"libhttpcache.so.{major}" if major != "0" else f"libhttpcache.so.{major}.{minor}"


def load(ffi: Any, header: str) -> Any:
    name = os.environ.get("HTTPCACHE_LIBRARY") or soname(header)
    try:
        lib = ffi.dlopen(name)
        found = int(lib.hc_version_number())
    except (OSError, AttributeError) as error:
        raise ImportError(
            f"libhttpcache cannot be loaded ({error}); install it, or name its file in HTTPCACHE_LIBRARY"
        ) from error
    wanted = re.search(r"^#define HC_VERSION_NUMBER (0x[0-9a-fA-F]+)", header, flags=re.MULTILINE)
    assert wanted is not None
    number = int(wanted[1], 16)
    abi = 16 if number >> 16 else 8
    if found >> abi != number >> abi or found < number:
        raise ImportError(f"{name} is version {found:#08x}, which does not serve a program for {number:#08x}")
    return lib


ffi: Any = cffi.FFI()
ffi.cdef(declarations(HEADER))
lib: Any = load(ffi, HEADER)


def immortal(callback: Any) -> Any:
    """Keeps a C callback valid to the very end of the process.

    The library may call it from a destructor that runs while the interpreter clears the modules, in an
    order of its own; a callback freed by then would be a jump into freed memory.
    """
    python = getattr(ctypes, "pythonapi", None)
    if python is not None:
        python.Py_IncRef(ctypes.py_object(callback))
    return callback


__all__ = ["HEADER", "declarations", "ffi", "immortal", "lib", "load", "soname"]
