namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// A scale and an offset with which some elements are about scale * (0 to steps) - offset: from their range, then by least
/// squares for the integers found, a few times.
/// </summary>
internal static unsafe class RangeFit
{
    private const int Refinements = 8;

    public static (float Scale, float Offset) Find(float* x, int count, int steps)
    {
        float least = 0, most = 0;
        for (var i = 0; i < count; i++) (least, most) = (MathF.Min(least, x[i]), MathF.Max(most, x[i]));
        if (most == least) return (0, -least);
        var best = ((most - least) / steps, -least);
        var bestError = Error(x, count, steps, best);
        var fit = best;
        for (var round = 0; round < Refinements; round++)
        {
            fit = Refined(x, count, steps, fit);
            var error = Error(x, count, steps, fit);
            if (!(error < bestError)) break;
            (best, bestError) = (fit, error);
        }

        return best;
    }

    private static (float Scale, float Offset) Refined(float* x, int count, int steps, (float Scale, float Offset) fit)
    {
        double sumQ = 0, sumQQ = 0, sumX = 0, sumQX = 0;
        for (var i = 0; i < count; i++)
        {
            double q = BlockWriter.Nearest(x[i] + fit.Offset, fit.Scale, 0, steps);
            (sumQ, sumQQ, sumX, sumQX) = (sumQ + q, sumQQ + q * q, sumX + x[i], sumQX + q * x[i]);
        }

        var determinant = count * sumQQ - sumQ * sumQ;
        if (determinant <= 0) return fit;
        var scale = (count * sumQX - sumQ * sumX) / determinant;
        var offset = (sumQ * sumQX - sumQQ * sumX) / determinant;
        // Offsets are stored without a sign.
        if (offset < 0) (scale, offset) = (sumQQ > 0 ? sumQX / sumQQ : 0, 0);
        return scale > 0 ? ((float)scale, (float)offset) : fit;
    }

    private static double Error(float* x, int count, int steps, (float Scale, float Offset) fit)
    {
        var error = 0.0;
        for (var i = 0; i < count; i++)
        {
            double difference = fit.Scale * BlockWriter.Nearest(x[i] + fit.Offset, fit.Scale, 0, steps) - fit.Offset - x[i];
            error += difference * difference;
        }

        return error;
    }
}
