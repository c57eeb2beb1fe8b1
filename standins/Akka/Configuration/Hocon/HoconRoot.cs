namespace Akka.Configuration.Hocon;

/// <summary>A parsed document.</summary>
public class HoconRoot
{
    public HoconRoot(HoconValue value)
    {
        Value = value;
    }

    public HoconValue Value { get; }
}
