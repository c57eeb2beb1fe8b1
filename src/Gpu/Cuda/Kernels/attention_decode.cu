// Attention of single queries over paged keys and values, split along the keys (Flash-Decoding, Dao et al., 2023). All query
// heads of a group share each load. Splits are cut at the same places whatever the batch, so that sums are formed alike.
#include "paging.cuh"

#ifndef ACT
#define ACT bf16
#endif
#ifndef GROUP
#define GROUP 4
#endif

namespace decode {

constexpr int Vector = Lanes16<KVT>::count;      // Elements of a load.
constexpr int Vectors = HEAD_DIM / Vector;       // Loads of a key.
static_assert(HEAD_DIM % Vector == 0, "A head is a whole number of 16-byte loads.");
// The power of two from a number on, up to a warp.
template <int V, bool IsLast = (V <= 1 || V >= WarpSize)> struct LanesFor { static constexpr int value = 2 * LanesFor<(V + 1) / 2>::value; };
template <int V> struct LanesFor<V, true> { static constexpr int value = V <= 1 ? 1 : WarpSize; };
constexpr int Lanes = LanesFor<Vectors>::value;  // Threads that share a key.
constexpr int Each = (Vectors + Lanes - 1) / Lanes;
constexpr int Keys = WarpSize / Lanes;           // Keys of a warp side by side.
constexpr int Unroll = GROUP > 4 ? 2 : 4;        // And one after the other, under way at once.
constexpr int Warps = 4;
constexpr int Elements = Each * Vector;

// What a thread, then a warp, has summed of its keys, by query head.
struct State {
    float largest[GROUP], sum[GROUP], output[GROUP][Elements];
};

DEVICE void rescale(State& state, int g, float largest) {
    float scale = exp2_fast(state.largest[g] - largest);
    state.sum[g] *= scale;
    for (int e = 0; e < Elements; e++) state.output[g][e] *= scale;
    state.largest[g] = largest;
}

DEVICE void add_keys(State& state, const float (&query)[GROUP][Elements], const KvLayer& kv, const int* pages, int head, int first, int end) {
    int lane = thread_x() % Lanes, side = thread_x() % WarpSize / Lanes;
    Vec16 values[Unroll][Each];
    float score[Unroll][GROUP];
    bool exists[Unroll];
#pragma unroll
    for (int u = 0; u < Unroll; u++) {
        int position = first + u * Keys + side;
        exists[u] = position < end;
        Vec16 keys[Each];
        const KVT* key = key_of(kv, pages, exists[u] ? position : end - 1, head);
#pragma unroll
        for (int v = 0; v < Each; v++) {
            bool inside = v * Lanes + lane < Vectors;
            int element = inside ? (v * Lanes + lane) * Vector : 0;
            keys[v] = load16(key + element);
            values[u][v] = load16(key + kv.plane_elements + element);
        }
#pragma unroll
        for (int g = 0; g < GROUP; g++) score[u][g] = 0;
#pragma unroll
        for (int v = 0; v < Each; v++) {
            float k[Vector];
            unpack16<KVT>(keys[v], k);
#pragma unroll
            for (int g = 0; g < GROUP; g++)
                for (int e = 0; e < Vector; e++) score[u][g] += query[g][v * Vector + e] * k[e];
        }
    }
#pragma unroll
    for (int u = 0; u < Unroll; u++)
        for (int g = 0; g < GROUP; g++) {
            for (int mask = 1; mask < Lanes; mask *= 2) score[u][g] += shuffle_xor(score[u][g], mask);
            if (!exists[u]) score[u][g] = Lowest;
        }
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
        float largest = state.largest[g];
        for (int u = 0; u < Unroll; u++) largest = larger(largest, score[u][g]);
        rescale(state, g, largest);
        for (int u = 0; u < Unroll; u++) {
            score[u][g] = exists[u] ? exp2_fast(score[u][g] - largest) : 0.f;
            state.sum[g] += score[u][g];
        }
    }
#pragma unroll
    for (int u = 0; u < Unroll; u++)
        for (int v = 0; v < Each; v++) {
            float x[Vector];
            unpack16<KVT>(values[u][v], x);
#pragma unroll
            for (int g = 0; g < GROUP; g++)
                for (int e = 0; e < Vector; e++) state.output[g][v * Vector + e] += score[u][g] * x[e];
        }
}

// The sides of a warp into each of them.
DEVICE void join_sides(State& state) {
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
        float largest = state.largest[g];
        for (int mask = Lanes; mask < WarpSize; mask *= 2) largest = larger(largest, shuffle_xor(largest, mask));
        rescale(state, g, largest);
        for (int mask = Lanes; mask < WarpSize; mask *= 2) {
            state.sum[g] += shuffle_xor(state.sum[g], mask);
            for (int e = 0; e < Elements; e++) state.output[g][e] += shuffle_xor(state.output[g][e], mask);
        }
    }
}

}

