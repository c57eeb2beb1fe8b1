// The gate of the feed-forward layer (Shazeer, 2020): silu(gate) * up.
#include "device.cuh"

#ifndef ACT
#define ACT bf16
#endif

// Blocks of 256 threads: x over the width, y over the rows. joined is [n, 2 * width], gates first; bias as wide as its row, or absent.
KERNEL(256, swiglu)(ACT* target, const float* joined, const float* bias, const int* count, int width) {
    int i = block_x() * block_x_size() + thread_x();
    if (block_y() >= *count || i >= width) return;
    const float* row = joined + (long long)block_y() * 2 * width;
    float gate = row[i] + (bias ? bias[i] : 0.f);
    float up = row[width + i] + (bias ? bias[width + i] : 0.f);
    from_float(gate * inverse(1 + exp2_fast(-gate * Log2E)) * up, target[(long long)block_y() * width + i]);
}

KERNELS(swiglu)
