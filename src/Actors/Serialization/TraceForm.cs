using System.Diagnostics;
using System.Runtime.Serialization;
using ActorInference.Actors.Tracing;
using Google.Protobuf;

namespace ActorInference.Actors.Serialization;

/// <summary>Form of the trace that a job belongs to.</summary>
internal static class TraceForm
{
    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;

    public static Wire.Trace? Write(TraceContext? trace)
    {
        if (trace is null) return null;
        Span<byte> id = stackalloc byte[TraceIdBytes];
        trace.TraceId.CopyTo(id);
        var wire = new Wire.Trace { TraceId = ByteString.CopyFrom(id) };
        trace.SpanId.CopyTo(id[..SpanIdBytes]);
        wire.SpanId = ByteString.CopyFrom(id[..SpanIdBytes]);
        if (trace.State is { } state) wire.State = state;
        return wire;
    }

    /// <exception cref="SerializationException">An id has another length.</exception>
    public static TraceContext? Read(Wire.Trace? wire)
    {
        if (wire is null) return null;
        CheckLength(wire.TraceId, TraceIdBytes, "trace.trace_id");
        CheckLength(wire.SpanId, SpanIdBytes, "trace.span_id");
        return new TraceContext(
            ActivityTraceId.CreateFromBytes(wire.TraceId.Span), ActivitySpanId.CreateFromBytes(wire.SpanId.Span), wire.HasState ? wire.State : null);
    }

    private static void CheckLength(ByteString id, int expected, string field)
    {
        if (id.Length != expected) throw new SerializationException($"{field} has {id.Length} bytes; it must have {expected}.");
    }
}
