// The objectives of libi.training.objectives for one model: value, and gradient by the parameters.
#pragma once
#include "draws.hpp"
#include "gaussianity.hpp"

namespace libi {

constexpr int BLOCK = 32;  // vectors of points that networks work on at once: they stay in the first cache

// How the decoder's weights follow from θ: they are θ, or the Cholesky factor of θθᵀ + diag(added).
struct Loading {
    int32_t cholesky, size;
    const float* added;
};

struct Model {
    int32_t observed;
    const float* noise_variance;
    Network decoder, network;  // f_θ; the inference network or the encoder
    Loading loading;
};

// The lower-triangular factor of aaᵀ + diag(added), all [d, d]. `d` may be a type, for loops that the compiler unrolls.
template <class Size>
inline void factorise(Size d, const float* a, const float* added, float* factor) {
    for (int i = 0; i < d; i++)
        for (int j = 0; j <= i; j++) {
            double rest = i == j ? added[i] : 0.0;
            for (int k = 0; k < d; k++) rest += double(a[i * d + k]) * a[j * d + k];
            for (int k = 0; k < j; k++) rest -= double(factor[i * d + k]) * factor[j * d + k];
            factor[i * d + j] = i == j ? std::sqrt(rest) : rest / factor[j * d + j];
        }
}

// Adds the derivatives by a, from those by the factor L: (S̄ + S̄ᵀ) a with S̄ = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹ (Murray 2016).
template <class Size>
inline void add_through_factor(Size d, const float* a, const float* factor, const float* of_factor, float* of_a) {
    double s[8][8] = {};
    for (int i = 0; i < d; i++)
        for (int j = 0; j <= i; j++)
            for (int k = i; k < d; k++) s[i][j] += double(factor[k * d + i]) * of_factor[k * d + j] / (i == j ? 2 : 1);
    for (int i = d - 1; i >= 0; i--)
        for (int j = 0; j < d; j++) {
            for (int k = i + 1; k < d; k++) s[i][j] -= factor[k * d + i] * s[k][j];
            s[i][j] /= factor[i * d + i];
        }
    for (int j = d - 1; j >= 0; j--)
        for (int i = 0; i < d; i++) {
            for (int k = j + 1; k < d; k++) s[i][j] -= s[i][k] * factor[k * d + j];
            s[i][j] /= factor[j * d + j];
        }
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++)
            for (int k = 0; k < d; k++) of_a[i * d + j] += (s[i][k] + s[k][i]) * a[k * d + j];
}

template <class Body>
inline void with_size(int d, const Body& body) {
    d == 2 ? body(std::integral_constant<int, 2>{}) : body(d);
}

// −log p(x|z), mean over points, and its derivatives.
class Reconstruction {
  public:
    Reconstruction(const Model& model, int points)
        : model(model), rows(model.decoder.rows(), BLOCK), scratch(4, BLOCK), scale(1, row_for(points)) {
        fill(scale[0], points, 1.0f / points);
        for (int k = 0; k < model.observed; k++) constant += 0.5 * std::log(2 * M_PI * model.noise_variance[k]);
    }

    Floats* code(int latent) { return rows[latent]; }  // of the block that comes next, and then their derivatives

    void begin(const float* parameters) {
        theta = weights = parameters;
        if (!model.loading.cholesky) return;
        with_size(model.loading.size, [&](auto d) { factorise(d, theta, model.loading.added, factor); });
        std::fill_n(of_factor, 64, 0.0f);
        weights = factor;
    }

    // Adds the block's part to `loss`.
    template <bool differentiate>
    void add(const Floats* x, int row, int start, int length, float* of_theta, Floats& loss) {
        Floats* means = forwards(model.decoder, weights, rows, length);
        const Unit* units = model.decoder.layers[model.decoder.count - 1].units;
        for (int k = 0; k < model.observed; k++) {
            const float precision = 1 / model.noise_variance[k];
            const int32_t activation = units[k].activation;
            for (int v = 0; v < length; v++) {
                const Floats mean = means[k * BLOCK + v], error = mean - x[k * row + start + v];
                const Floats slope = precision * scale[0][start + v] * error;
                loss += 0.5f * slope * error;
                if (differentiate)
                    means[k * BLOCK + v] = activation == IDENTITY ? slope : times_slope(activation, mean, slope);
            }
        }
        if (!differentiate) return;
        float* gradient = of_theta && model.loading.cholesky ? of_factor : of_theta;
        backwards(model.decoder, weights, gradient, rows, length, true, scratch);
    }

