"""An ONNX graph run in PyTorch, node by node, and images in CIFAR-10's binary format."""

import numpy
import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional


def images(path, count=None):
    """The first `count` images, N x 3 x 32 x 32 bytes, and their labels."""
    records = numpy.fromfile(path, numpy.uint8).reshape(-1, 3073)[:count]
    planes = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy())
    return planes, torch.from_numpy(records[:, 0].astype(numpy.int64))


class Network:
    """A graph of the operators that small convolutional networks have."""

    def __init__(self, path, channels_last):
        graph = onnx.load(path).graph
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.input = graph.input[0].name
        self.output = graph.output[0].name
        tensors = {t.name: t for t in graph.initializer}
        self.nodes = []
        for node in graph.node:
            if node.op_type == "Constant":
                tensors[node.output[0]] = node.attribute[0].t
            else:
                self.nodes.append(node)
        self.weights = {name: torch.from_numpy(numpy_helper.to_array(t).copy()) for name, t in tensors.items()}
        for name, weight in self.weights.items():
            if weight.dim() == 4:
                self.weights[name] = weight.contiguous(memory_format=self.format)
        self.attributes = [
            {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute} for node in self.nodes
        ]
        self.made = {name: at for at, node in enumerate(self.nodes) for name in node.output}

    def readers(self, tensor):
        """Nodes that read a tensor, first to last."""
        return [at for at, node in enumerate(self.nodes) if tensor in node.input]

    def run(self, values, first, last):
        """Runs nodes `first` to `last - 1` on `values`, a dictionary of tensors."""
        for at in range(first, last):
            node = self.nodes[at]
            inputs = [values[name] if name in values else self.weights[name] for name in node.input if name]
            values[node.output[0]] = operate(node.op_type, self.attributes[at], inputs)


def operate(kind, attributes, inputs):
    """What one node makes of its inputs."""
    x = inputs[0]
    match kind:
        case "Sub":
            return x - inputs[1]
        case "Div":
            return x / inputs[1]
        case "Conv":
            bias = inputs[2] if len(inputs) > 2 else None
            strides, pads = attributes["strides"], attributes["pads"][:2]
            return functional.conv2d(x, inputs[1], bias, strides, pads, groups=attributes.get("group", 1))
        case "Relu":
            return functional.relu(x)
        case "Clip":
            return x.clamp(inputs[1].item(), inputs[2].item())
        case "Add":
            return x + inputs[1]
        case "Slice":
            starts, ends, axes = (i.tolist() for i in inputs[1:4])
            steps = inputs[4].tolist() if len(inputs) > 4 else [1] * len(axes)
            for start, end, axis, step in zip(starts, ends, axes, steps):
                length = x.shape[axis]
                x = x.index_select(axis, torch.arange(start, min(end, length), step))
            return x
        case "Pad":
            pads = inputs[1].tolist()
            half = len(pads) // 2
            pairs = [p for axis in reversed(range(half)) for p in (pads[axis], pads[axis + half])]
            return functional.pad(x, pairs)
        case "GlobalAveragePool":
            return x.mean((2, 3), keepdim=True)
        case "ReduceMean":
            return x.mean(attributes["axes"], keepdim=bool(attributes.get("keepdims", 1)))
        case "Flatten":
            return x.flatten(1)
        case "Gemm":
            return functional.linear(x, inputs[1] if attributes.get("transB") else inputs[1].T, inputs[2])
    raise SystemExit(f"this script does not run {kind}")
