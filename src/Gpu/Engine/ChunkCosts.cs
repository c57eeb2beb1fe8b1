namespace ActorInference.Gpu.Engine;

/// <summary>
/// What prompt tokens add to a step, by their number and apart from attention: measured size by size and linear between, since it is seldom a
/// line through nothing. A few tokens may fit beside what memory takes anyway, and kernels work in tiles of rows: the next token then costs as
/// much as several.
/// </summary>
/// <remarks>Never less for more tokens. Allocates nothing after it was made.</remarks>
internal sealed class ChunkCosts
{
    /// <summary>Up to here each number of tokens is a size of its own; beyond, eight to an octave.</summary>
    private const int Singles = 16;

    /// <summary>Part that a new measurement has; of the first few more.</summary>
    private const double Share = 0.25;

    /// <summary>Measurements of a size after which its cost is known: one of them may have been taken in a bad moment.</summary>
    private const int Enough = 3;

    /// <summary>
    /// Part of what other sizes seem too dear that a step forgets, so that they are tried again: soon where they were hardly measured, else seldom.
    /// </summary>
    private const double Forgotten = 1.0 / 512, SoonForgotten = 1.0 / 64;

    private readonly int[] _sizes;
    private readonly double[] _seconds;
    private readonly int[] _seen;
    private int _known;

    /// <param name="maxTokens">Most tokens of a step, at least 1.</param>
    public ChunkCosts(int maxTokens)
    {
        List<int> sizes = [];
        for (var size = 1; size < maxTokens; size += size < Singles ? 1 : 1 << (int.Log2(size) - 3)) sizes.Add(size);
        _sizes = [.. sizes, maxTokens];
        _seconds = new double[_sizes.Length];
        _seen = new int[_sizes.Length];
    }

    /// <summary>Tokens that may be tried next: some more than ever were.</summary>
    public int MostToTry => _known == 0 ? 1 : Math.Max(_sizes[_known - 1] + 1, _sizes[_known - 1] * 3 / 2);

    /// <summary>Whether so many were measured, or more.</summary>
    public bool IsKnown(int tokens) => _known > 0 && tokens <= _sizes[_known - 1];

    /// <summary>Seconds that so many tokens add; 0 if nothing is known. More than were ever measured cost as much each as those did.</summary>
    public double At(int tokens)
    {
        if (_known == 0 || tokens <= 0) return 0;
        var last = _known - 1;
        if (tokens >= _sizes[last]) return _seconds[last] * tokens / _sizes[last];
        var index = SizeOf(tokens);
        return _seconds[index] + (_seconds[index + 1] - _seconds[index]) * Above(index, tokens);
    }

    /// <summary>Learns what so many tokens added.</summary>
    /// <param name="tokens">At least 1; more than the most of a step count as these.</param>
    /// <param name="seconds">Less than nothing, too: measurements are uneven, and only their mean is not.</param>
    /// <param name="tolerance">
    /// So many seconds more than expected are believed, where the cost is known; what is beyond was somebody else's doing. Nobody makes a step shorter.
    /// </param>
    public void Learn(int tokens, double seconds, double tolerance)
    {
        tokens = Math.Min(tokens, _sizes[^1]);
        var index = SizeOf(tokens);
        var above = index + 1 < _sizes.Length ? Above(index, tokens) : 0;
        var next = above > 0 ? index + 1 : index;
        Reach(next, tokens, seconds);
        var error = seconds - At(tokens);
        Correct(index, error, tolerance, 1 - above);
        if (next > index) Correct(next, error, tolerance, above);
        Forget(index, next, tokens);
        KeepOrder(index, next);
    }

    /// <summary>Takes so much from what all sizes add, and so much a token.</summary>
    public void Lower(double seconds, double secondsPerToken)
    {
        for (var i = 0; i < _known; i++) _seconds[i] = Math.Max(0, _seconds[i] - seconds - secondsPerToken * _sizes[i]);
        KeepOrder(0, 0);
    }

    /// <summary>What was measured is of other steps: new measurements count for more.</summary>
    public void Doubt() => Array.Clear(_seen);

    /// <summary>Supposes what sizes add that were never measured.</summary>
    private void Reach(int size, int tokens, double seconds)
    {
        if (_known > size) return;
        var (seconds1, tokens1) = _known == 0 ? (seconds, tokens) : (_seconds[_known - 1], _sizes[_known - 1]);
        for (; _known <= size; _known++) _seconds[_known] = Math.Max(0, seconds1) * _sizes[_known] / tokens1;
    }

    private void Correct(int size, double error, double tolerance, double weight)
    {
        if (_seen[size] >= Enough) error = Math.Min(error, tolerance);
        _seconds[size] = Math.Max(0, _seconds[size] + error * weight * Math.Max(Share, 1.0 / (_seen[size] + 2)));
        _seen[size]++;
    }

    /// <summary>Less cannot take longer than more.</summary>
    private void KeepOrder(int first, int last)
    {
        for (var i = first - 1; i >= 0; i--) _seconds[i] = Math.Min(_seconds[i], _seconds[i + 1]);
        for (var i = Math.Max(1, last); i < _known; i++) _seconds[i] = Math.Max(_seconds[i], _seconds[i - 1]);
    }

    /// <summary>Other sizes seem a little less dear, down to what the present one costs a token.</summary>
    private void Forget(int first, int last, int tokens)
    {
        var each = At(tokens) / tokens;
        for (var i = 0; i < _known; i++)
        {
            var excess = _seconds[i] - each * _sizes[i];
            if (excess > 0 && (i < first || i > last)) _seconds[i] -= excess * (_seen[i] < Enough ? SoonForgotten : Forgotten);
        }
    }

    /// <summary>The largest size that is not above a number of tokens.</summary>
    private int SizeOf(int tokens)
    {
        var index = Array.BinarySearch(_sizes, tokens);
        return index >= 0 ? index : ~index - 1;
    }

    private double Above(int index, int tokens) => (double)(tokens - _sizes[index]) / (_sizes[index + 1] - _sizes[index]);
}
