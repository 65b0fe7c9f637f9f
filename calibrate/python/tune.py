#!/usr/bin/env python3
"""Tunes a layer file by gradients: steps of quantizing and de-quantizing, channel by channel.

  tune.py --network net.onnx --images calibration.bin --layers found.toml --bits 2.45 --out tuned.toml
  dqa calibrate codes --network net.onnx --images calibration.bin --layers tuned.toml -o layers.toml

`dqa calibrate search` chooses formats, classes and ranges channel by channel, as if errors of
different channels and tensors did not meet. Here the network runs with all of them quantized, and
its outputs are held against those of the network as it is (Kullback-Leibler divergence; labels are
not needed), to which the bits are added at a price. Rounding passes
gradients as if it were not there (straight-through), clamping stops them, as in learned step size
quantization (Esser et al. 2020). The price follows the bits until they are those asked for; code
lengths and classes, which say what a code costs, are made anew from time to time. Formats and left
out channels stay as they are.

Needs PyTorch, onnx and Python 3.11: python3 -m venv .torch && .torch/bin/pip install torch onnx numpy
"""

import argparse
import json
import math
import time
import tomllib

import torch
from torch.nn import functional

from network import Network, images, operate

LONGEST = 8  # bits of a code


def code_lengths(counts):
    """Lengths of the best codes of at most LONGEST bits for these counts of symbols (package-merge)."""
    symbols = sorted((count, (symbol,)) for symbol, count in enumerate(counts))
    packages = []
    for _ in range(LONGEST):
        merged = sorted(symbols + packages, key=lambda package: package[0])
        pairs = zip(merged[0::2], merged[1::2])
        packages = [(a + b, some + others) for (a, some), (b, others) in pairs]
    lengths = [0.0] * len(counts)
    for _, members in packages[: len(counts) - 1]:
        for symbol in members:
            lengths[symbol] += 1
    return torch.tensor(lengths)


class Stored(torch.autograd.Function):
    """A tensor quantized and de-quantized; the gradients of its bits join those of its error."""

    @staticmethod
    def forward(context, x, log_step, log_back, layer):
        q = torch.round(x / layer.step).clamp(layer.low, layer.high)
        y = q * layer.back
        context.save_for_backward(x, y)
        context.layer = layer
        if layer.counts is not None:
            layer.count(q)
        return y

    @staticmethod
    def backward(context, gradient):
        x, y = context.saved_tensors
        layer = context.layer
        u = x / layer.step
        inside = (u > layer.low - 0.5) & (u < layer.high + 0.5)
        through = gradient * inside * (layer.back / layer.step)
        of_back = (gradient * y).sum((0, 2, 3))
        # A larger step makes smaller codes, whose lengths the table of slopes tells.
        slope = layer.slopes.index_select(0, layer.index(u.floor()).flatten()).view(x.shape)
        of_bits = -(slope * u * inside).sum((0, 2, 3)) / len(x)
        of_step = of_back - (through * x).sum((0, 2, 3)) + layer.price * of_bits
        return through, of_step, of_back, None


