// From the fresh projections of a token to where attention wants them: bias added, heads normalized if the model does so,
// queries and keys rotated (half-split layout; Su et al., 2021), keys and values written to their page.
#include "paging.cuh"

// A warp a head, four warps a block: x over the heads (queries, keys, values), y over the rows.
// qkv [n, (heads + 2 kv_heads) * HEAD_DIM]: queries are rotated in place. cosines and sines [positions, HEAD_DIM / 2].
KERNEL(128, rope_write)(float* qkv, const float* bias, const float* query_norm, const float* key_norm, const float* cosines, const float* sines,
    const int* positions, const int* row_pages, const int* count, KvLayer kv, int heads, float eps) {
    begin();
    int head = block_x() * 4 + thread_x() / WarpSize, lane = thread_x() % WarpSize, row = block_y();
    int all = heads + 2 * kv.kv_heads;
    if (row >= *count || head >= all) return;
    constexpr int Half = HEAD_DIM / 2, Each = (Half + WarpSize - 1) / WarpSize;
    float* x = qkv + ((long long)row * all + head) * HEAD_DIM;
    const float* b = bias ? bias + head * HEAD_DIM : nullptr;
    const float* norm = head < heads ? query_norm : head < heads + kv.kv_heads ? key_norm : nullptr;
    float low[Each], high[Each], squares = 0;
    for (int e = 0; e < Each; e++) {
        int i = lane + e * WarpSize;
        low[e] = i < Half ? x[i] + (b ? b[i] : 0.f) : 0.f;
        high[e] = i < Half ? x[i + Half] + (b ? b[i + Half] : 0.f) : 0.f;
        squares += low[e] * low[e] + high[e] * high[e];
    }
    if (norm) {
        float scale = inverse_root(warp_sum(squares) / HEAD_DIM + eps);
        for (int e = 0; e < Each; e++) {
            int i = lane + e * WarpSize;
            low[e] *= i < Half ? scale * norm[i] : 0.f;
            high[e] *= i < Half ? scale * norm[i + Half] : 0.f;
        }
    }
    int position = positions[row], slot = position & ((1 << kv.page_shift) - 1);
    int kv_head = head < heads + kv.kv_heads ? head - heads : head - heads - kv.kv_heads;
    KVT* target = head < heads ? nullptr : key_at(kv, row_pages[row], slot, kv_head) + (head < heads + kv.kv_heads ? 0 : kv.plane_elements);
    for (int e = 0; e < Each; e++) {
        int i = lane + e * WarpSize;
        if (i >= Half) continue;
        float first = low[e], second = high[e];
        if (head < heads + kv.kv_heads) {
            float cosine = cosines[(long long)position * Half + i], sine = sines[(long long)position * Half + i];
            first = low[e] * cosine - high[e] * sine;
            second = high[e] * cosine + low[e] * sine;
        }
        if (target) {
            from_float(first, target[i]);
            from_float(second, target[i + Half]);
        } else {
            x[i] = first;
            x[i + Half] = second;
        }
    }
}

KERNELS(rope_write)
