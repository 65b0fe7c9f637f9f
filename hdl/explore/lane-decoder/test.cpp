// Random streams, limits, masks and stalls against a bit-by-bit decoder. Prints what it checked.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <vector>
#include "Vlane.h"
using Rng = std::mt19937;
struct Code { unsigned limit[8]; int raw; };
// A complete random code: splits leaves, at most 7 deep limits; limit[k] = first k-bit prefix longer than k.
static Code random_code(Rng &r) {
    std::vector<int> count(9); count[1] = 2;
    for (int i = r() % 60; i; i--) { int k = 1 + r() % 7; if (count[k]) { count[k]--; count[k + 1] += 2; } }
    Code c; unsigned code = 0;
    for (int k = 1; k < 8; k++) { code = 2 * code + count[k]; c.limit[k] = code; }
    c.raw = r() % 7;
    return c;
}
int main() {
    Vlane d; Rng r(1); long steps = 0, crossings = 0, idle = 0; d.clk = 0; d.eval();
    for (int packet = 0; packet < 300; packet++) {
        std::vector<bool> bits; std::deque<uint64_t> words;
        auto edge = [&] { d.clk = 1; d.eval(); d.clk = 0; d.eval(); };
        auto tick = [&] {
            edge();
#ifdef CSLOW  // the other sub-stream's turn: anything
            d.word_data = ~d.word_data; d.word_valid = r() % 2; d.eval();
            d.step = !d.rst && d.available; edge();
#endif
        };
        d.rst = 1; d.step = d.mask = d.word_valid = 0; tick(); d.rst = 0;
        size_t at = 0; int owed = 2; Code c = random_code(r); int slow = packet % 3;
        bool crossed = false;
        auto load = [&] {
#ifdef MEMORY
            d.load = 1; d.bank = 1;
            for (int i = 0; i < 16; i++) {
                unsigned u = 0, l = 0;
                for (int k = 1; k < 5; k++) u |= (unsigned(i) >> (4 - k) >= c.limit[k]) << (k - 1);
                for (int k = 5; k < 8; k++) {
                    u |= (i > int(c.limit[k] >> (k - 4))) << (k - 1) | (i == int(c.limit[k] >> (k - 4))) << (k + 2);
                    l |= (unsigned(i) >> (8 - k) >= (c.limit[k] & ((1 << (k - 4)) - 1))) << (k - 5);
                }
                d.load_at = 16 + i; d.load_data = l << 10 | u; edge();
            }
            d.load = 0;
#endif
        };
        load();
        for (int cycle = 0; cycle < 2000; cycle++) {
            if (r() % 32 == 0) {
                c = random_code(r);
#ifdef MEMORY
                d.step = d.word_valid = 0; load();
#endif
            }
            for (int k = 1; k < 8; k++) {
                int b = 8 * (k - 1);
                d.limits = (d.limits & ~(255ull << b)) | (uint64_t)c.limit[k] << b;
            }
            d.raw = c.raw;
            d.word_valid = owed > 0 && (slow != 1 || r() % 8 == 0);
            uint64_t word = ((uint64_t)r() << 32 | r()) & (r() % 4 ? ~0ull : r() % 2 ? ~0ull << 32 : 0);
            if (r() % 8 == 0) word = ~word;
            if (WORD == 32) word &= 0xffffffff;
            d.word_data = word; d.step = 0; d.eval();
            bool take = d.word_valid && d.word_ready;
            d.step = d.available && (slow != 2 || r() % 2); d.mask = r() % 8 != 0;
            if (!d.available) idle++;
            bool step = d.step, mask = d.mask; d.eval();
            tick();
            if (take) { owed--; for (int i = WORD; i--;) bits.push_back(word >> i & 1); }
            crossed = false;
            if (step) {
                unsigned w = 0; for (int i = 0; i < 14; i++) w = 2 * w + (at + i < bits.size() && bits[at + i]);
                int n = 1; unsigned t = 0;
                for (int k = 1; k < 8; k++) if (w >> (14 - k) >= c.limit[k]) { n = k + 1; t |= 1 << (k - 1); }
                if (at + n + c.raw > bits.size()) { printf("no bits\n"); return 1; }
                unsigned seen = ~0u << (14 - n - c.raw) & 0x3fff;
                if ((d.window & seen) != (w & seen) || d.length != t) {
                    printf("packet %d cycle %d: window %x for %x, length %x for %x\n", packet, cycle, d.window, w, d.length, t);
                    return 1;
                }
                if (mask) { size_t next = at + n + c.raw; crossed = next / WORD > at / WORD; at = next; owed += crossed; }
                steps++; crossings += crossed;
            }
            if (d.crossed != crossed) { printf("packet %d cycle %d: crossed\n", packet, cycle); return 1; }
        }
    }
    printf("ok: %ld steps, %ld crossings, %ld clocks without bits\n", steps, crossings, idle);
}
