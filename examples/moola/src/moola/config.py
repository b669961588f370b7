"""Settings: composed by hydra from `conf/`, checked and typed by pydantic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    """A part of the settings: frozen, and an unknown key is an error instead of a silent typo."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSettings(_Section):
    """How much data is made, and how it is split."""

    rows: int = Field(ge=1000)
    dispute_rate: float = Field(gt=0, lt=0.5)
    test_share: float = Field(gt=0, lt=1)


class NetworkSettings(_Section):
    """The shape of the network."""

    hidden: tuple[int, ...] = Field(min_length=1)
    embedding: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)


class TrainingSettings(_Section):
    """How the network is trained."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    balance: Literal["smote", "oversample", "none"]


class TrackingSettings(_Section):
    """Where the run is recorded besides its folder."""

    experiment: str
    wandb: bool


class Settings(_Section):
    """Everything a run depends on."""

    seed: int
    data: DataSettings
    network: NetworkSettings
    training: TrainingSettings
    tracking: TrackingSettings


def load(overrides: Sequence[str] = ()) -> Settings:
    """Compose the configuration with hydra overrides (`training.epochs=5`, `network=deep`) and check it."""
    with initialize_config_module(config_module="moola.conf", version_base="1.3"):
        composed = compose(config_name="config", overrides=list(overrides))
    return Settings.model_validate(OmegaConf.to_container(composed, resolve=True))
