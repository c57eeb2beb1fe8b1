namespace ActorInference.TestNode;

/// <summary>Orders from stdin, as <c>NUMBER VERB [REST]</c>, each answered by <c>NUMBER ok ANSWER</c> or <c>NUMBER failed REASON</c>, in any order.</summary>
internal static class Control
{
    public static async Task RunAsync(LedgerNode node)
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var parts = line.Split(' ', 3);
            _ = AnswerAsync(node, parts[0], parts[1], parts.ElementAtOrDefault(2) ?? "");
        }

        Environment.Exit(2);   // Whoever started it is gone.
    }

    private static async Task AnswerAsync(LedgerNode node, string number, string verb, string rest)
    {
        try
        {
            Output.Write($"{number} ok {await DoAsync(node, verb, rest)}");
        }
        catch (Exception e)
        {
            Output.Write($"{number} failed {e.GetType().Name} {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static Task<string> DoAsync(LedgerNode node, string verb, string rest) => verb switch
    {
        "join" => node.JoinAsync(rest),
        "tell" => node.TellEntityAsync(rest),
        "members" => Task.FromResult(node.Members()),
        "oldest" => Task.FromResult(node.Oldest()),
        "regions" => node.RegionsAsync(),
        "living" => Task.FromResult(node.Living()),
        "leave" => Task.FromResult(node.Leave()),
        _ => throw new ArgumentException($"'{verb}' is no order."),
    };
}
