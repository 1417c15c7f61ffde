"""Compile the modules that `/tour.py` imports; runs inside Pyodide, from `compile.mjs`."""

import importlib.util
import os
import pathlib
import sys
import zipfile
from importlib._bootstrap_external import _code_to_hash_pyc

TIME = (2020, 1, 1, 0, 0, 0)
KEEPS_SOURCE = "course_lib/"
# More than half of these are docstrings, of which the course needs none.
WITHOUT_DOCSTRINGS = ("matplotlib/", "mpl_toolkits/", "numpy/", "pandas/")
STDLIB, SITE = "/lib/python314.zip/", "/lib/python3.14/site-packages/"


def compiled(place, name, source):
    """The file of a module's bytecode, which Python does not compare with the source."""
    optimize = 2 if name.startswith(WITHOUT_DOCSTRINGS) else 0
    code = compile(source, place + name, "exec", dont_inherit=True, optimize=optimize)
    return bytes(_code_to_hash_pyc(code, importlib.util.source_hash(source), False))


def repacked(path, place, used):
    """Write an archive again, with the bytecode of the modules in `used`."""
    files = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            source = archive.read(name)
            if place + name not in used or not name.endswith(".py"):
                files[name] = source
            elif name.startswith(KEEPS_SOURCE):
                files[name] = source
                kept = importlib.util.cache_from_source(name)
                files[kept] = compiled(place, name, source)
            else:
                files[name + "c"] = compiled(place, name, source)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, TIME), data, zipfile.ZIP_DEFLATED)


import pyodide_kernel  # noqa: E402

# There is no page here that streams and widgets could write to.
sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
pyodide_kernel.ipython_shell.send_comm = lambda *message: None
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
exec(pathlib.Path("/tour.py").read_text(), {})
used = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
for path in sorted(pathlib.Path("/runtime").iterdir()):
    if path.suffix == ".whl":
        repacked(path, SITE, used)
    elif path.suffix == ".zip":
        repacked(path, STDLIB, used)
