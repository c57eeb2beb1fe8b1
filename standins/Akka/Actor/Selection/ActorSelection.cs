using System.Text.RegularExpressions;

namespace Akka.Actor;

/// <summary>
/// Actors by path: each message looks anew for whoever lives there. Elements may be <c>..</c>, or patterns with
/// <c>*</c> and <c>?</c> that a message reaches all matches of.
/// </summary>
public class ActorSelection : ICanTell
{
    public ActorSelection(IActorRef anchor, SelectionPathElement[] path)
    {
        Anchor = anchor;
        Path = path;
    }

    public ActorSelection(IActorRef anchor, string path)
        : this(anchor, string.IsNullOrEmpty(path) ? [] : path.Split('/'))
    {
    }

    public ActorSelection(IActorRef anchor, IEnumerable<string> elements)
        : this(anchor, elements.Where(element => !string.IsNullOrEmpty(element)).Select(SelectionPathElement.Parse).ToArray())
    {
    }

    public IActorRef Anchor { get; private set; }

    public SelectionPathElement[] Path { get; private set; }

    public string PathString => "/" + string.Join('/', Path.Select(element => element.ToString()));

    public void Tell(object message, IActorRef sender = null)
    {
        sender ??= ActorCell.GetCurrentSelfOrNoSender();
        if (message is null) throw new InvalidMessageException("A message cannot be null.");
        DeliverSelection((IInternalActorRef)Anchor, sender, new ActorSelectionMessage(message, Path, wildCardFanOut: false));
    }

    /// <summary>The one reference that the selection stands for.</summary>
    /// <exception cref="ActorNotFoundException">Nobody lives there, or did not answer in time.</exception>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    public async Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        try
        {
            var identity = await this.Ask<ActorIdentity>(new Identify(null), timeout, ct).ConfigureAwait(false);
            return identity.Subject ?? throw new ActorNotFoundException("subject was null");
        }
        catch (Exception e) when (e is AskTimeoutException or TaskCanceledException)
        {
            throw new ActorNotFoundException($"No actor answered at [{this}] within {timeout}.", e);
        }
    }

    public override bool Equals(object obj) => obj is ActorSelection other && Equals(Anchor, other.Anchor) && PathString == other.PathString;

    public override int GetHashCode() => HashCode.Combine(Anchor, PathString);

    public override string ToString()
    {
        var uid = Anchor.Path.Uid == ActorCell.UndefinedUid ? "" : $"#{Anchor.Path.Uid}";
        return $"ActorSelection[Anchor({Anchor.Path}{uid}), Path({PathString})]";
    }

    /// <summary>Walks on from the anchor as far as this process reaches; to another node the rest of the way travels with the message.</summary>
    internal static void DeliverSelection(IInternalActorRef anchor, IActorRef sender, ActorSelectionMessage message)
    {
        var current = anchor;
        for (var i = 0; i < message.Elements.Length; i++)
        {
            if (current is not (ActorRefWithCell or VirtualPathContainer))
            {
                current.Tell(message.WithElements(message.Elements[i..]), sender);
                return;
            }

            switch (message.Elements[i])
            {
                case SelectParent:
                    current = current.Parent is Nobody ? current : current.Parent;
                    break;
                case SelectChildName { Name: var name }:
                    var child = (IInternalActorRef)current.GetChild([name]);
                    if (child.IsNobody())
                    {
                        MissedChild(current, sender, message, i);
                        return;
                    }

                    current = child;
                    break;
                case SelectionPathElement pattern:
                    FanOut(current, sender, message, pattern, i);
                    return;
            }
        }

        // To the end of the way: auto-received messages, such as Identify and PoisonPill, are handled there as ever.
        current.Tell(message.Message, sender);
    }

    private static void MissedChild(IInternalActorRef from, IActorRef sender, ActorSelectionMessage message, int at)
    {
        var missing = new EmptyLocalActorRef(
            from.Provider,
            from.Path / message.Elements[at..].Select(element => element.ToString()),
            ((ActorRefWithCell)from.Provider.RootGuardian).Underlying.System.EventStream);
        missing.Tell(message.WithElements([]), sender);
    }

    private static void FanOut(IInternalActorRef from, IActorRef sender, ActorSelectionMessage message, SelectionPathElement pattern, int at)
    {
        if (from is not ActorRefWithCell withCell) return;
        var rest = message.Elements[(at + 1)..];
        var onward = new ActorSelectionMessage(message.Message, rest, wildCardFanOut: true);
        foreach (var child in withCell.Children.Cast<IInternalActorRef>())
        {
            if (pattern is SelectChildRecursive)
            {
                DeliverSelection(child, sender, new ActorSelectionMessage(message.Message, [], wildCardFanOut: true));
                FanOut(child, sender, message, pattern, at);
            }
            else if (pattern.Matches(child.Path.Name))
            {
                DeliverSelection(child, sender, onward);
            }
        }
    }
}

