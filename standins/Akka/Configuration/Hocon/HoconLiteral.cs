namespace Akka.Configuration.Hocon;

/// <summary>A text, a number or a truth value: HOCON tells them apart only when they are read.</summary>
public class HoconLiteral : IHoconElement
{
    public string Value { get; set; }

    public bool IsString() => true;

    public string GetString() => Value;

    public bool IsArray() => false;

    public IList<HoconValue> GetArray() => null;

    public override string ToString() => HoconText.Quote(Value);
}
