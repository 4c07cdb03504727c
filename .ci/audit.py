"""Check the dependencies for known vulnerabilities. If the check is not possible, a warning says so.

pip-audit reports success if the package index knows none of the packages, and ends with a traceback if the index can't
be reached.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

_LONGEST = 180  # seconds
_OPTIONS = ("--skip-editable", "--progress-spinner=off", "--timeout=10", "--format=json")


def main() -> int:
    """Return 0 if no vulnerability is known, or the check is not possible."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "pip_audit", *_OPTIONS, f"--output={answer}"]
        try:
            subprocess.run(command, stderr=subprocess.DEVNULL, timeout=_LONGEST, check=False)  # noqa: S603  # our own words only
            found = json.loads(answer.read_text())["dependencies"]
        except (subprocess.TimeoutExpired, OSError, ValueError):
            return _skip("pip-audit got no answer")
    asked = [each for each in found if "skip_reason" not in each]
    holes = [each for each in asked if each["vulns"]]
    for each in holes:
        for hole in each["vulns"]:
            fixed = ", ".join(hole["fix_versions"]) or "no version yet"
            sys.stdout.write(f"{each['name']} {each['version']}: {hole['id']}, mended in {fixed}\n")
    if not asked:
        return _skip(f"the index of packages knows none of the {len(found)} that are installed")
    sys.stdout.write(f"{len(asked)} of {len(found)} installed packages were looked up, {len(holes)} have known holes\n")
    return 1 if holes else 0


def _skip(why: str) -> int:
    sys.stdout.write(f"SKIPPED: nobody has looked for known holes in the dependencies: {why}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