/// <summary>One step of a selection's way.</summary>
public abstract class SelectionPathElement
{
    public static SelectionPathElement Parse(string element) => element switch
    {
        ".." => SelectParent.Instance,
        "**" => SelectChildRecursive.Instance,
        _ when element.AsSpan().ContainsAny('*', '?') => new SelectChildPattern(element),
        _ => new SelectChildName(element),
    };

    internal virtual bool Matches(string name) => false;
}

public sealed class SelectChildName(string name) : SelectionPathElement, IEquatable<SelectChildName>
{
    public string Name { get; } = name;

    public bool Equals(SelectChildName other) => other is not null && Name == other.Name;

    public override bool Equals(object obj) => Equals(obj as SelectChildName);

    public override int GetHashCode() => Name.GetHashCode();

    public override string ToString() => Name;
}

/// <summary>All children whose names fit a pattern of <c>*</c> (anything) and <c>?</c> (one character).</summary>
public sealed class SelectChildPattern : SelectionPathElement, IEquatable<SelectChildPattern>
{
    private readonly Regex _regex;

    public SelectChildPattern(string patternStr)
    {
        PatternStr = patternStr;
        var expression = Regex.Escape(patternStr).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal);
        _regex = new Regex($"^{expression}$", RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }

    public string PatternStr { get; }

    public bool Equals(SelectChildPattern other) => other is not null && PatternStr == other.PatternStr;

    public override bool Equals(object obj) => Equals(obj as SelectChildPattern);

    public override int GetHashCode() => PatternStr.GetHashCode();

    public override string ToString() => PatternStr;

    internal override bool Matches(string name) => _regex.IsMatch(name);
}

/// <summary>All descendants.</summary>
public sealed class SelectChildRecursive : SelectionPathElement
{
    public static readonly SelectChildRecursive Instance = new();

    private SelectChildRecursive()
    {
    }

    public override string ToString() => "**";
}

public sealed class SelectParent : SelectionPathElement
{
    public static readonly SelectParent Instance = new();

    private SelectParent()
    {
    }

    public override string ToString() => "..";
}

/// <summary>A message on its way through the tree.</summary>
public sealed class ActorSelectionMessage(object message, SelectionPathElement[] elements, bool wildCardFanOut = false)
    : IAutoReceivedMessage, IPossiblyHarmful, IWrappedMessage
{
    public object Message { get; } = message;

    public SelectionPathElement[] Elements { get; } = elements;

    /// <summary>True behind a pattern: a miss there is no dead letter.</summary>
    public bool WildCardFanOut { get; } = wildCardFanOut;

    public override string ToString() => $"ActorSelectionMessage - Message: {Message} - WildCardFanOut: {WildCardFanOut} - Elements: {string.Join('/', (object[])Elements)}";

    internal ActorSelectionMessage WithElements(SelectionPathElement[] elements) => new(Message, elements, WildCardFanOut);
}
