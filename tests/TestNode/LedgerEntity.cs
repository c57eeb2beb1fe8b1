using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Persistence;

namespace ActorInference.TestNode;

/// <summary>
/// Keeps numbers, each journaled once. Understands <c>ID|write NUMBER</c>, answered by <c>done</c> when the number is durable, also
/// if it had been before, and <c>ID|read</c>, answered by all numbers in the order of the journal.
/// </summary>
internal sealed class LedgerEntity : ReceivePersistentActor
{
    private const string Write = "write ";
    private static int _living;

    private readonly List<int> _numbers = [];

    public LedgerEntity(string id)
    {
        PersistenceId = $"ledger-{id}";
        Recover<string>(number => _numbers.Add(int.Parse(number, CultureInfo.InvariantCulture)));
        Command<string>(OnCommand);
    }

    /// <summary>How many live in this process.</summary>
    public static int Living => Volatile.Read(ref _living);

    /// <summary>Forty shards.</summary>
    public static IMessageExtractor Extractor { get; } = HashCodeMessageExtractor.Create(40, EntityOf);

    public override string PersistenceId { get; }

    public static Props Props(string id) => Akka.Actor.Props.Create(() => new LedgerEntity(id));

    protected override void PreStart()
    {
        Interlocked.Increment(ref _living);
        base.PreStart();
    }

    protected override void PostStop()
    {
        Interlocked.Decrement(ref _living);
        base.PostStop();
    }

    private static string? EntityOf(object message) => message is string text && text.IndexOf('|') is > 0 and var end ? text[..end] : null;

    private void OnCommand(string text)
    {
        var order = text[(text.IndexOf('|') + 1)..];
        if (!order.StartsWith(Write, StringComparison.Ordinal))
        {
            Sender.Tell(string.Join(',', _numbers));
            return;
        }

        if (_numbers.Contains(int.Parse(order[Write.Length..], CultureInfo.InvariantCulture))) Sender.Tell("done");
        else Persist(order[Write.Length..], OnWritten);
    }

    private void OnWritten(string number)
    {
        _numbers.Add(int.Parse(number, CultureInfo.InvariantCulture));
        Sender.Tell("done");
    }
}
