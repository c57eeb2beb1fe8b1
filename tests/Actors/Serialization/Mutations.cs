namespace ActorInference.Actors.Tests.Serialization;

/// <summary>What can go wrong with bytes under way, and what somebody would try.</summary>
internal static class Mutations
{
    /// <summary>1 to 4 changes to a copy of the bytes.</summary>
    /// <param name="other">Bytes of another message, to splice in.</param>
    public static byte[] Apply(Random random, byte[] bytes, byte[] other)
    {
        var mutated = bytes.ToList();
        for (var left = random.Next(1, 5); left > 0; left--) Mutate(random, mutated, other);
        return [.. mutated];
    }

    private static void Mutate(Random random, List<byte> bytes, byte[] other)
    {
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(7))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3:
                bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at));
                break;
            case 4:
                bytes.InsertRange(at, Enumerable.Range(0, random.Next(1, 8)).Select(_ => (byte)random.Next(256)));
                break;
            case 5:
                bytes.InsertRange(at, other.Skip(random.Next(other.Length + 1)).Take(random.Next(64)));
                break;
            default:
                bytes.InsertRange(at, new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0x07 });   // The length 2^31 - 1.
                break;
        }
    }
}
