// A model and its context behind C functions, with ports by number.
//
// `ports.inc`, which is made from the class that Verilator declares, lists `&model.<port>,`.
#include "Vmodel.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
#endif

namespace {

// What has no initial value begins at random: a register that needs a reset shows itself.
VerilatedContext* seeded(VerilatedContext* context, int seed) {
    context->randReset(2);
    context->randSeed(seed);
    return context;
}

struct Instance {
    VerilatedContext context;
    Vmodel model;
#if VM_TRACE_FST
    VerilatedFstC fst;
#endif

    Instance(int seed, const char* trace) : model(seeded(&context, seed)) {
#if VM_TRACE_FST
        if (trace) {
            context.traceEverOn(true);
            model.trace(&fst, 99);
            fst.open(trace);
        }
#else
        (void)trace;
#endif
    }

    ~Instance() {
#if VM_TRACE_FST
        if (fst.isOpen()) fst.close();
#endif
        model.final();
    }

    void advance() {
#if VM_TRACE_FST
        if (fst.isOpen()) fst.dump(context.time());
#endif
        context.timeInc(1);
    }

    void* port(int index) {
        void* const ports[] = {
#include "ports.inc"
        };
        return ports[index];
    }
};

}  // namespace

extern "C" {
Instance* dqa_new(int seed, const char* trace) { return new Instance(seed, trace); }
void dqa_delete(Instance* instance) { delete instance; }
void dqa_eval(Instance* instance) { instance->model.eval(); }
void dqa_advance(Instance* instance) { instance->advance(); }
void* dqa_port(Instance* instance, int index) { return instance->port(index); }
}

// Wanted by Verilator's runtime, which takes the time from the context instead.
double sc_time_stamp() { return 0; }
