"""Hold a run of Keras's own unit tests against tests/golden/suite_reasons.json.

    python scripts/suite_reasons.py RESULT.json VALID.json

RESULT.json is a run's {"tests": {"file::Class::test": [outcome, seconds, message]}}, VALID.json the
tests that Keras itself passes: {"files": {file: ["Class::test", ...]}}. Prints what passes and how
many of the others have which reason; exits with 1 where one has none or a row is out of date.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
from collections import Counter
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "tests" / "golden" / "suite_reasons.json"
Rows = dict[str, dict[str, str]]  # file -> reason -> tests, "*" for any values behind a name


def reason_of(rows: Rows, file: str, test: str) -> str | None:
    """Why a test need not pass, None where the table does not say."""
    for reason, names in rows.get(file, {}).items():
        if any(fnmatch.fnmatchcase(test, name.replace("[", "[[]")) for name in names.split()):
            return reason
    return None


def main() -> int:
    """Print the comparison; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("result", type=Path)
    parser.add_argument("valid", type=Path)
    given = parser.parse_args()
    tests = json.loads(given.result.read_text(encoding="utf-8"))["tests"]
    valid = json.loads(given.valid.read_text(encoding="utf-8"))["files"]
    rows: Rows = json.loads(TABLE.read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    unexplained: list[str] = []
    used: set[tuple[str, str]] = set()
    for file, names in valid.items():
        for test in names:
            if tests.get(f"{file}::{test}", [""])[0] == "passed":
                counts["passed"] += 1
                continue
            reason = reason_of(rows, file, test)
            if reason is None:
                unexplained.append(f"{file}::{test}")
            else:
                counts[reason] += 1
                used.add((file, reason))
    total = sum(map(len, valid.values()))
    for reason, count in counts.most_common():
        sys.stdout.write(f"{count:6}  {reason}\n")
    old = [f"{f}: {r}" for f, reasons in rows.items() for r in reasons if (f, r) not in used]
    sys.stdout.write(f"{len(unexplained):6}  without a reason, of {total}\n")
    sys.stdout.writelines(f"no reason: {test}\n" for test in unexplained)
    sys.stdout.writelines(f"no longer: {row}\n" for row in old)
    return bool(unexplained or old)


if __name__ == "__main__":
    sys.exit(main())
