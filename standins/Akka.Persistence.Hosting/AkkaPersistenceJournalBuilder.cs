using System.Text;
using Akka.Hosting;
using Akka.Persistence.Journal;
using Akka.Util;

namespace Akka.Persistence.Hosting;

/// <summary>Collects the event adapters of one journal.</summary>
public sealed class AkkaPersistenceJournalBuilder
{
    private readonly Dictionary<string, Type> _adapters = [];
    private readonly Dictionary<Type, List<string>> _bindings = [];

    /// <param name="journalId">As in <c>akka.persistence.journal.ID</c>.</param>
    public AkkaPersistenceJournalBuilder(string journalId, AkkaConfigurationBuilder builder)
    {
        JournalId = journalId;
        Builder = builder;
    }

    internal string JournalId { get; }

    internal AkkaConfigurationBuilder Builder { get; }

    /// <param name="eventAdapterName">Its name in the configuration.</param>
    /// <param name="boundTypes">The events that it is for.</param>
    public AkkaPersistenceJournalBuilder AddEventAdapter<TAdapter>(string eventAdapterName, IEnumerable<Type> boundTypes)
        where TAdapter : IEventAdapter => Add(typeof(TAdapter), eventAdapterName, boundTypes);

    public AkkaPersistenceJournalBuilder AddReadEventAdapter<TAdapter>(string eventAdapterName, IEnumerable<Type> boundTypes)
        where TAdapter : IReadEventAdapter => Add(typeof(TAdapter), eventAdapterName, boundTypes);

    public AkkaPersistenceJournalBuilder AddWriteEventAdapter<TAdapter>(string eventAdapterName, IEnumerable<Type> boundTypes)
        where TAdapter : IWriteEventAdapter => Add(typeof(TAdapter), eventAdapterName, boundTypes);

    /// <summary>Adds the section of the adapters to the configuration.</summary>
    internal void Build()
    {
        var hocon = new StringBuilder().AppendLine($"akka.persistence.journal.{JournalId} {{");
        AppendAdapters(hocon);
        Builder.AddHocon(hocon.AppendLine("}").ToString(), HoconAddMode.Prepend);
    }

    internal void AppendAdapters(StringBuilder hocon)
    {
        if (_adapters.Count == 0) return;
        hocon.AppendLine("event-adapters {");
        foreach (var (name, type) in _adapters) hocon.AppendLine($"{name.ToHocon()} = {type.TypeQualifiedName().ToHocon()}");
        hocon.AppendLine("}").AppendLine("event-adapter-bindings {");
        foreach (var (type, names) in _bindings)
            hocon.AppendLine($"{type.TypeQualifiedName().ToHocon()} = [{string.Join(", ", names.Select(name => name.ToHocon()))}]");
        hocon.AppendLine("}");
    }

    private AkkaPersistenceJournalBuilder Add(Type adapter, string name, IEnumerable<Type> boundTypes)
    {
        _adapters[name] = adapter;
        foreach (var type in boundTypes)
        {
            if (!_bindings.TryGetValue(type, out var names)) _bindings[type] = names = [];
            if (!names.Contains(name)) names.Add(name);
        }

        return this;
    }
}
