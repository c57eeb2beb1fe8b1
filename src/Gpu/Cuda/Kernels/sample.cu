// Chooses tokens on the device, by the rules of the host's sampler: the largest logit, or temperature, top-k, top-p over what
// top-k left, min-p, and one draw in the order of ids. No row is sorted: the k-th largest weight, and the weight at which
// the mass is reached, are found bit by bit, eight at a time, by histograms (radix select).
#include "device.cuh"

namespace sampling {

constexpr int Threads = 1024, Digits = 256, Warps = Threads / WarpSize;
constexpr int Ahead = 4;   // Loads that a thread has under way at once.

// temperature 0: the largest. top_k 0: all. random: the draw, in [0, 1).
struct Options { float temperature, top_p, min_p, random; int top_k; };

// What is kept of a row: weights above cut, and of those equal to it the first ties.
struct Cut { float weight; int ties; };

// Mass in integers: whichever thread comes first, the sum is the same.
constexpr float MassUnit = 1099511627776.f;

// A row and how its logits become weights, which are not negative, so that their bits are in their order.
struct Row { const float* logits; int vocab; float largest, inverse_temperature; };

struct Shared {
    u64 mass[Digits];
    u32 counts[Digits];
    float scratch[Warps + 1];
    float values[Warps];
    int indices[Warps];
    u32 digit;
    u64 above;
    u32 count;
    int token;
};

struct Largest { float value; int at; };

DEVICE void look(Largest& best, float value, int i) {
    if (value != value || value > 3.0e38f) best = {3.4e38f, -1};
    else if (value > best.value) best = {value, i};
}

// The largest logit, and of equals the first; token -1 if there is no finite one.
DEVICE float find_largest(const float* logits, int vocab, Shared& shared) {
    Largest best = {Lowest, -1};
    int head = (int)(0 - (u64)logits / sizeof(float) & 3), vectors = (vocab - head) / 4;   // Up to a boundary of 16 bytes, and from there.
    if (thread_x() < smaller(head, vocab)) look(best, logits[thread_x()], thread_x());
    for (int first = thread_x(); first < vectors; first += Ahead * Threads) {
        Vec16 bits[Ahead];
#pragma unroll
        for (int a = 0; a < Ahead; a++) bits[a] = load16(logits + head + 4 * smaller(first + a * Threads, vectors - 1));
#pragma unroll
        for (int a = 0; a < Ahead; a++) {
            float values[4];
            unpack16<float>(bits[a], values);
#pragma unroll
            for (int k = 0; k < 4; k++) look(best, values[k], head + 4 * smaller(first + a * Threads, vectors - 1) + k);
        }
    }
    int last = head + 4 * (vectors > 0 ? vectors : 0) + thread_x();
    if (last < vocab) look(best, logits[last], last);
#pragma unroll
    for (int mask = WarpSize / 2; mask > 0; mask /= 2) {
        float value = shuffle_xor(best.value, mask);
        int at = (int)shuffle_xor((u32)best.at, mask);
        if (value > best.value || (value == best.value && at < best.at)) best = {value, at};
    }
    if (thread_x() % WarpSize == 0) {
        shared.values[thread_x() / WarpSize] = best.value;
        shared.indices[thread_x() / WarpSize] = best.at;
    }
    block_barrier();
    for (int w = 0; w < Warps; w++) {
        float value = shared.values[w];
        int at = shared.indices[w];
        if (value > best.value || (value == best.value && at < best.at)) best = {value, at};
    }
    if (thread_x() == 0) shared.token = best.at;
    block_barrier();
    return best.value;
}

DEVICE float weight_of(const Row& row, float logit) { return exp2_fast((logit - row.largest) * row.inverse_temperature * Log2E); }

// Weights of entries step apart; below 0 where there is none.
DEVICE void weights_of(float (&weights)[Ahead], const Row& row, int first, int step, int end) {
    float logits[Ahead];
#pragma unroll
    for (int a = 0; a < Ahead; a++) logits[a] = first + a * step < end ? row.logits[first + a * step] : 0.f;
#pragma unroll
    for (int a = 0; a < Ahead; a++) weights[a] = first + a * step < end ? weight_of(row, logits[a]) : -1.f;
}

DEVICE u64 entry(const Shared& shared, int digit, bool by_mass) { return by_mass ? shared.mass[digit] : shared.counts[digit]; }

// The digit in which what was wanted is reached, from the largest on; what the digits above it have is added to above. By one warp.
DEVICE void find_digit(Shared& shared, u64 above, u64 wanted, bool by_mass) {
    constexpr int Each = Digits / WarpSize;
    int lane = thread_x(), digit = Digits - 1 - lane * Each, last = digit - Each + 1;
    u64 own = 0;
    for (int i = last; i <= digit; i++) own += entry(shared, i, by_mass);
    u64 upto = own;
    for (int lanes = 1; lanes < WarpSize; lanes *= 2) {
        u64 below = shuffle_from(upto, lane < lanes ? lane : lane - lanes);
        if (lane >= lanes) upto += below;
    }
    u32 reached = warp_ballot(above + upto >= wanted);
    if (lane != (reached ? lowest_bit(reached) : WarpSize - 1)) return;
    for (above += upto - own; digit > last; digit--) {
        u64 more = entry(shared, digit, by_mass);
        if (above + more >= wanted) break;
        above += more;
    }
    shared.digit = digit;
    shared.above = above;
    shared.count = shared.counts[digit];
}

// Adds what a warp's lanes have to the histogram. Those with the digit of one of the first are added up before: of many that add to one place each waits for the others.
template <bool ByMass> DEVICE void count(Shared& shared, bool is_counted, int digit, u64 mass, int rounds) {
    u32 left = warp_ballot(is_counted);
    for (; rounds > 0 && left != 0; rounds--) {
        int leader = highest_bit(left), theirs = (int)shuffle_from((u32)digit, leader);
        bool is_same = is_counted && digit == theirs;
        u32 same = warp_ballot(is_same);
        u64 sum = ByMass ? warp_sum(is_same ? mass : 0ull) : 0ull;
        if (thread_x() % WarpSize == leader) {
            atomic_add_shared(&shared.counts[digit], (u32)count_bits(same));
            if (ByMass) atomic_add_shared(&shared.mass[digit], sum);
        }
        is_counted = is_counted && !is_same;
        left &= ~same;
    }
    if (!is_counted) return;
    atomic_add_shared(&shared.counts[digit], 1u);
    if (ByMass) atomic_add_shared(&shared.mass[digit], mass);
}

DEVICE bool is_within(float weight, const Cut& cut) { return weight > cut.weight || (weight == cut.weight && cut.ties > 0); }

// Of those within a cut, the largest that together have a number (top-k) or a mass (top-p).
template <bool ByMass> DEVICE Cut select(const Row& row, u64 wanted, Cut within, Shared& shared) {
    u32 prefix = 0;
    u64 above = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        for (int i = thread_x(); i < Digits; i += Threads) {
            shared.counts[i] = 0;
            shared.mass[i] = 0;
        }
        block_barrier();
        u32 mask = shift == 24 ? 0u : ~0u << (shift + 8);
        // The first digit is most of the exponent, in which many are alike.
        int rounds = shift == 24 ? 4 : 1;
        for (int first = 0; first < row.vocab; first += Ahead * Threads) {
            float weights[Ahead];
            weights_of(weights, row, first + thread_x(), Threads, row.vocab);
#pragma unroll
            for (int a = 0; a < Ahead; a++) {
                u32 bits = float_to_bits(weights[a]);
                bool is_counted = weights[a] >= 0 && (bits & mask) == prefix && is_within(weights[a], within);
                count<ByMass>(shared, is_counted, bits >> shift & 255, ByMass && is_counted ? (u64)(weights[a] * MassUnit) : 0, rounds);
            }
        }
        block_barrier();
        if (thread_x() < WarpSize) find_digit(shared, above, wanted, ByMass);
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

// Entries that a warp has, which are neighbours, a whole number of times its lanes.
struct Stretch { int first, end; };

DEVICE Stretch stretch_of(int vocab) {
    int each = (vocab + Threads - 1) / Threads * WarpSize, first = thread_x() / WarpSize * each;
    return {first, smaller(vocab, first + each)};
}

// How many before the warp's stretch are equal to the cut.
DEVICE int ties_before(const Row& row, float weight, Shared& shared) {
    Stretch stretch = stretch_of(row.vocab);
    int lane = thread_x() % WarpSize, warp = thread_x() / WarpSize, ties = 0;
    for (int first = stretch.first; first < stretch.end; first += Ahead * WarpSize) {
        float weights[Ahead];
        weights_of(weights, row, first + lane, WarpSize, stretch.end);
#pragma unroll
        for (int a = 0; a < Ahead; a++) ties += count_bits(warp_ballot(weights[a] == weight));
    }
    if (lane == 0) shared.indices[warp] = ties;
    block_barrier();
    int before = 0;
    for (int w = 0; w < warp; w++) before += shared.indices[w];
    block_barrier();
    return before;
}

// Whether a lane's entry is kept, of 32 neighbours; ties counts those equal to the cut up to them.
DEVICE bool keeps(float weight, const Cut& cut, int& ties) {
    bool is_equal = weight == cut.weight;
    u32 equals = warp_ballot(is_equal);
    int before = ties + count_bits(equals & ((1u << thread_x() % WarpSize) - 1));
    ties += count_bits(equals);
    return weight > cut.weight || (is_equal && before < cut.ties);
}

// What those kept of the warp's stretch weigh, a part in each lane. ties: how many before it are equal to the cut.
DEVICE float mass_of_stretch(const Row& row, float min_p, const Cut& cut, int ties) {
    Stretch stretch = stretch_of(row.vocab);
    float mass = 0;
    for (int first = stretch.first; first < stretch.end; first += Ahead * WarpSize) {
        float weights[Ahead];
        weights_of(weights, row, first + thread_x() % WarpSize, WarpSize, stretch.end);
#pragma unroll
        for (int a = 0; a < Ahead; a++)
            if (keeps(weights[a], cut, ties) && weights[a] >= min_p) mass += weights[a];
    }
    return mass;
}

// The token of the warp's stretch at which the mass of those kept, in the order of ids, passes target; before: what those before it weigh.
DEVICE int token_at(const Row& row, float min_p, const Cut& cut, int ties, float before, float target) {
    Stretch stretch = stretch_of(row.vocab);
    int lane = thread_x() % WarpSize, token = -1;
    for (int first = stretch.first; first < stretch.end; first += WarpSize) {
        float weight = first + lane < stretch.end ? weight_of(row, row.logits[first + lane]) : -1.f;
        bool is_kept = keeps(weight, cut, ties) && weight >= min_p && weight > 0;
        float upto = is_kept ? weight : 0.f;
        for (int lanes = 1; lanes < WarpSize; lanes *= 2) {
            float below = shuffle_up(upto, lanes);
            if (lane >= lanes) upto += below;
        }
        u32 kept = warp_ballot(is_kept), passed = warp_ballot(is_kept && before + upto > target);
        if (passed != 0) return first + lowest_bit(passed);
        if (kept != 0) token = first + highest_bit(kept);   // If rounding has the sums end before it, the last.
        before += shuffle_from(upto, WarpSize - 1);
    }
    return token;
}

// The token at which the mass of those kept, in the order of ids, passes the draw.
DEVICE void draw(const Row& row, float min_p, float random, Cut cut, Shared& shared) {
    int warp = thread_x() / WarpSize, ties = ties_before(row, cut.weight, shared);
    float own = warp_sum(mass_of_stretch(row, min_p, cut, ties));
    if (thread_x() % WarpSize == 0) shared.values[warp] = own;
    block_barrier();
    float total = 0, before = 0;
    for (int w = 0; w < Warps; w++) {
        if (w == warp) before = total;
        total += shared.values[w];
    }
    // The stretches are intervals from 0 to the total without gaps; rounding must not reach the end.
    float target = random * total;
    if (target >= total) target = total * 0.999999f;
    if (!(before <= target && target < before + own)) return;
    int token = token_at(row, min_p, cut, ties, before, target);
    if (thread_x() % WarpSize == 0) shared.token = token;
}

}

// One block of 1024 threads a row. logits [n, vocab]; options [n]; tokens [n] get the chosen ids, -1 where no logit is a number.
KERNEL(1024, sample)(int* tokens, const float* logits, const float* options, const int* count, int vocab) {
    using namespace sampling;
    SHARED Shared shared;
    begin();
    if (block_x() >= *count) return;
    logits += (long long)block_x() * vocab;
    const Options o = ((const Options*)options)[block_x()];
    float largest = find_largest(logits, vocab, shared);
    if (shared.token >= 0 && o.temperature > 0) {
        Row row{logits, vocab, largest, 1 / o.temperature};
        Cut cut{0.f, vocab};
        if (o.top_k > 0 && o.top_k < vocab) cut = select<false>(row, (u64)o.top_k, cut, shared);
        if (o.top_p < 1) {
            float total = block_sum(mass_of_stretch(row, 0, cut, ties_before(row, cut.weight, shared)), shared.scratch);
            cut = select<true>(row, (u64)(o.top_p * total * MassUnit), cut, shared);
        }
        draw(row, o.min_p, o.random, cut, shared);
    }
    block_barrier();
    if (thread_x() == 0) tokens[block_x()] = shared.token;
}

KERNELS(sample)
