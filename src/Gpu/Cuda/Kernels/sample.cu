// Chooses tokens on the device, by the rules of the host's sampler: the largest logit, or temperature, top-k, top-p over what
// top-k left, min-p, and one draw in the order of ids. No row is sorted: the k-th largest weight, and the weight at which
// the mass is reached, are found bit by bit, eight at a time, by histograms (radix select).
#include "device.cuh"

namespace sampling {

constexpr int Threads = 1024, Digits = 256;

// temperature 0: the largest. top_k 0: all. random: the draw, in [0, 1).
struct Options { float temperature, top_p, min_p, random; int top_k; };

// What is kept of a row: weights above cut, and of those equal to it the first ties.
struct Cut { float weight; int ties; };

// Mass in integers: whichever thread comes first, the sum is the same.
constexpr float MassUnit = 1099511627776.f;

struct Shared {
    u64 mass[Digits];
    u32 counts[Digits];
    float scratch[Threads / WarpSize + 1];
    float values[Threads];
    int indices[Threads];
    Cut cut;
    u32 digit;
    u64 above;
    u32 count;
    int token;
};

// The largest logit, and of equals the first; token -1 if there is no finite one.
DEVICE float find_largest(const float* logits, int vocab, Shared& shared) {
    float best = Lowest;
    int at = -1;
    bool broken = false;
    for (int i = thread_x(); i < vocab; i += Threads) {
        float value = logits[i];
        broken |= value != value || value > 3.0e38f;
        if (value > best) { best = value; at = i; }
    }
    shared.values[thread_x()] = broken ? 3.4e38f : best;
    shared.indices[thread_x()] = broken ? -1 : at;
    block_barrier();
    for (int width = Threads / 2; width > 0; width /= 2) {
        if (thread_x() < width) {
            int other = thread_x() + width;
            float a = shared.values[thread_x()], b = shared.values[other];
            int i = shared.indices[thread_x()], j = shared.indices[other];
            if (b > a || (b == a && j < i)) {
                shared.values[thread_x()] = b;
                shared.indices[thread_x()] = j;
            }
        }
        block_barrier();
    }
    shared.token = shared.indices[0];
    float largest = shared.values[0];
    block_barrier();
    return largest;
}

// Weights are not negative, so their bits are in their order.
DEVICE float weight_of(float logit, float largest, float inverse_temperature) { return exp2_fast((logit - largest) * inverse_temperature * Log2E); }

DEVICE bool is_kept(float weight, const Cut& cut) { return weight > cut.weight || (weight == cut.weight && cut.ties > 0); }

// The digit in which what was wanted is reached, from the largest on; what the digits above it have is added to above.
DEVICE void find_digit(Shared& shared, u64 above, u64 wanted, bool by_mass) {
    int digit = Digits - 1;
    for (; digit > 0; digit--) {
        u64 more = by_mass ? shared.mass[digit] : shared.counts[digit];
        if (above + more >= wanted) break;
        above += more;
    }
    shared.digit = digit;
    shared.above = above;
    shared.count = shared.counts[digit];
}

// Of those within a cut, the largest that together have a number (top-k) or a mass (top-p).
template <bool ByMass> DEVICE Cut select(const float* logits, int vocab, float largest, float inverse_temperature, u64 wanted, Cut within, Shared& shared) {
    u32 prefix = 0;
    u64 above = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        for (int i = thread_x(); i < Digits; i += Threads) {
            shared.counts[i] = 0;
            shared.mass[i] = 0;
        }
        block_barrier();
        u32 mask = shift == 24 ? 0u : ~0u << (shift + 8);
        for (int i = thread_x(); i < vocab; i += Threads) {
            float weight = weight_of(logits[i], largest, inverse_temperature);
            u32 bits = float_to_bits(weight);
            if ((bits & mask) != prefix || !is_kept(weight, within)) continue;
            atomic_add_shared(&shared.counts[bits >> shift & 255], 1u);
            if (ByMass) atomic_add_shared(&shared.mass[bits >> shift & 255], (u64)(weight * MassUnit));
        }
        block_barrier();
        if (thread_x() == 0) find_digit(shared, above, wanted, ByMass);
        block_barrier();
        above = shared.above;
        prefix |= shared.digit << shift;
        block_barrier();
    }
    Cut cut;
    cut.weight = bits_to_float(prefix);
    if (cut.weight < within.weight) return within;   // All of them together do not reach it.
    u64 each = ByMass ? (u64)(cut.weight * MassUnit) : 1, there = shared.count;
    if (cut.weight == within.weight && there > (u64)within.ties) there = within.ties;
    u64 ties = each == 0 ? there : (wanted - above + each - 1) / each;
    cut.ties = (int)(ties < there ? ties : there);
    return cut;
}