class Layer:
    """One tensor's part of the layer file, as parameters."""

    def __init__(self, entry):
        self.entry = entry
        self.signed = entry["policy"] == "paper"
        self.bits, self.extra = entry["bits"], entry["extra"]
        channels = len(entry["ranges"])
        self.important = torch.zeros(channels, dtype=torch.bool)
        self.important[entry["ranks"][: entry["important"]]] = True
        self.kept = torch.ones(channels, dtype=torch.bool)
        self.kept[entry.get("pruned", [])] = False
        ranges = torch.tensor(entry["ranges"]).clamp(min=1)
        backs = torch.tensor(entry.get("back_ranges") or entry["ranges"]).clamp(min=1)
        self.unit = entry["unit"] / (2 ** (self.bits - 1) if self.signed else 2**self.bits - 1)
        scale = self.unit / 2.0 ** (self.extra * self.important)
        self.log_step = (ranges * scale).log().requires_grad_(True)
        self.log_back = (backs / ranges).log().requires_grad_(True)
        self.width = 2 ** (self.bits + self.extra)
        self.lengths = torch.full((2, self.width), float(self.bits))
        self.counts, self.price = None, 0.0
        self.prepare()

    def prepare(self):
        """What the parameters are at this time, in the shape of a tensor of activations."""
        with torch.no_grad():
            shape = (1, -1, 1, 1)
            width = 2.0 ** (self.bits + self.extra * self.important)
            low = -width / 2 if self.signed else torch.zeros_like(width)
            self.low, self.high = low.view(shape), (low + width - 1).view(shape)
            self.step = self.log_step.exp().view(shape)
            self.back = self.step * self.log_back.exp().view(shape) * self.kept.view(shape)
            lengths = self.lengths[self.important.long()]
            slopes = functional.pad(lengths[:, 1:] - lengths[:, :-1], (0, 1)) * self.kept[:, None]
            self.slopes = slopes.flatten()

    def index(self, q):
        """Where each code of each channel stands in a table of all."""
        first = torch.arange(len(self.kept), dtype=torch.int32).view(1, -1, 1, 1) * self.width
        codes = (torch.minimum(torch.maximum(q, self.low), self.high) - self.low).to(torch.int32)
        return codes + first

    def count(self, q):
        self.counts += torch.bincount(self.index(q).flatten(), minlength=len(self.counts))

    def code(self):
        """Makes code lengths and classes from the counts; the bits of an activation."""
        counts = self.counts.view(len(self.kept), self.width).double()
        # A code that a Direct channel has keeps its value as an Important one.
        shift = (self.width - 2**self.bits) // 2 if self.signed else 0
        direct = slice(0, 2**self.bits)
        aligned = counts.clone()
        if shift:
            moved = ~self.important
            aligned[moved] = counts[moved].roll(shift, 1)
        inner = aligned[:, shift : shift + 2**self.bits]
        for _ in range(4):
            for row, (members, table) in enumerate([(~self.important, inner), (self.important, aligned)]):
                used = table[members & self.kept].sum(0) + 1
                self.lengths[row] = LONGEST
                self.lengths[row, : table.shape[1]] = code_lengths(used.tolist())
            as_direct = (inner * self.lengths[0, direct]).sum(1)
            as_important = (aligned * self.lengths[1]).sum(1)
            fits = inner.sum(1) > 0.9998 * aligned.sum(1)
            self.important = (as_important <= as_direct) | ~fits if self.extra else self.important
        bits = torch.where(self.important, as_important, as_direct)
        self.prepare()
        return (bits * self.kept).sum().item() / counts.sum().item()

    def write(self):
        """The layer file's entry, whose codes are then those of other ranges."""
        entry = dict(self.entry)
        scale = self.unit / 2.0 ** (self.extra * self.important)
        ranges = (self.log_step.detach().exp() / scale).round().clamp(1, 65535)
        backs = (ranges * self.log_back.detach().exp()).round().clamp(1, 65535)
        entry["ranges"], entry["back_ranges"] = ranges.int().tolist(), backs.int().tolist()
        entry["ranks"] = self.important.nonzero().flatten().tolist()
        entry["important"] = len(entry["ranks"])
        return entry


class Quantized:
    """The network with the tensors of a layer file stored."""

    def __init__(self, network, file):
        self.network = network
        self.layers = [Layer(entry) for entry in file["layer"]]
        self.elements = 0  # of an image
        self.at = {}
        for layer in self.layers:
            name = layer.entry["tensor"]
            if name not in network.made:
                raise SystemExit(f"the network makes no tensor {name}: it is the file of another network")
            # Who skips holds no weights.
            readers = network.readers(name)
            skips = [at for at in readers if network.nodes[at].op_type != "Conv"]
            for reader in skips if file["reads"] == "residual" and skips else readers:
                self.at[reader, name] = layer

    def run(self, x):
        network = self.network
        values = {network.input: x.contiguous(memory_format=network.format)}
        stored = {}
        for at, node in enumerate(network.nodes):
            inputs = []
            for name in filter(None, node.input):
                layer = self.at.get((at, name))
                if layer is None:
                    inputs.append(values[name] if name in values else network.weights[name])
                else:
                    if name not in stored:
                        stored[name] = Stored.apply(values[name], layer.log_step, layer.log_back, layer)
                    inputs.append(stored[name])
            values[node.output[0]] = operate(node.op_type, network.attributes[at], inputs)
        return values[network.output]

    @torch.no_grad()
    def code(self, pixels):
        """Makes all codes anew; the bits of an activation, without headers."""
        for layer in self.layers:
            layer.counts = torch.zeros(len(layer.kept) * layer.width, dtype=torch.int64)
            layer.prepare()
        for part in pixels.split(100):
            self.run(part.float() / 255)
        elements = [layer.counts.sum().item() / len(pixels) for layer in self.layers]
        self.elements = sum(elements)
        bits = sum(e * layer.code() for e, layer in zip(elements, self.layers))
        for layer in self.layers:
            layer.counts = None
        return bits / self.elements


