using System.Globalization;

namespace ActorInference.Gpu.Tokenization.Unicode;

/// <summary>
/// What normalization needs to know of each character. The runtime's own normalization does nothing where globalization is
/// invariant, as it is here so that no system library is needed.
/// </summary>
internal sealed class UnicodeData
{
    private static readonly Lazy<UnicodeData> Shared = new(Read);

    private readonly Dictionary<int, byte> _combiningClasses = [];
    private readonly Dictionary<int, (bool Compatibility, int[] Mapping)> _mappings = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly HashSet<int> _seconds = [];

    private UnicodeData()
    {
    }

    public static UnicodeData Instance => Shared.Value;

    /// <summary>Characters that have a combining class or a decomposition, Hangul syllables aside.</summary>
    public IEnumerable<int> Characters => _combiningClasses.Keys.Union(_mappings.Keys);

    /// <summary>0 for a character that others combine with.</summary>
    public byte CombiningClass(int character) => _combiningClasses.GetValueOrDefault(character);

    /// <summary>One step of decomposition.</summary>
    public bool TryDecompose(int character, bool compatibility, out int[] mapping)
    {
        var found = _mappings.TryGetValue(character, out var entry) && (compatibility || !entry.Compatibility);
        mapping = found ? entry.Mapping : [];
        return found;
    }

    public bool TryCompose(int first, int second, out int composed) => _compositions.TryGetValue((first, second), out composed);

    /// <summary>Whether the character may disappear into one before it.</summary>
    public bool ComposesBackwards(int character) => _seconds.Contains(character);

    private static UnicodeData Read()
    {
        var data = new UnicodeData();
        using var stream = typeof(UnicodeData).Assembly.GetManifestResourceStream("normalization.txt")
            ?? throw new InvalidOperationException("The resource normalization.txt is missing from the assembly.");
        using var lines = new StreamReader(stream);
        while (lines.ReadLine() is { } line)
        {
            if (!line.StartsWith('#')) data.Add(line.Split(' '));
        }

        return data;
    }

    private void Add(string[] fields)
    {
        var character = Hex(fields[0]);
        var combiningClass = byte.Parse(fields[1], CultureInfo.InvariantCulture);
        if (combiningClass != 0) _combiningClasses.Add(character, combiningClass);
        var kind = fields[2];
        if (kind == "-") return;
        var mapping = fields[3..].Select(Hex).ToArray();
        _mappings.Add(character, (kind == "~", mapping));
        if (kind != "=") return;
        _compositions.Add((mapping[0], mapping[1]), character);
        _seconds.Add(mapping[1]);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
