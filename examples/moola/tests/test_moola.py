"""Moola's own tests: `pytest` from this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from pandera.errors import SchemaErrors
from pydantic import ValidationError

from moola import config, data, datatool, features, pipeline

SMALL = ["data.rows=3000", "training.epochs=1"]


@pytest.fixture(scope="module")
def payments() -> pd.DataFrame:
    return data.make_payments(config.load(SMALL).data, seed=1)


def test_the_share_of_disputes_is_the_one_asked_for(payments: pd.DataFrame) -> None:
    assert payments["disputed"].mean() == pytest.approx(0.06, abs=0.015)


def test_parquet_brings_back_what_was_stored(payments: pd.DataFrame, tmp_path: Path) -> None:
    data.store(payments, tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(data.read(tmp_path / "p.parquet"), payments)


def test_a_negative_amount_is_refused(payments: pd.DataFrame) -> None:
    with pytest.raises(SchemaErrors):
        data.validated(payments.assign(amount=-1.0))


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="lerning_rate"):
        config.load(["+training.lerning_rate=1"])


@pytest.mark.parametrize("method", ["smote", "oversample"])
def test_balancing_makes_one_dispute_for_two_others(payments: pd.DataFrame, method: str) -> None:
    balanced = features.balance(features.Features(0).fit(payments).apply(payments), method, seed=0)
    assert balanced.target.mean() == pytest.approx(1 / 3, abs=0.001)
    assert np.isfinite(balanced.numbers).all()
    assert set(np.unique(balanced.codes)) <= set(range(6))


def test_all_three_models_find_something(tmp_path: Path) -> None:
    metrics = pipeline.run(config.load(["data.rows=6000"]), tmp_path)
    assert all(metrics[f"{name}_roc_auc"] > 0.65 for name in ("network", "logistic", "trees"))
    assert (tmp_path / "mlflow.db").exists()


def test_the_data_tool_makes_and_checks(tmp_path: Path) -> None:
    path = str(tmp_path / "p.parquet")
    assert CliRunner().invoke(datatool.main, ["make", path, "--rows", "1500", "--disputed", "10%"]).exit_code == 0
    assert "1500 payments" in CliRunner().invoke(datatool.main, ["check", path]).output
    pd.read_parquet(path).assign(hour=99.0).to_parquet(path)
    assert CliRunner().invoke(datatool.main, ["check", path]).exit_code == 1
