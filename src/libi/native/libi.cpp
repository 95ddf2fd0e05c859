// What Python calls, see libi/native/library.py. Arrays are contiguous; nothing is kept between calls.
#include "training.hpp"
#include "two_sample.hpp"

using namespace libi;

extern "C" {

int libi_lanes() { return LANES; }

void libi_train_elbo(const Model* about, StackArrays* stack, const Epochs* epochs, const Adam* adam) {
    train_elbo(*about, *stack, *epochs, *adam);
}

void libi_train_of_codes(const Model* about, StackArrays* stack, const Statistic* statistic, const float* epsilons,
                         float cap, int steps, const Adam* adam) {
    train_of_codes(*about, *stack, statistic, epsilons, cap, steps, *adam);
}

void libi_assess_elbo(const Model* about, StackArrays* stack, const float* noise, int draws, const float* beta) {
    assess_elbo(*about, *stack, noise, draws, beta);
}

// Draws [models, 2, points] for the counters from `start` on.
void libi_normal_draws(int models, const uint32_t* keys, uint32_t start, int points, float* out) {
    Rows pair(2, row_for(points));
    for (int model = 0; model < models; model++, keys += 2) {
        for (int v = 0; v < pair.length; v += GROUP) normal_draws(keys, start + v * LANES, pair[0] + v, pair[1] + v);
        for (int k = 0; k < 2; k++, out += points) std::memcpy(out, pair[k], sizeof(float) * points);
    }
}

// The Henze–Zirkler statistics [models] of codes [models, 2, points], and their gradient.
void libi_henze_zirkler(const Statistic* statistic, int models, int points, const float* codes, float* values,
                        float* gradient) {
    HenzeZirkler henze_zirkler(*statistic, points);
    Rows x(2, row_for(points)), centred(2, x.length);
    for (int model = 0; model < models; model++, codes += 2 * points, gradient += 2 * points) {
        Rows slopes(2, x.length);
        gather(codes, points, nullptr, points, 2, x[0]);
        for (int k = 0; k < 2; k++) henze_zirkler.centre(x[k], centred[k]);
        values[model] = henze_zirkler(centred, slopes, [](float) { return 1.0f; });
        for (int k = 0; k < 2; k++) std::memcpy(gradient + k * points, slopes[k], sizeof(float) * points);
    }
}

// What the smooth k-NN statistic sums over each pool of samples [pools, features, sizes]; false if all weights of a
// point are lost.
int libi_smooth_neighbours(int pools, int features, const int* sizes, const double* first, const double* second,
                           double smoothness, double* between, double* degree, double* squares) {
    Pool pool(sizes[0], sizes[1], features);
    for (int number = 0; number < pools; number++) {
        const double* samples[2] = {first + size_t(number) * features * sizes[0],
                                    second + size_t(number) * features * sizes[1]};
        if (pool.summarise(samples, smoothness, between[number], squares[number],
                           degree + number * (sizes[0] + sizes[1])) < 1e-130)
            return 0;
    }
    return 1;
}

}  // extern "C"
