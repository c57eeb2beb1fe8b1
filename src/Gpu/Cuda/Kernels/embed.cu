// Rows of the embedding table into the residual stream.
#include "device.cuh"

#ifndef ACT
#define ACT bf16
#endif

// One block a token: x [n, hidden] in float from table [vocab, hidden]. A token below 0 is the complement of the place in chosen where the
// step before has left it; what it left where it could choose none is below 0 and taken for 0, since nobody reads what comes of it.
KERNEL(256, embed)(float* x, const ACT* table, const int* tokens, const int* chosen, const int* count, int hidden) {
    begin();
    if (block_x() >= *count) return;
    int token = tokens[block_x()];
    if (token < 0) token = chosen[~token];
    const ACT* source = table + (long long)(token < 0 ? 0 : token) * hidden;
    for (int i = thread_x(); i < hidden; i += block_x_size()) x[(long long)block_x() * hidden + i] = to_float(source[i]);
}

KERNELS(embed)
