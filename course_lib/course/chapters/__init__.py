"""The exercises, a module for each chapter: each is a question, and a function that examines.

All modules of this package are imported in the order of their names, and register their exercises.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
