namespace Akka;

/// <summary>Says that something has finished, where there is no other result to give.</summary>
public sealed class Done
{
    public static readonly Done Instance = new();

    private Done()
    {
    }

    public override string ToString() => "Done";
}

/// <summary>A type parameter that carries nothing.</summary>
public sealed class NotUsed
{
    public static readonly NotUsed Instance = new();

    private NotUsed()
    {
    }

    public override string ToString() => "NotUsed";
}
