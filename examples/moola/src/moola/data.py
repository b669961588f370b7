"""Payments: made up, stored as parquet, read back and split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from loguru import logger
from scipy import optimize, special, stats
from sklearn.model_selection import train_test_split

from moola.config import DataSettings
from moola.schema import CATEGORIES, NUMERIC, TARGET, validated

RISK = dict(zip(CATEGORIES, (-0.6, 0.3, 0.7, -0.4, 0.1, 1.2), strict=True))


def make_payments(settings: DataSettings, seed: int) -> pd.DataFrame:
    """Return made-up payments whose disputes follow from them, with noise.

    The risk bends (late hours, the product of distance and amount), so that a linear model leaves something to find.
    Its offset is solved for, so that the expected share of disputes is exactly the one asked for.
    """
    rng = np.random.default_rng(seed)
    rows = settings.rows
    frame = pd.DataFrame(
        {
            "amount": stats.lognorm(s=1.0, scale=40.0).rvs(rows, random_state=rng),
            "hour": stats.vonmises(kappa=1.2, loc=np.pi).rvs(rows, random_state=rng) % (2 * np.pi) * 12 / np.pi,
            "days_since_last": stats.expon(scale=3.0).rvs(rows, random_state=rng),
            "payments_7d": stats.poisson(mu=4.0).rvs(rows, random_state=rng).astype(float),
            "distance_km": stats.gamma(a=1.5, scale=20.0).rvs(rows, random_state=rng),
            "category": rng.choice(CATEGORIES, size=rows),
        }
    )
    night = np.cos((frame["hour"] - 3.0) * np.pi / 12)
    far_and_dear = np.log1p(frame["distance_km"]) * np.log1p(frame["amount"]) / 6
    quick = frame["payments_7d"] / (1 + frame["days_since_last"])
    logit = 1.5 * night**3 + 1.3 * far_and_dear + 0.35 * quick + frame["category"].map(RISK).astype(float)
    offset = optimize.brentq(lambda x: special.expit(logit + x).mean() - settings.dispute_rate, -50.0, 50.0)
    frame[TARGET] = (rng.random(rows) < special.expit(logit + offset)).astype(int)
    # Distances go missing where the terminal did not report its place.
    frame.loc[rng.random(rows) < 0.03, "distance_km"] = np.nan
    return validated(frame)


def store(frame: pd.DataFrame, path: Path) -> None:
    """Write frame to a parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)
    logger.info("wrote {} payments, {:.1%} disputed, to {}", len(frame), frame[TARGET].mean(), path)


def read(path: Path) -> pd.DataFrame:
    """Read a parquet file of payments and check it against the schema."""
    return validated(pd.read_parquet(path))


@dataclass(frozen=True)
class Split:
    """The payments to learn from and those to be judged on."""

    train: pd.DataFrame
    test: pd.DataFrame


def split(frame: pd.DataFrame, settings: DataSettings, seed: int) -> Split:
    """Split frame at random, with the same share of disputes on both sides, and look for drift between them."""
    train, test = train_test_split(frame, test_size=settings.test_share, stratify=frame[TARGET], random_state=seed)
    for column, p_value in drift(train, test).items():
        if p_value < 0.001:
            logger.warning("{} is distributed differently in train and test (p = {:.2g})", column, p_value)
    return Split(train, test)


def drift(left: pd.DataFrame, right: pd.DataFrame) -> dict[str, float]:
    """Return, per numeric column, the p-value of a two-sample Kolmogorov-Smirnov test."""
    return {c: float(stats.ks_2samp(left[c].dropna(), right[c].dropna()).pvalue) for c in NUMERIC}
