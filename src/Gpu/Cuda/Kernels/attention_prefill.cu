// Causal attention of many neighbouring queries over paged keys and values, on the tensor cores (FlashAttention-2, Dao, 2023):
// a block has 64 rows, the query heads of a group for a few tokens, and goes over the keys 64 at a time; the next
// 64 are under way meanwhile. For keys and values of 16 bits, or of 8 that are widened on their way, and heads of a multiple of 16.
#include "paging.cuh"

#ifndef ACT
#define ACT bf16
#endif
#ifndef GROUP
#define GROUP 4
#endif

namespace prefill {

// What the tensor cores multiply: F16 holds every number of E4M3.
template <typename T> struct Computed { typedef T type; };
template <> struct Computed<f8> { typedef f16 type; };
typedef Computed<KVT>::type CT;

constexpr int Rows = 64, Keys = 64, Warps = 4;
constexpr int Pitch = HEAD_DIM + 8;              // So that eight rows lie in different banks.
constexpr int Tokens = Rows / GROUP;
constexpr int Plane = Keys * Pitch;

struct Tile { int sequence_row, first_row, tokens, first_position; };

struct Output {
    float largest[2], sum[2], o[HEAD_DIM / 8][4];
};

// 16 bytes of a head.
template <typename T> DEVICE void stage_elements(T* target, const T* source, bool exists) { copy16_async(target, source, exists); }

DEVICE void stage_elements(f16* target, const f8* source, bool exists) {
    Vec16 bits = load16(source), halves[2];
    float values[16];
    unpack16<f8>(bits, values);
#pragma unroll
    for (int i = 0; i < 8; i++) halves[i / 4].w[i % 4] = exists ? pack_pair<f16>(values[2 * i], values[2 * i + 1]) : 0u;
    *(Vec16*)target = halves[0];
    *(Vec16*)(target + 8) = halves[1];
}

DEVICE void load_keys(CT* stage, const KvLayer& kv, const int* pages, int head, int first, int end) {
    constexpr int Elements = Lanes16<KVT>::count, Vectors = HEAD_DIM / Elements;
    for (int i = thread_x(); i < Keys * Vectors; i += Warps * WarpSize) {
        int key = i / Vectors, element = i % Vectors * Elements;
        bool exists = first + key < end;
        const KVT* source = key_of(kv, pages, exists ? first + key : end - 1, head) + element;
        stage_elements(stage + key * Pitch + element, source, exists);
        stage_elements(stage + Plane + key * Pitch + element, source + kv.plane_elements, exists);
    }
    copies_commit();
}

// scores [16 rows of the warp][Keys] as the tensor cores leave them: s[n][0..1] of row lane / 4, s[n][2..3] of the row 8 below.
DEVICE void scores_of(float (&s)[Keys / 8][4], const CT* queries, const CT* keys) {
    int lane = thread_x() % WarpSize, warp = thread_x() / WarpSize;
    for (int n = 0; n < Keys / 8; n++)
        for (int i = 0; i < 4; i++) s[n][i] = 0;
#pragma unroll
    for (int k = 0; k < HEAD_DIM; k += 16) {
        u32 a[4];
        load_matrices(a, queries + (warp * 16 + lane % 16) * Pitch + k + lane / 16 * 8);
#pragma unroll
        for (int n = 0; n < Keys; n += 16) {
            u32 b[4];
            load_matrices(b, keys + (n + lane / 16 * 8 + lane % 8) * Pitch + k + lane / 8 % 2 * 8);
            multiply_matrices(CT(), s[n / 8], a, b[0], b[1]);
            multiply_matrices(CT(), s[n / 8 + 1], a, b[2], b[3]);
        }
    }
}

// Scores into weights, relative to the largest so far of each row, and what was summed before along with them.
DEVICE void weigh(float (&s)[Keys / 8][4], Output& out, const int (&visible)[2], float scale) {
    int column = thread_x() % 4 * 2;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float largest = out.largest[half];
#pragma unroll
        for (int n = 0; n < Keys / 8; n++)
            for (int i = 0; i < 2; i++) {
                float& score = s[n][2 * half + i];
                score = n * 8 + column + i < visible[half] ? score * scale : Lowest;
                largest = larger(largest, score);
            }
        largest = larger(largest, shuffle_xor(largest, 1));
        largest = larger(largest, shuffle_xor(largest, 2));
        float rescale = exp2_fast(out.largest[half] - largest), sum = 0;
        out.largest[half] = largest;
#pragma unroll
        for (int n = 0; n < Keys / 8; n++)
            for (int i = 0; i < 2; i++) {
                float& score = s[n][2 * half + i];
                score = score > Lowest ? exp2_fast(score - largest) : 0.f;
                sum += score;
            }
        out.sum[half] = out.sum[half] * rescale + sum;
#pragma unroll
        for (int d = 0; d < HEAD_DIM / 8; d++) {
            out.o[d][2 * half] *= rescale;
            out.o[d][2 * half + 1] *= rescale;
        }
    }
}

