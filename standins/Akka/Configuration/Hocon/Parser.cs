namespace Akka.Configuration.Hocon;

/// <summary>
/// Reads HOCON: JSON without its outer braces, with comments, keys as paths, texts without quotes, merged objects,
/// concatenation, <c>+=</c>, <c>include "name"</c> and substitutions.
/// </summary>
public class Parser
{
    private readonly HoconCursor _cursor;
    private readonly Func<string, HoconRoot> _include;

    private Parser(string text, Func<string, HoconRoot> include)
    {
        _cursor = new HoconCursor(text);
        _include = include;
    }

    /// <param name="includeCallback">Given the name in an <c>include "name"</c>, returns the parsed file.</param>
    /// <exception cref="ConfigurationException">The text is no HOCON; the message says where and what was expected.</exception>
    public static HoconRoot Parse(string text, Func<string, HoconRoot> includeCallback)
    {
        ArgumentNullException.ThrowIfNull(text);
        var document = new Parser(text, includeCallback).ReadDocument();
        return new HoconRoot(new HoconResolver(document).Resolve());
    }

    private ObjectNode ReadDocument()
    {
        var document = new ObjectNode();
        _cursor.SkipBlank();
        var opening = _cursor.Position;
        ReadFields(document, [], _cursor.TryTake('{') ? opening : null);
        _cursor.SkipBlank();
        return _cursor.AtEnd ? document : throw _cursor.Expected("the end of the text");
    }

    /// <param name="path">Where the object stands in the document.</param>
    /// <param name="opening">Where its brace is, which has been read; null if it has none.</param>
    private void ReadFields(ObjectNode target, string[] path, TextPosition? opening)
    {
        _cursor.SkipBlank();
        while (true)
        {
            if (opening is null ? _cursor.AtEnd : _cursor.TryTake('}')) return;
            if (_cursor.AtEnd) throw opening.Value.Error("this { has no closing }");
            if (!TryReadInclude(target)) ReadField(target, path);
            var separated = _cursor.SkipBlank();
            separated |= _cursor.TryTake(',');
            _cursor.SkipBlank();
            if (!separated && !_cursor.AtEnd && (opening is null || _cursor.Next != '}'))
                throw _cursor.Expected(opening is null ? "a new line or ','" : "a new line, ',' or '}'");
        }
    }

    private bool TryReadInclude(ObjectNode target)
    {
        const string Include = "include";
        if (!_cursor.StartsWith(Include + " ") && !_cursor.StartsWith(Include + "\t") && !_cursor.StartsWith(Include + "\"")) return false;
        var at = _cursor.Position;
        var ahead = _cursor.Fork();
        ahead.TryTake(Include);
        ahead.TakeSpaces();
        if (ahead.Next != '"') return false;   // A key that begins like this.
        var name = ahead.TakeQuoted();
        _cursor.MoveTo(ahead);
        if (_include is null) throw at.Error($"include \"{name}\" cannot be followed, because no include callback was given");
        var included = _include(name)?.Value ?? throw at.Error($"include \"{name}\" led to nothing");
        if (!included.IsObject()) throw at.Error($"include \"{name}\" led to something that is no object");
        foreach (var (key, value) in included.GetObject().Items) target.Set([key], new ResolvedNode(value));
        return true;
    }

    private void ReadField(ObjectNode target, string[] path)
    {
        var key = ReadKey();
        string[] whole = [.. path, .. key];
        _cursor.SkipBlank();
        var at = _cursor.Position;
        if (_cursor.TryTake('{'))
        {
            target.Set(key, ReadObject(whole, at));
            return;
        }

        var appends = _cursor.TryTake("+=");
        if (!appends && !_cursor.TryTake('=') && !_cursor.TryTake(':')) throw _cursor.Expected("'=', ':' or '{' after a key");
        _cursor.SkipBlank();
        if (!appends)
        {
            foreach (var value in ReadValue(whole)) target.Set(key, value);
            return;
        }

        var item = new ArrayNode();
        item.Items.Add(ReadItem(whole));
        var before = new SubstitutionNode(whole, isOptional: true, at);
        target.Set(key, new ConcatenationNode([before, item], at));
    }

