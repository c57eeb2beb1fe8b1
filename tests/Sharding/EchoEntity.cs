using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorInference.Sharding.Tests;

/// <summary>
/// An entity that is told texts of the form <c>entity|word</c>, answers each by <c>entity|word|node</c>, and does what some words say.
/// </summary>
public sealed class EchoEntity : ReceiveActor
{
    /// <summary>It asks to be passivated, and stops on a word of its own, after <see cref="Last"/>.</summary>
    public const string Passivate = "passivate";
    public const string Fail = "fail";
    private const string Last = "last";

    private readonly string _id;
    private readonly int _node;
    private readonly EntityTable _table;

    public EchoEntity(string id, int node, EntityTable table)
    {
        (_id, _node, _table) = (id, node, table);
        Receive<string>(text =>
        {
            switch (Word(text))
            {
                case Passivate:
                    Context.Parent.Tell(new Passivate($"{_id}|{Last}"));
                    Sender.Tell(text);
                    break;
                case Last:
                    Context.Stop(Self);
                    break;
                case Fail:
                    throw new InvalidOperationException("It was told to.");
                default:
                    Sender.Tell($"{text}|{_node}");
                    break;
            }
        });
    }

    /// <summary>A hundred shards.</summary>
    public static IMessageExtractor Extractor { get; } = HashCodeMessageExtractor.Create(100, EntityOf);

    public static Props Props(string id, int node, EntityTable table) => Akka.Actor.Props.Create(() => new EchoEntity(id, node, table));

    /// <summary>The entity of a text; none if the text has another form.</summary>
    public static string? EntityOf(object message) => message is string text && text.IndexOf('|') is > 0 and var end ? text[..end] : null;

    public static int NodeOf(string answer) => int.Parse(answer[(answer.LastIndexOf('|') + 1)..]);

    protected override void PreStart() => _table.Begin(_id, _node);

    protected override void PostStop() => _table.End(_id, _node);

    private static string Word(string text) => text[(text.IndexOf('|') + 1)..];
}
