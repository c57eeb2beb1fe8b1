// RMS norm (Zhang and Sennrich, 2019), with what the layer before left to add to the residual stream.
#include "device.cuh"

#ifndef ACT
#define ACT bf16
#endif

// One block of 256 threads a row. Row i of target is made of row rows[i] of x, or of row i without rows.
// x [*, hidden] becomes x + delta + bias (each may be absent), target [n, hidden] its norm times weight [hidden].
KERNEL(256, rms_norm)(ACT* target, float* x, const float* delta, const float* bias, const float* weight, const int* rows, const int* count, int hidden, float eps) {
    SHARED float scratch[9];
    if (block_x() >= *count) return;
    long long row = rows ? rows[block_x()] : block_x();
    x += row * hidden;
    if (delta) delta += row * hidden;
    target += (long long)block_x() * hidden;
    float squares = 0;
    for (int i = thread_x(); i < hidden; i += block_x_size()) {
        float value = x[i];
        if (delta) {
            value += delta[i] + (bias ? bias[i] : 0.f);
            x[i] = value;
        }
        squares += value * value;
    }
    float scale = inverse_root(block_sum(squares, scratch) / hidden + eps);
    for (int i = thread_x(); i < hidden; i += block_x_size()) from_float(x[i] * scale * weight[i], target[i]);
}

KERNELS(rms_norm)
