// Networks of dense layers, forwards and backwards, over a block of points.
//
// An array of features is rows of vectors, points last. Layers between at most four features, and a wide layer of ReLU
// units between two such, have code of their own, which keeps weights and sums in registers and stores no hidden unit.
#pragma once
#include "vector.hpp"

namespace libi {

enum Activation : int32_t { IDENTITY, RELU, SIGMOID, TANH, CUBE_ROOT, CUBE };

// A unit of a layer: where its weights and its bias (-1: none) are among the parameters, and its activation.
struct Unit {
    int32_t weights, bias, activation;
};

struct Layer {
    int32_t inputs, outputs;
    int32_t stride;     // between the weights of a unit
    int32_t rectified;  // whether all units are ReLU
    const Unit* units;

    float weight(const float* p, int unit, int input) const { return p[units[unit].weights + input * stride]; }
    float bias(const float* p, int unit) const { return units[unit].bias < 0 ? 0.0f : p[units[unit].bias]; }
};

struct Network {
    int32_t count;
    const Layer* layers;

    int rows() const {  // of the inputs and of all layers
        int total = layers[0].inputs;
        for (int layer = 0; layer < count; layer++) total += layers[layer].outputs;
        return total;
    }
    int outputs() const { return layers[count - 1].outputs; }
};

inline Floats activate(int32_t activation, Floats x) {
    switch (activation) {
        case RELU: return x < 0.0f ? Floats{} : x;
        case SIGMOID: return 1.0f / (1.0f + exponential(-x));
        case TANH: return 1.0f - 2.0f / (1.0f + exponential(2.0f * x));
        case CUBE_ROOT: return x == 0.0f ? x : with_sign_of(x, cube_root(absolute(x) + 1e-6f) - 1e-2f);
        case CUBE: return x * x * x;
        default: return x;
    }
}

// x times the derivative of an activation, by the activation's value y.
inline Floats times_slope(int32_t activation, Floats y, Floats x) {
    switch (activation) {
        case RELU: return y > 0.0f ? x : Floats{};
        case SIGMOID: return x * y * (1.0f - y);
        case TANH: return x * (1.0f - y * y);
        case CUBE_ROOT: {
            const Floats root = absolute(y) + 1e-2f;
            return y == 0.0f ? Floats{} : x / (3.0f * root * root);
        }
        case CUBE: {
            const Floats root = cube_root(absolute(y));
            return x * (3.0f * root * root);
        }
        default: return x;
    }
}

// The sizes of these products may be types (std::integral_constant): small ones then become straight code. Of tiles of
// products of rows whose numbers sum to `degree` or more nothing is computed.
using Unlimited = std::integral_constant<int, 1 << 20>;

// out[o] = start(o) + sum over i of weight(o, i) * in[i], for a block of `length` vectors; `finish` takes each vector.
template <class Outputs, class Inputs, class Weight, class Start, class Finish, class Degree = Unlimited>
inline void multiply(Outputs outputs, Inputs inputs, const Weight& weight, const Floats* in, int row, int length,
                     const Start& start, const Finish& finish, Degree degree = {}) {
    constexpr int high = 4, wide = GROUP;
    for (int v = 0; v < length; v += wide)
        for (int o = 0; o < outputs; o += high) {
            Floats total[high][wide];
            int unit[high];  // those beyond the last are the last once more
            for (int r = 0; r < high; r++) {
                unit[r] = std::min<int>(o + r, outputs - 1);
                for (int c = 0; c < wide; c++) total[r][c] = splat(start(unit[r]));
            }
            for (int i = 0; i < inputs && i + o < degree; i++) {
                Floats x[wide];
                for (int c = 0; c < wide; c++) {
                    x[c] = in[i * row + v + c];
                    IN_REGISTER(x[c]);
                }
                for (int r = 0; r < high && r < outputs; r++) {
                    const float w = weight(unit[r], i);
                    for (int c = 0; c < wide; c++) total[r][c] += w * x[c];
                }
            }
            for (int r = 0; r < high && o + r < outputs; r++)
                for (int c = 0; c < wide; c++) finish(o + r, v + c, total[r][c]);
        }
}

constexpr int small(int) { return 4; }
template <int size>
constexpr int small(std::integral_constant<int, size>) {
    return size;
}

// add(a, b, sum of first[a] * second[b] over a block) for all pairs of rows.
template <class RowCount, class ColumnCount, class Add, class Degree = Unlimited>
inline void correlate(RowCount rows, ColumnCount columns, const Floats* first, const Floats* second, int row,
                      int length, const Add& add, Degree degree = {}) {
    constexpr int high = std::min(4, small(RowCount{})), wide = std::min(LANES == 8 ? 2 : 4, small(ColumnCount{}));
    for (int a = 0; a < rows; a += high)
        for (int b = 0; b < columns && a + b < degree; b += wide) {
            const Floats *left[high], *right[wide];  // rows beyond the last are the last once more
            for (int r = 0; r < high; r++) left[r] = first + std::min<int>(a + r, rows - 1) * row;
            for (int c = 0; c < wide; c++) right[c] = second + std::min<int>(b + c, columns - 1) * row;
            Floats totals[high * wide] = {};
            for (int v = 0; v < length; v++) {
                Floats x[wide];
                for (int c = 0; c < wide; c++) {
                    x[c] = right[c][v];
                    IN_REGISTER(x[c]);
                }
                for (int r = 0; r < high; r++) {
                    const Floats y = left[r][v];
                    for (int c = 0; c < wide; c++) totals[r * wide + c] += y * x[c];
                }
            }
            take_sums<high * wide>(totals, [&](int rc, float total) {
                if (a + rc / wide < rows && b + rc % wide < columns) add(a + rc / wide, b + rc % wide, total);
            });
        }
}

template <class Outputs>
inline void add_biases(const Layer& layer, Outputs outputs, float* gradient, const Floats* top, int row, int length) {
    constexpr int high = std::min(LANES, small(Outputs{}) == 4 && !std::is_integral<Outputs>::value ? 4 : LANES);
    for (int o = 0; o < outputs; o += high) {
        Floats totals[high] = {};
        for (int v = 0; v < length; v++)
            for (int r = 0; r < high; r++) totals[r] += top[std::min<int>(o + r, outputs - 1) * row + v];
        take_sums<high>(totals, [&](int r, float total) {
            if (o + r < outputs && layer.units[o + r].bias >= 0) gradient[layer.units[o + r].bias] += total;
        });
    }
}

// A layer.
template <class Inputs, class Outputs>
struct Dense {
    static void forwards(const Layer& layer, Inputs inputs, Outputs outputs, const float* p, const Floats* in,
                         Floats* out, int row, int length) {
        multiply(
            outputs, inputs, [&](int o, int i) { return layer.weight(p, o, i); }, in, row, length,
            [&](int o) { return layer.bias(p, o); }, [&](int o, int v, Floats x) { out[o * row + v] = x; });
    }

