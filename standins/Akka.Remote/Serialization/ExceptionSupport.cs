using System.Reflection;
using Akka.Remote.Wire;

namespace Akka.Remote.Serialization;

/// <summary>An exception of another system whose type does not exist here, or may not be made from the wire.</summary>
public sealed class RemoteException(string typeName, string message, Exception cause = null) : AkkaException($"{typeName}: {message}", cause)
{
    /// <summary>The type that it has where it was thrown.</summary>
    public string TypeName { get; } = typeName;
}

/// <summary>Exceptions as type, message, stack and cause.</summary>
internal static class ExceptionSupport
{
    private const int MaximumDepth = 16;

    public static void Write(WireWriter writer, Exception exception, int depth = 0)
    {
        writer.Text(exception.GetType().FullName ?? "").Text(exception.GetType().Assembly.GetName().Name ?? "").Text(exception.Message);
        writer.OptionalText(exception.StackTrace);
        var hasCause = exception.InnerException is not null && depth < MaximumDepth;
        writer.Bool(hasCause);
        if (hasCause) Write(writer, exception.InnerException, depth + 1);
    }

    public static Exception Read(ref WireReader reader, Akka.Serialization.Serialization serialization, int depth = 0)
    {
        if (depth > MaximumDepth) throw new WireFormatException($"An exception has more than {MaximumDepth} causes.");
        var type = reader.Text();
        var assembly = reader.Text();
        var message = reader.Text();
        var stack = reader.OptionalText();
        var cause = reader.Bool() ? Read(ref reader, serialization, depth + 1) : null;
        var exception = Make(serialization.AllowedTypes.FindException(type, assembly), message, cause) ?? new RemoteException(type, message, cause);
        if (stack is not null) exception.Data["RemoteStackTrace"] = stack;
        return exception;
    }

    private static Exception Make(Type type, string message, Exception cause)
    {
        if (type is null || type.IsAbstract) return null;
        try
        {
            if (type.GetConstructor([typeof(string), typeof(Exception)]) is { } withCause) return (Exception)withCause.Invoke([message, cause]);
            if (type.GetConstructor([typeof(string)]) is { } withMessage) return (Exception)withMessage.Invoke([message]);
        }
        catch (TargetInvocationException)
        {
            // It does not take this text; the general exception does.
        }

        return null;
    }
}
