// Rows of the embedding table into the residual stream.
#include "device.cuh"

#ifndef ACT
#define ACT bf16
#endif

// One block a token: x [n, hidden] in float from table [vocab, hidden].
KERNEL(256, embed)(float* x, const ACT* table, const int* tokens, const int* count, int hidden) {
    if (block_x() >= *count) return;
    const ACT* source = table + (long long)tokens[block_x()] * hidden;
    for (int i = thread_x(); i < hidden; i += block_x_size()) x[(long long)block_x() * hidden + i] = to_float(source[i]);
}

KERNELS(embed)
