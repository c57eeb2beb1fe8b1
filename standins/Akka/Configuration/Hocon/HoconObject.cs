using System.Text;

namespace Akka.Configuration.Hocon;

/// <summary>Values by key, in the order in which the keys were first set.</summary>
public class HoconObject : IHoconElement
{
    public Dictionary<string, HoconValue> Items { get; } = [];

    public bool IsString() => false;

    public string GetString() => null;

    public bool IsArray() => false;

    public IList<HoconValue> GetArray() => null;

    /// <summary>Null if the key is not set.</summary>
    public HoconValue GetKey(string key) => Items.GetValueOrDefault(key);

    public override string ToString() => ToString(0);

    /// <summary>One line a key, without braces around the whole.</summary>
    /// <param name="indent">How many steps of two spaces stand before each line.</param>
    public string ToString(int indent)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in Items)
            text.Append(' ', indent * 2).Append(HoconText.QuoteKey(key)).Append(" : ").Append(value.ToString(indent)).Append('\n');
        return text.ToString();
    }
}
