using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ActorInference.Gpu.Tokenization;

/// <summary>What each token contributes to the text, by the decoders of tokenizer.json.</summary>
internal sealed class TokenBytesTable
{
    private readonly byte[][] _bytes;

    private TokenBytesTable(byte[][] bytes, int stripStart) => (_bytes, StripStart) = (bytes, stripStart);

    /// <summary>Spaces that are taken off the beginning of the whole text.</summary>
    public int StripStart { get; }

    public byte[] this[int id] => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    public static TokenBytesTable Read(TokenizerJson json, JsonElement root, string?[] texts, IReadOnlySet<int> added)
    {
        var rules = new Rules();
        if (TokenizerJson.Optional(root, "decoder") is { } decoder) rules.Read(json, decoder, "decoder");
        var bytes = texts.Select((text, id) => text is null ? [] : added.Contains(id) ? Encoding.UTF8.GetBytes(text) : rules.BytesOf(text)).ToArray();
        return new TokenBytesTable(bytes, rules.StripStart);
    }

    private sealed class Rules
    {
        private readonly List<(string From, string To)> _replacements = [];
        private bool _byteLevel;
        private bool _byteFallback;

        public int StripStart { get; private set; }

        public void Read(TokenizerJson json, JsonElement decoder, string path)
        {
            var type = json.Text(decoder, path, "type");
            switch (type)
            {
                case "Sequence":
                    foreach (var (i, part) in json.Required(decoder, path, "decoders", JsonValueKind.Array).EnumerateArray().Index())
                        Read(json, part, $"{path}.decoders[{i}]");
                    break;
                case "ByteLevel": _byteLevel = true; break;
                case "ByteFallback": _byteFallback = true; break;
                case "Fuse": break;
                case "Replace":
                    var pattern = json.Required(decoder, path, "pattern", JsonValueKind.Object);
                    _replacements.Add((
                        Literal(json, json.Text(pattern, path + ".pattern", "String"), path + ".pattern.String"), json.Text(decoder, path, "content")));
                    break;
                case "Strip":
                    var strip = json.Int(decoder, path, "start");
                    if (strip < 0) throw json.Error(path + ".start", $"{strip}", "how many spaces to take off, 0 or more");
                    if (strip > 0 && json.Text(decoder, path, "content") is not " " and var other)
                        throw json.Error(path + ".content", $"'{other}'", "a space");
                    StripStart += strip;
                    if (json.Int(decoder, path, "stop") != 0) throw json.Error(path + ".stop", "not 0", "0, since text is decoded as it comes");
                    break;
                case "Metaspace":
                    _replacements.Add((Literal(json, json.OptionalText(decoder, path, "replacement") ?? "▁", path + ".replacement"), " "));
                    var scheme = json.OptionalText(decoder, path, "prepend_scheme");
                    StripStart += scheme == "never" ? 0 : 1;
                    break;
                default:
                    throw json.Error(path + ".type", $"'{type}'", "Sequence, ByteLevel, ByteFallback, Fuse, Replace, Strip or Metaspace");
            }
        }

        private static string Literal(TokenizerJson json, string text, string field) =>
            text.Length > 0 ? text : throw json.Error(field, "empty", "the text to replace");

        public byte[] BytesOf(string token)
        {
            if (_byteFallback && token is ['<', '0', 'x', _, _, '>'] &&
                byte.TryParse(token.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var single))
                return [single];
            if (_byteLevel && TryByteLevel(token, out var bytes)) return bytes;
            foreach (var (from, to) in _replacements) token = token.Replace(from, to, StringComparison.Ordinal);
            return Encoding.UTF8.GetBytes(token);
        }

        private static bool TryByteLevel(string token, out byte[] bytes)
        {
            bytes = new byte[token.Length];
            for (var i = 0; i < token.Length; i++)
            {
                if (!ByteAlphabet.TryToByte(token[i], out bytes[i])) return false;
            }

            return true;
        }
    }
}
