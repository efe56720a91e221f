"""Print every figure beside its reference. Usage: python tests/reference/table.py [GROUP ...]"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import compared
import further

GROUPS = compared.GROUPS | further.GROUPS


def shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.7g}"


def main(wanted: list[str]) -> int:
    apart = 0
    print("| reference | figure | theirs | ours | difference |")
    print("|---|---|---|---|---|")
    for name in wanted or GROUPS:
        for row in GROUPS[name]():
            apart += not row.agrees
            told = "" if row.agrees else " **beyond tolerance**"
            print(
                f"| {row.source} | {row.figure} | {shown(row.theirs)} | {shown(row.ours)} "
                f"| {row.difference:.1e}{told} |"
            )
    return apart


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
