#!/usr/bin/env python3
"""Trains a small network of the MobileNetV2 kind on CIFAR-10 images and writes it as ONNX.

A second network for `dqa calibrate` and `dqa evaluate`, as unlike ResNet-32 as its size allows:
depthwise convolutions, ReLU6, and shortcut tensors that are signed, since nothing rectifies what
an inverted residual block adds up.

  train.py --train cifar10-calib-5000.bin --test cifar10-test.bin --out mobilenet-cifar10.onnx

Images are in CIFAR-10's binary format: a label byte and 3072 bytes of RGB planes each. The graph takes
`image`, N x 3 x 32 x 32 floats in [0, 1], and gives `logits`; normalization is in it, batch norm
is folded. The tensors that are added to a later block's are named `shortcut00` and on. Needs
PyTorch and onnx; a GPU makes minutes of it. Same seed, same machine, same weights.
"""

import argparse
import json
import time

import numpy
import onnx
import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """Expand, filter each channel, project; add the input where shapes allow."""

    def __init__(self, inside, outside, stride, expand):
        super().__init__()
        wide = inside * expand
        self.adds = stride == 1 and inside == outside
        self.layers = nn.Sequential(
            nn.Conv2d(inside, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            nn.Conv2d(wide, outside, 1, bias=False),
            nn.BatchNorm2d(outside),
        )

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


class Network(nn.Module):
    """Three stages of blocks between a stem and a linear classifier; 0.2 million weights."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4914, 0.4822, 0.4465]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.2470, 0.2435, 0.2616]).view(1, 3, 1, 1))
        layers = [nn.Conv2d(3, 24, 3, 1, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU6()]
        width = 24
        for outside, stride in [(24, 1), (24, 1), (40, 2), (40, 1), (40, 1), (80, 2), (80, 1), (80, 1)]:
            layers.append(Block(width, outside, stride, 4))
            width = outside
        layers += [nn.Conv2d(width, 256, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU6()]
        self.layers = nn.Sequential(*layers)
        self.classifier = nn.Linear(256, 10)

    def forward(self, image):
        x = self.layers((image - self.mean) / self.deviation)
        return self.classifier(x.mean((2, 3)))


def load(path, device):
    records = numpy.fromfile(path, numpy.uint8).reshape(-1, 3073)
    images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()).to(device)
    return images.float() / 255, torch.from_numpy(records[:, 0].astype(numpy.int64)).to(device)


def augmented(images, generator):
    """Each image shifted by up to 4 pixels, mirrored or not, with a square of 8 x 8 blanked."""
    count, device = len(images), images.device
    padded = functional.pad(images, (4, 4, 4, 4), mode="reflect")
    down, right = torch.randint(0, 9, (2, count), generator=generator, device=device)
    mirror = torch.rand(count, generator=generator, device=device) < 0.5
    span = torch.arange(32, device=device)
    rows = down[:, None] + span
    columns = right[:, None] + torch.where(mirror[:, None], 31 - span, span)
    at = torch.arange(count, device=device)[:, None, None]
    images = padded.permute(0, 2, 3, 1)[at, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    top, left = torch.randint(-4, 29, (2, count), generator=generator, device=device)
    in_rows = (span >= top[:, None]) & (span < top[:, None] + 8)
    in_columns = (span >= left[:, None]) & (span < left[:, None] + 8)
    blank = in_rows[:, None, :, None] & in_columns[:, None, None, :]
    return images.masked_fill(blank, 0.45).contiguous()


def train(network, images, labels, epochs, seed):
    device = images.device
    generator = torch.Generator(device).manual_seed(seed)
    optimizer = torch.optim.SGD(network.parameters(), 0.1, 0.9, weight_decay=5e-4, nesterov=True)
    steps = epochs * (len(images) // 128)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=steps)
    begun = time.time()
    for epoch in range(epochs):
        network.train()
        order = torch.randperm(len(images), generator=generator, device=device)
        for batch in order[: len(images) // 128 * 128].view(-1, 128):
            # Mixed pairs: with few images, the network would learn them by heart.
            mixed = torch.distributions.Beta(0.3, 0.3).sample().item() if epoch < epochs * 0.9 else 1
            other = batch[torch.randperm(128, generator=generator, device=device)]
            share = augmented(images[batch], generator) * mixed
            logits = network(share + augmented(images[other], generator) * (1 - mixed))
            loss = mixed * functional.cross_entropy(logits, labels[batch], label_smoothing=0.1)
            loss = loss + (1 - mixed) * functional.cross_entropy(logits, labels[other], label_smoothing=0.1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        if epoch % 20 == 19 or epoch == epochs - 1:
            print(f"epoch {epoch + 1} of {epochs}: loss {loss.item():.3f}, {time.time() - begun:.0f} s", flush=True)


@torch.no_grad()
def correct(network, images, labels):
    network.eval()
    batches = zip(images.split(500), labels.split(500))
    return sum((network(images).argmax(1) == labels).sum().item() for images, labels in batches)


def export(network, path):
    """Writes the ONNX file, with batch norm folded, and names its shortcut tensors."""
    network = network.cpu().eval()
    torch.onnx.export(
        network, torch.zeros(2, 3, 32, 32), path, dynamo=False, opset_version=13,
        input_names=["image"], output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
    )
    model = onnx.load(path)
    made = {name: at for at, node in enumerate(model.graph.node) for name in node.output}
    names = {}
    for node in model.graph.node:
        if node.op_type == "Add" and all(name in made for name in node.input):
            names[min(node.input, key=made.get)] = f"shortcut{len(names):02}"
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return list(names.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="images to train on")
    parser.add_argument("--test", required=True, help="images to count right answers on")
    parser.add_argument("--out", required=True, help="ONNX file to write")
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    images, labels = load(arguments.train, device)
    network = Network().to(device)
    train(network, images, labels, arguments.epochs, arguments.seed)
    test_images, test_labels = load(arguments.test, device)
    right = correct(network, test_images, test_labels)
    shortcuts = export(network, arguments.out)
    print(json.dumps({
        "top-1": right / len(test_labels),
        "weights": sum(p.numel() for p in network.parameters()),
        "shortcuts": shortcuts,
        "torch": torch.__version__,
        "seed": arguments.seed,
        "epochs": arguments.epochs,
    }))


if __name__ == "__main__":
    main()
