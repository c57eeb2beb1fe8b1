using System.Numerics;

namespace ActorInference.Gpu.Sampling;

/// <summary>
/// The k best of a row, by a heap of k whose root is the worst of them: one vectorised pass over the row, with a step
/// into the heap only for the few values that beat the root. The buffer is reused and grows only with k.
/// </summary>
internal sealed class BestCandidates
{
    private Candidate[] _heap = new Candidate[32];
    private int _count;

    /// <summary>Finds the best <paramref name="k"/> of <paramref name="values"/>.</summary>
    /// <returns>Them, in no particular order; valid until the next call.</returns>
    public Span<Candidate> Select(ReadOnlySpan<float> values, int k)
    {
        k = Math.Min(k, values.Length);
        if (_heap.Length < k) _heap = new Candidate[Math.Max(k, 2 * _heap.Length)];
        _count = 0;
        if (k == 0) return [];

        var i = 0;
        for (; i < k; i++) Push(new Candidate(values[i], i));
        var threshold = new Vector<float>(_heap[0].Weight);
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            if (!Vector.GreaterThanAny(LogitMath.Load(values, i), threshold)) continue;
            for (var lane = i; lane < i + Vector<float>.Count; lane++) ReplaceWorst(values[lane], lane);
            threshold = new Vector<float>(_heap[0].Weight);
        }

        for (; i < values.Length; i++) ReplaceWorst(values[i], i);
        return _heap.AsSpan(0, _count);
    }

    private void Push(Candidate candidate)
    {
        var child = _count++;
        while (child > 0)
        {
            var parent = (child - 1) / 2;
            if (!_heap[parent].IsBetterThan(candidate)) break;
            _heap[child] = _heap[parent];
            child = parent;
        }

        _heap[child] = candidate;
    }

    /// <summary>Later tokens have higher ids, so an equal value is never the better one.</summary>
    private void ReplaceWorst(float value, int token)
    {
        if (!(value > _heap[0].Weight)) return;
        var candidate = new Candidate(value, token);
        var parent = 0;
        while (2 * parent + 1 < _count)
        {
            var child = 2 * parent + 1;
            if (child + 1 < _count && _heap[child].IsBetterThan(_heap[child + 1])) child++;
            if (!candidate.IsBetterThan(_heap[child])) break;
            _heap[parent] = _heap[child];
            parent = child;
        }

        _heap[parent] = candidate;
    }
}
