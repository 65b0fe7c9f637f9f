"""A session with dqa_core by a client that this project has not written: cocotbext-axi on Icarus Verilog.

Runs in a folder with dut.v and session.json; the verdict is in results.xml.
"""

import itertools
import json
import random
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotb_tools.runner import get_runner
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

PATHS = ["enc", "dec"]
# Clocks that a counter may lag behind.
LAG = 16


def pauses(percent):
    """Pauses in so many of a hundred clocks."""
    return (random.randrange(100) < percent for _ in itertools.count())


class Client:
    """A master for the registers, and the ends of all streams."""

    def __init__(self, dut):
        of = (dut.aclk, dut.aresetn)
        self.registers = AxiLiteMaster(
            AxiLiteBus.from_prefix(dut, "s_axil"), *of, reset_active_level=False
        )
        for channel in [
            self.registers.write_if.aw_channel,
            self.registers.write_if.w_channel,
            self.registers.write_if.b_channel,
            self.registers.read_if.ar_channel,
            self.registers.read_if.r_channel,
        ]:
            channel.set_pause_generator(pauses(20))
        self.sources, self.sinks = (
            {
                path: end(
                    AxiStreamBus.from_prefix(dut, f"{name}_axis_{path}"),
                    *of,
                    reset_active_level=False,
                    byte_size=8,
                )
                for path in PATHS
            }
            for name, end in [("s", AxiStreamSource), ("m", AxiStreamSink)]
        )
        for end in [*self.sources.values(), *self.sinks.values()]:
            end.set_pause_generator(pauses(40))

    async def read(self, offset):
        answer = await self.registers.read(offset, 4)
        assert answer.resp == AxiResp.OKAY, f"read of {offset:#x}"
        return int.from_bytes(answer.data, "little")

    async def expect(self, words):
        for offset, expected in words:
            word = await self.read(offset)
            assert word == expected, f"{offset:#x}: {word:#x}, expected {expected:#x}"

    async def write(self, words):
        for offset, word in words:
            answer = await self.registers.write(offset, word.to_bytes(4, "little"))
            assert answer.resp == AxiResp.OKAY, f"write of {offset:#x}"


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def session(dut):
    plan = json.loads(Path("session.json").read_text())
    random.seed(plan["seed"])
    dut.aresetn.value = 0
    cocotb.start_soon(Clock(dut.aclk, 10, "ns").start())
    client = Client(dut)
    await ClockCycles(dut.aclk, 4)
    dut.aresetn.value = 1

    await client.expect(plan["identity"])
    await client.write(plan["loads"])
    for path in PATHS:
        for request in plan[path]["requests"]:
            await client.sources[path].send(AxiStreamFrame(bytes.fromhex(request)))
    for path in PATHS:
        for number, expected in enumerate(plan[path]["answers"]):
            answer = await with_timeout(client.sinks[path].recv(), 1, "ms")
            told = bytes(answer.tdata).hex()
            assert told == expected, f"answer {number} of {path}: {told}, expected {expected}"
    assert dut.irq.value == 1
    await ClockCycles(dut.aclk, LAG)
    await client.expect(plan["counters"])
    await client.write(plan["clears"])
    assert dut.irq.value == 0
    assert all(sink.empty() for sink in client.sinks.values())


if __name__ == "__main__":
    top = json.loads(Path("session.json").read_text())["top"]
    runner = get_runner("icarus")
    runner.build(
        sources=[Path("dut.v")],
        hdl_toplevel=top,
        always=True,
        timescale=("1ns", "1ps"),
    )
    runner.test(
        hdl_toplevel=top,
        test_module="client",
        test_dir=".",
        results_xml=str(Path("results.xml").resolve()),
    )