    // Completes the value and the derivatives by θ.
    double end(Floats loss, float* of_theta) {
        if (of_theta && model.loading.cholesky)
            with_size(model.loading.size, [&](auto d) { add_through_factor(d, theta, factor, of_factor, of_theta); });
        return sum(loss) + constant;
    }

  private:
    const Model& model;
    Rows rows, scratch;

  public:
    Rows scale;  // 1 / points at each point

  private:
    double constant = 0;
    const float *theta = nullptr, *weights = nullptr;
    float factor[64] = {}, of_factor[64] = {};
};

// What the inference network or the encoder works on.
class Encoding {
  public:
    explicit Encoding(const Model& model) : model(model), rows(model.network.rows(), BLOCK), scratch(4, BLOCK) {}

    Floats* begin(const float* phi, const Floats* x, int row, int start, int length, bool outputs = true) {
        for (int k = 0; k < model.observed; k++) std::copy_n(x + k * row + start, length, rows[k]);
        forwards(model.network, phi, rows, length, outputs);
        return rows[model.network.rows() - model.network.outputs()];
    }

    void end(const float* phi, float* of_phi, int length) {
        backwards(model.network, phi, of_phi, rows, length, false, scratch);
    }

  private:
    const Model& model;
    Rows rows, scratch;
};

// −E_q[log p(x|z)] + β KL[q(z|x) ‖ p(z)], mean over points (Eq. 1). Noise is [2, further] numbers, of which the first
// are those of the points; it is read to the end of a vector.
class Elbo {
  public:
    Elbo(const Model& model, int points)
        : vectors(vectors_of(points)),
          row(row_for(points)),
          decoder(model, points),
          encoder(model),
          deviation(2, BLOCK) {}

    // One draw a point.
    float operator()(const float* theta, const float* phi, const Floats* x, float beta, const float* noise, int further,
                     float* of_theta, float* of_phi) {
        Floats loss{};
        decoder.begin(theta);
        for (int start = 0; start < vectors; start += BLOCK) {
            const int length = std::min(vectors - start, BLOCK);
            const Floats* scale = decoder.scale[0] + start;
            Floats* heads = encoder.begin(phi, x, row, start, length);
            sample(heads, noise, further, start, length, beta, loss);
            decoder.add<true>(x, row, start, length, of_theta, loss);
            for (int k = 0; k < 2; k++)
                for (int v = 0; v < length; v++) {
                    Floats &mean = heads[k * BLOCK + v], &log_variance = heads[(2 + k) * BLOCK + v];
                    const Floats of_code = decoder.code(k)[v], s = deviation[k][v], weight = beta * scale[v];
                    mean = of_code + weight * mean;
                    log_variance = 0.5f * (of_code * s * load(noise + k * further + (start + v) * LANES) +
                                           weight * (s * s - 1.0f));
                }
            encoder.end(phi, of_phi, length);
        }
        return decoder.end(loss, of_theta);
    }

    // The value alone, mean over draws.
    float assess(const float* theta, const float* phi, const Floats* x, float beta, const float* noise, int further,
                 int draws) {
        double total = 0;
        decoder.begin(theta);
        for (int start = 0; start < vectors; start += BLOCK) {
            const int length = std::min(vectors - start, BLOCK);
            const Floats* heads = encoder.begin(phi, x, row, start, length);
            for (int number = 0; number < draws; number++) {
                Floats loss{};
                sample(heads, noise + 2 * number * further, further, start, length, beta, loss);
                decoder.add<false>(x, row, start, length, nullptr, loss);
                total += sum(loss);
            }
        }
        return total / draws + decoder.end(Floats{}, nullptr);
    }

  private:
    // Codes of a block, and the KL term.
    void sample(const Floats* heads, const float* noise, int further, int start, int length, float beta, Floats& loss) {
        for (int k = 0; k < 2; k++)
            for (int v = 0; v < length; v++) {
                const Floats mean = heads[k * BLOCK + v], log_variance = heads[(2 + k) * BLOCK + v];
                const Floats s = deviation[k][v] = exponential(0.5f * log_variance);
                decoder.code(k)[v] = mean + s * load(noise + k * further + (start + v) * LANES);
                loss += (0.5f * beta * decoder.scale[0][start + v]) * (mean * mean + s * s - log_variance - 1.0f);
            }
    }

