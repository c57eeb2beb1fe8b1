namespace ActorInference.Gpu.Cpu;

/// <summary>RMS norm of many rows.</summary>
internal sealed unsafe class NormWork(KernelTable kernels, int length, int padded, float eps) : ComputeWork
{
    private const int ItemRows = 8;
    private const int SerialElements = 30_000;

    private readonly int _padded = padded;
    private float* _x;
    private float* _weight;
    private float* _target;
    private float* _sum;
    private int _rows;

    /// <summary>Normalizes rows of x into rows of target, both of the padded width.</summary>
    public void Run(ComputeThreads threads, float* x, float* weight, float* target, int rows)
    {
        _x = x;
        _weight = weight;
        _target = target;
        _sum = null;
        _rows = rows;
        threads.Run(this, (rows + ItemRows - 1) / ItemRows, rows * _padded >= SerialElements);
    }

    /// <summary>Adds rows, normalized in place, to rows of a sum.</summary>
    public void RunAdd(ComputeThreads threads, float* x, float* weight, float* sum, int rows)
    {
        _x = _target = x;
        _weight = weight;
        _sum = sum;
        _rows = rows;
        threads.Run(this, (rows + ItemRows - 1) / ItemRows, rows * _padded >= SerialElements);
    }

    /// <summary>Normalizes a choice of rows into the first rows of target.</summary>
    public void RunGathered(ReadOnlySpan<int> rows, float* x, float* weight, float* target)
    {
        for (var i = 0; i < rows.Length; i++) Normalize(x + (nint)rows[i] * _padded, weight, target + (nint)i * _padded);
    }

    public override void Execute(int item, int worker)
    {
        for (var row = item * ItemRows; row < Math.Min(_rows, (item + 1) * ItemRows); row++)
        {
            var target = _target + (nint)row * _padded;
            Normalize(_x + (nint)row * _padded, _weight, target);
            if (_sum != null) kernels.Add(target, _padded, 1, _padded, null, _sum + (nint)row * _padded, _padded);
        }
    }

    private void Normalize(float* x, float* weight, float* target) => kernels.RmsNorm(x, weight, target, length, _padded, eps);
}