// A thread's share of the vocabulary, neighbours in order of their ids.
DEVICE int share_of(int vocab) { return (vocab + Threads - 1) / Threads; }

// How many before each thread's share are equal to the cut.
DEVICE int ties_before(const float* logits, int vocab, float largest, float inverse_temperature, float weight, Shared& shared) {
    int share = share_of(vocab), count = 0;
    for (int i = thread_x() * share; i < smaller(vocab, (thread_x() + 1) * share); i++)
        if (weight_of(logits[i], largest, inverse_temperature) == weight) count++;
    shared.indices[thread_x()] = count;
    block_barrier();
    int before = 0;
    for (int i = 0; i < thread_x(); i++) before += shared.indices[i];
    block_barrier();
    return before;
}

// Whether an entry is kept, going on in the order of ids; ties counts down those equal to the cut.
DEVICE bool keeps(float weight, const Cut& cut, int& ties) { return weight > cut.weight || (weight == cut.weight && ties-- > 0); }

// What a thread's share of those kept weighs. ties: how many equal to the cut it may keep.
DEVICE float mass_of_share(const float* logits, int vocab, float largest, float inverse_temperature, float min_p, const Cut& cut, int ties) {
    float mass = 0;
    int share = share_of(vocab);
    for (int i = thread_x() * share; i < smaller(vocab, (thread_x() + 1) * share); i++) {
        float weight = weight_of(logits[i], largest, inverse_temperature);
        if (keeps(weight, cut, ties) && weight >= min_p) mass += weight;
    }
    return mass;
}

// The token at which the mass of those kept, in the order of ids, passes the draw.
DEVICE void draw(const float* logits, int vocab, float largest, float inverse_temperature, float min_p, float random, Cut cut, Shared& shared) {
    int share = share_of(vocab), first = thread_x() * share;
    int ties = cut.ties - ties_before(logits, vocab, largest, inverse_temperature, cut.weight, shared);
    float own = mass_of_share(logits, vocab, largest, inverse_temperature, min_p, cut, ties);
    shared.values[thread_x()] = own;
    block_barrier();
    float total = 0, before = 0;
    for (int i = 0; i < Threads; i++) {
        if (i == thread_x()) before = total;
        total += shared.values[i];
    }
    // The shares are intervals from 0 to the total without gaps; rounding must not reach the end.
    float target = random * total;
    if (target >= total) target = total * 0.999999f;
    if (!(before <= target && target < before + own)) return;
    for (int i = first; i < smaller(vocab, first + share); i++) {
        float weight = weight_of(logits[i], largest, inverse_temperature);
        if (!keeps(weight, cut, ties) || weight < min_p) continue;
        shared.token = i;
        before += weight;
        if (before > target) return;
    }
}

}

// One block of 1024 threads a row. logits [n, vocab]; options [n]; tokens [n] get the chosen ids, -1 where no logit is a number.
KERNEL(1024, sample)(int* tokens, const float* logits, const float* options, const int* count, int vocab) {
    using namespace sampling;
    SHARED Shared shared;
    if (block_x() >= *count) return;
    logits += (long long)block_x() * vocab;
    const Options o = ((const Options*)options)[block_x()];
    float largest = find_largest(logits, vocab, shared);
    if (shared.token >= 0 && o.temperature > 0) {
        float inverse_temperature = 1 / o.temperature;
        Cut cut{0.f, vocab};
        if (o.top_k > 0 && o.top_k < vocab) cut = select<false>(logits, vocab, largest, inverse_temperature, (u64)o.top_k, cut, shared);
        if (o.top_p < 1) {
            int ties = cut.ties - ties_before(logits, vocab, largest, inverse_temperature, cut.weight, shared);
            float total = block_sum(mass_of_share(logits, vocab, largest, inverse_temperature, 0, cut, ties), shared.scratch);
            cut = select<true>(logits, vocab, largest, inverse_temperature, (u64)(o.top_p * total * MassUnit), cut, shared);
        }
        draw(logits, vocab, largest, inverse_temperature, o.min_p, o.random, cut, shared);
    }
    block_barrier();
    if (thread_x() == 0) tokens[block_x()] = shared.token;
}

KERNELS(sample)
