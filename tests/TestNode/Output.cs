namespace ActorInference.TestNode;

/// <summary>Stdout, a line at a time: <c>ready ADDRESS</c>, <c>event TEXT</c>, or the number of an order and its answer.</summary>
internal static class Output
{
    private static readonly Lock Gate = new();

    public static void Write(string line)
    {
        lock (Gate)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
