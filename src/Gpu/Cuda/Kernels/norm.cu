// RMS norm (Zhang and Sennrich, 2019), with what the layer before left to add to the residual stream.
#include "device.cuh"

#ifndef ACT
#define ACT bf16
#endif

namespace row_norm {

constexpr int Threads = 256;

// A row that the threads hold: Each vectors of four a thread, all of whose loads are under way at once.
template <int Each> DEVICE void held(ACT* target, float* x, const float* delta, const float* bias, const float* weight, int hidden, float eps, float* scratch) {
    float values[Each][4], weights[Each][4], squares = 0;
#pragma unroll
    for (int e = 0; e < Each; e++) {
        int i = (e * Threads + thread_x()) * 4;
        bool inside = i < hidden;
        unpack16<float>(inside ? load16(x + i) : Vec16{}, values[e]);
        unpack16<float>(inside ? load16(weight + i) : Vec16{}, weights[e]);
    }
    if (delta) {
        float more[Each][4];
#pragma unroll
        for (int e = 0; e < Each; e++) {
            int i = (e * Threads + thread_x()) * 4;
            unpack16<float>(i < hidden ? load16(delta + i) : Vec16{}, more[e]);
        }
#pragma unroll
        for (int e = 0; e < Each; e++) {
            int i = (e * Threads + thread_x()) * 4;
            if (i >= hidden) continue;
            float added[4] = {};
            if (bias) unpack16<float>(load16(bias + i), added);
#pragma unroll
            for (int k = 0; k < 4; k++) values[e][k] += more[e][k] + added[k];
            store_four(x + i, values[e]);
        }
    }
#pragma unroll
    for (int e = 0; e < Each; e++)
#pragma unroll
        for (int k = 0; k < 4; k++) squares += values[e][k] * values[e][k];
    float scale = inverse_root(block_sum(squares, scratch) / hidden + eps);
#pragma unroll
    for (int e = 0; e < Each; e++) {
        int i = (e * Threads + thread_x()) * 4;
        if (i >= hidden) continue;
#pragma unroll
        for (int k = 0; k < 4; k++) values[e][k] *= scale * weights[e][k];
        store_four(target + i, values[e]);
    }
}

// A row of any length, read twice.
DEVICE void streamed(ACT* target, float* x, const float* delta, const float* bias, const float* weight, int hidden, float eps, float* scratch) {
    float squares = 0;
    for (int i = thread_x(); i < hidden; i += Threads) {
        float value = x[i];
        if (delta) {
            value += delta[i] + (bias ? bias[i] : 0.f);
            x[i] = value;
        }
        squares += value * value;
    }
    float scale = inverse_root(block_sum(squares, scratch) / hidden + eps);
    for (int i = thread_x(); i < hidden; i += Threads) from_float(x[i] * scale * weight[i], target[i]);
}

}

// One block of 256 threads a row. Row i of target is made of row rows[i] of x, or of row i without rows.
// x [*, hidden] becomes x + delta + bias (each may be absent), target [n, hidden] its norm times weight [hidden].
KERNEL(256, rms_norm)(ACT* target, float* x, const float* delta, const float* bias, const float* weight, const int* rows, const int* count, int hidden, float eps) {
    using namespace row_norm;
    SHARED float scratch[Threads / WarpSize + 1];
    begin();
    if (block_x() >= *count) return;
    long long row = rows ? rows[block_x()] : block_x();
    x += row * hidden;
    if (delta) delta += row * hidden;
    target += (long long)block_x() * hidden;
    if (hidden % 4 != 0 || hidden > 8 * 4 * Threads) streamed(target, x, delta, bias, weight, hidden, eps, scratch);
    else if (hidden <= 4 * Threads) held<1>(target, x, delta, bias, weight, hidden, eps, scratch);
    else if (hidden <= 4 * 4 * Threads) held<4>(target, x, delta, bias, weight, hidden, eps, scratch);
    else held<8>(target, x, delta, bias, weight, hidden, eps, scratch);
}

KERNELS(rms_norm)
