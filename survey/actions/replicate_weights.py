"""Replicate weights of an exported file: the extended delete-a-group jackknife, thirty columns for any design."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from survey.actions.disclosing import Column

GROUPS = 30
REPLICATES = "replicates"


def group_units(stratum: Column, psu: Column, names: Sequence[str]) -> Column:
    """Groups 1..30 of the delete-a-group jackknife, filled in turn by PSUs, or by persons where nobody is clustered."""
    if any(names):
        pairs, place = np.unique(np.stack([stratum, psu]), axis=1, return_inverse=True)
        return (np.arange(pairs.shape[1]) % GROUPS + 1).astype(np.int8)[place.ravel()]
    order = np.argsort(stratum, kind="stable")
    groups = np.empty(len(stratum), dtype=np.int8)
    groups[order] = np.arange(len(stratum)) % GROUPS + 1
    return groups


def write_replicates(frame: pd.DataFrame, folder: Path, form: str, progress: Callable[[str, int], None]) -> list[str]:
    """Weights of the extended delete-a-group jackknife (Kott 2001, Journal of Official Statistics 17, 521-526).

    v = 29/30 Σ (θ_r - θ)². In a stratum of at least 30 units, replicate r leaves out group r and weighs the others up;
    in a smaller one, the unit of group r gets 1 - (n-1) Z and the others 1 + Z, Z² = 30 / (29 n (n-1)).
    """
    import duckdb

    progress(REPLICATES, 0)
    path = folder / f"{REPLICATES}.{form}"
    factors = replicate_factors(frame)
    wide = ", ".join(
        f"weight * CASE WHEN jk_group = {r} THEN inside ELSE outside_{r} END AS rw{r}" for r in range(1, GROUPS + 1)
    )
    options = "FORMAT parquet, COMPRESSION zstd" if form == "parquet" else "FORMAT csv, HEADER"
    with duckdb.connect() as connection:
        connection.register("persons", frame[["id", "variance_stratum", "weight", "jk_group"]])
        connection.register("factors", factors)
        query = f"SELECT id, {wide} FROM persons JOIN factors USING (variance_stratum) ORDER BY id"  # noqa: S608
        connection.execute(f"SET memory_limit = '120MB'; SET threads = 1; SET temp_directory = '{_quote(folder)}'")
        connection.execute(f"COPY ({query}) TO '{_quote(path)}' ({options})")
    progress(REPLICATES, len(frame))
    return [path.name]


def _quote(path: Path) -> str:
    return str(path).replace("'", "''")


def replicate_factors(frame: pd.DataFrame) -> pd.DataFrame:
    """For each variance stratum: the factor `inside` the group that a replicate leaves out, and those outside it."""
    units = frame[["variance_stratum", "psu", "jk_group"]]
    if frame["psu"].nunique() > 1:
        units = units.drop_duplicates()
    sizes = units.groupby(["variance_stratum", "jk_group"]).size().unstack(fill_value=0)
    sizes = sizes.reindex(columns=range(1, GROUPS + 1), fill_value=0)
    n = sizes.sum(axis=1).to_numpy(dtype=float)
    large = n >= GROUPS
    z = np.sqrt(GROUPS / ((GROUPS - 1) * n * np.maximum(n - 1, 1)))
    z = np.where(n > 1, z, 0.0)
    held = sizes.to_numpy(dtype=float)
    outside = np.where(large[:, None], n[:, None] / (n[:, None] - held), 1 + z[:, None])
    outside = np.where(held > 0, outside, 1.0)
    table = {"variance_stratum": sizes.index.to_numpy(), "inside": np.where(large, 0.0, 1 - (n - 1) * z)}
    return pd.DataFrame(table | {f"outside_{r}": outside[:, r - 1] for r in range(1, GROUPS + 1)})
