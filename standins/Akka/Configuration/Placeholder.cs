using System.Globalization;
using System.Text;

namespace Akka.Configuration
{
    public class ConfigurationException(string message, Exception cause = null) : AkkaException(message, cause);

    public static class ConfigurationFactory
    {
        public static Config Empty => new();

        public static Config ParseString(string hocon) => new(new Hocon.HoconRoot(new Hocon.PlaceholderParser(hocon).Parse()));

        public static Config Load() => Empty;

        public static Config Default()
        {
            using var stream = typeof(Config).Assembly.GetManifestResourceStream("Akka.Configuration.akka.conf");
            return ParseString(new StreamReader(stream).ReadToEnd());
        }
    }

    public class Config
    {
        private readonly Hocon.HoconValue _root;

        public Config() => _root = new Hocon.HoconValue(new Dictionary<string, Hocon.HoconValue>());

        public Config(Hocon.HoconRoot root) => _root = root.Value;

        public static Config Empty => new();

        public bool IsEmpty => _root.GetObjectItems().Count == 0;

        public static implicit operator Config(string text) => ConfigurationFactory.ParseString(text);

        public bool HasPath(string path) => GetValue(path) is not null;

        public Hocon.HoconValue GetValue(string path)
        {
            var value = _root;
            foreach (var part in Split(path))
            {
                if (value is null || !value.IsObject() || !value.GetObjectItems().TryGetValue(part, out value)) return null;
            }

            return value;
        }

        public Config GetConfig(string path) => GetValue(path) is { } value && value.IsObject() ? new Config(new Hocon.HoconRoot(value)) : null;

        public string GetString(string path, string def = null) => GetValue(path)?.GetString() ?? def;

        public int GetInt(string path, int def = 0) => GetValue(path)?.GetInt() ?? def;

        public bool GetBoolean(string path, bool def = false) => GetString(path) is { } s ? s is "on" or "true" or "yes" : def;

        public IList<string> GetStringList(string path) => GetValue(path)?.Items ?? [];

        public TimeSpan GetTimeSpan(string path, TimeSpan? def = null, bool allowInfinite = true)
        {
            var s = GetString(path);
            if (s is null) return def ?? TimeSpan.Zero;
            if (s == "infinite") return Timeout.InfiniteTimeSpan;
            var digits = new string(s.TakeWhile(c => char.IsDigit(c) || c == '.').ToArray());
            var n = double.Parse(digits, CultureInfo.InvariantCulture);
            return s[digits.Length..].Trim() switch
            {
                "ms" => TimeSpan.FromMilliseconds(n),
                "s" or "seconds" => TimeSpan.FromSeconds(n),
                "m" or "minutes" or "min" => TimeSpan.FromMinutes(n),
                "h" => TimeSpan.FromHours(n),
                "" => TimeSpan.FromMilliseconds(n),
                var u => throw new FormatException(u),
            };
        }

        public Config WithFallback(Config other) => other is null ? this : new(new Hocon.HoconRoot(Hocon.HoconValue.Merge(_root, other._root)));

        public IEnumerable<KeyValuePair<string, Hocon.HoconValue>> AsEnumerable() => _root.GetObjectItems();

        private static List<string> Split(string path)
        {
            var result = new List<string>();
            var current = new StringBuilder();
            var quoted = false;
            foreach (var c in path)
            {
                if (c == '"') quoted = !quoted;
                else if (c == '.' && !quoted)
                {
                    result.Add(current.ToString());
                    current.Clear();
                }
                else current.Append(c);
            }

            result.Add(current.ToString());
            return result;
        }
    }
}

namespace Akka.Configuration.Hocon
{
    public class HoconRoot(HoconValue value)
    {
        public HoconValue Value { get; } = value;
    }

    public class HoconValue
    {
        private readonly Dictionary<string, HoconValue> _object;
        private readonly string _text;

        public HoconValue(Dictionary<string, HoconValue> items) => _object = items;

        public HoconValue(string text) => _text = text;

        public HoconValue(List<string> items) => Items = items;

        public List<string> Items { get; }

        public bool IsObject() => _object is not null;

        public Dictionary<string, HoconValue> GetObjectItems() => _object ?? [];

        public string GetString() => _text;

        public int GetInt() => int.Parse(_text, CultureInfo.InvariantCulture);

        public static HoconValue Merge(HoconValue top, HoconValue below)
        {
            if (!top.IsObject() || !below.IsObject()) return top;
            var all = new Dictionary<string, HoconValue>(below._object);
            foreach (var (key, value) in top._object) all[key] = all.TryGetValue(key, out var under) ? Merge(value, under) : value;
            return new HoconValue(all);
        }
    }

    internal sealed class PlaceholderParser(string text)
    {
        private int _at;

        public HoconValue Parse()
        {
            var result = new HoconValue(new Dictionary<string, HoconValue>());
            while (true)
            {
                Skip(true);
                if (_at >= text.Length) return result;
                if (text[_at] == '}')
                {
                    _at++;
                    return result;
                }

                if (text[_at] == '{')
                {
                    _at++;
                    continue;
                }

                var key = Key();
                Skip(false);
                HoconValue value;
                if (text[_at] == '{')
                {
                    _at++;
                    value = Parse();
                }
                else
                {
                    _at++;
                    Skip(false);
                    value = Value();
                }

                for (var i = key.Count - 1; i >= 0; i--) value = new HoconValue(new Dictionary<string, HoconValue> { [key[i]] = value });
                result = HoconValue.Merge(value, result);
            }
        }

        private List<string> Key()
        {
            var result = new List<string>();
            while (true)
            {
                result.Add(text[_at] == '"' ? Quoted() : Word(".={: \t\n"));
                if (_at < text.Length && text[_at] == '.') _at++;
                else return result;
            }
        }

        private HoconValue Value()
        {
            if (text[_at] == '{')
            {
                _at++;
                return Parse();
            }

            if (text[_at] != '[') return new HoconValue(text[_at] == '"' ? Quoted() : Word("\n,}]#").Trim());
            _at++;
            var items = new List<string>();
            while (true)
            {
                Skip(true);
                if (text[_at] == ']')
                {
                    _at++;
                    return new HoconValue(items);
                }

                items.Add(text[_at] == '"' ? Quoted() : Word("\n,]#").Trim());
            }
        }

        private string Quoted()
        {
            var start = ++_at;
            while (text[_at] != '"') _at++;
            return text[start.._at++];
        }

        private string Word(string stops)
        {
            var start = _at;
            while (_at < text.Length && !stops.Contains(text[_at])) _at++;
            return text[start.._at];
        }

        private void Skip(bool lines)
        {
            while (_at < text.Length)
            {
                if (text[_at] == '#')
                {
                    while (_at < text.Length && text[_at] != '\n') _at++;
                }
                else if (text[_at] is ' ' or '\t' or '\r' || (lines && text[_at] is '\n' or ',')) _at++;
                else return;
            }
        }
    }
}
