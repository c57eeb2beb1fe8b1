// The emulated device's memory, and pinned memory: blocks of the host's.
#pragma once
#include <cstdlib>
#include <cstring>
#include <map>

typedef int Result;
typedef unsigned long long Pointer;
enum { Success = 0, InvalidValue = 1, OutOfMemory = 2, InvalidImage = 200, NotFound = 500, NotReady = 600, LaunchFailed = 719, NotSupported = 801 };

class Memory {
public:
    size_t used() const { return used_; }

    static size_t limit() {
        const char* text = getenv("ACTORINFERENCE_EMULATED_MEMORY");
        return text ? strtoull(text, nullptr, 10) : 8ull << 30;
    }

    Result allocate(Pointer* pointer, size_t bytes, bool is_device) {
        if (is_device && used_ + bytes > limit()) return OutOfMemory;
        // What nobody has written is no number, so that nobody reads it unnoticed.
        void* block = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
        if (!block) return OutOfMemory;
        memset(block, 0xff, bytes);
        blocks_[*pointer = (Pointer)block] = {bytes, is_device};
        if (is_device) used_ += bytes;
        return Success;
    }

    Result release(Pointer pointer) {
        auto found = blocks_.find(pointer);
        if (found == blocks_.end()) return InvalidValue;
        if (found->second.is_device) used_ -= found->second.bytes;
        blocks_.erase(found);
        free((void*)pointer);
        return Success;
    }

    // Whether the driver knows the address: what a copy of a stream may read when its turn comes.
    bool is_known(const void* address) const {
        auto after = blocks_.upper_bound((Pointer)address);
        if (after == blocks_.begin()) return false;
        auto& [start, block] = *--after;
        return (Pointer)address < start + block.bytes;
    }

private:
    struct Block { size_t bytes; bool is_device; };
    std::map<Pointer, Block> blocks_;
    size_t used_ = 0;
};
