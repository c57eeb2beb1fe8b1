namespace ActorInference.Cache.Tests.Transfer;

/// <summary>What can become of bytes on their way, or be sent by somebody who means ill.</summary>
internal static class FrameMutations
{
    private static readonly int[] Interesting = [0, 1, -1, 2, 127, 128, 255, 256, 1024, 1025, 4096, 65_536, int.MaxValue, int.MinValue, 1 << 30];

    /// <summary>The bytes, with up to four changes; seldom none.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        var changed = new List<byte>(bytes);
        for (var changes = random.Next(5); changes > 0 && changed.Count > 4; changes--) Change(changed, random);
        return [.. changed];
    }

    private static void Change(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count);
        var length = Math.Min(random.Next(1, 40), bytes.Count - at);
        switch (random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                // Whole numbers lie at multiples of four.
                var value = BitConverter.GetBytes(Interesting[random.Next(Interesting.Length)]);
                var word = at / 4 * 4;
                for (var i = 0; i < 4 && word + i < bytes.Count; i++) bytes[word + i] = value[i];
                break;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            default:
                var noise = new byte[length];
                random.NextBytes(noise);
                bytes.InsertRange(at, noise);
                break;
        }
    }
}
