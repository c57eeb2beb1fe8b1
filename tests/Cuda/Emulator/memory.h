// The emulated devices' memory, and pinned memory: blocks of the host's.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int Result;
typedef unsigned long long Pointer;
enum { Success = 0, InvalidValue = 1, OutOfMemory = 2, InvalidImage = 200, InvalidContext = 201, InvalidHandle = 400, NotFound = 500, NotReady = 600, LaunchFailed = 719, NotSupported = 801 };

// What one process gives another, which then maps the same memory.
struct IpcHandle { int process, file; Pointer address; size_t bytes; char rest[40]; };

class Memory {
public:
    static constexpr int MaxDevices = 8;

    size_t used(int device) const { return used_[device]; }

    static size_t limit() {
        const char* text = getenv("ACTORINFERENCE_EMULATED_MEMORY");
        return text ? strtoull(text, nullptr, 10) : 8ull << 30;
    }

    // device: below 0 for pinned memory of the host.
    Result allocate(Pointer* pointer, size_t bytes, int device) {
        if (device >= 0 && used_[device] + bytes > limit()) return OutOfMemory;
        void* block = mmap(nullptr, whole(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) return OutOfMemory;
        // What nobody has written is no number, so that nobody reads it unnoticed.
        memset(block, 0xff, bytes);
        blocks_[*pointer = (Pointer)block] = {bytes, device, -1, false};
        if (device >= 0) used_[device] += bytes;
        return Success;
    }

    Result release(Pointer pointer) {
        auto found = blocks_.find(pointer);
        if (found == blocks_.end() || found->second.is_opened) return InvalidValue;
        if (found->second.device >= 0) used_[found->second.device] -= found->second.bytes;
        remove(found);
        return Success;
    }

    // Whether the driver knows the address: what a copy of a stream may read when its turn comes.
    bool is_known(const void* address) const {
        auto after = blocks_.upper_bound((Pointer)address);
        if (after == blocks_.begin()) return false;
        auto& [start, block] = *--after;
        return (Pointer)address < start + block.bytes;
    }

    // Makes a block known to other processes: from now on it lies in a file without a name, at the same address.
    Result share(Pointer pointer, IpcHandle* handle) {
        auto found = blocks_.find(pointer);
        if (found == blocks_.end()) return InvalidValue;
        Block& block = found->second;
        if (block.file < 0) {
            int file = memfd_create(FileName, MFD_CLOEXEC);
            if (file < 0 || ftruncate(file, (off_t)whole(block.bytes)) != 0) return OutOfMemory;
            for (size_t done = 0; done < block.bytes;) {
                ssize_t count = pwrite(file, (char*)pointer + done, block.bytes - done, (off_t)done);
                if (count <= 0) return OutOfMemory;
                done += (size_t)count;
            }
            if (mmap((void*)pointer, whole(block.bytes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) return OutOfMemory;
            block.file = file;
        }
        *handle = {};
        handle->process = getpid();
        handle->file = block.file;
        handle->address = pointer;
        handle->bytes = block.bytes;
        return Success;
    }

    // Within one process, where a device refuses, the memory itself is given out.
    Result open(Pointer* pointer, const IpcHandle& handle) {
        if (handle.process == getpid()) return is_known((void*)(*pointer = handle.address)) ? Success : NotSupported;
        char path[64], target[64] = {};
        snprintf(path, sizeof path, "/proc/%d/fd/%d", handle.process, handle.file);
        std::string expected = std::string("/memfd:") + FileName;
        if (readlink(path, target, sizeof target - 1) < 0 || strncmp(target, expected.c_str(), expected.size()) != 0) return NotSupported;
        int file = ::open(path, O_RDWR | O_CLOEXEC);
        struct stat about;
        if (file < 0 || fstat(file, &about) != 0 || (size_t)about.st_size != whole(handle.bytes)) return NotSupported;
        void* block = mmap(nullptr, whole(handle.bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (block == MAP_FAILED) return OutOfMemory;
        blocks_[*pointer = (Pointer)block] = {handle.bytes, -1, file, true};
        return Success;
    }

    void close(Pointer pointer) {
        auto found = blocks_.find(pointer);
        if (found != blocks_.end() && found->second.is_opened) remove(found);
    }

private:
    struct Block { size_t bytes; int device, file; bool is_opened; };
    static constexpr const char* FileName = "emulated-device";
    std::map<Pointer, Block> blocks_;
    size_t used_[MaxDevices] = {};

    static size_t whole(size_t bytes) { return (bytes + 4095) / 4096 * 4096 + (bytes == 0 ? 4096 : 0); }

    void remove(std::map<Pointer, Block>::iterator block) {
        munmap((void*)block->first, whole(block->second.bytes));
        if (block->second.file >= 0) ::close(block->second.file);
        blocks_.erase(block);
    }
};