def mixed(x):
    """Half of the images with another shining through: the network is as unsure of them as of new ones."""
    share = torch.rand(len(x), 1, 1, 1) - 0.5
    return torch.lerp(x, x.roll(1, 0), share.clamp(min=0))


def divergence(outputs, reference, temperature):
    """Mean Kullback-Leibler divergence of an image, at a temperature, times its square."""
    ours, theirs = (functional.log_softmax(x / temperature, 1) for x in (outputs, reference))
    return temperature**2 * functional.kl_div(ours, theirs, log_target=True, reduction="batchmean")


def text(file):
    """A layer file as TOML."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in file.items() if key != "layer"]
    for entry in file["layer"]:
        lines += ["", "[[layer]]"] + [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", required=True, help="ONNX file")
    parser.add_argument("--images", required=True, help="calibration images")
    parser.add_argument("--layers", required=True, help="layer file to begin with")
    parser.add_argument("--bits", type=float, required=True, help="bits of an activation to aim at, codes alone")
    parser.add_argument("--out", required=True, help="layer file to write; its codes have to be made anew")
    parser.add_argument("--steps", type=int, default=300, help="steps of gradient descent")
    parser.add_argument("--batch", type=int, default=64, help="images of a step")
    parser.add_argument("--rate", type=float, default=0.01, help="largest change of a step's logarithm at a time")
    parser.add_argument("--price", type=float, default=0.2, help="of a bit, to begin with")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the divergence")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)

    pixels, _ = images(arguments.images)
    network = Network(arguments.network, channels_last=True)
    with open(arguments.layers, "rb") as source:
        file = tomllib.load(source)
    quantized = Quantized(network, file)
    plain = Quantized(network, {"layer": [], "reads": file["reads"]})
    few = pixels[torch.randperm(len(pixels))[:300]]
    bits = quantized.code(few)
    print(f"to begin with: {bits:.3f} bits", flush=True)

    layers = quantized.layers
    groups = [
        {"params": [layer.log_step for layer in layers]},
        {"params": [layer.log_back for layer in layers]},
    ]
    rates = [arguments.rate, arguments.rate / 2]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=arguments.steps, pct_start=0.1)
    price, begun, sum_of_losses = arguments.price, time.process_time(), 0.0
    order = iter(())
    for step in range(arguments.steps):
        batch = next(order, None)
        if batch is None:
            order = iter(torch.randperm(len(pixels)).split(arguments.batch))
            batch = next(order)
        for layer in layers:
            layer.prepare()
            layer.price = price / quantized.elements
        x = mixed(pixels[batch].float() / 255)
        with torch.no_grad():
            reference = plain.run(x)
        loss = divergence(quantized.run(x), reference, arguments.temperature)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        sum_of_losses += loss.item()
        if step % 25 == 24:
            bits = quantized.code(few)
            price *= math.exp(max(-0.4, min(0.4, 4 * (bits - arguments.bits))))
            used = time.process_time() - begun
            print(f"step {step + 1}: divergence {sum_of_losses / 25:.4f}, {bits:.3f} bits, {used:.0f} s", flush=True)
            sum_of_losses = 0.0
    bits = quantized.code(pixels[:1000])
    file["layer"] = [layer.write() for layer in layers]
    file["made_by"] += f", tuned for {arguments.bits} bits by {arguments.steps} steps of {arguments.batch} images"
    with open(arguments.out, "w") as out:
        out.write(text(file))
    print(f"{bits:.3f} bits, codes alone")


if __name__ == "__main__":
    main()
