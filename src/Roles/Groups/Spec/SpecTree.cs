using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>
/// Composes YAML into <see cref="SpecNode"/>s with their places. Anchors may be used again, within limits; tags, merge keys and two equal
/// keys of one mapping are errors.
/// </summary>
internal sealed class SpecTree
{
    public const int MaxDepth = 64;
    public const int MaxNodes = 200_000;
    public const int MaxCharacters = 4 << 20;

    private readonly Parser _parser;
    private readonly List<SpecError> _errors;
    private readonly Dictionary<string, (SpecNode Node, int Size)> _anchors = [];
    private readonly int _linesBefore;
    private int _nodes;
    private int _line;

    private SpecTree(string text, int linesBefore, List<SpecError> errors) =>
        (_parser, _linesBefore, _line, _errors) = (new Parser(new StringReader(text)), linesBefore, linesBefore + 1, errors);

    /// <param name="linesBefore">Lines of other texts, which those of this one are counted on from.</param>
    /// <returns>The documents in order; empty ones left out.</returns>
    public static List<SpecNode> Read(string text, int linesBefore, List<SpecError> errors)
    {
        if (text.Length > MaxCharacters)
        {
            errors.Add(new SpecError("", $"The text has {text.Length} characters; expected at most {MaxCharacters}.", linesBefore + 1));
            return [];
        }

        var tree = new SpecTree(text, linesBefore, errors);
        var documents = new List<SpecNode>();
        try
        {
            tree.ReadDocuments(documents);
        }
        catch (YamlException unreadable)
        {
            var cause = unreadable.InnerException is YamlException inner ? inner : unreadable;
            errors.Add(new SpecError("", $"This is no YAML: {cause.Message.ReplaceLineEndings(" ")}", Math.Max(linesBefore + 1, tree.LineOf(cause.Start))));
        }
        catch (Exception broken) when (broken is ArgumentException or InvalidOperationException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            // The scanner's own slips on broken texts; the last place it got to is the best there is.
            errors.Add(new SpecError("", $"This is no YAML: {broken.Message.ReplaceLineEndings(" ")}", tree._line));
        }

        return documents;
    }

    private void ReadDocuments(List<SpecNode> documents)
    {
        _parser.Consume<StreamStart>();
        while (_parser.Accept<DocumentStart>(out _))
        {
            _parser.Consume<DocumentStart>();
            _anchors.Clear();
            var root = ReadNode("", 0);
            _parser.Consume<DocumentEnd>();
            if (!root.IsNull) documents.Add(root);
        }
    }

    private SpecNode ReadNode(string path, int depth)
    {
        if (depth > MaxDepth) throw Fault($"nested deeper than {MaxDepth} levels");
        if (++_nodes > MaxNodes) throw Fault($"more than {MaxNodes} values");
        var current = _parser.Current ?? throw Fault("it ends too early");
        _line = LineOf(current.Start);
        if (_parser.TryConsume<AnchorAlias>(out var alias)) return ReadAlias(alias);
        var before = _nodes;
        var anchor = current is NodeEvent { Anchor.IsEmpty: false } anchored ? anchored.Anchor.Value : null;
        SpecNode node = current switch
        {
            Scalar => ReadScalar(_parser.Consume<Scalar>(), path),
            SequenceStart => ReadList(path, depth),
            MappingStart => ReadMap(path, depth),
            _ => throw Fault($"unexpected {current.GetType().Name}"),
        };
        if (anchor is not null) _anchors[anchor] = (node, _nodes - before + 1);
        return node;
    }

    private SpecNode ReadAlias(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var found)) throw Fault($"there is no anchor '{alias.Value}' before this");
        _nodes += found.Size;
        return _nodes > MaxNodes ? throw Fault($"more than {MaxNodes} values") : found.Node;
    }

    private SpecScalar ReadScalar(Scalar scalar, string path) =>
        new(scalar.Value, scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any), path, LineOf(scalar.Start));

    private SpecList ReadList(string path, int depth)
    {
        var line = LineOf(_parser.Consume<SequenceStart>().Start);
        var items = new List<SpecNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode($"{path}[{items.Count}]", depth + 1));
        return new SpecList(items, path, line);
    }

    private SpecMap ReadMap(string path, int depth)
    {
        var line = LineOf(_parser.Consume<MappingStart>().Start);
        var entries = new List<SpecEntry>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out var key)) throw Fault("a key that is no plain text");
            var place = Place(path, key.Value);
            var value = ReadNode(place, depth + 1);
            if (keys.Add(key.Value)) entries.Add(new SpecEntry(key.Value, value, LineOf(key.Start)));
            else _errors.Add(new SpecError(place, "is there twice", LineOf(key.Start)));
        }

        return new SpecMap(entries, path, line);
    }

    private int LineOf(Mark mark) => _linesBefore + (int)mark.Line;

    private static string Place(string path, string key)
    {
        var name = key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '$') ? key : $"'{key}'";
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    private SemanticErrorException Fault(string message)
    {
        var current = _parser.Current;
        return current is null ? new SemanticErrorException(message) : new SemanticErrorException(current.Start, current.End, message);
    }
}
