"""What a table of payments must look like before anything is trained on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pandera.pandas as pa

if TYPE_CHECKING:
    import polars as pl

CATEGORIES = ("grocery", "travel", "electronics", "fuel", "subscription", "gambling")
NUMERIC = ("amount", "hour", "days_since_last", "payments_7d", "distance_km")
TARGET = "disputed"

PAYMENTS = pa.DataFrameSchema(
    {
        "amount": pa.Column(float, pa.Check.in_range(0.0, 1e6)),
        "hour": pa.Column(float, pa.Check.in_range(0.0, 24.0)),
        "days_since_last": pa.Column(float, pa.Check.ge(0.0)),
        "payments_7d": pa.Column(float, pa.Check.ge(0.0)),
        "distance_km": pa.Column(float, pa.Check.ge(0.0), nullable=True),
        "category": pa.Column(str, pa.Check.isin(CATEGORIES)),
        TARGET: pa.Column(int, pa.Check.isin([0, 1])),
    },
    strict=True,
    coerce=True,
)


def validated(table: pd.DataFrame | pl.DataFrame) -> pd.DataFrame:
    """Return table as a pandas frame that satisfies PAYMENTS; raise pandera's SchemaErrors with every breach."""
    frame = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    return PAYMENTS.validate(frame, lazy=True)
