"""Are there known holes in what we depend on? Fails if there are; where nobody could be asked, it says so loudly.

pip-audit calls it clean when the index of packages knows none of them, or ends with a traceback when it can't be
reached. Neither is an answer.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

_LONGEST = 180  # seconds
_OPTIONS = ("--skip-editable", "--progress-spinner=off", "--timeout=10", "--format=json")


def main() -> int:
    """0 if nothing is known, or nobody could be asked."""
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
