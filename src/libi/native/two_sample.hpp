// Smooth nearest neighbours in a pool of two samples, in float64: see libi.statistics.two_sample.
#pragma once
#include "vector.hpp"

namespace libi {

constexpr int WIDE = LANES / 2;
typedef double Doubles __attribute__((vector_size(8 * WIDE)));
typedef int64_t Longs __attribute__((vector_size(8 * WIDE)));

// exp to 1e-15 of its value, for x <= 0; below -700 it is exp(-700).
inline Doubles exponential(Doubles x) {
    x = x < -700.0 ? Doubles{} - 700.0 : x;
    const double shift = 6755399441055744.0;  // 1.5 * 2^52
    const Doubles shifted = x * 1.4426950408889634 + shift, n = shifted - shift;
    const Doubles r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
    Doubles p = Doubles{} + 1.0 / 479001600;
    for (double factorial : {39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0})
        p = p * r + 1.0 / factorial;
    return (Doubles)((Longs)p + ((Longs)shifted << 52));
}

inline Doubles square_root(Doubles x) {
    double values[WIDE];
    std::memcpy(values, &x, sizeof x);
    for (double& value : values) value = __builtin_sqrt(value);
    std::memcpy(&x, values, sizeof x);
    return x;
}

inline double sum(Doubles x) {
    double total = 0;
    for (int lane = 0; lane < WIDE; lane++) total += x[lane];
    return total;
}

// The points of a pool, first sample first, and what is summed of them. Rows are whole vectors.
class Pool {
  public:
    Pool(int first, int second, int features)
        : first(first),
          points(first + second),
          features(features),
          row((points + WIDE - 1) / WIDE),
          storage(size_t(features + points + ROWS) * row * WIDE + WIDE) {
        for (int i = 0; i < first; i++) at(IN_FIRST, i) = 1;
    }

    // T; the sum of M² + M∘Mᵀ; and row sum plus column sum of each point. Returns the least sum of a row of weights.
    double summarise(const double* const samples[2], double smoothness, double& between, double& squares,
                     double* degree) {
        take(samples);
        for (int kind : {OWN, OTHER, SQUARE, COLUMN}) std::fill_n(of(kind), row, Doubles{});
        for (int i = 0; i < points; i++) weigh(i, smoothness);
        double least = INFINITY;
        for (int i = 0; i < points; i++) {
            const double sum = at(OWN, i) + at(OTHER, i);
            least = std::min(least, sum);
            at(OWN, i) = 1 / sum;
        }
        between = squares = 0;
        double cross = 0;
        for (int i = 0; i < points; i++) {
            cross += at(OWN, i) * spread(i);
            between += at(OWN, i) * at(OTHER, i);
            squares += at(OWN, i) * at(OWN, i) * at(SQUARE, i);
        }
        squares += 2 * cross;
        for (int i = 0; i < points; i++) degree[i] = 1 + at(COLUMN, i);
        return least;
    }

  private:
    // Sums of weights in the own sample (then the inverse of all), in the other, of squares, of columns.
    enum { OWN, OTHER, SQUARE, COLUMN, IN_FIRST, ROWS };

    Doubles* start() {
        const auto address = reinterpret_cast<uintptr_t>(storage.data());
        return reinterpret_cast<Doubles*>((address + sizeof(Doubles) - 1) / sizeof(Doubles) * sizeof(Doubles));
    }
    Doubles* of(int kind) { return start() + size_t(features + points + kind) * row; }
    double& at(int kind, int point) { return reinterpret_cast<double*>(of(kind))[point]; }
    Doubles* feature(int k) { return start() + size_t(k) * row; }
    Doubles* weights(int i) { return start() + size_t(features + i) * row; }

    void take(const double* const samples[2]) {
        const int sizes[2] = {first, points - first};
        for (int k = 0; k < features; k++) {
            double* to = reinterpret_cast<double*>(feature(k));
            for (int s = 0; s < 2; s++) to = std::copy_n(samples[s] + size_t(k) * sizes[s], sizes[s], to);
            std::fill(to, reinterpret_cast<double*>(feature(k + 1)), 1e150);  // far from all points
        }
    }

    // Weights of point i and all after it, added to the sums of both.
    void weigh(int i, double smoothness) {
        Doubles mine{}, others{}, squares{};
        const double sign = i < first ? 1 : -1;
        Doubles *own = of(OWN), *other = of(OTHER), *square = of(SQUARE), *in_first = of(IN_FIRST), *to = weights(i);
        for (int v = (i + 1) / WIDE; v < row; v++) {
            Doubles distance = Doubles{} + 1e-5;
            for (int k = 0; k < features; k++) {
                const Doubles step = feature(k)[v] - reinterpret_cast<double*>(feature(k))[i];
                distance += step * step;
            }
            Doubles weight = exponential(-smoothness * square_root(distance));
            for (int lane = 0; lane < WIDE && v * WIDE <= i; lane++)
                weight[lane] = v * WIDE + lane > i ? weight[lane] : 0;
            const Doubles same = (sign > 0 ? in_first[v] : 1.0 - in_first[v]) * weight, across = weight - same;
            const Doubles power = weight * weight;
            to[v] = weight;
            own[v] += same, other[v] += across, square[v] += power;
            mine += same, others += across, squares += power;
        }
        at(OWN, i) += sum(mine);
        at(OTHER, i) += sum(others);
        at(SQUARE, i) += sum(squares);
    }

    // Adds the weights of point i and all after it to sums of columns; returns the sum of their squares over row sums.
    double spread(int i) {
        Doubles column{}, squares{};
        const double inverse = at(OWN, i);
        Doubles *inverses = of(OWN), *columns = of(COLUMN), *from = weights(i);
        for (int v = (i + 1) / WIDE; v < row; v++) {
            const Doubles weight = from[v], scaled = weight * inverses[v];
            columns[v] += inverse * weight;
            column += scaled;
            squares += scaled * weight;
        }
        at(COLUMN, i) += sum(column);
        return sum(squares);
    }

    const int first, points, features, row;
    std::vector<double> storage;
};

}  // namespace libi
