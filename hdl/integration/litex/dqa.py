"""`dqa_core` as a LiteX module.

    gen-verilog --core core --out build/verilog

    from dqa import DQA

    self.dqa = DQA(platform, "build/verilog/dqa_core.v")
    self.bus.add_slave("dqa", self.dqa.bus, SoCRegion(size=DQA.SIZE, cached=False))
    self.irq.add("dqa")  # in a SoC with a CPU
    self.comb += [
        reader.source.connect(self.dqa.encode_sink),  # requests from memory, for one
        self.dqa.encode_source.connect(writer.sink),  # answers back to it
    ]

The registers lie in the SoC's address space at the region's origin, whatever the standard of its
bus. Words of the streams are those of the core: S samples of 16 bits, or one code word of W bits; S
and W are read from the Verilog. The interrupt is a level: software clears it in IRQ_STATUS of the
core, the event's own CSRs only mask it.
"""

import re
from pathlib import Path

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from litex.soc.interconnect.axi import AXILiteInterface
from litex.soc.interconnect.csr_eventmanager import EventManager, EventSourceLevel
from migen import ClockSignal, Instance, ResetSignal

# Channels of AXI4-Lite: their payload, and whether the core takes it.
CHANNELS = {
    "aw": (["addr"], True),
    "w": (["data", "strb"], True),
    "b": (["resp"], False),
    "ar": (["addr"], True),
    "r": (["data", "resp"], False),
}


def bits(verilog, port):
    """Bits of a port of the core in this text."""
    found = re.search(rf"^\s*(?:input|output) \w+\s+\[(\d+):0\] {port};", verilog, re.MULTILINE)
    if not found:
        raise ValueError(f"no port {port}: generate the core with gen-verilog --core core")
    return int(found[1]) + 1


class DQA(LiteXModule):
    """The core of the Verilog file `verilog`, in the clock domain `sys`.

    bus            AXI4-Lite slave: the registers
    encode_sink    requests to encode, 16 S bits
    encode_source  their answers, W bits
    decode_sink    requests to decode, W bits
    decode_source  their answers, 16 S bits
    ev             the interrupt
    """

    # Bytes of the registers' address space.
    SIZE = 0x1000

    def __init__(self, platform, verilog="build/verilog/dqa_core.v"):
        text = Path(verilog).read_text()
        platform.add_source(str(verilog))
        self.bus = bus = AXILiteInterface(data_width=32, address_width=32)
        self.ev = EventManager()
        self.ev.raised = EventSourceLevel(description="A bit of IRQ_STATUS that IRQ_ENABLE enables.")
        self.ev.finalize()

        ports = {
            "i_aclk": ClockSignal("sys"),
            "i_aresetn": ~ResetSignal("sys"),
            "o_irq": self.ev.raised.trigger,
        }
        for name, (payload, taken) in CHANNELS.items():
            channel = getattr(bus, name)
            to, back = ("i", "o") if taken else ("o", "i")
            ports[f"{to}_s_axil_{name}valid"] = channel.valid
            ports[f"{back}_s_axil_{name}ready"] = channel.ready
            for field in payload:
                signal = getattr(channel, field)
                if field == "addr":
                    signal = signal[: bits(text, f"s_axil_{name}addr")]
                ports[f"{to}_s_axil_{name}{field}"] = signal
        for path, prefix in [("encode", "enc"), ("decode", "dec")]:
            for end, side, to, back in [("sink", "s", "i", "o"), ("source", "m", "o", "i")]:
                name = f"{side}_axis_{prefix}"
                endpoint = stream.Endpoint([("data", bits(text, f"{name}_tdata"))])
                setattr(self, f"{path}_{end}", endpoint)
                ports[f"{to}_{name}_tdata"] = endpoint.data
                ports[f"{to}_{name}_tvalid"] = endpoint.valid
                ports[f"{back}_{name}_tready"] = endpoint.ready
                ports[f"{to}_{name}_tlast"] = endpoint.last
        self.specials += Instance("dqa_core", **ports)