    // From the derivatives by the layer's sums in `top`, and its inputs in `bottom`; finish(i, v, x) takes those by the
    // inputs.
    template <class Finish>
    static void backwards(const Layer& layer, Inputs inputs, Outputs outputs, const float* p, float* gradient,
                          const Floats* top, const Floats* bottom, int row, int length, const Finish* finish) {
        if (gradient) {
            correlate(outputs, inputs, top, bottom, row, length,
                      [&](int o, int i, float total) { gradient[layer.units[o].weights + i * layer.stride] += total; });
            add_biases(layer, outputs, gradient, top, row, length);
        }
        if (finish)
            multiply(
                inputs, outputs, [&](int i, int o) { return layer.weight(p, o, i); }, top, row, length,
                [](int) { return 0.0f; }, *finish);
    }
};

// A layer of ReLU units, and one of few outputs on top of it. The units are computed twice and never stored.
template <int IN, int OUT>
struct Hidden {
    static void forwards(const Layer& hidden, const Layer& top, const float* p, const Floats* in, Floats* out, int row,
                         int length) {
        constexpr int wide = IN + OUT > 4 ? 2 : 4;
        for (int v = 0; v < length; v += wide) {
            Floats total[OUT][wide];
            for (int o = 0; o < OUT; o++)
                for (int c = 0; c < wide; c++) total[o][c] = splat(top.bias(p, o));
            Floats x[IN][wide];
            for (int i = 0; i < IN; i++)
                for (int c = 0; c < wide; c++) x[i][c] = in[i * row + v + c];
            for (int u = 0; u < hidden.outputs; u++) {
                const float *w = p + hidden.units[u].weights, bias = hidden.bias(p, u);
                for (int c = 0; c < wide; c++) {
                    Floats value = splat(bias);
                    for (int i = 0; i < IN; i++) value += w[i * hidden.stride] * x[i][c];
                    value = activate(RELU, value);
                    for (int o = 0; o < OUT; o++) total[o][c] += top.weight(p, o, u) * value;
                }
            }
            for (int o = 0; o < OUT; o++)
                for (int c = 0; c < wide; c++) out[o * row + v + c] = total[o][c];
        }
    }