    private string[] ReadKey()
    {
        var keys = new List<string>();
        do
        {
            _cursor.TakeSpaces();
            var isQuoted = _cursor.Next == '"';
            var key = isQuoted ? _cursor.TakeQuoted() : _cursor.TakeUnquoted(isKey: true);
            if (key.Length == 0 && !isQuoted) throw _cursor.Expected("a key");
            keys.Add(key);
            _cursor.TakeSpaces();
        }
        while (_cursor.TryTake('.'));
        return [.. keys];
    }

    /// <summary>One value; or several where objects stand side by side, each of which adds to the one before.</summary>
    private List<HoconNode> ReadValue(string[] path)
    {
        var at = _cursor.Position;
        var pieces = new List<HoconNode>();
        var spaces = "";
        while (ReadPiece(path) is { } piece)
        {
            if (pieces.Count > 0 && spaces.Length > 0) pieces.Add(new TextNode(spaces));
            pieces.Add(piece);
            spaces = _cursor.TakeSpaces();
        }

        if (pieces.Count == 0) throw _cursor.Expected("a value");
        if (pieces.Count == 1) return pieces;
        if (!pieces.Any(piece => piece is ObjectNode)) return [new ConcatenationNode(pieces, at)];
        pieces.RemoveAll(piece => piece is TextNode { Text: var text } && string.IsNullOrWhiteSpace(text));
        return pieces.All(piece => piece is ObjectNode or SubstitutionNode)
            ? pieces
            : throw at.Error("what stands side by side must be all text, all arrays or all objects");
    }

    /// <summary>Null where the value ends.</summary>
    private HoconNode ReadPiece(string[] path)
    {
        if (_cursor.AtEnd || _cursor.AtComment() || _cursor.Next is '\n' or ',' or '}' or ']') return null;
        if (_cursor.Next == '"') return new TextNode(_cursor.TakeQuoted());
        if (_cursor.StartsWith("${")) return ReadSubstitution();
        var at = _cursor.Position;
        if (_cursor.TryTake('[')) return ReadArray(path, at);
        if (_cursor.TryTake('{')) return ReadObject(path, at);
        var text = _cursor.TakeUnquoted(isKey: false);
        if (text.Length == 0) throw at.Error($"'{_cursor.Next}' may stand in a value only in quotes");
        return text == "null" ? new NullNode() : new TextNode(text);
    }

    private ObjectNode ReadObject(string[] path, TextPosition opening)
    {
        var node = new ObjectNode();
        ReadFields(node, path, opening);
        return node;
    }

    private ArrayNode ReadArray(string[] path, TextPosition opening)
    {
        var array = new ArrayNode();
        _cursor.SkipBlank();
        while (!_cursor.TryTake(']'))
        {
            if (_cursor.AtEnd) throw opening.Error("this [ has no closing ]");
            array.Items.Add(ReadItem(path));
            var separated = _cursor.SkipBlank();
            separated |= _cursor.TryTake(',');
            _cursor.SkipBlank();
            if (!separated && !_cursor.AtEnd && _cursor.Next != ']') throw _cursor.Expected("a new line, ',' or ']'");
        }

        return array;
    }

    private HoconField ReadItem(string[] path)
    {
        var item = new HoconField();
        foreach (var value in ReadValue(path)) item.Add(value);
        return item;
    }

    private SubstitutionNode ReadSubstitution()
    {
        var at = _cursor.Position;
        _cursor.TryTake("${");
        var isOptional = _cursor.TryTake('?');
        var path = ReadKey();
        return _cursor.TryTake('}') ? new SubstitutionNode(path, isOptional, at) : throw _cursor.Expected("'}' after the path of a substitution");
    }
}
