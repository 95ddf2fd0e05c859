// The Henze–Zirkler statistic of two-dimensional samples, and its gradient.
//
// HZ = n * sum over j, k of weight_jk * (mean of f_j(u) f_k(v) - target_jk)² for the whitened coordinates u and v of
// each point, and Hermite functions f of one coordinate: see libi.statistics.gaussianity.
#pragma once
#include "network.hpp"

namespace libi {

// f_0 = start * exp(-decay u²), f_{k+1} = a_k u f_k - b_k f_{k-1}, and f_k' = c_k f_{k-1} - 2 decay u f_k.
struct Statistic {
    int32_t size;
    float decay, start;
    const float* recurrence;  // a, b, c: [size, 3]
    const float* weights;     // [size, size]
    const float* targets;     // [size, size]

    // The functions of a group of vectors, in as many rows.
    void evaluate(const Floats* u, Floats* rows, int row) const {
        Floats before[GROUP] = {}, now[GROUP];
        for (int v = 0; v < GROUP; v++) now[v] = start * exponential(-decay * (u[v] * u[v]));
        for (const float* k = recurrence; k < recurrence + 3 * size; k += 3, rows += row)
            for (int v = 0; v < GROUP; v++) {
                rows[v] = now[v];
                const Floats next = (k[0] * u[v]) * now[v] - k[1] * before[v];
                before[v] = now[v];
                now[v] = next;
            }
    }

    // The derivative of a loss by u, from those by the functions.
    Floats derivative(Floats u, const Floats* rows, int row, const Floats* slopes, int slope_row) const {
        Floats level = slopes[0] * rows[0], lowered{};
        for (int k = 1; k < size; k++) {
            const Floats slope = slopes[k * slope_row];
            level += slope * rows[k * row];
            lowered += recurrence[3 * k + 2] * (slope * rows[(k - 1) * row]);
        }
        return lowered - (2.0f * decay) * (u * level);
    }
};

inline float product(const Floats* first, const Floats* second, int length) {
    Floats all[GROUP] = {};
    for (int v = 0; v < length; v++) all[v % GROUP] += first[v] * second[v];
    return sum((all[0] + all[1]) + (all[2] + all[3]));
}

// Floors of variances, as in libi.statistics.gaussianity: of the size of rounding errors.
constexpr float RELATIVE_FLOOR = 16 * 1.1920929e-7f * 16 * 1.1920929e-7f, ABSOLUTE_FLOOR = 1.0842022e-19f;

class HenzeZirkler {
  public:
    HenzeZirkler(const Statistic& statistic, int points)
        : s(statistic),
          n(points),
          length(vectors_of(points)),
          row(row_for(points)),
          on(1, row),
          white(2, row),
          of_white(2, row),
          functions(2 * s.size, std::min(row, int(BLOCK))),
          of_functions(s.size, PART),
          means(s.size * s.size) {
        fill(on[0], points, 1);
    }

    // A row less its mean, 0 beyond the last point; returns the mean.
    float centre(const Floats* codes, Floats* to) {
        const float mean = product(codes, on[0], length) / n;
        for (int v = 0; v < length; v++) to[v] = (codes[v] - mean) * on[0][v];
        return mean;
    }

    // The statistic of two rows of coordinates, centred at 0, which are 0 beyond the last point. Adds scale(statistic)
    // times its derivatives to two further rows.
    template <class Scale>
    float operator()(Rows& codes, Rows& of_codes, const Scale& scale) {
        whiten(codes);
        const float value = compare();
        differentiate(scale(value));
        unwhiten(codes[1], of_codes);
        return value;
    }

  private:
    enum { BLOCK = 32, PART = 8 };  // vectors whose functions are kept, and for which derivatives are computed, at once

    void whiten(Rows& codes) {
        const float variance = product(codes[0], codes[0], length) / n;
        scale_0 = 1 / std::sqrt(variance * (1 + RELATIVE_FLOOR) + ABSOLUTE_FLOOR);
        share = product(codes[0], codes[1], length) / n * scale_0;
        for (int v = 0; v < length; v++) {
            white[0][v] = codes[0][v] * scale_0;
            white[1][v] = codes[1][v] - share * white[0][v];
        }
        const float floor = RELATIVE_FLOOR * product(codes[1], codes[1], length) / n + ABSOLUTE_FLOOR;
        scale_1 = 1 / std::sqrt(product(white[1], white[1], length) / n + floor);
        for (int v = 0; v < length; v++) white[1][v] *= scale_1;
    }