    // Two units at a time; `by_input` are IN rows for the derivatives by the inputs, null if nobody wants them.
    template <bool wanted>
    static void backwards(const Layer& hidden, const Layer& top, const float* p, float* gradient, const Floats* slopes,
                          const Floats* in, Floats* by_input, int row, int length) {
        constexpr int EACH = IN + 1 + OUT;  // parameters of a unit
        for (int u = 0; u < hidden.outputs; u += 2) {
            const int unit[2] = {u, std::min(u + 1, hidden.outputs - 1)};
            float w[2][IN], t[2][OUT], bias[2];
            for (int s = 0; s < 2; s++) {
                const bool twice = s && unit[1] == u;  // the only one of the last pair, which must not count again
                bias[s] = hidden.bias(p, unit[s]);
                for (int i = 0; i < IN; i++) w[s][i] = hidden.weight(p, unit[s], i);
                for (int o = 0; o < OUT; o++) t[s][o] = twice ? 0.0f : top.weight(p, o, unit[s]);
            }
            Floats totals[2 * EACH] = {};
            for (int v = 0; v < length; v++) {
                Floats x[IN], d[OUT];
                for (int i = 0; i < IN; i++) x[i] = in[i * row + v];
                for (int o = 0; o < OUT; o++) d[o] = slopes[o * row + v];
                for (int s = 0; s < 2; s++) {
                    Floats value = splat(bias[s]), slope = t[s][0] * d[0];
                    for (int i = 0; i < IN; i++) value += w[s][i] * x[i];
                    for (int o = 1; o < OUT; o++) slope += t[s][o] * d[o];
                    const auto off = value <= 0.0f;
                    slope = off ? Floats{} : slope;
                    value = off ? Floats{} : value;
                    for (int i = 0; i < IN; i++) totals[s * EACH + i] += slope * x[i];
                    totals[s * EACH + IN] += slope;
                    for (int o = 0; o < OUT; o++) totals[s * EACH + IN + 1 + o] += d[o] * value;
                    for (int i = 0; i < IN && wanted; i++) by_input[i * row + v] += w[s][i] * slope;
                }
            }
            if (!gradient) continue;
            take_sums<2 * EACH>(totals, [&](int number, float total) {
                const int s = number / EACH, part = number % EACH;
                if (s && unit[1] == u) return;
                if (part < IN)
                    gradient[hidden.units[unit[s]].weights + part * hidden.stride] += total;
                else if (part > IN)
                    gradient[top.units[part - IN - 1].weights + unit[s] * top.stride] += total;
                else if (hidden.units[unit[s]].bias >= 0)
                    gradient[hidden.units[unit[s]].bias] += total;
            });
        }
        if (gradient) add_biases(top, std::integral_constant<int, OUT>{}, gradient, slopes, row, length);
    }
};

// Calls `body` with the numbers of inputs and outputs as types, if there is code for them; says whether there is.
template <class Body>
inline bool narrow(int inputs, int outputs, const Body& body) {
    using Two = std::integral_constant<int, 2>;
    using Four = std::integral_constant<int, 4>;
    if ((inputs != 2 && inputs != 4) || (outputs != 2 && outputs != 4)) return false;
    if (inputs == 2)
        outputs == 2 ? body(Two{}, Two{}) : body(Two{}, Four{});
    else
        outputs == 2 ? body(Four{}, Two{}) : body(Four{}, Four{});
    return true;
}

// Whether layers `number` and the next are computed as one.
inline bool fused(const Network& network, int number) {
    if (number + 1 >= network.count) return false;
    const Layer &layer = network.layers[number], &next = network.layers[number + 1];
    return layer.rectified && layer.outputs > 4 && narrow(layer.inputs, next.outputs, [](auto, auto) {});
}

// A block of points in `rows`: the inputs, then the outputs of each layer, one after the other. Fills the layers and
// returns where the last one is. Without `outputs`, only what `backwards` needs.
inline Floats* forwards(const Network& network, const float* p, Rows& rows, int length, bool outputs = true) {
    Floats* in = rows[0];
    const int row = rows.length;
    for (int number = 0; number < network.count; number++) {
        const bool two = fused(network, number);
        const Layer &first = network.layers[number], &last = network.layers[number + two];
        Floats* out = in + first.inputs * row + two * first.outputs * row;
        if (outputs || number + two + 1 < network.count) {
            const bool done = narrow(first.inputs, last.outputs, [&](auto i, auto o) {
                constexpr int IN = decltype(i)::value, OUT = decltype(o)::value;
                if (two)
                    Hidden<IN, OUT>::forwards(first, last, p, in, out, row, length);
                else
                    Dense<decltype(i), decltype(o)>::forwards(first, i, o, p, in, out, row, length);
            });
            if (!done) Dense<int, int>::forwards(first, first.inputs, first.outputs, p, in, out, row, length);
            for (int o = 0; o < last.outputs; o++)
                for (int v = 0; v < length && last.units[o].activation != IDENTITY; v++)
                    out[o * row + v] = activate(last.units[o].activation, out[o * row + v]);
        }
        number += two;
        in = out;
    }
    return in;
}

// The derivatives of a loss, from those by the sums of the last layer (before its activations), which stand in `rows`
// in the place of its outputs. They are added to `gradient`, unless that is null; those by the inputs, if asked for,
// take the inputs' place. All rows are overwritten.
inline void backwards(const Network& network, const float* p, float* gradient, Rows& rows, int length, bool by_inputs,
                      Rows& scratch) {
    const int row = rows.length;
    Floats* top = rows[network.rows() - network.outputs()];
    for (int number = network.count - 1; number >= 0; number--) {
        const bool two = number > 0 && fused(network, number - 1) && !(number > 1 && fused(network, number - 2));
        const Layer &first = network.layers[number - two], &last = network.layers[number];
        const Layer* below = (number - two) ? &first - 1 : nullptr;
        Floats* bottom = top - (first.inputs + two * first.outputs) * row;
        const bool wanted = below || by_inputs;
        auto finish = [=](int i, int v, Floats x) {
            Floats& y = bottom[i * row + v];
            y = below ? times_slope(below->units[i].activation, y, x) : x;
        };
        const bool done = narrow(first.inputs, last.outputs, [&](auto i, auto o) {
            constexpr int IN = decltype(i)::value, OUT = decltype(o)::value;
            if (!two)
                return Dense<decltype(i), decltype(o)>::backwards(first, i, o, p, gradient, top, bottom, row, length,
                                                                  wanted ? &finish : nullptr);
            if (!wanted)
                return Hidden<IN, OUT>::template backwards<false>(first, last, p, gradient, top, bottom, nullptr, row,
                                                                  length);
            std::fill_n(scratch[0], IN * row, Floats{});
            Hidden<IN, OUT>::template backwards<true>(first, last, p, gradient, top, bottom, scratch[0], row, length);
            for (int i = 0; i < IN; i++)
                for (int v = 0; v < length; v++) finish(i, v, scratch[i][v]);
        });
        if (!done)
            Dense<int, int>::backwards(first, first.inputs, first.outputs, p, gradient, top, bottom, row, length,
                                       wanted ? &finish : nullptr);
        number -= two;
        top = bottom;
    }
}

}  // namespace libi
