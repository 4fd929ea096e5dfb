"""The raw layer and the header say the same."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

import httpcache
from conftest import REPOSITORY
from httpcache import _native, errors
from httpcache import cache as cache_module
from httpcache._native import HEADER, ffi, lib
from httpcache.options import Options, RequestOptions

FUNCTIONS = re.findall(r"\b(hc_[a-z_]+)\(", _native.declarations(HEADER))
SOURCES = "".join(path.read_text() for path in Path(httpcache.__file__).parent.glob("*.py"))


def constants(prefix):
    return re.findall(rf"^ +({prefix}[A-Z_0-9]+) = ", HEADER, flags=re.MULTILINE)


def test_the_header_is_the_one_that_is_committed():
    assert (REPOSITORY / "include" / "httpcache.h").read_text() == HEADER
    assert Path(_native.__file__).with_name("httpcache.h").is_symlink()


def test_each_function_of_the_header_is_in_the_library():
    assert len(FUNCTIONS) > 50
    for name in FUNCTIONS:
        assert getattr(lib, name), name


def test_the_header_declares_what_the_library_exports():
    symbols = (REPOSITORY / "tests" / "abi" / "symbols.txt").read_text()
    assert set(re.findall(r"\bhc_[a-z_]+\b", symbols)) == set(FUNCTIONS)


def test_the_binding_uses_nothing_that_the_header_has_not():
    used = set(re.findall(r"\blib\.(\w+)", SOURCES))
    assert len(used) > 50
    for name in used:
        assert hasattr(lib, name), name


def test_each_error_has_a_class_of_its_own():
    statuses = {getattr(lib, name): name for name in constants("HC_E_")}
    assert set(errors.BY_STATUS) == set(statuses)
    assert len(set(errors.BY_STATUS.values())) == len(statuses)
    for kind in errors.BY_STATUS.values():
        assert issubclass(kind, httpcache.Error)
        assert getattr(httpcache, kind.__name__) is kind


def test_each_option_is_a_member():
    names = {field.name for field in dataclasses.fields(Options) if "convert" in field.metadata}
    assert names == {name[len("HC_OPT_") :].lower() for name in constants("HC_OPT_")}


def test_each_list_is_a_member():
    lists = {field.metadata["list"] for field in dataclasses.fields(Options) if "list" in field.metadata}
    assert lists == set(constants("HC_LIST_"))


def test_each_name_is_a_member():
    names = {field.metadata["text"] for field in dataclasses.fields(Options) if "text" in field.metadata}
    assert names == set(constants("HC_STR_"))


def marked(kind, prefix):
    """The members of an enum that the header marks as those of a request too."""
    found, comment = set(), ""
    block = re.search(rf"typedef enum \{{([^}}]*)\}} {kind};", HEADER)[1]
    for line in block.splitlines():
        comment += line
        name = re.search(r"(HC_[A-Z_]+) = \d+,", line)
        if name:
            # A comment may stand before its option, or behind it on the same line.
            if " * " in re.sub(r"/\*|\*/|^ +\* ", "", comment.replace("     * ", " ")):
                found.add(name[1][len(prefix) :].lower())
            comment = ""
    return found


def test_a_request_has_the_options_that_the_header_marks():
    names = marked("hc_option_key", "HC_OPT_") | marked("hc_list_key", "HC_STR_")
    assert names == {field.name for field in dataclasses.fields(RequestOptions)}


def test_a_key_has_room():
    assert ffi.sizeof(cache_module._KEY) == int(re.search(r"#define HC_KEY_SIZE (\d+)", HEADER)[1])


def test_the_named_expiries_are_those_of_the_header():
    block = re.search(r"typedef enum \{([^}]*)\} hc_time;", HEADER)[1]
    numbers = {int(number) for number in re.findall(r"HC_[A-Z_]+ = (-?\d+),", block)}
    assert {each.value for each in httpcache.Expiry} == numbers


@pytest.mark.parametrize("kind", [httpcache.Decision, httpcache.Outcome])
def test_decisions_and_outcomes_are_those_of_the_header(kind):
    name = f"hc_{kind.__name__.lower()}"
    block = re.search(rf"typedef enum \{{([^}}]*)\}} {name};", HEADER)[1]
    declared = dict(re.findall(r"HC_([A-Z_]+) = (\d+),", block))
    assert {each.name: each.value for each in kind} == {k: int(v) for k, v in declared.items()}


@pytest.mark.parametrize("kind", [httpcache.Match, httpcache.Order])
def test_what_can_be_asked_for_is_that_of_the_header(kind):
    name = kind.__name__.lower()
    block = re.search(rf"typedef enum \{{([^}}]*)\}} hc_{name};", HEADER)[1]
    declared = dict(re.findall(rf"HC_{name.upper()}_([A-Z_]+) = (\d+),", block))
    assert {each.name: each.value for each in kind} == {k: int(v) for k, v in declared.items()}


def test_a_query_has_the_members_of_the_header():
    block = re.sub(r"/\*.*?\*/", "", re.search(r"typedef struct \{([^}]*)\} hc_query;", HEADER)[1], flags=re.DOTALL)
    members = {*re.findall(r"(\w+);", block), "descending"} - {"struct_size"}
    assert {field.name for field in dataclasses.fields(httpcache.Query)} == members


@pytest.mark.parametrize("kind", [httpcache.Stats, httpcache.Rekeyed, httpcache.Updated, httpcache.Verification])
def test_what_is_counted_is_that_of_the_header(kind):
    block = re.search(rf"typedef struct \{{([^}}]*)\}} hc_{kind.__name__.lower()};", HEADER)[1]
    assert list(kind._fields) == re.findall(r"uint64_t (\w+);", block)


def test_what_cffi_cannot_read_is_left_out():
    header = '#define A 1\n#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\n'
    assert _native.declarations(header) == "int f(void);\n"


@pytest.mark.parametrize(("version", "name"), [("0.1.0", "libhttpcache.so.0.1"), ("1.4.2", "libhttpcache.so.1")])
def test_the_name_of_the_library_follows_from_the_version(version, name):
    assert _native.soname(f'#define HC_VERSION "{version}"\n') == name


@pytest.mark.parametrize("number", ["0x000200", "0x0001ff", "0x010000"])
def test_a_library_that_does_not_fit_the_header_is_refused(number):
    with pytest.raises(ImportError, match="does not serve"):
        _native.load(_native.ffi, HEADER.replace("0x000100", number))


def test_a_library_that_is_missing_is_said_so():
    code = "import httpcache"
    environment = {"HTTPCACHE_LIBRARY": "/nonexistent.so", "PYTHONPATH": ":".join(sys.path)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert "ImportError: libhttpcache cannot be loaded" in result.stderr
    assert "HTTPCACHE_LIBRARY" in result.stderr


def test_the_version_is_that_of_the_library():
    assert httpcache.__version__ == re.search(r'HC_VERSION "(.*)"', HEADER)[1]
    assert httpcache.has_feature("lmdb")
    assert not httpcache.has_feature("no such")
