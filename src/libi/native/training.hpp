// Training and assessing a stack, one model after the other: each stays in the first cache for a whole chunk of steps.
#pragma once
#include "objectives.hpp"

namespace libi {

struct Adam {
    double learning_rate, beta1, beta2, epsilon;
};

// The parameters of one group and their moments, each [models, size].
struct Group {
    int32_t size, moves;
    double count;  // steps that its optimiser has made
    float *parameters, *first, *second;
};

struct StackArrays {
    int32_t models, points, replicates;
    const int32_t* replicate;  // of each model
    const float* x;            // [replicates, observed, points]
    Group generative, network;
    uint8_t* alive;
    float* loss;  // of each model before its last step
};

// Adam's step sizes and corrections of second moments for the steps that come.
struct Schedule {
    Schedule(const Group& group, int steps, const Adam& adam) : rate(steps), correction(steps) {
        for (int step = 0; step < steps; step++) {
            rate[step] = adam.learning_rate / (1 - std::pow(adam.beta1, group.count + step + 1));
            correction[step] = 1 / (1 - std::pow(adam.beta2, group.count + step + 1));
        }
    }
    std::vector<float> rate, correction;
};

inline void update(float* __restrict p, float* __restrict m, float* __restrict v, const float* __restrict gradient,
                   int size, float rate, float correction, const Adam& adam) {
    const float keep_1 = adam.beta1, take_1 = 1 - adam.beta1, keep_2 = adam.beta2, take_2 = 1 - adam.beta2;
    const float epsilon = adam.epsilon;
    for (int i = 0; i < size; i++) {
        m[i] = keep_1 * m[i] + take_1 * gradient[i];
        v[i] = keep_2 * v[i] + take_2 * gradient[i] * gradient[i];
        p[i] -= rate * m[i] / (__builtin_sqrtf(v[i] * correction) + epsilon);
    }
}

// The steps of a stack's models. A loss that is not finite ends a model's.
class Trainer {
  public:
    Trainer(StackArrays& stack, int steps, const Adam& adam)
        : stack(stack),
          adam(adam),
          steps(steps),
          groups{&stack.generative, &stack.network},
          schedules{{stack.generative, steps, adam}, {stack.network, steps, adam}} {
        for (int g = 0; g < 2; g++) gradients[g].resize(groups[g]->size);
    }

    // objective(step, theta, phi, of_theta, of_phi) is the loss; the gradients of what does not move are null.
    template <class Objective>
    void operator()(int model, const Objective& objective) {
        float *p[2], *of[2];
        for (int g = 0; g < 2; g++) {
            p[g] = groups[g]->parameters + size_t(model) * groups[g]->size;
            of[g] = groups[g]->moves ? gradients[g].data() : nullptr;
        }
        for (int step = 0; step < steps && stack.alive[model]; step++) {
            for (auto& gradient : gradients) std::fill(gradient.begin(), gradient.end(), 0.0f);
            stack.loss[model] = objective(step, p[0], p[1], of[0], of[1]);
            stack.alive[model] = std::isfinite(stack.loss[model]);
            for (int g = 0; g < 2 && stack.alive[model]; g++) {
                if (!of[g]) continue;
                const size_t start = size_t(model) * groups[g]->size;
                update(p[g], groups[g]->first + start, groups[g]->second + start, of[g], groups[g]->size,
                       schedules[g].rate[step], schedules[g].correction[step], adam);
            }
        }
    }