    const int vectors, row;
    Reconstruction decoder;
    Encoding encoder;
    Rows deviation;
};

// exp below the cap, its tangent above, and its derivative.
inline float capped_exp(float exponent, float cap, float& slope) {
    slope = std::exp(std::min(exponent, cap));
    return exponent < cap ? slope : slope * (1 + (exponent - cap));
}

// Objectives of all points' codes at once: Eq. 44 (LiBI's first step), or joint MAP without constraints (Eq. 31).
class OfCodes {
  public:
    OfCodes(const Model& model, const Statistic* statistic, int points, float cap)
        : n(points),
          cap(cap),
          vectors(vectors_of(points)),
          row(row_for(points)),
          decoder(model, points),
          encoder(model),
          on(1, row),
          codes(2, row),
          centred(2, row),
          of_codes(2, row) {
        fill(on[0], points, 1);
        if (statistic) henze_zirkler.emplace_back(*statistic, points);
    }

    // `epsilons` are ε_HZ, ε_Σ and ε_μ.
    float operator()(const float* theta, const float* phi, const Floats* x, const float* epsilons, float* of_theta,
                     float* of_phi) {
        for (int start = 0; start < vectors; start += BLOCK) {
            const int length = std::min(vectors - start, BLOCK);
            const Floats* heads = encoder.begin(phi, x, row, start, length);
            for (int k = 0; k < 2; k++)
                for (int v = 0; v < length; v++) codes[k][start + v] = on[0][start + v] * heads[k * BLOCK + v];
        }
        const double penalty = henze_zirkler.empty() ? prior() : constraints(epsilons);
        Floats loss{};
        decoder.begin(theta);
        for (int start = 0; start < vectors; start += BLOCK) {
            const int length = std::min(vectors - start, BLOCK);
            for (int k = 0; k < 2; k++) std::copy_n(codes[k] + start, length, decoder.code(k));
            decoder.add<true>(x, row, start, length, of_theta, loss);
            Floats* heads = encoder.begin(phi, x, row, start, length, false);
            for (int k = 0; k < 2; k++)
                for (int v = 0; v < length; v++)
                    heads[k * BLOCK + v] = decoder.code(k)[v] + on[0][start + v] * of_codes[k][start + v];
            encoder.end(phi, of_phi, length);
        }
        return decoder.end(loss, of_theta) + penalty;
    }

  private:
    // −log N(z|0, I), mean over points, and its derivatives.
    double prior() {
        for (int k = 0; k < 2; k++)
            for (int v = 0; v < vectors; v++) of_codes[k][v] = codes[k][v] / n;
        return std::log(2 * M_PI) +
               0.5 * (product(codes[0], codes[0], vectors) + product(codes[1], codes[1], vectors)) / n;
    }

    // The three penalties of Eq. 44, and their derivatives.
    double constraints(const float* epsilons) {
        float mean[2], excess[2];
        for (int k = 0; k < 2; k++) {
            mean[k] = henze_zirkler[0].centre(codes[k], centred[k]);
            excess[k] = product(centred[k], centred[k], vectors) / n - 1;
        }
        const float covariance = product(centred[0], centred[1], vectors) / n;
        const float misfit = excess[0] * excess[0] + excess[1] * excess[1] + 2 * covariance * covariance;
        const float shift = mean[0] * mean[0] + mean[1] * mean[1];
        float by_misfit, by_shift, by_statistic, gaussianity = 0;
        const float rest =
            capped_exp(misfit / epsilons[1], cap, by_misfit) + capped_exp(shift / epsilons[2], cap, by_shift);
        by_misfit *= 4 / (epsilons[1] * n), by_shift *= 2 / (epsilons[2] * n);
        for (int k = 0; k < 2; k++)
            for (int v = 0; v < vectors; v++)
                of_codes[k][v] =
                    by_misfit * (excess[k] * centred[k][v] + covariance * centred[1 - k][v]) + by_shift * mean[k];
        henze_zirkler[0](centred, of_codes, [&](float value) {
            gaussianity = capped_exp(value, cap, by_statistic);
            return epsilons[0] * by_statistic;
        });
        return rest + epsilons[0] * gaussianity;
    }

    const float n, cap;
    const int vectors, row;
    Reconstruction decoder;
    Encoding encoder;
    Rows on, codes, centred, of_codes;
    std::vector<HenzeZirkler> henze_zirkler;
};

}  // namespace libi
