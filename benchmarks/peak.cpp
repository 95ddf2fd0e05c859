// What arithmetic costs on this core when nothing else is in its way: loops whose values never leave the registers.
#include "draws.hpp"
#include "network.hpp"
#include "two_sample.hpp"

using namespace libi;

namespace {

// Calls `apply` on independent vectors again and again, so that its latency is hidden; returns something of them.
template <class Apply>
float repeat(long times, const Apply& apply) {
    constexpr int side_by_side = 12;
    Floats x[side_by_side];
    for (int i = 0; i < side_by_side; i++) x[i] = splat(0.01f * i - 0.05f);
    for (long time = 0; time < times; time += side_by_side)
        for (int i = 0; i < side_by_side; i++) x[i] = apply(x[i]);
    Floats all{};
    for (int i = 0; i < side_by_side; i++) all += x[i];
    return sum(all);
}

}  // namespace

extern "C" {

int lanes() { return LANES; }

float multiply_add(long times) {
    return repeat(times, [](Floats x) { return x * 0.999f + 0.001f; });
}

float exponential_function(long times) {
    return repeat(times, [](Floats x) { return exponential(x) - 1.0f; });
}

float sigmoid(long times) {
    return repeat(times, [](Floats x) { return activate(SIGMOID, x); });
}

float cube_root_function(long times) {
    return repeat(times, [](Floats x) { return activate(CUBE_ROOT, x); });
}

// Two normal draws a time.
float normal_pair(long times) {
    const uint32_t key[2] = {1, 2};
    Floats all{}, first[GROUP], second[GROUP];
    for (long time = 0; time < times; time += GROUP) {
        normal_draws(key, time * LANES, first, second);
        for (int v = 0; v < GROUP; v++) all += first[v] + second[v];
    }
    return sum(all);
}

// The weight of a pair of points by their squared distance, in float64; half as many lanes.
double pair_weight(long times) {
    constexpr int side_by_side = 8;
    Doubles x[side_by_side], all{};
    for (int i = 0; i < side_by_side; i++) x[i] = Doubles{} + 0.1 * i;
    for (long time = 0; time < times; time += side_by_side)
        for (int i = 0; i < side_by_side; i++) x[i] = exponential(-square_root(x[i]));
    for (int i = 0; i < side_by_side; i++) all += x[i];
    return sum(all);
}

}  // extern "C"
