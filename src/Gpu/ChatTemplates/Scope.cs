namespace ActorInference.Gpu.ChatTemplates;

/// <summary>A variable's value by name, here or further out.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, object>? _values;

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._values is { } values && values.TryGetValue(name, out var value)) return value;
        }

        return null;
    }

    public void Set(string name, object value) => (_values ??= new Dictionary<string, object>(StringComparer.Ordinal))[name] = value;

    private Scope? Parent { get; } = parent;
}
