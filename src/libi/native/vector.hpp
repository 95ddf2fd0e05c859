// Vectors of float32 as wide as the processor's registers, and the functions of them that training needs.
//
// Only vector extensions that GCC and Clang share are used; the compiler's flags decide which instructions they become.
// Every function keeps NaN, so that a model whose loss stops being finite can be told.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#define INLINE inline __attribute__((always_inline))

// GCC for x86 would load a value from memory at each of its uses.
#if defined(__x86_64__) && !defined(__clang__)
#define IN_REGISTER(x) asm("" : "+v"(x))
#else
#define IN_REGISTER(x)
#endif

namespace libi {

#if defined(__AVX512F__)
constexpr int LANES = 16;
#elif defined(__AVX__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));
typedef uint32_t Words __attribute__((vector_size(4 * LANES)));

inline Floats splat(float value) { return Floats{} + value; }
inline Floats as_floats(Ints bits) { return (Floats)bits; }
inline Floats to_floats(Ints values) { return __builtin_convertvector(values, Floats); }

inline Floats load(const float* from) {
    Floats values;
    std::memcpy(&values, from, sizeof values);
    return values;
}

inline Floats absolute(Floats x) { return as_floats((Ints)x & INT32_MAX); }
inline Floats with_sign_of(Floats sign, Floats size) { return as_floats((Ints)size | ((Ints)sign & INT32_MIN)); }
inline Floats bounded(Floats x, float low, float high) { return x < low ? splat(low) : x > high ? splat(high) : x; }

inline Floats nearest(Floats x) {     // whole number, for |x| < 2^22
    const float shift = 12582912.0f;  // 1.5 * 2^23
    return (x + shift) - shift;
}

inline Floats square_root(Floats x) {
    float values[LANES];
    std::memcpy(values, &x, sizeof x);
    for (float& value : values) value = __builtin_sqrtf(value);
    std::memcpy(&x, values, sizeof x);
    return x;
}

// A polynomial, coefficients of the highest power first.
template <class... Rest>
inline Floats polynomial(Floats x, float first, Rest... rest) {
    Floats value = splat(first);
    ((value = value * x + rest), ...);
    return value;
}

inline Floats power_of_two(Ints n) { return as_floats((n + 127) << 23); }

// exp, log, sine and cosine: the polynomials of Cephes (Moshier), good to two units of the last place.
inline Floats exponential(Floats x) {
    x = bounded(x, -105.0f, 90.0f);  // beyond, it is 0 and infinite
    const Floats n = nearest(x * 1.44269504f);
    const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    const Floats p = polynomial(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                                1.6666665459e-1f, 5.0000001201e-1f);
    const Ints whole = __builtin_convertvector(n, Ints), half = whole >> 1;
    return ((p * r) * r + r + 1.0f) * power_of_two(half) * power_of_two(whole - half);
}

inline Floats logarithm(Floats x) {                                     // of normal positive numbers
    const Ints bits = (Ints)x, exponent = ((bits - 0x3f3504f3) >> 23);  // so that the rest is in [√½, √2)
    const Floats n = to_floats(exponent), r = as_floats(bits - (exponent << 23)) - 1.0f, square = r * r;
    const Floats p =
        polynomial(r, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                   -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
    return (p * r * square + n * -2.12194440e-4f - 0.5f * square + r) + n * 0.693359375f;
}

inline void sine_and_cosine(Floats angle, Floats& sine, Floats& cosine) {  // |angle| < 10,000
    const Floats quarters = nearest(angle * 0.636619772f);
    const Floats r = ((angle - quarters * 1.5703125f) - quarters * 4.83751297e-4f) - quarters * 7.54978995e-8f;
    const Floats square = r * r;
    const Floats s = r + r * square * polynomial(square, -1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f);
    const Floats c =
        1.0f - 0.5f * square + square * square * polynomial(square, 2.443315712e-5f, -1.388731625e-3f, 4.166664568e-2f);
    const Ints quadrant = __builtin_convertvector(quarters, Ints);
    const Ints odd = -(quadrant & 1), sign_of_sine = quadrant << 30, sign_of_cosine = (quadrant + 1) << 30;
    sine = as_floats((Ints)(odd ? c : s) ^ (sign_of_sine & INT32_MIN));
    cosine = as_floats((Ints)(odd ? s : c) ^ (sign_of_cosine & INT32_MIN));
}

inline Floats cube_root(Floats x) {  // of numbers >= 0, by two steps of Halley's from a guess at the exponent
    Floats y = as_floats(__builtin_convertvector(to_floats((Ints)x) * (1.0f / 3.0f), Ints) + 709921077);
    for (int step = 0; step < 2; step++) {
        const Floats cube = y * y * y;
        y = y * (cube + 2.0f * x) / (2.0f * cube + x);
    }
    return x > 0.0f ? y : x;
}

#if defined(__clang__)
inline Floats shuffle(Floats a, Floats b, Ints from) {
    Floats mixed;
    for (int lane = 0; lane < LANES; lane++) mixed[lane] = from[lane] < LANES ? a[from[lane]] : b[from[lane] - LANES];
    return mixed;
}
#else
inline Floats shuffle(Floats a, Floats b, Ints from) { return __builtin_shuffle(a, b, from); }
#endif

// Sums of neighbouring groups of `width` lanes: those of `a` in every other group, those of `b` between them.
template <int width>
INLINE Floats fold(Floats a, Floats b) {
    Ints low{}, high{};
    for (int lane = 0; lane < LANES; lane++) {
        const int place = lane % (2 * width), start = lane - place;
        low[lane] = place < width ? start + place : LANES + start + place - width;
        high[lane] = low[lane] + width;
    }
    return shuffle(a, b, low) + shuffle(a, b, high);
}

// The sums over lanes of as many vectors as there are lanes, in their order.
template <int width = LANES / 2>
INLINE Floats sums(Floats* vectors) {
    for (int number = 0; number < width; number++)
        vectors[number] = fold<width>(vectors[number], vectors[number + width]);
    if constexpr (width > 1) return sums<width / 2>(vectors);
    return vectors[0];
}

inline float sum(Floats x) {
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += x[lane];
    return total;
}

// take(number, sum over lanes) for each of `count` vectors, the numbers known to the compiler.
template <int count, int start = 0, class Take>
INLINE void take_sums(const Floats* vectors, const Take& take) {
    constexpr int some = std::min(LANES, count - start);
    Floats part[LANES] = {};
    for (int number = 0; number < some; number++) part[number] = vectors[start + number];
    const Floats all = sums<>(part);
#pragma GCC unroll 16
    for (int number = 0; number < some; number++) take(start + number, all[number]);
    if constexpr (start + LANES < count) take_sums<count, start + LANES>(vectors, take);
}

// Rows of vectors, aligned: what a kernel works on. They are allocated once and used for all models and steps.
class Rows {
  public:
    Rows(int rows, int length) : length(length), storage(size_t(rows) * length * LANES + LANES) {}
    Floats* operator[](int row) {
        const auto start = (reinterpret_cast<uintptr_t>(storage.data()) + sizeof(Floats) - 1) / sizeof(Floats);
        return reinterpret_cast<Floats*>(start * sizeof(Floats)) + size_t(row) * length;
    }
    const int length;  // vectors in a row

  private:
    std::vector<float> storage;
};

constexpr int GROUP = 4;  // vectors that some loops take at once: rows are as long as a multiple of it

inline int vectors_of(int points) { return (points + LANES - 1) / LANES; }
inline int row_for(int points) { return (vectors_of(points) + GROUP - 1) / GROUP * GROUP; }

// `value` in the lanes of a row that hold points, 0 in those that only fill it up.
inline void fill(Floats* row, int points, float value) {
    for (int v = 0; v < row_for(points); v++)
        for (int lane = 0; lane < LANES; lane++) row[v][lane] = v * LANES + lane < points ? value : 0.0f;
}

}  // namespace libi
