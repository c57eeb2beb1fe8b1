// Whole pages between the pool and a buffer that goes elsewhere, and their checksums.
#include "device.cuh"

// Blocks of 256 threads: x over a page's 16-byte words, y over the pages.
KERNEL(256, gather_pages)(u8* buffer, const u8* pool, const int* pages, int words, long long page_bytes) {
    for (int i = block_x() * block_x_size() + thread_x(); i < words; i += grid_x() * block_x_size())
        store16(buffer + block_y() * page_bytes + 16LL * i, load16(pool + pages[block_y()] * page_bytes + 16LL * i));
}

KERNEL(256, scatter_pages)(u8* pool, const u8* buffer, const int* pages, int words, long long page_bytes) {
    for (int i = block_x() * block_x_size() + thread_x(); i < words; i += grid_x() * block_x_size())
        store16(pool + pages[block_y()] * page_bytes + 16LL * i, load16(buffer + block_y() * page_bytes + 16LL * i));
}

// The 16 sums of docs/formats/kv-transfer.md, of one page a block: 256 threads, thread t has word t % 16 of every 16th row.
// sums [pages][16]; the host joins them with the page's length. A page is a whole number of rows of 128 bytes.
KERNEL(256, page_sums)(u64* sums, const u8* pool, const int* pages, int rows, long long page_bytes) {
    constexpr u64 Step = 0xD6E8FEB96659FD93ull;
    constexpr u64 First[4] = {0x9E3779B185EBCA87ull, 0xC2B2AE3D27D4EB4Full, 0x165667B19E3779F9ull, 0x85EBCA77C2B2AE63ull};
    SHARED u64 own[256], neighbour[256];
    int word = thread_x() % 16;
    const u64* page = (const u64*)(pool + pages[block_x()] * page_bytes);
    u64 products = 0, plain = 0;
    u64 first = word % 4 == 0 ? First[0] : word % 4 == 1 ? First[1] : word % 4 == 2 ? First[2] : First[3];
    for (int row = thread_x() / 16; row < rows; row += 16) {
        u64 value = page[row * 16LL + word], keyed = value ^ (first + (u64)row * Step);
        products += (keyed & 0xffffffffull) * (keyed >> 32);
        plain += value;
    }
    own[thread_x()] = products;
    neighbour[thread_x()] = plain;
    block_barrier();
    if (thread_x() >= 16) return;
    u64 total = 0;
    for (int i = 0; i < 16; i++) total += own[i * 16 + word] + neighbour[i * 16 + (word ^ 1)];
    sums[block_x() * 16 + word] = total;
}

KERNELS(gather_pages, scatter_pages, page_sums)
