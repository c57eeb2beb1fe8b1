namespace Akka.Util;

/// <summary>A comparable version: numbers parted by dots, then optionally <c>-</c> and further parts.</summary>
public sealed class AppVersion : IComparable<AppVersion>, IEquatable<AppVersion>
{
    public static readonly AppVersion Zero = Create("0.0.0");

    private readonly int[] _numbers;
    private readonly string _rest;

    private AppVersion(string version, int[] numbers, string rest)
    {
        Version = version;
        _numbers = numbers;
        _rest = rest;
    }

    public string Version { get; }

    /// <exception cref="ArgumentException">A part before the first dash is not a number.</exception>
    public static AppVersion Create(string version)
    {
        var text = (version ?? "").Trim();
        var cut = text.IndexOfAny(['-', '+']);
        var numeric = cut < 0 ? text : text[..cut];
        var numbers = numeric.Split('.').Select(part => Parse(part, text)).ToArray();
        return new AppVersion(text, numbers, cut < 0 ? "" : text[(cut + 1)..]);
    }

    public int CompareTo(AppVersion other)
    {
        if (other is null) return 1;
        for (var i = 0; i < Math.Max(_numbers.Length, other._numbers.Length); i++)
        {
            var difference = At(_numbers, i).CompareTo(At(other._numbers, i));
            if (difference != 0) return difference;
        }

        if (_rest.Length == 0 || other._rest.Length == 0) return other._rest.Length.CompareTo(_rest.Length);   // 1.0-rc1 is before 1.0.
        return string.CompareOrdinal(_rest, other._rest);
    }

    public bool Equals(AppVersion other) => other is not null && CompareTo(other) == 0;

    public override bool Equals(object obj) => Equals(obj as AppVersion);

    public override int GetHashCode() => HashCode.Combine(At(_numbers, 0), At(_numbers, 1), At(_numbers, 2), _rest);

    public override string ToString() => Version;

    private static int At(int[] numbers, int index) => index < numbers.Length ? numbers[index] : 0;

    private static int Parse(string part, string whole) => int.TryParse(part, out var number) && number >= 0
        ? number
        : throw new ArgumentException($"Version '{whole}' is not of the form 1.2.3 or 1.2.3-suffix.", nameof(part));
}
