#!/usr/bin/env python3
"""Times the paper's greedy ranking (Algorithm 3) in PyTorch beside `dqa calibrate layers --rank greedy`.

  greedy.py --dqa target/release/dqa --network resnet32-cifar10.onnx --images cifar10-calib-5000.bin

Both rank every shortcut tensor with n = 3, Delta = max / 4 over the layer of each image, codes
clamped to signed 3 bits, the skip connection alone reading them; both keep what comes before the
layer and run only what follows it, once for each channel. They take turns, on the same number of
threads. Printed are wall time and processor time, which on a shared machine is the one to compare,
and the part of the important channels on which both agree: their sums differ in the last bits, so
ties fall differently, and what follows the first tensor hangs on which channel came first there.
It fails where dqa is slower.

Needs PyTorch and onnx: python3 -m venv .torch && .torch/bin/pip install torch onnx numpy
"""

import argparse
import json
import os
import resource
import subprocess
import tempfile
import time

import torch
from torch.nn import functional

from network import Network, images


def quantized(x):
    """Three signed bits, the range the maximum of the layer of each image."""
    delta = x.amax((1, 2, 3), keepdim=True) / 4
    return torch.where(delta > 0, (x / delta).round().clamp(-4, 3) * delta, x)


def rank(network, pixels, labels, batch):
    """The channels of each shortcut tensor, most important first."""
    taps = sorted(name for name in network.made if name.startswith("shortcut"))
    state = []
    for part in pixels.split(batch):
        values = {"image": part.contiguous(memory_format=network.format)}
        network.run(values, 0, network.made[taps[0]] + 1)
        state.append(values)
    ranks = []
    at = network.made[taps[0]] + 1
    for index, tap in enumerate(taps):
        # The branch reads the tensor as it is: it runs up to the node that adds the tensor.
        add = next(i for i in network.readers(tap) if i != at)
        for values in state:
            network.run(values, at, add)
        channels = state[0][tap].shape[1]
        scores = []
        for channel in range(channels):
            correct, loss = 0, 0.0
            for values, truth in zip(state, labels.split(batch)):
                x = values[tap]
                if (tap, "quantized") not in values:
                    values[tap, "quantized"] = quantized(x)
                trial = values[tap, "quantized"].clone()
                trial[:, channel] = x[:, channel]
                later = {**values, tap: trial}
                network.run(later, add, len(network.nodes))
                logits = later[network.output]
                correct += (logits.argmax(1) == truth).sum().item()
                loss += functional.cross_entropy(logits, truth, reduction="sum").item()
            scores.append((-correct, loss, channel))
        ranks.append([channel for _, _, channel in sorted(scores)])
        # Go on with the most important channel left as it is, to the next shortcut tensor.
        after = network.made[taps[index + 1]] + 1 if index + 1 < len(taps) else len(network.nodes)
        for values in state:
            kept = values.pop((tap, "quantized"))
            kept[:, ranks[-1][0]] = values[tap][:, ranks[-1][0]]
            values[tap] = kept
            network.run(values, add, after)
            keep = set(taps[index + 1 : index + 2])
            for name in [name for name in values if name not in keep]:
                del values[name]
        at = after
    return ranks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dqa", default="target/release/dqa", help="the dqa command")
    parser.add_argument("--network", required=True, help="resnet32-cifar10.onnx")
    parser.add_argument("--images", required=True, help="calibration images")
    parser.add_argument("--count", type=int, default=1024, help="how many of them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128, help="images of a batch, in PyTorch")
    parser.add_argument("--channels-last", action="store_true", help="let PyTorch keep tensors as N H W C")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    pixels, labels = images(arguments.images, arguments.count)
    wall, used = time.time(), time.process_time()
    with torch.inference_mode():
        network = Network(arguments.network, arguments.channels_last)
        theirs = rank(network, pixels.float() / 255, labels, arguments.batch)
    wall, used = time.time() - wall, time.process_time() - used
    pytorch = wall
    name = f"PyTorch {torch.__version__}" + (", channels last" if arguments.channels_last else "")
    print(f"{name}: {wall:.0f} s, {used:.0f} s of processor time", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = time.time()
        done = subprocess.run(
            [arguments.dqa, "--json", "calibrate", "layers", "--network", arguments.network,
             "--images", arguments.images, "--count", str(arguments.count), "--rank", "greedy",
             "--bits", "3", "--extra", "3", "--policy", "paper", "--when", "image", "--over", "layer",
             "--mode", "paper", "--threads", str(arguments.threads), "-o", os.path.join(folder, "layers.toml")],
            check=True, stdout=subprocess.PIPE, text=True,
        )
        wall = time.time() - wall
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"dqa: {wall:.0f} s, {used:.0f} s of processor time, of the wall time:")
    for stage, seconds in report["stages"]:
        print(f"  {stage:<12} {seconds:8.1f} s")
    shared = []
    for a, b in zip(theirs, report["ranks"]):
        count = round(0.4 * len(a))
        shared.append(len(set(a[:count]) & set(b[:count])) / count)
    print(f"important channels on which both agree: {100 * sum(shared) / len(shared):.0f} %, "
          f"of the first tensor {100 * shared[0]:.0f} %")
    if wall > pytorch:
        raise SystemExit(f"dqa is slower than PyTorch: {wall:.1f} s, not {pytorch:.1f} s")


if __name__ == "__main__":
    main()
