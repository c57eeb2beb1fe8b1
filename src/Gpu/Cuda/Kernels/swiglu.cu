// The gate of the feed-forward layer (Shazeer, 2020): silu(gate) * up.
#include "device.cuh"

#ifndef ACT
#define ACT bf16
#endif

DEVICE float gated(float gate, float up) { return gate * inverse(1 + exp2_fast(-gate * Log2E)) * up; }

// Blocks of 256 threads, four elements each: x over the width, y over the rows. joined is [n, 2 * width], gates first; bias as wide as its row, or absent.
KERNEL(256, swiglu)(ACT* target, const float* joined, const float* bias, const int* count, int width) {
    begin();
    int i = (block_x() * block_x_size() + thread_x()) * 4;
    if (block_y() >= *count || i >= width) return;
    const float* row = joined + (long long)block_y() * 2 * width;
    target += (long long)block_y() * width;
    if (width % 4 != 0 || bias) {
        for (int end = smaller(i + 4, width); i < end; i++)
            from_float(gated(row[i] + (bias ? bias[i] : 0.f), row[width + i] + (bias ? bias[width + i] : 0.f)), target[i]);
        return;
    }
    float gates[4], ups[4];
    unpack16<float>(load16(row + i), gates);
    unpack16<float>(load16(row + width + i), ups);
#pragma unroll
    for (int k = 0; k < 4; k++) gates[k] = gated(gates[k], ups[k]);
    store_four(target + i, gates);
}

KERNELS(swiglu)
