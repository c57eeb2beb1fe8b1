namespace Akka.Util;

/// <summary>Type names as configuration files write them.</summary>
public static class TypeExtensions
{
    /// <summary>"Namespace.Type, Assembly", without version or key.</summary>
    public static string TypeQualifiedName(this Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    public static bool Implements<T>(this Type type) => typeof(T).IsAssignableFrom(type);
}
