namespace ActorInference.Gpu.Constraints.Json;

/// <summary>Strings of a schema.</summary>
internal static class StringSchema
{
    /// <summary>Formats by their expressions; those of names that are not here are remarks, as in JSON Schema.</summary>
    private static readonly Dictionary<string, string> Formats = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["duration"] = @"P(\d+W|(\d+Y)?(\d+M)?\d+D(T(\d+H)?(\d+M)?\d+S)?|(\d+Y)?\d+M|\d+Y|T((\d+H)?(\d+M)?\d+S|(\d+H)?\d+M|\d+H))",
        ["email"] = @"[A-Za-z0-9._%+\-]+@[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?)+",
        ["hostname"] = @"[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?)*",
        ["ipv4"] = @"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)",
        ["uuid"] = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        ["uri"] = @"[A-Za-z][A-Za-z0-9+.\-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+",
    };

    private const string Date = @"\d{4}-(02-(0[1-9]|1\d|2\d)|(0[469]|11)-(0[1-9]|[12]\d|30)|(0[13578]|1[02])-(0[1-9]|[12]\d|3[01]))";
    private const string Time = @"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+\-]([01]\d|2[0-3]):[0-5]\d)";

    public static GrammarNode Of(SchemaAt schema)
    {
        var (min, max) = (schema.Count("minLength") ?? 0, schema.Count("maxLength"));
        if (max < min) throw schema.Error($"minLength {min} and maxLength {max}", "the smaller number first");
        var pattern = schema.Text("pattern");
        var format = schema.Text("format") is { } name ? Formats.GetValueOrDefault(name) : null;
        if (pattern is null && format is null) return min == 0 && max is null ? JsonText.AnyString : JsonText.Quoted(GrammarNode.Many(JsonText.AnyCharacter, min, max));
        if (min > 0 || max is not null || (pattern is not null && format is not null))
            throw schema.Error("'pattern' or 'format' beside another restriction", "one of 'pattern', 'format', and 'minLength' with 'maxLength': not several together");
        try
        {
            return JsonText.Quoted(RegexParser.ParseSearch(pattern ?? $"^({format})$", JsonText.Character));
        }
        catch (ConstraintFormatException wrong)
        {
            throw new ConstraintFormatException($"{wrong.Message} It is the pattern at {schema.Path}.");
        }
    }
}
