using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>Finds the mailbox type of an actor: by its props, its dispatcher, what its class requires, or the default.</summary>
public sealed class Mailboxes
{
    public const string DefaultMailboxId = "akka.actor.default-mailbox";
    public const string NoMailboxRequirement = "";

    private readonly ConcurrentDictionary<string, MailboxType> _types = new();
    private readonly ConcurrentDictionary<Type, Type> _requirements = new();
    private readonly ConcurrentDictionary<(Config Dispatcher, Type ActorType), MailboxType> _usual = new();
    private readonly Dictionary<Type, string> _idByRequirement;
    private readonly Settings _settings;

    public Mailboxes(ActorSystem system)
    {
        _settings = system.Settings;
        DeadLetterMailbox = new DeadLetterMailbox(system.DeadLetters);
        _idByRequirement = ReadRequirements(_settings.Config);
    }

    public Mailbox DeadLetterMailbox { get; }

    /// <exception cref="ConfigurationException">There is no such mailbox, or its section is wrong.</exception>
    public MailboxType Lookup(string id) => _types.TryGetValue(id, out var known) ? known : _types.GetOrAdd(id, Create(id));

    public MailboxType LookupByQueueType(Type queueType) => _idByRequirement.TryGetValue(queueType, out var id)
        ? Lookup(id)
        : throw new ConfigurationException($"akka.actor.mailbox.requirements names no mailbox for [{queueType}].");

    public bool HasRequiredType(Type actorType) => RequiredType(actorType) is not null;

    internal MailboxType GetMailboxType(Props props, Config dispatcherConfig)
    {
        var id = props.Deploy.Mailbox;
        if (id != Deploy.NoMailboxGiven) return Check(Lookup(id), RequiredType(props.Type), props.Type, id);
        return _usual.GetOrAdd((dispatcherConfig, props.Type), key => Usual(key.ActorType, key.Dispatcher));
    }

    private static Dictionary<Type, string> ReadRequirements(Config config)
    {
        var result = new Dictionary<Type, string>();
        foreach (var (name, value) in config.GetConfig("akka.actor.mailbox.requirements").AsEnumerable())
        {
            var type = Type.GetType(name)
                ?? throw new ConfigurationException($"akka.actor.mailbox.requirements names [{name}], which is no type that can be loaded.");
            result[type] = value.GetString();
        }

        return result;
    }

    private static MailboxType Check(MailboxType mailbox, Type required, Type actorType, string id) => required is null || Produces(mailbox, required)
        ? mailbox
        : throw new ArgumentException($"Actor [{actorType}] requires a mailbox with [{required}]; mailbox [{id}] is a [{mailbox.GetType()}].");

    private static bool Produces(MailboxType mailbox, Type required) => mailbox.GetType().GetInterfaces()
        .Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IProducesMessageQueue<>)
            && required.IsAssignableFrom(i.GetGenericArguments()[0]));

    /// <summary>Where the props name no mailbox.</summary>
    private MailboxType Usual(Type actorType, Config dispatcher)
    {
        var required = RequiredType(actorType);
        if (dispatcher.GetString("mailbox-type") is { Length: > 0 })
        {
            var dispatcherId = dispatcher.GetString("id");
            return Check(Lookup(dispatcherId), required, actorType, dispatcherId);
        }

        if (required is not null) return Produces(Lookup(DefaultMailboxId), required) ? Lookup(DefaultMailboxId) : LookupByQueueType(required);
        return dispatcher.GetString("mailbox-requirement") is { Length: > 0 } requirement
            ? LookupByQueueType(Type.GetType(requirement, throwOnError: true))
            : Lookup(DefaultMailboxId);
    }

    private Type RequiredType(Type actorType) => _requirements.GetOrAdd(actorType, static type =>
    {
        var all = type.GetInterfaces()
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequiresMessageQueue<>))
            .Select(i => i.GetGenericArguments()[0])
            .ToList();
        // Where a class asks twice, the narrower wish includes the other.
        return all.FirstOrDefault(candidate => all.All(other => other.IsAssignableFrom(candidate))) ?? all.FirstOrDefault();
    });

    private MailboxType Create(string id)
    {
        if (id is "unbounded") return new UnboundedMailbox(_settings, Config.Empty);
        if (id is "bounded") return new BoundedMailbox(_settings, Section(DefaultMailboxId));
        if (!_settings.Config.HasPath(id)) throw new ConfigurationException($"Mailbox [{id}] is not configured.");

        var config = Section(id);
        var name = config.GetString("mailbox-type");
        if (string.IsNullOrEmpty(name)) throw new ConfigurationException($"Mailbox [{id}] has no mailbox-type.");
        var type = Type.GetType(name);
        if (type is null || !typeof(MailboxType).IsAssignableFrom(type))
            throw new ConfigurationException($"mailbox-type of [{id}] is '{name}', which is not the name of a MailboxType that can be loaded.");
        return (MailboxType)Activator.CreateInstance(type, _settings, config);
    }

    private Config Section(string id) => ConfigurationFactory.ParseString($"id = \"{id}\"")
        .WithFallback(_settings.Config.GetConfig(id))
        .WithFallback(_settings.Config.GetConfig(DefaultMailboxId));
}