DEVICE void add_values(const float (&s)[Keys / 8][4], Output& out, const CT* values) {
    int lane = thread_x() % WarpSize;
#pragma unroll
    for (int k = 0; k < Keys; k += 16) {
        const float(*p)[4] = s + k / 8;
        u32 a[4] = {pack_pair<CT>(p[0][0], p[0][1]), pack_pair<CT>(p[0][2], p[0][3]), pack_pair<CT>(p[1][0], p[1][1]), pack_pair<CT>(p[1][2], p[1][3])};
#pragma unroll
        for (int d = 0; d < HEAD_DIM; d += 16) {
            u32 b[4];
            load_matrices_transposed(b, values + (k + lane % 16) * Pitch + d + lane / 16 * 8);
            multiply_matrices(CT(), out.o[d / 8], a, b[0], b[1]);
            multiply_matrices(CT(), out.o[d / 8 + 1], a, b[2], b[3]);
        }
    }
}

}

// Blocks of 128 threads: x over the tiles, the last first since it sees the most keys; y over the key heads.
// A tile is up to 64 / GROUP neighbouring rows of qkv [*, stride] of one sequence. target [*, kv_heads * GROUP * HEAD_DIM].
// Dynamic shared memory: (64 + 4 * 64) * (HEAD_DIM + 8) elements of 16 bits.
KERNEL(128, attention_prefill)(ACT* target, const float* qkv, const int* tiles, const int* page_starts, const int* pages, KvLayer kv, int stride, float scale) {
    using namespace prefill;
    DYNAMIC_SHARED(shared);
    begin();
    CT* queries = (CT*)shared;
    CT* stages = queries + Rows * Pitch;
    const Tile tile = ((const Tile*)tiles)[grid_x() - 1 - block_x()];
    int head = block_y(), keys = tile.first_position + tile.tokens, heads = kv.kv_heads * GROUP;
    const int* sequence_pages = pages + page_starts[tile.sequence_row];
    load_keys(stages, kv, sequence_pages, head, 0, keys);
    for (int i = thread_x(); i < Rows * HEAD_DIM; i += block_x_size()) {
        int row = i / HEAD_DIM, element = i % HEAD_DIM, token = row / GROUP;
        const float* query = qkv + (long long)(tile.first_row + token) * stride + (head * GROUP + row % GROUP) * HEAD_DIM;
        from_float(token < tile.tokens ? query[element] : 0.f, queries[row * Pitch + element]);
    }
    Output out;
    int lane = thread_x() % WarpSize, row = thread_x() / WarpSize * 16 + lane / 4;
    for (int half = 0; half < 2; half++) {
        out.largest[half] = Lowest;
        out.sum[half] = 0;
    }
    for (int d = 0; d < HEAD_DIM / 8; d++)
        for (int i = 0; i < 4; i++) out.o[d][i] = 0;
    for (int first = 0, stage = 0; first < keys; first += Keys, stage ^= 1) {
        CT* present = stages + stage * 2 * Plane;
        if (first + Keys < keys) {
            load_keys(stages + (stage ^ 1) * 2 * Plane, kv, sequence_pages, head, first + Keys, keys);
            copies_wait<1>();
        } else {
            copies_wait<0>();
        }
        block_barrier();
        float s[Keys / 8][4];
        scores_of(s, queries, present);
        int visible[2] = {tile.first_position + row / GROUP + 1 - first, tile.first_position + (row + 8) / GROUP + 1 - first};
        weigh(s, out, visible, scale * Log2E);
        add_values(s, out, present + Plane);
        block_barrier();
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float sum = out.sum[half];
        sum += shuffle_xor(sum, 1);
        sum += shuffle_xor(sum, 2);
        int at = row + half * 8, token = at / GROUP;
        if (token >= tile.tokens || at >= Tokens * GROUP) continue;
        ACT* result = target + ((long long)(tile.first_row + token) * heads + head * GROUP + at % GROUP) * HEAD_DIM + lane % 4 * 2;
#pragma unroll
        for (int d = 0; d < HEAD_DIM / 8; d++) {
            from_float(out.o[d][2 * half] / sum, result[d * 8]);
            from_float(out.o[d][2 * half + 1] / sum, result[d * 8 + 1]);
        }
    }
}

KERNELS(attention_prefill)
