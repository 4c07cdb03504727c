"""Find all scenarios of the benchmark: modules of `scenarios` with SCENARIO, or COMMAND without our server."""

from importlib import import_module
from pkgutil import iter_modules

from greenchat.bench import scenarios
from greenchat.bench.scenario import Measurement, Scenario


def find() -> list[Scenario | Measurement]:
    """Return all scenarios and commands, by name."""
    modules = [import_module(f"{scenarios.__name__}.{module.name}") for module in iter_modules(scenarios.__path__)]
    rows = [module.SCENARIO if hasattr(module, "SCENARIO") else module.COMMAND for module in modules]
    return sorted(rows, key=lambda row: row.name)
