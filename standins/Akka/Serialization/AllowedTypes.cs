using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Serialization;

namespace Akka.Serialization;

/// <summary>
/// Which types a peer may name. Those that a binding is for, other than the binding of every object; those of the assemblies that
/// bindings come from, or that <c>akka.actor.serialization-settings.json.allowed-assemblies</c> lists; and plain values and
/// collections of them. No assembly is loaded because a peer names it.
/// </summary>
internal sealed class AllowedTypes(Func<Type, bool> isBound, Func<IEnumerable<Type>> boundTypes, IEnumerable<string> assemblies)
{
    private static readonly FrozenDictionary<string, Type> Plain = new[]
    {
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(char),
        typeof(float), typeof(double), typeof(decimal), typeof(string), typeof(object), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly),
        typeof(TimeOnly), typeof(TimeSpan), typeof(Uri), typeof(Version), typeof(Half), typeof(Int128), typeof(UInt128), typeof(Nullable<>), typeof(Tuple<>),
        typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>),
        typeof(KeyValuePair<,>), typeof(List<>), typeof(Dictionary<,>), typeof(HashSet<>), typeof(Queue<>), typeof(Stack<>), typeof(SortedDictionary<,>),
        typeof(SortedSet<>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableDictionary<,>), typeof(ImmutableHashSet<>),
        typeof(ImmutableSortedDictionary<,>), typeof(ImmutableSortedSet<>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>),
        typeof(System.Collections.ObjectModel.ReadOnlyCollection<>),
    }.ToFrozenDictionary(type => type.FullName);

    private static readonly FrozenDictionary<string, Type> PlainExceptions = new[]
    {
        typeof(Exception), typeof(ArgumentException), typeof(ArgumentNullException), typeof(ArgumentOutOfRangeException), typeof(InvalidOperationException),
        typeof(NotSupportedException), typeof(TimeoutException), typeof(FormatException), typeof(OverflowException), typeof(ArithmeticException),
        typeof(DivideByZeroException), typeof(KeyNotFoundException), typeof(IndexOutOfRangeException), typeof(NullReferenceException), typeof(InvalidCastException),
        typeof(OperationCanceledException), typeof(TaskCanceledException), typeof(ApplicationException), typeof(IOException), typeof(FileNotFoundException),
        typeof(UnauthorizedAccessException), typeof(SerializationException), typeof(ObjectDisposedException),
    }.ToFrozenDictionary(type => type.FullName);

    private readonly ConcurrentDictionary<string, Type> _resolved = new();
    private readonly FrozenSet<string> _configured = assemblies.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="SerializationException">There is no such type, or a peer may not name it.</exception>
    public Type Resolve(string manifest)
    {
        if (_resolved.TryGetValue(manifest, out var known)) return known;
        var type = Type.GetType(manifest, LoadedAssembly, TypeIn, throwOnError: false);
        if (type is null)
        {
            throw new SerializationException(
                $"The manifest [{manifest}] names no type that may come from the wire; bind it in akka.actor.serialization-bindings, or list its assembly in akka.actor.serialization-settings.json.allowed-assemblies.");
        }

        return _resolved.TryAdd(manifest, type) ? type : _resolved[manifest];
    }

    /// <summary>The exception type of that name; null if a peer may not name it.</summary>
    public Type FindException(string name, string assemblyName)
    {
        if (PlainExceptions.TryGetValue(name, out var plain)) return plain;
        var assembly = FindLoaded(assemblyName);
        if (assembly is null || !(IsAllowed(assembly) || assembly == typeof(AllowedTypes).Assembly)) return null;
        var type = assembly.GetType(name, throwOnError: false);
        return typeof(Exception).IsAssignableFrom(type) ? type : null;
    }

    private static Assembly FindLoaded(string simpleName) =>
        AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(each => string.Equals(each.GetName().Name, simpleName, StringComparison.OrdinalIgnoreCase));

    private Assembly LoadedAssembly(AssemblyName name)
    {
        var loaded = FindLoaded(name.Name);
        if (loaded is not null || !_configured.Contains(name.Name)) return loaded;
        return Assembly.Load(new AssemblyName(name.Name));   // The configuration named it, so that it need not have been used yet.
    }

    private Type TypeIn(Assembly assembly, string name, bool ignoreCase)
    {
        if (Plain.TryGetValue(name, out var plain)) return plain;
        var type = assembly?.GetType(name, throwOnError: false, ignoreCase);
        return type is not null && (IsAllowed(assembly) || (!IsFramework(assembly) && isBound(type))) ? type : null;
    }

    private bool IsAllowed(Assembly assembly) =>
        _configured.Contains(assembly.GetName().Name)
        || (!IsFramework(assembly) && boundTypes().Any(type => type.Assembly == assembly));

    /// <summary>Strings and exceptions are bound, but not all that lives beside them.</summary>
    private static bool IsFramework(Assembly assembly) =>
        assembly == typeof(object).Assembly || assembly.GetName().Name.StartsWith("System.", StringComparison.Ordinal);
}
