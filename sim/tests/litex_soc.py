"""Writes soc.v: a LiteX SoC around dqa_core, with the core's own ports but for wider addresses.

    litex_soc.py STANDARD ORIGIN

STANDARD is that of the SoC's bus, ORIGIN where the core's registers lie; dqa_core.v is in this folder.
"""

import sys

from dqa import DQA
from litex.build.generic_platform import Pins, Subsignal
from litex.build.sim import SimPlatform
from litex.gen import ClockDomain, LiteXModule
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCMini
from litex.soc.interconnect.axi import AXILiteInterface

STREAMS = {
    "s_axis_enc": "encode_sink",
    "m_axis_enc": "encode_source",
    "s_axis_dec": "decode_sink",
    "m_axis_dec": "decode_source",
}


class Clock(LiteXModule):
    def __init__(self, platform):
        self.cd_sys = ClockDomain()
        self.comb += [
            self.cd_sys.clk.eq(platform.request("aclk")),
            self.cd_sys.rst.eq(~platform.request("aresetn")),
        ]


class SoC(SoCMini):
    mem_map = SoCMini.mem_map | {"csr": 0x8000_0000}

    def __init__(self, platform, standard, origin):
        self.crg = Clock(platform)
        super().__init__(platform, clk_freq=int(100e6), bus_standard=standard)
        self.dqa = DQA(platform, "dqa_core.v")
        self.bus.add_slave("dqa", self.dqa.bus, SoCRegion(origin, DQA.SIZE, cached=False))
        host = AXILiteInterface()
        self.bus.add_master("host", host)
        ios = host.get_ios("s_axil")
        for name, end in STREAMS.items():
            width = len(getattr(self.dqa, end).data)
            signals = {"tdata": width, "tvalid": 1, "tready": 1, "tlast": 1}
            ios.append((name, 0, *(Subsignal(s, Pins(w)) for s, w in signals.items())))
        platform.add_extension(ios)
        self.comb += host.connect_to_pads(platform.request("s_axil"), mode="slave")
        for name, end in STREAMS.items():
            pads, end = platform.request(name), getattr(self.dqa, end)
            forth = [(pads.tdata, end.data), (pads.tvalid, end.valid), (pads.tlast, end.last)]
            back = [(end.ready, pads.tready)]
            if name.startswith("m"):
                forth, back = [pair[::-1] for pair in forth], [pair[::-1] for pair in back]
            self.comb += [to.eq(by) for by, to in forth + back]
        self.comb += platform.request("irq").eq(self.dqa.ev.raised.trigger)


platform = SimPlatform("dqa", [(name, 0, Pins(1)) for name in ["aclk", "aresetn", "irq"]])
soc = SoC(platform, sys.argv[1], int(sys.argv[2]))
soc.finalize()
platform.get_verilog(soc, name="soc").write("soc.v")
