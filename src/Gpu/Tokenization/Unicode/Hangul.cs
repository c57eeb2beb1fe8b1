namespace ActorInference.Gpu.Tokenization.Unicode;

/// <summary>Hangul syllables, which are composed by rule. Source: The Unicode Standard, section 3.12.</summary>
internal static class Hangul
{
    private const int Syllables = 0xAC00;
    private const int Leads = 0x1100;
    private const int Vowels = 0x1161;
    private const int BeforeTails = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TailCount;

    public static bool IsSyllable(int character) => (uint)(character - Syllables) < SyllableCount;

    /// <summary>Whether it is a vowel or a tail, which may join the character before it.</summary>
    public static bool IsPart(int character) =>
        (uint)(character - Vowels) < VowelCount || (character > BeforeTails && character < BeforeTails + TailCount);

    public static void Decompose(int syllable, List<int> parts)
    {
        var index = syllable - Syllables;
        parts.Add(Leads + (index / (VowelCount * TailCount)));
        parts.Add(Vowels + (index / TailCount % VowelCount));
        if (index % TailCount != 0) parts.Add(BeforeTails + (index % TailCount));
    }

    public static bool TryCompose(int first, int second, out int composed)
    {
        var (lead, vowel) = (first - Leads, second - Vowels);
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
        {
            composed = Syllables + (((lead * VowelCount) + vowel) * TailCount);
            return true;
        }

        var tail = second - BeforeTails;
        composed = first + tail;
        return IsSyllable(first) && (first - Syllables) % TailCount == 0 && tail is > 0 and < TailCount;
    }
}
