// Where keys and values are: page [layer][k|v][token][kvHead][headDim].
#pragma once
#include "device.cuh"

#ifndef KVT
#define KVT bf16
#endif
#ifndef HEAD_DIM
#define HEAD_DIM 128
#endif

// One layer of the pool. page_elements lie between a page and the next, plane_elements between keys and values.
struct KvLayer {
    KVT* keys;
    long long page_elements;
    int plane_elements;
    int page_shift;
    int kv_heads;
};

// First element of a token's key; the value lies plane_elements on.
DEVICE KVT* key_at(const KvLayer& kv, int page, int slot, int head) {
    return kv.keys + page * kv.page_elements + (slot * kv.kv_heads + head) * HEAD_DIM;
}

DEVICE KVT* key_of(const KvLayer& kv, const int* pages, int position, int head) {
    return key_at(kv, pages[position >> kv.page_shift], position & ((1 << kv.page_shift) - 1), head);
}
