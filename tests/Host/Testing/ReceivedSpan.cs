using Google.Protobuf;

namespace ActorInference.Host.Tests.Testing;

/// <summary>A span as a collector gets it.</summary>
/// <param name="Service">Name of the service that sent it.</param>
/// <param name="Process">Which of its processes.</param>
public sealed record ReceivedSpan(string Service, long Process)
{
    public string TraceId { get; private set; } = "";

    public string SpanId { get; private set; } = "";

    /// <summary>Empty for the first one of a trace.</summary>
    public string ParentId { get; private set; } = "";

    public string Name { get; private set; } = "";

    /// <summary>Nanoseconds since 1970.</summary>
    public ulong Start { get; private set; }

    /// <summary>Nanoseconds since 1970.</summary>
    public ulong End { get; private set; }

    public bool IsError { get; private set; }

    public string StatusMessage { get; private set; } = "";

    /// <summary>Texts, numbers, flags, or arrays of those.</summary>
    public Dictionary<string, object?> Tags { get; } = [];

    /// <summary>Reads an ExportTraceServiceRequest.</summary>
    public static IReadOnlyList<ReceivedSpan> ReadAll(byte[] request)
    {
        var spans = new List<ReceivedSpan>();
        foreach (var resourceSpans in Parts(request, 1))
        {
            Dictionary<string, object?> resource = [];
            foreach (var attribute in Parts(resourceSpans, 1).SelectMany(part => Parts(part, 1))) Add(resource, attribute);
            var (service, process) = ((string)resource["service.name"]!, (long)resource["process.pid"]!);
            foreach (var span in Parts(resourceSpans, 2).SelectMany(part => Parts(part, 2))) spans.Add(Read(span, service, process));
        }

        return spans;
    }

    private static ReceivedSpan Read(byte[] bytes, string service, long process)
    {
        var span = new ReceivedSpan(service, process);
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1: span.TraceId = Hex(input); break;
                case 2: span.SpanId = Hex(input); break;
                case 4: span.ParentId = Hex(input); break;
                case 5: span.Name = input.ReadString(); break;
                case 7: span.Start = input.ReadFixed64(); break;
                case 8: span.End = input.ReadFixed64(); break;
                case 9: Add(span.Tags, input.ReadBytes().ToByteArray()); break;
                case 15: span.ReadStatus(input.ReadBytes().ToByteArray()); break;
                default: input.SkipLastField(); break;
            }
        }

        return span;
    }

    private void ReadStatus(byte[] bytes)
    {
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 2: StatusMessage = input.ReadString(); break;
                case 3: IsError = input.ReadEnum() == 2; break;
                default: input.SkipLastField(); break;
            }
        }
    }

    private static void Add(Dictionary<string, object?> tags, byte[] keyValue)
    {
        var (key, value) = ("", (object?)null);
        var input = new CodedInputStream(keyValue);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == 1) key = input.ReadString();
            else value = Value(input.ReadBytes().ToByteArray());
        }

        tags[key] = value;
    }

    private static object? Value(byte[] any)
    {
        object? value = null;
        var input = new CodedInputStream(any);
        while (input.ReadTag() is var tag and not 0)
        {
            value = WireFormat.GetTagFieldNumber(tag) switch
            {
                1 => input.ReadString(),
                2 => input.ReadBool(),
                3 => input.ReadInt64(),
                4 => input.ReadDouble(),
                5 => Parts(input.ReadBytes().ToByteArray(), 1).Select(Value).ToArray(),
                var other => throw new InvalidDataException($"An attribute's value has the field {other}."),
            };
        }

        return value;
    }

    /// <summary>Every value of a field.</summary>
    private static List<byte[]> Parts(byte[] message, int field)
    {
        var parts = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field) parts.Add(input.ReadBytes().ToByteArray());
            else input.SkipLastField();
        }

        return parts;
    }

    private static string Hex(CodedInputStream input) => Convert.ToHexStringLower(input.ReadBytes().Span);
}
