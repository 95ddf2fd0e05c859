// Standard normal draws by Threefry-2x32 with 20 rounds (Salmon et al. 2011) and Box–Muller: the numbers of
// libi.training.noise.normal_draws.
#pragma once
#include "vector.hpp"

namespace libi {

inline Floats uniform(Words words) { return (to_floats((Ints)(words >> 8)) + 0.5f) * 0x1p-24f; }

// Two draws for each of the counters of a group of vectors, from `start` on.
inline void normal_draws(const uint32_t* key, uint32_t start, Floats* first, Floats* second) {
    constexpr int rotations[] = {13, 15, 26, 6, 17, 29, 16, 24};
    const uint32_t schedule[] = {key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAu};
    Words a[GROUP], b[GROUP];
    for (int v = 0; v < GROUP; v++)
        for (int lane = 0; lane < LANES; lane++) {
            a[v][lane] = start + v * LANES + lane + key[0];
            b[v][lane] = key[1];
        }
#pragma GCC unroll 20
    for (int round = 0; round < 20; round++)
        for (int v = 0; v < GROUP; v++) {
            const int by = rotations[round % 8], block = round / 4 + 1;
            a[v] += b[v];
            b[v] = a[v] ^ ((b[v] << by) | (b[v] >> (32 - by)));
            if (round % 4 < 3) continue;
            a[v] += schedule[block % 3];
            b[v] += schedule[(block + 1) % 3] + block;
        }
    for (int v = 0; v < GROUP; v++) {
        const Floats radius = square_root(-2.0f * logarithm(uniform(a[v])));
        // The bound is never met. It keeps the product from being fused with what follows: its rounding is part of it.
        const Floats angle = bounded(6.28318530718f * uniform(b[v]), 0.0f, 7.0f);
        Floats sine, cosine;
        sine_and_cosine(angle, sine, cosine);
        first[v] = radius * cosine;
        second[v] = radius * sine;
    }
}

}  // namespace libi
