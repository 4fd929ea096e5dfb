"""What is built and installed: the header is in it, and it works away from this tree."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from conftest import REPOSITORY

BINDING = Path(__file__).parents[1]


def run(*command, cwd, **environment):
    result = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_wheel_holds_the_header_and_works(tmp_path, directory):
    source = tmp_path / "source"
    # Built from a copy, so that nothing is left in this tree.
    shutil.copytree(BINDING, source / "bindings" / "python", symlinks=True, ignore=shutil.ignore_patterns("tests"))
    shutil.copytree(REPOSITORY / "include", source / "include")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    run(*pip, "wheel", *options, ".", cwd=source / "bindings" / "python")
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == "httpcache-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("httpcache/httpcache.h") == (REPOSITORY / "include" / "httpcache.h").read_bytes()
        assert "httpcache/py.typed" in archive.namelist()
        archive.extractall(tmp_path / "installed")
    code = "import httpcache, sys; print(httpcache.__file__, httpcache.Cache(sys.argv[1]).stats().responses)"
    path = str(tmp_path / "installed")
    printed = run(sys.executable, "-c", code, str(directory), cwd=tmp_path, PYTHONPATH=path)
    assert printed.split() == [f"{path}/httpcache/__init__.py", "0"]


def test_the_package_needs_no_requests(directory):
    code = "import sys; sys.modules['requests'] = None; import httpcache; httpcache.Cache(sys.argv[1])"
    run(sys.executable, "-c", code, str(directory), cwd=directory.parent, PYTHONPATH=":".join(sys.path))


def test_the_version_is_that_of_the_library():
    import httpcache

    assert f'\nversion = "{httpcache.__version__}"\n' in (BINDING / "pyproject.toml").read_text()