    void evaluate(int start, int count) {
        for (int axis = 0; axis < 2; axis++)
            for (int v = 0; v < count; v += GROUP)
                s.evaluate(white[axis] + start + v, functions[axis * s.size] + v, functions.length);
    }

    float compare() {
        std::fill(means.begin(), means.end(), 0.0f);
        for (int start = 0; start < length; start += BLOCK) {
            const int count = std::min(length - start, int(BLOCK));
            evaluate(start, count);
            if (start + count == length)
                for (int k = 0; k < s.size; k++) functions[k][count - 1] *= on[0][length - 1];
            correlate(
                s.size, s.size, functions[0], functions[s.size], functions.length, count,
                [&](int j, int k, float total) { means[j * s.size + k] += total; }, s.size);
        }
        double value = 0;
        for (int jk = 0; jk < s.size * s.size; jk++) {
            const float deviation = means[jk] / n - s.targets[jk];
            value += double(s.weights[jk]) * deviation * deviation;
            means[jk] = 2 * s.weights[jk] * deviation;  // derivative of the statistic by the sum
        }
        return n * value;
    }

    void differentiate(float scale) {
        for (float& slope : means) slope *= scale;
        const int row = functions.length, size = s.size;
        auto none = [](int) { return 0.0f; };
        auto keep = [&](int k, int v, Floats x) { of_functions[k][v] = x; };
        for (int start = 0; start < length; start += PART) {
            const int count = std::min(length - start, int(PART)), offset = length > BLOCK ? 0 : start;
            if (length > BLOCK) evaluate(start, count);
            Floats* rows[2] = {functions[0] + offset, functions[size] + offset};
            for (int axis = 0; axis < 2; axis++) {
                if (axis == 0)
                    multiply(
                        size, size, [&](int j, int k) { return means[j * size + k]; }, rows[1], row, count, none, keep,
                        size);
                else
                    multiply(
                        size, size, [&](int k, int j) { return means[j * size + k]; }, rows[0], row, count, none, keep,
                        size);
                for (int v = 0; v < count; v++)
                    of_white[axis][start + v] = on[0][start + v] * s.derivative(white[axis][start + v], rows[axis] + v,
                                                                                row, of_functions[0] + v, PART);
            }
        }
    }

    // v = scale_1 * rest, rest = second - share * u, share = mean of second * u, u = scale_0 * first.
    void unwhiten(const Floats* second, Rows& of_codes) {
        Floats *u = white[0], *v = white[1], *of_u = of_white[0], *of_v = of_white[1];
        const float of_scale_1 = -scale_1 * product(of_v, v, length) / n, floor = of_scale_1 * scale_1 * RELATIVE_FLOOR;
        for (int i = 0; i < length; i++) of_v[i] = scale_1 * of_v[i] + of_scale_1 * v[i];
        const float of_share = -product(of_v, u, length) / n;
        for (int i = 0; i < length; i++) of_u[i] += of_share * second[i] - share * of_v[i];
        const float of_scale_0 = -scale_0 * product(of_u, u, length) / n * (1 + RELATIVE_FLOOR);
        for (int i = 0; i < length; i++) {
            of_u[i] = scale_0 * of_u[i] + of_scale_0 * u[i];
            of_v[i] += of_share * u[i] + floor * second[i];
        }
        for (int axis = 0; axis < 2; axis++) {
            const float mean = product(of_white[axis], on[0], length) / n;
            for (int i = 0; i < length; i++) of_codes[axis][i] += of_white[axis][i] - mean;
        }
    }

    const Statistic s;
    const float n;
    const int length, row;
    Rows on, white, of_white, functions, of_functions;
    std::vector<float> means;
    float scale_0, scale_1, share;
};

}  // namespace libi