  private:
    StackArrays& stack;
    const Adam adam;
    const int steps;
    const Group* groups[2];
    const Schedule schedules[2];
    std::vector<float> gradients[2];
};

// Points [rows, points] in the order `order` (null: as they are) into rows of vectors; lanes beyond the last repeat it.
inline void gather(const float* x, int points, const int64_t* order, int count, int rows, Floats* to) {
    const int row = row_for(count);
    for (int k = 0; k < rows; k++)
        for (int i = 0; i < row * LANES; i++) {
            const int64_t place = std::min(i, count - 1);
            reinterpret_cast<float*>(to + k * row)[i] = x[size_t(k) * points + (order ? order[place] : place)];
        }
}

// What the steps of an ELBO phase see, from one epoch of a chunk to another.
struct Epochs {
    int32_t first, last, batch, chunk;  // epochs of the chunk, points of a batch, epochs in a chunk
    int32_t length;                     // points of an epoch, each as often as it has draws
    const float* weights;               // of β in each epoch [chunk]
    const int64_t* orders;              // [replicates, chunk, length]
    const uint32_t* keys;               // [models, 2]
    const float* beta;                  // [models]
};

inline void train_elbo(const Model& about, StackArrays& stack, const Epochs& epochs, const Adam& adam) {
    const int steps = epochs.length / epochs.batch, count = (epochs.last - epochs.first) * steps;
    const int further = row_for(epochs.length + LANES) * LANES;  // room for the last batch's last vector
    Elbo elbo(about, epochs.batch);
    Trainer train(stack, count, adam);
    Rows batches(count * about.observed, row_for(epochs.batch)), noise(2, further / LANES);
    for (int replicate = 0; replicate < stack.replicates; replicate++) {
        const float* x = stack.x + size_t(replicate) * about.observed * stack.points;
        const int64_t* order = epochs.orders + (size_t(replicate) * epochs.chunk + epochs.first) * epochs.length;
        for (int step = 0; step < count; step++)
            gather(x, stack.points, order + step * epochs.batch, epochs.batch, about.observed,
                   batches[step * about.observed]);
        for (int model = 0; model < stack.models; model++) {
            if (stack.replicate[model] != replicate) continue;
            train(model, [&](int step, const float* theta, const float* phi, float* of_theta, float* of_phi) {
                const int epoch = epochs.first + step / steps, place = step % steps * epochs.batch;
                for (int v = 0; v < row_for(epochs.length) && !place; v += GROUP)
                    normal_draws(epochs.keys + 2 * model, epoch * epochs.length + v * LANES, noise[0] + v,
                                 noise[1] + v);
                return elbo(theta, phi, batches[step * about.observed], epochs.beta[model] * epochs.weights[epoch],
                            reinterpret_cast<const float*>(noise[0]) + place, further, of_theta, of_phi);
            });
        }
    }
}

// Steps on all points; `epsilons` are ε_HZ, ε_Σ and ε_μ [models, 3], or null for joint MAP.
inline void train_of_codes(const Model& about, StackArrays& stack, const Statistic* statistic, const float* epsilons,
                           float cap, int steps, const Adam& adam) {
    OfCodes objective(about, statistic, stack.points, cap);
    Trainer train(stack, steps, adam);
    Rows x(about.observed, row_for(stack.points));
    for (int replicate = 0; replicate < stack.replicates; replicate++) {
        gather(stack.x + size_t(replicate) * about.observed * stack.points, stack.points, nullptr, stack.points,
               about.observed, x[0]);
        for (int model = 0; model < stack.models; model++)
            if (stack.replicate[model] == replicate)
                train(model, [&](int, const float* theta, const float* phi, float* of_theta, float* of_phi) {
                    return objective(theta, phi, x[0], epsilons + 3 * model, of_theta, of_phi);
                });
    }
}

// The ELBO objective of every model, mean over draws: noise [replicates, draws, 2, points].
inline void assess_elbo(const Model& about, StackArrays& stack, const float* noise, int draws, const float* beta) {
    const size_t size = stack.points;
    Elbo elbo(about, size);
    Rows x(about.observed, row_for(size)), deviations(2 * draws, row_for(size));
    for (int replicate = 0; replicate < stack.replicates; replicate++) {
        gather(stack.x + replicate * about.observed * size, size, nullptr, size, about.observed, x[0]);
        gather(noise + replicate * 2 * draws * size, size, nullptr, size, 2 * draws, deviations[0]);
        for (int model = 0; model < stack.models; model++)
            if (stack.replicate[model] == replicate)
                stack.loss[model] =
                    elbo.assess(stack.generative.parameters + size_t(model) * stack.generative.size,
                                stack.network.parameters + size_t(model) * stack.network.size, x[0], beta[model],
                                reinterpret_cast<const float*>(deviations[0]), x.length * LANES, draws);
    }
}

}  // namespace libi