// Blocks of 128 threads: x over the queries, y over the key heads, z over the splits of split_keys keys.
// Query i is row rows[i] of qkv [*, stride], heads side by side; its sequence's pages begin at page_starts[rows[i]] of pages.
// With one split the result goes to target [*, kv_heads * GROUP * HEAD_DIM]; with more, each one's share to
// partial [query][kv_heads * GROUP][splits][2 + HEAD_DIM]: largest score, sum of weights, weighted sum of values.
KERNEL(128, attention_decode)(ACT* target, float* partial, const float* qkv, const int* rows, const int* count, const int* positions, const int* page_starts,
    const int* pages, KvLayer kv, int stride, float scale, int split_keys) {
    using namespace decode;
    SHARED float shared_largest[Warps][GROUP], shared_sum[Warps][GROUP], shared_output[Warps][GROUP][HEAD_DIM];
    begin();
    if (block_x() >= *count) return;
    int row = rows[block_x()], head = block_y(), keys = positions[row] + 1;
    int first = block_z() * split_keys, end = smaller(keys, first + split_keys);
    if (first >= keys) return;
    int warp = thread_x() / WarpSize, lane = thread_x() % Lanes;
    float query[GROUP][Elements];
    State state;
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
        state.largest[g] = Lowest;
        state.sum[g] = 0;
#pragma unroll
        for (int e = 0; e < Elements; e++) {
            int element = (e / Vector * Lanes + lane) * Vector + e % Vector;
            query[g][e] = element < HEAD_DIM ? qkv[(long long)row * stride + (head * GROUP + g) * HEAD_DIM + element] * scale * Log2E : 0.f;
            state.output[g][e] = 0;
        }
    }
    for (int at = first + warp * Keys * Unroll; at < end; at += Warps * Keys * Unroll)
        add_keys(state, query, kv, pages + page_starts[row], head, at, end);
    join_sides(state);
    if (thread_x() % WarpSize < Lanes) {
#pragma unroll
        for (int g = 0; g < GROUP; g++) {
            shared_largest[warp][g] = state.largest[g];
            shared_sum[warp][g] = state.sum[g];
#pragma unroll
            for (int e = 0; e < Elements; e++) {
                int element = (e / Vector * Lanes + lane) * Vector + e % Vector;
                if (element < HEAD_DIM) shared_output[warp][g][element] = state.output[g][e];
            }
        }
    }
    block_barrier();
    int splits = (keys + split_keys - 1) / split_keys;
    for (int i = thread_x(); i < GROUP * HEAD_DIM; i += block_x_size()) {
        int g = i / HEAD_DIM, element = i % HEAD_DIM;
        float largest = Lowest, sum = 0, output = 0;
        for (int w = 0; w < Warps; w++) largest = larger(largest, shared_largest[w][g]);
        for (int w = 0; w < Warps; w++) {
            float weight = exp2_fast(shared_largest[w][g] - largest);
            sum += shared_sum[w][g] * weight;
            output += shared_output[w][g][element] * weight;
        }
        int query_head = head * GROUP + g, heads = kv.kv_heads * GROUP;
        if (splits == 1) {
            from_float(output / sum, target[((long long)row * heads + query_head) * HEAD_DIM + element]);
            continue;
        }
        float* share = partial + (((long long)block_x() * heads + query_head) * grid_z() + block_z()) * (HEAD_DIM + 2);
        share[2 + element] = output;
        if (element == 0) {
            share[0] = largest;
            share[1] = sum;
        }
    }
}

// Blocks of 128 threads: x over the queries, y over the query heads. Joins the splits of attention_decode.
KERNEL(128, attention_join)(ACT* target, const float* partial, const int* rows, const int* count, const int* positions, int heads, int max_splits, int split_keys) {
    begin();
    if (block_x() >= *count) return;
    int row = rows[block_x()], splits = (positions[row] + split_keys) / split_keys;
    if (splits == 1) return;
    partial += ((long long)block_x() * heads + block_y()) * max_splits * (HEAD_DIM + 2);
    float largest = Lowest;
    for (int s = 0; s < splits; s++) largest = larger(largest, partial[s * (HEAD_DIM + 2)]);
    for (int element = thread_x(); element < HEAD_DIM; element += block_x_size()) {
        float sum = 0, output = 0;
        for (int s = 0; s < splits; s++) {
            const float* share = partial + s * (HEAD_DIM + 2);
            float weight = exp2_fast(share[0] - largest);
            sum += share[1] * weight;
            output += share[2 + element] * weight;
        }
        from_float(output / sum, target[((long long)row * heads + block_y()) * HEAD_DIM + element]);
    }
}

KERNELS(attention_decode, attention_join)
