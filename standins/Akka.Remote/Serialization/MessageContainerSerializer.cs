using Akka.Actor;
using Akka.Remote.Wire;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>A message to a selection: the steps that are left, and the message.</summary>
public sealed class MessageContainerSerializer(ExtendedActorSystem system) : Serializer(system)
{
    private const byte Parent = 0;
    private const byte ChildName = 1;
    private const byte ChildPattern = 2;
    private const byte Recursive = 3;
    private const int MaximumElements = 1024;

    public override int Identifier => 6;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        if (obj is not ActorSelectionMessage selection) throw new ArgumentException($"{obj.GetType()} is not for {nameof(MessageContainerSerializer)}.", nameof(obj));
        var writer = new WireWriter(128).Bool(selection.WildCardFanOut).VarUInt((uint)selection.Elements.Length);
        foreach (var element in selection.Elements) Write(writer, element);
        return writer.Payload(system.Serialization, selection.Message).ToArray();
    }

    public override object FromBinary(byte[] bytes, Type type)
    {
        var reader = new WireReader(bytes);
        var fansOut = reader.Bool();
        var count = reader.VarUInt();
        if (count > MaximumElements) throw new WireFormatException($"A selection has {count} steps; the most are {MaximumElements}.");
        var elements = new SelectionPathElement[count];
        for (var i = 0; i < elements.Length; i++) elements[i] = Read(ref reader);
        var message = reader.Payload(system.Serialization) ?? throw new WireFormatException("A selection carries no message.");
        reader.End();
        return new ActorSelectionMessage(message, elements, fansOut);
    }

    private static void Write(WireWriter writer, SelectionPathElement element)
    {
        switch (element)
        {
            case SelectParent:
                writer.Byte(Parent);
                break;
            case SelectChildName child:
                writer.Byte(ChildName).Text(child.Name);
                break;
            case SelectChildPattern pattern:
                writer.Byte(ChildPattern).Text(pattern.PatternStr);
                break;
            case SelectChildRecursive:
                writer.Byte(Recursive);
                break;
            default:
                throw new ArgumentException($"{element.GetType()} is no step of a selection that can travel.", nameof(element));
        }
    }

    private static SelectionPathElement Read(ref WireReader reader) => reader.Byte() switch
    {
        Parent => SelectParent.Instance,
        ChildName => new SelectChildName(reader.Text()),
        ChildPattern => new SelectChildPattern(reader.Text()),
        Recursive => SelectChildRecursive.Instance,
        var other => throw new WireFormatException($"A step of a selection is of kind {other}."),
    };
}
