namespace ActorInference.Gpu.Engine;

/// <summary>
/// How much longer than foretold the longest of the latest steps took: what 99 % of them kept. What foretelling does not know is in it, such as a
/// machine that others use too.
/// </summary>
/// <remarks>Allocates nothing after it was made.</remarks>
internal sealed class Overruns
{
    /// <summary>Steps that it is taken of.</summary>
    private const int Window = 256;

    private const double Quantile = 0.99;

    private readonly double[] _latest = new double[Window];
    private readonly double[] _sorted = new double[Window];
    private int _count;
    private int _next;

    /// <summary>What 99 % kept, of the time foretold; at least 1. With less than a hundred steps, the largest.</summary>
    public double Factor => _count == 0 ? 1 : Math.Max(1, _sorted[(int)Math.Ceiling(Quantile * _count) - 1]);

    /// <param name="ratio">What a step took by what was foretold.</param>
    public void Add(double ratio)
    {
        var place = _count;
        if (_count == Window) place = Array.BinarySearch(_sorted, _latest[_next]);
        else _count++;
        _latest[_next] = ratio;
        _next = (_next + 1) % Window;
        for (; place > 0 && _sorted[place - 1] > ratio; place--) _sorted[place] = _sorted[place - 1];
        for (; place < _count - 1 && _sorted[place + 1] < ratio; place++) _sorted[place] = _sorted[place + 1];
        _sorted[place] = ratio;
    }
}
