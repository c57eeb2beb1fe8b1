// Streams that do their work as late as they may: when somebody waits for it. So who reads before he has waited, or writes over what a
// copy has yet to read, gets what a device may give him too. Work that waits for another process is not ready until that one has come: it
// is tried again when somebody asks again.
#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <set>
#include <vector>
#include "memory.h"

typedef std::function<Result()> Work;

struct Graph { std::vector<Work> steps; };

struct Stream {
    static inline std::set<Stream*> all;
    static inline Result poisoned = Success;   // As on a device: after a fault nothing more works in the context.

    const int device;
    Graph* capture = nullptr;
    std::deque<Work> waiting;
    unsigned long long issued = 0, done = 0;

    explicit Stream(int device) : device(device) { all.insert(this); }
    ~Stream() { all.erase(this); }

    // The default stream waits for nobody, and nobody for it: its work is done at once.
    static Result enqueue(Stream* stream, Work work) {
        if (!stream) return finish(work());
        if (stream->capture) {
            stream->capture->steps.push_back(std::move(work));
            return Success;
        }
        stream->waiting.push_back(std::move(work));
        stream->issued++;
        return Success;
    }

    // NotReady where work waits for another process.
    Result run_until(unsigned long long count) {
        while (done < count && !poisoned) {
            Result result = waiting.front()();
            if (result == NotReady) return NotReady;
            waiting.pop_front();
            done++;
            finish(result);
        }
        return poisoned;
    }

    static Result run_all() {
        Result result = Success;
        for (Stream* stream : std::set<Stream*>(all))
            if (stream->run_until(stream->issued) == NotReady) result = NotReady;
        return poisoned ? poisoned : result;
    }

private:
    static Result finish(Result result) {
        if (result) poisoned = result;
        return result;
    }
};

struct Event {
    Stream* stream = nullptr;
    unsigned long long at = 0;
    std::chrono::steady_clock::time_point time;

    Result record(Stream* where) {
        stream = where;
        Result result = Stream::enqueue(where, [this] { time = std::chrono::steady_clock::now(); return Success; });
        at = where ? where->issued : 0;
        return result;
    }

    Result wait() const { return stream && Stream::all.count(stream) ? stream->run_until(at) : Stream::poisoned; }
};
