"""The network: embeddings and a small perceptron, trained by Lightning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from moola.config import NetworkSettings, TrainingSettings
from moola.features import Matrices
from moola.schema import CATEGORIES, NUMERIC

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tensors(matrices: Matrices) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return numbers, codes and target as tensors that share memory with the matrices."""
    return (
        torch.from_numpy(np.ascontiguousarray(matrices.numbers)),
        torch.from_numpy(np.ascontiguousarray(matrices.codes)),
        torch.from_numpy(matrices.target.astype(np.float32)),
    )


class DisputeNet(pl.LightningModule):
    """Predicts the logit of a dispute from numbers and a category."""

    def __init__(self, network: NetworkSettings, learning_rate: float) -> None:
        super().__init__()
        self.learning_rate = learning_rate
        self.embedding = nn.Embedding(len(CATEGORIES), network.embedding)
        layers: list[nn.Module] = []
        width = len(NUMERIC) + network.embedding
        for hidden in network.hidden:
            layers += [nn.Linear(width, hidden), nn.GELU(), nn.Dropout(network.dropout)]
            width = hidden
        self.body = nn.Sequential(*layers, nn.Linear(width, 1))
        self.loss = nn.BCEWithLogitsLoss()
        self.epoch_losses: list[float] = []
        self._running: list[torch.Tensor] = []

    def forward(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Return one logit per row."""
        return self.body(torch.cat([numbers, self.embedding(codes)], dim=1)).squeeze(1)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        """Return the loss of one batch."""
        numbers, codes, target = batch
        loss = self.loss(self(numbers, codes), target)
        self._running.append(loss.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        """Keep the mean loss of the epoch."""
        self.epoch_losses.append(float(torch.stack(self._running).mean()))
        self._running.clear()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return AdamW over every parameter."""
        return torch.optim.AdamW(self.parameters(), lr=self.learning_rate)


def train(train_part: Matrices, network: NetworkSettings, training: TrainingSettings, seed: int) -> DisputeNet:
    """Return a network trained on train_part, on a GPU where there is one."""
    pl.seed_everything(seed, workers=True)
    model = DisputeNet(network, training.learning_rate)
    loader = DataLoader(TensorDataset(*tensors(train_part)), batch_size=training.batch_size, shuffle=True)
    trainer = pl.Trainer(
        max_epochs=training.epochs,
        accelerator="auto",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, loader)
    return model


@torch.no_grad()
def predict(model: DisputeNet, part: Matrices) -> NDArray[np.float64]:
    """Return the probability of a dispute for every row of part."""
    model.eval()
    numbers, codes, _ = tensors(part)
    logits = model(numbers.to(model.device), codes.to(model.device))
    return torch.sigmoid(logits).cpu().numpy().astype(np.float64)
