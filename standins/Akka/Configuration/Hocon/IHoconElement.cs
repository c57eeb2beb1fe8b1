namespace Akka.Configuration.Hocon;

/// <summary>A text, an array or an object.</summary>
public interface IHoconElement
{
    bool IsString();

    /// <summary>Null if this is no text.</summary>
    string GetString();

    bool IsArray();

    /// <summary>Null if this is no array.</summary>
    IList<HoconValue> GetArray();
}
